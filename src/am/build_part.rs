//! One process's share of a build: its rows of the table become one segment.

use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::invert::Inverter;
use super::maintain;
use super::progress::{self, Phase};
use super::{metric_of, tid_from};
use crate::engine::error::Result;
use crate::storage::datum::SVec;
use crate::storage::free::Allocator;
use crate::storage::meta::SegmentDescriptor;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentSink;

/// What a process is to do.
pub struct Task {
    /// The table.
    pub heap: pg_sys::Relation,
    /// The index.
    pub index: IndexRelation,
    /// How rows become values.
    pub info: *mut pg_sys::IndexInfo,
    /// A parallel scan of the table, or null for a scan of one's own.
    pub scan: pg_sys::TableScanDesc,
    /// Bytes of memory to be used.
    pub budget: usize,
    /// Generation and number of the segment to be written.
    pub generation: u32,
    /// Whether this process reports the build's progress.
    pub leads: bool,
}

/// What became of it.
pub struct Part {
    /// Rows of the table.
    pub heap_tuples: f64,
    /// Rows in the segment.
    pub index_tuples: u64,
    /// The segment; none if there were no rows.
    pub segment: Option<SegmentDescriptor>,
}

struct RowState {
    index: IndexRelation,
    inverter: Inverter,
    leads: bool,
}

/// The leader tells how many rows it has seen whenever it has seen this many more.
const REPORT_EVERY: u64 = 256;

/// Does the task.
///
/// # Safety
/// - Table and index are open and locked, and `info` and `scan` belong to them. `scan` is over after this.
pub unsafe fn build_part(task: Task) -> Result<Part> {
    let Task { heap, index, info, scan, budget, generation, leads } = task;
    let mut state = RowState { index, inverter: Inverter::new(metric_of(index), budget), leads };
    let heap_tuples = {
        let state = (&raw mut state).cast::<c_void>();
        // SAFETY: by the caller's promise; the callback gets the state it expects, which outlives the scan.
        unsafe { pg_sys::table_index_build_scan(heap, index.raw(), info, true, leads, Some(add_row), state, scan) }
    };
    let n_docs = state.inverter.n_docs();
    if leads {
        progress::report_rows(n_docs);
        progress::report(Phase::Writing);
    }
    let segment = write_segment(index, state.inverter, generation)?;
    Ok(Part { heap_tuples, index_tuples: n_docs, segment })
}

fn write_segment(index: IndexRelation, inverter: Inverter, generation: u32) -> Result<Option<SegmentDescriptor>> {
    let n_docs = inverter.n_docs();
    if n_docs == 0 {
        return Ok(None);
    }
    let mut sink = SegmentSink::new(index, Allocator::fresh(index), generation, generation);
    let meta = inverter.finish(&mut sink)?;
    maintain::expect_documents(&meta, n_docs)?;
    Ok(Some(sink.finish(meta)))
}

/// One row of the table scan.
#[pg_guard]
unsafe extern "C-unwind" fn add_row(
    _index: pg_sys::Relation,
    tid: pg_sys::ItemPointer,
    values: *mut pg_sys::Datum,
    isnull: *mut bool,
    _alive: bool,
    state: *mut c_void,
) {
    // SAFETY: `build_part` passes its state, and PostgreSQL one value and one flag for the one column.
    let (state, tid, value, is_null) = unsafe { (&mut *state.cast::<RowState>(), tid_from(tid), *values, *isnull) };
    if is_null {
        state.inverter.add(tid, None).or_raise(state.index);
    } else {
        // SAFETY: the column's type is the operator class's, an svec.
        let vector = unsafe { SVec::from_datum_raw(value) };
        state.inverter.add(tid, Some(vector.as_ref())).or_raise(state.index);
        vector.free();
    }
    if state.leads && state.inverter.n_docs().is_multiple_of(REPORT_EVERY) {
        progress::report_rows(state.inverter.n_docs());
    }
}
