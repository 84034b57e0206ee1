//! Nobody gains anything by having the extension installed. All functions that it has are asked for by its catalogue,
//! so a new one cannot be forgotten, and called in six roles: the tables' owner, a member of his, one who may read and
//! write the tables, one who may do nothing but call functions, a member of `pg_monitor`, a superuser.
//! - A function of an index is for its owner: all others are refused before anything is locked, read or written, which
//!   shows while another session holds the strongest lock.
//! - Functions with `internal` arguments are refused to all but superusers, whom they tell nothing and harm nothing.
//! - All others do the same in every role.
//! - The settings are those listed here, of the level listed here; none is for the superuser, for none costs others.
//!
//! No sizes; `privileges_of_rows.rs` has what is hidden row by row.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::oracle::describe;
use pg_wand_tests::roles::{ROLES, connect, make_roles};
use postgres::Client;
use std::collections::BTreeMap;

/// Volatile functions that are no index's, and so in none of the groups above: they are for whoever owns an encoder
/// (`encoders_are_their_owners`), and one tells what this session did (`privileges_of_rows.rs`).
const OF_NO_INDEX: [&str; 7] = [
    "wand_create_encoder",
    "wand_drop_encoder",
    "wand_encoders_changed",
    "wand_grant_encoder",
    "wand_last_scan",
    "wand_revoke_encoder",
    "wand_set_encoder_access",
];
/// Functions of an index that members of pg_stat_scan_tables may call, too. One that has gone is no error to them.
const FOR_WATCHERS: [&str; 1] = ["wand_health"];
/// Settings of builds that fail on purpose; no release has them.
const OF_FAULTS: [&str; 4] = ["wand.crash_after_wal", "wand.error_after_wal", "wand.pause_at", "wand.wal_records"];

struct Function {
    oid: u32,
    name: String,
    arguments: Vec<String>,
    volatile: bool,
    aggregate: bool,
    trigger: bool,
}

