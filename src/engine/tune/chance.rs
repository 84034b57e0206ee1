//! Whether settings differ from a baseline by more than chance, all of them at once.
//!
//! The randomisation test of [`crate::engine::evaluate::statistics`], extended to many comparisons by the greatest
//! statistic (Westfall and Young 1993, single step): topics are swapped for all settings together, and a setting's p is
//! how often the *most* different of all settings is as different as it is. So the chance of even one false alarm among
//! all is at most p, as with Holm's correction. Holm's multiplies by the number of settings, which a sampled p of at
//! least 1/(resamples + 1) does not survive; here the number of settings costs nothing by itself, and that they
//! resemble one another, as the points of a grid do, is made use of.
//!
//! The statistic is |sum of d|/sqrt(sum of d^2), of the differences d. It grows with Student's t, and the root stays
//! the same whatever is swapped. Time is resamples x settings x topics.

use super::error::TuneError;
use super::values::Values;
use crate::engine::evaluate::error::reserved;
use crate::engine::random::Random;

/// Stream of random numbers.
const SWAPS: u64 = 4;
/// Statistics that are the same on paper differ by less.
const ROUNDING: f64 = 1e-9;
/// A root of squares below this is rounding: no difference.
const NO_DIFFERENCE: f64 = 1e-12;
/// Between two calls of `interrupts` are about so many multiplications.
const STEPS: usize = 1 << 15;

/// A baseline and how all settings differ from it.
struct Against<'a> {
    baseline: &'a [f64],
    /// Of each setting, the root of the sum of the squares of its differences.
    norms: Vec<f64>,
    /// Of each setting, the statistic.
    observed: Vec<f64>,
    /// Of each resample, the greatest statistic.
    greatest: Vec<f64>,
}

/// For each baseline, the p of each setting. If there are no more ways to swap than `resamples`, all are tried.
pub(super) fn probabilities<const N: usize>(
    values: &Values,
    baselines: [&[f64]; N],
    resamples: u32,
    seed: u64,
    interrupts: &mut dyn FnMut(),
) -> Result<[Vec<f64>; N], TuneError> {
    let n_topics = baselines.first().map_or(0, |baseline| baseline.len());
    let n_ways = u32::try_from(n_topics).ok().and_then(|n| 1u32.checked_shl(n)).filter(|&ways| ways <= resamples);
    let n_rounds = n_ways.unwrap_or(resamples);
    let mut against = Vec::new();
    for baseline in baselines {
        against.push(Against::new(values, baseline, n_rounds)?);
    }
    let mut random = Random::new(seed, SWAPS);
    let mut signs = reserved(n_topics)?;
    let mut steps = 0usize;
    for round in 0..n_rounds {
        signs.clear();
        while signs.len() < n_topics {
            let bits = if n_ways.is_some() { u64::from(round) } else { random.next() };
            let n = n_topics.saturating_sub(signs.len()).min(64);
            signs.extend((0..n).map(|bit| if bits >> bit & 1 == 1 { -1.0 } else { 1.0 }));
        }
        let mut greatest = [0.0f64; N];
        let mut bases = [0.0f64; N];
        for (base, against) in bases.iter_mut().zip(&against) {
            *base = dot(&signs, against.baseline);
        }
        for (id, row) in values.rows().enumerate() {
            let sum = dot(&signs, row);
            for ((greatest, base), against) in greatest.iter_mut().zip(bases).zip(&against) {
                *greatest = greatest.max(against.statistic(id, sum - base));
            }
            steps = steps.saturating_add(n_topics);
            if steps >= STEPS {
                steps = 0;
                interrupts();
            }
        }
        for (greatest, against) in greatest.into_iter().zip(&mut against) {
            against.greatest.push(greatest);
        }
    }
    let mut results = [const { Vec::new() }; N];
    for (result, against) in results.iter_mut().zip(against) {
        *result = against.finish(n_ways.is_some())?;
    }
    Ok(results)
}

impl<'a> Against<'a> {
    fn new(values: &Values, baseline: &'a [f64], n_rounds: u32) -> Result<Self, TuneError> {
        let n_settings = values.rows().len();
        let greatest = reserved(usize::try_from(n_rounds).unwrap_or(usize::MAX))?;
        let (norms, observed) = (reserved(n_settings)?, reserved(n_settings)?);
        let mut against = Self { baseline, norms, observed, greatest };
        for (id, row) in values.rows().enumerate() {
            let differences = || row.iter().zip(baseline).map(|(value, base)| value - base);
            let norm = differences().map(|difference| difference * difference).sum::<f64>().sqrt();
            against.norms.push(norm);
            let observed = against.statistic(id, differences().sum());
            against.observed.push(observed);
        }
        Ok(against)
    }

    fn statistic(&self, id: usize, sum: f64) -> f64 {
        match self.norms.get(id) {
            Some(&norm) if norm > NO_DIFFERENCE => sum.abs() / norm,
            _ => 0.0,
        }
    }

    fn finish(mut self, is_exact: bool) -> Result<Vec<f64>, TuneError> {
        self.greatest.sort_unstable_by(f64::total_cmp);
        let n = self.greatest.len();
        // Not counting itself where all ways were tried: it is one of them.
        let extra = usize::from(!is_exact);
        let mut probabilities = reserved(self.observed.len())?;
        for &observed in &self.observed {
            let below = self.greatest.partition_point(|&greatest| greatest < observed - ROUNDING);
            probabilities.push(share(n.saturating_sub(below).saturating_add(extra), n.saturating_add(extra)));
        }
        Ok(probabilities)
    }
}

/// Four sums side by side, so that the processor need not wait for one addition to begin the next.
fn dot(signs: &[f64], values: &[f64]) -> f64 {
    let mut sums = [0.0f64; 4];
    let (sign_parts, value_parts) = (signs.chunks_exact(4), values.chunks_exact(4));
    let rest: f64 = sign_parts.remainder().iter().zip(value_parts.remainder()).map(|(sign, value)| sign * value).sum();
    for (signs, values) in sign_parts.zip(value_parts) {
        for ((sum, sign), value) in sums.iter_mut().zip(signs).zip(values) {
            *sum += sign * value;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[expect(clippy::cast_precision_loss, reason = "both are at most the number of resamples and one")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
