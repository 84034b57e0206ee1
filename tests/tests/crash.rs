//! After any kill nothing acknowledged is lost, the index is sound without REINDEX, and it answers as a sequential
//! scan does.
//!
//! Several clients insert, update, delete, vacuum and query while the whole server is killed (SIGKILL to every process
//! at once) at a random moment. After the restart: `wand_check(index, true)` finds nothing, CRASH_QUERIES (50) queries
//! agree with the sequential scan, and the table holds what the ledger says. Writes in doubt may be either way.
//!
//! Sizes: CRASH_ROUNDS (25), CRASH_CLIENTS (4 writers), CRASH_ROWS (3,000, about). SEED repeats the choices, though
//! not the moment of the kill.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::ledger::{Ledger, Revision};
use pg_wand_tests::logwatch;
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{seed, size};
use postgres::{Client, NoTls};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const INDEXES: [(&str, &str); 2] = [("docs_ip", "<#>"), ("docs_cos", "<=>")];

#[test]
fn nothing_acknowledged_is_lost() {
    let seed = seed();
    let rounds = size("CRASH_ROUNDS", 25);
    let writers = size("CRASH_CLIENTS", 4);
    println!("SEED={seed}");
    // Frequent checkpoints, so that recovery begins at many different places; autovacuum as it comes.
    let cluster = Cluster::start_new(&["checkpoint_timeout = 30s", "max_wal_size = 64MB", "autovacuum_naptime = 1s"]);
    cluster
        .connect()
        .batch_execute(
            "CREATE EXTENSION pg_wand;
             CREATE TABLE docs (id bigint PRIMARY KEY, revision int NOT NULL, emb svec) WITH (parallel_workers = 2);
             CREATE INDEX docs_ip ON docs USING wand (emb) WITH (pending_list_limit = 64);
             CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops) WITH (pending_list_limit = 128)",
        )
        .unwrap_or_else(|e| panic!("tables: {}", oracle::describe(&e)));
    let mut ledgers: Vec<Ledger> = (0..writers).map(|_| Ledger::default()).collect();
    let mut random = Random::new(seed);
    for round in 1..=rounds {
        let doubts = load_and_kill(&cluster, &mut ledgers, &mut random);
        cluster.start();
        let context = format!("round {round}, SEED={seed}");
        let rows = verify(&cluster, &mut ledgers, &mut random, &context);
        println!("crash round {round} ok: {rows} rows, {doubts} writes in doubt");
    }
    cluster.finish();
}

/// Runs all clients until the kill; returns how many writes it left in doubt.
fn load_and_kill(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random) -> usize {
    let stop = AtomicBool::new(false);
    let writers = ledgers.len();
    thread::scope(|scope| {
        for (number, ledger) in ledgers.iter_mut().enumerate() {
            let config = cluster.config("postgres");
            let (seed, stop) = (random.next_u64(), &stop);
            scope.spawn(move || {
                let Ok(client) = config.connect(NoTls) else { return };
                Writer { client, ledger, number, writers, random: Random::new(seed) }.work(stop);
            });
        }
        let (seed, stop_ref) = (random.next_u64(), &stop);
        scope.spawn(move || maintain(cluster, seed, stop_ref));
        let (seed, stop_ref) = (random.next_u64(), &stop);
        scope.spawn(move || read(cluster, seed, stop_ref));
        thread::sleep(Duration::from_millis(200 + random.below(1_300) as u64));
        stop.store(true, Ordering::Relaxed);
        cluster.kill_all();
    });
    ledgers.iter().map(Ledger::count_in_doubt).sum()
}

/// A client that owns the ids with its number as remainder, so that it alone knows their state.
struct Writer<'a> {
    client: Client,
    ledger: &'a mut Ledger,
    number: usize,
    writers: usize,
    random: Random,
}

