//! Wherever the log is replayed, the index answers as a sequential scan does: on a hot standby while merges, vacuums and
//! rebuilds are replayed as fast as the primary can make them, after a promotion under load, on a standby of a standby,
//! after recovery to a point in time in the middle of such work, and on a subscriber of logical replication.
//!
//! A standby may refuse an answer with 40001, 57014 or 40P01; a wrong row, any other error or a bad word in a server's
//! log fails the test, and so do too few right answers.
//!
//! Sizes: STANDBY_SECONDS (20), STANDBY_READERS (8), PROMOTIONS (1, the rounds that share the seconds), CASCADES (1),
//! PITR_POINTS (3), CHURN_ROWS (1,500, about), CHURN_WRITERS (3). SEED repeats the choices, though not their timing.

use pg_wand_tests::churn::{self, Writers};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::random::Random;
use pg_wand_tests::witness::{self, Outcomes};
use pg_wand_tests::{oracle, seed, size};
use postgres::{Client, Config};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What standbys are set to, one after another: conflicts resolved at once, after a while, and mostly avoided.
const PHASES: [[&str; 2]; 3] = [
    ["hot_standby_feedback = off", "max_standby_streaming_delay = 100ms"],
    ["hot_standby_feedback = off", "max_standby_streaming_delay = 2s"],
    ["hot_standby_feedback = on", "max_standby_streaming_delay = 5s"],
];

/// Several servers each: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The seed, and how to repeat the run.
fn begin(test: &str, sizes: &[(&str, usize)]) -> u64 {
    let seed = seed();
    let sizes: Vec<String> = sizes.iter().map(|(name, n)| format!("{name}={n} ")).collect();
    println!("SEED={seed} {}scripts/integration.sh standby   # {test}", sizes.concat());
    seed
}

/// A server with the table in it.
fn primary(settings: &[&str]) -> Cluster {
    let settings = [settings, &["autovacuum_naptime = 1s"]].concat();
    let primary = Cluster::start_new(&settings);
    churn::create(&mut primary.connect());
    primary
}

fn writers(server: Config, table: &'static str, seed: u64) -> Writers {
    Writers { server, table, count: size("CHURN_WRITERS", 3), rows: size("CHURN_ROWS", 1_500), seed }
}

/// Tells everybody to stop when the scope's own work is done, or has failed.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits, but not for what cannot become good any more.
fn watch(outcomes: &Mutex<Outcomes>, time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        let wrong = outcomes.lock().expect("no reader panics").wrong.first().cloned();
        assert!(wrong.is_none(), "a reader was told: {}", wrong.unwrap_or_default());
        thread::sleep(Duration::from_millis(100).min(time));
    }
}

#[test]
fn reads_under_replay_and_promotions_under_load() {
    let _alone = alone();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let rounds = size("PROMOTIONS", 1).max(1);
    let sizes = [("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers), ("PROMOTIONS", rounds)];
    let seed = begin("reads under replay", &sizes);
    let mut random = Random::new(seed);
    let outcomes = Mutex::new(Outcomes::default());
    let phase_time = Duration::from_secs_f64(seconds as f64 / (rounds * PHASES.len()) as f64);
    let mut primary = primary(&[]);
    for round in 1..=rounds {
        let standby = primary.standby_with(&PHASES[0]);
        let context = format!("promotion {round}, SEED={seed}");
        let rows = under_load(&primary, &standby, &mut random, &outcomes, readers, phase_time, &context);
        let mut so_far = outcomes.lock().expect("no reader panics");
        so_far.read_log(&standby);
        so_far.assert_good(0, &context);
        println!("promotion {round} under load: {rows} rows, check clean; so far {so_far}");
        drop(so_far);
        std::mem::replace(&mut primary, standby).finish();
    }
    primary.finish();
    let outcomes = outcomes.into_inner().expect("no reader panics");
    println!("standby: SEED={seed}, {seconds} s, {readers} readers, {rounds} promotions: {outcomes}");
    outcomes.assert_good(100, &format!("SEED={seed}"));
}

/// All phases with readers on the standby, its promotion meanwhile, and what became of it.
fn under_load(
    primary: &Cluster,
    standby: &Cluster,
    random: &mut Random,
    outcomes: &Mutex<Outcomes>,
    readers: usize,
    phase_time: Duration,
    context: &str,
) -> i64 {
    let (writing, reading) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let _stop = (StopAtEnd(&writing), StopAtEnd(&reading));
        start_churn(scope, primary, random, &writing);
        start_readers(scope, standby, readers, random, outcomes, &reading);
        for phase in &PHASES {
            standby.set(phase);
            watch(outcomes, phase_time);
            println!("after {}: {}", phase.join(", "), outcomes.lock().expect("no reader panics"));
        }
        println!("log written: {}", log_size(&mut primary.connect()));
        standby.promote();
        // Sessions that began on the standby go on, and so does the writing, now here.
        start_churn(scope, standby, random, &writing);
        watch(outcomes, (phase_time / 4).max(Duration::from_secs(1)));
    });
    let mut client = standby.connect();
    churn::verify(&mut client, random, context);
    client.query_one("SELECT count(*) FROM docs", &[]).expect("count").get(0)
}