impl Function {
    fn call(&self, argument: impl Fn(&str) -> String) -> String {
        let arguments: Vec<String> = self.arguments.iter().map(|r#type| argument(r#type)).collect();
        format!("SELECT count(x::text), min(x::text) FROM (SELECT {}({}) AS x) s", self.name, arguments.join(", "))
    }

    fn takes_internal(&self) -> bool {
        self.arguments.iter().any(|r#type| r#type == "internal")
    }

    fn is_of_an_index(&self) -> bool {
        self.arguments.first().is_some_and(|r#type| r#type == "regclass")
    }
}

#[test]
fn every_function_in_every_role() {
    let cluster = start();
    let mut superuser = cluster.connect();
    let functions = functions(&mut superuser);
    let mut clients: Vec<(&str, Client)> = ROLES.iter().map(|role| (*role, connect(&cluster, role))).collect();
    let mut calls = 0;
    let mut volatile = Vec::new();
    for function in &functions {
        if function.is_of_an_index() {
            continue;
        } else if function.takes_internal() || function.trigger {
            calls += refused_to_users(function, &mut clients);
        } else if function.volatile {
            volatile.push(function.name.as_str());
        } else {
            calls += alike(function, &mut clients);
        }
    }
    volatile.sort_unstable();
    volatile.dedup();
    let expected: Vec<&str> = OF_NO_INDEX.into_iter().filter(|name| !name.ends_with("_changed")).collect();
    assert_eq!(volatile, expected, "another volatile function: who may call it?");
    let of_an_index: Vec<_> = functions.iter().filter(|function| function.is_of_an_index()).collect();
    assert!(of_an_index.len() >= 8, "only {} functions of an index", of_an_index.len());
    calls += of_an_index.iter().map(|function| for_the_owner(function, &cluster, &mut clients)).sum::<usize>();
    let leaky: i64 = superuser
        .query_one(&format!("SELECT count(*) FROM pg_proc p WHERE (proleakproof OR prosecdef) AND {MEMBER}"), &[])
        .expect("pg_proc")
        .get(0);
    assert_eq!(leaky, 0, "a function is LEAKPROOF or SECURITY DEFINER");
    println!("privileges: {} functions, {} roles, {calls} calls, 0 differences", functions.len(), ROLES.len());
    drop((superuser, clients));
    cluster.finish();
}

/// Neither lock nor page before the question who asks.
fn for_the_owner(function: &Function, cluster: &Cluster, clients: &mut [(&str, Client)]) -> usize {
    let argument = |r#type: &str, index: &str| match r#type {
        "regclass" => format!("'{index}'"),
        "text" => "'lucene'".into(),
        other => sample(other),
    };
    let of = |index: &str| function.call(|r#type| argument(r#type, index));
    let watches = FOR_WATCHERS.contains(&function.name.as_str());
    let may = |role: &str| ["alice", "member", "postgres"].contains(&role) || watches && role == "monitor";
    let mut calls = 0;
    for (role, client) in clients.iter_mut() {
        let found = outcome(client, &of("docs_idx"));
        let may = may(role);
        assert_eq!(found.starts_with("42501"), !may, "{role}: {}: {found}", of("docs_idx"));
        assert!(!may || found.starts_with("ok"), "{role}: {}: {found}", of("docs_idx"));
        for other in ["docs", "docs_id", "parts_idx"] {
            let found = outcome(client, &of(other));
            assert!(found.starts_with("42809"), "{role}: {}: {found}", of(other));
        }
        let found = outcome(client, &of("4294967295"));
        assert!(found.starts_with(if watches { "ok" } else { "42809" }), "{role}: {found}");
        calls += 5;
    }
    let mut holder = cluster.connect();
    let mut transaction = holder.transaction().expect("BEGIN");
    transaction.batch_execute("LOCK TABLE docs IN ACCESS EXCLUSIVE MODE; REINDEX INDEX docs_idx").expect("locks");
    for (role, client) in clients.iter_mut() {
        let found = outcome(client, &of("docs_idx"));
        // Who may must wait, so the lock is there; who may not need not, nor does who watches.
        let expected = match may(role) {
            true if watches => "ok",
            true => "55P03",
            false => "42501",
        };
        assert!(found.starts_with(expected), "{role}, while the index is locked: {}: {found}", of("docs_idx"));
        calls += 1;
    }
    transaction.rollback().expect("ROLLBACK");
    calls
}

/// They cannot be called at all, for SQL has no value of the type `internal`, not even NULL; nor be named by others for
/// aggregates and operators of their own.
fn refused_to_users(function: &Function, clients: &mut [(&str, Client)]) -> usize {
    for (role, client) in clients.iter_mut() {
        let sql = function.call(|r#type| if r#type == "internal" { "NULL".into() } else { sample(r#type) });
        let found = outcome(client, &sql);
        let expected = if function.trigger { ["42501", "39P01", "0A000"] } else { ["42883", "42883", "42883"] };
        assert!(expected.iter().any(|code| found.starts_with(code)), "{role}: {sql}: {found}");
        let sql = format!("SELECT has_function_privilege({}, 'EXECUTE')", function.oid);
        let may: bool = client.query_one(&sql, &[]).expect("a right").get(0);
        assert_eq!(may, *role == "postgres", "{role} may execute {}", function.name);
    }
    clients.len()
}

/// The same answer, or the same error, in every role.
fn alike(function: &Function, clients: &mut [(&str, Client)]) -> usize {
    let null = |r#type: &str| format!("NULL::{type}");
    for sql in [function.call(null), function.call(sample)] {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (role, client) in clients.iter_mut() {
            let answer = outcome(client, &sql);
            assert!(!answer.starts_with("XX"), "{role}: {sql}: {answer}");
            found.entry(answer).or_default().push(role);
        }
        assert_eq!(found.len(), 1, "{sql} differs: {found:#?}");
        assert!(!found.keys().any(|answer| answer.starts_with("42501")), "{sql} is refused: {found:?}");
        assert!(!found.keys().any(|answer| answer.starts_with("42883")), "{sql} was not called: {found:?}");
        assert!(!function.aggregate || !found.is_empty());
    }
    2 * clients.len()
}

/// An estimator would take the operands of anybody's operator for vectors.
#[test]
fn an_estimator_is_for_our_own_operators() {
    let cluster = start();
    let mut superuser = cluster.connect();
    let operators = |estimator: &str| {
        ["&&&", "@@@", "<<#>>", "@@", "&&", "@>"].map(|name| {
            format!(
                "CREATE FUNCTION f(svec, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN $1::text = $2; END';
                 CREATE OPERATOR {name} (LEFTARG = svec, RIGHTARG = text, FUNCTION = f, RESTRICT = {estimator});
                 EXPLAIN SELECT * FROM docs WHERE emb OPERATOR(public.{name}) repeat('x', 100);
                 EXPLAIN SELECT * FROM docs WHERE emb OPERATOR(public.{name}) ''::text"
            )
        })
    };
    superuser.batch_execute("SELECT wand_merge('docs_idx')").expect("a merge");
    for estimator in ["wand_matchsel", "wand_spheresel"] {
        for sql in operators(estimator) {
            for (role, expected) in [("bob", "42501"), ("alice", "42501"), ("postgres", "ok")] {
                let mut client = connect(&cluster, role);
                let mut transaction = client.transaction().expect("BEGIN");
                let found = match transaction.batch_execute(&sql) {
                    Ok(()) => "ok".to_string(),
                    Err(error) => describe(&error).replace("ERROR ", ""),
                };
                assert!(found.starts_with(expected), "{role}: {sql}: {found}");
            }
        }
    }
    // Bytes that would be an empty vector: they are as good as not known.
    superuser
        .batch_execute(
            "CREATE FUNCTION g(svec, bytea) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
             CREATE OPERATOR && (LEFTARG = svec, RIGHTARG = bytea, FUNCTION = g, RESTRICT = wand_matchsel)",
        )
        .expect("an operator");
    let mut rows = |operand: &str| -> String {
        let sql = format!("EXPLAIN SELECT * FROM docs WHERE emb && {operand}");
        let lines = superuser.query(&sql, &[]).expect("a plan");
        let found = lines.iter().map(|line| line.get::<_, String>(0)).find(|line| line.contains(" on docs "));
        found.and_then(|line| Some(line.split_once("rows=")?.1.to_string())).expect("a number of rows")
    };
    assert_eq!(rows(r"'\x0500000000000000'::bytea"), rows(r"(SELECT '\x05'::bytea)"));
    drop(superuser);
    cluster.finish();
}

#[test]
fn encoders_are_their_owners() {
    let cluster = start();
    let tokenizer = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"a":0,"b":1,"[UNK]":2},"unk_token":"[UNK]"}}"#;
    let make = format!("SELECT wand_create_encoder('e', '{tokenizer}'::text, '{{\"a\":1}}'::jsonb, replace => true)");
    let mut alice = connect(&cluster, "alice");
    alice.batch_execute(&make).expect("an encoder");
    alice.batch_execute("SELECT wand_revoke_encoder('e', 'public')").expect("revoked");
    for role in ROLES {
        let mut client = connect(&cluster, role);
        let may = ["alice", "member", "postgres"].contains(&role);
        for sql in [
            "SELECT 1, encode_query('e', 'a b')::text",
            "SELECT 1, encode_counts('e', 'a b')::text",
            "SELECT 1, count(*)::text FROM encode_tokens('e', 'a b')",
            "SELECT 1, wand_set_encoder_access('e', 'bob', false)::text",
            &make.replace("SELECT ", "SELECT 1, ").replace("replace => true)", "replace => true)::text"),
        ] {
            let found = outcome(&mut client, sql);
            assert!(found.starts_with(if may { "ok" } else { "42501" }), "{role}: {sql}: {found}");
        }
        let found = outcome(&mut client, "SELECT count(*), min(name) FROM wand_encoders");
        assert!(found.starts_with(if may { "ok 1" } else { "ok 0" }), "{role} sees {found}");
        let found = outcome(&mut client, "SELECT count(*), min(name) FROM wand_encoder");
        assert!(role == "postgres" || found.starts_with("42501"), "{role} reads the table: {found}");
        if !may {
            let found = outcome(&mut client, "SELECT 1, wand_drop_encoder('e')::text");
            assert!(found.starts_with("42501"), "{role} drops it: {found}");
        }
    }
    drop(alice);
    cluster.finish();
}

/// Each is a choice of the session about its own queries; none takes more of the server than queries may anyhow.
#[test]
fn settings() {
    let cluster = start();
    let mut client = cluster.connect();
    client.batch_execute("LOAD 'pg_wand'").expect("LOAD");
    let rows = client
        .query("SELECT name, context, vartype, boot_val FROM pg_settings WHERE name LIKE 'wand.%' ORDER BY 1", &[])
        .expect("pg_settings");
    let row = |row: &postgres::Row| (0..4).map(|n| row.get::<_, String>(n)).collect::<Vec<_>>().join(" ");
    let found: Vec<String> = rows.iter().filter(|r| !OF_FAULTS.contains(&r.get(0))).map(row).collect();
    let expected = [
        "wand.kernel user enum auto",
        "wand.max_query_terms user integer 0",
        "wand.prune_factor user real 1",
        "wand.recheck user bool on",
        "wand.strategy user enum auto",
    ];
    assert_eq!(found, expected, "another setting: of which level, and why?");
    let error = client.batch_execute("SET wand.unknown = 1").expect_err("the prefix is reserved");
    assert_eq!(error.code().map(|code| code.code()), Some("42602"), "{}", describe(&error));
    drop(client);
    cluster.finish();
}

/// Members of the extension.
const MEMBER: &str = "EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.deptype = 'e'
    WHERE e.extname = 'pg_wand' AND d.classid = 'pg_proc'::regclass AND d.objid = p.oid)";

