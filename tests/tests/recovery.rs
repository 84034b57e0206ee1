//! A server that gets its rows by other ways than a standby has a sound index that answers as a sequential scan does:
//! one that is recovered to a point in time in the middle of a merge or VACUUM, and a subscriber of logical
//! replication, also after a kill.
//!
//! Sizes: PITR_POINTS (3), STANDBY_SECONDS (20; a quarter of it for the subscriber), STANDBY_READERS (8), CHURN_ROWS
//! (1,500, about), CHURN_WRITERS (3), CHURN_PENDING and CHURN_HUGE (see churn.rs). SEED repeats the choices, though not
//! their timing.

use pg_wand_tests::archive;
use pg_wand_tests::churn::{self, StopAtEnd, Writers};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::random::Random;
use pg_wand_tests::witness::{self, Outcomes};
use pg_wand_tests::{begin, one_at_a_time, oracle, size};
use postgres::Client;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn recovery_to_a_point_in_the_middle_of_maintenance() {
    let _alone = one_at_a_time();
    let points = size("PITR_POINTS", 3);
    let seed = begin("recovery", &[("PITR_POINTS", points)]);
    let mut random = Random::new(seed);
    let primary = churn::primary(&Cluster::ARCHIVING);
    let backups: Vec<Cluster> = (0..points).map(|_| primary.backup()).collect();
    let stop = AtomicBool::new(false);
    let moments = thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        churn::start(scope, &primary, &mut random, &stop);
        in_the_middle(&mut primary.connect(), Duration::from_secs(4))
    });
    assert!(moments.len() > 2 * points, "maintenance was met only {} times", moments.len());
    archive::complete(&mut primary.connect());
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

#[test]
fn a_subscriber_applies_and_answers() {
    let _alone = one_at_a_time();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let seed = begin("recovery", &[("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers)]);
    let mut random = Random::new(seed);
    let time = Duration::from_secs_f64((seconds as f64 / 4.0).clamp(2.0, 120.0));
    // Without a key: the subscriber finds a row by comparing all of it.
    let keyless = "CREATE TABLE keyless (id bigint, emb svec);
        CREATE INDEX keyless_ip ON keyless USING wand (emb) WITH (pending_list_limit = 64);
        ALTER TABLE keyless REPLICA IDENTITY FULL";
    let (publisher, subscriber) = (churn::primary(&["wal_level = logical"]), churn::primary(&[]));
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
        witness::start(scope, &subscriber, readers, &mut random, &outcomes, stop);
        witness::watch(&outcomes, time);
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
    Writers::of(publisher, "docs", random.next_u64()).start(scope, stop);
    Writers::of(publisher, "keyless", random.next_u64()).of_number(1, 100).start(scope, stop);
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
