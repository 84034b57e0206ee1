//! CREATE INDEX and REINDEX.

use std::ffi::{c_char, c_void};

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::invert::{Inverter, maintenance_budget};
use super::maintain;
use super::{metric_of, tid_from};
use crate::engine::error::Result;
use crate::storage::datum::SVec;
use crate::storage::free::Allocator;
use crate::storage::meta::{Manifest, Meta};
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentSink;

/// Phases beside PostgreSQL's own "initializing".
const PHASES: [(i64, &std::ffi::CStr); 2] = [(2, c"scanning table"), (3, c"writing segment")];

struct BuildState {
    index: IndexRelation,
    inverter: Inverter,
}

/// Builds the index over the table's rows.
///
/// # Safety
/// - Called by PostgreSQL with the relations open and locked.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambuild(
    heap: pg_sys::Relation,
    index: pg_sys::Relation,
    info: *mut pg_sys::IndexInfo,
) -> *mut pg_sys::IndexBuildResult {
    // SAFETY: open and locked by the caller.
    let index = unsafe { IndexRelation::new(index) };
    if index.n_blocks() != 0 {
        error!("index \"{}\" already contains data", index.name());
    }
    let metric = metric_of(index);
    Meta::new(metric).create(index).or_raise(index);

    let mut state = BuildState { index, inverter: Inverter::new(metric, maintenance_budget()) };
    report_phase(PHASES[0].0);
    // SAFETY: the callback gets the state it expects, which outlives the scan.
    let heap_tuples = unsafe {
        let state = (&raw mut state).cast::<c_void>();
        pg_sys::table_index_build_scan(heap, index.raw(), info, true, true, Some(add_row), state, std::ptr::null_mut())
    };
    report_phase(PHASES[1].0);
    let index_tuples = state.inverter.n_docs() as f64;
    write_index(index, state.inverter).or_raise(index);

    // SAFETY: a plain struct of two numbers.
    let mut result = unsafe { PgBox::<pg_sys::IndexBuildResult>::alloc0() };
    result.heap_tuples = heap_tuples;
    result.index_tuples = index_tuples;
    result.into_pg()
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
    // SAFETY: `ambuild` passes its state, and PostgreSQL one value and one flag for the one column.
    let (state, tid, value, is_null) = unsafe { (&mut *state.cast::<BuildState>(), tid_from(tid), *values, *isnull) };
    if is_null {
        state.inverter.add(tid, None).or_raise(state.index);
        return;
    }
    // SAFETY: the column's type is the operator class's, an svec.
    let vector = unsafe { SVec::from_datum_raw(value) };
    state.inverter.add(tid, Some(vector.as_ref())).or_raise(state.index);
    vector.free();
}

fn write_index(index: IndexRelation, inverter: Inverter) -> Result<()> {
    if inverter.n_docs() == 0 {
        return Ok(());
    }
    let generation = maintain::begin_operation(index)?;
    let mut sink = SegmentSink::new(index, Allocator::fresh(index), generation, generation);
    let n_docs = inverter.n_docs();
    let meta = inverter.finish(&mut sink)?;
    maintain::expect_documents(&meta, n_docs)?;
    let manifest = Manifest { segments: vec![sink.finish(meta)] };
    maintain::publish(index, generation, &manifest, None)
}

fn report_phase(phase: i64) {
    // SAFETY: writes to this backend's own slot.
    unsafe { pg_sys::pgstat_progress_update_param(pg_sys::PROGRESS_CREATEIDX_SUBPHASE as i32, phase) };
}

/// The name of a phase for pg_stat_progress_create_index.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambuildphasename(phase: i64) -> *mut c_char {
    let own = PHASES.iter().find(|(number, _)| *number == phase).map(|(_, name)| *name);
    let initializing = (phase == i64::from(pg_sys::PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE)).then_some(c"initializing");
    own.or(initializing).map_or(std::ptr::null_mut(), |name| name.as_ptr().cast_mut())
}

/// The empty index that an unlogged one becomes after a crash.
///
/// # Safety
/// - Called by PostgreSQL with the index open and locked.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambuildempty(index: pg_sys::Relation) {
    // SAFETY: open and locked by the caller.
    let index = unsafe { IndexRelation::new(index) };
    Meta::new(metric_of(index)).create_init_fork(index).or_raise(index);
}
