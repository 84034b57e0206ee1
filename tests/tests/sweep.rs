//! Wherever an operation stops, the index is the one before it or the one after it.
//!
//! Every operation of `tests/src/operations.rs` is stopped after its first log record, its second and so on: by a
//! crash of the whole server, and by an error; and by an error in the middle of a record, after its first page and so
//! on, which must leave nothing of that record. Each time: the server comes up again, the rows that were committed
//! are there and those of the stopped statement are not, `wand_check` finds nothing, queries answer as a sequential
//! scan does; the operation runs to its end, two VACUUMs leave no page that belongs to nobody, and the index goes on
//! taking rows.
//!
//! It needs a library built with the feature `faults`: `scripts/integration.sh sweep` runs it with a private copy of
//! the server that has one. Sizes: SWEEP_BOUNDARIES (40, spread over all operations, crashes and both kinds of errors
//! alike; `all` takes every one). SWEEP_ONLY=merge, or merge:17, takes one operation or one boundary of it. SEED
//! repeats a run.

use pg_wand_tests::boundaries::Choice;
use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::operations::{self, FAULT, Operation};
use pg_wand_tests::random::Random;
use pg_wand_tests::{oracle, seed};
use postgres::Client;
use std::collections::BTreeSet;
use std::process::Command;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Crash,
    Error,
    /// An error as soon as a page is part of a record that is not written yet.
    ErrorWithin,
}

impl Stop {
    fn setting(self) -> &'static str {
        match self {
            Self::Crash => "wand.crash_after_wal",
            Self::Error => "wand.error_after_wal",
            Self::ErrorWithin => "wand.error_in_wal",
        }
    }

    /// What tells how many boundaries there are: records, or their pages.
    fn counter(self) -> &'static str {
        match self {
            Self::Crash | Self::Error => "wand.wal_records",
            Self::ErrorWithin => "wand.wal_pages",
        }
    }
}

#[test]
fn a_crash_after_any_record() {
    sweep(Stop::Crash, "a_crash_after_any_record");
}

#[test]
fn an_error_after_any_record() {
    sweep(Stop::Error, "an_error_after_any_record");
}

#[test]
fn an_error_within_any_record() {
    sweep(Stop::ErrorWithin, "an_error_within_any_record");
}

fn sweep(stop: Stop, test: &str) {
    let (seed, choice) = (seed(), Choice::from_environment());
    println!("SEED={seed}");
    let mut sweep = Sweep::start(stop, seed);
    let mut operations = operations::all();
    if let Choice::Only(name, _) = &choice {
        operations.retain(|operation| operation.name == name);
    }
    let (mut tried, mut total) = (0, 0);
    for operation in &operations {
        let mut random = Random::new(seed);
        let mut swept = 0;
        let context = |n| {
            let name = operation.name;
            format!(
                "{test}\nrepeat: SEED={seed} SWEEP_ONLY={name}:{n} scripts/integration.sh sweep\n{name}, boundary {n}"
            )
        };
        let n_records = sweep.count(operation).unwrap_or_else(|e| panic!("{}: {e}", context(0)));
        for n in choice.of(n_records, operations.len(), &mut random) {
            tried += 1;
            let reached = sweep.boundary(operation, n).unwrap_or_else(|e| panic!("{}: {e}", context(n)));
            swept += u32::from(reached);
            if !reached && n > n_records {
                break;
            }
        }
        println!("{test}: {}: {swept} of {n_records} boundaries", operation.name);
        total += swept;
    }
    println!("{test}: {total} boundaries swept");
    // Of a parallel build the leader writes now more, now less; the rest is the same each time.
    assert!(total * 2 > tried, "only {total} of {tried} boundaries were met");
    sweep.finish();
}

type Outcome<T = ()> = Result<T, String>;

struct Sweep {
    cluster: Cluster,
    client: Client,
    stop: Stop,
    seed: u64,
    kills: usize,
}

