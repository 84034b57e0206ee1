//! What a role may not read, it does not learn from the index either: with row-level security, behind a view, without a
//! right on the column. Two terms are alike to somebody who may not see the rows that have one of them: the same
//! estimates and costs in EXPLAIN, and no counts of a scan (`wand_last_scan`, on PostgreSQL 18 EXPLAIN ANALYZE). The
//! owner sees that they differ, so they do.
//!
//! PostgreSQL's own statistics keep to the same rule. What it shows itself, it shows here too: how long a query took,
//! and in EXPLAIN ANALYZE how many rows a policy removed.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::oracle::describe;
use pg_wand_tests::roles::{connect, make_roles};
use postgres::Client;

/// A term of all secret rows, and one of none at all.
const HIDDEN: &str = "{70:1}/100";
const ABSENT: &str = "{80:1}/100";

/// Queries in which `QUERY` is a vector; `TABLE` is whatever rows are read through.
const QUERIES: [&str; 8] = [
    "SELECT id FROM TABLE ORDER BY emb <#> 'QUERY' LIMIT 5",
    "SELECT id FROM TABLE ORDER BY emb <#> 'QUERY'",
    "SELECT id FROM TABLE WHERE emb && 'QUERY'",
    "SELECT id FROM TABLE WHERE emb @> 'QUERY'",
    "SELECT id FROM TABLE WHERE emb @@ svec_match(must => 'QUERY'::svec)",
    "SELECT id FROM TABLE WHERE emb <<#>> sphere('QUERY'::svec, -0.5)",
    "SELECT id FROM TABLE WHERE emb && 'QUERY' ORDER BY emb <#> 'QUERY' LIMIT 5",
    "SELECT a.id FROM TABLE a JOIN TABLE b USING (id) WHERE a.emb && 'QUERY' OR b.emb @> 'QUERY'",
];

#[test]
fn terms_of_hidden_rows_are_not_shown() {
    // Plans are compared: nothing else may change them.
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut superuser = cluster.connect();
    superuser.batch_execute("CREATE EXTENSION pg_wand; GRANT ALL ON SCHEMA public TO PUBLIC").expect("extension");
    make_roles(&mut superuser);
    let mut alice = connect(&cluster, "alice");
    alice
        .batch_execute(
            "CREATE TABLE docs (id int, secret bool, emb svec);
             CREATE TABLE parts (id int, secret bool, emb svec) PARTITION BY RANGE (id);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
             CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (10000);
             CREATE INDEX docs_idx ON docs USING wand (emb);
             CREATE INDEX parts_idx ON parts USING wand (emb);
             INSERT INTO docs SELECT g, g % 2 = 0,
                 to_svec(ARRAY[1 + g % 50, CASE WHEN g % 2 = 0 THEN 70 ELSE 60 END], ARRAY[1, 2]::real[], 100)
                 FROM generate_series(1, 2000) g;
             INSERT INTO parts SELECT * FROM docs;
             SELECT wand_merge('docs_idx'), wand_merge('parts_1_emb_idx'), wand_merge('parts_2_emb_idx');
             ANALYZE docs, parts;
             CREATE VIEW shown AS SELECT * FROM docs WHERE NOT secret;
             CREATE VIEW fenced WITH (security_barrier) AS SELECT * FROM docs WHERE NOT secret;
             GRANT SELECT ON shown, fenced TO caller;
             GRANT SELECT (id) ON docs TO monitor;
             ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
             ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
             CREATE POLICY open ON docs FOR SELECT TO bob USING (NOT secret);
             CREATE POLICY open ON parts FOR SELECT TO bob USING (NOT secret);
             GRANT SELECT ON docs, parts TO bob",
        )
        .expect("tables");
    let mut compared = 0;
    // The owner sees all rows, and what is to be hidden.
    for table in ["docs", "parts"] {
        let differ = QUERIES.iter().filter(|sql| alike(&mut alice, &sql.replace("TABLE", table)).is_err()).count();
        assert!(differ >= QUERIES.len() - 1, "the owner sees but {differ} differences in {table}");
    }
    assert!(last_scan(&mut alice, "docs").is_some(), "the owner is shown what his scan did");
    for (role, tables) in [("bob", ["docs", "parts"]), ("caller", ["fenced", "fenced"])] {
        let mut client = connect(&cluster, role);
        for table in tables {
            for sql in QUERIES {
                let sql = sql.replace("TABLE", table);
                alike(&mut client, &sql).unwrap_or_else(|plans| panic!("{role} sees a difference in {sql}\n{plans}"));
                compared += 1;
            }
            assert_eq!(last_scan(&mut client, table), None, "{role} is shown what a scan of {table} did");
            let rows: i64 = client
                .query_one(&format!("SELECT count(*) FROM {table} WHERE emb && '{HIDDEN}'"), &[])
                .expect("rows")
                .get(0);
            assert_eq!(rows, 0, "{role} sees rows of {table} that are hidden");
        }
    }
    let mut caller = connect(&cluster, "caller");
    assert_eq!(last_scan(&mut caller, "shown"), None, "caller may read the view only");
    // A right on another column does not do, not even for a plan.
    let mut monitor = connect(&cluster, "monitor");
    for sql in QUERIES {
        let sql = sql.replace("TABLE", "docs").replace("QUERY", HIDDEN);
        for sql in [sql.clone(), format!("EXPLAIN {sql}")] {
            let error = monitor.simple_query(&sql).err().unwrap_or_else(|| panic!("not refused: {sql}"));
            assert!(describe(&error).contains("42501"), "{sql}: {}", describe(&error));
            compared += 1;
        }
    }
    println!("privileges of rows: {compared} plans, 0 differences");
    drop((superuser, alice, caller, monitor));
    cluster.finish();
}

