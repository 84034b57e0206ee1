//! What part of a table's rows a condition on its vectors lets through, as the planner asks it of an operator.
//!
//! There are no statistics on vectors; an index of them knows how many documents have a term. So the terms of a
//! condition that is a constant are looked up there, if there is an index. Whoever may see but some of the rows gets
//! the estimate for an unknown condition.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::on_vector::strategy;
use super::opfamily::strategy_on_vectors;
use super::planner::{is_vector, list, some_rows_are_hidden, with_index};
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

impl Clause {
    /// The operator's name.
    fn name(&self) -> &CStr {
        // SAFETY: a catalogue look-up.
        let name = unsafe { pg_sys::get_opname(self.operator) };
        // SAFETY: a C string in the current memory context, or NULL if the operator has gone.
        if name.is_null() { c"" } else { unsafe { CStr::from_ptr(name) } }
    }
}

/// Of `&&`, `@>` and `@@`. An operator that is none of ours, for anybody may name this estimator for his own, has operands
/// of other types: they are not looked at.
///
/// # Safety
/// - The planner's own arguments.
pub unsafe fn of_match(clause: &Clause) -> f64 {
    let name = clause.name();
    let unknown = match name.to_bytes() {
        b"&&" => selectivity::ANY,
        b"@>" => selectivity::ALL,
        _ => selectivity::MATCH,
    };
    let strategy = strategy_on_vectors(clause.operator);
    let of_known = |datum, sides: &Sides| {
        if strategy == Some(strategy::MATCHES) {
            // SAFETY: the right operand is an svec_match.
            let query = unsafe { conditions::match_query(&Composite::from_datum(datum)) };
            // What cannot be understood is the operator's to refuse.
            return selectivity::of_match(&query.ok()?, |terms| Ok(sides.shares(terms))).ok();
        }
        if !matches!(strategy, Some(strategy::OVERLAPS | strategy::CONTAINS)) {
            return None;
        }
        // SAFETY: both operands are vectors.
        let vector = unsafe { SVec::from_datum_raw(datum) };
        let shares = sides.shares(vector.as_ref().indices());
        match strategy {
            Some(strategy::OVERLAPS) => Some(shares.any()),
            _ => sides.column_is_left.then(|| shares.all()),
        }
    };
    // SAFETY: the caller's promise.
    unsafe { estimate(clause, unknown, of_known) }
}

/// Of `<<#>>`, `<<=>>` and `<<->>`; as above.
///
/// # Safety
/// - The planner's own arguments.
pub unsafe fn of_sphere(clause: &Clause) -> f64 {
    // Vectors that share no term have an inner product of 0; how long they are decides about their other distance.
    let apart = match clause.name().to_bytes() {
        b"<<#>>" => Some(0.0),
        b"<<=>>" => Some(1.0),
        _ => None,
    };
    let is_ours = strategy_on_vectors(clause.operator) == Some(strategy::WITHIN);
    let of_known = |datum, sides: &Sides| {
        if !is_ours {
            return None;
        }
        // SAFETY: the right operand is an svec_sphere.
        match unsafe { conditions::sphere(&Composite::from_datum(datum)) } {
            Ok(Some(sphere)) => {
                let sharing = sides.shares(sphere.center().indices()).any();
                Some(selectivity::of_sphere(sphere.radius(), apart, sharing))
            }
            Ok(None) => Some(0.0),
            Err(_) => None,
        }
    };
    // SAFETY: the caller's promise.
    unsafe { estimate(clause, selectivity::SPHERE, of_known) }
}

