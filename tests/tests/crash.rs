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
use pg_wand_tests::load::Load;
use pg_wand_tests::logwatch;
use pg_wand_tests::random::Random;
use pg_wand_tests::workload;
use pg_wand_tests::{seed, size};
use std::sync::atomic::Ordering;
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
    let (rows, readers) = (size("CRASH_ROWS", 3_000), size("CRASH_READERS", 2));
    let load = Load { cluster, rows, readers, checkpoints: true };
    let (time, choice) = (Duration::from_millis(200 + random.below(1_300) as u64), random.below(1 << 16));
    let killed = load.run(ledgers, random, |stop| {
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        if whole {
            cluster.kill_all();
            return 0;
        }
        cluster.kill_one(choice)
    });
    if whole {
        cluster.start();
    } else {
        cluster.connect_after_kill_of(killed);
    }
    ledgers.iter().map(Ledger::count_in_doubt).sum()
}

/// After a restart: log, structure, content, answers. Returns how many rows there are.
fn verify(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random, context: &str) -> usize {
    let mut offences = logwatch::offences(&cluster.log());
    offences.retain(|line| !cluster::is_kill(line));
    assert!(offences.is_empty(), "{context}: the log is not clean:\n{}", offences.join("\n"));
    let mut client = cluster.connect();
    workload::settle_prepared(&mut client, random);
    let found = workload::verify(&mut client, random, size("CRASH_QUERIES", 50), context);
    let writers = ledgers.len();
    for (number, ledger) in ledgers.iter_mut().enumerate() {
        let wrong = ledger.settle(&workload::own(&found, number, writers));
        assert!(wrong.is_empty(), "{context}: the server broke its word:\n{}", wrong.join("\n"));
    }
    found.len()
}