fn start() -> Cluster {
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand").expect("CREATE EXTENSION");
    make_roles(&mut client);
    client
        .batch_execute(
            "GRANT ALL ON SCHEMA public TO PUBLIC;
             SET ROLE alice;
             CREATE TABLE docs AS SELECT g AS id, to_svec(ARRAY[1 + g % 50, 60], ARRAY[1, 2]::real[], 100) AS emb
                 FROM generate_series(1, 200) g;
             CREATE INDEX docs_idx ON docs USING wand (emb);
             CREATE INDEX docs_id ON docs (id);
             CREATE TABLE parts (id int, emb svec) PARTITION BY RANGE (id);
             CREATE INDEX parts_idx ON parts USING wand (emb);
             GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON docs TO bob",
        )
        .expect("tables");
    cluster
}

fn functions(client: &mut Client) -> Vec<Function> {
    let sql = format!(
        "SELECT oid, proname::text, provolatile = 'v', prokind = 'a', prorettype = 'trigger'::regtype,
             ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS a (t, n) ORDER BY n)
         FROM pg_proc p WHERE {MEMBER} ORDER BY proname, oid"
    );
    let rows = client.query(&sql, &[]).expect("pg_proc");
    let function = |row: &postgres::Row| Function {
        oid: row.get(0),
        name: row.get(1),
        volatile: row.get(2),
        aggregate: row.get(3),
        trigger: row.get(4),
        arguments: row.get(5),
    };
    let found: Vec<Function> = rows.iter().map(function).collect();
    assert!(found.len() > 200 && found.iter().all(|function| function.oid > 0), "{} functions", found.len());
    found
}

