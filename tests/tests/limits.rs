//! Counters at the edges of their widths, through a server: a table of tiny rows, more than 2^16 of them, or with
//! LIMITS=large more than 2^24 (1 GB on disk, 2 GB of memory), built at once and then changed. Every row comes exactly
//! once in the order of its distance, the best come as in a sequential scan, and `wand_check(index, true)` finds
//! nothing. A vector of more than 2^16 non-zeros, and a query of more than 2^16 terms, are nothing special either.
//!
//! The same edges without a server, one by one: `src/engine/search/limits_tests.rs`.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::oracle;
use postgres::Client;

/// Documents beyond the edge.
const BEYOND: usize = 10;

#[test]
fn more_rows_than_a_counter_holds() {
    let edge = if std::env::var("LIMITS").is_ok_and(|size| size == "large") { 1 << 24 } else { 1 << 16 };
    let rows = edge + BEYOND;
    let cluster = Cluster::start_new(&["autovacuum = off", "max_wal_size = 8GB", "maintenance_work_mem = 512MB"]);
    let mut client = cluster.connect();
    // Term 1 is in every document, term 2 in one of 65,537, term 3 in half of them.
    run(
        &mut client,
        &format!(
            "CREATE EXTENSION pg_wand;
             CREATE TABLE docs (id bigint, emb svec);
             INSERT INTO docs SELECT i, (CASE WHEN i % 65537 = 0 THEN '{{1:1,2:1}}/4'
                 WHEN i % 2 = 0 THEN '{{1:2,3:0.5}}/4' ELSE '{{1:0.25}}/4' END)::svec
             FROM generate_series(1, {rows}) AS i;
             CREATE INDEX docs_ip ON docs USING wand (emb);
             ANALYZE docs"
        ),
    );
    verify(&mut client, rows, "built");
    // As many again as are gone, so that segments are merged around the edge.
    run(&mut client, "DELETE FROM docs WHERE id % 4 = 1; VACUUM docs");
    let gone = rows.div_ceil(4);
    verify(&mut client, rows - gone, "a quarter is deleted");
    run(
        &mut client,
        &format!("INSERT INTO docs SELECT -i, '{{1:1.5,3:1}}/4' FROM generate_series(1, {gone}) AS i; VACUUM docs"),
    );
    verify(&mut client, rows, "and replaced");
    println!("limits: {rows} rows built, a quarter deleted and replaced: every row once, check clean");
    drop(client);
    cluster.finish();
}

fn verify(client: &mut Client, rows: usize, context: &str) {
    let q = "'{1:1,2:4,3:0.5}/4'";
    let sql = format!("SELECT id, emb <#> {q} FROM docs ORDER BY emb <#> {q}");
    // Without the ties: there are millions of them.
    for strategy in ["bounds", "exhaustive"] {
        run(client, &format!("SET wand.strategy = {strategy}"));
        oracle::compare_limits(client, &sql, "docs_ip", &[1, 200], Some(300))
            .unwrap_or_else(|e| panic!("{context}: {e}"));
    }
    run(client, "RESET wand.strategy; SET enable_seqscan = off; SET enable_sort = off");
    let whole = format!(
        "SELECT count(*), count(DISTINCT id), coalesce(bool_and(before <= d), true)
         FROM (SELECT id, d, lag(d) OVER () AS before FROM (SELECT id, emb <#> {q} AS d FROM docs ORDER BY 2) AS stream)"
    );
    let whole = format!("{whole} AS pairs");
    let plan = client.query(&format!("EXPLAIN (COSTS OFF) {whole}"), &[]).expect("EXPLAIN");
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.join("\n").contains("using docs_ip on"), "{context}: {}", plan.join("\n"));
    let row = client.query_one(&whole, &[]).unwrap_or_else(|e| panic!("{context}: {}", oracle::describe(&e)));
    let expected = (rows as i64, rows as i64, Some(true));
    assert_eq!((row.get(0), row.get(1), row.get(2)), expected, "{context}: rows, distinct rows, ascending");
    run(client, "RESET enable_seqscan; RESET enable_sort");
    let problems = oracle::check_index(client, "docs_ip");
    assert!(problems.is_empty(), "{context}: {}", problems.join("\n"));
}

#[test]
fn more_terms_than_a_counter_holds() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    let terms = (1 << 16) + BEYOND;
    let vector = |from: usize, to: usize| {
        let terms: Vec<String> = (from..=to).map(|term| format!("{term}:0.5")).collect();
        format!("'{{{}}}/1000000'", terms.join(","))
    };
    // Built, and pending: a list of 64 kB holds none of the large ones.
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint, emb svec)");
    run(&mut client, &format!("INSERT INTO docs VALUES (1, {}), (2, {})", vector(1, terms), vector(terms, 2 * terms)));
    run(&mut client, "CREATE INDEX docs_ip ON docs USING wand (emb) WITH (pending_list_limit = 64)");
    for (id, to) in [(3, 10), (4, terms), (5, terms + 1)] {
        run(&mut client, &format!("INSERT INTO docs VALUES ({id}, {})", vector(2, to)));
    }
    for vacuumed in [false, true] {
        for q in [vector(1, terms), vector(1, 16_384), vector(1, 16_385), vector(terms, terms + 63)] {
            let sql = format!("SELECT id, emb <#> {q} FROM docs ORDER BY emb <#> {q}");
            let found = oracle::compare_limits(&mut client, &sql, "docs_ip", &[1, 2], None);
            assert_eq!(found.unwrap_or_else(|e| panic!("vacuumed {vacuumed}: {e}")).len(), 5);
        }
        assert_eq!(oracle::check_index(&mut client, "docs_ip"), Vec::<String>::new());
        run(&mut client, "VACUUM docs");
    }
    println!("limits: vectors and queries of {terms} terms, check clean");
    drop(client);
    cluster.finish();
}

fn run(client: &mut Client, sql: &str) {
    let shown = &sql[..sql.len().min(200)];
    // One statement at a time: VACUUM is refused inside the transaction that several together are.
    for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
        client.batch_execute(statement).unwrap_or_else(|e| panic!("{}\nin: {shown}", oracle::describe(&e)));
    }
}
