//! The sparse vector: ascending term ids with finite, non-zero weights.
//!
//! Term ids count from 0 here and on the wire; only the text form counts from 1.
//! A dimension of 0 stands for "unbounded": any term id up to `limits::MAX_INDEX`, compatible with every dimension.

pub mod ops;

/// A borrowed sparse vector, already validated: `indices` ascend strictly, `weights` are finite and not zero,
/// both have the same length, and every index lies below `dim` unless `dim` is 0 (unbounded).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseVectorRef<'a> {
    dim: u32,
    indices: &'a [u32],
    weights: &'a [f32],
}

impl<'a> SparseVectorRef<'a> {
    /// Wraps parts that are known to be valid. Not `unsafe`: a broken invariant gives wrong numbers, never a bad access.
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
}