/// How much the server has written in its life, which is what its standbys have to replay.
fn log_size(client: &mut Client) -> String {
    let sql = "SELECT pg_size_pretty(pg_current_wal_insert_lsn() - '0/0'::pg_lsn)";
    client.query_one(sql, &[]).expect("a place in the log").get(0)
}

fn start_churn<'s>(scope: &'s thread::Scope<'s, '_>, server: &Cluster, random: &mut Random, stop: &'s AtomicBool) {
    let config = server.config("postgres");
    writers(config.clone(), "docs", random.next_u64()).start(scope, stop);
    let seed = random.next_u64();
    scope.spawn(move || churn::maintain(&config, seed, stop));
}

fn start_readers<'s>(
    scope: &'s thread::Scope<'s, '_>,
    server: &Cluster,
    readers: usize,
    random: &mut Random,
    outcomes: &'s Mutex<Outcomes>,
    stop: &'s AtomicBool,
) {
    for _ in 0..readers {
        let (config, seed) = (server.config("postgres"), random.next_u64());
        scope.spawn(move || witness::read(&config, seed, stop, outcomes));
    }
}

#[test]
fn a_standby_of_a_standby_follows_a_promotion() {
    let _alone = alone();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let rounds = size("CASCADES", 1);
    let seed = begin("cascade", &[("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers), ("CASCADES", rounds)]);
    let mut random = Random::new(seed);
    let outcomes = Mutex::new(Outcomes::default());
    let time = Duration::from_secs_f64((seconds as f64 / (4 * rounds.max(1)) as f64).clamp(2.0, 60.0));
    let mut primary = primary(&[]);
    for round in 1..=rounds {
        let context = format!("cascade {round}, SEED={seed}");
        let middle = primary.standby_with(&PHASES[0]);
        let last = middle.standby_with(&PHASES[0]);
        let (stop, writing) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let _stop = (StopAtEnd(&stop), StopAtEnd(&writing));
            start_churn(scope, &primary, &mut random, &writing);
            start_readers(scope, &middle, readers / 2, &mut random, &outcomes, &stop);
            start_readers(scope, &last, readers - readers / 2, &mut random, &outcomes, &stop);
            watch(&outcomes, time);
            middle.promote();
            start_churn(scope, &middle, &mut random, &writing);
            watch(&outcomes, time);
        });
        {
            let mut so_far = outcomes.lock().expect("no reader panics");
            so_far.read_log(&middle);
            so_far.read_log(&last);
            so_far.assert_good(0, &context);
        }
        let mut client = middle.connect();
        churn::verify(&mut client, &mut random, &context);
        last.wait_for(&mut client);
        churn::check(&mut last.connect(), &mut random, &format!("{context}, standby of the promoted one"));
        drop(client);
        last.promote();
        churn::verify(&mut last.connect(), &mut random, &format!("{context}, promoted after it"));
        last.finish();
        std::mem::replace(&mut primary, middle).finish();
    }
    primary.finish();
    let outcomes = outcomes.into_inner().expect("no reader panics");
    println!("cascade: SEED={seed}, {rounds} rounds, {readers} readers: {outcomes}");
    outcomes.assert_good(if rounds > 0 { 20 } else { 0 }, &format!("SEED={seed}"));
}

#[test]
fn recovery_to_a_point_in_the_middle_of_maintenance() {
    let _alone = alone();
    let points = size("PITR_POINTS", 3);
    let seed = begin("point in time", &[("PITR_POINTS", points)]);
    let mut random = Random::new(seed);
    let primary = primary(&Cluster::ARCHIVING);
    let backups: Vec<Cluster> = (0..points).map(|_| primary.backup()).collect();
    let stop = AtomicBool::new(false);
    let moments = thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        start_churn(scope, &primary, &mut random, &stop);
        in_the_middle(&mut primary.connect(), Duration::from_secs(4))
    });
    assert!(moments.len() >= 20, "maintenance was met only {} times", moments.len());
    archive_all(&mut primary.connect());
    for (number, backup) in backups.into_iter().enumerate() {
        // One in each stretch of time; the earliest moments know little.
        let share = moments.len() / (points + 1);
        let lsn = &moments[share * (number + 1) + random.below(share.max(1))];
        backup.recover(&primary, lsn);
        let mut client = backup.connect();
        churn::verify(&mut client, &mut random, &format!("recovered to {lsn}, SEED={seed}"));
        let rows: i64 = client.query_one("SELECT count(*) FROM docs", &[]).expect("count").get(0);
        println!("recovered to {lsn}: {rows} rows, check clean");
        drop(client);
        backup.finish();
    }
    primary.finish();
}

