//! A query made ready: which lists it touches, integer weights for them, and how sums of impacts become distances that
//! are never above the true ones.
//!
//! All scores of a query are counted in one `unit`, chosen so that no document can have more than 65,531 of them: a sum
//! fits 16 bits. For a query weight `q` and a list of scale `s` the product with a document is at most `q * s *
//! impact`; the list's *weight* is `ceil(256 * q * s / unit)`, and a posting counts `weight * impact / 256` units,
//! rounded **down** (one multiplication and the upper half of it). So each list loses less than one unit; a document's
//! bound is its sum plus one unit for each list. Where query and document weights have opposite signs the product is at
//! most
//! `-q * s * (impact - 1)`, so that much is subtracted, its weight rounded down too. Integer sums do not depend on the
//! order of addition, so every strategy and every width of the kernels gives a document the same sum.
//!
//! The true distance is a float4 sum and may exceed the real-valued one by rounding; `slack` covers that (a standard
//! forward error bound: n products and sums err by at most `(1 + u)^(2n) - 1` of the sum of magnitudes, `u = 2^-24`,
//! and by half the least denormal each).

use std::cmp::Ordering;

use super::norm::{Normalised, normalise};
use super::starts::{self, Euclidean, Starts};
use crate::engine::codec::impact::{self, LEVELS};
use crate::engine::error::{Result, filled, reserve, reserved};
use crate::engine::ids::Metric;
use crate::engine::segment::format::{BLOCK_DOCS, ListEntry, Sign, TermEntry};
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
    pub const STEPS: u16 = IRREGULAR - 1 - LOWEST;
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

/// More lists than this in a segment, and one unit for each would be more than a score.
const MAX_LISTS: usize = 16_384;
/// Up to this many lists the weights leave room for block bounds (see [`super::blocks`]).
pub const MAX_BLOCK_LISTS: usize = 64;
/// Impacts count in `1 / 256` of a list's weight.
const WEIGHT_ONE: f64 = 256.0;
/// A list with at least this weight counts at least one unit a posting.
const WEIGHT_MIN: u16 = 256;
/// Up to this many lists of a segment are given [`WEIGHT_MIN`] if they weigh less.
const MAX_RAISED: usize = 128;
/// The most a weight may be by choice of the unit; the rest of 16 bits is for rounding up.
const WEIGHT_MAX: f64 = 65_500.0;
/// Above this a float4 sum might become infinite.
pub const OVERFLOW_RISK: f64 = 8.5e37;

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
    /// Units and score that the true score of a document may exceed its sum by.
    lost: f64,
    slack: f64,
    /// Under the Euclidean distance: how documents begin, and what scores mean.
    euclidean: Option<Euclidean>,
    /// The most that can be subtracted from a document: a sum of 0 has this code, counted from the lowest.
    zero: u16,
    /// A sum of 0 means that no term is shared with a product above 0.
    zero_is_exact: bool,
    /// A sum above 0 means that a term is shared, and the other way round: no list subtracts.
    tells_sharing: bool,
}

impl ScoreScale {
    /// The code of a document without a shared term.
    pub fn zero_code(&self) -> u16 {
        code::LOWEST + self.zero
    }

    /// The code of a sum.
    #[inline]
    pub fn code(&self, sum: i32) -> u16 {
        let code = i32::from(self.zero_code()) + sum;
        code.clamp(i32::from(code::LOWEST), i32::from(code::IRREGULAR - 1)) as u16
    }

    /// The sum of this code.
    pub fn sum(&self, code: u16) -> i32 {
        i32::from(code) - i32::from(self.zero_code())
    }

    /// What documents begin with, if it is not nothing.
    pub fn starts(&self) -> Option<Starts> {
        self.euclidean.map(|euclidean| euclidean.starts)
    }

    /// The least code of documents that share a term with the query; `None` if codes do not tell.
    pub fn least_sharing(&self) -> Option<u16> {
        self.tells_sharing.then(|| self.zero_code() + 1)
    }

