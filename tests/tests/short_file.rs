//! A block number is compared with the file before it is used. An index whose file has lost its end (a file system that
//! forgot it, a copy that was cut short) is damaged, and whatever meets the hole says so: XX002, the index's name, the
//! block, the REINDEX hint. Nothing reads past the end, no query answers with rows missing, REINDEX repairs the index.
//! Whoever watches all indexes is told which is damaged, and loses none of the others.
//!
//! Sizes: SHORT_ROWS (400). SEED repeats the vectors.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle::{self, Question};
use pg_wand_tests::random::Random;
use pg_wand_tests::{logwatch, seed, size};
use postgres::Client;
use std::fmt::Write as _;
use std::fs;

/// What a user does with an index; the queries come first.
const STATEMENTS: [&str; 6] = [
    "SELECT id, emb <#> '{1:1,2:1,3:1}' FROM docs ORDER BY emb <#> '{1:1,2:1,3:1}' LIMIT 10",
    "SELECT id, emb <#> '{1:1}' FROM docs ORDER BY emb <#> '{1:1}'",
    "INSERT INTO docs SELECT id + 100000, emb FROM docs WHERE emb IS NOT NULL LIMIT 300",
    "SELECT wand_merge('docs_emb')",
    "SELECT * FROM wand_info('docs_emb')",
    "VACUUM (INDEX_CLEANUP ON) docs",
];
const QUERIES: usize = 2;

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}

/// Segments, a pending list of several pages, rows that are gone; on disk, as is their number of blocks.
fn fill(client: &mut Client, random: &mut Random) {
    let mut values = String::new();
    for id in 0..size("SHORT_ROWS", 400) {
        let vector = corpus::document(Profile::Learned, random).expect("not NULL");
        let comma = if id == 0 { "" } else { "," };
        write!(values, "{comma}({id}, '{}')", corpus::literal(&vector)).expect("writing to a string");
    }
    run(client, &format!("TRUNCATE docs; INSERT INTO docs VALUES {values}"));
    run(client, "REINDEX INDEX docs_emb; INSERT INTO docs SELECT id + 10000, emb FROM docs LIMIT 100");
    run(client, "DELETE FROM docs WHERE id % 7 = 0");
    run(client, "CHECKPOINT");
}

/// How many statements were refused; panics if one ends otherwise than it may.
fn ask(client: &mut Client, context: &str) -> usize {
    let mut refused = 0;
    for (at, sql) in STATEMENTS.iter().enumerate() {
        let Err(error) = client.batch_execute(sql) else {
            if at < QUERIES {
                let question = Question { sql, index: Some("docs_emb"), cut: sql.contains("LIMIT") };
                oracle::compare(client, &question).unwrap_or_else(|e| panic!("{context}: {e}"));
            }
            continue;
        };
        let told = error.as_db_error().map_or_else(String::new, |db| {
            let (detail, hint) = (db.detail().unwrap_or("-"), db.hint().unwrap_or("-"));
            format!("{}: {}; {detail} {hint}", db.code().code(), db.message())
        });
        let wanted = ["XX002: index \"docs_emb\" is damaged", "block ", "beyond the end of the index", "REINDEX"];
        assert!(wanted.iter().all(|word| told.contains(word)), "{context}: {sql}\n{told} {error}");
        refused += 1;
    }
    refused
}

/// Whether `wand_indexes` calls the index damaged. It has a row for each index, whatever the state of one.
fn is_told_damaged(client: &mut Client, context: &str) -> bool {
    let sql = "SELECT indexname::text, advice FROM wand_indexes ORDER BY 1";
    let rows = client.query(sql, &[]).unwrap_or_else(|e| panic!("{context}: {}", oracle::describe(&e)));
    let rows: Vec<(String, Option<String>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["docs_emb", "sound_emb"], "{context}");
    assert_eq!(rows[1].1, None, "{context}: advice for a sound index");
    let Some(advice) = &rows[0].1 else { return false };
    let damaged = advice.starts_with("REINDEX INDEX CONCURRENTLY: damaged, in block ");
    // Otherwise it is told of nothing but its segments, or the list.
    assert!(damaged || advice.starts_with("VACUUM the table"), "{context}: {advice}");
    damaged
}

#[test]
fn a_file_without_its_end_is_damaged() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint, emb svec)");
    run(&mut client, "CREATE INDEX docs_emb ON docs USING wand (emb)");
    run(&mut client, "CREATE TABLE sound (emb svec); CREATE INDEX sound_emb ON sound USING wand (emb)");
    run(&mut client, "INSERT INTO sound VALUES ('{1:1}')");
    let (mut refused, mut tried, mut told) = (0, 0, 0);
    for (share, of) in [(0, 1), (1, 4), (1, 2), (9, 10), (1, 1)] {
        fill(&mut client, &mut random);
        let sql = "SELECT pg_relation_filepath('docs_emb'), (pg_relation_size('docs_emb') / 8192)::int";
        let row = client.query_one(sql, &[]).expect("file");
        let (path, blocks): (String, i32) = (row.get(0), row.get(1));
        // At least the metapage is there, at least one block is not.
        let kept = (blocks * share / of).clamp(1, blocks - 1);
        let context = format!("SEED={seed} SHORT_ROWS={}: {kept} of {blocks} blocks", size("SHORT_ROWS", 400));
        drop(client);
        cluster.stop("fast");
        let file = fs::OpenOptions::new().write(true).open(cluster.folder().join("data").join(path)).expect("its file");
        file.set_len(kept as u64 * 8192).expect("cut");
        cluster.start();
        client = cluster.connect();
        run(&mut client, "SET enable_seqscan = off; SET enable_sort = off");
        let problems = oracle::check_index(&mut client, "docs_emb");
        assert!(!problems.is_empty(), "{context}: the check finds nothing");
        let damaged = is_told_damaged(&mut client, &context);
        // Without anything but the metapage it cannot be overlooked.
        assert!(damaged || kept > 1, "{context}: wand_indexes overlooks it");
        told += usize::from(damaged);
        let n = ask(&mut client, &context);
        assert!(n > 0, "{context}: nothing was refused");
        (refused, tried) = (refused + n, tried + STATEMENTS.len());
        run(&mut client, "REINDEX INDEX docs_emb");
        let problems = oracle::check_index(&mut client, "docs_emb");
        assert!(problems.is_empty(), "{context}: after REINDEX: {}", problems.join("\n"));
        assert_eq!(ask(&mut client, &format!("{context}, after REINDEX")), 0);
        assert!(!is_told_damaged(&mut client, &context), "{context}: damaged after REINDEX");
    }
    drop(client);
    cluster.stop("fast");
    let others: Vec<_> =
        logwatch::offences(&cluster.log()).into_iter().filter(|line| !line.contains("XX002")).collect();
    assert!(others.is_empty(), "the server's log is not clean:\n{}", others.join("\n"));
    println!("short_file: {refused} of {tried} statements refused, wand_indexes told of {told} of 5; SEED={seed}");
}
