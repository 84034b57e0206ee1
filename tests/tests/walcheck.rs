//! The write-ahead log is complete: a standby that compares every replayed page with the primary's image
//! (`wal_consistency_checking = generic`) follows the whole regress suite and a mixed load, its indexes are sound, and
//! it answers as the primary does; promoted, it is a good primary.
//!
//! Sizes: WALCHECK_ROWS (2,000).

use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{project_root, seed, size};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

#[test]
fn a_standby_follows_everything() {
    let seed = seed();
    println!("SEED={seed}");
    let primary = Cluster::start_new(&["wal_consistency_checking = 'generic'", "autovacuum_naptime = 1s"]);
    let standby = primary.standby();
    regress_suite(&primary);
    let mut client = primary.connect();
    mixed_load(&mut client, seed);
    standby.wait_for(&mut client);
    for database in databases(&mut client) {
        compare(&primary, &standby, &database);
    }
    for index in INDEXES {
        let mut reader = standby.connect();
        let mut random = Random::new(seed);
        for _ in 0..20 {
            answer_alike(&mut client, &mut reader, index, &mut random);
        }
    }
    drop(client);
    primary.stop("immediate");
    standby.promote();
    let mut client = standby.connect();
    client.batch_execute("INSERT INTO docs SELECT id + 1000000, emb FROM docs WHERE id % 7 = 0").expect("INSERT");
    client.batch_execute("VACUUM docs").expect("VACUUM");
    for (index, ..) in INDEXES {
        let problems = oracle::check_index(&mut client, index);
        assert!(problems.is_empty(), "promoted: {index}: {}", problems.join("\n"));
    }
    drop(client);
    standby.finish();
}

/// Name, distance and condition of what is asked of it.
type Index = (&'static str, &'static str, &'static str);

const INDEXES: [Index; 3] = [
    ("docs_ip", "emb <#>", "true"),
    ("docs_cos", "emb <=>", "true"),
    ("docs_filtered", "(emb * 2) <#>", "id % 10 < 4 AND md5(id::text) > '5'"),
];

/// All golden-file tests on the primary; a failure there is reported by their own run, not here.
fn regress_suite(primary: &Cluster) {
    let output = Command::new(project_root().join("scripts/regress.sh"))
        .env("PG_CONFIG", cluster::pg_config_path())
        .env("PGHOST", primary.folder())
        .env("PGPORT", primary.port().to_string())
        .env("PGUSER", "postgres")
        .env("OUTPUT", primary.folder().join("regress"))
        .output()
        .expect("scripts/regress.sh");
    let text = String::from_utf8_lossy(&output.stdout);
    let tests = text.lines().filter(|l| l.starts_with("test ") || l.starts_with("ok ")).count();
    println!("{tests} regress tests ran under the standby's eyes");
    assert!(tests > 0, "no regress test ran:\n{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn mixed_load(client: &mut Client, seed: u64) {
    let mut random = Random::new(seed);
    let rows = size("WALCHECK_ROWS", 2_000);
    let mut run =
        |sql: &str| client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
    run("CREATE EXTENSION pg_wand");
    run("CREATE TABLE docs (id bigint PRIMARY KEY, emb svec)");
    run("CREATE INDEX docs_ip ON docs USING wand (emb) WITH (pending_list_limit = 64)");
    run("CREATE INDEX docs_filtered ON docs USING wand ((id % 10), (emb * 2), (md5(id::text)))
         WITH (pending_list_limit = 64)");
    fill(client, &mut random, 0, rows / 2);
    let mut run =
        |sql: &str| client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
    run("CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops) WITH (pending_list_limit = 64)");
    run("DELETE FROM docs WHERE id % 3 = 0");
    run("VACUUM docs");
    run("UPDATE docs SET emb = NULL WHERE id % 11 = 0");
    fill(client, &mut random, rows / 2, rows / 2);
    let mut run =
        |sql: &str| client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
    run("DELETE FROM docs WHERE id % 5 < 2");
    run("VACUUM docs");
    run("ALTER TABLE docs SET (parallel_workers = 2)");
    run("REINDEX INDEX docs_ip");
    run("REINDEX INDEX docs_filtered");
    run("DELETE FROM docs WHERE id % 7 = 0");
    run("VACUUM docs");
}

fn fill(client: &mut Client, random: &mut Random, from: usize, rows: usize) {
    let mut text = String::new();
    for id in from..from + rows {
        let vector = corpus::document(Profile::Learned, random).expect("not NULL");
        writeln!(text, "{id}\t{}", corpus::literal(&vector)).expect("writing to a string");
    }
    let mut copy = client.copy_in("COPY docs FROM STDIN").expect("COPY");
    copy.write_all(text.as_bytes()).expect("COPY");
    copy.finish().expect("COPY");
}

fn databases(client: &mut Client) -> Vec<String> {
    let sql = "SELECT datname::text FROM pg_database WHERE datallowconn AND NOT datistemplate";
    client.query(sql, &[]).expect("databases").iter().map(|row| row.get(0)).collect()
}

/// Every wand index that is left in the database is sound on both servers.
fn compare(primary: &Cluster, standby: &Cluster, database: &str) {
    let (mut ours, mut theirs) = (primary.connect_to(database), standby.connect_to(database));
    let sql = "SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class c
        JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE amname = 'wand' AND relkind = 'i' AND relpersistence = 'p' ORDER BY 1";
    let indexes = ours.query(sql, &[]).expect("indexes");
    for row in &indexes {
        let index: String = row.get(0);
        for (server, client) in [("primary", &mut ours), ("standby", &mut theirs)] {
            let problems = oracle::check_index(client, &index);
            assert!(problems.is_empty(), "{database}, {server}: {index}: {}", problems.join("\n"));
        }
    }
    println!("{database}: {} indexes", indexes.len());
}

fn answer_alike(ours: &mut Client, theirs: &mut Client, index: Index, random: &mut Random) {
    let (index, distance, condition) = index;
    let q = corpus::literal(&corpus::query(Profile::Learned, random));
    let sql = format!("SELECT id, {distance} '{q}' FROM docs WHERE {condition} ORDER BY {distance} '{q}'");
    let primary = oracle::compare_limits(ours, &sql, index, &[10], None).unwrap_or_else(|e| panic!("primary: {e}"));
    let standby = oracle::compare_limits(theirs, &sql, index, &[10], None).unwrap_or_else(|e| panic!("standby: {e}"));
    oracle::same(&standby, &primary, false).unwrap_or_else(|e| panic!("standby beside primary: {e}"));
}
