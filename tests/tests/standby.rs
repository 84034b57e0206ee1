//! On a hot standby the index answers as a sequential scan does, while merges, vacuums and rebuilds are replayed as
//! fast as the primary can make them; after a promotion under load it is sound and takes writes; and so on a standby
//! of a standby.
//!
//! A standby may refuse an answer with 40001, 57014 or 40P01; a wrong row, any other error or a bad word in a server's
//! log fails the test, and so do too few right answers.
//!
//! Sizes: STANDBY_SECONDS (20), STANDBY_READERS (8), PROMOTIONS (1, the rounds that share the seconds), CASCADES (1),
//! CHURN_ROWS (1,500, about), CHURN_WRITERS (3), CHURN_PENDING and CHURN_HUGE (see churn.rs). SEED repeats the
//! choices, though not their timing.

use pg_wand_tests::churn::{self, StopAtEnd};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::random::Random;
use pg_wand_tests::witness::{self, Outcomes};
use pg_wand_tests::{begin, one_at_a_time, size};
use postgres::Client;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// What standbys are set to, one after another: conflicts resolved at once, after a while, and mostly avoided. The last
/// delay counts when the stream has ended, as it does with a promotion, which would else take half a minute for every
/// conflict.
const PHASES: [[&str; 3]; 3] = [
    ["hot_standby_feedback = off", "max_standby_streaming_delay = 100ms", "max_standby_archive_delay = 100ms"],
    ["hot_standby_feedback = off", "max_standby_streaming_delay = 2s", "max_standby_archive_delay = 100ms"],
    ["hot_standby_feedback = on", "max_standby_streaming_delay = 5s", "max_standby_archive_delay = 100ms"],
];

#[test]
fn reads_under_replay_and_promotions_under_load() {
    let _alone = one_at_a_time();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let rounds = size("PROMOTIONS", 1).max(1);
    let sizes = [("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers), ("PROMOTIONS", rounds)];
    let seed = begin("standby", &sizes);
    let mut random = Random::new(seed);
    let outcomes = Mutex::new(Outcomes::default());
    let phase_time = Duration::from_secs_f64(seconds as f64 / (rounds * PHASES.len()) as f64);
    let mut primary = churn::primary(&[]);
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
        churn::start(scope, primary, random, &writing);
        witness::start(scope, standby, readers, random, outcomes, &reading);
        let mut quiet = None;
        for phase in &PHASES {
            if phase[0].ends_with("on") {
                quiet = Some(churn::without_rebuilds(primary));
            }
            standby.set(phase);
            witness::watch(outcomes, phase_time);
            println!("after {}: {}", phase[..2].join(", "), outcomes.lock().expect("no reader panics"));
        }
        println!("log written: {}", log_size(&mut primary.connect()));
        drop(quiet);
        standby.promote();
        // Sessions that began on the standby go on, and so does the writing, now here.
        churn::start(scope, standby, random, &writing);
        witness::watch(outcomes, (phase_time / 4).max(Duration::from_secs(1)));
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

#[test]
fn a_standby_of_a_standby_follows_a_promotion() {
    let _alone = one_at_a_time();
    let (seconds, readers) = (size("STANDBY_SECONDS", 20), size("STANDBY_READERS", 8));
    let rounds = size("CASCADES", 1);
    let seed = begin("standby", &[("STANDBY_SECONDS", seconds), ("STANDBY_READERS", readers), ("CASCADES", rounds)]);
    let mut random = Random::new(seed);
    let outcomes = Mutex::new(Outcomes::default());
    let time = Duration::from_secs_f64((seconds as f64 / (4 * rounds.max(1)) as f64).clamp(2.0, 60.0));
    let mut primary = churn::primary(&[]);
    for round in 1..=rounds {
        let context = format!("cascade {round}, SEED={seed}");
        let middle = primary.standby_with(&PHASES[0]);
        let last = middle.standby_with(&PHASES[0]);
        let (stop, writing) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let _stop = (StopAtEnd(&stop), StopAtEnd(&writing));
            churn::start(scope, &primary, &mut random, &writing);
            witness::start(scope, &middle, readers / 2, &mut random, &outcomes, &stop);
            witness::start(scope, &last, readers - readers / 2, &mut random, &outcomes, &stop);
            witness::watch(&outcomes, time);
            middle.promote();
            churn::start(scope, &middle, &mut random, &writing);
            witness::watch(&outcomes, time);
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
