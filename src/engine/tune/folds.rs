//! Cross-validation: for each part of the topics, the setting that is best on the others.

use super::error::TuneError;
use super::values::Values;
use crate::engine::evaluate::error::reserved;
use crate::engine::random::Random;

/// Stream of random numbers.
const SHUFFLE: u64 = 3;

/// For each topic the fold it is in: topics are shuffled and dealt out in turn, so folds differ by one topic at most.
pub(super) fn deal(n_topics: usize, n_folds: usize, seed: u64) -> Result<Vec<usize>, TuneError> {
    let mut folds = reserved(n_topics)?;
    folds.extend((0..n_topics).map(|at| at.checked_rem(n_folds).unwrap_or(0)));
    let mut random = Random::new(seed, SHUFFLE);
    // Fisher and Yates: each from the end changes places with one that is not after it.
    for last in (1..n_topics).rev() {
        folds.swap(last, random.below(last.saturating_add(1)));
    }
    Ok(folds)
}

/// For each fold the setting with the greatest sum over all other folds; of equal ones the first.
pub(super) fn choose(values: &Values, folds: &[usize], n_folds: usize) -> Result<Vec<usize>, TuneError> {
    let mut best: Vec<(f64, usize)> = reserved(n_folds)?;
    best.resize(n_folds, (f64::NEG_INFINITY, 0));
    let mut sums: Vec<f64> = reserved(n_folds)?;
    for (id, row) in values.rows().enumerate() {
        sums.clear();
        sums.resize(n_folds, 0.0);
        for (value, &fold) in row.iter().zip(folds) {
            if let Some(sum) = sums.get_mut(fold) {
                *sum += value;
            }
        }
        for (fold, best) in best.iter_mut().enumerate() {
            // Not by subtraction: settings with the same values must have the same sums.
            let others = sums.iter().enumerate().filter(|other| other.0 != fold).map(|other| other.1);
            let sum = others.sum::<f64>();
            if sum > best.0 {
                *best = (sum, id);
            }
        }
    }
    let mut chosen = reserved(n_folds)?;
    chosen.extend(best.into_iter().map(|best| best.1));
    Ok(chosen)
}

/// Each topic's value with the setting that was chosen without it.
pub(super) fn held_out(values: &Values, folds: &[usize], chosen: &[usize]) -> Result<Vec<f64>, TuneError> {
    let mut held_out = reserved(folds.len())?;
    held_out.extend(folds.iter().enumerate().map(|(topic, &fold)| {
        let setting = chosen.get(fold).copied().unwrap_or(0);
        values.row(setting).get(topic).copied().unwrap_or(0.0)
    }));
    Ok(held_out)
}
