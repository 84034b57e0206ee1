//! What part of a table's rows a condition on its vectors lets through, as the planner asks it of an operator.
//!
//! There are no statistics on vectors; an index of them knows how many documents have a term. So the terms of a
//! condition that is a constant are looked up there, if there is an index. Whoever may see but some of the rows gets
//! the estimate for an unknown condition.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::{METRIC_PROC, metric_of};
use crate::engine::ids::Metric;
use crate::engine::selectivity::{self, Shares};
use crate::storage::composite::Composite;
use crate::storage::conditions;
use crate::storage::datum::SVec;
use crate::storage::manifest_cache;
use crate::storage::relation::IndexRelation;
use crate::storage::replay;

/// Terms of a condition, or of each part of one, that are looked up for planning.
const LOOK_UPS: usize = 64;

/// A condition `column operator operand` as the planner passes it to an estimator.
pub struct Clause {
    /// The planner's state.
    pub root: *mut pg_sys::PlannerInfo,
    /// The operator.
    pub operator: pg_sys::Oid,
    /// Its operands.
    pub args: *mut pg_sys::List,
    /// Of which table's rows the part is wanted, if the operands are of several.
    pub var_relid: i32,
}

/// Of `&&`, `@>` and `@@`.
///
/// # Safety
/// - The planner's own arguments.
pub unsafe fn of_match(clause: &Clause) -> f64 {
    // SAFETY: an operator of the query; its name is a C string in the current memory context, or NULL.
    let name = unsafe { pg_sys::get_opname(clause.operator) };
    // SAFETY: as above.
    let name = if name.is_null() { c"" } else { unsafe { CStr::from_ptr(name) } };
    let unknown = match name.to_bytes() {
        b"&&" => selectivity::ANY,
        b"@>" => selectivity::ALL,
        _ => selectivity::MATCH,
    };
    // SAFETY: the caller's promise.
    let Some(Sides { operand, column_is_left, index }) = (unsafe { Sides::of(clause) }) else { return unknown };
    let datum = match operand {
        Operand::Known(datum) if column_is_left || name == c"&&" => datum,
        Operand::Null => return 0.0,
        _ => return unknown,
    };
    if name == c"@@" {
        // SAFETY: the right operand is an svec_match.
        let query = unsafe { conditions::match_query(&Composite::from_datum(datum)) };
        // What cannot be understood is the operator's to refuse.
        let Ok(query) = query else { return unknown };
        return selectivity::of_match(&query, |terms| Ok(shares(index.as_ref(), terms))).unwrap_or(unknown);
    }
    // SAFETY: the other operand is an svec.
    let vector = unsafe { SVec::from_datum_raw(datum) };
    let shares = shares(index.as_ref(), vector.as_ref().indices());
    if name == c"&&" { shares.any() } else { shares.all() }
}

/// Of `<<#>>`, `<<=>>` and `<<->>`.
///
/// # Safety
/// - The planner's own arguments.
pub unsafe fn of_sphere(clause: &Clause) -> f64 {
    let unknown = selectivity::SPHERE;
    // SAFETY: the caller's promise.
    let Some(Sides { operand, column_is_left, index }) = (unsafe { Sides::of(clause) }) else { return unknown };
    let datum = match operand {
        Operand::Known(datum) if column_is_left => datum,
        Operand::Null => return 0.0,
        _ => return unknown,
    };
    // SAFETY: the right operand is an svec_sphere.
    match unsafe { conditions::sphere(&Composite::from_datum(datum)) } {
        Ok(Some(sphere)) => {
            let sharing = shares(index.as_ref(), sphere.center().indices()).any();
            let apart = index.and_then(|index| distance_apart(&index, clause.operator));
            selectivity::of_sphere(sphere.radius(), apart, sharing)
        }
        Ok(None) => 0.0,
        Err(_) => unknown,
    }
}

/// What stands beside the column, as far as the planner knows it.
enum Operand {
    Unknown,
    Null,
    Known(pg_sys::Datum),
}

/// A clause taken apart.
struct Sides {
    operand: Operand,
    column_is_left: bool,
    index: Option<Index>,
}

impl Sides {
    /// `None` if neither side is of the table alone.
    ///
    /// # Safety
    /// - The planner's own arguments.
    unsafe fn of(clause: &Clause) -> Option<Self> {
        let mut variable = pg_sys::VariableStatData::default();
        let (mut other, mut column_is_left) = (std::ptr::null_mut(), false);
        // SAFETY: the caller's promise; three places for the answer.
        let found = unsafe {
            pg_sys::get_restriction_variable(
                clause.root,
                clause.args,
                clause.var_relid,
                &raw mut variable,
                &raw mut other,
                &raw mut column_is_left,
            )
        };
        if !found {
            return None;
        }
        // SAFETY: as above.
        let index = unsafe { index_of(clause.root, &variable) };
        if !variable.statsTuple.is_null()
            && let Some(free) = variable.freefunc
        {
            // SAFETY: as the server's macro does it.
            unsafe { free(variable.statsTuple) };
        }
        // SAFETY: a node of an expression.
        let operand = if unsafe { pgrx::is_a(other, pg_sys::NodeTag::T_Const) } {
            // SAFETY: as its tag says.
            let constant = unsafe { &*other.cast::<pg_sys::Const>() };
            if constant.constisnull { Operand::Null } else { Operand::Known(constant.constvalue) }
        } else {
            Operand::Unknown
        };
        Some(Self { operand, column_is_left, index })
    }
}

