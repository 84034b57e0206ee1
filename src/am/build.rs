//! CREATE INDEX and REINDEX.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::build_parallel;
use super::build_part::{Part, Task, build_part};
use super::maintain::{self, Step};
use super::metric_of;
use super::progress::{self, Phase};
use super::settings::maintenance_budget;
use crate::engine::error::Result;
use crate::storage::fault;
use crate::storage::meta::Meta;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;

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
    // SAFETY: by the caller's promise.
    refuse_exclusion(unsafe { &*info });
    Meta::new(metric_of(index)).create(index).or_raise(index);
    progress::report(Phase::Scanning);

    // SAFETY: by the caller's promise.
    let parts = match unsafe { build_parallel::build(heap, index, info) }.or_raise(index) {
        Some(parts) => parts,
        // SAFETY: as above.
        None => vec![unsafe { build_alone(heap, index, info) }.or_raise(index)],
    };

    // SAFETY: a plain struct of two numbers.
    let mut result = unsafe { PgBox::<pg_sys::IndexBuildResult>::alloc0() };
    result.heap_tuples = parts.iter().map(|part| part.heap_tuples).sum();
    let index_tuples = parts.iter().map(|part| part.index_tuples).sum::<u64>();
    result.index_tuples = index_tuples as f64;
    progress::report_rows(index_tuples);
    progress::report(Phase::Publishing);
    publish(index, parts).or_raise(index);
    result.into_pg()
}

/// A constraint looks for rows that no snapshot sees yet; scans of this index are right under snapshots only.
fn refuse_exclusion(info: &pg_sys::IndexInfo) {
    if !info.ii_ExclusionOps.is_null() {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            "access method \"wand\" does not support exclusion constraints"
        );
    }
}

/// # Safety
/// - As for `ambuild`.
unsafe fn build_alone(heap: pg_sys::Relation, index: IndexRelation, info: *mut pg_sys::IndexInfo) -> Result<Part> {
    let generation = maintain::begin_operation(index)?;
    let scan = std::ptr::null_mut();
    let task = Task { heap, index, info, scan, budget: maintenance_budget(), generation, leads: true };
    // SAFETY: by the caller's promise.
    unsafe { build_part(task) }
}

/// Makes the segments, which nobody could see so far, the index's.
fn publish(index: IndexRelation, parts: Vec<Part>) -> Result<()> {
    let segments: Vec<_> = parts.into_iter().filter_map(|part| part.segment).collect();
    let Some(first) = segments.first() else { return Ok(()) };
    let generation = first.generation;
    fault::point!("build_before_publish");
    maintain::publish(index, generation, |manifest| manifest.segments = segments, Step::Other)
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
