//! Load held: HELD_CLIENTS clients that ask four times for every row they change get the same service at the end as at
//! the beginning, and no session grows.
//!
//! Each client keeps one session for the whole run. Eight operations in ten are queries (the ten best documents), two
//! give a row another vector; autovacuum is at work. The first half of the time is compared with the second: operations
//! at least 0.9 times as many, and 99 % of them at most 3 times as long. Runs of less than ten minutes only print that:
//! one checkpoint would decide it. At eleven moments all pause; then no session holds a lock, and private memory (2 MB)
//! and open files (4) of each server process are not above what they were at the second moment, or in a short run, where
//! caches are still being filled then, at the middle one. In the end `wand_check(index, true)` finds nothing and answers
//! are those of a sequential scan.
//!
//! Sizes: HELD_SECONDS (12), HELD_ROWS (10,000), HELD_CLIENTS (16). SEED repeats the choices.

use pg_wand_tests::cluster::{Cluster, GIVE_BACK};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, size};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const SETTINGS: [&str; 4] = [
    "shared_buffers = 1GB",
    "autovacuum_naptime = 10s",
    "autovacuum_vacuum_scale_factor = 0.02",
    "maintenance_work_mem = 256MB",
];

/// The time between two moments at which sessions are looked at is this part of all.
const MOMENTS: u32 = 12;
const MOST_GROWTH: u64 = 2 << 10;
const MOST_FILES: usize = 4;
/// From here on the halves must be alike.
const LONG: Duration = Duration::from_secs(600);

#[test]
fn service_stays_as_it_was() {
    let (seconds, rows) = (size("HELD_SECONDS", 12), size("HELD_ROWS", 10_000));
    let clients = size("HELD_CLIENTS", 16);
    let seed = begin("held", &[("HELD_SECONDS", seconds), ("HELD_ROWS", rows), ("HELD_CLIENTS", clients)]);
    let mut random = Random::new(seed);
    // Otherwise each session's first flush leaves it with 2 MB that only the allocator has, whenever that flush comes.
    let cluster = Cluster::start_new_with(GIVE_BACK, &SETTINGS);
    fill(&cluster, rows, seed);
    let load = Load {
        cluster: &cluster,
        rows,
        begin: Instant::now(),
        time: Duration::from_secs(seconds as u64),
        stop: AtomicBool::new(false),
        gate: RwLock::new(()),
    };
    let (times, sessions) = load.run(clients, &mut random);

    let halves = times.map(Half::of);
    let throughput = halves[1].operations as f64 / halves[0].operations as f64;
    let p99 = halves[1].p99 / halves[0].p99;
    let warm = if load.time >= LONG { 1 } else { MOMENTS as usize / 2 - 1 };
    let growth = sessions.iter().map(|session| session.growth(warm)).max().expect("clients");
    println!(
        "held: {clients} clients, {rows} rows, {seconds} s, {} and {} operations ({throughput:.3}), 99 % within {:.1} \
         and {:.1} ms ({p99:.2}), greatest growth of a session {growth} kB; SEED={seed}",
        halves[0].operations, halves[1].operations, halves[0].p99, halves[1].p99,
    );
    verify(&cluster, &mut random, seed);
    for (number, session) in sessions.iter().enumerate() {
        session.assert_flat(warm, &format!("SEED={seed}: session of client {number}"));
    }
    if load.time >= LONG {
        assert!(throughput >= 0.9, "SEED={seed}: the second half had {throughput:.3} of the first one's operations");
        assert!(p99 <= 3.0, "SEED={seed}: the second half's 99th percentile is {p99:.2} times the first one's");
    }
    cluster.finish();
}

/// The table, loaded by two clients, and its index.
fn fill(cluster: &Cluster, rows: usize, seed: u64) {
    let run = |client: &mut Client, sql: &str| {
        client.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {}", oracle::describe(&e)));
    };
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint PRIMARY KEY, emb svec)");
    thread::scope(|scope| {
        for part in 0..2 {
            scope.spawn(move || {
                let mut client = cluster.connect();
                let mut copy = client.copy_in("COPY docs FROM STDIN").expect("COPY");
                let mut random = Random::new(seed ^ (part + 1));
                let mut lines = String::new();
                for id in (part as usize..rows).step_by(2) {
                    writeln!(lines, "{id}\t{}", document(&mut random)).expect("writing to a string");
                    if lines.len() > 1 << 16 {
                        copy.write_all(lines.as_bytes()).expect("COPY");
                        lines.clear();
                    }
                }
                copy.write_all(lines.as_bytes()).expect("COPY");
                copy.finish().expect("COPY");
            });
        }
    });
    run(&mut client, "CREATE INDEX docs_idx ON docs USING wand (emb)");
    run(&mut client, "VACUUM ANALYZE docs");
}

fn document(random: &mut Random) -> String {
    corpus::literal(&corpus::document(Profile::Learned, random).expect("not NULL"))
}

fn question(random: &mut Random) -> String {
    let q = corpus::literal(&corpus::query(Profile::Learned, random));
    format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY emb <#> '{q}'")
}

