//! Space comes back: after many turnovers of a whole table its indexes are little larger than fresh ones, and no page
//! is without an owner.
//!
//! In each turnover every row is replaced, by UPDATE or by DELETE and INSERT in turns. *Gently*: in TURNOVER_STEPS
//! steps, with VACUUM after each. *At once*: all rows, then VACUUM twice: pages that the first one frees are the second
//! one's, if a transaction has begun in between (stamps count transactions). After each turnover `wand_check(index,
//! true)` finds nothing and the index answers as a sequential scan does. In the end: at most 1.5 times the size after
//! REINDEX, and `wand_info` counts no orphaned bytes.
//!
//! Sizes: TURNOVERS (5), TURNOVER_ROWS (2,000), TURNOVER_STEPS (4). SEED repeats a run.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::workload::{self, Index};
use pg_wand_tests::{seed, size};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;

const INDEXES: [Index; 2] = [("docs_ip", "emb <#>", "true"), ("docs_cos", "emb <=>", "true")];
const MOST: f64 = 1.5;

#[test]
fn gently() {
    turn_over("gently", size("TURNOVER_STEPS", 4), 1);
}

#[test]
fn at_once() {
    turn_over("at once", 1, 2);
}

fn turn_over(name: &str, steps: usize, vacuums: usize) {
    let seed = seed();
    println!("SEED={seed}");
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    let mut random = Random::new(seed);
    let turnovers = size("TURNOVERS", 5);
    run(
        &mut client,
        "CREATE EXTENSION pg_wand;
         CREATE TABLE docs (id bigint PRIMARY KEY, emb svec);
         CREATE UNLOGGED TABLE fresh (id bigint PRIMARY KEY, emb svec)",
    );
    make_fresh(&mut client, &mut random);
    run(
        &mut client,
        "INSERT INTO docs SELECT * FROM fresh;
         CREATE INDEX docs_ip ON docs USING wand (emb) WITH (pending_list_limit = 64);
         CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops) WITH (pending_list_limit = 256)",
    );
    let mut largest = [0; 2];
    for turnover in 1..=turnovers {
        make_fresh(&mut client, &mut random);
        for step in 0..steps {
            let part = format!("docs.id % {steps} = {step}");
            if turnover % 2 == 1 {
                run(&mut client, &format!("UPDATE docs SET emb = f.emb FROM fresh f WHERE f.id = docs.id AND {part}"));
            } else {
                run(&mut client, &format!("DELETE FROM docs WHERE {part}"));
                run(&mut client, &format!("INSERT INTO docs SELECT * FROM fresh docs WHERE {part}"));
            }
            for (largest, index) in largest.iter_mut().zip(INDEXES) {
                *largest = bytes(&mut client, index.0).max(*largest);
            }
            (0..vacuums).for_each(|_| vacuum(&mut client));
        }
        let context = format!("{name}, turnover {turnover}, SEED={seed}");
        INDEXES.into_iter().for_each(|index| verify(&mut client, index, &mut random, &context));
    }
    // What the last of them gave up.
    vacuum(&mut client);
    for ((index, ..), largest) in INDEXES.into_iter().zip(largest) {
        let orphaned: i64 = client
            .query_one(&format!("SELECT orphaned_bytes FROM wand_info('{index}')"), &[])
            .expect("wand_info")
            .get(0);
        let worn = bytes(&mut client, index);
        run(&mut client, &format!("REINDEX INDEX {index}"));
        let new = bytes(&mut client, index);
        let ratio = |bytes: i64| bytes as f64 / new as f64;
        println!(
            "turnover {name}: {index}, {turnovers} turnovers of {} rows, {:.2} x the size of a new index ({:.2} x at \
             its largest), {orphaned} bytes orphaned; SEED={seed}",
            rows(),
            ratio(worn),
            ratio(largest),
        );
        assert_eq!(orphaned, 0, "{name}: {index} has orphaned pages, SEED={seed}");
        assert!(ratio(worn) <= MOST, "{name}: {index} has {worn} bytes, {new} when rebuilt, SEED={seed}");
    }
    drop(client);
    cluster.finish();
}

fn rows() -> usize {
    size("TURNOVER_ROWS", 2_000)
}

/// New vectors for all rows; a few need pages of their own in the pending list.
fn make_fresh(client: &mut Client, random: &mut Random) {
    run(client, "TRUNCATE fresh");
    let mut text = String::new();
    for id in 0..rows() {
        let profile = if random.chance(0.005) { Profile::Huge } else { Profile::Learned };
        let vector = corpus::document(profile, random).map_or("\\N".into(), |vector| corpus::literal(&vector));
        writeln!(text, "{id}\t{vector}").expect("writing to a string");
    }
    let mut copy = client.copy_in("COPY fresh FROM STDIN").expect("COPY");
    copy.write_all(text.as_bytes()).expect("COPY");
    copy.finish().expect("COPY");
}

/// VACUUM, after a transaction that did something else.
fn vacuum(client: &mut Client) {
    run(client, "SELECT pg_current_xact_id()");
    run(client, "VACUUM docs");
}

fn bytes(client: &mut Client, index: &str) -> i64 {
    client.query_one(&format!("SELECT pg_relation_size('{index}')"), &[]).expect("size").get(0)
}

fn verify(client: &mut Client, index: Index, random: &mut Random, context: &str) {
    let problems = oracle::check_index(client, index.0);
    assert!(problems.is_empty(), "{context}: {}: {}", index.0, problems.join("\n"));
    oracle::take_turns(client, random.below(12)).expect("settings");
    let sql = workload::question(index, random);
    let answer = oracle::compare_limits(client, &sql, index.0, &[10, 100], None);
    let answer = answer.unwrap_or_else(|e| panic!("{context}: {e}"));
    assert_eq!(answer.len(), rows(), "{context}: rows of the table");
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}