impl Writer<'_> {
    /// Writes until the server is gone.
    fn work(&mut self, stop: &AtomicBool) {
        let most = size("CRASH_ROWS", 3_000) / self.writers;
        loop {
            let live = self.ledger.live();
            let result = match self.random.below(10) {
                _ if live.len() > most => self.delete(&live, live.len() / 3),
                0..=2 => self.insert(1),
                3 => self.insert(100),
                4 | 5 => self.copy(30),
                6 | 7 => self.update(&live),
                8 => self.roll_back(),
                _ => self.delete(&live, 5),
            };
            match result {
                Ok(()) => self.ledger.acknowledge(),
                // The connection broke: what was announced stays in doubt.
                Err(_) if self.client.is_closed() || stop.load(Ordering::Relaxed) => return,
                Err(e) => panic!("a live server refused a write: {}", oracle::describe(&e)),
            }
        }
    }

    fn announce_new(&mut self, rows: usize) -> Vec<(i64, String)> {
        let writers = self.writers as i64;
        (0..rows)
            .map(|_| self.random.below(1 << 30) as i64 * writers + self.number as i64)
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|id| self.ledger.revision(*id).is_none())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|id| {
                self.ledger.announce(id, Some(0));
                (id, content(id, 0))
            })
            .collect()
    }

    fn insert(&mut self, rows: usize) -> Result<(), postgres::Error> {
        let rows = self.announce_new(rows);
        if rows.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = rows.iter().map(|(id, emb)| format!("({id}, 0, {})", quoted(emb))).collect();
        self.client.batch_execute(&format!("INSERT INTO docs VALUES {}", values.join(",")))
    }

    fn copy(&mut self, rows: usize) -> Result<(), postgres::Error> {
        let mut text = String::new();
        for (id, emb) in self.announce_new(rows) {
            writeln!(text, "{id}\t0\t{emb}").expect("writing to a string");
        }
        let mut copy = self.client.copy_in("COPY docs FROM STDIN")?;
        // A failed write shows in finish().
        let _ = copy.write_all(text.as_bytes());
        copy.finish().map(|_| ())
    }

    fn update(&mut self, live: &[i64]) -> Result<(), postgres::Error> {
        if live.is_empty() {
            return Ok(());
        }
        let id = *self.random.pick(live);
        let revision = self.ledger.revision(id).expect("a live row") + 1;
        self.ledger.announce(id, Some(revision));
        let emb = quoted(&content(id, revision));
        self.client.batch_execute(&format!("UPDATE docs SET revision = {revision}, emb = {emb} WHERE id = {id}"))
    }

    fn delete(&mut self, live: &[i64], rows: usize) -> Result<(), postgres::Error> {
        let ids: Vec<i64> = (0..rows.min(live.len())).map(|_| *self.random.pick(live)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        ids.iter().for_each(|id| self.ledger.announce(*id, None));
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        self.client.batch_execute(&format!("DELETE FROM docs WHERE id IN ({})", list.join(",")))
    }

    /// A transaction that is given up leaves index entries of rows that never were.
    fn roll_back(&mut self) -> Result<(), postgres::Error> {
        let rows = self.announce_new(20);
        self.ledger.forget();
        let values: Vec<String> = rows.iter().map(|(id, emb)| format!("({id}, 0, {})", quoted(emb))).collect();
        self.client.batch_execute(&format!("BEGIN; INSERT INTO docs VALUES {}; ROLLBACK", values.join(",")))
    }
}

/// Vacuums, now and then rebuilds, until the server is gone.
fn maintain(cluster: &Cluster, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let Ok(mut client) = cluster.config("postgres").connect(NoTls) else { return };
    while !stop.load(Ordering::Relaxed) {
        let sql = match random.below(20) {
            // By several processes.
            0 => "REINDEX INDEX docs_cos",
            1 => "BEGIN; SET LOCAL max_parallel_maintenance_workers = 0; REINDEX INDEX docs_ip; COMMIT",
            2 => "CHECKPOINT",
            _ => "VACUUM docs",
        };
        if let Err(e) = client.batch_execute(sql) {
            assert!(client.is_closed() || stop.load(Ordering::Relaxed), "{sql}: {}", oracle::describe(&e));
            return;
        }
        thread::sleep(Duration::from_millis(random.below(60) as u64));
    }
}

