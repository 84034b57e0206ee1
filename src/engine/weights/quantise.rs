//! Weights as whole numbers of steps, and how far a score can be off by it.

use super::terms::map;
use crate::engine::vector::check::{check_positive, check_range};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, SparseVectorRef, ops};

/// One level more than these bits hold would not be exact in float4.
const MAX_BITS: i32 = 24;

/// Levels from 0 to 2^bits - 1 for weights up to `max_weight`, the vector's greatest if `None`. To the nearest level,
/// halves away from 0; weights beyond get the last level, negative ones negative levels.
pub fn quantise(vector: SparseVectorRef<'_>, bits: i32, max_weight: Option<f32>) -> Result<SparseVector, VectorError> {
    let last = last_level(bits)?;
    let max_weight = match max_weight {
        Some(given) => check_positive("max_weight", f64::from(given))?,
        None => ops::max_norm(vector),
    };
    map(vector, |weight| (f64::from(weight) * last / max_weight).round().clamp(-last, last))
}

/// The weight of one level.
pub fn step(max_weight: f32, bits: i32) -> Result<f64, VectorError> {
    let last = last_level(bits)?;
    Ok(check_positive("max_weight", f64::from(max_weight))? / last)
}

fn last_level(bits: i32) -> Result<f64, VectorError> {
    let bits = check_range("bits", f64::from(bits), (1.0, f64::from(MAX_BITS)), "Give a number from 1 to 24.")?;
    Ok(bits.exp2() - 1.0)
}

/// Weights from levels.
pub fn dequantise(levels: SparseVectorRef<'_>, step: f64) -> Result<SparseVector, VectorError> {
    let step = check_positive("step", step)?;
    map(levels, |level| f64::from(level) * step)
}

/// How far the inner product of this query with a quantised document can be from that with the document itself.
pub fn error_bound(query: SparseVectorRef<'_>, step: f64) -> Result<f64, VectorError> {
    Ok(ops::l1_norm(query) * check_positive("step", step)? / 2.0)
}
