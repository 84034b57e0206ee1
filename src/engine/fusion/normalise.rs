//! Normalisers: one list's scores onto a scale that it shares with other lists.
//!
//! `s` is a score, `min`, `max`, `mean` are those of its list, `n` its length, `r` the rank from 1, `C` the number of
//! items that any list has.
//!
//! | name | value | range | a constant list | source |
//! | --- | --- | --- | --- | --- |
//! | `none` | s | | | |
//! | `min_max` | (s - min)/(max - min) | 0 to 1 | 1 | Lee 1997 |
//! | `min_max_inverted` | (max - s)/(max - min), for distances | 0 to 1 | 1 | ranx |
//! | `bounded_min_max` | min_max with bounds in place of min and max: [`BoundMode`] | 0 to 1 | 1 | OpenSearch |
//! | `theoretical` (`tmm`) | (s - lower)/(max - lower), lower = least possible score | up to 1 | | arXiv 2210.11934 |
//! | `max` | s/max | up to 1 | | Lee 1997 |
//! | `sum` | (s - min)/sum(s - min) | 0 to 1, sum 1 | 1/n | Montague, Aslam 2001 |
//! | `z_score` (`zmuv`) | (s - mean)/sd, sd of the population (divided by n) | | 0 | Montague, Aslam 2001 |
//! | `z_score_sample` | the same, sd of a sample (divided by n - 1) | | 0 | OpenSearch |
//! | `l2` | s/sqrt(sum s^2) | -1 to 1 | | Elasticsearch |
//! | `dbsf` | (s - (mean - 3 sd))/(6 sd), sd of a sample, not clipped | about 0 to 1 | 1/2 | Qdrant |
//! | `arctan_ip` | 1/2 + atan(s)/pi | 0 to 1 | | Milvus |
//! | `arctan_bm25` | 2 atan(s)/pi | 0 to 1 | | Milvus |
//! | `arctan_cosine` | (1 + s)/2 | 0 to 1 | | Milvus |
//! | `arctan_distance` | 1 - 2 atan(s)/pi, for distances | 0 to 1 | | Milvus |
//! | `sigmoid` (`platt`) | 1/(1 + e^-(slope s + intercept)) | 0 to 1 | | Platt 1999 |
//! | `rank` | 1 - (r - 1)/n | over 0 to 1 | | ranx |
//! | `borda` | 1 - (r - 1)/C; absent 1/2 - (n - 1)/(2C) | 0 to 1 | | ranx |
//!
//! Where a formula divides by 0 although the list is not constant, which only `max`, `theoretical` and `l2` can do:
//! `max` divides by the greatest magnitude if no score is positive, so that the order stays (the best of -1 and -2
//! gets -1/2); a list without a score above `lower` gets 0, the value of the least possible score; so does a list of
//! zeros.
//!
//! Scale: all but `none`, the arctan family, `sigmoid` and the two with bounds give the same for scores times any
//! positive factor; min-max, sum, z-score and dbsf also for scores plus any number. They stay exact near both ends of
//! float8: what could overflow or vanish is brought to 0 to 1 first.
//!
//! ## Constant lists: `on_equal`
//!
//! A list whose scores are all equal has no minimum that differs from its maximum. Rivals: ranx gives 0, Qdrant's
//! helper 1/2, OpenSearch and Weaviate 1. The commonest constant list has one element: an item that one list found
//! and ranked first. With 0 that is worth as much as not having been found. In every other list the best item gets 1,
//! so 1 is what the best of this one gets, whether it is alone or shares the place: our default for the min-max
//! family. The others have a value of their own in the table above, which is what the formula means: equal shares of
//! a sum, the mean of a distribution. `on_equal` says otherwise: `zero`, `half`, `one`, or `rank` (1 - (r - 1)/n, for
//! lists whose order tells more than their scores).

use std::f64::consts::PI;

use super::arith::{extremes, finite, share, total};
use super::error::{Result, collected, filled};

/// What bounds do in `bounded_min_max`. Values never leave 0 to 1, and never change their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundMode {
    /// The scale reaches from the lower to the upper bound; where the list goes beyond one, to its own minimum or
    /// maximum. A weak list does not get 1 for its best any more.
    Apply,
    /// The scale reaches from bound to bound; beyond them is 0 or 1.
    Clip,
    /// Plain min-max, as if there were none.
    Ignore,
}

