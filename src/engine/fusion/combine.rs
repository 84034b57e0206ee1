//! How an item's parts, one from each list that has it, become its score.
//!
//! `v` is a part, `w` its list's weight, `n` the number of parts: of lists that have the item, and of those whose
//! `missing` policy gives a part in its place. Sums run in the order of the lists.

use super::arith::{finite, total};
use super::normalise::length;

/// One list's part.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// From which list.
    pub list: usize,
    /// Before the weight.
    pub value: f64,
    /// The list's weight.
    pub weight: f64,
}

/// Which formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Combine {
    /// sum w v.
    Sum,
    /// (sum w v)/n.
    Mean,
    /// n^gamma sum w v.
    Power {
        /// Gamma.
        gamma: f64,
    },
    /// ln(n + sigma) sum w v.
    Log {
        /// Sigma.
        sigma: f64,
    },
    /// (sum v)(sum w).
    WeightTimes,
    /// Least v.
    Min,
    /// Greatest v.
    Max,
    /// Median v: of an even number, the middle between the two in the middle.
    Median,
    /// (sum w v)/(sum w).
    Arithmetic,
    /// exp((sum w ln v)/(sum w)).
    Geometric {
        /// Parts that are not positive make it 0; else they are left out.
        zeros_count: bool,
    },
    /// (sum w)/(sum w/v).
    Harmonic {
        /// Parts that are not positive make it 0; else they are left out.
        zeros_count: bool,
    },
}

impl Combine {
    /// The score; 0 of nothing.
    pub fn score(self, parts: &mut [Part]) -> f64 {
        match self {
            _ if parts.is_empty() => 0.0,
            Self::Sum => weighted(parts),
            Self::Mean | Self::Power { .. } | Self::Log { .. } | Self::Arithmetic => self.times(weighted(parts), parts),
            Self::WeightTimes => self.times(total(parts.iter().map(|part| part.value)), parts),
            Self::Min => parts.iter().fold(f64::MAX, |least, part| least.min(part.value)),
            Self::Max => parts.iter().fold(-f64::MAX, |greatest, part| greatest.max(part.value)),
            Self::Median => median(parts),
            Self::Geometric { zeros_count } if zeros_count && has_zero(parts) => 0.0,
            Self::Harmonic { zeros_count } if zeros_count && has_zero(parts) => 0.0,
            Self::Geometric { .. } => {
                let weights = total(positive(parts).map(|part| part.weight));
                let sum = total(positive(parts).map(|part| part.weight * part.value.ln()));
                if weights > 0.0 { finite((sum / weights).exp()) } else { 0.0 }
            }
            Self::Harmonic { .. } => {
                let weights = total(positive(parts).map(|part| part.weight));
                let sum = total(positive(parts).map(|part| part.weight / part.value));
                if sum > 0.0 { finite(weights / sum) } else { 0.0 }
            }
        }
    }

    /// What part `part`, one of `parts`, adds to the score, where the score is a sum.
    pub fn contribution(self, part: Part, parts: &[Part]) -> Option<f64> {
        match self {
            Self::Sum | Self::Mean | Self::Power { .. } | Self::Log { .. } | Self::Arithmetic => {
                Some(self.times(finite(part.weight * part.value), parts))
            }
            Self::WeightTimes => Some(self.times(part.value, parts)),
            _ => None,
        }
    }

    /// A sum, or one summand, times the factor that all summands share. Means divide, so that equal parts stay equal.
    fn times(self, sum: f64, parts: &[Part]) -> f64 {
        let n = length(parts.len());
        finite(match self {
            Self::Mean => sum / n,
            Self::Power { gamma } => n.powf(gamma) * sum,
            Self::Log { sigma } => (n + sigma).ln() * sum,
            Self::WeightTimes => total(parts.iter().map(|part| part.weight)) * sum,
            Self::Arithmetic => match total(parts.iter().map(|part| part.weight)) {
                weights if weights > 0.0 => sum / weights,
                _ => 0.0,
            },
            _ => sum,
        })
    }
}

fn weighted(parts: &[Part]) -> f64 {
    total(parts.iter().map(|part| part.weight * part.value))
}

/// The middle of an even number is taken without the sum, which float8 may not hold.
fn median(parts: &mut [Part]) -> f64 {
    parts.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
    let n = parts.len();
    let at = |index: usize| parts.get(index).map_or(0.0, |part| part.value);
    at(n.saturating_sub(1) / 2).midpoint(at(n / 2)) + 0.0
}

fn has_zero(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.value <= 0.0)
}

fn positive(parts: &[Part]) -> impl Iterator<Item = &Part> {
    parts.iter().filter(|part| part.value > 0.0)
}
