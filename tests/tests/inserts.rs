//! What one INSERT can be charged with is bounded, whatever waits in the pending list: a stretch of the list and one
//! merge of small segments. Counted, not timed: the server says what it flushed and merged (DEBUG1). With `autoflush`
//! off it does neither. No row is lost or doubled by it, one by one, by COPY, or by many clients at a time.
//!
//! Sizes: INSERT_ROWS (3,000 one by one), COPY_ROWS (20,000), INSERT_CLIENTS (6). SEED repeats the vectors.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{seed, size};
use postgres::{Client, NoTls};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;

/// Pages of the pending list, and of segments, that one INSERT may touch.
const MOST_FLUSHED: u64 = 64;
const MOST_MERGED: u64 = 1_024;

/// A client and what the server tells it.
struct Listener {
    client: Client,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What one statement was charged with, as pages.
#[derive(Debug, Default)]
struct Charge {
    flushed: Vec<u64>,
    merged: Vec<u64>,
}

impl Listener {
    fn new(cluster: &Cluster) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let mut config = cluster.config("postgres");
        let to = Arc::clone(&heard);
        config.notice_callback(move |notice| to.lock().expect("no panic").push(notice.message().to_string()));
        let mut client = config.connect(NoTls).expect("a connection");
        client.batch_execute("SET client_min_messages = debug1").expect("SET");
        Self { client, heard }
    }

    fn run(&mut self, sql: &str) -> Charge {
        self.heard.lock().expect("no panic").clear();
        self.client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {:.200}", oracle::describe(&e), sql));
        let mut charge = Charge::default();
        for message in self.heard.lock().expect("no panic").iter() {
            let number = |word: &str| -> Option<u64> {
                let words: Vec<&str> = message.split([' ', ',']).filter(|w| !w.is_empty()).collect();
                words[words.iter().position(|w| *w == word)?.checked_sub(1)?].parse().ok()
            };
            if message.contains(": flushed ") {
                charge.flushed.push(number("pages").expect("pages"));
            } else if message.contains(": merged ") {
                charge.merged.push(number("pages").expect("pages"));
            }
        }
        charge
    }

    fn pending(&mut self) -> i64 {
        self.client.query_one("SELECT pending FROM wand_info('docs_emb')", &[]).expect("wand_info").get(0)
    }
}

fn create(client: &mut Client, options: &str) {
    let sql = format!(
        "CREATE EXTENSION IF NOT EXISTS pg_wand; DROP TABLE IF EXISTS docs; CREATE TABLE docs (id bigint, emb svec);
         CREATE INDEX docs_emb ON docs USING wand (emb) WITH ({options})"
    );
    client.batch_execute(&sql).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
}

fn literal(profile: Profile, random: &mut Random) -> String {
    corpus::document(profile, random).map_or("NULL".into(), |v| format!("'{}'", corpus::literal(&v)))
}

/// The index is sound and answers as a sequential scan does.
fn verify(client: &mut Client, profile: Profile, random: &mut Random, rows: i64, context: &str) {
    let problems = oracle::check_index(client, "docs_emb");
    assert!(problems.is_empty(), "{context}: {}", problems.join("\n"));
    let count: i64 = client.query_one("SELECT count(*) FROM docs", &[]).expect("count").get(0);
    assert_eq!(count, rows, "{context}");
    for _ in 0..8 {
        let query = corpus::literal(&corpus::query(profile, random));
        let sql = format!("SELECT id, emb <#> '{query}' FROM docs ORDER BY emb <#> '{query}'");
        let by_scan = oracle::compare_limits(client, &sql, "docs_emb", &[1, 10, 1_000], None);
        assert_eq!(by_scan.unwrap_or_else(|e| panic!("{context}: {e}")).len() as i64, rows, "{context}");
    }
}

#[test]
fn one_insert_is_charged_with_little() {
    let (cluster, seed) = (Cluster::start_new(&["autovacuum = off"]), seed());
    let (mut listener, mut random) = (Listener::new(&cluster), Random::new(seed));
    let rows = size("INSERT_ROWS", 3_000) as i64;
    let context = format!("SEED={seed}");
    create(&mut listener.client, "pending_list_limit = 512, autoflush = off");
    for id in 0..rows {
        let charge =
            listener.run(&format!("INSERT INTO docs VALUES ({id}, {})", literal(Profile::Learned, &mut random)));
        assert!(charge.flushed.is_empty() && charge.merged.is_empty(), "{context}: {charge:?} with autoflush off");
    }
    assert_eq!(listener.pending(), rows);
    listener.run("ALTER INDEX docs_emb SET (autoflush = on)");
    let (mut id, mut flushes, mut merges, mut alone) = (rows, 0, 0, 0);
    // First the list is taken down to its limit, stretch by stretch; then it is kept there.
    while alone < 2 * rows {
        let charge =
            listener.run(&format!("INSERT INTO docs VALUES ({id}, {})", literal(Profile::Learned, &mut random)));
        assert!(charge.flushed.len() <= 1 && charge.merged.len() <= 1, "{context}: {charge:?}");
        assert!(charge.flushed.iter().all(|pages| (1..=MOST_FLUSHED).contains(pages)), "{context}: {charge:?}");
        assert!(charge.merged.iter().all(|pages| *pages <= MOST_MERGED), "{context}: {charge:?}");
        (flushes, merges) = (flushes + charge.flushed.len(), merges + charge.merged.len());
        alone += i64::from(charge.flushed.is_empty());
        id += 1;
    }
    assert!(flushes > 10 && merges > 2, "{context}: {flushes} flushes, {merges} merges");
    assert!((1..700).contains(&listener.pending()), "{context}: {} pending", listener.pending());
    verify(&mut listener.client, Profile::Learned, &mut random, id, &context);
    // VACUUM takes all.
    let charge = listener.run("VACUUM docs");
    assert!(charge.flushed.len() == 1 && listener.pending() == 0, "{context}: {charge:?}");
    verify(&mut listener.client, Profile::Learned, &mut random, id, &context);
    drop(listener);
    cluster.finish();
}

