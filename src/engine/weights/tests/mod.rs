//! The formulas against naive ones over dense lists, written from the definitions.

mod aggregates;
mod chosen;
mod formulas;

use proptest::prelude::*;

use crate::engine::vector::SparseVector;
use crate::engine::vector::arith::narrow;
use crate::engine::vector::error::VectorError;

pub const N_TERMS: u32 = 24;

/// A vector from literal text, which must be valid.
pub fn vector(literal: &str) -> SparseVector {
    crate::engine::vector::text::parse(literal.as_bytes(), &mut || {}).unwrap()
}

/// Weights as models make them: of few magnitudes, with ties.
pub fn some_weight() -> impl Strategy<Value = f32> {
    prop_oneof![3 => -4.0f32..4.0, 2 => (-4i8..5).prop_map(|n| f32::from(n) / 2.0)]
}

pub fn positive_weight() -> impl Strategy<Value = f32> {
    some_weight().prop_map(|weight| weight.abs().max(1e-3))
}

pub fn vector_of(weight: impl Strategy<Value = f32>) -> impl Strategy<Value = SparseVector> {
    proptest::collection::btree_map(0..N_TERMS, weight, 0..16).prop_map(|pairs| {
        let (indices, weights) = pairs.into_iter().filter(|pair| pair.1 != 0.0).unzip();
        SparseVector::from_valid_parts(N_TERMS, indices, weights)
    })
}

pub fn some_vector() -> impl Strategy<Value = SparseVector> {
    vector_of(some_weight())
}

pub fn positive_vector() -> impl Strategy<Value = SparseVector> {
    vector_of(positive_weight())
}

/// Frequencies of terms among `n` documents.
pub fn frequencies(n: i16) -> impl Strategy<Value = SparseVector> {
    vector_of((1..=n).prop_map(f32::from))
}

/// The vector as a dense list.
pub fn dense(v: &SparseVector) -> Vec<f64> {
    let mut list = vec![0.0; N_TERMS as usize];
    v.as_ref().iter().for_each(|(index, weight)| list[index as usize] = f64::from(weight));
    list
}

/// The result is valid, and each weight is the nearest float4 to the naive one, or the next to it, for sums in another
/// order may differ in the last bit of a float8.
pub fn assert_close(result: &SparseVector, expected: &[f64]) {
    result.as_ref().internal_validate().unwrap();
    for (term, (got, &wanted)) in dense(result).into_iter().zip(expected).enumerate() {
        let wanted = narrow(wanted);
        let (got, slack) = (narrow(got), wanted.abs() * f32::EPSILON + 1e-12);
        assert!((got - wanted).abs() <= slack, "term {term}: {got} instead of {wanted}");
    }
}

/// The result is valid and has exactly these weights.
pub fn assert_same(result: &SparseVector, expected: &[f64]) {
    result.as_ref().internal_validate().unwrap();
    assert_eq!(dense(result), expected);
}

/// What a user is told: message, detail, hint.
pub fn told<T: std::fmt::Debug>(result: Result<T, VectorError>) -> [String; 3] {
    let error = result.unwrap_err();
    assert!(error.message().starts_with("svec"), "{}", error.message());
    [error.message(), error.detail().unwrap_or_default(), error.hint().unwrap_or_default().to_string()]
}
