//! What a mean over topics is worth: intervals, and whether two runs differ by more than chance.
//!
//! - [`bootstrap`]: the percentile interval (Efron 1979). `resamples` times as many values as there are are drawn from
//!   them with replacement; the interval holds the middle `level` of their means, its ends interpolated between two
//!   neighbours (the definition that R calls type 7 and numpy linear). With few topics it is too narrow, as every
//!   bootstrap of a mean is: with ten, a 95 % interval holds the truth about nine times of ten.
//! - [`compare`]: two runs over the same topics, by the differences of their values. The interval is the bootstrap's of
//!   the mean difference. `t` is Student's, two-sided, mean difference / (sd/sqrt(n)) with n - 1 degrees of freedom;
//!   there is none for fewer than two topics, nor where all differences are the same. The randomisation test (Fisher
//!   1935; for retrieval Smucker, Allan and Carterette 2007) asks how often the mean difference would be at least as
//!   far from 0 if each topic's two values were swapped by the toss of a coin. Up to 16 topics with a difference, all
//!   ways to swap are tried and the answer is exact; beyond, `resamples` random ones are, and p is (b + 1)/(resamples +
//!   1) for b of them at least as far, which is never 0 and never too small on average (Phipson and Smyth 2010).
//! - [`holm`]: of several comparisons some look significant by chance; Holm's step-down correction (1979) makes the
//!   chance of even one false alarm at most what is said.
//!
//! Time is resamples x topics, memory 8 bytes a resample. The same seed gives the same numbers.

use super::error::{EvaluationError, reserved};
use super::metric::count;
use super::student;
use crate::engine::pace::Pace;
use crate::engine::random::Random;

/// A mean and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean; 0 if there are no values.
    pub mean: f64,
    /// Lower end; the mean if there are fewer than two values.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Number of values.
    pub n: u64,
}

/// Run `a` beside run `b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Number of topics.
    pub n: u64,
    /// Mean of the first run.
    pub mean_a: f64,
    /// Mean of the second.
    pub mean_b: f64,
    /// Mean of a - b.
    pub difference: f64,
    /// Lower end of the difference's interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Student's t of the paired values.
    pub t: Option<f64>,
    /// Its two-sided probability.
    pub p_t: Option<f64>,
    /// That of the randomisation test; 1 if there is no difference.
    pub p_randomisation: f64,
    /// Topics at which a is greater.
    pub wins: u64,
    /// Topics at which both are equal.
    pub ties: u64,
    /// Topics at which b is greater.
    pub losses: u64,
}

/// Up to here all 2^n ways to swap are tried.
const MAX_EXACT: usize = 16;
/// Squares of greater values, summed, might not be finite.
const MAX_VALUE: f64 = 1e100;
/// Streams of random numbers.
const DRAWS: u64 = 1;
const SWAPS: u64 = 2;

/// The mean of the values and the interval that holds it with the given confidence, by `resamples` from 100 to a
/// million.
pub fn bootstrap(
    values: &[f64],
    level: f64,
    resamples: u32,
    seed: u64,
    interrupts: &mut dyn FnMut(),
) -> Result<Interval, EvaluationError> {
    check_settings(level, resamples)?;
    check_values(values)?;
    interval(values, level, resamples, seed, interrupts)
}

/// The same for settings and values that have been checked.
fn interval(
    values: &[f64],
    level: f64,
    resamples: u32,
    seed: u64,
    interrupts: &mut dyn FnMut(),
) -> Result<Interval, EvaluationError> {
    let mean = mean(values);
    let n = number(values.len());
    if values.len() < 2 {
        return Ok(Interval { mean, low: mean, high: mean, n });
    }
    let mut random = Random::new(seed, DRAWS);
    let mut pace = Pace::new(interrupts);
    let resamples = usize::try_from(resamples).unwrap_or(usize::MAX);
    let mut means = reserved(resamples)?;
    for _ in 0..resamples {
        let draws = (0..values.len()).map(|_| values.get(random.below(values.len())).copied().unwrap_or(mean));
        means.push(draws.sum::<f64>() / count(values.len()));
        pace.step(values.len());
    }
    means.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Ok(Interval { mean, low: quantile(&means, tail), high: quantile(&means, 1.0 - tail), n })
}

