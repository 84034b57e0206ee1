//! Many clients at once: no deadlock, no lost, doubled or wrong row, no stale view, under autovacuum that never rests.
//!
//! Every client writes in all the ways of `tests/src/workload.rs` and reads: whole answers and LIMITs against the
//! sequential scan of the same snapshot, cursors that stay open over its own writes. Two more clients vacuum, merge,
//! rebuild concurrently, make and drop an index, change storage parameters. Every CONCURRENCY_ORACLE seconds each index
//! is checked, `wand_check(index, true)`, and asked for whole answers; every other time all clients pause meanwhile and
//! the table must hold what the ledgers say. In the end, after VACUUM, no page is without an owner.
//!
//! A transaction may end with 40001 at a level that brings it about. Clients take row locks in one order, so a deadlock
//! (40P01) would be ours; it is a failure like every other error.
//!
//! Sizes: CONCURRENCY_SECONDS (20), CONCURRENCY_CLIENTS (16), CONCURRENCY_ROWS (3,000, about), CONCURRENCY_ORACLE (5).
//! SEED repeats the choices, though not the order in which clients come to their turns.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::ledger::Ledger;
use pg_wand_tests::oracle::{self, Row};
use pg_wand_tests::random::Random;
use pg_wand_tests::workload::{self, INDEXES, Outcome, Writer};
use pg_wand_tests::{seed, size};
use postgres::error::SqlState;
use postgres::{Client, IsolationLevel};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const AUTOVACUUM: [&str; 8] = [
    "autovacuum_naptime = 1s",
    "autovacuum_vacuum_scale_factor = 0",
    "autovacuum_vacuum_threshold = 50",
    "autovacuum_vacuum_insert_scale_factor = 0",
    "autovacuum_vacuum_insert_threshold = 50",
    "autovacuum_vacuum_cost_delay = 0",
    "max_prepared_transactions = 40",
    "shared_buffers = 256MB",
];

/// What the clients share.
struct Load {
    cluster: Cluster,
    ledgers: Vec<Mutex<Ledger>>,
    /// Held shared for every step of a client, and by an oracle that wants all of them to pause.
    gate: RwLock<()>,
    stop: AtomicBool,
    changes: AtomicUsize,
    transactions: AtomicUsize,
    refused: AtomicUsize,
    comparisons: AtomicUsize,
    maintenance: AtomicUsize,
}

#[test]
fn clients_do_not_get_in_each_others_way() {
    let seed = seed();
    println!("SEED={seed}");
    let seconds = size("CONCURRENCY_SECONDS", 20);
    let clients = size("CONCURRENCY_CLIENTS", 16);
    let load = Load {
        cluster: Cluster::start_new(&AUTOVACUUM),
        ledgers: (0..clients).map(|_| Mutex::default()).collect(),
        gate: RwLock::new(()),
        stop: AtomicBool::new(false),
        changes: AtomicUsize::new(0),
        transactions: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        comparisons: AtomicUsize::new(0),
        maintenance: AtomicUsize::new(0),
    };
    workload::create(&mut load.cluster.connect());
    let mut random = Random::new(seed);
    let mut looks = 0;
    thread::scope(|scope| {
        let load = &load;
        for number in 0..clients {
            let seed = random.next_u64();
            scope.spawn(move || load.until_stopped(|| load.client(number, Random::new(seed))));
        }
        let seeds = (random.next_u64(), random.next_u64());
        scope.spawn(move || load.until_stopped(|| load.vacuum(Random::new(seeds.0))));
        scope.spawn(move || load.until_stopped(|| load.rebuild(Random::new(seeds.1))));
        load.until_stopped(|| {
            let begin = Instant::now();
            while !load.stopped() && begin.elapsed() < Duration::from_secs(seconds as u64) {
                load.sleep(Duration::from_secs(size("CONCURRENCY_ORACLE", 5) as u64));
                looks += 1;
                load.look(&mut random, looks % 2 == 0, &format!("look {looks}, SEED={seed}"));
            }
        });
    });
    load.look(&mut random, true, &format!("the end, SEED={seed}"));
    load.no_page_without_owner();
    let sum = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "concurrency: {clients} clients, {seconds} s, {} transactions, {} row changes, {} refused (40001), \
         {} comparisons, {} maintenance commands, {looks} looks of the oracle; \
         0 wrong, doubled or missing rows, 0 deadlocks; SEED={seed}",
        sum(&load.transactions),
        sum(&load.changes),
        sum(&load.refused),
        sum(&load.comparisons),
        sum(&load.maintenance),
    );
    load.cluster.finish();
}

