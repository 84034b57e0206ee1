//! The reference is complete and true: docs/reference/functions.md names every object of the extension, each with its
//! signature, and docs/reference/settings.md every setting and storage parameter, with default and range; neither names
//! anything that does not exist.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::pages::{Page, spans};
use pg_wand_tests::project_root;
use postgres::Client;
use std::collections::BTreeSet;
use std::fs;

/// Objects of the extension; KIND is a catalogue.
const OWN: &str = "(SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'KIND'::regclass
    AND refclassid = 'pg_extension'::regclass
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_wand'))";

fn names(client: &mut Client, catalogue: &str, query: &str) -> BTreeSet<String> {
    let sql = query.replace("OWN", &OWN.replace("KIND", catalogue));
    client.query(&sql, &[]).unwrap_or_else(|e| panic!("{e:?}: {sql}")).iter().map(|row| row.get(0)).collect()
}

#[test]
fn functions_are_those_of_the_catalogues() {
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand").expect("CREATE EXTENSION");

    // What only the server can call is named; the others have their signature, without the types of defaults.
    let inner = "'internal'::regtype = ANY (proargtypes) OR '_cstring'::regtype = ANY (proargtypes)
        OR 'cstring'::regtype = ANY (proargtypes) OR prorettype IN ('cstring'::regtype, 'trigger'::regtype)";
    let named =
        names(&mut client, "pg_proc", &format!("SELECT proname::text FROM pg_proc WHERE oid IN OWN AND ({inner})"));
    let functions = names(
        &mut client,
        "pg_proc",
        &format!(
            r"SELECT format('%s(%s)', proname, regexp_replace(
                  regexp_replace(pg_get_function_arguments(oid), '(^|, )OUT .*$', ''),
                  '::[a-z0-9_]+( precision)?(\[\])?', '', 'g'))
              FROM pg_proc WHERE oid IN OWN AND NOT ({inner})"
        ),
    );
    let columns = names(
        &mut client,
        "pg_proc",
        "SELECT DISTINCT name FROM pg_proc, unnest(proargnames, proargmodes) AS a (name, mode) WHERE mode = 'o' AND oid IN OWN",
    );
    let operators = names(
        &mut client,
        "pg_operator",
        "SELECT format('%s %s %s', oprleft::regtype, oprname, oprright::regtype) FROM pg_operator WHERE oid IN OWN",
    );
    let casts = names(
        &mut client,
        "pg_cast",
        "SELECT format('%s -> %s', castsource::regtype, casttarget::regtype) FROM pg_cast WHERE oid IN OWN",
    );
    // Array types come with their elements; rows of tables are types that not every version counts.
    let types = names(
        &mut client,
        "pg_type",
        "SELECT typname::text FROM pg_type WHERE oid IN OWN AND typcategory <> 'A' AND typtype <> 'c'
         UNION SELECT typname::text FROM pg_type JOIN pg_class c ON c.oid = typrelid
               WHERE pg_type.oid IN OWN AND relkind = 'c'",
    );
    let relations = names(&mut client, "pg_class", "SELECT relname::text FROM pg_class WHERE oid IN OWN");
    let classes = names(&mut client, "pg_opclass", "SELECT opcname::text FROM pg_opclass WHERE oid IN OWN");
    let methods = names(&mut client, "pg_am", "SELECT amname::text FROM pg_am WHERE oid IN OWN");

    let page = Page::read("docs/reference/functions.md");
    let on_page: BTreeSet<String> = page.code_spans().into_iter().collect();
    let mut n = 0;
    for objects in [&named, &functions, &columns, &operators, &casts, &types, &relations, &classes, &methods] {
        assert!(!objects.is_empty());
        let missing: Vec<_> = objects.difference(&on_page).collect();
        assert!(missing.is_empty(), "not on {}: {missing:#?}", page.path);
        n += objects.len();
    }

    let known: BTreeSet<String> =
        [functions, operators, casts, types, relations, classes].into_iter().flatten().collect();
    let mut n_cells = 0;
    for row in page.rows(None) {
        for name in spans(&row[0]) {
            assert!(known.contains(&name), "{} names what does not exist: {name}", page.path);
            n_cells += 1;
        }
    }
    println!("functions.md: {n} names of the catalogues, {n_cells} names of tables");
    cluster.finish();
}

#[test]
fn settings_are_those_of_the_server() {
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand; SELECT '{1:1}'::svec").expect("CREATE EXTENSION");
    let page = Page::read("docs/reference/settings.md");

    // As the page writes them: name, default, range.
    let query = "SELECT format('%s | %s | %s', name, boot_val, CASE vartype WHEN 'bool' THEN 'on, off'
                    WHEN 'enum' THEN array_to_string(enumvals, ', ') ELSE format('%s to %s', min_val, max_val) END)
                 FROM pg_settings WHERE name LIKE 'wand.%' AND name <> ALL ($1)";
    // A library with faults on purpose has more, which the README of storage lists.
    let faults = spans(&Page::read("src/storage/README.md").text);
    let faults: Vec<String> = faults.iter().map(|span| span.split(' ').next().unwrap_or(span).to_string()).collect();
    let settings: BTreeSet<String> =
        client.query(query, &[&faults]).expect(query).iter().map(|row| row.get(0)).collect();
    let written = |heading| -> BTreeSet<String> {
        page.rows(Some(heading)).iter().map(|row| row[..3].join(" | ").replace('`', "")).collect()
    };
    assert_eq!(written("Settings"), settings, "{}", page.path);

    // Storage parameters are in no catalogue: their names are taken from the sources, their values are tried.
    let source = fs::read_to_string(project_root().join("src/am/options.rs")).expect("options.rs");
    let declared: BTreeSet<&str> =
        source.lines().filter_map(|line| line.trim().strip_prefix("let name = c\"")?.split('"').next()).collect();
    let rows = page.rows(Some("Storage parameters"));
    let on_page: BTreeSet<String> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    assert_eq!(on_page.iter().map(String::as_str).collect::<BTreeSet<_>>(), declared, "{}", page.path);
    client.batch_execute("CREATE TABLE t (v svec); CREATE INDEX t_v ON t USING wand (v)").expect("t");
    let mut set = |name: &str, value: &str| client.batch_execute(&format!("ALTER INDEX t_v SET ({name} = {value})"));
    for row in &rows {
        let (name, default, range) = (row[0].replace('`', ""), row[1].replace('`', ""), row[2].replace('`', ""));
        set(&name, &default).unwrap_or_else(|e| panic!("{name} = {default}: {e}"));
        if let Some((least, most)) = range.split_once(" to ") {
            let (least, most): (i64, i64) = (least.parse().expect(&name), most.parse().expect(&name));
            for inside in [least, most] {
                set(&name, &inside.to_string()).unwrap_or_else(|e| panic!("{name} = {inside}: {e}"));
            }
            for outside in [least - 1, most + 1] {
                assert!(set(&name, &outside.to_string()).is_err(), "{name} = {outside} is accepted");
            }
        } else {
            for value in range.split(", ") {
                set(&name, value).unwrap_or_else(|e| panic!("{name} = {value}: {e}"));
            }
        }
    }
    println!("settings.md: {} settings, {} storage parameters", settings.len(), rows.len());
    cluster.finish();
}