fn verify(cluster: &Cluster, random: &mut Random, seed: u64) {
    let mut client = cluster.connect();
    let problems = oracle::check_index(&mut client, "docs_idx");
    assert!(problems.is_empty(), "SEED={seed}: {}", problems.join("\n"));
    for _ in 0..5 {
        let sql = question(random);
        oracle::compare_limits(&mut client, &sql, "docs_idx", &[1, 10, 100], Some(200))
            .unwrap_or_else(|e| panic!("SEED={seed}: {e}"));
    }
}

/// What the clients share.
struct Load<'a> {
    cluster: &'a Cluster,
    rows: usize,
    begin: Instant,
    time: Duration,
    /// Set when anybody has failed.
    stop: AtomicBool,
    /// Held shared for every operation, and by whoever wants all clients to pause.
    gate: RwLock<()>,
}

/// Times of operations in microseconds, first half and second half.
type Times = [Vec<u32>; 2];

impl Load<'_> {
    /// Runs all clients; gives their times together, and what became of each one's session.
    fn run(&self, clients: usize, random: &mut Random) -> (Times, Vec<Session>) {
        thread::scope(|scope| {
            let connections: Vec<Client> = (0..clients).map(|_| self.cluster.connect()).collect();
            let (mut sessions, mut running) = (Vec::new(), Vec::new());
            for mut client in connections {
                let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).expect("a pid").get(0);
                sessions.push(Session { pid: pid.unsigned_abs(), seen: Vec::new() });
                let random = Random::new(random.next_u64());
                running.push(scope.spawn(move || self.client(&mut client, random)));
            }
            for moment in 1..MOMENTS {
                while !self.is_over() && self.begin.elapsed() < self.time * moment / MOMENTS {
                    thread::sleep(Duration::from_millis(20));
                }
                self.look(&mut sessions);
            }
            let mut all = Times::default();
            for client in running {
                let times = client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                for (all, times) in all.iter_mut().zip(times) {
                    all.extend(times);
                }
            }
            (all, sessions)
        })
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.begin.elapsed() >= self.time
    }

    fn client(&self, client: &mut Client, mut random: Random) -> Times {
        let mut times = Times::default();
        while !self.is_over() {
            let sql = if random.below(10) < 8 {
                format!("{} LIMIT 10", question(&mut random))
            } else {
                let emb = document(&mut random);
                format!("UPDATE docs SET emb = '{emb}' WHERE id = {}", random.below(self.rows))
            };
            let _running = self.gate.read().expect("no panic of whoever looks");
            let begin = Instant::now();
            if let Err(e) = client.batch_execute(&sql) {
                self.stop.store(true, Ordering::Relaxed);
                panic!("{sql}: {}", oracle::describe(&e));
            }
            let half = usize::from(self.begin.elapsed() > self.time / 2);
            times[half].push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        times
    }

    /// All pause: nobody may hold a lock, and what each has is noted.
    fn look(&self, sessions: &mut [Session]) {
        let _paused = self.gate.write().expect("no client fails with the gate in its hand");
        let pids: Vec<i32> = sessions.iter().map(|session| session.pid.cast_signed()).collect();
        let sql = "SELECT count(*), (SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1) AND backend_xmin IS NOT
                NULL) FROM pg_locks WHERE pid = ANY ($1)";
        let row = self.cluster.connect().query_one(sql, &[&pids]).expect("locks");
        let (locks, snapshots): (i64, i64) = (row.get(0), row.get(1));
        if (locks, snapshots) != (0, 0) {
            self.stop.store(true, Ordering::Relaxed);
            panic!("sessions that do nothing hold {locks} locks and {snapshots} snapshots");
        }
        sessions.iter_mut().for_each(Session::look);
    }
}

/// A server process, and its private memory (kB) and number of open files at each moment.
struct Session {
    pid: u32,
    seen: Vec<(u64, usize)>,
}

impl Session {
    fn look(&mut self) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("the process lives");
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("its private memory");
        let memory = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("kB");
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.pid)).expect("its files").count();
        self.seen.push((memory, files));
    }

    /// Since moment `warm`, at its greatest.
    fn growth(&self, warm: usize) -> u64 {
        let after = &self.seen[warm..];
        after.iter().map(|(memory, _)| *memory).max().unwrap_or(0).saturating_sub(after[0].0)
    }

    fn assert_flat(&self, warm: usize, name: &str) {
        let files = self.seen.iter().map(|(_, files)| *files).max().unwrap_or(0);
        let context = format!("{name}, from moment {} on: (kB, files) {:?}", warm + 1, self.seen);
        assert!(self.growth(warm) <= MOST_GROWTH, "{context}");
        assert!(files <= self.seen[warm].1 + MOST_FILES, "{context}");
    }
}

/// One half of the time.
struct Half {
    operations: usize,
    /// Milliseconds.
    p99: f64,
}

impl Half {
    fn of(mut times: Vec<u32>) -> Self {
        assert!(times.len() >= 100, "too few operations to mean anything: {}", times.len());
        times.sort_unstable();
        Self { operations: times.len(), p99: f64::from(times[times.len() * 99 / 100]) / 1_000.0 }
    }
}
