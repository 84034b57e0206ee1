//! A query made ready: which lists it touches, integer multipliers for them, and how sums of impacts become distances
//! that are never above the true ones.
//!
//! For a query weight `q` and a list of scale `s` the product with a document is at most `q * s * impact`. All products
//! of a query are counted in one `unit`, chosen so that the greatest possible sum stays below 2^31: the multiplier of a
//! list is `ceil(q * s / unit)`, and a document's bound is the integer sum of multiplier x impact. Integer sums do not
//! depend on the order of addition. Where query and document weights have opposite signs the product is at most
//! `-q * s * (impact - 1)`, so `floor(q * s / unit) * (impact - 1)` is subtracted.
//!
//! The true distance is a float4 sum and may exceed the real-valued one by rounding; `slack` covers that (a standard
//! forward error bound: n products and sums err by at most `(1 + u)^(2n) - 1` of the sum of magnitudes, `u = 2^-24`,
//! and by half the least denormal each).

use std::cmp::Ordering;

use super::norm::{Normalised, normalise};
use crate::engine::codec::impact;
use crate::engine::error::{Result, filled, reserve, reserved};
use crate::engine::ids::Metric;
use crate::engine::segment::format::{ListEntry, Sign, TermEntry};
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;
use crate::engine::vector::SparseVectorRef;

/// A document's place in the ranking, in 16 bits: a higher code comes earlier. Codes from [`code::LOWEST`] to just
/// below [`code::IRREGULAR`] are quantised score bounds.
pub mod code {
    /// Never delivered.
    pub const DEAD: u16 = 0;
    /// NULL vector: the distance is NULL.
    pub const NULL: u16 = 1;
    /// The distance is NaN.
    pub const NAN: u16 = 2;
    /// The lowest score bound.
    pub const LOWEST: u16 = 3;
    /// No bound is known.
    pub const IRREGULAR: u16 = u16::MAX;
    /// The number of steps between the lowest and the highest score bound.
    pub const MAX_LEVEL: u32 = (IRREGULAR - 1 - LOWEST) as u32;
}

/// A lower bound of a distance, as the executor is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distance {
    /// NULL, after everything.
    Null,
    /// A number; NaN after all others.
    Value(f64),
}

impl Distance {
    /// The executor's order: numbers, then NaN, then NULL.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Value(a), Self::Value(b)) => match (a.is_nan(), b.is_nan()) {
                (false, false) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
                (a, b) => a.cmp(&b),
            },
        }
    }
}

/// Sums of the greatest products stay at or below this, in units.
const GREATEST_SUM: f64 = (1u64 << 30) as f64;
/// More matched terms than this could overflow a sum by rounding up alone.
const MAX_TERMS: usize = 2_000_000;
/// Above this a float4 sum might become infinite.
const OVERFLOW_RISK: f64 = 8.5e37;

/// How documents of a query are ranked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ranking {
    /// The query is NULL: so is every distance.
    AllNull,
    /// The query has zero norm under cosine: every distance is NaN.
    AllNan,
    /// Float4 may overflow or lose all precision: every document goes to the executor's recheck.
    AllIrregular,
    /// By score bounds.
    Scored(ScoreScale),
}

/// From integer sums to codes and distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreScale {
    metric: Metric,
    unit: f64,
    slack: f64,
    /// The least sum any document can have, 0 or below.
    least: i32,
    /// A code's level counts sums in steps of `2^shift`.
    shift: u32,
}

impl ScoreScale {
    /// The code of a sum.
    #[inline]
    pub fn code(&self, sum: i32) -> u16 {
        let above = sum.wrapping_sub(self.least) as u32;
        let level = above.wrapping_add((1 << self.shift) - 1) >> self.shift;
        code::LOWEST + level.min(code::MAX_LEVEL) as u16
    }

    /// The least sum with this code or a higher one.
    pub fn least_sum(&self, code: u16) -> i64 {
        let level = i64::from(code.saturating_sub(code::LOWEST));
        // A code is rounded up: its sums begin just above the step below it.
        if level == 0 { i64::from(i32::MIN) } else { i64::from(self.least) + ((level - 1) << self.shift) + 1 }
    }

    /// The distance that no document of this code is below.
    pub fn distance(&self, code: u16) -> f64 {
        let level = i64::from(code - code::LOWEST);
        let sum = i64::from(self.least) + (level << self.shift);
        // With nothing to subtract, a sum of zero means that no term is shared: the score is exactly zero.
        let score = if sum == 0 && self.least == 0 { 0.0 } else { sum as f64 * self.unit + self.slack };
        match self.metric {
            Metric::InnerProduct => -score,
            Metric::Cosine => (1.0 - score).max(0.0),
        }
    }
}

impl Ranking {
    /// What the executor is told about a document of this code.
    pub fn distance(&self, code: u16, metric: Metric) -> Distance {
        match (code, self) {
            (code::NULL, _) => Distance::Null,
            (code::NAN, _) => Distance::Value(f64::NAN),
            (code::IRREGULAR, _) => Distance::Value(match metric {
                Metric::InnerProduct => f64::NEG_INFINITY,
                Metric::Cosine => 0.0,
            }),
            (_, Self::Scored(scale)) => Distance::Value(scale.distance(code)),
            _ => Distance::Null,
        }
    }
}

/// A list to be scored.
#[derive(Clone, Copy, Debug)]
pub struct PlannedList {
    /// Where it is.
    pub list: ListEntry,
    /// Units per impact.
    pub multiplier: i32,
    /// The products are negative: subtract `multiplier * (impact - 1)`.
    pub subtract: bool,
}

