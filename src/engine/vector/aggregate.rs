//! States of the aggregates sum, avg and max.
//!
//! One entry for each term seen, so the memory follows the vocabulary and not the rows. Sums accumulate in float8 and
//! in the order of the rows; only the final result is rounded to float4, and what rounds to 0 is dropped.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::arith::{Collector, narrow};
use super::check::{check_dim, check_nnz, check_same_dim, reserve, with_room};
use super::error::VectorError;
use super::{SparseVector, SparseVectorRef};
use crate::engine::pace::Pace;

/// Spreads term ids: one multiplication, the high half folded into the low one.
#[derive(Clone, Copy, Default)]
pub struct TermHasher(u64);

impl Hasher for TermHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, term: u32) {
        let product = (self.0 ^ u64::from(term)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

/// What a state keeps for one term.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    /// Sum of the weights, or the greatest one.
    value: f64,
    /// Rows that have the term.
    n_rows: u64,
}

/// Which aggregate a state is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sum,
    Max,
}

/// Rows seen so far.
pub struct State {
    kind: Kind,
    dim: u32,
    n_rows: u64,
    entries: HashMap<u32, Entry, BuildHasherDefault<TermHasher>>,
}

const HEADER_BYTES: usize = 12;
const ENTRY_BYTES: usize = 20;

impl State {
    pub fn new(kind: Kind) -> Self {
        Self { kind, dim: 0, n_rows: 0, entries: HashMap::default() }
    }

    /// An owned copy, or an error instead of an abort.
    pub fn copied(&self) -> Result<Self, VectorError> {
        // Copying a table takes as many places as it has.
        let bytes = self.entries.capacity().saturating_mul(2 * (size_of::<(u32, Entry)>() + 1));
        let entries = with_room(bytes, || self.entries.clone())?;
        Ok(Self { entries, ..*self })
    }

    /// Adds a row; `interrupts` is called now and then, as in whatever takes it here.
    pub fn add(&mut self, vector: SparseVectorRef<'_>, interrupts: &mut dyn FnMut()) -> Result<(), VectorError> {
        self.add_as(vector, f64::from, interrupts)
    }

    /// Adds a row as `value` makes it of its weights.
    pub fn add_as(
        &mut self,
        vector: SparseVectorRef<'_>,
        value: impl Fn(f32) -> f64,
        interrupts: &mut dyn FnMut(),
    ) -> Result<(), VectorError> {
        self.add_row(vector.dim())?;
        let mut pace = Pace::new(interrupts);
        for (index, weight) in vector.iter() {
            pace.step(1);
            self.merge_entry(index, Entry { value: value(weight), n_rows: 1 })?;
        }
        Ok(())
    }

    /// Counts a row without its terms.
    pub fn add_row(&mut self, dim: u32) -> Result<(), VectorError> {
        self.dim = check_same_dim(self.dim, dim)?;
        self.n_rows = self.n_rows.saturating_add(1);
        Ok(())
    }

    /// Adds the rows of another state.
    pub fn combine(&mut self, other: &Self, interrupts: &mut dyn FnMut()) -> Result<(), VectorError> {
        self.dim = check_same_dim(self.dim, other.dim)?;
        self.n_rows = self.n_rows.saturating_add(other.n_rows);
        let mut pace = Pace::new(interrupts);
        for (&index, &entry) in &other.entries {
            pace.step(1);
            self.merge_entry(index, entry)?;
        }
        Ok(())
    }

    fn merge_entry(&mut self, index: u32, entry: Entry) -> Result<(), VectorError> {
        if self.entries.len() == self.entries.capacity() {
            let additional = self.entries.len().max(64);
            check_nnz(self.entries.len().saturating_add(1))?;
            let bytes = additional.saturating_mul(ENTRY_BYTES);
            self.entries.try_reserve(additional).map_err(|_| VectorError::OutOfMemory { bytes })?;
        }
        let kind = self.kind;
        self.entries
            .entry(index)
            .and_modify(|old| {
                old.value = if kind == Kind::Sum { old.value + entry.value } else { old.value.max(entry.value) };
                old.n_rows = old.n_rows.saturating_add(entry.n_rows);
            })
            .or_insert(entry);
        Ok(())
    }

    /// Sum of the rows.
    pub fn sum(&self, interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
        self.collect(|entry| entry.value, interrupts)
    }

