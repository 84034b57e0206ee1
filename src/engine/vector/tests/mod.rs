//! Tests of the vector engine, by promise.

mod arithmetic;
mod distances;
mod errors;
mod malformed;
mod matching;
mod numbers;
mod order;
mod round_trip;

use proptest::prelude::*;

use super::SparseVector;

/// A vector from literal text, which must be valid.
pub fn vector(literal: &str) -> SparseVector {
    super::text::parse(literal.as_bytes(), &mut || {}).unwrap()
}

/// Any finite weight but 0, of every magnitude.
pub fn any_weight() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -4.0f32..4.0,
        1 => any::<u32>().prop_map(f32::from_bits),
        1 => (-64i16..64).prop_map(f32::from),
    ]
    .prop_filter("finite and not 0", |weight| weight.is_finite() && *weight != 0.0)
}

/// Any vector with few terms out of `n_terms`, bounded or not.
pub fn any_vector(n_terms: u32) -> impl Strategy<Value = SparseVector> {
    (proptest::collection::btree_map(0..n_terms, any_weight(), 0..24), any::<bool>()).prop_map(
        move |(pairs, bounded)| {
            let (indices, weights) = pairs.into_iter().unzip();
            SparseVector::from_valid_parts(if bounded { n_terms } else { 0 }, indices, weights)
        },
    )
}
