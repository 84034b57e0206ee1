//! Readers of a standby go on while replay recycles the pages they read: a cursor that was opened before gives its
//! snapshot's rows, each once and in order, and says that it began anew. What replay has not done is damage there too.
//! Marks on rows that are dead to all on the primary hide nothing from an older snapshot of the standby.
//!
//! Sizes: RESTART_ROWS (3,000), RESTART_CURSORS (6).

use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle::{self, Row};
use pg_wand_tests::random::Random;
use pg_wand_tests::{seed, size};
use postgres::{Client, Transaction};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Command;

const PRIMARY: [&str; 2] = ["autovacuum = off", "hot_standby_feedback = off"];
/// Inherited by the standby: replay waits for queries that need what it is about to remove, and for nothing else.
const STANDBY: [&str; 1] = ["max_standby_streaming_delay = -1"];

fn servers() -> (Cluster, Cluster) {
    let primary = Cluster::start_new(&[&PRIMARY[..], &STANDBY[..]].concat());
    let mut client = primary.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint PRIMARY KEY, emb svec)");
    run(&mut client, "CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64)");
    let standby = primary.standby();
    (primary, standby)
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}

fn fill(client: &mut Client, random: &mut Random, from: usize, rows: usize) {
    fill_with(Profile::Learned, client, random, from, rows);
}

fn fill_with(profile: Profile, client: &mut Client, random: &mut Random, from: usize, rows: usize) {
    let mut text = String::new();
    for id in from..from + rows {
        let vector = match id % 50 {
            0 => "\\N".into(),
            _ => corpus::literal(&corpus::document(profile, random).expect("not NULL")),
        };
        writeln!(text, "{id}\t{vector}").expect("writing to a string");
    }
    let mut copy = client.copy_in("COPY docs FROM STDIN").expect("COPY");
    copy.write_all(text.as_bytes()).expect("COPY");
    copy.finish().expect("COPY");
}

/// Replaces all segments of the index several times over, so that the pages of former ones are used again; the first
/// time there are none.
fn recycle(client: &mut Client, random: &mut Random, next: &mut usize) {
    for _ in 0..6 {
        for _ in 0..8 {
            fill(client, random, *next, 25);
            *next += 25;
            run(client, "SELECT wand_merge('docs_emb')");
        }
        // The stamps of what was freed are older than every snapshot from here on.
        run(client, "SELECT pg_current_xact_id()");
    }
}

/// A question, and a cursor that has given its first rows.
struct Reader<'c> {
    transaction: Transaction<'c>,
    sql: String,
    given: Vec<Row>,
}

impl<'c> Reader<'c> {
    fn open(client: &'c mut Client, random: &mut Random, strategy: &str, fetched: usize) -> Self {
        let q = corpus::literal(&corpus::query(Profile::Learned, random));
        let sql = format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY emb <#> '{q}'");
        let mut transaction = oracle::begin(client).expect("BEGIN");
        oracle::prefer_index(&mut transaction).expect("settings");
        transaction.batch_execute(&format!("SET LOCAL wand.strategy = {strategy}")).expect("SET");
        let plan = oracle::explain(&mut transaction, &sql).expect("plan");
        assert!(plan.contains("using docs_emb on"), "{plan}");
        transaction.batch_execute(&format!("DECLARE reader CURSOR FOR {sql}")).expect("DECLARE");
        let given = oracle::rows(&mut transaction, &format!("FETCH {fetched} FROM reader")).expect("FETCH");
        assert_eq!(given.len(), fetched);
        Self { transaction, sql, given }
    }

