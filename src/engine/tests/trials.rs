//! Very many seeded cases, shared out among threads.
//!
//! Case number n of a seed is always the same, whoever runs it. A failure prints the line that runs this case alone.
//! Nobody may take longer than [`PATIENCE`] for one case: an endless loop is a failure too.
//!
//! Sizes (environment): `SEED`; `PG_WAND_THREADS` (as many as there are processors); `PG_WAND_ONLY`, the number of the
//! only case to run. The number of cases is the caller's business.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{available_parallelism, scope, sleep};
use std::time::{Duration, Instant};

use crate::engine::random::Random;

/// The longest that a case may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(60);
/// Cases that a thread takes at a time.
const BATCH: u64 = 64;

/// What cases add up to.
pub trait Tally: Default + Send {
    /// Adds what another thread has counted.
    fn add(&mut self, other: Self);
}

impl Tally for () {
    fn add(&mut self, (): Self) {}
}

/// A number from the environment.
pub fn size(variable: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return default };
    text.trim().parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}"))
}

/// Runs `n` cases, each with a generator of its own. `command` runs the test.
pub fn run<T: Tally>(command: &str, n: u64, seed: u64, case: impl Fn(&mut Random, &mut T) + Sync) -> T {
    let seed = size("SEED", seed);
    let only = size("PG_WAND_ONLY", u64::MAX);
    let range = if only == u64::MAX { 0..n } else { only..only + 1 };
    let next = AtomicU64::new(range.start);
    let n_threads = size("PG_WAND_THREADS", available_parallelism().map_or(1, |n| n.get() as u64));
    // What each thread is at; a thread that has ended is at no case.
    let at: Vec<AtomicU64> = (0..n_threads).map(|_| AtomicU64::new(u64::MAX)).collect();
    let repeat = |no: u64| format!("SEED={seed} PG_WAND_ONLY={no} {command}");
    let worker = |at: &AtomicU64| {
        let mut tally = T::default();
        loop {
            let first = next.fetch_add(BATCH, Relaxed);
            for no in first..range.end.min(first.saturating_add(BATCH)) {
                at.store(no, Relaxed);
                let outcome = catch_unwind(AssertUnwindSafe(|| case(&mut Random::new(seed, no), &mut tally)));
                if let Err(panic) = outcome {
                    next.store(range.end, Relaxed);
                    at.store(u64::MAX, Relaxed);
                    println!("to repeat: {}", repeat(no));
                    resume_unwind(panic);
                }
            }
            if first >= range.end {
                at.store(u64::MAX, Relaxed);
                return tally;
            }
        }
    };
    scope(|scope| {
        let threads: Vec<_> = at.iter().map(|at| scope.spawn(move || worker(at))).collect();
        let (mut seen, mut since) = (vec![u64::MAX; at.len()], vec![Instant::now(); at.len()]);
        let (begin, mut said) = (Instant::now(), Instant::now());
        let mut nap = Duration::from_micros(200);
        while threads.iter().any(|thread| !thread.is_finished()) {
            sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(250));
            for ((at, seen), since) in at.iter().zip(&mut seen).zip(&mut since) {
                let now = at.load(Relaxed);
                if now == u64::MAX || now != *seen {
                    (*seen, *since) = (now, Instant::now());
                } else if since.elapsed() > PATIENCE {
                    println!("a case goes on and on; to repeat: {}", repeat(now));
                    std::process::abort();
                }
            }
            if said.elapsed() > PROGRESS {
                said = Instant::now();
                let done = next.load(Relaxed).min(range.end) - range.start;
                println!("{command}: {done} of {n} after {} s; SEED={seed}", begin.elapsed().as_secs());
            }
        }
        let mut sum = T::default();
        for thread in threads {
            match thread.join() {
                Ok(tally) => sum.add(tally),
                Err(panic) => resume_unwind(panic),
            }
        }
        sum
    })
}

/// The seed that [`run`] uses.
pub fn seed(default: u64) -> u64 {
    size("SEED", default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sum(u64, u64);

    impl Tally for Sum {
        fn add(&mut self, other: Self) {
            self.0 += other.0;
            self.1 = self.1.wrapping_add(other.1);
        }
    }

    #[test]
    fn every_case_is_run_once_whoever_runs_it() {
        let count = |rng: &mut Random, sum: &mut Sum| {
            sum.0 += 1;
            sum.1 = sum.1.wrapping_add(rng.next());
        };
        let all = run("scripts/unit.sh every_case", 1_000, 5, count);
        let mut expected = Sum::default();
        let seed = seed(5);
        (0..1_000).for_each(|no| count(&mut Random::new(seed, no), &mut expected));
        assert_eq!((all.0, all.1), (expected.0, expected.1));
    }

    #[test]
    fn a_failure_ends_the_run() {
        let failed = catch_unwind(|| {
            run("scripts/unit.sh a_failure", 1_000, 5, |rng, (): &mut ()| assert!(rng.below(100) != 7));
        });
        assert!(failed.is_err());
    }
}
