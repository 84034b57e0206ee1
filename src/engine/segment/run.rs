//! A run: documents inverted in memory, bounded by a budget.
//!
//! Documents are collected as they come, posting by posting (slot of the term, weight), while each term's count and
//! greatest magnitude are kept. Sorting is by counting: list lengths give each list its place, then one pass over the
//! collected postings puts every document and its impact there. By then the term's greatest weight is known, and so its
//! scale. That pass jumps about in memory, so a sorted posting is as small as can be: document and impact in 4 bytes.

use std::collections::HashMap;

use super::format::Sign;
use super::norms::Norm;
use super::source::{EachDoc, EachNorm, EachPosting, EachTid, SegmentSource, TermHead};
use super::special::SpecialDocs;
use crate::engine::codec::impact;
use crate::engine::error::{EngineError, PARTITION, Result, filled, reserve, reserved};
use crate::engine::filter::collect::{ColumnsBuilder, SortedColumns};
use crate::engine::filter::value::{Columns, Value, ValueKind};
use crate::engine::ids::{Metric, Tid};
use crate::engine::search::norm::{Normalised, divide_outward, standing};
use crate::engine::vector::SparseVectorRef;

/// Documents of a run at most: their numbers have 24 bits.
const MAX_RUN_DOCS: u32 = 1 << 24;
/// Postings from which on a run is full: one document more, of any size, keeps their number in 32 bits.
const MAX_RUN_POSTINGS: usize = 1 << 31;
/// Bytes of memory a posting takes at the peak: (slot, weight) as collected, (document, impact) as sorted.
const POSTING_BYTES: usize = 8 + 4;
/// Bytes of memory a document takes: TID and end of its postings, both in vectors that double when they grow.
const DOC_BYTES: usize = 2 * (8 + 4);
/// Bytes of memory a term takes, the slack of growing tables included.
const TERM_BYTES: usize = 96;
/// Terms below this number find their slot in an array, the others in a hash table.
const DENSE_TERMS: u32 = 1 << 18;
/// No slot.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct TermSlot {
    term: u32,
    df: [u32; 2],
    max: f32,
}

/// Where the next posting of a term goes, by sign, and in what steps its weights are counted.
#[derive(Clone, Copy)]
struct Place {
    next: [u32; 2],
    steps: f64,
}

fn sign_of(weight: f32) -> Sign {
    if weight > 0.0 { Sign::Positive } else { Sign::Negative }
}

/// A posting as it is sorted.
fn pack(doc: u32, impact: u8) -> u32 {
    doc << 8 | u32::from(impact)
}

/// Document and impact.
pub fn unpack(posting: u32) -> (u32, u8) {
    (posting >> 8, posting as u8)
}

