//! The SQL scripts keep the rules of a trusted extension, whose script runs as superuser in a schema that a user chose
//! and may have filled: nothing is replaced or looked for, nothing named without its schema, and nothing done but
//! creating. Every function says what it is: volatility, parallel safety, and its cost if queries call it.
//!
//! Reads `sql/install/*.sql`, `sql/pgvector/*.sql` and `sql/pg_wand--*--*.sql`; no server. `scripts/lint.sh` asks another program as well.

use pg_wand_tests::project_root;
use pg_wand_tests::script::{Statement, statements};
use std::fs;
use std::path::PathBuf;

/// What a statement may begin with.
const CREATING: [&str; 14] = [
    "CREATE TYPE ",
    "CREATE FUNCTION ",
    "CREATE OPERATOR CLASS ",
    "CREATE OPERATOR FAMILY ",
    "ALTER OPERATOR FAMILY @extschema@.",
    "CREATE OPERATOR ",
    "CREATE CAST ",
    "CREATE AGGREGATE ",
    "CREATE ACCESS METHOD wand ",
    "CREATE TABLE ",
    "CREATE VIEW ",
    "CREATE TRIGGER ",
    "COMMENT ON ",
    "SELECT pg_catalog.pg_extension_config_dump(",
];
/// These too; rights are only given to whom the script knows.
const RIGHTS: [(&str, &str); 3] = [("REVOKE ", " FROM PUBLIC"), ("GRANT ", " TO @extowner@"), ("GRANT ", " TO PUBLIC")];
/// In an update, and of our own objects only.
const CHANGING: [&str; 2] = ["ALTER FUNCTION @extschema@.", "ALTER OPERATOR @extschema@."];

/// Schemas of extensions that a script may name.
const OTHERS: [&str; 2] = ["@extschema:pg_wand@", "@extschema:vector@"];

/// Words that must not be there at all.
const FORBIDDEN: [&str; 13] = [
    "OR REPLACE",
    "IF NOT EXISTS",
    "IF EXISTS",
    "CASCADE",
    "SECURITY DEFINER",
    "LEAKPROOF",
    "LANGUAGE plpgsql",
    "EXECUTE IMMEDIATE",
    "SET search_path",
    "set_config",
    "$$",
    "\\",
    "DO ",
];

/// Words before a bracket that are the language's own.
const WORDS_BEFORE_BRACKETS: [&str; 22] = [
    "TYPE", "AS", "OPERATOR", "RETURN", "EXISTS", "COALESCE", "GREATEST", "CAST", "KEY", "IN", "DISTINCT", "FROM",
    "AND", "OR", "WHERE", "SELECT", "NOT", "VALUES", "ON", "THEN", "CLASS", "BY",
];

#[test]
fn scripts_only_create_and_name_everything_in_full() {
    let (mut findings, mut n) = (Vec::new(), 0);
    for file in scripts() {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let is_update = name.starts_with("pg_wand--");
        // Another extension's schema is as good as our own.
        let text = fs::read_to_string(&file).expect("a script");
        let text = OTHERS.iter().fold(text, |text, other| text.replace(other, "@extschema@"));
        for statement in statements(&text) {
            n += 1;
            findings.extend(
                problems(&statement, is_update).into_iter().map(|p| format!("{name}: {p} in: {}", statement.text)),
            );
        }
    }
    assert!(n > 400, "only {n} statements were found");
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
    println!("script: {n} statements, 0 findings");
}

/// The rules bite: each of these is refused.
#[test]
fn the_rules_find_what_is_wrong() {
    for bad in [
        "CREATE OR REPLACE FUNCTION @extschema@.f() RETURNS pg_catalog.int4 AS 'MODULE_PATHNAME', 'f' LANGUAGE C",
        "CREATE FUNCTION f() RETURNS pg_catalog.int4 AS 'MODULE_PATHNAME', 'f' LANGUAGE C VOLATILE PARALLEL SAFE",
        "CREATE FUNCTION @extschema@.f() RETURNS int AS 'MODULE_PATHNAME', 'f' LANGUAGE C VOLATILE PARALLEL SAFE",
        "CREATE FUNCTION @extschema@.f(a int4[]) RETURNS pg_catalog.int4 AS 'MODULE_PATHNAME', 'f'
            LANGUAGE C VOLATILE PARALLEL SAFE",
        "CREATE FUNCTION @extschema@.f() RETURNS pg_catalog.int4 AS 'MODULE_PATHNAME', 'f'
            LANGUAGE C STABLE PARALLEL SAFE",
        "CREATE FUNCTION @extschema@.f() RETURNS pg_catalog.int4 AS 'MODULE_PATHNAME', 'f' LANGUAGE C IMMUTABLE COST 1",
        "CREATE FUNCTION @extschema@.f(pg_catalog.text) RETURNS pg_catalog.int4 LANGUAGE sql STABLE PARALLEL SAFE COST 1
            RETURN length($1)",
        "CREATE FUNCTION @extschema@.f() RETURNS pg_catalog.int4 LANGUAGE sql STABLE PARALLEL SAFE COST 1 RETURN 1 + 1",
        "CREATE FUNCTION @extschema@.f() RETURNS pg_catalog.int4 LANGUAGE sql STABLE PARALLEL SAFE COST 1
            AS 'SELECT 1'",
        "CREATE TYPE @extschema@.t AS (a int4)",
        "CREATE VIEW @extschema@.v AS SELECT 1 FROM docs",
        "CREATE VIEW @extschema@.v AS SELECT '1'::int4",
        "SELECT pg_catalog.pg_extension_config_dump('@extschema@.t', '')",
        "CREATE OPERATOR @extschema@.+ (LEFTARG = svec, FUNCTION = @extschema@.f)",
        "DO 'x'",
        "UPDATE pg_catalog.pg_proc SET procost = 1",
        "GRANT SELECT ON @extschema@.t TO somebody",
        "ALTER FUNCTION pg_catalog.now() STABLE",
    ] {
        let parsed = statements(&format!("{bad};"));
        assert!(!problems(&parsed[0], true).is_empty(), "not refused: {bad}");
    }
}