/// Compares with the sequential scan while everything changes, until the server is gone.
fn read(cluster: &Cluster, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let Ok(mut client) = cluster.config("postgres").connect(NoTls) else { return };
    while !stop.load(Ordering::Relaxed) {
        let result = ask(&mut client, &mut random);
        if client.is_closed() || stop.load(Ordering::Relaxed) {
            return;
        }
        result.unwrap_or_else(|e| panic!("under load: {e}"));
    }
}

fn ask(client: &mut Client, random: &mut Random) -> Result<(), String> {
    let q = corpus::literal(&corpus::query(Profile::Learned, random));
    let (index, operator) = *random.pick(&INDEXES);
    let sql = format!("SELECT id, emb {operator} '{q}' FROM docs ORDER BY emb {operator} '{q}'");
    oracle::take_turns(client, random.below(12))?;
    oracle::compare_limits(client, &sql, index, &[10], Some(100)).map(|_| ())
}

/// After a restart: log, structure, content, answers. Returns how many rows there are.
fn verify(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random, context: &str) -> usize {
    let offences = logwatch::offences(&cluster.log());
    assert!(offences.is_empty(), "{context}: the log is not clean:\n{}", offences.join("\n"));
    let mut client = cluster.connect();
    for (index, _) in INDEXES {
        let problems = oracle::check_index(&mut client, index);
        assert!(problems.is_empty(), "{context}: {index}: {}", problems.join("\n"));
    }
    let found = table(&mut client, context);
    for (number, ledger) in ledgers.iter_mut().enumerate() {
        let own = (number as i64, size("CRASH_CLIENTS", 4) as i64);
        let rows: BTreeMap<i64, i32> =
            found.iter().filter(|(id, _)| *id % own.1 == own.0).map(|(id, revision)| (*id, *revision)).collect();
        let wrong = ledger.settle(&rows);
        assert!(wrong.is_empty(), "{context}: the server broke its word:\n{}", wrong.join("\n"));
    }
    for _ in 0..size("CRASH_QUERIES", 50) {
        ask(&mut client, random).unwrap_or_else(|e| panic!("{context}: {e}"));
    }
    found.len()
}

/// Id and revision of every row, each of which must hold what they say it holds.
fn table(client: &mut Client, context: &str) -> BTreeMap<i64, i32> {
    let rows = client.query("SELECT id, revision, emb::text FROM docs", &[]).expect("the table");
    let found: BTreeMap<i64, i32> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found.len(), rows.len(), "{context}: an id occurs twice");
    for row in &rows {
        let (id, revision): (i64, i32) = (row.get(0), row.get(1));
        let emb = row.get::<_, Option<String>>(2).unwrap_or("\\N".into());
        assert_eq!(emb, content(id, revision), "{context}: row {id} does not hold its revision {revision}");
    }
    found
}

/// What a row holds: a literal, or `\N`.
fn content(id: i64, revision: i32) -> String {
    let mut random = Random::new(id as u64 ^ ((revision as u64) << 40));
    let profile = if random.chance(0.9) { Profile::Learned } else { Profile::Sparse };
    corpus::document(profile, &mut random).map_or("\\N".into(), |vector| corpus::literal(&vector))
}

fn quoted(content: &str) -> String {
    if content == "\\N" { "NULL".into() } else { format!("'{content}'") }
}

#[test]
fn the_ledger_notices_a_loss() {
    let mut ledger = Ledger::default();
    let write = |ledger: &mut Ledger, id, revision: Revision| ledger.announce(id, revision);
    write(&mut ledger, 1, Some(0));
    write(&mut ledger, 2, Some(0));
    ledger.acknowledge();
    write(&mut ledger, 2, Some(1));
    assert_eq!(ledger.settle(&BTreeMap::from([(1, 0), (2, 1)])), Vec::<String>::new(), "in doubt: either is right");
    write(&mut ledger, 2, Some(2));
    assert_eq!(ledger.settle(&BTreeMap::from([(2, 1)])).len(), 1, "row 1 is lost");
    assert_eq!(ledger.settle(&BTreeMap::from([(2, 1), (3, 0)])).len(), 1, "row 3 was never written");
}