impl Sweep {
    fn start(stop: Stop, seed: u64) -> Self {
        let cluster = Cluster::start_new(&[
            "autovacuum = off",
            // Replay compares every page with the one that was logged.
            "wal_consistency_checking = 'generic'",
            "maintenance_work_mem = 128MB",
            "max_parallel_maintenance_workers = 2",
        ]);
        let mut client = cluster.connect();
        client.batch_execute("CREATE EXTENSION pg_wand").unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
        client.batch_execute("LOAD 'pg_wand'").expect("LOAD");
        let armed = client.batch_execute("SHOW wand.crash_after_wal");
        assert!(armed.is_ok(), "this server's library lacks the feature `faults`: use scripts/integration.sh sweep");
        operations::make_corpus(&mut client, seed);
        Self { cluster, client, stop, seed, kills: 0 }
    }

    fn finish(self) {
        drop(self.client);
        self.cluster.finish_after_kills(self.kills);
    }

    fn run(&mut self, sql: &str) -> Outcome {
        self.client.batch_execute(sql).map_err(|e| format!("{}\nin: {sql}", oracle::describe(&e)))
    }

    fn prepare(&mut self, operation: &Operation) -> Outcome<BTreeSet<i64>> {
        operations::prepare(&mut self.client, operation)?;
        self.ids()
    }

    /// How many log records it takes, or how many pages in them.
    fn count(&mut self, operation: &Operation) -> Outcome<u32> {
        self.prepare(operation)?;
        let before = self.records()?;
        self.run(operation.run)?;
        Ok(self.records()? - before)
    }

    fn records(&mut self) -> Outcome<u32> {
        let counter = self.stop.counter();
        let row = self.client.query_one(&format!("SHOW {counter}"), &[]).map_err(|e| oracle::describe(&e))?;
        row.get::<_, String>(0).parse().map_err(|_| format!("{counter} is not a number"))
    }

    /// Stops the operation after record or page `n`, and looks at what is left. False if it has fewer.
    fn boundary(&mut self, operation: &Operation, n: u32) -> Outcome<bool> {
        // What is tried at a boundary follows from the seed and the boundary alone.
        let mut random = Random::new(self.seed ^ u64::from(n) << 32);
        let before = self.prepare(operation)?;
        let after: BTreeSet<i64> = before.iter().copied().chain(operation.adds.clone()).collect();
        if random.chance(0.5) {
            // Then recovery begins here: with pages on disk, and whole pages in the log.
            self.run("CHECKPOINT")?;
        }
        let reached = self.stop_after(operation, n)?;
        let left = match (reached, self.stop) {
            (false, _) => after.clone(),
            (true, Stop::Crash) if operation.unlogged => BTreeSet::new(),
            (true, _) => before,
        };
        let has_index = !reached || !operation.builds;
        self.verify(&left, has_index, &mut random).map_err(|e| format!("after the stop: {e}"))?;
        if reached {
            self.run(operation.run).map_err(|e| format!("again: {e}"))?;
            let whole = left.into_iter().chain(operation.adds.clone()).collect();
            self.verify(&whole, true, &mut random).map_err(|e| format!("run again: {e}"))?;
        }
        self.age(&mut random).map_err(|e| format!("later: {e}"))?;
        Ok(reached)
    }

    /// Whether the fault was met.
    fn stop_after(&mut self, operation: &Operation, n: u32) -> Outcome<bool> {
        let pid: i32 = self.client.query_one("SELECT pg_backend_pid()", &[]).map_err(|e| oracle::describe(&e))?.get(0);
        let setting = self.stop.setting();
        self.run(&format!("SET {setting} = {n}"))?;
        let result = self.client.batch_execute(operation.run);
        match (self.stop, result) {
            (_, Ok(())) => {
                self.run(&format!("SET {setting} = 0"))?;
                Ok(false)
            }
            (Stop::Error | Stop::ErrorWithin, Err(e)) if e.code().is_some_and(|code| code.code() == FAULT) => Ok(true),
            (Stop::Crash, Err(_)) if self.client.is_closed() => {
                self.kills += 1;
                self.client = self.cluster.connect_after_kill_of(pid.unsigned_abs());
                Ok(true)
            }
            (_, Err(e)) => Err(oracle::describe(&e)),
        }
    }