/// Places in the log at moments when a VACUUM or a merge was at work.
fn in_the_middle(client: &mut Client, time: Duration) -> Vec<String> {
    let sql = "SELECT pg_current_wal_insert_lsn()::text FROM pg_stat_activity
        WHERE state = 'active' AND query ~ '^(VACUUM|SELECT wand_merge)' AND wait_event_type IS DISTINCT FROM 'Lock'";
    let begin = Instant::now();
    let mut found: Vec<String> = Vec::new();
    while begin.elapsed() < time {
        let rows = client.query(sql, &[]).expect("a place in the log");
        found.extend(rows.iter().map(|row| row.get(0)));
        thread::sleep(Duration::from_millis(3));
    }
    found.dedup();
    found
}

/// Returns when all that has been logged is in the archive.
fn archive_all(client: &mut Client) {
    let sql = "SELECT pg_walfile_name(pg_current_wal_insert_lsn()) FROM pg_switch_wal()";
    let next: String = client.query_one(sql, &[]).expect("a switch of files").get(0);
    let begin = Instant::now();
    let behind = format!("SELECT coalesce(last_archived_wal, '') < '{next}'::text FROM pg_stat_archiver");
    client.batch_execute("CREATE TABLE after_the_end (); SELECT pg_switch_wal()").expect("another file");
    while client.query_one(&behind, &[]).expect("the archiver's state").get(0) {
        assert!(begin.elapsed() < Duration::from_secs(120), "the archiver does not come to {next}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_subscriber_applies_and_answers() {
    let _alone = alone();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let seed = begin("subscriber", &[("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers)]);
    let mut random = Random::new(seed);
    let time = Duration::from_secs_f64((seconds as f64 / 4.0).clamp(2.0, 120.0));
    // Without a key: the subscriber finds a row by comparing all of it.
    let keyless = "CREATE TABLE keyless (id bigint, emb svec);
        CREATE INDEX keyless_ip ON keyless USING wand (emb) WITH (pending_list_limit = 64);
        ALTER TABLE keyless REPLICA IDENTITY FULL";
    let (publisher, subscriber) = (primary(&["wal_level = logical"]), primary(&[]));
    let mut ours = publisher.connect();
    let mut theirs = subscriber.connect();
    run(&mut ours, &format!("{keyless}; CREATE PUBLICATION p FOR ALL TABLES"));
    run(&mut theirs, keyless);
    run(&mut theirs, &subscription(&publisher));
    let outcomes = Mutex::new(Outcomes::default());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        start_publishing(scope, &publisher, &mut random, &stop);
        let (config, seed, stop) = (subscriber.config("postgres"), random.next_u64(), &stop);
        scope.spawn(move || churn::maintain(&config, seed, stop));
        start_readers(scope, &subscriber, readers, &mut random, &outcomes, stop);
        watch(&outcomes, time);
    });
    outcomes.lock().expect("no reader panics").assert_good(20, &format!("SEED={seed}"));
    drop(theirs);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        start_publishing(scope, &publisher, &mut random, &stop);
        thread::sleep(time / 4);
        subscriber.kill_all();
        subscriber.start();
        thread::sleep(time / 4);
    });
    let mut theirs = subscriber.connect();
    catch_up(&mut ours);
    alike(&mut ours, &mut theirs);
    churn::check(&mut theirs, &mut random, &format!("subscriber, SEED={seed}"));
    let problems = oracle::check_index(&mut theirs, "keyless_ip");
    assert!(problems.is_empty(), "keyless_ip, SEED={seed}: {}", problems.join("\n"));
    println!("subscriber: SEED={seed}, {readers} readers: {}", outcomes.lock().expect("no reader panics"));
    run(&mut theirs, "DROP SUBSCRIPTION s");
    drop((ours, theirs));
    subscriber.finish();
    publisher.finish();
}

/// Writers of both tables.
fn start_publishing<'s>(
    scope: &'s thread::Scope<'s, '_>,
    publisher: &Cluster,
    random: &mut Random,
    stop: &'s AtomicBool,
) {
    writers(publisher.config("postgres"), "docs", random.next_u64()).start(scope, stop);
    let few = writers(publisher.config("postgres"), "keyless", random.next_u64());
    Writers { count: 1, rows: 100, ..few }.start(scope, stop);
}

