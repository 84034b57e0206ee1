//! Statements that were stopped, and how long that may take.

use std::collections::BTreeMap;
use std::time::Duration;

/// For 99 in 100.
pub const MOST_99: Duration = Duration::from_millis(100);
/// For all.
pub const MOST: Duration = Duration::from_secs(1);
/// What is not ours.
pub const CONTROL: &str = "PostgreSQL's own";

/// What tells it to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Cancel,
    Timeout,
    Terminate,
    Loss,
}

/// A statement that was stopped.
pub struct Stop {
    pub name: String,
    pub how: How,
    pub took: Duration,
}

/// The greatest of a hundred but one, and the greatest.
fn greatest(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    (times.get(at).copied().unwrap_or_default(), times.last().copied().unwrap_or_default())
}

/// Prints what the statements took, and fails if it is too much.
pub fn assert_quick(stops: &[Stop], rounds: usize, seed: u64, whole: bool) {
    let (control, ours): (Vec<&Stop>, Vec<&Stop>) = stops.iter().partition(|stop| stop.name == CONTROL);
    let mut by_name: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    ours.iter().for_each(|stop| by_name.entry(&stop.name).or_default().push(stop.took));
    for (name, times) in &mut by_name {
        let (n, (most_99, most)) = (times.len(), greatest(times));
        println!("{name}: {n} stopped, at most {} ms, 99 % in {} ms", most.as_millis(), most_99.as_millis());
    }
    let times = |stops: &[&Stop]| greatest(&mut stops.iter().map(|stop| stop.took).collect::<Vec<_>>());
    let ((own_99, own), (most_99, most)) = (times(&control), times(&ours));
    let of = |how| ours.iter().filter(|stop| stop.how == how).count();
    println!(
        "cancel: {rounds} rounds, {} stopped ({} cancelled, {} timed out, {} terminated, {} lost), of {} statements; \
         99 % in {} ms, at most {} ms (PostgreSQL's own: {} and {} ms); SEED={seed}",
        ours.len(),
        of(How::Cancel),
        of(How::Timeout),
        of(How::Terminate),
        of(How::Loss),
        by_name.len(),
        most_99.as_millis(),
        most.as_millis(),
        own_99.as_millis(),
        own.as_millis()
    );
    assert!(!whole || ours.len() * 2 > rounds, "too few statements were stopped");
    assert!(most_99 <= MOST_99 + own_99, "99 in 100 take {most_99:?}, SEED={seed}");
    assert!(most <= MOST + own, "one took {most:?}, SEED={seed}");
}