/// A value of a type, NULL where there is no simple one.
fn sample(r#type: &str) -> String {
    let text = match r#type {
        "svec" => "{1:1,3:2}/100",
        "svec[]" => "{\"{1:1}/100\"}",
        "text" | "character varying" | "name" => "a",
        "integer" | "bigint" | "smallint" | "real" | "double precision" | "numeric" => "1",
        "boolean" => "true",
        "integer[]" | "real[]" | "double precision[]" | "numeric[]" | "bigint[]" => "{1}",
        "text[]" => "{a}",
        "jsonb" => "{\"1\": 2}",
        "cstring" => "{1:1}/5",
        "oid" => "0",
        "cstring[]" => "{5}",
        "regclass" => "docs_idx",
        "tsvector" => "a b",
        _ => return format!("NULL::{type}"),
    };
    format!("'{text}'::{type}")
}

/// `ok` with the answer, or the SQLSTATE with the message.
fn outcome(client: &mut Client, sql: &str) -> String {
    match client.simple_query(sql) {
        Ok(messages) => {
            let row = messages.iter().find_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            let fields = row.map_or(Vec::new(), |row| (0..row.len()).map(|n| row.get(n).unwrap_or("NULL")).collect());
            format!("ok {}", fields.join(" "))
        }
        Err(error) => describe(&error).replace("ERROR ", ""),
    }
}