impl PlannedList {
    /// What an impact is multiplied with, and what is taken off it before.
    #[inline]
    pub fn signed(&self) -> (i32, i32) {
        if self.subtract { (-self.multiplier, 1) } else { (self.multiplier, 0) }
    }
}

/// A query made ready for a set of segments.
pub struct Plan {
    /// How documents are ranked.
    pub ranking: Ranking,
    /// For each segment the lists to be scored.
    pub segments: Vec<Vec<PlannedList>>,
}

/// Looks up the query's terms in every segment and fixes the arithmetic.
pub fn plan<P: PartPages>(
    query: Option<SparseVectorRef<'_>>,
    metric: Metric,
    segments: &[SegmentReader<'_, P>],
) -> Result<Plan> {
    let unscored = |ranking| Plan { ranking, segments: vec![Vec::new(); segments.len()] };
    let Some(query) = query else { return Ok(unscored(Ranking::AllNull)) };
    let length = match metric {
        Metric::InnerProduct => 1.0,
        Metric::Cosine => match normalise(query) {
            Normalised::Regular(length) => length,
            Normalised::ZeroNorm => return Ok(unscored(Ranking::AllNan)),
            Normalised::Irregular => return Ok(unscored(Ranking::AllIrregular)),
        },
    };

    let found = look_up(query, segments)?;
    let greatest = greatest_magnitudes(query, length, &found)?;
    let n_matched = greatest.iter().filter(|&&g| g > 0.0).count();
    let total: f64 = greatest.iter().sum();
    if n_matched > MAX_TERMS || !total.is_finite() || (metric == Metric::InnerProduct && total > OVERFLOW_RISK) {
        return Ok(unscored(Ranking::AllIrregular));
    }

    // No shared term at all: any unit will do.
    let unit = if total > 0.0 { total / GREATEST_SUM } else { 1.0 };
    let (mut least, mut most) = (0i64, 0i64);
    let mut planned = reserved(segments.len(), "query plan")?;
    for terms in &found {
        let lists = plan_segment(query, length, unit, terms)?;
        let products = |subtract| lists.iter().filter(move |l| l.subtract == subtract);
        let levels = |l: &PlannedList| i64::from(l.multiplier) * i64::from(l.list.max_impact);
        most = most.max(products(false).map(levels).sum());
        least = least.min(-products(true).map(|l| levels(l) - i64::from(l.multiplier)).sum::<i64>());
        planned.push(lists);
    }
    let mut shift = 0;
    while (most - least) >> shift >= i64::from(code::MAX_LEVEL) {
        shift += 1;
    }
    let max_nnz = segments.iter().map(|s| s.meta.max_nnz).max().unwrap_or(0);
    let slack = match metric {
        Metric::InnerProduct => rounding(n_matched) * total + n_matched as f64 * 1e-45,
        // Beside the inner product's error, those of the two norms; and underflow, relative to the least safe norms.
        Metric::Cosine => {
            let norms = rounding(max_nnz as usize) + rounding(query.nnz());
            rounding(n_matched) + norms + n_matched as f64 * 2f64.powi(-48) + 1e-12
        }
    };
    // Within i32: the magnitudes of all products of a document add up to less than 2^31 units.
    let scale = ScoreScale { metric, unit, slack, least: least as i32, shift };
    Ok(Plan { ranking: Ranking::Scored(scale), segments: planned })
}

/// The relative error of a float4 inner product or norm of `n` terms, generously.
fn rounding(n: usize) -> f64 {
    ((n as f64 + 2.0) * 2f64.powi(-23)).exp_m1()
}

/// For each segment the query terms it has: position in the query, directory entry.
fn look_up<P: PartPages>(
    query: SparseVectorRef<'_>,
    segments: &[SegmentReader<'_, P>],
) -> Result<Vec<Vec<(usize, TermEntry)>>> {
    let mut found = reserved(segments.len(), "query plan")?;
    for segment in segments {
        let mut terms = Vec::new();
        for (at, &term) in query.indices().iter().enumerate() {
            if let Some(entry) = segment.find_term(term)? {
                reserve(&mut terms, 1, "query plan")?;
                terms.push((at, entry));
            }
            if at % 1024 == 1023 {
                segment.pages.check_interrupts();
            }
        }
        found.push(terms);
    }
    Ok(found)
}

/// For each query term the greatest magnitude of a product with any document.
fn greatest_magnitudes(query: SparseVectorRef<'_>, length: f64, found: &[Vec<(usize, TermEntry)>]) -> Result<Vec<f64>> {
    let mut greatest = filled(query.nnz(), 0f64, "query plan")?;
    for &(at, entry) in found.iter().flatten() {
        let product = f64::from(query.weights()[at].abs()) / length * impact::scale(entry.exponent) * 255.0;
        greatest[at] = greatest[at].max(product);
    }
    Ok(greatest)
}

fn plan_segment(
    query: SparseVectorRef<'_>,
    length: f64,
    unit: f64,
    terms: &[(usize, TermEntry)],
) -> Result<Vec<PlannedList>> {
    let mut lists = reserved(terms.len() * 2, "query plan")?;
    for &(at, entry) in terms {
        let weight = query.weights()[at];
        let exact = f64::from(weight.abs()) / length * impact::scale(entry.exponent) / unit;
        for sign in Sign::BOTH {
            let list = entry.lists[sign.index()];
            let subtract = (weight > 0.0) != (sign == Sign::Positive);
            // The divisions above may each be off by half a unit in the last place; widen far beyond that.
            let multiplier = if subtract { (exact * (1.0 - 1e-14)).floor() } else { (exact * (1.0 + 1e-14)).ceil() };
            if list.df > 0 {
                lists.push(PlannedList { list, multiplier: multiplier as i32, subtract });
            }
        }
    }
    Ok(lists)
}
