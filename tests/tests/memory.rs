//! When memory runs out a statement ends with an ERROR of class 53 (out of memory), or goes on with what is kept for
//! need; no process ends, the session goes on, the index is sound, and the statement run again succeeds.
//!
//! - `statements`, `operations`: each allocation of 4 kB or more fails once, one after another; and all from the nth of
//!   any size on. Everything that reads an index or computes (`tests/src/statements.rs`) and everything that changes one
//!   (`tests/src/operations.rs`). They need a library built with the feature `faults`: `scripts/integration.sh memory`
//!   runs them with a private copy of the server that has one.
//! - `address_space`: the same in a process whose address space is limited, in steps.
//!
//! Others' code (JSON, tokenizers, bitmaps) allocates without asking; what it may take is asked for beforehand, and the
//! library counts that it takes no more.
//!
//! Sizes: MEMORY_POINTS (10 of each statement and way, chosen by SEED if it has more; at full size 1,000), MEMORY_STEPS
//! (0 by chance beside eight fixed steps; at full size 40).
//! MEMORY_ONLY=scan_bounds takes one statement or operation, MEMORY_ONLY=scan_bounds:one:17 one point of it.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::operations::{self, Operation};
use pg_wand_tests::random::Random;
use pg_wand_tests::scarcity::{End, Fails, Session};
use pg_wand_tests::statements::{self, Statement};
use pg_wand_tests::{begin, one_at_a_time, oracle, size};
use std::collections::BTreeSet;

const WAYS: [Fails; 2] = [Fails::One, Fails::AllFrom];

/// What happened, for the summary.
#[derive(Default)]
struct Count {
    points: usize,
    refused: usize,
    went_on: usize,
}

/// What is asked for by MEMORY_ONLY.
struct Only {
    name: String,
    point: Option<(String, u32)>,
}

impl Only {
    fn from_environment() -> Option<Self> {
        let only = std::env::var("MEMORY_ONLY").ok().filter(|only| !only.is_empty())?;
        let mut parts = only.splitn(3, ':').map(str::to_owned);
        let name = parts.next().expect("a name");
        let point = parts.next().map(|way| (way, parts.next().and_then(|n| n.parse().ok()).unwrap_or(0)));
        Some(Self { name, point })
    }
}

/// Which allocations fail, of so many.
fn points(only: Option<&Only>, way: Fails, n: u32, most: usize, random: &mut Random) -> Vec<u32> {
    match only.and_then(|only| only.point.as_ref()) {
        Some((name, _)) if name != way.name() => Vec::new(),
        Some((_, point)) if *point > 0 => vec![*point],
        _ if n as usize <= most => (1..=n).collect(),
        _ => {
            let mut chosen = BTreeSet::from([1]);
            while chosen.len() < most {
                chosen.insert(1 + random.below(n as usize) as u32);
            }
            chosen.into_iter().collect()
        }
    }
}

fn start(settings: &[&str]) -> Session {
    let common = ["autovacuum = off", "max_parallel_maintenance_workers = 2", "maintenance_work_mem = 64MB"];
    let mut session = Session::new(Cluster::start_new(&[&common, settings].concat()));
    assert!(session.is_armed(), "this server's library lacks the feature `faults`: use scripts/integration.sh memory");
    session
}

/// Failures are collected, so that one run shows all of them.
#[derive(Default)]
struct Report {
    count: Count,
    failures: Vec<String>,
}

impl Report {
    /// False if something is wrong.
    fn note(&mut self, context: &str, end: &End, trace: impl FnOnce() -> String) -> bool {
        self.count.points += 1;
        let problem = match end {
            End::Refused => {
                self.count.refused += 1;
                return true;
            }
            End::Done(_) => {
                self.count.went_on += 1;
                return true;
            }
            End::Wrong(error) => error.clone(),
            End::Died => format!("the process ended\n{}", trace()),
        };
        self.fail(context, &problem);
        false
    }