    /// Reads on to the end; the number of rows and how often the scan began anew.
    fn finish(mut self) -> (usize, i32) {
        self.given.extend(oracle::rows(&mut self.transaction, "FETCH ALL FROM reader").expect("FETCH ALL"));
        self.transaction.batch_execute("CLOSE reader").expect("CLOSE");
        let last = self.transaction.query_one("SELECT restarts, rows FROM wand_last_scan()", &[]).expect("last scan");
        let expected = oracle::through_scan(&mut self.transaction, &self.sql).expect("sequential scan");
        oracle::same(&self.given, &expected, false).unwrap_or_else(|e| panic!("{e}\nin: {}", self.sql));
        assert!(last.get::<_, i64>(1) >= expected.len() as i64);
        (expected.len(), last.get(0))
    }
}

#[test]
fn cursors_outlive_recycled_pages() {
    let (seed, rows) = (seed(), size("RESTART_ROWS", 3_000));
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let (primary, standby) = servers();
    let mut writer = primary.connect();
    fill(&mut writer, &mut random, 0, rows);
    let mut next = rows;
    recycle(&mut writer, &mut random, &mut next);
    let mut restarted = 0;
    for at in 0..size("RESTART_CURSORS", 6) {
        standby.wait_for(&mut writer);
        let mut client = standby.connect();
        let strategy = ["bounds", "exhaustive", "auto"][at % 3];
        let reader = Reader::open(&mut client, &mut random, strategy, [1, 40, 700][at / 3 % 3]);
        recycle(&mut writer, &mut random, &mut next);
        standby.wait_for(&mut writer);
        let (n, restarts) = reader.finish();
        println!("{strategy}: {n} rows, {restarts} restarts");
        restarted += usize::from(restarts > 0);
        let problems = oracle::check_index(&mut client, "docs_emb");
        assert!(problems.is_empty(), "standby: {}", problems.join("\n"));
    }
    assert_eq!(restarted, size("RESTART_CURSORS", 6), "every cursor had to begin anew");
    drop(writer);
    primary.finish();
    standby.finish();
}

/// Promotion in the middle of a scan: pages may have been recycled before it.
#[test]
fn a_cursor_outlives_promotion() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let (primary, standby) = servers();
    let mut writer = primary.connect();
    let mut next = 0;
    recycle(&mut writer, &mut random, &mut next);
    standby.wait_for(&mut writer);
    let mut client = standby.connect();
    let (reader, rows) = (Reader::open(&mut client, &mut random, "bounds", 20), next);
    recycle(&mut writer, &mut random, &mut next);
    standby.wait_for(&mut writer);
    drop(writer);
    primary.finish();
    standby.promote();
    let mut other = standby.connect();
    recycle(&mut other, &mut random, &mut next);
    let (n, restarts) = reader.finish();
    assert!(n == rows && restarts > 0, "{n} rows, {restarts} restarts");
    let problems = oracle::check_index(&mut other, "docs_emb");
    assert!(problems.is_empty(), "promoted: {}", problems.join("\n"));
    drop((client, other));
    standby.finish();
}

/// A row that is dead to all on the primary is killed there, and still there for an older snapshot of the standby. The
/// table is a page with room, so that nothing is pruned: the standby would wait with that.
#[test]
fn the_standby_does_not_heed_killed_rows() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let (primary, standby) = servers();
    let mut writer = primary.connect();
    fill_with(Profile::Ties, &mut writer, &mut random, 0, 30);
    run(&mut writer, "SELECT wand_merge('docs_emb')");
    fill_with(Profile::Ties, &mut writer, &mut random, 30, 10);
    let pages: i64 = writer.query_one("SELECT pg_relation_size('docs') / 8192", &[]).expect("size").get(0);
    assert_eq!(pages, 1);
    standby.wait_for(&mut writer);
    let (mut old, mut new) = (standby.connect(), standby.connect());
    let mut reader = Reader::open(&mut old, &mut random, "auto", 1);
    run(&mut writer, "DELETE FROM docs WHERE id % 2 = 1");
    let q = corpus::literal(&corpus::query(Profile::Ties, &mut random));
    let sql = format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY emb <#> '{q}'");
    kill_all(&mut writer, &sql);
    standby.wait_for(&mut writer);
    let seen = oracle::rows(&mut reader.transaction, &sql).expect("rows");
    assert_eq!(seen.len(), 40, "the snapshot is older than the DELETE");
    assert_eq!(reader.finish().0, 40);
    let now = oracle::compare_limits(&mut new, &sql, "docs_emb", &[5], None).expect("a new snapshot");
    assert_eq!(now.len(), 20);
    // Promoted, a new snapshot is newer than all that is dead: killed rows are not visited.
    drop((old, new, writer));
    primary.finish();
    standby.promote();
    let mut client = standby.connect();
    let now = oracle::compare_limits(&mut client, &sql, "docs_emb", &[5], None).expect("promoted");
    assert_eq!(now.len(), 20);
    assert_eq!(visited(&mut client, &sql), 20, "hints of the primary are heeded after promotion");
    let problems = oracle::check_index(&mut client, "docs_emb");
    assert!(problems.is_empty(), "promoted: {}", problems.join("\n"));
    drop(client);
    standby.finish();
}

