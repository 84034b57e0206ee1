//! The installation script and the library agree: every C function that the SQL names is in the library, and every
//! function that the library offers to SQL is named there. (The script is written by hand; nothing else checks it
//! before somebody calls the function.)

use pg_wand_tests::{cluster, project_root};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

#[test]
fn sql_and_library_name_the_same_functions() {
    let wanted = symbols_in_sql();
    let offered = symbols_in_library();
    let missing: Vec<_> = wanted.difference(&offered).collect();
    let unused: Vec<_> = offered.difference(&wanted).collect();
    assert!(missing.is_empty(), "in the SQL but not in the library: {missing:?}");
    assert!(unused.is_empty(), "in the library but not in the SQL: {unused:?}");
}

/// The second string of every `AS 'MODULE_PATHNAME', 'symbol'`; without one the symbol is the function's name.
fn symbols_in_sql() -> BTreeSet<String> {
    let list = |folder: &str| fs::read_dir(project_root().join(folder)).expect("a folder").flatten();
    let mut files: Vec<_> = list("sql/install").chain(list("sql/pgvector")).map(|entry| entry.path()).collect();
    files.sort();
    let mut symbols = BTreeSet::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "sql")) {
        let text = fs::read_to_string(file).expect("an SQL file");
        let code: String =
            text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
        for statement in code.split(';') {
            let Some((head, tail)) = statement.split_once("'MODULE_PATHNAME'") else { continue };
            let symbol = match tail.trim_start().strip_prefix(',') {
                Some(rest) => rest.split('\'').nth(1).map(str::to_string),
                None => function_name(head),
            };
            symbols.insert(symbol.unwrap_or_else(|| panic!("no symbol in: {statement}")));
        }
    }
    symbols
}

fn function_name(head: &str) -> Option<String> {
    let name = head.split("FUNCTION").nth(1)?.split('(').next()?.trim();
    Some(name.rsplit('.').next()?.to_string())
}

/// What `PG_FUNCTION_INFO_V1` leaves in the installed library.
fn symbols_in_library() -> BTreeSet<String> {
    let library = format!("{}/pg_wand.so", cluster::pg_config("--pkglibdir"));
    let output = Command::new("nm").args(["-D", "--defined-only", &library]).output().expect("nm");
    assert!(output.status.success(), "nm {library}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.split_whitespace().last()?.strip_prefix("pg_finfo_").map(str::to_string))
        .collect()
}