/// What `of_known` makes of a constant operand, else `unknown`; of rows that have a vector.
///
/// # Safety
/// - The planner's own arguments.
unsafe fn estimate(clause: &Clause, unknown: f64, of_known: impl FnOnce(pg_sys::Datum, &Sides) -> Option<f64>) -> f64 {
    // SAFETY: the caller's promise.
    let Some(sides) = (unsafe { Sides::of(clause) }) else { return unknown };
    let part = match sides.operand {
        Operand::Null => 0.0,
        Operand::Known(datum) => of_known(datum, &sides).unwrap_or(unknown),
        Operand::Unknown => unknown,
    };
    (part * (1.0 - sides.null_part)).clamp(0.0, 1.0)
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
    /// The part of the rows without a vector.
    null_part: f64,
    /// An index of the column, if there is one.
    index: Option<pg_sys::Oid>,
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
        let null_part = null_part(&variable);
        // SAFETY: a node of an expression.
        let operand = if unsafe { pgrx::is_a(other, pg_sys::NodeTag::T_Const) } {
            // SAFETY: as its tag says.
            let constant = unsafe { &*other.cast::<pg_sys::Const>() };
            if constant.constisnull { Operand::Null } else { Operand::Known(constant.constvalue) }
        } else {
            Operand::Unknown
        };
        Some(Self { operand, column_is_left, null_part, index })
    }

    /// How many documents have each of `terms`, or what is usual.
    fn shares(&self, terms: &[u32]) -> Shares {
        self.index
            .and_then(|index| with_index(index, |index| look_up(index, terms)))
            .unwrap_or_else(|| Shares::unknown(terms.len()))
    }
}

/// The part of the rows in which the variable is NULL, if the table was analysed. Gives its statistics back.
fn null_part(variable: &pg_sys::VariableStatData) -> f64 {
    let (tuple, Some(free)) = (variable.statsTuple, variable.freefunc) else { return 0.0 };
    if tuple.is_null() {
        return 0.0;
    }
    // SAFETY: a tuple of pg_statistic, until it is given back.
    let part = unsafe { (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_statistic>()).stanullfrac };
    // SAFETY: as the server's macro does it.
    unsafe { free(tuple) };
    f64::from(part)
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
unsafe fn index_of(root: *mut pg_sys::PlannerInfo, variable: &pg_sys::VariableStatData) -> Option<pg_sys::Oid> {
    // SAFETY: the caller's promise: a node of an expression.
    if variable.rel.is_null() || !unsafe { pgrx::is_a(variable.var, pg_sys::NodeTag::T_Var) } {
        return None;
    }
    // SAFETY: as its tag says; the table is one of the query's.
    let (column, table) = unsafe { (&*variable.var.cast::<pg_sys::Var>(), &*variable.rel) };
    // SAFETY: as above.
    if unsafe { some_rows_are_hidden(root, table.relid) } {
        return None;
    }
    // SAFETY: a catalogue look-up; no valid oid if there is no such access method.
    let access_method = unsafe { pg_sys::get_index_am_oid(c"wand".as_ptr(), true) };
    // SAFETY: the list is one of indexes.
    for info in unsafe { list::<pg_sys::IndexOptInfo>(table.indexlist) } {
        // SAFETY: as above.
        let info = unsafe { &*info };
        // A partitioned index has pages in its partitions only, and no cost.
        let is_ours = info.relam == access_method && info.amcostestimate.is_some() && !info.hypothetical;
        let is_whole = info.indpred.is_null() || info.predOK;
        // SAFETY: the planner's own.
        if is_ours && is_whole && unsafe { has_vectors_of(info, column.varattno) } {
            return Some(info.indexoid);
        }
    }
    None
}

/// Is the table's column `attribute` what the index has the vectors of?
///
/// # Safety
/// - The planner's description of an index.
unsafe fn has_vectors_of(info: &pg_sys::IndexOptInfo, attribute: pg_sys::AttrNumber) -> bool {
    (0..usize::try_from(info.nkeycolumns).unwrap_or(0)).any(|n| {
        // SAFETY: this array has an element for each column.
        let key = unsafe { *info.indexkeys.add(n) };
        // SAFETY: by the caller's promise.
        key == i32::from(attribute) && unsafe { is_vector(info, n) }
    })
}
