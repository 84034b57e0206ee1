//! Which fusion is best for these lists, and is it better than none?
//!
//! [`tune`] fuses the lists of judged topics with every setting of a [`Grid`] and measures each ([`values`]). A row for
//! each setting says how good it is, best first; one more row says what may be expected of tuning ([`folds`]);
//! [`chance`] tells both from luck.
//!
//! # What to quote
//!
//! The best of many settings looks better than it is, for luck was part of what made it the best; so its mean and its
//! interval, over the very topics that chose it, flatter. The row to quote is [`Tuning::cross_validated`]: topics are
//! divided at random into folds, for each fold the setting that is best on all *other* topics is measured on it, and
//! the row is about those values. It estimates what this way of choosing is worth on new topics. What to use is the
//! first of [`Tuning::settings`], chosen with all topics; that many folds chose it too is a good sign. That folds
//! choose differently says that several settings are about as good.
//!
//! Still, it is an estimate for topics like these, of this collection, from these lists; and its folds learned from one
//! another's topics, which its interval and its p do not know.
//!
//! # Two baselines
//!
//! Both are always measured, whatever the grid: the *best single list*, for fusion may not be worth its while, and
//! *RRF with k 60*, for tuning may not be. The best list is the best over all topics: chosen with the knowledge that
//! the cross-validated row is denied, so the comparison errs on the side of the list.
//!
//! A difference is significant if it is positive and its two-sided p is below 0.05. For the cross-validated row p is
//! that of the randomisation test, one question. For a setting it is the chance that *any* of all the settings tried
//! would differ so much if none were different ([`chance`]), so no further correction is due.
//!
//! # Cost
//!
//! Topics x settings fusions of the lists' length, then resamples (2,000) x settings x topics additions. Memory is 8
//! bytes for each setting and topic.

pub mod chance;
pub mod error;
pub mod folds;
pub mod grid;
pub mod values;

#[cfg(test)]
mod tests;

pub use error::TuneError;
pub use grid::{Grid, Setting};

use values::Values;

use super::evaluate::error::reserved;
use super::evaluate::{Comparison, Interval, Metric, bootstrap, compare};
use super::fusion::{List, Settings};

/// A judged topic and what was found for it.
#[derive(Clone, Debug)]
pub struct TuneTopic<'a> {
    /// As `fuse` takes them; every topic has the same lists in the same order.
    pub lists: Vec<List<'a>>,
    /// Items are numbered below this.
    pub n_items: u32,
    /// Of each item, the grade; `None`: not judged.
    pub grades: Vec<Option<i32>>,
    /// The grades of all judged documents of the topic, found or not.
    pub all_grades: Vec<i32>,
}

/// How much better than a baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Of the means.
    pub difference: f64,
    /// Two-sided: how likely so great a difference is by luck.
    pub p: f64,
    /// Better, and p below 0.05.
    pub is_significant: bool,
}

/// What a setting, or the way of choosing one, is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// `None`: chosen anew for each fold.
    pub setting: Option<Setting>,
    /// Mean over all topics, with the interval of the bootstrap at a level of 0.95.
    pub interval: Interval,
    /// Beside the best list by itself.
    pub over_best_list: Gain,
    /// Beside reciprocal rank fusion with k 60.
    pub over_rrf: Gain,
    /// Folds that chose this setting; of the row for all, how many there are.
    pub n_folds: u32,
}

/// All that was found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// What choosing by cross-validation is worth: the row to quote.
    pub cross_validated: Tuned,
    /// All settings, best first; of equal ones the first of the grid.
    pub settings: Vec<Tuned>,
    /// Which list is best by itself, from 0.
    pub best_list: usize,
    /// Its mean.
    pub best_list_mean: f64,
    /// The mean of reciprocal rank fusion with k 60.
    pub rrf_mean: f64,
}

/// Of intervals and tests.
const LEVEL: f64 = 0.95;
const RESAMPLES: u32 = 2_000;
/// Below this p a difference is significant.
const ALPHA: f64 = 0.05;
const MAX_FOLDS: u32 = 1_000;

