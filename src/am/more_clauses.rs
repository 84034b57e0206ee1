//! Conditions that the planner of older servers keeps from an ordered scan, though the index can answer them.
//!
//! *Arrays*: before 17 it takes for granted that an array (`column = ANY (...)`, which IN is, too) on any column but the
//! first breaks an index's order, as it does in B-trees, and leaves such conditions to the executor. Here an order by
//! distance has nothing to do with the columns. *Booleans*: of `flag = true` it makes `flag`, of `flag = false` `NOT flag`, and
//! before 16 makes that an operator again for its own indexes alone.
//!
//! PostgreSQL asks this access method what a path costs before it compares it with others; then the conditions are added
//! to it, just as the planner does it for paths without an order.

use pgrx::pg_sys;

use super::planner::list;

/// Adds to an ordered path the conditions of its table's WHERE that the planner has left out and the index can answer.
///
/// # Safety
/// - The planner's own path on an index of this access method, which has an order.
pub unsafe fn add(root: *mut pg_sys::PlannerInfo, path: *mut pg_sys::IndexPath) {
    // SAFETY: by the caller's promise.
    let (index, known) = unsafe { ((*path).indexinfo, list::<pg_sys::IndexClause>((*path).indexclauses)) };
    // SAFETY: a list of restrictions.
    for rinfo in unsafe { list::<pg_sys::RestrictInfo>((*index).indrestrictinfo) } {
        // SAFETY: clauses of this path.
        if known.iter().any(|&clause| unsafe { (*clause).rinfo } == rinfo) {
            continue;
        }
        // SAFETY: a restriction of this index's table.
        let Some((column, qual)) = (unsafe { condition_of(root, index, rinfo) }) else { continue };
        // SAFETY: makes a node as the planner would, and a list that no other path shares.
        unsafe {
            let clause = pgrx::PgBox::<pg_sys::IndexClause>::alloc_node(pg_sys::NodeTag::T_IndexClause).into_pg();
            (*clause).rinfo = rinfo;
            (*clause).indexquals = pg_sys::lappend(std::ptr::null_mut(), qual.cast());
            (*clause).lossy = false;
            (*clause).indexcol = column;
            (*clause).indexcols = std::ptr::null_mut();
            (*path).indexclauses = pg_sys::lappend(pg_sys::list_copy((*path).indexclauses), clause.cast());
        }
    }
}

/// A column of the index, from 0, and the condition on it that stands for a restriction, if the index can answer it.
type Condition = (pg_sys::AttrNumber, *mut pg_sys::RestrictInfo);

/// # Safety
/// - A restriction of the index's table.
unsafe fn condition_of(
    root: *mut pg_sys::PlannerInfo,
    index: *mut pg_sys::IndexOptInfo,
    rinfo: *mut pg_sys::RestrictInfo,
) -> Option<Condition> {
    // SAFETY: by the caller's promise.
    let (clause, rel) = unsafe { ((*rinfo).clause.cast::<pg_sys::Node>(), (*index).rel) };
    // SAFETY: as above.
    if unsafe { (*rinfo).pseudoconstant || !pg_sys::restriction_is_securely_promotable(rinfo, rel) } {
        return None;
    }
    // SAFETY: an expression.
    if unsafe { !pgrx::is_a(clause, pg_sys::NodeTag::T_ScalarArrayOpExpr) } {
        #[cfg(feature = "pg15")]
        // SAFETY: as above.
        return unsafe { boolean(root, index, clause) };
        #[cfg(not(feature = "pg15"))]
        return None;
    }
    // SAFETY: as its tag says; it has two arguments.
    unsafe {
        let array = &*clause.cast::<pg_sys::ScalarArrayOpExpr>();
        let (column, argument) = (pg_sys::list_nth(array.args, 0).cast(), pg_sys::list_nth(array.args, 1).cast());
        let fits = array.useOr
            && !pg_sys::bms_is_member((*rel).relid as i32, pg_sys::pull_varnos(root, argument))
            && !pg_sys::contain_volatile_functions(argument);
        let at = column_of(index, column, array.opno, array.inputcollid).filter(|_| fits)?;
        Some((at, rinfo))
    }
}

/// `flag`, `NOT flag`, `flag IS TRUE` and `flag IS FALSE` as comparisons.
///
/// # Safety
/// - An expression of the index's table.
#[cfg(feature = "pg15")]
unsafe fn boolean(
    root: *mut pg_sys::PlannerInfo,
    index: *mut pg_sys::IndexOptInfo,
    clause: *mut pg_sys::Node,
) -> Option<Condition> {
    // SAFETY: as their tags say.
    let (column, value) = unsafe {
        if pgrx::is_a(clause, pg_sys::NodeTag::T_BoolExpr) {
            let not = &*clause.cast::<pg_sys::BoolExpr>();
            if not.boolop != pg_sys::BoolExprType::NOT_EXPR {
                return None;
            }
            (pg_sys::list_nth(not.args, 0).cast::<pg_sys::Node>(), false)
        } else if pgrx::is_a(clause, pg_sys::NodeTag::T_BooleanTest) {
            let test = &*clause.cast::<pg_sys::BooleanTest>();
            match test.booltesttype {
                pg_sys::BoolTestType::IS_TRUE => (test.arg.cast(), true),
                pg_sys::BoolTestType::IS_FALSE => (test.arg.cast(), false),
                _ => return None,
            }
        } else {
            (clause, true)
        }
    };
    let equal = pg_sys::Oid::from(pg_sys::BooleanEqualOperator);
    // SAFETY: an expression of the index's table; what is made is what the planner makes for B-trees.
    unsafe {
        let at = column_of(index, column, equal, pg_sys::InvalidOid)?;
        let (value, none) = (pg_sys::makeBoolConst(value, false), pg_sys::InvalidOid);
        let operator = pg_sys::make_opclause(equal, pg_sys::BOOLOID, false, column.cast(), value.cast(), none, none);
        let nobody = std::ptr::null_mut();
        let qual = pg_sys::make_restrictinfo(root, operator, true, false, false, 0, nobody, nobody, nobody);
        Some((at, qual))
    }
}

/// The column of the index that an operand is and that has this operator.
///
/// # Safety
/// - An expression of the index's table.
unsafe fn column_of(
    index: *mut pg_sys::IndexOptInfo,
    operand: *mut pg_sys::Node,
    operator: pg_sys::Oid,
    collation: pg_sys::Oid,
) -> Option<pg_sys::AttrNumber> {
    // SAFETY: by the caller's promise; the arrays have an element for each column.
    unsafe {
        (0..(*index).nkeycolumns).map(|at| at as pg_sys::AttrNumber).find(|&at| {
            let place = at as usize;
            let own = *(*index).indexcollations.add(place);
            pg_sys::match_index_to_operand(operand, i32::from(at), index)
                && (own == pg_sys::InvalidOid || own == collation)
                && pg_sys::op_in_opfamily(operator, *(*index).opfamily.add(place))
        })
    }
}
