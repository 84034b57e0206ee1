//! Terms left out because they matter little: by their weight alone, or by how frequent they are.
//!
//! Weights count by their magnitude. Of equal ones the lower term ids are kept.

use super::idf::Frequencies;
use super::terms::{Lookup, filter};
use crate::engine::vector::arith::narrow;
use crate::engine::vector::check::{check_count, check_not_negative, check_same_dim, check_share, reserve};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::select::heaviest_terms;
use crate::engine::vector::{SparseVector, SparseVectorRef, ops};

/// The `k` heaviest terms.
pub fn top_k(vector: SparseVectorRef<'_>, k: i32) -> Result<SparseVector, VectorError> {
    heaviest_terms(vector, check_count("k", k)?)
}

/// The terms of at least this weight.
pub fn below(vector: SparseVectorRef<'_>, threshold: f32) -> Result<SparseVector, VectorError> {
    check_not_negative("threshold", f64::from(threshold))?;
    filter(vector, |_, weight| weight.abs() >= threshold)
}

/// The terms of at least `ratio` times the greatest weight. That product is rounded as a weight is, so that a weight of
/// 0.7 beside 1 passes a ratio of 0.7.
pub fn max_ratio(vector: SparseVectorRef<'_>, ratio: f64) -> Result<SparseVector, VectorError> {
    let threshold = narrow(check_share("ratio", ratio)? * ops::max_norm(vector));
    filter(vector, |_, weight| weight.abs() >= threshold)
}

/// Where the heaviest terms that make up a share of the mass end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// With the term that reaches the share (Seismic).
    Kept,
    /// Before the term that would exceed it (OpenSearch).
    Dropped,
}

/// The heaviest terms that make up `share` of the sum of all weights.
pub fn mass(vector: SparseVectorRef<'_>, share: f64, crossing: Crossing) -> Result<SparseVector, VectorError> {
    let share = check_share("alpha", share)?;
    let weights = descending(vector)?;
    let total: f64 = weights.iter().sum();
    // Terms too light to change the sum are part of the whole all the same.
    let share = if share == 1.0 { f64::INFINITY } else { share };
    let (mut sum, mut n) = (0.0, 0usize);
    for weight in weights {
        let reached = sum + weight;
        match crossing {
            // The first term is always kept: a vector that is not empty stays so.
            Crossing::Kept if n > 0 && sum >= share * total => break,
            Crossing::Dropped if reached > share * total => break,
            _ => (),
        }
        sum = reached;
        n = n.saturating_add(1);
    }
    heaviest_terms(vector, n)
}

/// Without the lightest terms, as many as together have at most `share` of the sum of all weights.
pub fn mass_share(vector: SparseVectorRef<'_>, share: f64) -> Result<SparseVector, VectorError> {
    let share = check_share("share", share)?;
    let weights = descending(vector)?;
    // Added from the lightest on, the total too: at a share of 1 both are the same sum.
    let total: f64 = weights.iter().rev().sum();
    let mut sum = 0.0;
    let mut n = weights.len();
    for weight in weights.iter().rev() {
        sum += weight;
        if sum > share * total {
            break;
        }
        n = n.saturating_sub(1);
    }
    heaviest_terms(vector, n)
}

/// Magnitudes, greatest first.
fn descending(vector: SparseVectorRef<'_>) -> Result<Vec<f64>, VectorError> {
    let mut weights = Vec::new();
    reserve(&mut weights, vector.nnz())?;
    weights.extend(vector.weights().iter().map(|&weight| f64::from(weight.abs())));
    weights.sort_unstable_by(|a, b| b.total_cmp(a));
    Ok(weights)
}

/// Elasticsearch's rule: a term goes if no document has it, or if both its document frequency is at least `ratio` times
/// the average one and its weight at most `weight_ratio` times the greatest.
pub fn frequent(
    query: SparseVectorRef<'_>,
    df: Frequencies<'_>,
    ratio: f64,
    weight_ratio: f64,
) -> Result<SparseVector, VectorError> {
    check_same_dim(query.dim(), df.vector().dim())?;
    let limit = check_not_negative("ratio", ratio)? * df.average();
    let heavy = narrow(check_share("weight_ratio", weight_ratio)? * ops::max_norm(query));
    let mut df = Lookup::new(df.vector());
    filter(query, |index, weight| {
        let df = df.at(index);
        df > 0.0 && (f64::from(df) < limit || weight.abs() > heavy)
    })
}

/// Vespa's rule: a term goes if more than `max_share` of all documents have it.
pub fn stop_words(
    query: SparseVectorRef<'_>,
    df: Frequencies<'_>,
    max_share: f64,
) -> Result<SparseVector, VectorError> {
    check_same_dim(query.dim(), df.vector().dim())?;
    let most = check_share("max_share", max_share)?;
    let n_docs = df.n_docs();
    let mut df = Lookup::new(df.vector());
    filter(query, |index, _| match f64::from(df.at(index)) {
        0.0 => true,
        df => df / n_docs <= most,
    })
}

/// Pyserini's rule: a term stays if its IDF is known and greater than `min`.
pub fn min_idf(query: SparseVectorRef<'_>, idf: SparseVectorRef<'_>, min: f32) -> Result<SparseVector, VectorError> {
    check_same_dim(query.dim(), idf.dim())?;
    if min.is_nan() {
        return Err(VectorError::BadArgument { argument: "min", problem: "must not be NaN" });
    }
    let mut idf = Lookup::new(idf);
    filter(query, |index, _| match idf.at(index) {
        0.0 => false,
        idf => idf > min,
    })
}