/// Tries every setting of the grid on all topics. If there are fewer topics than `folds` (from 2 to 1,000), each is a
/// fold. Settings that read scores are left out where a list has none.
pub fn tune(
    topics: &[TuneTopic<'_>],
    metric: &Metric,
    grid: &Grid,
    folds: u32,
    seed: u64,
    interrupts: &mut dyn FnMut(),
) -> Result<Tuning, TuneError> {
    let n_lists = check(topics, folds)?;
    let (names, settings) = applicable(topics, grid, n_lists)?;
    let values = Values::measure(topics, &settings, metric, interrupts)?;

    let (best_list, single) = best_list(topics, n_lists, metric)?;
    let rrf = Setting { method: "rrf".into(), k: Some(60.0), ..Setting::default() };
    let rrf = [rrf.checked(n_lists).map_err(TuneError::Setting)?];
    let rrf = Values::measure(topics, &rrf, metric, interrupts)?;
    let baselines = [single.as_slice(), rrf.row(0)];

    let n_folds = usize::try_from(folds).unwrap_or(usize::MAX).min(topics.len());
    let dealt = folds::deal(topics.len(), n_folds, seed)?;
    let chosen = folds::choose(&values, &dealt, n_folds)?;
    let held_out = folds::held_out(&values, &dealt, &chosen)?;
    let [over_list, over_rrf] = [
        compare(&held_out, baselines[0], LEVEL, RESAMPLES, seed, interrupts)?,
        compare(&held_out, baselines[1], LEVEL, RESAMPLES, seed, interrupts)?,
    ];
    let cross_validated = Tuned {
        setting: None,
        interval: bootstrap(&held_out, LEVEL, RESAMPLES, seed, interrupts)?,
        over_best_list: of_comparison(&over_list),
        over_rrf: of_comparison(&over_rrf),
        n_folds: u32::try_from(n_folds).unwrap_or(u32::MAX),
    };

    let [p_list, p_rrf] = chance::probabilities(&values, baselines, RESAMPLES, seed, interrupts)?;
    let [list_mean, rrf_mean] = baselines.map(mean);
    let mut rows = reserved(names.len())?;
    for ((((id, name), values), p_list), p_rrf) in
        names.into_iter().enumerate().zip(values.rows()).zip(p_list).zip(p_rrf)
    {
        let interval = bootstrap(values, LEVEL, RESAMPLES, seed, interrupts)?;
        let n_folds = chosen.iter().filter(|&&chosen| chosen == id).count();
        rows.push(Tuned {
            setting: Some(name),
            interval,
            over_best_list: gain(interval.mean - list_mean, p_list),
            over_rrf: gain(interval.mean - rrf_mean, p_rrf),
            n_folds: u32::try_from(n_folds).unwrap_or(u32::MAX),
        });
    }
    // Stable, so that of equal settings the first of the grid stays first.
    rows.sort_by(|a, b| b.interval.mean.total_cmp(&a.interval.mean));
    Ok(Tuning { cross_validated, settings: rows, best_list, best_list_mean: list_mean, rrf_mean })
}

/// The number of lists, after all that `fuse` does not check.
fn check(topics: &[TuneTopic<'_>], folds: u32) -> Result<usize, TuneError> {
    if !(2..=MAX_FOLDS).contains(&folds) {
        return Err(TuneError::BadFolds { folds });
    }
    if topics.len() < 2 {
        return Err(TuneError::TooFew { what: "topics", n: topics.len() });
    }
    let n_lists = topics.first().map_or(0, |topic| topic.lists.len());
    if n_lists < 2 {
        return Err(TuneError::TooFew { what: "lists", n: n_lists });
    }
    for (number, topic) in (1usize..).zip(topics) {
        if topic.lists.len() != n_lists {
            return Err(TuneError::OtherLists { topic: number, lists: topic.lists.len(), expected: n_lists });
        }
        if u32::try_from(topic.grades.len()).ok() != Some(topic.n_items) {
            return Err(TuneError::WrongGrades { topic: number });
        }
    }
    Ok(n_lists)
}

/// The grid's settings, in words and checked.
fn applicable(
    topics: &[TuneTopic<'_>],
    grid: &Grid,
    n_lists: usize,
) -> Result<(Vec<Setting>, Vec<Settings>), TuneError> {
    let lists = || topics.iter().flat_map(|topic| &topic.lists);
    let has_scores = lists().all(|list| list.items.is_empty() || list.scores.is_some());
    let all = grid.settings(n_lists)?;
    let (mut names, mut settings) = (reserved(all.len())?, reserved(all.len())?);
    for name in all {
        let checked = name.checked(n_lists).map_err(TuneError::Setting)?;
        if has_scores || !checked.needs_scores() {
            names.push(name);
            settings.push(checked);
        }
    }
    if names.is_empty() { Err(TuneError::NoSettings) } else { Ok((names, settings)) }
}

/// The list with the greatest mean, of equal ones the first, and its values.
fn best_list(topics: &[TuneTopic<'_>], n_lists: usize, metric: &Metric) -> Result<(usize, Vec<f64>), TuneError> {
    let mut best = (0, values::of_list(topics, 0, metric)?);
    for list in 1..n_lists {
        let values = values::of_list(topics, list, metric)?;
        if mean(&values) > mean(&best.1) {
            best = (list, values);
        }
    }
    Ok(best)
}

fn of_comparison(comparison: &Comparison) -> Gain {
    gain(comparison.difference, comparison.p_randomisation)
}

fn gain(difference: f64, p: f64) -> Gain {
    Gain { difference, p, is_significant: difference > 0.0 && p < ALPHA }
}

/// As [`bootstrap`] has it.
fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^53 topics")]
    let n = values.len().max(1) as f64;
    values.iter().sum::<f64>() / n
}