/// Whether both terms have the same plan, estimates and costs.
fn alike(client: &mut Client, sql: &str) -> Result<(), String> {
    let mut plan = |query: &str| -> String {
        let sql = format!("EXPLAIN {}", sql.replace("QUERY", query));
        client.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_custom_plan").expect("settings");
        let rows = client.query(&sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", describe(&e)));
        let lines: Vec<String> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
        lines.join("\n").replace(query, "QUERY")
    };
    // The literal inside a composite constant is without its quotes, and the term another number.
    let normal = |text: String| text.replace("70:1", "N:1").replace("80:1", "N:1");
    let (hidden, absent) = (normal(plan(HIDDEN)), normal(plan(ABSENT)));
    if hidden == absent { Ok(()) } else { Err(format!("{hidden}\n{absent}")) }
}

/// What `wand_last_scan` says after a query of the hidden term.
fn last_scan(client: &mut Client, table: &str) -> Option<i64> {
    let sql = format!("SELECT id FROM {table} ORDER BY emb <#> '{HIDDEN}' LIMIT 5");
    client.batch_execute("SET enable_seqscan = off; SET enable_sort = off").expect("settings");
    let plan = client.query(&format!("EXPLAIN {sql}"), &[]).expect("a plan");
    let plan: String = plan.iter().map(|row| row.get::<_, String>(0)).collect();
    client.batch_execute(&sql).expect("a query");
    let ran = client.query(&format!("EXPLAIN (ANALYZE) {sql}"), &[]).expect("a plan");
    let is_told = ran.iter().any(|row| row.get::<_, String>(0).contains("Wand"));
    let may = client.query_one("SELECT current_user = 'alice'", &[]).expect("a role").get::<_, bool>(0);
    assert!(may || !is_told, "EXPLAIN ANALYZE tells what a scan of {table} did");
    // Behind a fence the order is made above it.
    assert!(plan.contains("Index Scan using") || table == "fenced", "{table}: no index scan: {plan}");
    client.query_opt("SELECT postings FROM wand_last_scan()", &[]).expect("wand_last_scan").map(|row| row.get(0))
}
