//! Indexes come and go beside live sessions, and unlogged ones after a crash.
//! - CREATE INDEX, REINDEX and DROP INDEX, all CONCURRENTLY, and plain DROP INDEX and CREATE INDEX, under 8 writers and
//!   2 readers: no error but what the command's nature brings, answers equal a sequential scan's, `wand_check` is
//!   clean.
//! - An unlogged table is empty after a crash, and its index usable at once.
//!
//! Sizes: DDL_CONCURRENTLY (5; 200 for a release) rounds of the first, DDL_CRASHES (3; 50) of the second.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle::{self, describe};
use pg_wand_tests::random::Random;
use pg_wand_tests::shapes::run;
use pg_wand_tests::{begin, one_at_a_time, size};
use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const WRITERS: usize = 8;

#[test]
fn indexes_come_and_go_under_load() {
    let _one = one_at_a_time();
    let rounds = size("DDL_CONCURRENTLY", 5);
    let seed = begin("ddl_live", &[("DDL_CONCURRENTLY", rounds)]);
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint, kind int, emb svec)");
    run(&mut client, "CREATE INDEX docs_id ON docs (id)");
    let (stop, writes, reads) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut compared = 0;
    thread::scope(|scope| {
        for number in 0..WRITERS {
            let (config, stop, writes) = (cluster.config("postgres"), &stop, &writes);
            scope.spawn(move || {
                let mut client = config.connect(NoTls).expect("a writer");
                let mut random = Random::new(seed ^ (number as u64 + 1));
                while !stop.load(Ordering::Relaxed) {
                    let sql = change(&mut random, number);
                    client.batch_execute(&sql).unwrap_or_else(|e| panic!("SEED={seed}: a writer: {}", describe(&e)));
                    writes.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..2 {
            let (config, stop, reads) = (cluster.config("postgres"), &stop, &reads);
            scope.spawn(move || {
                let mut client = config.connect(NoTls).expect("a reader");
                let mut random = Random::new(seed ^ (100 + number));
                while !stop.load(Ordering::Relaxed) {
                    let question = oracle::Question { sql: &question(&mut random), index: None, cut: true };
                    // No index may be there to be used.
                    if let Err(problem) = oracle::compare(&mut client, &question) {
                        panic!("SEED={seed}: a reader: {problem}");
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let guard = StopAtEnd(&stop);
        for round in 0..rounds {
            for command in [
                "CREATE INDEX CONCURRENTLY docs_emb ON docs USING wand (emb, kind) WITH (pending_list_limit = 64)",
                "REINDEX INDEX CONCURRENTLY docs_emb",
                "REINDEX TABLE CONCURRENTLY docs",
                "REINDEX INDEX docs_emb",
                "DROP INDEX CONCURRENTLY docs_emb",
                "CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64)",
                "DROP INDEX docs_emb",
            ] {
                if let Err(error) = client.batch_execute(command) {
                    panic!("SEED={seed} round {round}: {}\nin: {command}", describe(&error));
                }
                if !command.starts_with("DROP") {
                    compared += look(&mut client, seed.wrapping_add(round as u64), command);
                }
            }
        }
        drop(guard);
    });
    let (writes, reads) = (writes.into_inner(), reads.into_inner());
    println!("ddl_live: {rounds} rounds, {writes} writes, {reads} reads, {compared} comparisons, 0 wrong; SEED={seed}");
    drop(client);
    cluster.finish();
}

/// Ends the load also when the test fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn look(client: &mut Client, seed: u64, after: &str) -> usize {
    let mut random = Random::new(seed);
    for _ in 0..3 {
        let question = oracle::Question { sql: &question(&mut random), index: Some("docs_emb"), cut: true };
        oracle::compare(client, &question).unwrap_or_else(|e| panic!("SEED={seed} after {after}: {e}"));
    }
    let problems = oracle::check_index(client, "docs_emb");
    assert!(problems.is_empty(), "SEED={seed} after {after}: {}", problems.join("\n"));
    4
}

fn question(random: &mut Random) -> String {
    let query = corpus::literal(&corpus::query(Profile::Ties, random));
    format!("SELECT id, emb <#> '{query}' FROM docs ORDER BY emb <#> '{query}' LIMIT {}", 1 + random.below(30))
}

/// Of the writer's own rows: those with its number at the end.
fn change(random: &mut Random, number: usize) -> String {
    let id = random.below(60) * 10 + number;
    let emb = corpus::document(Profile::Ties, random)
        .map_or("NULL::svec".into(), |v| format!("'{}'::svec", corpus::literal(&v)));
    match random.below(4) {
        0 => format!("DELETE FROM docs WHERE id = {id}"),
        1 => format!("UPDATE docs SET emb = {emb} WHERE id = {id}"),
        _ => format!(
            "INSERT INTO docs SELECT {id}, {}, {emb} WHERE NOT EXISTS (SELECT FROM docs WHERE id = {id})",
            id % 5
        ),
    }
}

#[test]
fn an_unlogged_table_is_empty_and_usable_after_a_crash() {
    let _one = one_at_a_time();
    let crashes = size("DDL_CRASHES", 3);
    let seed = begin("ddl_live", &[("DDL_CRASHES", crashes)]);
    let mut random = Random::new(seed);
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE UNLOGGED TABLE docs (id bigint, kind int, emb svec)");
    run(&mut client, "CREATE INDEX docs_emb ON docs USING wand (emb, kind) WITH (pending_list_limit = 64)");
    for crash in 0..crashes {
        for _ in 0..40 + random.below(400) {
            run(&mut client, &change(&mut random, 1));
        }
        if random.chance(0.5) {
            run(&mut client, "SELECT wand_merge('docs_emb')");
        }
        if random.chance(0.5) {
            run(&mut client, "CHECKPOINT");
        }
        look(&mut client, seed, "writes");
        drop(client);
        cluster.kill_all();
        cluster.start();
        client = cluster.connect();
        let rows: i64 = client.query_one("SELECT count(*) FROM docs", &[]).expect("a count").get(0);
        assert_eq!(rows, 0, "SEED={seed}: rows after crash {crash}");
        look(&mut client, seed, "the crash");
    }
    println!("ddl_live: {crashes} crashes, empty and usable after each; SEED={seed}");
    drop(client);
    cluster.finish();
}
