//! Whatever a statement does, it ends at once when it is told to: by a cancel request, statement_timeout,
//! pg_terminate_backend, or because its client is gone. The statements are those of `tests/src/lengthy.rs`; the moment
//! is by chance within what each takes. From the signal to the end (of the statement, or of the process) 99 in 100 take
//! 100 ms at most, all take 1 s at most. Those that are done before the signal do not count.
//!
//! Allowance: what the process waits for a processor meanwhile does not count, for the machine may have fewer than
//! there are sessions. And one round in eight stops a statement without anything of ours in it: what those take (their
//! 99th percentile, their greatest) is added to the limits.
//!
//! Afterwards each time: no lock, snapshot or transaction is left of the session, no worker of it; every CANCEL_CHECK
//! (40) rounds `wand_check(index, true)` finds nothing in the indexes that were being changed; the session that lives
//! to the end has not grown from its second quarter to its last (in runs so long that all statements come in each of
//! these); the log tells of no leak of pins or anything else.
//!
//! Sizes: CANCEL_ROUNDS (300), CANCEL_SESSIONS (2 at once), CANCEL_ROWS (8,000), CANCEL_TERMS (1,000,000 in one vector,
//! which is 14 MB as text). CANCEL_ONLY takes the statements whose names begin so. SEED repeats the choices, though not
//! the moments.

use pg_wand_tests::cluster::{Cluster, GIVE_BACK};
use pg_wand_tests::lengthy::{self, Lengthy, Sizes};
use pg_wand_tests::processes::{is_alive, own_memory};
use pg_wand_tests::random::Random;
use pg_wand_tests::session::{Ended, Session};
use pg_wand_tests::stops::{self, CONTROL, How, MOST, MOST_99, Stop};
use pg_wand_tests::watch::Watch;
use pg_wand_tests::{begin, oracle, project_root, size};
use postgres::Client;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How much a session may grow.
const GROWTH: u64 = 16 << 20;

#[test]
fn every_statement_ends_when_it_is_told_to() {
    let (rounds, sessions) = (size("CANCEL_ROUNDS", 300), size("CANCEL_SESSIONS", 2));
    let sizes = Sizes { rows: size("CANCEL_ROWS", 8_000), terms: size("CANCEL_TERMS", 1_000_000) };
    let named = [("CANCEL_ROUNDS", rounds), ("CANCEL_SESSIONS", sessions), ("CANCEL_ROWS", sizes.rows)];
    let seed = begin("cancel", &[&named[..], &[("CANCEL_TERMS", sizes.terms)]].concat());
    let cluster = Cluster::start_new_with(
        GIVE_BACK,
        &[
            "client_connection_check_interval = 10ms",
            "autovacuum = off",
            "shared_buffers = 512MB",
            "max_wal_size = 4GB",
            "max_worker_processes = 16",
        ],
    );
    for file in ["tokenizer.json", "idf.json"] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    lengthy::create(&mut cluster.connect(), sizes, seed).unwrap_or_else(|e| panic!("tables: {}", oracle::describe(&e)));
    let only = std::env::var("CANCEL_ONLY").unwrap_or_default();
    let mut statements = lengthy::all();
    statements.retain(|statement| statement.name.starts_with(&only));
    let test = Test { cluster: &cluster, statements, seed, rounds, next: AtomicUsize::new(0), known: Mutex::default() };
    let mut random = Random::new(seed);
    let stops: Vec<Stop> = thread::scope(|scope| {
        let runners: Vec<_> = (0..sessions)
            .map(|number| {
                let (test, random) = (&test, Random::new(random.next_u64()));
                scope.spawn(move || Runner::new(test, number, random).work())
            })
            .collect();
        runners.into_iter().flat_map(|runner| runner.join().expect("a runner")).collect()
    });
    stops::assert_quick(&stops, rounds, seed, only.is_empty());
    cluster.finish();
}

struct Test<'a> {
    cluster: &'a Cluster,
    statements: Vec<Lengthy>,
    seed: u64,
    rounds: usize,
    next: AtomicUsize,
    /// How long statements take that are left alone.
    known: Mutex<BTreeMap<String, Duration>>,
}

/// Stops statements of two sessions: one that lives to the end, and one that is replaced whenever it was ended.
struct Runner<'a> {
    test: &'a Test<'a>,
    number: usize,
    random: Random,
    lasting: Session,
    doomed: Session,
    control: Client,
    stops: Vec<Stop>,
}

impl<'a> Runner<'a> {
    fn new(test: &'a Test<'a>, number: usize, random: Random) -> Self {
        let [mut lasting, mut doomed] = [(); 2].map(|()| Session::open(test.cluster));
        lasting.run(&lengthy::own_schema(number));
        lasting.run(&lengthy::settings(number));
        doomed.run(&lengthy::settings(number));
        Self { test, number, random, lasting, doomed, control: test.cluster.connect(), stops: Vec::new() }
    }