    fn ids(&mut self) -> Outcome<BTreeSet<i64>> {
        let rows = self.client.query("SELECT id FROM docs", &[]).map_err(|e| oracle::describe(&e))?;
        let ids: BTreeSet<i64> = rows.iter().map(|row| row.get(0)).collect();
        if ids.len() == rows.len() { Ok(ids) } else { Err("an id occurs twice".into()) }
    }

    /// Content, structure, answers.
    fn verify(&mut self, expected: &BTreeSet<i64>, has_index: bool, random: &mut Random) -> Outcome {
        let found = self.ids()?;
        if found != *expected {
            let lost: Vec<_> = expected.difference(&found).collect();
            let extra: Vec<_> = found.difference(expected).collect();
            return Err(format!("rows lost: {lost:?}; rows that must not be: {extra:?}"));
        }
        let changed = "SELECT count(*) FROM docs JOIN corpus ON corpus.id = docs.id % 10000
            WHERE docs.emb IS DISTINCT FROM corpus.emb";
        let changed: i64 = self.client.query_one(changed, &[]).map_err(|e| oracle::describe(&e))?.get(0);
        if changed != 0 {
            return Err(format!("{changed} rows hold something else"));
        }
        let sql = "SELECT to_regclass('docs_idx') IS NOT NULL";
        let is_there: bool = self.client.query_one(sql, &[]).map_err(|e| oracle::describe(&e))?.get(0);
        if is_there != has_index {
            return Err(format!("whether the index exists: {is_there}"));
        }
        if has_index { self.verify_index(random) } else { Ok(()) }
    }

    fn verify_index(&mut self, random: &mut Random) -> Outcome {
        let problems = oracle::check_index(&mut self.client, "docs_idx");
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        for profile in [Profile::Learned, Profile::Negative] {
            let q = corpus::literal(&corpus::query(profile, random));
            oracle::take_turns(&mut self.client, random.below(12))?;
            let sql = format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY emb <#> '{q}'");
            oracle::compare_limits(&mut self.client, &sql, "docs_idx", &[5], None)?;
        }
        Ok(())
    }

    /// After two VACUUMs no page belongs to nobody, and the index takes rows, deletions and VACUUMs as ever.
    fn age(&mut self, random: &mut Random) -> Outcome {
        for _ in 0..2 {
            self.run("SELECT pg_current_xact_id()")?;
            self.run("VACUUM (INDEX_CLEANUP ON) docs")?;
        }
        let sql = "SELECT orphaned_bytes FROM wand_info('docs_idx')";
        let orphaned: i64 = self.client.query_one(sql, &[]).map_err(|e| oracle::describe(&e))?.get(0);
        if orphaned != 0 {
            return Err(format!("two VACUUMs leave {} pages that belong to nobody", orphaned / 8192));
        }
        let first = random.below(300) as i64;
        let range = format!("id BETWEEN {first} AND {}", first + 70);
        self.run(&format!("DELETE FROM docs WHERE {range}"))?;
        self.run(&format!("INSERT INTO docs SELECT * FROM corpus WHERE {range}"))?;
        let ids = self.ids()?;
        self.verify(&ids, true, random)
    }
}

#[test]
fn a_crash_leaves_exactly_the_records_before_it() {
    let mut sweep = Sweep::start(Stop::Crash, seed());
    let operation = operations::all().into_iter().find(|o| o.name == "insert_new_tail").expect("the operation");
    for n in [1, 2, 7] {
        sweep.prepare(&operation).expect("prepared");
        let begin: String =
            sweep.client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).expect("LSN").get(0);
        assert_eq!(sweep.stop_after(&operation, n), Ok(true));
        let data = sweep.cluster.folder().join("data");
        let output = Command::new(format!("{}/pg_waldump", cluster::pg_config("--bindir")))
            .args(["--rmgr=Generic", "--start", &begin, "--path"])
            .arg(data.join("pg_wal"))
            .output()
            .expect("pg_waldump");
        // It ends where the log ends, with an error.
        let records = String::from_utf8_lossy(&output.stdout).lines().count();
        assert_eq!(records, n as usize, "{}", String::from_utf8_lossy(&output.stdout));
    }
    sweep.finish();
}
