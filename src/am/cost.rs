//! What a scan costs.
//!
//! The work before the first row is proportional to the documents (postings touched per document, a sweep over the
//! codes); after it each row costs a heap visit, which PostgreSQL adds by itself. Without ORDER BY the index is of no use.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// Postings that a query of a learned-sparse model touches for each document of the table: 2.2 to 2.8 were measured.
const POSTINGS_PER_DOCUMENT: f64 = 2.5;
/// A posting's cost in units of `cpu_operator_cost`: under a nanosecond, where an operator call takes about ten.
const POSTING_COST: f64 = 0.05;

/// What the executor does for each row, in units of `cpu_operator_cost`: the distance once more, on the row's vector.
const RECHECK_COST: f64 = 10.0;

/// Estimates an ordered scan.
///
/// # Safety
/// - Called by the planner with a path on an index of this access method.
#[pg_guard]
#[expect(clippy::too_many_arguments, reason = "PostgreSQL's interface")]
pub unsafe extern "C-unwind" fn amcostestimate(
    _root: *mut pg_sys::PlannerInfo,
    path: *mut pg_sys::IndexPath,
    _loop_count: f64,
    startup: *mut pg_sys::Cost,
    total: *mut pg_sys::Cost,
    selectivity: *mut pg_sys::Selectivity,
    correlation: *mut f64,
    pages: *mut f64,
) {
    // SAFETY: the planner's own path.
    let (ordered, info) = unsafe { (!(*path).indexorderbys.is_null(), &*(*path).indexinfo) };
    let (first, all) = if ordered { estimate(info) } else { (f64::INFINITY, f64::INFINITY) };
    #[cfg(feature = "pg18")]
    if !ordered {
        // From 18 on disabled paths are counted before costs are compared.
        // SAFETY: the planner's own path.
        unsafe { (*path).path.disabled_nodes = 2 };
    }
    // SAFETY: the planner passes places for the answers.
    unsafe {
        *startup = first;
        *total = all;
        *selectivity = 1.0;
        *correlation = 0.0;
        *pages = f64::from(info.pages);
    }
}

fn estimate(info: &pg_sys::IndexOptInfo) -> (f64, f64) {
    // SAFETY: planner settings are plain numbers of this backend.
    let (operator, index_tuple) = unsafe { (pg_sys::cpu_operator_cost, pg_sys::cpu_index_tuple_cost) };
    let documents = info.tuples.max(1.0);
    let first = 50.0 * operator + documents * POSTINGS_PER_DOCUMENT * POSTING_COST * operator;
    // Rows wait in a queue of the executor until their true place is known; ordering them all costs what a sort does.
    let reorder = 2.0 * (documents + 2.0).log2();
    (first, first + documents * (index_tuple + (RECHECK_COST + reorder) * operator))
}
