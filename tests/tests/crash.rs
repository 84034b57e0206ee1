//! After any kill nothing acknowledged is lost, the index is sound without REINDEX, and it answers as a sequential
//! scan does.
//!
//! Writers and readers are at work, and a client that vacuums and rebuilds, while, in turns, the whole server is killed
//! (SIGKILL to every process at once) or one of its processes, whereupon it restarts by itself; at a random moment.
//! After that: `wand_check(index, true)` finds nothing, CRASH_QUERIES (50) queries agree with the sequential scan, and
//! the table holds what the ledger says. Writes in doubt may be either way; transactions that were prepared are settled
//! by chance.
//!
//! Sizes: CRASH_ROUNDS (25), CRASH_CLIENTS (4 writers), CRASH_READERS (2), CRASH_ROWS (3,000, about). SEED repeats the
//! choices, though not the moment of the kill.

use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::ledger::Ledger;
use pg_wand_tests::logwatch;
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::workload::{self, INDEXES, Writer};
use pg_wand_tests::{seed, size};
use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn nothing_acknowledged_is_lost() {
    let seed = seed();
    let rounds = size("CRASH_ROUNDS", 25);
    let writers = size("CRASH_CLIENTS", 4);
    println!("SEED={seed}");
    // Frequent checkpoints, so that recovery begins at many different places; autovacuum as it comes.
    let cluster = Cluster::start_new(&[
        "checkpoint_timeout = 30s",
        "max_wal_size = 64MB",
        "autovacuum_naptime = 1s",
        "max_prepared_transactions = 40",
    ]);
    workload::create(&mut cluster.connect());
    let mut ledgers: Vec<Ledger> = (0..writers).map(|_| Ledger::default()).collect();
    let mut random = Random::new(seed);
    let mut doubts = 0;
    for round in 1..=rounds {
        let whole = round % 2 == 1;
        let in_doubt = load_and_kill(&cluster, &mut ledgers, &mut random, whole);
        let context = format!("round {round}, SEED={seed}");
        let rows = verify(&cluster, &mut ledgers, &mut random, &context);
        let killed = if whole { "server" } else { "process" };
        println!("crash round {round} ok: {killed} killed, {rows} rows, {in_doubt} writes in doubt");
        doubts += in_doubt;
    }
    println!("crash: {rounds} kills under {writers} writers, {doubts} writes in doubt, 0 differences; SEED={seed}");
    cluster.finish_after_kills(rounds / 2);
}

/// Runs all clients until the kill, and the server again; returns how many writes were left in doubt.
fn load_and_kill(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random, whole: bool) -> usize {
    let stop = AtomicBool::new(false);
    let writers = ledgers.len();
    let most = size("CRASH_ROWS", 3_000) / writers;
    let mut killed = 0;
    thread::scope(|scope| {
        let stop = &stop;
        for (number, ledger) in ledgers.iter_mut().enumerate() {
            let seed = random.next_u64();
            scope.spawn(move || {
                let Ok(client) = cluster.config("postgres").connect(NoTls) else { return };
                write(Writer { client, number, writers, most, random: Random::new(seed) }, ledger, stop);
            });
        }
        for _ in 0..size("CRASH_READERS", 2) {
            let seed = random.next_u64();
            scope.spawn(move || read(cluster, seed, stop));
        }
        let seed = random.next_u64();
        scope.spawn(move || maintain(cluster, seed, stop));
        thread::sleep(Duration::from_millis(200 + random.below(1_300) as u64));
        stop.store(true, Ordering::Relaxed);
        if whole {
            cluster.kill_all();
        } else {
            killed = cluster.kill_one(random.below(1 << 16));
        }
    });
    if whole {
        cluster.start();
    } else {
        cluster.connect_after_kill_of(killed);
    }
    ledgers.iter().map(Ledger::count_in_doubt).sum()
}

/// Writes until the server is gone.
fn write(mut writer: Writer, ledger: &mut Ledger, stop: &AtomicBool) {
    loop {
        match writer.write(ledger) {
            Ok(_) => (),
            // The connection broke: what was announced stays in doubt.
            Err(_) if writer.client.is_closed() || stop.load(Ordering::Relaxed) => return,
            Err(e) => panic!("a live server refused a write: {}", oracle::describe(&e)),
        }
    }
}

/// Vacuums, now and then rebuilds, until the server is gone.
fn maintain(cluster: &Cluster, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let Ok(mut client) = cluster.config("postgres").connect(NoTls) else { return };
    while !stop.load(Ordering::Relaxed) {
        // Somebody who has read by an index and is about to write would deadlock with the REINDEX of any index: so the
        // table is locked first, which waits for them. The first REINDEX is one by several processes.
        let sql = match random.below(20) {
            0 => "BEGIN; LOCK TABLE docs; REINDEX INDEX docs_cos; COMMIT",
            1 => {
                "BEGIN; SET LOCAL max_parallel_maintenance_workers = 0; LOCK TABLE docs; REINDEX INDEX docs_ip;
                 REINDEX INDEX docs_filtered; COMMIT"
            }
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
        let result = workload::ask(&mut client, &mut random);
        if client.is_closed() || stop.load(Ordering::Relaxed) {
            return;
        }
        result.unwrap_or_else(|e| panic!("under load: {e}"));
    }
}

/// After a restart: log, structure, content, answers. Returns how many rows there are.
fn verify(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random, context: &str) -> usize {
    let mut offences = logwatch::offences(&cluster.log());
    offences.retain(|line| !cluster::is_kill(line));
    assert!(offences.is_empty(), "{context}: the log is not clean:\n{}", offences.join("\n"));
    let mut client = cluster.connect();
    settle_prepared(&mut client, random);
    for (index, ..) in INDEXES {
        let problems = oracle::check_index(&mut client, index);
        assert!(problems.is_empty(), "{context}: {index}: {}", problems.join("\n"));
    }
    let found = workload::table(&mut client, context);
    let writers = ledgers.len();
    for (number, ledger) in ledgers.iter_mut().enumerate() {
        let wrong = ledger.settle(&workload::own(&found, number, writers));
        assert!(wrong.is_empty(), "{context}: the server broke its word:\n{}", wrong.join("\n"));
    }
    for _ in 0..size("CRASH_QUERIES", 50) {
        workload::ask(&mut client, random).unwrap_or_else(|e| panic!("{context}: {e}"));
    }
    found.len()
}

/// Their writers are gone and have them in doubt.
fn settle_prepared(client: &mut Client, random: &mut Random) {
    for row in client.query("SELECT gid FROM pg_prepared_xacts", &[]).expect("pg_prepared_xacts") {
        let verb = *random.pick(&["COMMIT", "ROLLBACK"]);
        client.batch_execute(&format!("{verb} PREPARED '{}'", row.get::<_, &str>(0))).expect("a prepared transaction");
    }
}