/// Bounds of one list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// What is worth 0.
    pub lower: Option<f64>,
    /// What is worth 1.
    pub upper: Option<f64>,
}

/// What a constant list becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEqual {
    /// 0 for all.
    Zero,
    /// 1/2 for all.
    Half,
    /// 1 for all.
    One,
    /// 1 - (r - 1)/n.
    Rank,
}

/// Which formula; see the table above. Vectors have one element for each list.
#[derive(Clone, Debug, PartialEq)]
pub enum Normaliser {
    /// Scores as they are.
    None,
    /// From 0 for the least to 1 for the greatest.
    MinMax,
    /// The other way round.
    MinMaxInverted,
    /// Min-max with bounds.
    Bounded {
        /// What they do.
        mode: BoundMode,
        /// Of each list.
        bounds: Vec<Bounds>,
    },
    /// From the least possible score.
    Theoretical {
        /// That score, of each list.
        lower: Vec<f64>,
    },
    /// Divided by the greatest.
    Max,
    /// Shares of a sum.
    Sum,
    /// Standard deviations from the mean.
    ZScore {
        /// Of a sample, not of the population.
        sample: bool,
    },
    /// Divided by the Euclidean norm.
    L2,
    /// Six standard deviations around the mean.
    Dbsf,
    /// For inner products.
    ArctanIp,
    /// For scores from 0.
    ArctanBm25,
    /// For cosines.
    ArctanCosine,
    /// For distances.
    ArctanDistance,
    /// The logistic function.
    Sigmoid {
        /// Factor of each list.
        slope: Vec<f64>,
        /// And what is added.
        intercept: Vec<f64>,
    },
    /// From the rank, by the list's length.
    Rank,
    /// From the rank, by the number of candidates.
    Borda,
}

impl Normaliser {
    /// Whether scores are read, not ranks.
    pub fn needs_scores(&self) -> bool {
        !matches!(self, Self::Rank | Self::Borda)
    }

    /// What a constant list becomes if the user does not say; `None` where the formula needs no such rule.
    pub fn constant(&self, n: usize) -> Option<f64> {
        match self {
            Self::MinMax | Self::MinMaxInverted | Self::Bounded { .. } => Some(1.0),
            Self::Sum => Some(1.0 / length(n.max(1))),
            Self::ZScore { .. } => Some(0.0),
            Self::Dbsf => Some(0.5),
            _ => None,
        }
    }

    /// The values of list number `list`, in rank order.
    pub fn apply(&self, list: usize, given: &Given<'_>, on_equal: Option<OnEqual>) -> Result<Vec<f64>> {
        let scores = given.scores;
        let (low, high) = extremes(scores).unwrap_or((0.0, 0.0));
        let n = given.len;
        match self {
            Self::None => each(scores, |s| s),
            Self::MinMax => scaled(scores, (low, high), on_equal.unwrap_or(OnEqual::One)),
            Self::MinMaxInverted => scaled(scores, (high, low), on_equal.unwrap_or(OnEqual::One)),
            Self::Bounded { mode, bounds } => {
                let bounds = bounds.get(list).copied().unwrap_or_default();
                mode.apply(scores, bounds, (low, high), on_equal.unwrap_or(OnEqual::One))
            }
            Self::Theoretical { lower } => {
                let lower = lower.get(list).copied().unwrap_or(0.0);
                if high > lower { each(scores, |s| share(s, lower, high)) } else { filled(n, 0.0) }
            }
            Self::Max if high > 0.0 => each(scores, |s| s / high),
            Self::Max if low < 0.0 => each(scores, |s| s / -low),
            Self::L2 => l2(scores, low.abs().max(high.abs())),
            Self::Max => filled(n, 0.0),
            Self::Sum | Self::ZScore { .. } | Self::Dbsf if low == high => match on_equal {
                Some(on_equal) => constant(n, on_equal),
                None => filled(n, self.constant(n).unwrap_or(0.0)),
            },
            Self::Sum => {
                let all = total(scores.iter().map(|&s| share(s, low, high)));
                each(scores, |s| share(s, low, high) / all)
            }
            Self::ZScore { sample } => {
                let (mean, sd) = moments(scores, (low, high), *sample);
                each(scores, |s| (share(s, low, high) - mean) / sd)
            }
            Self::Dbsf => {
                let (mean, sd) = moments(scores, (low, high), true);
                each(scores, |s| (share(s, low, high) - (mean - 3.0 * sd)) / (6.0 * sd))
            }
            Self::ArctanIp => each(scores, |s| 0.5 + s.atan() / PI),
            Self::ArctanBm25 => each(scores, |s| 2.0 * s.atan() / PI),
            Self::ArctanCosine => each(scores, |s| (1.0 + s) / 2.0),
            Self::ArctanDistance => each(scores, |s| 1.0 - 2.0 * s.atan() / PI),
            Self::Sigmoid { slope, intercept } => {
                let slope = slope.get(list).copied().unwrap_or(1.0);
                let intercept = intercept.get(list).copied().unwrap_or(0.0);
                each(scores, |s| 1.0 / (1.0 + (-finite(slope * s) - intercept).exp()))
            }
            Self::Rank => descending(n, n),
            Self::Borda => descending(n, given.n_candidates),
        }
    }