fn subscription(publisher: &Cluster) -> String {
    let (host, port) = (publisher.folder().display(), publisher.port());
    format!("CREATE SUBSCRIPTION s CONNECTION 'host={host} port={port} user=postgres dbname=postgres' PUBLICATION p")
}

fn run(client: &mut Client, sql: &str) {
    for statement in sql.split(';') {
        client.batch_execute(statement).unwrap_or_else(|e| panic!("{}\nin: {statement}", oracle::describe(&e)));
    }
}

/// Waits until the subscriber has applied all that its publisher has written.
fn catch_up(publisher: &mut Client) {
    let lsn: String = publisher.query_one("SELECT pg_current_wal_flush_lsn()::text", &[]).expect("LSN").get(0);
    let sql = format!(
        "SELECT coalesce(bool_and(confirmed_flush_lsn >= '{lsn}'), false) FROM pg_replication_slots
         HAVING count(*) = 1"
    );
    let begin = Instant::now();
    while !publisher.query_opt(&sql, &[]).expect("slots").is_some_and(|row| row.get(0)) {
        assert!(begin.elapsed() < Duration::from_secs(180), "the subscriber does not come to {lsn}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Both servers hold the same rows.
fn alike(ours: &mut Client, theirs: &mut Client) {
    for table in ["docs", "keyless"] {
        let sql =
            format!("SELECT count(*), md5(string_agg(id || coalesce(emb::text, '-'), ',' ORDER BY id)) FROM {table}");
        let read = |client: &mut Client| -> (i64, Option<String>) {
            let row = client.query_one(&sql, &[]).expect("the table");
            (row.get(0), row.get(1))
        };
        let (here, there) = (read(ours), read(theirs));
        assert_eq!(here, there, "{table}: publisher and subscriber differ");
        println!("{table}: {} rows on both sides", here.0);
    }
}