#[test]
fn a_vector_larger_than_a_stretch_is_flushed_alone() {
    let (cluster, seed) = (Cluster::start_new(&["autovacuum = off"]), seed());
    let (mut listener, mut random) = (Listener::new(&cluster), Random::new(seed));
    let context = format!("SEED={seed}");
    create(&mut listener.client, "pending_list_limit = 512, autoflush = off");
    // 100 pages each, between vectors of one page and of five.
    let huge = "('{' || (SELECT string_agg(i || ':1.5', ',') FROM generate_series({first}, {first} + 101600 - 1) i) || \
                '}/300000')::svec(300000)::svec";
    let mut rows = 0;
    for round in 0..4 {
        for profile in [Profile::Learned, Profile::Huge] {
            let vector = literal(profile, &mut random).replace("/30522", "/300000");
            listener.run(&format!("INSERT INTO docs SELECT {rows} + i, {vector} FROM generate_series(0, 2) i"));
            rows += 3;
        }
        let huge = huge.replace("{first}", &format!("{}", 1 + 1_000 * round));
        listener.run(&format!("INSERT INTO docs SELECT {rows}, {huge}"));
        rows += 1;
    }
    listener.run("ALTER INDEX docs_emb SET (autoflush = on)");
    let mut flushed = Vec::new();
    while flushed.iter().filter(|pages| **pages > MOST_FLUSHED).count() < 4 {
        let vector = literal(Profile::Learned, &mut random).replace("/30522", "/300000");
        let charge = listener.run(&format!("INSERT INTO docs VALUES ({rows}, {vector})"));
        rows += 1;
        assert!(charge.flushed.len() <= 1, "{context}: {charge:?}");
        flushed.extend(charge.flushed);
        assert!(flushed.len() < 200, "{context}: {flushed:?}");
    }
    let large: Vec<u64> = flushed.iter().copied().filter(|pages| *pages > MOST_FLUSHED).collect();
    assert_eq!(large, [101; 4], "{context}: {flushed:?}");
    let problems = oracle::check_index(&mut listener.client, "docs_emb");
    assert!(problems.is_empty(), "{context}: {}", problems.join("\n"));
    let sql = "SELECT id, emb <#> '{3000:1,3001:2,90000:0.5}/300000' FROM docs ORDER BY 2";
    let by_scan = oracle::compare_limits(&mut listener.client, sql, "docs_emb", &[1, 10], None);
    assert_eq!(by_scan.unwrap_or_else(|e| panic!("{context}: {e}")).len(), rows);
    drop(listener);
    cluster.finish();
}

#[test]
fn copy_brings_all_rows() {
    let (cluster, seed) = (Cluster::start_new(&["autovacuum = off"]), seed());
    let (mut client, mut random) = (cluster.connect(), Random::new(seed));
    let rows = size("COPY_ROWS", 20_000);
    create(&mut client, "pending_list_limit = 512");
    let mut copy = client.copy_in("COPY docs FROM STDIN").expect("COPY");
    for id in 0..rows {
        let vector = corpus::document(Profile::Learned, &mut random).expect("not NULL");
        writeln!(copy, "{id}\t{}", corpus::literal(&vector)).expect("COPY");
    }
    copy.finish().expect("COPY");
    verify(&mut client, Profile::Learned, &mut random, rows as i64, &format!("SEED={seed}"));
    drop(client);
    cluster.finish();
}

#[test]
fn many_clients_insert_over_the_limit() {
    let (cluster, seed) = (Cluster::start_new(&["autovacuum_naptime = 1s"]), seed());
    let (mut client, clients) = (cluster.connect(), size("INSERT_CLIENTS", 6));
    let profiles = [Profile::Learned, Profile::Sparse, Profile::Huge];
    create(&mut client, "pending_list_limit = 64");
    thread::scope(|scope| {
        for number in 0..clients {
            let mut client = cluster.connect();
            scope.spawn(move || {
                let mut random = Random::new(seed ^ number as u64);
                let profile = profiles[number % profiles.len()];
                let rows = if profile == Profile::Huge { 40 } else { 400 };
                for row in 0..rows {
                    let mut sql = String::from("INSERT INTO docs VALUES ");
                    for at in 0..2 {
                        let id = (number * 1_000_000) + row * 2 + at;
                        let comma = if at == 0 { "" } else { "," };
                        write!(sql, "{comma}({id}, {})", literal(profile, &mut random)).expect("a string");
                    }
                    client.batch_execute(&sql).unwrap_or_else(|e| panic!("SEED={seed}: {}", oracle::describe(&e)));
                }
            });
        }
        // Meanwhile the switch goes on and off, with the inserters waiting for neither.
        for turn in 0..20 {
            let value = ["off", "on"][turn % 2];
            client.batch_execute(&format!("ALTER INDEX docs_emb SET (autoflush = {value})")).expect("ALTER INDEX");
            thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    let huge = (0..clients).filter(|number| profiles[number % profiles.len()] == Profile::Huge).count();
    let rows = (clients - huge) * 800 + huge * 80;
    verify(&mut client, Profile::Learned, &mut Random::new(seed), rows as i64, &format!("SEED={seed}"));
    client.batch_execute("SELECT wand_merge('docs_emb')").expect("wand_merge");
    verify(&mut client, Profile::Learned, &mut Random::new(seed), rows as i64, &format!("merged, SEED={seed}"));
    drop(client);
    cluster.finish();
}
