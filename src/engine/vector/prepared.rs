//! A vector that is compared with many others, such as the query of a scan.
//!
//! Merging a query with a document goes wrong at nearly every branch: nobody can foretell which list is ahead. A
//! [`Prepared`] vector instead lets a filter pick the few terms of the document that it may share, without a branch,
//! and looks those up in a table. Addends and their order are those of [`ops`], so the bits of every distance are the
//! same.
//!
//! [`Repeated`] finds out by itself which operand of a series of calls stays the same.

use super::check::reserve;
use super::error::VectorError;
use super::simd::{Filter, prefetch};
use super::{SparseVectorRef, ops};

/// Longer vectors are not prepared: the tables would leave the caches.
pub const MAX_TERMS: usize = 1 << 14;

/// At least so many slots for each term.
const SLOTS_PER_TERM: usize = 4;

/// No term id: those end at `limits::MAX_INDEX`.
const NO_TERM: u32 = u32::MAX;

/// A vector, ready to be compared with many.
#[derive(Clone, Debug)]
pub struct Prepared {
    filter: Filter,
    /// Terms with their weights by hash, each in the first free place from its own on; a power of two of them.
    slots: Vec<(u32, f32)>,
    squared_norm: f32,
}

impl Prepared {
    /// Prepares a vector.
    pub fn new(vector: SparseVectorRef<'_>) -> Result<Self, VectorError> {
        let n_slots = (vector.nnz().max(1) * SLOTS_PER_TERM).next_power_of_two();
        let mut slots = Vec::new();
        reserve(&mut slots, n_slots)?;
        slots.resize(n_slots, (NO_TERM, 0.0));
        for (term, weight) in vector.iter() {
            let mut at = first_slot(term, n_slots);
            while slots[at].0 != NO_TERM {
                at = (at + 1) & (n_slots - 1);
            }
            slots[at] = (term, weight);
        }
        let filter = Filter::new(vector.indices());
        Ok(Self { filter, slots, squared_norm: ops::squared_norm_f32(vector) })
    }

    /// The bits of [`ops::inner_product`].
    pub fn inner_product(&self, other: SparseVectorRef<'_>) -> f32 {
        let (terms, weights) = (other.indices(), other.weights());
        let mut sum = 0.0f32;
        self.filter.for_each_candidate(terms, |at| {
            if let (Some(&term), Some(weight)) = (terms.get(at), weights.get(at))
                && let Some(own) = self.weight_of(term)
            {
                sum += own * weight;
            }
        });
        sum
    }

    /// The bits of [`ops::negative_inner_product`].
    pub fn negative_inner_product(&self, other: SparseVectorRef<'_>) -> f64 {
        f64::from(-self.inner_product(other))
    }

    /// The bits of [`ops::cosine_distance`].
    pub fn cosine_distance(&self, other: SparseVectorRef<'_>) -> f64 {
        ops::cosine_distance_from(self.inner_product(other), self.squared_norm, ops::squared_norm_f32(other))
    }

    #[inline(always)]
    fn weight_of(&self, term: u32) -> Option<f32> {
        let last = self.slots.len() - 1;
        let mut at = first_slot(term, self.slots.len());
        // It ends: most slots are free.
        loop {
            match self.slots[at & last] {
                (found, weight) if found == term => return Some(weight),
                (NO_TERM, _) => return None,
                _ => at += 1,
            }
        }
    }
}

/// By the upper bits of a product, which depend on all bits of the term.
#[inline(always)]
fn first_slot(term: u32, n_slots: usize) -> usize {
    let product = u64::from(term.wrapping_mul(0x9e37_79b1));
    ((product * n_slots as u64) >> u32::BITS) as usize
}

/// Remembers one operand of the last call, and prepares it when the next call has it again.
#[derive(Debug, Default)]
pub struct Repeated {
    /// Whether the right operand is watched, or the left one.
    right: bool,
    /// A copy of the watched operand; without terms if those are too many.
    dim: u32,
    terms: Vec<u32>,
    weights: Vec<f32>,
    /// Once it was there twice.
    prepared: Option<Prepared>,
}

impl Repeated {
    /// The operand that was there at the last call too, prepared, and the other one.
    pub fn recognise<'a>(
        &mut self,
        left: SparseVectorRef<'a>,
        right: SparseVectorRef<'a>,
    ) -> Result<Option<(&Prepared, SparseVectorRef<'a>)>, VectorError> {
        let (watched, other) = if self.right { (right, left) } else { (left, right) };
        prefetch(other.indices());
        prefetch(other.weights());
        if !self.is(watched) {
            // One that never stayed the same: perhaps the other does.
            self.right ^= self.prepared.is_none();
            self.remember(if self.right { right } else { left })?;
            return Ok(None);
        }
        if self.prepared.is_none() {
            self.prepared = Some(Prepared::new(watched)?);
        }
        Ok(self.prepared.as_ref().map(|prepared| (prepared, other)))
    }

    /// Compares bits: equal numbers would not do.
    fn is(&self, vector: SparseVectorRef<'_>) -> bool {
        let pairs = self.weights.iter().zip(vector.weights());
        self.dim == vector.dim()
            && self.terms == vector.indices()
            && pairs.fold(0, |difference, (a, b)| difference | (a.to_bits() ^ b.to_bits())) == 0
    }

    fn remember(&mut self, vector: SparseVectorRef<'_>) -> Result<(), VectorError> {
        self.prepared = None;
        self.dim = vector.dim();
        self.terms.clear();
        self.weights.clear();
        if vector.nnz() <= MAX_TERMS {
            reserve(&mut self.terms, vector.nnz())?;
            reserve(&mut self.weights, vector.nnz())?;
            self.terms.extend_from_slice(vector.indices());
            self.weights.extend_from_slice(vector.weights());
        }
        Ok(())
    }
}
