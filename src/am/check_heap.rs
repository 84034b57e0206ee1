//! The check's second half: every visible row of the table is indexed exactly once, with the right weights and values.

use std::collections::HashMap;
use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::check::Finding;
use super::columns::{IndexColumns, Row};
use super::{metric_of, tid_from};
use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::filter::row;
use crate::engine::filter::value::{Columns, Value};
use crate::engine::ids::{Metric, Tid};
use crate::engine::pending::Entry;
use crate::engine::segment::check::DocumentSums;
use crate::engine::segment::pages::Part;
use crate::engine::vector::SparseVectorRef;
use crate::storage::datum::SVec;
use crate::storage::raise::OrRaise;
use crate::storage::segment_pages::SegmentPages;
use crate::storage::value::ValueBuffer;

/// Where the check finds a row indexed.
#[derive(Clone, Copy)]
pub enum Place {
    /// Segment (as position in the list) and document.
    Segment(usize, u32),
    /// Position in the list of pending rows.
    Pending(usize),
}

/// What the pending list says of a row.
pub struct PendingRow {
    /// A fingerprint of the vector.
    vector: u64,
    /// The values of the filter columns, as they are stored.
    values: Vec<u8>,
    /// Scans pass over it.
    killed: bool,
}

impl PendingRow {
    /// That of an entry.
    pub fn of(entry: &Entry<'_>, killed: bool) -> Result<Self> {
        let mut values = reserved(entry.encoded_values().len(), LIST)?;
        values.extend_from_slice(entry.encoded_values());
        Ok(Self { vector: fingerprint(entry.vector), values, killed })
    }
}

/// What the index says of the rows of its table.
#[derive(Default)]
pub struct Indexed {
    /// The segments.
    pub segments: Vec<(SegmentPages, DocumentSums)>,
    pending: Vec<PendingRow>,
    /// Filled only if the heap is to be checked.
    places: HashMap<Tid, Place>,
}

const LIST: &str = "row list of the check";
/// Of a row that the check's snapshot sees.
const KILLED: &str = "is there, and marked as dead to everybody";

impl Indexed {
    /// Notes where a row is indexed.
    pub fn place(&mut self, tid: Tid, place: Place) -> Result<()> {
        let bytes = self.places.len() * size_of::<(Tid, Place)>();
        self.places.try_reserve(1).map_err(|_| EngineError::OutOfMemory { what: LIST, bytes })?;
        self.places.insert(tid, place);
        Ok(())
    }

    /// Notes that a row is in the pending list.
    pub fn place_pending(&mut self, tid: Tid, row: PendingRow) -> Result<()> {
        reserve(&mut self.pending, 1, LIST)?;
        self.pending.push(row);
        self.place(tid, Place::Pending(self.pending.len() - 1))
    }
}

/// Compares the rows of `heap` that `snapshot` sees with where the index has them, and says what is wrong.
pub fn check_rows(
    columns: &IndexColumns,
    heap: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    indexed: &Indexed,
) -> Vec<Finding> {
    let index = columns.index();
    let check = HeapCheck { metric: metric_of(index), columns, indexed, findings: Vec::new() };
    let mut state = State { check, buffer: ValueBuffer::default() };
    // SAFETY: the relations are open; `amcheck` scans the same way. The callback gets the state it expects. The table
    // scan is ended by the build scan.
    unsafe {
        let info = pg_sys::BuildIndexInfo(index.raw());
        // Do not wait for transactions whose rows are in doubt, and accept rows by the snapshot.
        (*info).ii_Concurrent = true;
        let scan = pg_sys::table_beginscan_strat(heap, snapshot, 0, std::ptr::null_mut(), true, true);
        let state = (&raw mut state).cast::<c_void>();
        pg_sys::table_index_build_scan(heap, index.raw(), info, true, false, Some(check_row), state, scan);
    }
    state.check.findings
}

struct State<'a> {
    check: HeapCheck<'a>,
    /// The values of a row.
    buffer: ValueBuffer,
}

struct HeapCheck<'a> {
    metric: Metric,
    columns: &'a IndexColumns,
    indexed: &'a Indexed,
    findings: Vec<Finding>,
}

