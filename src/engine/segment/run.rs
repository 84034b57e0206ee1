//! A run: documents inverted in memory, bounded by a budget.
//!
//! Documents are collected as they come, posting by posting (slot of the term, weight), while each term's count and
//! greatest magnitude are kept. `finish` sorts by counting: list lengths give each list its place, then one pass over
//! the collected postings puts every document and its impact there. By then the term's greatest weight is known, and so
//! its scale.

use std::collections::HashMap;

use super::format::{MAX_DOCS, Sign};
use super::source::{EachPosting, EachTid, SegmentSource, TermHead};
use super::special::SpecialDocs;
use crate::engine::codec::impact;
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::ids::{Metric, Tid};
use crate::engine::search::norm::{Normalised, divide_outward, standing};
use crate::engine::vector::SparseVectorRef;

/// Bytes of memory a posting takes at the peak: (slot, weight) while collected, (document, impact) when sorted.
const POSTING_BYTES: usize = 8 + 5;
/// Bytes of memory a document takes: TID and end of its postings.
const DOC_BYTES: usize = 8 + 8;
/// Bytes of memory a term takes, the hash table's slack included.
const TERM_BYTES: usize = 64;
/// Terms below this number find their slot in an array, the others in a hash table.
const DENSE_TERMS: u32 = 1 << 18;

#[derive(Clone, Copy)]
struct TermSlot {
    term: u32,
    df: [u32; 2],
    max: f32,
}

/// Collects documents until the budget is used up.
pub struct RunBuilder {
    metric: Metric,
    budget: usize,
    tids: Vec<Tid>,
    ends: Vec<usize>,
    postings: Vec<(u32, f32)>,
    slots: Vec<TermSlot>,
    dense: Vec<u32>,
    sparse: HashMap<u32, u32>,
    special: SpecialDocs,
    max_nnz: u32,
}

impl RunBuilder {
    /// A builder that reports full at about `budget` bytes.
    pub fn new(metric: Metric, budget: usize) -> Self {
        Self {
            metric,
            budget,
            tids: Vec::new(),
            ends: Vec::new(),
            postings: Vec::new(),
            slots: Vec::new(),
            dense: Vec::new(),
            sparse: HashMap::new(),
            special: SpecialDocs::default(),
            max_nnz: 0,
        }
    }

    /// Documents so far.
    pub fn n_docs(&self) -> u32 {
        self.tids.len() as u32
    }

    /// Whether the budget is used up; a single document may exceed it.
    pub fn is_full(&self) -> bool {
        // Vectors double when they grow, so at most half of what is reserved is idle: count what is reserved.
        let used = self.postings.capacity().max(self.postings.len()) * 8
            + self.postings.len() * (POSTING_BYTES - 8)
            + self.tids.len() * DOC_BYTES
            + self.slots.len() * TERM_BYTES
            + self.dense.len() * 4;
        used >= self.budget || self.n_docs() >= MAX_DOCS
    }

    /// Adds a document; its number is the count of those before it.
    pub fn add(&mut self, tid: Tid, value: Option<SparseVectorRef<'_>>) -> Result<()> {
        let doc = self.n_docs();
        reserve(&mut self.tids, 1, "run documents")?;
        reserve(&mut self.ends, 1, "run documents")?;
        match value {
            None => {
                self.special.null.insert(doc);
            }
            Some(vector) => self.add_vector(doc, vector)?,
        }
        self.tids.push(tid);
        self.ends.push(self.postings.len());
        Ok(())
    }

    fn add_vector(&mut self, doc: u32, vector: SparseVectorRef<'_>) -> Result<()> {
        let length = match standing(self.metric, vector) {
            Normalised::Regular(length) => length,
            Normalised::ZeroNorm => {
                self.special.zero_norm.insert(doc);
                return Ok(());
            }
            Normalised::Irregular => {
                self.special.irregular.insert(doc);
                return Ok(());
            }
        };
        self.reserve_postings(vector.nnz())?;
        self.max_nnz = self.max_nnz.max(vector.nnz() as u32);
        for (term, weight) in vector.iter() {
            self.add_posting(term, divide_outward(weight, length))?;
        }
        Ok(())
    }

    /// Grows the posting buffer by halves, not by doubling, and never far past the budget.
    fn reserve_postings(&mut self, n: usize) -> Result<()> {
        let free = self.postings.capacity() - self.postings.len();
        if free < n {
            let step = (self.postings.len() / 2).min(self.budget / POSTING_BYTES / 8).max(n);
            let bytes = step.saturating_mul(8);
            let grown = self.postings.try_reserve_exact(step);
            grown.map_err(|_| EngineError::OutOfMemory { what: "run postings", bytes })?;
        }
        Ok(())
    }

