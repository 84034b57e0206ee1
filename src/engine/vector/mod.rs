//! The sparse vector: ascending term ids with finite, non-zero weights.
//!
//! Term ids count from 0 here and on the wire; only the text form counts from 1.
//! A dimension of 0 stands for "unbounded": any term id up to `limits::MAX_INDEX`, compatible with every dimension.

pub mod aggregate;
pub mod arith;
pub mod binary;
pub mod build;
pub mod check;
pub mod compare;
pub mod dense;
pub mod error;
pub mod json;
pub mod limits;
pub mod matching;
pub mod number;
pub mod ops;
pub mod prepared;
pub mod select;
mod simd;
pub mod sphere;
pub mod text;

#[cfg(test)]
pub mod tests;

use check::{check_dim, check_index, check_nnz, check_weight};
use error::{Numbering, Place, VectorError};

/// A borrowed sparse vector, already validated: `indices` ascend strictly, `weights` are finite and not zero,
/// both have the same length, and every index lies below `dim` unless `dim` is 0 (unbounded).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseVectorRef<'a> {
    dim: u32,
    indices: &'a [u32],
    weights: &'a [f32],
}

impl<'a> SparseVectorRef<'a> {
    /// Wraps parts that are known to be valid. Not `unsafe`: a broken invariant gives wrong numbers, never a bad
    /// access.
    pub fn from_valid_parts(dim: u32, indices: &'a [u32], weights: &'a [f32]) -> Self {
        debug_assert_eq!(indices.len(), weights.len());
        Self { dim, indices, weights }
    }

    /// Number of dimensions, 0 if unbounded.
    pub fn dim(&self) -> u32 {
        self.dim
    }

    /// Term ids, ascending, counted from 0.
    pub fn indices(&self) -> &'a [u32] {
        self.indices
    }

    /// Weights, beside `indices`.
    pub fn weights(&self) -> &'a [f32] {
        self.weights
    }

    /// Number of non-zeros.
    pub fn nnz(&self) -> usize {
        self.indices.len()
    }

    /// The (term id, weight) pairs, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + 'a {
        self.indices.iter().copied().zip(self.weights.iter().copied())
    }

    /// An owned copy, or an error instead of an abort.
    pub fn copied(&self) -> Result<SparseVector, VectorError> {
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        check::reserve(&mut indices, self.nnz())?;
        check::reserve(&mut weights, self.nnz())?;
        indices.extend_from_slice(self.indices);
        weights.extend_from_slice(self.weights);
        Ok(SparseVector::from_valid_parts(self.dim, indices, weights))
    }

    /// Checks every invariant; for tests and for values from outside.
    pub fn internal_validate(&self) -> Result<(), VectorError> {
        if self.indices.len() != self.weights.len() {
            let (ids, weights) = (self.indices.len(), self.weights.len());
            return Err(VectorError::DifferentLengths { ids, weights });
        }
        if self.dim != 0 {
            check_dim(i64::from(self.dim))?;
        }
        check_nnz(self.nnz())?;
        let mut previous = None;
        for (n, (index, weight)) in self.iter().enumerate() {
            let element = n.saturating_add(1);
            check_index(i64::from(index), self.dim, Numbering::TokenFromZero)?;
            if previous >= Some(index) {
                return Err(VectorError::NotAscending { element });
            }
            previous = Some(index);
            check_weight(weight, Place::Element(element))?;
            if weight == 0.0 {
                return Err(VectorError::ZeroWeight { element });
            }
        }
        Ok(())
    }
}

/// An owned sparse vector, with the invariants of [`SparseVectorRef`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseVector {
    dim: u32,
    indices: Vec<u32>,
    weights: Vec<f32>,
}

impl SparseVector {
    /// Wraps parts that are known to be valid.
    pub fn from_valid_parts(dim: u32, indices: Vec<u32>, weights: Vec<f32>) -> Self {
        debug_assert_eq!(indices.len(), weights.len());
        Self { dim, indices, weights }
    }

    /// The borrowed form.
    pub fn as_ref(&self) -> SparseVectorRef<'_> {
        SparseVectorRef::from_valid_parts(self.dim, &self.indices, &self.weights)
    }

    /// The same vector as a value of a column `svec(dim)`: an unbounded one takes that dimension, another must have it.
    pub fn into_dim(mut self, dim: u32) -> Result<Self, VectorError> {
        check_fits(self.as_ref(), dim)?;
        self.dim = dim;
        Ok(self)
    }
}

/// May this vector be stored as `svec(dim)`? Only a vector of that dimension, or an unbounded one without greater
/// indices.
pub fn check_fits(vector: SparseVectorRef<'_>, dim: u32) -> Result<(), VectorError> {
    if vector.dim() == dim {
        return Ok(());
    }
    if vector.dim() != 0 {
        return Err(VectorError::UnexpectedDim { expected: dim, actual: vector.dim() });
    }
    match vector.indices().last() {
        Some(&last) => check_index(i64::from(last), dim, Numbering::IndexFromOne).map(|_| ()),
        None => Ok(()),
    }
}