    /// The distance that no document of this code is below.
    pub fn distance(&self, code: u16) -> f64 {
        let sum = self.sum(code);
        let score =
            if sum == 0 && self.zero_is_exact { 0.0 } else { (f64::from(sum) + self.lost) * self.unit + self.slack };
        match (self.euclidean, self.metric) {
            (Some(euclidean), _) => euclidean.distance(score),
            (None, Metric::Cosine) => (1.0 - score).max(0.0),
            (None, _) => -score,
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
                Metric::Cosine | Metric::L2 => 0.0,
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
    /// Units per impact, times 256.
    pub weight: u16,
    /// The products are negative: subtract `weight * (impact - 1) / 256`.
    pub subtract: bool,
}

impl PlannedList {
    /// What a posting adds to its document; an impact of 0 adds nothing.
    #[inline]
    pub fn units(&self, impact: u8) -> i32 {
        let impact = if self.subtract { impact.saturating_sub(1) } else { impact };
        let units = (u32::from(impact) * u32::from(self.weight) / 256) as i32;
        if self.subtract { -units } else { units }
    }

    /// The same for each impact in the 16 bits of a code; sums wrap around and come out right.
    pub fn units_table(&self) -> [u16; 256] {
        std::array::from_fn(|impact| self.units(impact as u8) as u16)
    }

    /// The most that a posting can add, or for a list that subtracts, take.
    pub fn most_units(&self) -> u32 {
        let impact = u32::from(self.list.max_impact) - u32::from(self.subtract);
        impact * u32::from(self.weight) / 256
    }
}

/// A query made ready for a set of segments.
pub struct Plan {
    /// How documents are ranked.
    pub ranking: Ranking,
    /// Terms of the query that some segment has.
    pub terms: usize,
    /// For each segment the lists to be scored.
    pub segments: Vec<Vec<PlannedList>>,
}

/// Looks up the query's terms in every segment and fixes the arithmetic.
pub fn plan<P: PartPages>(
    query: Option<SparseVectorRef<'_>>,
    metric: Metric,
    segments: &[SegmentReader<'_, P>],
) -> Result<Plan> {
    let unscored = |ranking| Plan { ranking, terms: 0, segments: vec![Vec::new(); segments.len()] };
    let Some(query) = query else { return Ok(unscored(Ranking::AllNull)) };
    let length = match metric {
        Metric::InnerProduct | Metric::L2 => 1.0,
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
    let n_lists = found.iter().map(|terms| terms.iter().map(|(_, e)| e.n_lists()).sum::<usize>()).max().unwrap_or(0);
    if n_lists > MAX_LISTS || !total.is_finite() || (metric == Metric::InnerProduct && total > OVERFLOW_RISK) {
        return Ok(unscored(Ranking::AllIrregular));
    }

    let mut products = reserved(segments.len(), "query plan")?;
    for terms in &found {
        products.push(products_of(query, length, terms)?);
    }
    let reach = (metric == Metric::L2).then(|| starts::reach(query, segments.iter().map(|s| s.meta)));
    let Weighing { unit, zero, zero_is_exact, segments: planned } = weigh(&products, n_lists, reach)?;
    let max_nnz = segments.iter().map(|s| s.meta.max_nnz).max().unwrap_or(0);
    let euclidean = reach.map(|reach| Euclidean::new(query, reach, unit, max_nnz));
    let slack = match metric {
        Metric::L2 => euclidean.map_or(0.0, |euclidean| euclidean.slack(query, unit)),
        Metric::InnerProduct => inner_product_slack(n_matched, total),
        Metric::Cosine => cosine_slack(n_matched, max_nnz as usize, query.nnz()),
    };
    let adding = |lists: &Vec<PlannedList>| lists.iter().filter(|l| !l.subtract).count();
    let lost = planned.iter().map(adding).max().unwrap_or(0) as f64;
    let tells_sharing = zero_is_exact && planned.iter().flatten().all(|l| !l.subtract);
    let scale = ScoreScale { metric, unit, lost, slack, euclidean, zero, zero_is_exact, tells_sharing };
    Ok(Plan { ranking: Ranking::Scored(scale), terms: n_matched, segments: planned })
}

/// A list and its score for each impact.
struct Product {
    list: ListEntry,
    per_impact: f64,
    subtract: bool,
}

impl Product {
    fn greatest(&self) -> f64 {
        self.per_impact * f64::from(self.list.max_impact)
    }
}

/// Every list's weight, in a unit that lets every sum fit.
struct Weighing {
    unit: f64,
    zero: u16,
    zero_is_exact: bool,
    segments: Vec<Vec<PlannedList>>,
}

/// Chooses the unit: the least one, more or less, under which no sum and no block bound can leave its 16 bits. `reach`:
/// the most that documents begin with, if they do.
fn weigh(products: &[Vec<Product>], n_lists: usize, reach: Option<f32>) -> Result<Weighing> {
    let sum = |subtract: bool| {
        let of =
            |lists: &Vec<Product>| lists.iter().filter(|p| p.subtract == subtract).map(Product::greatest).sum::<f64>();
        products.iter().map(of).fold(0.0, f64::max)
    };
    let steepest = products.iter().flatten().map(|p| p.per_impact).fold(0.0, f64::max);
    let rounding = if n_lists <= MAX_BLOCK_LISTS { 17.0 } else { 1.0 } * n_lists as f64
        + if reach.is_some() { starts::ROUNDING_UNITS } else { 0.0 };
    let room = f64::from(code::STEPS) - rounding;
    // A weight has 16 bits as well, which binds where the lists' greatest impacts are small.
    let all = sum(false) + sum(true) + reach.map_or(0.0, f64::from);
    let least_unit = if reach.is_some() { starts::LEAST_UNIT } else { 0.0 };
    let mut unit = (all / room).max(steepest * WEIGHT_ONE / WEIGHT_MAX).max(least_unit);
    if unit == 0.0 {
        // No shared term at all: any unit will do.
        unit = 1.0;
    }
    // Few enough for all of them to have the least weight: so a fitting unit is always found. Where documents begin
    // with something, a sum says nothing of whether a term is shared, and there is no need.
    let raise = n_lists <= MAX_RAISED && reach.is_none();
    loop {
        let mut segments = reserved(products.len(), "query plan")?;
        let (mut most, mut least) = (0, 0);
        for lists in products {
            let mut planned = reserved(lists.len(), "query plan")?;
            planned.extend(lists.iter().map(|p| weighed(p, unit, raise)));
            let adding = |l: &&PlannedList| !l.subtract;
            let bound = |l: &PlannedList| match n_lists {
                0..=MAX_BLOCK_LISTS if l.list.frequent => LEVELS * level_units(l.weight, l.list.max_impact),
                // The postings of four documents add up in the lane of their block.
                0..=MAX_BLOCK_LISTS => BLOCK_DOCS * l.most_units(),
                _ => l.most_units(),
            };
            most = most.max(planned.iter().filter(adding).map(bound).sum::<u32>());
            least = least.max(planned.iter().filter(|l| l.subtract).map(PlannedList::most_units).sum::<u32>());
            segments.push(planned);
        }
        most += reach.map_or(0, |reach| u32::from(Starts::new(reach, unit).greatest()));
        if most + least <= u32::from(code::STEPS) {
            let zero_is_exact = raise && least == 0;
            return Ok(Weighing { unit, zero: least as u16, zero_is_exact, segments });
        }
        // Raised and rounded up weights took more than their share.
        unit *= 1.01 * (f64::from(most + least) / f64::from(code::STEPS)).min(8.0);
    }
}

fn weighed(p: &Product, unit: f64, raise: bool) -> PlannedList {
    // The divisions before this may each be off by half a unit in the last place; widen far beyond that.
    let exact = p.per_impact / unit * WEIGHT_ONE;
    let weight = match p.subtract {
        true => (exact * (1.0 - 1e-14)).floor(),
        false => (exact * (1.0 + 1e-14)).ceil(),
    };
    let least = if p.subtract || !raise { 0 } else { WEIGHT_MIN };
    PlannedList { list: p.list, weight: (weight as u16).max(least), subtract: p.subtract }
}

/// Units per level of a bound where the greatest impact is `max`, rounded up.
pub fn level_units(weight: u16, max: u8) -> u32 {
    (u32::from(weight) * u32::from(max)).div_ceil(256 * LEVELS)
}

/// The relative error of a float4 inner product or norm of `n` terms, generously.
fn rounding(n: usize) -> f64 {
    ((n as f64 + 2.0) * 2f64.powi(-23)).exp_m1()
}

/// What a float4 inner product of `n` shared terms may be above the real one; `magnitude`: the sum of their products,
/// all taken as positive.
pub fn inner_product_slack(n: usize, magnitude: f64) -> f64 {
    rounding(n) * magnitude + n as f64 * 1e-45
}

/// What a cosine may be above the real one: beside the inner product's error, those of the two norms, of so many terms;
/// and underflow, relative to the least safe norms.
pub fn cosine_slack(n: usize, doc_nnz: usize, query_nnz: usize) -> f64 {
    rounding(n) + rounding(doc_nnz) + rounding(query_nnz) + n as f64 * 2f64.powi(-48) + 1e-12
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
            if let Some(entry) = segment.find_term(term).map_err(|e| segment.pages.locate(e))? {
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

fn products_of(query: SparseVectorRef<'_>, length: f64, terms: &[(usize, TermEntry)]) -> Result<Vec<Product>> {
    let mut products = reserved(terms.len() * 2, "query plan")?;
    for &(at, entry) in terms {
        let weight = query.weights()[at];
        let per_impact = f64::from(weight.abs()) / length * impact::scale(entry.exponent);
        for sign in Sign::BOTH {
            let list = entry.lists[sign.index()];
            if list.df > 0 {
                products.push(Product { list, per_impact, subtract: (weight > 0.0) != (sign == Sign::Positive) });
            }
        }
    }
    Ok(products)
}