/// One visible row of the table.
///
/// # Safety
/// - Called by PostgreSQL's table scan with the state that [`check_rows`] passes.
#[pg_guard]
unsafe extern "C-unwind" fn check_row(
    _index: pg_sys::Relation,
    tid: pg_sys::ItemPointer,
    values: *mut pg_sys::Datum,
    isnull: *mut bool,
    _alive: bool,
    state: *mut c_void,
) {
    // SAFETY: `check_rows` passes its state, PostgreSQL a TID.
    let (state, tid) = unsafe { (&mut *state.cast::<State<'_>>(), tid_from(tid)) };
    // SAFETY: PostgreSQL passes one value and one flag for each column.
    let Row { vector, values } = unsafe { state.check.columns.row(values, isnull, &mut state.buffer) };
    state.check.compare(tid, vector.as_ref().map(SVec::as_ref), &values).or_raise(state.check.columns.index());
    if let Some(vector) = vector {
        vector.free();
    }
}

impl HeapCheck<'_> {
    fn compare(&mut self, tid: Tid, vector: Option<SparseVectorRef<'_>>, values: &[Option<Value<'_>>]) -> Result<()> {
        match self.indexed.places.get(&tid) {
            None => self.find(tid, None, "heap", "is not in the index"),
            Some(&Place::Pending(at)) => self.compare_pending(tid, at, vector, values)?,
            Some(&Place::Segment(at, doc)) => {
                let (pages, sums) = &self.indexed.segments[at];
                let id = pages.descriptor().id;
                if !sums.matches(doc, self.metric, vector) {
                    self.find(tid, Some(id), "heap", "is indexed with other weights");
                }
                // On a standby the hint is of rows that may still be seen there.
                if sums.is_killed(doc) && !self.columns.index().is_under_replay() {
                    self.find(tid, Some(id), Part::Killed.name(), KILLED);
                }
                self.compare_values(tid, at, doc, values)?;
            }
        }
        Ok(())
    }

    fn compare_pending(
        &mut self,
        tid: Tid,
        at: usize,
        vector: Option<SparseVectorRef<'_>>,
        values: &[Option<Value<'_>>],
    ) -> Result<()> {
        let row = &self.indexed.pending[at];
        if row.vector != fingerprint(vector) {
            self.find(tid, None, "heap", "is in the pending list with another vector");
        }
        if row.killed {
            self.find(tid, None, "pending list", KILLED);
        }
        // Damage has been found when the list was read.
        let Ok(stored) = row::decode(&row.values, self.columns.kinds()) else { return Ok(()) };
        for (column, (&stored, &value)) in stored.iter().zip(values).enumerate() {
            if !self.are_equal(column, stored, value)? {
                self.find_value(tid, None, column, "in the pending list");
            }
        }
        Ok(())
    }

    /// Compares a row's values with those of a document.
    fn compare_values(&mut self, tid: Tid, at: usize, doc: u32, values: &[Option<Value<'_>>]) -> Result<()> {
        let pages = &self.indexed.segments[at].0;
        let (id, segment) = (pages.descriptor().id, pages.reader());
        for (column, &value) in values.iter().enumerate().take(segment.meta.columns.len()) {
            let same = segment.column(column);
            let same = same.and_then(|c| c.value_of(doc, |stored| self.are_equal(column, stored, value)));
            match same {
                Ok(true) => {}
                Ok(false) => self.find_value(tid, Some(id), column, "indexed"),
                // Damage has been found when the segment was checked.
                Err(EngineError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// NULL is equal to NULL here.
    fn are_equal(&self, column: usize, a: Option<Value<'_>>, b: Option<Value<'_>>) -> Result<bool> {
        match (a, b) {
            (Some(a), Some(b)) => Ok(a == b || self.columns.compare(column, a, b)?.is_eq()),
            (a, b) => Ok(a.is_none() && b.is_none()),
        }
    }

    fn find_value(&mut self, tid: Tid, segment: Option<u32>, column: usize, place: &str) {
        let name = self.columns.name_of(column);
        self.find(
            tid,
            segment,
            Part::FilterValues.name(),
            &format!("is {place} with another value of column \"{name}\""),
        );
    }

    fn find(&mut self, tid: Tid, segment: Option<u32>, part: &str, problem: &str) {
        let problem = format!("row ({},{}) {problem}", tid.block, tid.offset);
        self.findings.push(Finding { segment, part: part.into(), block: None, problem });
    }
}

/// A 64-bit digest of a vector's terms and weights (FNV-1a); NULL has its own.
pub fn fingerprint(vector: Option<SparseVectorRef<'_>>) -> u64 {
    let Some(vector) = vector else { return 1 };
    vector.iter().fold(0xcbf2_9ce4_8422_2325, |hash, (term, weight)| {
        let word = u64::from(term) << 32 | u64::from(weight.to_bits());
        word.to_le_bytes().iter().fold(hash, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    })
}
