//! What the formulas share: changing each weight, keeping some terms, adding up in float8.

use crate::engine::memory::sorting_bytes;
use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::check::{check_index, check_nnz, reserve, with_room};
use crate::engine::vector::error::{Numbering, VectorError};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Each weight replaced by a function of it.
pub fn map(vector: SparseVectorRef<'_>, f: impl Fn(f32) -> f64) -> Result<SparseVector, VectorError> {
    let mut result = Collector::new(vector.dim(), vector.nnz())?;
    vector.iter().try_for_each(|(index, weight)| result.push(index, narrow(f(weight))))?;
    Ok(result.finish())
}

/// The terms that `keep` wants, with their weights.
pub fn filter(
    vector: SparseVectorRef<'_>,
    mut keep: impl FnMut(u32, f32) -> bool,
) -> Result<SparseVector, VectorError> {
    let mut result = Collector::new(vector.dim(), vector.nnz())?;
    for (index, weight) in vector.iter() {
        if keep(index, weight) {
            result.push(index, weight)?;
        }
    }
    Ok(result.finish())
}

/// The sum, 0 for nothing. (`Iterator::sum` makes -0 of nothing.)
pub fn total(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

/// Reads weights at ascending term ids.
pub struct Lookup<'a> {
    indices: &'a [u32],
    weights: &'a [f32],
}

impl<'a> Lookup<'a> {
    pub fn new(vector: SparseVectorRef<'a>) -> Self {
        Self { indices: vector.indices(), weights: vector.weights() }
    }

    /// The weight at `index`, 0 if absent. Not for an index below one asked before.
    pub fn at(&mut self, index: u32) -> f32 {
        // A query has few terms and a table of frequencies many: the next one is far more often near than at the end.
        let mut step = 1usize;
        while self.indices.get(step).is_some_and(|&found| found < index) {
            step = step.saturating_mul(2);
        }
        let reach = self.indices.get(..step.saturating_add(1)).unwrap_or(self.indices);
        let skip = reach.partition_point(|&found| found < index);
        self.indices = self.indices.get(skip..).unwrap_or_default();
        self.weights = self.weights.get(skip..).unwrap_or_default();
        match (self.indices.first(), self.weights.first()) {
            (Some(&found), Some(&weight)) if found == index => weight,
            _ => 0.0,
        }
    }
}

/// A vector in the making: ascending terms with float8 weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wide(Vec<(u32, f64)>);

impl Wide {
    /// The terms of a vector, each weight times `factor`.
    pub fn scaled(vector: SparseVectorRef<'_>, factor: f64) -> Result<Self, VectorError> {
        let mut pairs = Vec::new();
        reserve(&mut pairs, vector.nnz())?;
        pairs.extend(vector.iter().map(|(index, weight)| (index, f64::from(weight) * factor)));
        Ok(Self(pairs))
    }

    /// From pairs in any order; `join` makes one weight of those of the same term, from left to right.
    pub fn from_pairs(mut pairs: Vec<(u32, f64)>, join: impl Fn(f64, f64) -> f64) -> Result<Self, VectorError> {
        with_room(sorting_bytes(&pairs), || pairs.sort_by_key(|pair| pair.0))?;
        pairs.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = join(kept.1, next.1);
            }
            same
        });
        Ok(Self(pairs))
    }

    /// `join(own weight, other weight)` at each term of either; an absent weight is 0.
    pub fn join(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Result<Self, VectorError> {
        let mut pairs = Vec::new();
        reserve(&mut pairs, self.0.len().saturating_add(other.0.len()))?;
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let Some(index) = [left.peek(), right.peek()].into_iter().flatten().map(|pair| pair.0).min() {
            let take = |side: &mut std::iter::Peekable<std::slice::Iter<'_, (u32, f64)>>| {
                side.next_if(|pair| pair.0 == index).map_or(0.0, |pair| pair.1)
            };
            let (own, others) = (take(&mut left), take(&mut right));
            pairs.push((index, join(own, others)));
        }
        check_nnz(pairs.len())?;
        Ok(Self(pairs))
    }

    /// Each weight times `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.0.iter_mut().for_each(|pair| pair.1 *= factor);
    }

    /// Sum of the weights.
    pub fn sum(&self) -> f64 {
        total(self.0.iter().map(|pair| pair.1))
    }

    /// Keeps the terms of positive weight, and of those the `n` best. Weights that round to the same float4 are equal,
    /// so that the last bits of a sum do not decide; of equal ones the lower term ids win.
    pub fn keep_best(&mut self, n: usize) {
        self.0.retain(|pair| narrow(pair.1) > 0.0);
        if n < self.0.len() {
            self.0.sort_unstable_by(|x, y| narrow(y.1).total_cmp(&narrow(x.1)).then(x.0.cmp(&y.0)));
            self.0.truncate(n);
            self.0.sort_unstable_by_key(|pair| pair.0);
        }
    }

    /// Rounded to float4.
    pub fn finish(&self, dim: u32) -> Result<SparseVector, VectorError> {
        let mut result = Collector::new(dim, self.0.len())?;
        for &(index, weight) in &self.0 {
            check_index(i64::from(index), dim, Numbering::IndexFromOne)?;
            result.push(index, narrow(weight))?;
        }
        Ok(result.finish())
    }
}