    fn fail(&mut self, context: &str, problem: &str) {
        println!("FAILED {context}: {problem}");
        self.failures.push(format!("{context}: {problem}"));
    }

    fn finish(self, test: &str, session: Session, seed: u64) {
        let Count { points, refused, went_on } = self.count;
        println!("memory {test}: {points} allocations failed: {refused} errors, {went_on} went on; SEED={seed}");
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
        assert!(refused > 0, "nothing was refused: the test has not tested anything");
        let Session { cluster, client, .. } = session;
        drop(client);
        cluster.finish();
    }
}

#[test]
fn statements() {
    let _alone = one_at_a_time();
    let most = size("MEMORY_POINTS", 10);
    let seed = begin("memory", &[("MEMORY_POINTS", most)]);
    let only = Only::from_environment();
    let mut session = start(&[]);
    statements::make(&session.cluster, &mut session.client, seed);
    let mut report = Report::default();
    for statement in statements::all(seed).iter().filter(|s| only.as_ref().is_none_or(|only| only.name == s.name)) {
        for way in WAYS {
            statement_fails(&mut session, statement, way, only.as_ref(), most, seed, &mut report);
        }
    }
    let problems = oracle::check_index(&mut session.client, "docs_idx");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let mut show =
        |name| -> String { session.client.query_one(&format!("SHOW {name}"), &[]).expect("a number").get(0) };
    assert_eq!(show("wand.room_exceeded"), "0", "others took more memory than was announced");
    println!("of what was announced {} per cent were taken at most", show("wand.room_share"));
    report.finish("statements", session, seed);
}

fn statement_fails(
    session: &mut Session,
    statement: &Statement,
    way: Fails,
    only: Option<&Only>,
    most: usize,
    seed: u64,
    report: &mut Report,
) {
    let name = statement.name;
    let prepare = |session: &mut Session| session.run(&format!("RESET ALL; {}", statement.before));
    prepare(session);
    let run = |session: &mut Session, n| session.attempt(&statement.sql, way, n);
    // The first run is what the session remembers afterwards; the second is counted, and then stopped.
    let first = run(session, 0);
    let (End::Done(_), End::Done(n)) = (&first, run(session, 0)) else {
        report.fail(name, &format!("does not run: {first:?}"));
        return;
    };
    let begun = std::time::Instant::now();
    let mut random = Random::new(seed);
    for point in points(only, way, n, most, &mut random) {
        let context = format!("SEED={seed} MEMORY_ONLY={name}:{}:{point} scripts/integration.sh memory", way.name());
        let end = run(session, point);
        let fine = report.note(&context, &end, || {
            prepare(session);
            run(session, 0);
            session.trace();
            run(session, point);
            session.traced()
        });
        if !fine {
            prepare(session);
            break;
        }
    }
    match run(session, 0) {
        End::Done(_) => println!("{name}, {}: {n} allocations, {:?}", way.name(), begun.elapsed()),
        end => report.fail(name, &format!("afterwards: {end:?}")),
    }
}

#[test]
fn operations() {
    let _alone = one_at_a_time();
    let most = size("MEMORY_POINTS", 10);
    let seed = begin("memory", &[("MEMORY_POINTS", most)]);
    let only = Only::from_environment();
    let mut session = start(&[]);
    operations::make_corpus(&mut session.client, seed);
    let mut report = Report::default();
    for operation in operations::all().iter().filter(|o| only.as_ref().is_none_or(|only| only.name == o.name)) {
        for way in WAYS {
            operation_fails(&mut session, operation, way, only.as_ref(), most, seed, &mut report);
        }
    }
    report.finish("operations", session, seed);
}