/// An index of the condition's column.
struct Index {
    oid: pg_sys::Oid,
    /// The operator family of its vectors.
    family: pg_sys::Oid,
}

impl Index {
    /// Runs `work` with the index open.
    fn open<T>(&self, work: impl FnOnce(IndexRelation) -> T) -> T {
        let no_lock = pg_sys::NoLock as i32;
        // SAFETY: the planner holds a lock on every index it considers.
        let raw = unsafe { pg_sys::index_open(self.oid, no_lock) };
        // SAFETY: just opened.
        let result = work(unsafe { IndexRelation::new(raw) });
        // SAFETY: opened above.
        unsafe { pg_sys::index_close(raw, no_lock) };
        result
    }
}

/// How many documents have each of `terms`, or what is usual.
fn shares(index: Option<&Index>, terms: &[u32]) -> Shares {
    let found = index.and_then(|index| index.open(|index| look_up(index, terms)));
    found.unwrap_or_else(|| Shares::unknown(terms.len()))
}

/// The distance of all vectors that share no term with the other operand, if the index measures what `operator` does.
fn distance_apart(index: &Index, operator: pg_sys::Oid) -> Option<f64> {
    // SAFETY: a catalogue look-up.
    if unsafe { !pg_sys::op_in_opfamily(operator, index.family) } {
        return None;
    }
    match index.open(metric_of) {
        Metric::InnerProduct => Some(0.0),
        Metric::Cosine => Some(1.0),
    }
}

/// A page that cannot be read as expected is no reason to fail here.
fn look_up(index: IndexRelation, terms: &[u32]) -> Option<Shares> {
    let shares = replay::retry(index, |meta| {
        let segments = manifest_cache::open_segments(index, meta)?;
        let readers: Vec<_> = segments.iter().map(|segment| segment.reader()).collect();
        Shares::look_up(terms, &readers, LOOK_UPS)
    });
    shares.ok().flatten()
}

/// An index of the column that `variable` is, of all rows that the query may want.
///
/// # Safety
/// - What the planner found out about a side of a clause of its query.
unsafe fn index_of(root: *mut pg_sys::PlannerInfo, variable: &pg_sys::VariableStatData) -> Option<Index> {
    // SAFETY: the caller's promise: a node of an expression.
    if variable.rel.is_null() || !unsafe { pgrx::is_a(variable.var, pg_sys::NodeTag::T_Var) } {
        return None;
    }
    // SAFETY: as its tag says; the table is one of the query's.
    let (column, table) = unsafe { (&*variable.var.cast::<pg_sys::Var>(), &*variable.rel) };
    // SAFETY: the planner keeps an entry for each table of the query.
    let entry = unsafe { &**(*root).simple_rte_array.add(table.relid as usize) };
    if entry.rtekind != pg_sys::RTEKind::RTE_RELATION || !entry.securityQuals.is_null() {
        return None;
    }
    // SAFETY: a catalogue look-up; no valid oid if there is no such access method.
    let access_method = unsafe { pg_sys::get_index_am_oid(c"wand".as_ptr(), true) };
    // SAFETY: NULL is an empty list.
    let n_indexes = if table.indexlist.is_null() { 0 } else { unsafe { (*table.indexlist).length } };
    for n in 0..n_indexes {
        // SAFETY: the list is one of indexes.
        let info = unsafe { &*pg_sys::list_nth(table.indexlist, n).cast::<pg_sys::IndexOptInfo>() };
        // A partitioned index has pages in its partitions only, and no cost.
        let is_ours = info.relam == access_method && info.amcostestimate.is_some() && !info.hypothetical;
        let is_whole = info.indpred.is_null() || info.predOK;
        // SAFETY: the planner's own.
        if is_ours
            && is_whole
            && let Some(family) = unsafe { family_of_vectors(info, column.varattno) }
        {
            return Some(Index { oid: info.indexoid, family });
        }
    }
    None
}

/// The operator family of the index's column `attribute` of the table, if that is its column of vectors.
///
/// # Safety
/// - The planner's description of an index.
unsafe fn family_of_vectors(info: &pg_sys::IndexOptInfo, attribute: pg_sys::AttrNumber) -> Option<pg_sys::Oid> {
    (0..usize::try_from(info.nkeycolumns).unwrap_or(0)).find_map(|n| {
        // SAFETY: these arrays have an element for each column.
        let (key, family, input) = unsafe { (*info.indexkeys.add(n), *info.opfamily.add(n), *info.opcintype.add(n)) };
        // SAFETY: a catalogue look-up.
        let metric = unsafe { pg_sys::get_opfamily_proc(family, input, input, METRIC_PROC as i16) };
        (key == i32::from(attribute) && metric != pg_sys::InvalidOid).then_some(family)
    })
}
