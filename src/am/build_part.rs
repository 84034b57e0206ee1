//! One process's share of a build: its rows of the table become one segment.

use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::columns::{IndexColumns, Row};
use super::maintain;
use super::progress::{self, Phase};
use super::{metric_of, tid_from};
use crate::engine::error::Result;
use crate::engine::segment::inverter::Inverter;
use crate::storage::datum::SVec;
use crate::storage::free::Allocator;
use crate::storage::meta::SegmentDescriptor;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentSink;
use crate::storage::tempfile::TempFile;
use crate::storage::value::ValueBuffer;

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
    columns: IndexColumns,
    /// The values of a row.
    buffer: ValueBuffer,
    inverter: Inverter<TempFile>,
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
    let columns = IndexColumns::of(index);
    let inverter = Inverter::new(metric_of(index), &columns, budget);
    let mut state = RowState { index, columns, buffer: ValueBuffer::default(), inverter, leads };
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
    let segment = write_segment(index, state.inverter, &state.columns, generation)?;
    Ok(Part { heap_tuples, index_tuples: n_docs, segment })
}

fn write_segment(
    index: IndexRelation,
    inverter: Inverter<TempFile>,
    columns: &IndexColumns,
    generation: u32,
) -> Result<Option<SegmentDescriptor>> {
    let n_docs = inverter.n_docs();
    if n_docs == 0 {
        return Ok(None);
    }
    let mut sink = SegmentSink::new(index, Allocator::fresh(index), generation, generation);
    let meta = inverter.finish(columns, &mut sink)?;
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
    // SAFETY: `build_part` passes its state, PostgreSQL a TID.
    let (state, tid) = unsafe { (&mut *state.cast::<RowState>(), tid_from(tid)) };
    // SAFETY: PostgreSQL passes one value and one flag for each column.
    let Row { vector, values } = unsafe { state.columns.row(values, isnull, &mut state.buffer) };
    let added = state.inverter.add(tid, vector.as_ref().map(SVec::as_ref), &values, &state.columns);
    added.or_raise(state.index);
    if let Some(vector) = vector {
        vector.free();
    }
    if state.leads && state.inverter.n_docs().is_multiple_of(REPORT_EVERY) {
        progress::report_rows(state.inverter.n_docs());
    }
}