fn operation_fails(
    session: &mut Session,
    operation: &Operation,
    way: Fails,
    only: Option<&Only>,
    most: usize,
    seed: u64,
    report: &mut Report,
) {
    let name = operation.name;
    let prepare = |session: &mut Session| {
        operations::prepare(&mut session.client, operation).unwrap_or_else(|e| panic!("{name}: {e}"));
    };
    prepare(session);
    let End::Done(n) = session.attempt(operation.run, way, 0) else {
        report.fail(name, "does not run");
        return;
    };
    let mut random = Random::new(seed);
    for point in points(only, way, n, most, &mut random) {
        let context = format!("SEED={seed} MEMORY_ONLY={name}:{}:{point} scripts/integration.sh memory", way.name());
        prepare(session);
        let end = session.attempt(operation.run, way, point);
        let fine = report.note(&context, &end, || {
            prepare(session);
            session.trace();
            session.attempt(operation.run, way, point);
            session.traced()
        });
        if !fine {
            break;
        }
        if let Err(problem) = operations::goes_on(&mut session.client, operation, end == End::Refused) {
            report.fail(&context, &problem);
            break;
        }
    }
    println!("{name}, {}: {n} allocations", way.name());
}

/// What a process may have of address space beyond what it has: the same steps each time, and so many by chance.
fn steps(random: &mut Random) -> Vec<u64> {
    let mut steps = vec![0, 64 << 10, 512 << 10, 1 << 20, 3 << 20, 3_520_000, 16 << 20, 128 << 20];
    steps.extend((0..size("MEMORY_STEPS", 0)).map(|_| (random.below(1 << 10) as u64) << random.below(17)));
    steps
}

/// A session that may have so much more, and whether a statement succeeds in it.
fn limited(session: &mut Session, before: &str, sql: &str, step: u64) -> Result<bool, String> {
    // A new process, whose heap has no room left over; it has run our code once.
    session.reconnect();
    session.run(before);
    session.run("SELECT '{1:1}'::svec <#> '{1:1}'");
    assert!(session.limit_address_space(Some(step)), "prlimit does not work here");
    let result = session.client.batch_execute(sql);
    if let Err(e) = &result
        && !e.code().is_some_and(|code| code.code().starts_with("53"))
    {
        return Err(format!("{}\n{}", oracle::describe(e), session.cluster_log()));
    }
    assert!(session.limit_address_space(None));
    session.run("SELECT 1");
    Ok(result.is_ok())
}

#[test]
fn address_space() {
    let _alone = one_at_a_time();
    let seed = begin("memory", &[("MEMORY_STEPS", size("MEMORY_STEPS", 0))]);
    let only = Only::from_environment();
    let mut random = Random::new(seed);
    let mut session = start(&[]);
    statements::make(&session.cluster, &mut session.client, seed);
    operations::make_corpus(&mut session.client, seed);
    let (mut refused, mut done) = (0, 0);
    let context = |name: &str, step: u64| format!("SEED={seed} MEMORY_ONLY={name}, {step} bytes more");
    for statement in statements::all(seed).iter().filter(|s| only.as_ref().is_none_or(|only| only.name == s.name)) {
        for step in steps(&mut random) {
            let fine = limited(&mut session, statement.before, &statement.sql, step);
            match fine.unwrap_or_else(|e| panic!("{}: {e}", context(statement.name, step))) {
                true => done += 1,
                false => refused += 1,
            }
        }
    }
    session.run("DROP TABLE docs");
    for operation in operations::plain().iter().filter(|o| only.as_ref().is_none_or(|only| only.name == o.name)) {
        for step in steps(&mut random) {
            let context = context(operation.name, step);
            session.reconnect();
            operations::prepare(&mut session.client, operation).unwrap_or_else(|e| panic!("{context}: {e}"));
            let fine = limited(&mut session, "", operation.run, step).unwrap_or_else(|e| panic!("{context}: {e}"));
            operations::goes_on(&mut session.client, operation, !fine).unwrap_or_else(|e| panic!("{context}: {e}"));
            match fine {
                true => done += 1,
                false => refused += 1,
            }
        }
    }
    println!("memory address_space: {refused} refused, {done} done; SEED={seed}");
    assert!(refused > 0 && done > 0 || only.is_some(), "the limits are of no use");
    let Session { cluster, client, .. } = session;
    drop(client);
    cluster.finish();
}