    /// Mean of the rows; a row without a term counts as 0 there.
    #[expect(clippy::cast_precision_loss, reason = "the rounding of a count beyond 2^53 does not matter")]
    pub fn avg(&self, interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
        self.collect(|entry| entry.value / self.n_rows as f64, interrupts)
    }

    /// Greatest weights; a row without a term counts as 0 there, so a negative maximum needs the term in every row.
    pub fn max(&self, interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
        let rows = self.n_rows;
        self.collect(|entry| if entry.n_rows < rows { entry.value.max(0.0) } else { entry.value }, interrupts)
    }

    /// Document frequencies: how many rows have each term.
    #[expect(clippy::cast_precision_loss, reason = "float4 rounds the count more coarsely anyhow")]
    pub fn frequencies(&self, interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
        self.collect(|entry| entry.n_rows as f64, interrupts)
    }

    /// Mean over the rows of the sum of their weights: of counts of words, the mean length. For sums.
    #[expect(clippy::cast_precision_loss, reason = "the rounding of a count beyond 2^53 does not matter")]
    pub fn mean_total(&self, interrupts: &mut dyn FnMut()) -> Result<f64, VectorError> {
        let total: f64 = self.terms(interrupts)?.map(|(_, sum, _)| sum).sum();
        Ok(total / self.n_rows.max(1) as f64)
    }

    /// Number of rows added.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// For each term, ascending: its id, its sum or maximum, and the number of rows that have it.
    pub fn terms(
        &self,
        interrupts: &mut dyn FnMut(),
    ) -> Result<impl Iterator<Item = (u32, f64, u64)> + use<>, VectorError> {
        Ok(self.sorted(interrupts)?.into_iter().map(|(index, entry)| (index, entry.value, entry.n_rows)))
    }

    fn collect(
        &self,
        value: impl Fn(&Entry) -> f64,
        interrupts: &mut dyn FnMut(),
    ) -> Result<SparseVector, VectorError> {
        let entries = self.sorted(interrupts)?;
        let mut result = Collector::new(self.dim, entries.len())?;
        let mut pace = Pace::new(interrupts);
        for (index, entry) in entries {
            pace.step(1);
            result.push(index, narrow(value(&entry)))?;
        }
        Ok(result.finish())
    }

    fn sorted(&self, interrupts: &mut dyn FnMut()) -> Result<Vec<(u32, Entry)>, VectorError> {
        let mut entries = Vec::new();
        reserve(&mut entries, self.entries.len())?;
        let mut pace = Pace::new(interrupts);
        for (&index, &entry) in &self.entries {
            pace.step(1);
            entries.push((index, entry));
        }
        pace.sort_unstable_by_key(&mut entries, |pair| pair.0);
        Ok(entries)
    }

    /// The state as bytes, for a parallel worker to send to its leader.
    pub fn serialize(&self, interrupts: &mut dyn FnMut()) -> Result<Vec<u8>, VectorError> {
        let entries = self.sorted(interrupts)?;
        let mut out = Vec::new();
        reserve(&mut out, entries.len().saturating_mul(ENTRY_BYTES).saturating_add(HEADER_BYTES))?;
        out.extend(self.dim.to_le_bytes());
        out.extend(self.n_rows.to_le_bytes());
        for (index, entry) in entries {
            out.extend(index.to_le_bytes());
            out.extend(entry.value.to_le_bytes());
            out.extend(entry.n_rows.to_le_bytes());
        }
        Ok(out)
    }

    /// The state back from bytes. They come from `serialize`, but a wrong length is noticed all the same.
    pub fn deserialize(kind: Kind, bytes: &[u8], interrupts: &mut dyn FnMut()) -> Result<Self, VectorError> {
        let broken = || VectorError::Corrupted { problem: "An aggregate state has a wrong length" };
        let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(broken)?;
        let mut state = Self::new(kind);
        let mut header = Fields(header);
        state.dim = header.u32();
        if state.dim != 0 {
            check_dim(i64::from(state.dim))?;
        }
        state.n_rows = header.u64();
        let (entries, rest) = body.as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() {
            return Err(broken());
        }
        let mut pace = Pace::new(interrupts);
        for bytes in entries {
            pace.step(1);
            let mut fields = Fields(bytes);
            let index = fields.u32();
            let value = f64::from_bits(fields.u64());
            state.merge_entry(index, Entry { value, n_rows: fields.u64() })?;
        }
        Ok(state)
    }
}

/// Little-endian fields in a row; its length was checked before.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk::<N>().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *head
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}
