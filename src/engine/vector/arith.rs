//! `+`, `-`, `*` and normalisation: vectors from vectors.
//!
//! Results that are exactly 0 are dropped. A result beyond float4 is an error, as it is for `real`: overflow always,
//! underflow where two factors that are not 0 give 0. Only normalisation drops what underflows, as pgvector does.

use super::check::{check_index, check_nnz, check_same_dim, reserve};
use super::error::{Numbering, VectorError};
use super::ops::{for_each_union, l2_norm};
use super::{SparseVector, SparseVectorRef};

/// `a + b`
pub fn add(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    combine(a, b, |v, w| v + w)
}

/// `a - b`
pub fn subtract(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    combine(a, b, |v, w| v - w)
}

/// Element-wise product.
pub fn multiply(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    let dim = check_same_dim(a.dim(), b.dim())?;
    let mut result = Collector::new(dim, a.nnz().min(b.nnz()))?;
    let mut outcome = Ok(());
    for_each_union(a, b, |index, v, w| {
        if v != 0.0 && w != 0.0 && outcome.is_ok() {
            outcome = check_product(index, v * w).and_then(|weight| result.push(index, weight));
        }
    });
    outcome?;
    Ok(result.finish())
}

/// Product with a number.
pub fn scale(a: SparseVectorRef<'_>, factor: f32) -> Result<SparseVector, VectorError> {
    if !factor.is_finite() {
        return Err(VectorError::BadArgument { argument: "factor", problem: "must be finite" });
    }
    if factor == 0.0 {
        return Ok(SparseVector::from_valid_parts(a.dim(), Vec::new(), Vec::new()));
    }
    let mut result = Collector::new(a.dim(), a.nnz())?;
    for (index, weight) in a.iter() {
        result.push(index, check_product(index, weight * factor)?)?;
    }
    Ok(result.finish())
}

/// Divided by its Euclidean norm; the empty vector stays empty, weights that underflow are dropped.
pub fn l2_normalize(a: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    let norm = l2_norm(a);
    let mut result = Collector::new(a.dim(), a.nnz())?;
    if norm > 0.0 {
        for (index, weight) in a.iter() {
            result.push(index, narrow(f64::from(weight) / norm))?;
        }
    }
    Ok(result.finish())
}

/// float8 to the nearest float4; too great becomes infinite, which `Collector` refuses.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
pub fn narrow(value: f64) -> f32 {
    value as f32
}

fn combine(
    a: SparseVectorRef<'_>,
    b: SparseVectorRef<'_>,
    f: impl Fn(f32, f32) -> f32,
) -> Result<SparseVector, VectorError> {
    let dim = check_same_dim(a.dim(), b.dim())?;
    let mut result = Collector::new(dim, a.nnz().saturating_add(b.nnz()))?;
    let mut outcome = Ok(());
    for_each_union(a, b, |index, v, w| {
        if outcome.is_ok() {
            outcome = result.push(index, f(v, w));
        }
    });
    outcome?;
    check_nnz(result.indices.len())?;
    Ok(result.finish())
}

/// A product of two numbers that are not 0 must not be 0.
fn check_product(index: u32, weight: f32) -> Result<f32, VectorError> {
    if weight == 0.0 { Err(VectorError::ResultOutOfRange { what: "underflow", index }) } else { Ok(weight) }
}

/// Takes results in ascending order: checks range and bounds, drops zeros.
pub struct Collector {
    dim: u32,
    indices: Vec<u32>,
    weights: Vec<f32>,
}

impl Collector {
    pub fn new(dim: u32, capacity: usize) -> Result<Self, VectorError> {
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        reserve(&mut indices, capacity)?;
        reserve(&mut weights, capacity)?;
        Ok(Self { dim, indices, weights })
    }

    pub fn push(&mut self, index: u32, weight: f32) -> Result<(), VectorError> {
        if !weight.is_finite() {
            return Err(VectorError::ResultOutOfRange { what: "overflow", index });
        }
        if weight != 0.0 {
            if self.indices.len() == self.indices.capacity() {
                reserve(&mut self.indices, 1)?;
            }
            if self.weights.len() == self.weights.capacity() {
                reserve(&mut self.weights, 1)?;
            }
            self.indices.push(check_index(i64::from(index), self.dim, Numbering::IndexFromOne)?);
            self.weights.push(weight);
        }
        Ok(())
    }

    pub fn finish(self) -> SparseVector {
        SparseVector::from_valid_parts(self.dim, self.indices, self.weights)
    }
}
