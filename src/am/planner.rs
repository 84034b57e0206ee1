//! What estimates need of the planner's structures.

use pgrx::pg_sys;

use super::METRIC_PROC;
use crate::storage::relation::IndexRelation;

/// The elements of a list of the planner's.
///
/// # Safety
/// - A list of pointers to `T`, or NULL for an empty one.
pub unsafe fn list<T>(list: *mut pg_sys::List) -> Vec<*mut T> {
    // SAFETY: by the caller's promise.
    let n = if list.is_null() { 0 } else { unsafe { (*list).length } };
    // SAFETY: as above; there are so many elements.
    (0..n).map(|at| unsafe { pg_sys::list_nth(list, at).cast() }).collect()
}

/// Whether a column of an index, from 0, is that of the vectors.
///
/// # Safety
/// - The planner's description of an index, which has such a column.
pub unsafe fn is_vector(info: &pg_sys::IndexOptInfo, column: usize) -> bool {
    // SAFETY: these arrays have an element for each column.
    let (family, input) = unsafe { (*info.opfamily.add(column), *info.opcintype.add(column)) };
    // SAFETY: a catalogue look-up.
    let metric = unsafe { pg_sys::get_opfamily_proc(family, input, input, METRIC_PROC as i16) };
    metric != pg_sys::InvalidOid
}

/// Opens an index that the planner considers, for as long as `work` takes.
pub fn with_index<T>(index: pg_sys::Oid, work: impl FnOnce(IndexRelation) -> T) -> T {
    let no_lock = pg_sys::NoLock as i32;
    // SAFETY: the planner holds a lock on every index it considers.
    let raw = unsafe { pg_sys::index_open(index, no_lock) };
    // SAFETY: just opened.
    let result = work(unsafe { IndexRelation::new(raw) });
    // SAFETY: opened above.
    unsafe { pg_sys::index_close(raw, no_lock) };
    result
}

/// Has the table, or one that it is a partition or a child of in this query, a policy of row-level security?
///
/// # Safety
/// - A table of the planner's query.
pub unsafe fn some_rows_are_hidden(root: *mut pg_sys::PlannerInfo, mut table: pg_sys::Index) -> bool {
    loop {
        // SAFETY: the planner keeps an entry for each table of the query.
        if !unsafe { (**(*root).simple_rte_array.add(table as usize)).securityQuals.is_null() } {
            return true;
        }
        // SAFETY: the planner's own; there is a list if a table of the query has children.
        let parents = unsafe { (*root).append_rel_array };
        // SAFETY: as above, and then one of as many elements as there are tables.
        let parent = if parents.is_null() { None } else { unsafe { (*parents.add(table as usize)).as_ref() } };
        let Some(parent) = parent else { return false };
        table = parent.parent_relid;
    }
}