fn scripts() -> Vec<PathBuf> {
    let sql = project_root().join("sql");
    let list = |folder: PathBuf| fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    // What only wraps a script, to name schemas in it, is tried by tests/tests/pgvector.rs.
    let is_script = |path: &PathBuf| path.extension().is_some_and(|e| e == "sql") && !path.ends_with("schemas.sql");
    let mut all: Vec<_> =
        list(sql.join("install")).chain(list(sql.join("pgvector"))).chain(list(sql)).filter(is_script).collect();
    all.sort();
    all
}

fn problems(statement: &Statement, is_update: bool) -> Vec<String> {
    let (text, code) = (statement.text.as_str(), statement.code.as_str());
    let mut found = Vec::new();
    let may = CREATING.iter().any(|begin| text.starts_with(begin))
        || RIGHTS.iter().any(|(begin, end)| text.starts_with(begin) && text.ends_with(end))
        || is_update && CHANGING.iter().any(|begin| text.starts_with(begin));
    if !may {
        found.push("what it does is not allowed".to_string());
    }
    found.extend(FORBIDDEN.iter().filter(|word| statement.has(word)).map(|word| format!("{word} is forbidden")));
    if statement.quoted.iter().any(|quoted| quoted.contains("@ext")) {
        found.push("a name is put in between quotes".into());
    }
    if let Some(kind) =
        ["TYPE ", "FUNCTION ", "OPERATOR CLASS ", "OPERATOR FAMILY ", "OPERATOR ", "AGGREGATE ", "TABLE ", "VIEW "]
            .iter()
            .find_map(|kind| code.strip_prefix("CREATE ")?.strip_prefix(kind))
        && !kind.starts_with("@extschema@.")
    {
        found.push("what is made has no schema".into());
    }
    found
        .extend(statement.bare_calls(&WORDS_BEFORE_BRACKETS).into_iter().map(|name| format!("{name}() has no schema")));
    found.extend(statement.bare_names().into_iter().map(|name| format!("{name} has no schema")));
    if code.starts_with("CREATE FUNCTION ") {
        found.extend(function_problems(statement));
    }
    if code.starts_with("CREATE FUNCTION ") || code.starts_with("CREATE TYPE ") && code.contains(" AS (") {
        found.extend(statement.argument_types().into_iter().filter_map(|r#type| {
            let is_full =
                r#type.starts_with("@extschema@.") || r#type.starts_with("pg_catalog.") || r#type == "\"any\"";
            (!is_full).then(|| format!("type {type} has no schema"))
        }));
    }
    if statement.has_expressions() {
        found.extend(statement.bare_operators().into_iter().map(|name| format!("operator {name} has no schema")));
    }
    found
}

fn function_problems(statement: &Statement) -> Vec<String> {
    let code = statement.code.as_str();
    let mut found = Vec::new();
    let has = |words: &[&str]| words.iter().filter(|word| statement.has(word)).count();
    if has(&["IMMUTABLE", "STABLE", "VOLATILE"]) != 1 {
        found.push("the function's volatility is not said".to_string());
    }
    if has(&["PARALLEL SAFE", "PARALLEL RESTRICTED", "PARALLEL UNSAFE"]) != 1 {
        found.push("the function's parallel safety is not said".into());
    }
    let is_called_by_queries = !statement.has("VOLATILE") && !code.contains("pg_catalog.internal");
    if is_called_by_queries && !statement.has("COST") {
        found.push("the function's cost is not said".into());
    }
    match (statement.has("LANGUAGE C"), statement.has("LANGUAGE sql")) {
        (true, false) if statement.quoted.iter().any(|quoted| quoted == "MODULE_PATHNAME") => (),
        // Names in such a body are bound when it is made.
        (false, true) if code.contains(" RETURN ") => (),
        _ => found.push("the function is neither the library's nor of standard SQL".into()),
    }
    found
}
