//! Conditions that the planner of PostgreSQL 15 and 16 keeps from an ordered scan, though the index can answer them.
//!
//! Before 17 it takes for granted that an array (`column = ANY (...)`, which IN is, too) on any column but the first
//! breaks an index's order, as it does in B-trees, and leaves such conditions to the executor. Here an order by distance
//! has nothing to do with the columns. PostgreSQL asks this access method what a path costs before it compares it with
//! others; then the conditions are added to it, just as the planner does it for paths without an order.

use pgrx::pg_sys;

/// Adds to an ordered path the array conditions of its table's WHERE that the index can answer.
///
/// # Safety
/// - The planner's own path on an index of this access method, which has an order.
pub unsafe fn add_arrays(root: *mut pg_sys::PlannerInfo, path: *mut pg_sys::IndexPath) {
    // SAFETY: by the caller's promise.
    let (index, given) = unsafe { ((*path).indexinfo, (*path).indexclauses) };
    // SAFETY: a list of restrictions.
    for rinfo in unsafe { elements::<pg_sys::RestrictInfo>((*index).indrestrictinfo) } {
        // SAFETY: a restriction of this index's table.
        let Some(column) = (unsafe { column_of(root, index, rinfo) }) else { continue };
        // SAFETY: a list of clauses.
        let known = unsafe { elements::<pg_sys::IndexClause>(given) };
        // SAFETY: as above.
        if known.into_iter().any(|clause| unsafe { (*clause).rinfo } == rinfo) {
            continue;
        }
        // SAFETY: makes a node as the planner would, and a list that no other path shares.
        unsafe {
            let clause = pgrx::PgBox::<pg_sys::IndexClause>::alloc_node(pg_sys::NodeTag::T_IndexClause).into_pg();
            (*clause).rinfo = rinfo;
            (*clause).indexquals = pg_sys::lappend(std::ptr::null_mut(), rinfo.cast());
            (*clause).lossy = false;
            (*clause).indexcol = column;
            (*clause).indexcols = std::ptr::null_mut();
            (*path).indexclauses = pg_sys::lappend(pg_sys::list_copy((*path).indexclauses), clause.cast());
        }
    }
}

/// The column of the index that an array condition is about, if the index can answer it.
///
/// # Safety
/// - A restriction of the index's table.
unsafe fn column_of(
    root: *mut pg_sys::PlannerInfo,
    index: *mut pg_sys::IndexOptInfo,
    rinfo: *mut pg_sys::RestrictInfo,
) -> Option<pg_sys::AttrNumber> {
    // SAFETY: by the caller's promise.
    let (clause, rel) = unsafe { ((*rinfo).clause.cast::<pg_sys::Node>(), (*index).rel) };
    // SAFETY: an expression.
    if unsafe { !pgrx::is_a(clause, pg_sys::NodeTag::T_ScalarArrayOpExpr) } {
        return None;
    }
    // SAFETY: as its tag says; it has two arguments.
    unsafe {
        let array = &*clause.cast::<pg_sys::ScalarArrayOpExpr>();
        let (column, argument) = (pg_sys::list_nth(array.args, 0), pg_sys::list_nth(array.args, 1).cast());
        let fits = array.useOr
            && !(*rinfo).pseudoconstant
            && pg_sys::restriction_is_securely_promotable(rinfo, rel)
            && !pg_sys::bms_is_member((*rel).relid as i32, pg_sys::pull_varnos(root, argument))
            && !pg_sys::contain_volatile_functions(argument);
        if !fits {
            return None;
        }
        (0..(*index).nkeycolumns).map(|at| at as pg_sys::AttrNumber).find(|&at| {
            let place = at as usize;
            let collation = *(*index).indexcollations.add(place);
            pg_sys::match_index_to_operand(column.cast(), i32::from(at), index)
                && (collation == pg_sys::InvalidOid || collation == array.inputcollid)
                && pg_sys::op_in_opfamily(array.opno, *(*index).opfamily.add(place))
        })
    }
}

/// # Safety
/// - A list of pointers to `T`, or NULL for an empty one.
unsafe fn elements<T>(list: *mut pg_sys::List) -> Vec<*mut T> {
    // SAFETY: by the caller's promise.
    let n = if list.is_null() { 0 } else { unsafe { (*list).length } };
    // SAFETY: as above; there are so many elements.
    (0..n).map(|at| unsafe { pg_sys::list_nth(list, at).cast() }).collect()
}
