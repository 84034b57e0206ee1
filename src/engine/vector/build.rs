//! From pairs in any order to a valid [`SparseVector`]: the way in for literals, arrays and JSON.

use super::SparseVector;
use super::check::{check_index, check_nnz, check_weight, reserve};
use super::error::{Numbering, Place, VectorError};
use crate::engine::pace::Pace;

/// Collects (term id, weight) pairs, then sorts and checks them.
pub struct VectorBuilder<'a> {
    pairs: Vec<(u32, f32)>,
    numbering: Numbering,
    is_ascending: bool,
    pace: Pace<'a>,
}

impl<'a> VectorBuilder<'a> {
    /// An empty builder; `numbering` is how the user counts, for errors only. `interrupts` is called now and then.
    pub fn new(numbering: Numbering, interrupts: &'a mut dyn FnMut()) -> Self {
        Self { pairs: Vec::new(), numbering, is_ascending: true, pace: Pace::new(interrupts) }
    }

    /// Other work was done for the vector: so many steps.
    pub fn step(&mut self, n: usize) {
        self.pace.step(n);
    }

    /// Adds a weight for a term id counted from 0. A zero is dropped whatever its term id, as pgvector does.
    pub fn push(&mut self, index: i64, weight: f32, place: Place) -> Result<(), VectorError> {
        self.pace.step(1);
        check_weight(weight, place)?;
        if weight == 0.0 {
            return Ok(());
        }
        let index = check_index(index, 0, self.numbering)?;
        if let Some(&(last, _)) = self.pairs.last() {
            self.is_ascending &= last < index;
        }
        if self.pairs.len() == self.pairs.capacity() {
            let len = self.pairs.len();
            check_nnz(len.saturating_add(1))?;
            reserve(&mut self.pairs, len.max(16))?;
        }
        self.pairs.push((index, weight));
        Ok(())
    }

    /// The vector; `dim` 0 for unbounded. Refuses duplicates and term ids beyond `dim`.
    pub fn finish(mut self, dim: u32) -> Result<SparseVector, VectorError> {
        check_nnz(self.pairs.len())?;
        if !self.is_ascending {
            self.pace.sort_unstable_by_key(&mut self.pairs, |pair| pair.0);
        }
        // Before any more memory is taken: a literal of the same pair over and over is the densest there is.
        let mut previous = None;
        for &(index, _) in &self.pairs {
            self.pace.step(1);
            check_index(i64::from(index), dim, self.numbering)?;
            if previous == Some(index) {
                return Err(VectorError::Duplicate { index, numbering: self.numbering });
            }
            previous = Some(index);
        }
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        reserve(&mut indices, self.pairs.len())?;
        reserve(&mut weights, self.pairs.len())?;
        indices.extend(self.pairs.iter().map(|&(index, _)| index));
        weights.extend(self.pairs.iter().map(|&(_, weight)| weight));
        Ok(SparseVector::from_valid_parts(dim, indices, weights))
    }
}
