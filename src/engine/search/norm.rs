//! Vector lengths for the cosine distance, and what they mean for a vector's standing.
//!
//! The cosine distance is computed in float4 as pgvector does: squares summed in float4, then a double square root.
//! That can overflow, underflow or lose all precision for extreme weights. The index bounds only vectors whose float4
//! norm is within a wide safe range; the others are *irregular* and left to the executor's recheck.

use crate::engine::ids::Metric;
use crate::engine::vector::{SparseVectorRef, ops};

/// Squared norms in this range make every float4 product and sum of a cosine distance precise enough for the bounds.
const SAFE_SQUARED_NORM: std::ops::Range<f32> = f32::from_bits((127 - 100) << 23)..f32::from_bits((127 + 120) << 23);

/// A vector's standing in an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normalised {
    /// An ordinary vector and its length.
    Regular(f64),
    /// No non-zeros: every distance to it is NaN.
    ZeroNorm,
    /// Not to be bounded.
    Irregular,
}

/// The length of `vector`, if it has an ordinary one.
pub fn normalise(vector: SparseVectorRef<'_>) -> Normalised {
    if vector.nnz() == 0 {
        return Normalised::ZeroNorm;
    }
    if !SAFE_SQUARED_NORM.contains(&ops::squared_norm_f32(vector)) {
        return Normalised::Irregular;
    }
    let squared: f64 = vector.weights().iter().map(|&w| f64::from(w) * f64::from(w)).sum();
    Normalised::Regular(squared.sqrt())
}

/// How a document is indexed: but for cosine vectors keep their weights, and under the inner product all are regular.
/// Euclidean distances need not be bounded from above, so small vectors do no harm there; but one whose squares leave
/// float4 would leave no room for the others' lengths.
pub fn standing(metric: Metric, vector: SparseVectorRef<'_>) -> Normalised {
    match metric {
        Metric::InnerProduct => Normalised::Regular(1.0),
        Metric::Cosine => normalise(vector),
        Metric::L2 if ops::squared_norm_f32(vector) < SAFE_SQUARED_NORM.end => Normalised::Regular(1.0),
        Metric::L2 => Normalised::Irregular,
    }
}

/// `weight / length`, rounded away from zero, so that its impact is an upper bound; never zero.
pub fn divide_outward(weight: f32, length: f64) -> f32 {
    if length == 1.0 {
        return weight;
    }
    let exact = f64::from(weight.abs()) / length;
    let near = exact as f32;
    let out = if f64::from(near) < exact * (1.0 + 1e-15) { near.next_up() } else { near };
    out.copysign(weight)
}