/// Both runs over the same topics, in the same order.
pub fn compare(
    a: &[f64],
    b: &[f64],
    level: f64,
    resamples: u32,
    seed: u64,
    interrupts: &mut dyn FnMut(),
) -> Result<Comparison, EvaluationError> {
    if a.len() != b.len() {
        return Err(EvaluationError::DifferentLengths { a: a.len(), b: b.len() });
    }
    check_settings(level, resamples)?;
    check_values(a)?;
    check_values(b)?;
    let mut differences = reserved(a.len())?;
    differences.extend(a.iter().zip(b).map(|(a, b)| a - b));
    let interval = interval(&differences, level, resamples, seed, interrupts)?;
    let t = student_t(&differences);
    differences.retain(|difference| *difference != 0.0);
    let n_wins = number(differences.iter().filter(|difference| **difference > 0.0).count());
    let n_unequal = number(differences.len());
    Ok(Comparison {
        n: interval.n,
        mean_a: mean(a),
        mean_b: mean(b),
        difference: interval.mean,
        low: interval.low,
        high: interval.high,
        t,
        p_t: t.map(|t| student::two_sided(t, interval.n.saturating_sub(1))),
        p_randomisation: randomisation(&differences, resamples, seed, interrupts),
        wins: n_wins,
        ties: interval.n.saturating_sub(n_unequal),
        losses: n_unequal.saturating_sub(n_wins),
    })
}

/// The probabilities after Holm's correction, in the order given: the i-th smallest of m is multiplied by m - i + 1,
/// and none is below one that was smaller before.
pub fn holm(probabilities: &[f64]) -> Result<Vec<f64>, EvaluationError> {
    let mut order = reserved(probabilities.len())?;
    order.extend(probabilities.iter().copied().enumerate());
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut corrected = reserved(probabilities.len())?;
    corrected.resize(probabilities.len(), 1.0);
    let mut greatest = 0.0f64;
    for (n_before, (at, p)) in order.into_iter().enumerate() {
        let factor = count(probabilities.len().saturating_sub(n_before));
        greatest = greatest.max((p * factor).min(1.0));
        if let Some(slot) = corrected.get_mut(at) {
            *slot = greatest;
        }
    }
    Ok(corrected)
}

/// Two-sided, for differences that are not 0.
fn randomisation(differences: &[f64], resamples: u32, seed: u64, interrupts: &mut dyn FnMut()) -> f64 {
    let n = differences.len();
    if n == 0 {
        return 1.0;
    }
    let observed = differences.iter().sum::<f64>().abs();
    // Sums that are the same on paper differ by rounding, at most by this.
    let rounding = differences.iter().map(|difference| difference.abs()).sum::<f64>() * count(n) * f64::EPSILON;
    let is_as_far = |sum: f64| sum.abs() >= observed - rounding;
    let mut pace = Pace::new(interrupts);
    if n <= MAX_EXACT {
        let ways = 1u64 << n;
        let mut as_far = 0u64;
        for swaps in 0..ways {
            as_far += u64::from(is_as_far(swapped_sum(differences, || swaps)));
            pace.step(n);
        }
        return share(as_far, ways);
    }
    let mut random = Random::new(seed, SWAPS);
    let mut as_far = 0u64;
    for _ in 0..resamples {
        as_far += u64::from(is_as_far(swapped_sum(differences, || random.next())));
        pace.step(n);
    }
    share(as_far.saturating_add(1), u64::from(resamples).saturating_add(1))
}

/// The sum after those differences have changed their sign whose bits are set; every 64 have a word of bits.
fn swapped_sum(differences: &[f64], mut word: impl FnMut() -> u64) -> f64 {
    let mut sum = 0.0;
    for part in differences.chunks(64) {
        let mut bits = word();
        for difference in part {
            // The sign is the highest bit.
            sum += f64::from_bits(difference.to_bits() ^ ((bits & 1) << 63));
            bits >>= 1;
        }
    }
    sum
}

/// The paired t, where there is one.
fn student_t(differences: &[f64]) -> Option<f64> {
    let first = *differences.first()?;
    if differences.iter().all(|&difference| difference == first) {
        return None;
    }
    let (n, mean) = (count(differences.len()), mean(differences));
    let squares: f64 = differences.iter().map(|difference| (difference - mean) * (difference - mean)).sum();
    let t = mean / (squares / (n - 1.0) / n).sqrt();
    t.is_finite().then_some(t)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len().max(1))
}

/// Of a sorted list that is not empty.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = share * count(last);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a million")]
    let at = place.floor() as usize;
    let low = sorted.get(at.min(last)).copied().unwrap_or_default();
    let high = sorted.get(at.saturating_add(1).min(last)).copied().unwrap_or_default();
    low + (high - low) * (place - place.floor())
}

fn check_settings(level: f64, resamples: u32) -> Result<(), EvaluationError> {
    let bad = |argument, value, range| Err(EvaluationError::ArgumentOutOfRange { argument, value, range });
    if !(level > 0.0 && level < 1.0) {
        return bad("level", level.to_string(), "Give a number between 0 and 1, such as 0.95.");
    }
    if !(100..=1_000_000).contains(&resamples) {
        return bad("resamples", resamples.to_string(), "Give a number from 100 to 1000000.");
    }
    Ok(())
}

fn check_values(values: &[f64]) -> Result<(), EvaluationError> {
    match values.iter().position(|value| value.is_nan() || value.abs() > MAX_VALUE) {
        Some(at) => Err(EvaluationError::BadValue { element: at.saturating_add(1) }),
        None => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most a million and one")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