    fn add_posting(&mut self, term: u32, weight: f32) -> Result<()> {
        let slot = self.slot(term)?;
        let entry = &mut self.slots[slot as usize];
        let sign = if weight > 0.0 { Sign::Positive } else { Sign::Negative };
        entry.df[sign.index()] += 1;
        entry.max = entry.max.max(weight.abs());
        self.postings.push((slot, weight));
        Ok(())
    }

    fn slot(&mut self, term: u32) -> Result<u32> {
        const NONE: u32 = u32::MAX;
        if term < DENSE_TERMS {
            let at = term as usize;
            if at >= self.dense.len() {
                let more = (at + 1 - self.dense.len()).max(self.dense.len().min(1 << 14));
                reserve(&mut self.dense, more, "term table")?;
                self.dense.resize(self.dense.len() + more, NONE);
            }
            if self.dense[at] == NONE {
                self.dense[at] = self.new_slot(term)?;
            }
            return Ok(self.dense[at]);
        }
        if let Some(&slot) = self.sparse.get(&term) {
            return Ok(slot);
        }
        let slot = self.new_slot(term)?;
        let grown = self.sparse.try_reserve(1);
        grown.map_err(|_| EngineError::OutOfMemory { what: "term table", bytes: self.sparse.len() * 16 })?;
        self.sparse.insert(term, slot);
        Ok(slot)
    }

    fn new_slot(&mut self, term: u32) -> Result<u32> {
        let slot = self.slots.len() as u32;
        reserve(&mut self.slots, 1, "term table")?;
        self.slots.push(TermSlot { term, df: [0, 0], max: 0.0 });
        Ok(slot)
    }

    /// Sorts what was collected into lists.
    pub fn finish(self) -> Result<Run> {
        let Self { tids, ends, postings, slots, special, max_nnz, dense, sparse, .. } = self;
        drop((dense, sparse));
        let mut order: Vec<u32> = reserved(slots.len(), "term order")?;
        order.extend(0..slots.len() as u32);
        order.sort_unstable_by_key(|&s| slots[s as usize].term);

        // Lists lie in the order of (term, sign); `next` says where the next posting of a slot's list goes.
        let mut terms: Vec<TermHead> = reserved(slots.len(), "run terms")?;
        let mut next: Vec<[usize; 2]> = filled(slots.len(), [0, 0], "run terms")?;
        let mut exponents: Vec<i16> = filled(slots.len(), 0, "run terms")?;
        let mut at = 0;
        for &s in &order {
            let TermSlot { term, df, max } = slots[s as usize];
            let exponent = impact::exponent_for(max);
            terms.push(TermHead { term, exponent, df });
            exponents[s as usize] = exponent;
            next[s as usize] = [at, at + df[0] as usize];
            at += df[0] as usize + df[1] as usize;
        }

        let mut docs = filled(postings.len(), 0u32, "run postings")?;
        let mut impacts = filled(postings.len(), 0u8, "run postings")?;
        let mut begin = 0;
        for (doc, &end) in ends.iter().enumerate() {
            for &(slot, weight) in &postings[begin..end] {
                let sign = if weight > 0.0 { Sign::Positive } else { Sign::Negative };
                let place = &mut next[slot as usize][sign.index()];
                docs[*place] = doc as u32;
                impacts[*place] = impact::quantise(weight.abs(), exponents[slot as usize]);
                *place += 1;
            }
            begin = end;
        }
        Ok(Run { tids, special, max_nnz, terms, docs, impacts, current: 0, list_at: 0 })
    }
}

/// Documents inverted and sorted, ready to be written.
pub struct Run {
    tids: Vec<Tid>,
    special: SpecialDocs,
    max_nnz: u32,
    terms: Vec<TermHead>,
    docs: Vec<u32>,
    impacts: Vec<u8>,
    current: usize,
    list_at: usize,
}

impl Run {
    /// Number of distinct terms.
    pub fn n_terms(&self) -> u32 {
        self.terms.len() as u32
    }
}

impl SegmentSource for Run {
    fn n_docs(&self) -> u32 {
        self.tids.len() as u32
    }

    fn special(&self) -> &SpecialDocs {
        &self.special
    }

    fn max_nnz(&self) -> u32 {
        self.max_nnz
    }

    fn for_each_tid(&mut self, each: &mut EachTid<'_>) -> Result<()> {
        self.tids.iter().enumerate().try_for_each(|(doc, &tid)| each(doc as u32, tid))
    }

    fn head(&self) -> Option<TermHead> {
        self.terms.get(self.current).copied()
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        let Some(head) = self.head() else { return Ok(()) };
        let begin = self.list_at + if sign == Sign::Negative { head.df[0] as usize } else { 0 };
        let list = begin..begin + head.df[sign.index()] as usize;
        self.docs[list.clone()].iter().zip(&self.impacts[list]).try_for_each(|(&doc, &impact)| each(doc, impact))
    }

    fn advance(&mut self) -> Result<()> {
        if let Some(head) = self.head() {
            self.list_at += head.df[0] as usize + head.df[1] as usize;
            self.current += 1;
        }
        Ok(())
    }
}
