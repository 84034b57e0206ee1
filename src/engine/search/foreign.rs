//! Distances that another library computes: pgvector's, over the same vectors.
//!
//! Its compiler may fuse a multiplication with an addition and may add in another order, so the last bits of a float4
//! sum are not known here. What is known is how far a float4 sum can be from the real one, in whatever order (the
//! forward error bound that [`super::query`] tells of). The bounds of segments allow for that anyway; this is the same
//! for one document whose weights are at hand.

use super::norm::{Normalised, normalise};
use super::query::{OVERFLOW_RISK, cosine_slack, inner_product_slack};
use super::starts::least_l2;
use crate::engine::ids::Metric;
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::ops::for_each_union;

/// A number that no float4 evaluation of the distance is below; NaN where all are NaN.
pub fn least_distance(metric: Metric, doc: SparseVectorRef<'_>, query: SparseVectorRef<'_>) -> f64 {
    match metric {
        Metric::InnerProduct => least_negative_inner_product(doc, query),
        Metric::Cosine => least_cosine_distance(doc, query),
        Metric::L2 => least_l2(squared_difference(doc, query), doc.nnz().saturating_add(query.nnz())),
    }
}

fn least_negative_inner_product(doc: SparseVectorRef<'_>, query: SparseVectorRef<'_>) -> f64 {
    let Shared { n, sum, magnitude } = shared(doc, query);
    if magnitude > OVERFLOW_RISK {
        return f64::NEG_INFINITY;
    }
    -(sum + inner_product_slack(n, magnitude))
}

fn least_cosine_distance(doc: SparseVectorRef<'_>, query: SparseVectorRef<'_>) -> f64 {
    match (normalise(doc), normalise(query)) {
        (Normalised::ZeroNorm, _) | (_, Normalised::ZeroNorm) => f64::NAN,
        (Normalised::Regular(doc_length), Normalised::Regular(query_length)) => {
            let Shared { n, sum, .. } = shared(doc, query);
            let similarity = sum / (doc_length * query_length);
            (1.0 - similarity - cosine_slack(n, doc.nnz(), query.nnz())).max(0.0)
        }
        _ => 0.0,
    }
}

/// What two vectors have in common.
#[derive(Default)]
struct Shared {
    /// Terms.
    n: usize,
    /// Their products ...
    sum: f64,
    /// ... and the same without signs.
    magnitude: f64,
}

fn shared(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Shared {
    let mut shared = Shared::default();
    for_each_union(a, b, |_, v, w| {
        if v != 0.0 && w != 0.0 {
            let product = f64::from(v) * f64::from(w);
            shared.n += 1;
            shared.sum += product;
            shared.magnitude += product.abs();
        }
    });
    shared
}

fn squared_difference(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    let mut sum = 0.0;
    for_each_union(a, b, |_, v, w| sum += (f64::from(v) - f64::from(w)).powi(2));
    sum
}