impl Load {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whoever ends, well or by panic, ends all.
    fn until_stopped(&self, work: impl FnOnce()) {
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let _stop = Stop(&self.stop);
        work();
    }

    fn sleep(&self, time: Duration) {
        let begin = Instant::now();
        while !self.stopped() && begin.elapsed() < time {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn client(&self, number: usize, mut random: Random) {
        let mut reader = self.cluster.connect();
        let writers = self.ledgers.len();
        let most = size("CONCURRENCY_ROWS", 3_000) / writers;
        let seed = random.next_u64();
        let mut writer = Writer { client: self.cluster.connect(), number, writers, most, random: Random::new(seed) };
        while !self.stopped() {
            let _running = self.gate.read().expect("no panic of the oracle");
            let mut ledger = self.ledgers[number].lock().expect("one's own ledger");
            let failed = |e: postgres::Error| panic!("client {number}: {}", oracle::describe(&e));
            match random.below(16) {
                0 => {
                    workload::ask(&mut reader, &mut random).unwrap_or_else(|e| panic!("client {number}: {e}"));
                    self.comparisons.fetch_add(4, Ordering::Relaxed);
                }
                1 => {
                    let refused = read_by_cursor(&mut writer, &mut ledger);
                    self.count(refused.unwrap_or_else(|e| panic!("client {number}: {e}")));
                    self.comparisons.fetch_add(2, Ordering::Relaxed);
                }
                _ => self.count(writer.write(&mut ledger).unwrap_or_else(failed)),
            }
        }
    }

    fn count(&self, outcome: Outcome) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        match outcome {
            Outcome::Changed(rows) => self.changes.fetch_add(rows, Ordering::Relaxed),
            Outcome::Refused => self.refused.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// What takes no snapshot, or no lock that excludes REINDEX CONCURRENTLY: that waits for snapshots with such a lock
    /// in its hands, so two of a kind would wait for one another (with indexes of any kind).
    fn vacuum(&self, mut random: Random) {
        let mut client = self.cluster.connect();
        while !self.stopped() {
            let sql = match random.below(8) {
                0..=3 => "VACUUM docs",
                4 => "SELECT wand_merge('docs_ip')",
                5 => "SELECT wand_merge('docs_cos')",
                6 => "SELECT wand_merge('docs_shelf'), wand_merge('docs_filtered')",
                _ => "CHECKPOINT",
            };
            self.maintain(&mut client, sql);
            self.sleep(Duration::from_millis(random.below(500) as u64));
        }
    }

    fn rebuild(&self, mut random: Random) {
        let mut client = self.cluster.connect();
        while !self.stopped() {
            let index = random.pick(&INDEXES).0;
            self.maintain(&mut client, &format!("REINDEX INDEX CONCURRENTLY {index}"));
            self.sleep(Duration::from_millis(random.below(1_000) as u64));
            let limit = random.pick(&[64, 128, 256]);
            self.maintain(&mut client, &format!("ALTER INDEX {index} SET (pending_list_limit = {limit})"));
            self.maintain(&mut client, "CREATE INDEX CONCURRENTLY docs_squares ON docs USING wand ((emb * emb))");
            if self.stopped() {
                return;
            }
            let q = "'{1001:1,1008:0.5}/30522'";
            let sql = format!("SELECT id, (emb * emb) <#> {q} FROM docs ORDER BY (emb * emb) <#> {q}");
            oracle::compare_limits(&mut client, &sql, "docs_squares", &[7], None).unwrap_or_else(|e| panic!("{e}"));
            let drop = *random.pick(&["DROP INDEX CONCURRENTLY docs_squares", "DROP INDEX docs_squares"]);
            self.maintain(&mut client, drop);
            self.maintain(&mut client, "ANALYZE docs");
            self.sleep(Duration::from_millis(random.below(1_000) as u64));
        }
    }

    fn maintain(&self, client: &mut Client, sql: &str) {
        if !self.stopped() {
            client.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {}", oracle::describe(&e)));
            self.maintenance.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The oracle: every index is sound and gives whole answers; while all pause, the table holds what was
    /// acknowledged.
    fn look(&self, random: &mut Random, pause: bool, context: &str) {
        let mut client = self.cluster.connect();
        let _paused = pause.then(|| self.gate.write().expect("no panic of the oracle"));
        if pause {
            let found = workload::table(&mut client, context);
            let writers = self.ledgers.len();
            for (number, ledger) in self.ledgers.iter().enumerate() {
                let own = workload::own(&found, number, writers);
                let wrong = ledger.lock().expect("a client's ledger").settle(&own);
                assert!(wrong.is_empty(), "{context}: the server broke its word:\n{}", wrong.join("\n"));
            }
        }
        let mut rows = 0;
        for (at, index) in INDEXES.into_iter().enumerate() {
            let problems = oracle::check_index(&mut client, index.0);
            assert!(problems.is_empty(), "{context}: {}: {}", index.0, problems.join("\n"));
            let turn = random.below(12);
            oracle::take_turns(&mut client, turn).expect("settings");
            let sql = workload::question(index, random);
            let answer = oracle::compare_limits(&mut client, &sql, index.0, &[1, 10, 100, 1_000], None)
                .unwrap_or_else(|e| panic!("{context}: {e}"));
            let (name, ranked, condition) = index;
            let vector = ranked.rsplit_once(' ').map_or(ranked, |(vector, _operator)| vector);
            oracle::begin(&mut client)
                .and_then(|mut transaction| oracle::compare_frequencies(&mut transaction, name, vector, condition))
                .unwrap_or_else(|e| panic!("{context}: {e}"));
            self.comparisons.fetch_add(6, Ordering::Relaxed);
            rows = if at == 0 { answer.len() } else { rows };
        }
        let changes = self.changes.load(Ordering::Relaxed);
        println!("{context}: {}, {rows} rows, {changes} changes", if pause { "all pause" } else { "under load" });
    }

    /// When nobody is at work, VACUUM finds an owner for every page or gives it back.
    fn no_page_without_owner(&self) {
        let mut client = self.cluster.connect();
        client.batch_execute("VACUUM docs").expect("VACUUM");
        for (index, ..) in INDEXES {
            let sql = format!("SELECT orphaned_bytes FROM wand_info('{index}')");
            let orphaned: i64 = client.query_one(&sql, &[]).expect("wand_info").get(0);
            assert_eq!(orphaned, 0, "bytes of {index} without an owner");
        }
    }
}

/// A cursor through an index, open while its own transaction writes; the rows it gives are those from before.
fn read_by_cursor(writer: &mut Writer, ledger: &mut Ledger) -> Result<Outcome, String> {
    let index = *writer.random.pick(&INDEXES);
    let sql = workload::question(index, &mut writer.random);
    let write = writer.insert_and_update(ledger);
    let builder = writer.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let mut transaction = builder.start().map_err(|e| oracle::describe(&e))?;
    let by_scan = oracle::through_scan(&mut transaction, &sql)?;
    oracle::prefer_index(&mut transaction)?;
    let failed = |e| oracle::describe(&e);
    transaction.batch_execute(&format!("DECLARE c NO SCROLL CURSOR FOR {sql}")).map_err(failed)?;
    let fetch = |transaction: &mut postgres::Transaction<'_>, n: &str| -> Result<Vec<Row>, String> {
        oracle::rows(transaction, &format!("FETCH {n} FROM c"))
    };
    let mut by_index = fetch(&mut transaction, "10")?;
    if let Err(e) = transaction.batch_execute(&write) {
        // Somebody else has touched the row since the snapshot was taken.
        ledger.forget();
        let is_expected = e.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE);
        return if is_expected { Ok(Outcome::Refused) } else { Err(failed(e)) };
    }
    by_index.extend(fetch(&mut transaction, "ALL")?);
    oracle::same(&by_index, &by_scan, false).map_err(|e| format!("cursor: {e}\nin: {sql}"))?;
    // The transaction's own rows, which nobody else sees.
    let by_scan = oracle::through_scan(&mut transaction, &sql)?;
    oracle::prefer_index(&mut transaction)?;
    let by_index = oracle::rows(&mut transaction, &sql)?;
    oracle::same(&by_index, &by_scan, false).map_err(|e| format!("own rows: {e}\nin: {sql}"))?;
    transaction.commit().map_err(failed)?;
    Ok(Outcome::Changed(ledger.acknowledge()))
}