    fn work(mut self) -> Vec<Stop> {
        let control = Lengthy {
            name: CONTROL.into(),
            before: String::new(),
            run: "SELECT sum(length(md5(g::text))) FROM generate_series(1, 1000000) AS g".into(),
        };
        let (check, mut memory) = (size("CANCEL_CHECK", 40), Vec::new());
        loop {
            let round = self.test.next.fetch_add(1, Ordering::Relaxed);
            if round >= self.test.rounds {
                break;
            }
            if round % 8 == 7 {
                self.round(&control);
            } else {
                let statements = &self.test.statements;
                // In turns, so that all come; the order is another in each run.
                let at = (round + self.test.seed as usize) % statements.len();
                self.round(&statements[at]);
            }
            memory.push(own_memory(self.lasting.pid).expect("memory of a session"));
            if memory.len() % check == 0 {
                self.check();
            }
        }
        self.check();
        self.has_not_grown(&memory);
        self.stops
    }

    /// The memory that the session had at its least, in the second quarter and in the last. At other moments it may have a
    /// row of `big` in its hands.
    fn has_not_grown(&self, memory: &[u64]) {
        let quarter = memory.len() / 4;
        let least = |from: usize| memory[from..from + quarter].iter().min().copied().unwrap_or_default();
        let (before, after) = (least(quarter), least(memory.len() - quarter));
        println!("session {}: at least {} MB, and in the end {} MB", self.number, before >> 20, after >> 20);
        // Before every statement has come, it grows by what a session keeps: parsed encoders take 100 MB.
        let is_warm = quarter > self.test.statements.len();
        assert!(!is_warm || after <= before + GROWTH, "it has grown to {after} bytes, {}", self.context("memory"));
    }

    fn context(&self, what: &str) -> String {
        let Test { seed, rounds, .. } = self.test;
        format!("{what}: SEED={seed} CANCEL_ROUNDS={rounds} CANCEL_ONLY={what:?} scripts/integration.sh cancel")
    }

    fn round(&mut self, statement: &Lengthy) {
        let how = *self.random.pick(&[
            How::Cancel,
            How::Cancel,
            How::Cancel,
            How::Timeout,
            How::Timeout,
            How::Terminate,
            How::Terminate,
            How::Loss,
        ]);
        let takes = self.known(statement);
        let moment = takes.mul_f64(self.random.unit());
        let took = match how {
            How::Cancel => self.cancel(statement, moment),
            How::Timeout => self.time_out(statement, moment),
            How::Terminate => self.terminate(statement, moment),
            How::Loss => self.lose(statement, moment),
        };
        if let Some(took) = took {
            if took > MOST_99 {
                println!("{} ms after {how:?} at {moment:?} of {takes:?}: {}", took.as_millis(), statement.name);
            }
            self.stops.push(Stop { name: statement.name.clone(), how, took });
        }
    }

    /// How long it takes if nobody stops it; measured by whoever comes first.
    fn known(&mut self, statement: &Lengthy) -> Duration {
        let known = self.test.known.lock().expect("no panic").get(&statement.name).copied();
        known.unwrap_or_else(|| {
            self.lasting.run(&statement.before);
            let begin = Instant::now();
            self.lasting.begin(&statement.run);
            let ended = self.lasting.wait();
            let is_meant = is_refusal(statement, &ended);
            assert!(ended == Ended::Done || is_meant, "{}: {ended:?}\nin: {}", statement.name, statement.run);
            self.learn(statement, begin.elapsed())
        })
    }

    fn learn(&self, statement: &Lengthy, takes: Duration) -> Duration {
        self.test.known.lock().expect("no panic").insert(statement.name.clone(), takes);
        takes
    }

    fn cancel(&mut self, statement: &Lengthy, moment: Duration) -> Option<Duration> {
        let pid = self.lasting.pid;
        self.lasting.run(&statement.before);
        self.lasting.begin(&statement.run);
        thread::sleep(moment);
        let watch = Watch::start(pid);
        self.signal("pg_cancel_backend", pid);
        let ended = self.lasting.wait();
        let took = watch.read();
        self.look_for_leaks(pid, statement);
        self.is_stopped(statement, &ended, "57014").then_some(took)
    }

    fn time_out(&mut self, statement: &Lengthy, moment: Duration) -> Option<Duration> {
        let timeout = Duration::from_millis(u64::try_from(moment.as_millis()).expect("a short time").max(5));
        self.lasting.run(&statement.before);
        self.lasting.run(&format!("SET statement_timeout = {}", timeout.as_millis()));
        let begin = Instant::now();
        self.lasting.begin(&statement.run);
        thread::sleep(timeout);
        let watch = Watch::since(self.lasting.pid, begin + timeout);
        let ended = self.lasting.wait();
        let took = watch.read();
        // It may meet this statement, too.
        loop {
            self.lasting.begin("RESET statement_timeout");
            match self.lasting.wait() {
                Ended::Done => break,
                Ended::Refused(state, _) if state == "57014" => (),
                other => panic!("{other:?}, {}", self.context("reset")),
            }
        }
        self.look_for_leaks(self.lasting.pid, statement);
        self.is_stopped(statement, &ended, "57014").then_some(took)
    }