/// Collects documents until the budget is used up.
pub struct RunBuilder {
    metric: Metric,
    budget: usize,
    tids: Vec<Tid>,
    ends: Vec<u32>,
    postings: Vec<(u32, f32)>,
    /// Memory of an earlier run's sorted postings, to be used again.
    spare: Vec<u32>,
    slots: Vec<TermSlot>,
    dense: Vec<u32>,
    sparse: HashMap<u32, u32>,
    special: SpecialDocs,
    /// Under L2 one for each document.
    norms: Vec<Norm>,
    max_nnz: u32,
    columns: ColumnsBuilder,
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
            spare: Vec::new(),
            slots: Vec::new(),
            dense: Vec::new(),
            sparse: HashMap::new(),
            special: SpecialDocs::default(),
            norms: Vec::new(),
            max_nnz: 0,
            columns: ColumnsBuilder::default(),
        }
    }

    /// The same builder for documents with filter columns of these kinds.
    #[must_use]
    pub fn with_columns(self, kinds: &[ValueKind]) -> Self {
        Self { columns: ColumnsBuilder::new(kinds), ..self }
    }

    /// Documents so far.
    pub fn n_docs(&self) -> u32 {
        self.tids.len() as u32
    }

    /// Whether the budget is used up; a single document may exceed it.
    pub fn is_full(&self) -> bool {
        let used = self.postings.len() * POSTING_BYTES
            + self.tids.len() * DOC_BYTES
            + self.norms.len() * 2 * Norm::BYTES
            + self.slots.len() * TERM_BYTES
            + self.dense.len() * 4
            + self.columns.memory();
        // An eighth is for the memory that growing vectors hold in reserve.
        used >= self.budget - self.budget / 8
            || self.n_docs() >= MAX_RUN_DOCS
            || self.postings.len() >= MAX_RUN_POSTINGS
    }

    /// Bytes that [`super::spill`] makes of it at most, while documents have numbers of less than 22 bits.
    pub fn spilled_bytes(&self) -> usize {
        self.postings.len() * 4
            + self.tids.len() * Tid::BYTES
            + self.norms.len() * Norm::BYTES
            + self.slots.len() * 16
            + self.columns.spilled_bytes()
    }

    /// Adds a document, with a value for each filter column; its number is the count of those before it.
    pub fn add(&mut self, tid: Tid, vector: Option<SparseVectorRef<'_>>, values: &[Option<Value<'_>>]) -> Result<()> {
        let doc = self.n_docs();
        if doc >= MAX_RUN_DOCS || self.postings.len() >= MAX_RUN_POSTINGS {
            return Err(EngineError::Limit {
                what: "documents of a run",
                limit: u64::from(MAX_RUN_DOCS),
                remedy: PARTITION,
            });
        }
        reserve(&mut self.tids, 1, "run documents")?;
        reserve(&mut self.ends, 1, "run documents")?;
        reserve(&mut self.norms, usize::from(self.metric == Metric::L2), "run documents")?;
        let regular = match vector {
            None => {
                self.special.null.insert(doc);
                None
            }
            Some(vector) => self.add_vector(doc, vector)?.then_some(vector),
        };
        if self.metric == Metric::L2 {
            self.norms.push(regular.map_or(Norm::NONE, Norm::of));
        }
        self.columns.add(doc, values)?;
        self.tids.push(tid);
        self.ends.push(self.postings.len() as u32);
        Ok(())
    }

    /// Whether it is a regular one.
    fn add_vector(&mut self, doc: u32, vector: SparseVectorRef<'_>) -> Result<bool> {
        let length = match standing(self.metric, vector) {
            Normalised::Regular(length) => length,
            Normalised::ZeroNorm => {
                self.special.zero_norm.insert(doc);
                return Ok(false);
            }
            Normalised::Irregular => {
                self.special.irregular.insert(doc);
                return Ok(false);
            }
        };
        self.reserve_postings(vector.nnz())?;
        self.max_nnz = self.max_nnz.max(vector.nnz() as u32);
        for (term, weight) in vector.iter() {
            let slot = match self.dense.get(term as usize) {
                Some(&slot) if slot != NONE => slot,
                _ => self.slot(term)?,
            };
            let weight = divide_outward(weight, length);
            let entry = &mut self.slots[slot as usize];
            entry.df[sign_of(weight).index()] += 1;
            entry.max = entry.max.max(weight.abs());
            self.postings.push((slot, weight));
        }
        Ok(true)
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

    fn slot(&mut self, term: u32) -> Result<u32> {
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

    /// Sorts what was collected into lists; `columns` knows the order of values.
    pub fn finish(mut self, columns: &dyn Columns) -> Result<Run> {
        self.sort(columns)
    }

    /// The same; [`RunBuilder::reuse`] must come next.
    pub fn sort(&mut self, columns: &dyn Columns) -> Result<Run> {
        let sorted_columns = self.columns.sort(columns)?;
        let slots = &self.slots;
        let mut order: Vec<u32> = reserved(slots.len(), "term order")?;
        order.extend(0..slots.len() as u32);
        order.sort_unstable_by_key(|&s| slots[s as usize].term);

        // Lists lie in the order of (term, sign).
        let mut terms: Vec<TermHead> = reserved(slots.len(), "run terms")?;
        let mut places = filled(slots.len(), Place { next: [0, 0], steps: 0.0 }, "run terms")?;
        let mut at = 0;
        for &s in &order {
            let TermSlot { term, df, max } = slots[s as usize];
            let exponent = impact::exponent_for(max);
            terms.push(TermHead { term, exponent, df });
            places[s as usize] = Place { next: [at, at + df[0]], steps: impact::scale(-exponent) };
            at += df[0] + df[1];
        }

        let mut sorted = std::mem::take(&mut self.spare);
        let n = self.postings.len();
        let bytes = n.saturating_mul(4);
        let grown = sorted.try_reserve_exact(n.saturating_sub(sorted.len()));
        grown.map_err(|_| EngineError::OutOfMemory { what: "run postings", bytes })?;
        // What an earlier run left is overwritten.
        sorted.resize(n, 0);
        let mut begin = 0;
        for (doc, &end) in self.ends.iter().enumerate() {
            for &(slot, weight) in &self.postings[begin as usize..end as usize] {
                let place = &mut places[slot as usize];
                let next = &mut place.next[sign_of(weight).index()];
                sorted[*next as usize] = pack(doc as u32, impact::quantise_by(weight.abs(), place.steps));
                *next += 1;
            }
            begin = end;
        }
        Ok(Run {
            tids: std::mem::take(&mut self.tids),
            special: std::mem::take(&mut self.special),
            norms: std::mem::take(&mut self.norms),
            max_nnz: self.max_nnz,
            columns: sorted_columns,
            terms,
            postings: sorted,
            current: 0,
            list_at: 0,
        })
    }

    /// Begins a new run in the memory of the old one, which has been written.
    pub fn reuse(&mut self, written: Run) {
        let Run { mut tids, mut norms, postings, columns, .. } = written;
        self.columns.reuse(columns);
        tids.clear();
        self.tids = tids;
        norms.clear();
        self.norms = norms;
        self.spare = postings;
        self.ends.clear();
        self.postings.clear();
        self.slots.clear();
        self.dense.fill(NONE);
        self.sparse.clear();
        self.max_nnz = 0;
    }
}

/// Documents inverted and sorted, ready to be written.
pub struct Run {
    tids: Vec<Tid>,
    special: SpecialDocs,
    norms: Vec<Norm>,
    max_nnz: u32,
    columns: SortedColumns,
    terms: Vec<TermHead>,
    postings: Vec<u32>,
    current: usize,
    list_at: usize,
}

impl Run {
    /// Whether its documents have norms.
    pub fn has_norms(&self) -> bool {
        !self.norms.is_empty()
    }

    /// Its filter columns.
    pub fn columns_mut(&mut self) -> &mut SortedColumns {
        &mut self.columns
    }

    /// The current term's list of one sign; see [`unpack`].
    pub fn list(&self, sign: Sign) -> &[u32] {
        let Some(head) = self.head() else { return &[] };
        let begin = self.list_at + if sign == Sign::Negative { head.df[0] as usize } else { 0 };
        &self.postings[begin..begin + head.df[sign.index()] as usize]
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

    fn for_each_norm(&mut self, each: &mut EachNorm<'_>) -> Result<()> {
        self.norms.iter().enumerate().try_for_each(|(doc, &norm)| each(doc as u32, norm))
    }

    fn begin_column(&mut self, column: usize) -> Result<()> {
        self.columns.begin(column);
        Ok(())
    }

    fn n_values(&self) -> u32 {
        self.columns.n_values()
    }

    fn value(&self) -> Option<Value<'_>> {
        self.columns.value()
    }

    fn for_each_doc_of_value(&mut self, each: &mut EachDoc<'_>) -> Result<()> {
        self.columns.for_each_doc(each)
    }

    fn advance_value(&mut self) -> Result<()> {
        self.columns.advance();
        Ok(())
    }

    fn head(&self) -> Option<TermHead> {
        self.terms.get(self.current).copied()
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        self.list(sign).iter().try_for_each(|&posting| {
            let (doc, impact) = unpack(posting);
            each(doc, impact)
        })
    }

    fn advance(&mut self) -> Result<()> {
        if let Some(head) = self.head() {
            self.list_at += head.df[0] as usize + head.df[1] as usize;
            self.current += 1;
        }
        Ok(())
    }
}