/// Scans until no dead row is met any more.
fn kill_all(client: &mut Client, sql: &str) {
    let live: i64 = client.query_one("SELECT count(*) FROM docs", &[]).expect("count").get(0);
    for _ in 0..100 {
        if visited(client, sql) == live {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("dead rows are visited again and again");
}

/// How many rows the index gives the executor.
fn visited(client: &mut Client, sql: &str) -> i64 {
    let mut transaction = client.transaction().expect("BEGIN");
    oracle::prefer_index(&mut transaction).expect("settings");
    oracle::rows(&mut transaction, sql).expect("rows");
    let n = transaction.query_one("SELECT rows FROM wand_last_scan()", &[]).expect("last scan").get(0);
    transaction.commit().expect("COMMIT");
    n
}

/// What replay has not done is damage on a standby too: the metapage leads where it did, and the page is another one.
#[test]
fn damage_on_a_standby_is_damage() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let (primary, standby) = servers();
    let mut writer = primary.connect();
    fill(&mut writer, &mut random, 0, 100);
    run(&mut writer, "SELECT wand_merge('docs_emb'); CHECKPOINT");
    standby.wait_for(&mut writer);
    let mut client = standby.connect();
    // Nothing that is damaged from here on is written again by replay.
    run(&mut client, "CHECKPOINT");
    let path: String = client.query_one("SELECT pg_relation_filepath('docs_emb')", &[]).expect("path").get(0);
    drop(client);
    standby.stop("fast");
    let data = standby.folder().join("data");
    let checksums = std::path::Path::new(&cluster::pg_config("--bindir")).join("pg_checksums");
    let disabled = Command::new(checksums).arg("--disable").arg("-D").arg(&data).output().expect("pg_checksums");
    assert!(disabled.status.success(), "{}", String::from_utf8_lossy(&disabled.stderr));
    let mut file = fs::read(data.join(&path)).expect("the index");
    let mut n = 0;
    for page in file.chunks_exact_mut(8192).filter(|page| page[8152..8154] == [5, 4]) {
        // A docmap page (kind 5, part 4) says that it is of another generation.
        page[8160] ^= 0x40;
        n += 1;
    }
    assert!(n > 0, "no docmap page found");
    fs::write(data.join(&path), file).expect("the index");
    standby.start();
    let mut client = standby.connect();
    let q = corpus::literal(&corpus::query(Profile::Learned, &mut random));
    let mut transaction = oracle::begin(&mut client).expect("BEGIN");
    oracle::prefer_index(&mut transaction).expect("settings");
    let error = transaction.query(&format!("SELECT id FROM docs ORDER BY emb <#> '{q}'"), &[]).expect_err("damage");
    assert_eq!(error.code().map(|code| code.code()), Some("XX002"), "{}", oracle::describe(&error));
    drop(transaction);
    let findings = oracle::check_index(&mut client, "docs_emb");
    assert!(findings.iter().any(|finding| finding.contains("belongs to somebody else")), "{findings:?}");
    drop((client, writer));
    primary.finish();
}