    fn terminate(&mut self, statement: &Lengthy, moment: Duration) -> Option<Duration> {
        let pid = self.doomed.pid;
        self.doomed.run(&statement.before);
        self.doomed.begin(&statement.run);
        thread::sleep(moment);
        let was_done = self.doomed.has_answer();
        let watch = Watch::start(pid);
        self.signal("pg_terminate_backend", pid);
        let ended = self.doomed.wait();
        if matches!(ended, Ended::Done | Ended::Refused(..)) {
            // The answer came first; the end comes next.
            let ended = self.doomed.wait();
            assert!(matches!(&ended, Ended::Closed(state, _) if state == "57P01"), "{}: {ended:?}", statement.name);
        }
        let took = self.until_gone(watch);
        self.look_for_leaks(pid, statement);
        self.replace();
        let is_stopped = matches!(&ended, Ended::Closed(state, _) if state == "57P01");
        (!was_done && is_stopped).then_some(took)
    }

    fn lose(&mut self, statement: &Lengthy, moment: Duration) -> Option<Duration> {
        let pid = self.doomed.pid;
        self.doomed.run(&statement.before);
        self.doomed.begin(&statement.run);
        thread::sleep(moment);
        let was_done = self.doomed.has_answer();
        let watch = Watch::start(pid);
        self.doomed.vanish();
        let took = self.until_gone(watch);
        self.replace();
        self.look_for_leaks(pid, statement);
        (!was_done).then_some(took)
    }

    fn signal(&mut self, function: &str, pid: u32) {
        self.control.batch_execute(&format!("SELECT {function}({pid})")).expect("a signal");
    }

    fn until_gone(&self, mut watch: Watch) -> Duration {
        while is_alive(watch.pid) {
            watch.look();
            assert!(watch.since.elapsed() < 60 * MOST, "process {} does not end, {}", watch.pid, self.context("end"));
            thread::sleep(Duration::from_micros(500));
        }
        watch.read()
    }

    fn replace(&mut self) {
        self.doomed = Session::open(self.test.cluster);
        self.doomed.run(&lengthy::settings(self.number));
    }

    fn is_stopped(&self, statement: &Lengthy, ended: &Ended, with: &str) -> bool {
        match ended {
            Ended::Refused(state, _) if state == with => true,
            Ended::Done => false,
            ended if is_refusal(statement, ended) => false,
            other => panic!("{other:?}, {}", self.context(&statement.name)),
        }
    }

    /// Of the session, which is idle or gone.
    fn look_for_leaks(&mut self, pid: u32, statement: &Lengthy) {
        let sql = format!(
            "SELECT (SELECT count(*) FROM pg_locks WHERE pid = {pid}),
                 count(*) FILTER (WHERE pid = {pid} AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)),
                 count(*) FILTER (WHERE leader_pid = {pid} AND pid <> {pid})
             FROM pg_stat_activity"
        );
        let row = self.control.query_one(&sql, &[]).expect("locks and snapshots");
        let found: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(found, (0, 0, 0), "locks, snapshots, workers left: {}", self.context(&statement.name));
    }

    /// The indexes that statements were changing. What they have left behind is cleared away, so that tables do not
    /// grow.
    fn check(&mut self) {
        // Another index would serve the question below as well.
        let drop = format!("DROP INDEX IF EXISTS s{0}.built, s{0}.worn_ip_ccnew, s{0}.worn_ip_ccold", self.number);
        self.control.batch_execute(&drop).expect("DROP INDEX");
        for index in ["sink_ip", "sink_more", "worn_ip", "worn_more"] {
            let index = format!("s{}.{index}", self.number);
            let problems = oracle::check_index(&mut self.control, &index);
            assert!(problems.is_empty(), "{index}, {}: {}", self.context("check"), problems.join("\n"));
        }
        let sql =
            format!("SELECT id::bigint, emb <#> (SELECT q FROM queries LIMIT 1) FROM s{}.worn ORDER BY 2", self.number);
        let compared = oracle::compare_limits(&mut self.control, &sql, "worn_ip", &[10], Some(100));
        compared.unwrap_or_else(|e| panic!("{}: {e}", self.context("answers")));
        for table in ["worn", "sink"] {
            let sql = format!("VACUUM s{}.{table}", self.number);
            self.control.batch_execute(&sql).unwrap_or_else(|e| panic!("{sql}: {}", oracle::describe(&e)));
        }
    }
}

/// Whether the statement ended as it does when nobody stops it: some are about values that are refused in the end.
fn is_refusal(statement: &Lengthy, ended: &Ended) -> bool {
    matches!(ended, Ended::Refused(state, _) if state.starts_with("22") && statement.name.ends_with("refused"))
}