    /// What an item that the list does not have would get, where the formula says so.
    pub fn absent(&self, given: &Given<'_>) -> Option<f64> {
        let points = || (length(given.len) - 1.0) / (2.0 * length(given.n_candidates.max(1)));
        matches!(self, Self::Borda).then(|| 0.5 - points())
    }
}

/// What a normaliser reads of one list.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Empty if it reads ranks only.
    pub scores: &'a [f64],
    /// The list's length.
    pub len: usize,
    /// Items that any list has.
    pub n_candidates: usize,
}

impl BoundMode {
    fn apply(self, scores: &[f64], bounds: Bounds, (low, high): (f64, f64), on_equal: OnEqual) -> Result<Vec<f64>> {
        let (zero, one) = (bounds.lower.unwrap_or(low), bounds.upper.unwrap_or(high));
        match self {
            Self::Apply => scaled(scores, (zero.min(low), one.max(high)), on_equal),
            // The whole list may be on the outer side of a bound that stands alone.
            Self::Clip if zero >= one && bounds.lower.is_some() => filled(scores.len(), 0.0),
            Self::Clip if zero >= one && bounds.upper.is_some() => filled(scores.len(), 1.0),
            Self::Clip => scaled(scores, (zero, one), on_equal),
            Self::Ignore => scaled(scores, (low, high), on_equal),
        }
    }
}

/// 0 at the first end of the scale and 1 at the second, and beyond them too. The ends may be in either order.
fn scaled(scores: &[f64], (zero, one): (f64, f64), on_equal: OnEqual) -> Result<Vec<f64>> {
    if zero == one {
        return constant(scores.len(), on_equal);
    }
    each(scores, |s| share(s, zero, one).clamp(0.0, 1.0))
}

fn constant(n: usize, on_equal: OnEqual) -> Result<Vec<f64>> {
    match on_equal {
        OnEqual::Zero => filled(n, 0.0),
        OnEqual::Half => filled(n, 0.5),
        OnEqual::One => filled(n, 1.0),
        OnEqual::Rank => descending(n, n),
    }
}

/// 1 - (r - 1)/of for `n` ranks.
fn descending(n: usize, of: usize) -> Result<Vec<f64>> {
    let of = length(of.max(1));
    collected((0..n).map(|before| 1.0 - length(before) / of))
}

/// Mean and standard deviation of the scores' shares of their range, which does not change what is made of them.
fn moments(scores: &[f64], (low, high): (f64, f64), sample: bool) -> (f64, f64) {
    let n = length(scores.len());
    let mean = total(scores.iter().map(|&s| share(s, low, high))) / n;
    let squares = total(scores.iter().map(|&s| (share(s, low, high) - mean).powi(2)));
    (mean, (squares / if sample { n - 1.0 } else { n }).sqrt())
}

fn l2(scores: &[f64], greatest: f64) -> Result<Vec<f64>> {
    if greatest == 0.0 {
        return filled(scores.len(), 0.0);
    }
    let norm = total(scores.iter().map(|&s| (s / greatest).powi(2))).sqrt();
    each(scores, |s| s / greatest / norm)
}

fn each(scores: &[f64], value: impl Fn(f64) -> f64) -> Result<Vec<f64>> {
    collected(scores.iter().map(|&s| finite(value(s))))
}

/// A number of elements, as float8.
#[expect(clippy::cast_precision_loss, reason = "lists have fewer than 2^32 elements")]
pub fn length(n: usize) -> f64 {
    n as f64
}
