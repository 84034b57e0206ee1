//! What a scan costs.
//!
//! PostgreSQL adds the heap: for a scan of all rows in no order of theirs as many random page reads as the table has
//! pages, and its price for each row. A LIMIT takes its part of what lies between the cost before the first row and the
//! total. So what is told here is
//! - before the first row: the pending list, whose documents are all scored, and the segments, by the cheaper of two
//!   ways ([`Survey`]). The query's terms are looked up if the query is a constant; else an average query is assumed;
//! - for each row: its true distance once more, and its place in the executor's queue;
//! - for all rows: scoring every posting, which a scan by bounds comes to when it is read on.
//!
//! Conditions make the scan cheaper, by the part of the documents that they leave, and cost the time to find those.
//! Without ORDER BY and without conditions the index is of no use. A page that cannot be read as expected is no reason to fail here: the scan
//! will say so, if there is one.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::planner::{is_vector, list, some_rows_are_hidden, with_index};
use super::{goals, settings};
use crate::engine::error::Result;
use crate::engine::search::ranker::Strategy;
use crate::engine::survey::{Survey, Way, Wish};
use crate::engine::vector::SparseVectorRef;
use crate::storage::datum::SVec;
use crate::storage::manifest_cache;
use crate::storage::meta::Meta;
use crate::storage::relation::IndexRelation;
use crate::storage::replay;

/// Nanoseconds that one `cpu_operator_cost` stands for: sequential scans of cached tables took 1.8 to 2.5 microseconds
/// for each unit of their cost, of which it is 1/400.
const NANOSECONDS: f64 = 5.0;
/// Beginning a scan: the metapage, the manifest, memory for scores.
const START: f64 = 10_000.0;
/// Scoring a page of the pending list.
const PENDING_PAGE: f64 = 10_000.0;
/// A row's way through the executor's queue, for each doubling of the rows, in units of `cpu_operator_cost`. Measured
/// on scans of whole tables: it is copied, and waits until no row before it can come any more.
const QUEUE: f64 = 4.0;
/// Nanoseconds to look up what a condition on a filter column compares with, and for each document to see whether it is
/// one of those.
const FILTER_START: f64 = 2_000.0;
const FILTER_DOCUMENT: f64 = 0.05;
/// A row of a scan without an order, in units of `cpu_operator_cost`.
const UNRANKED_ROW: f64 = 10.0;
/// Rows that are reckoned with if the query does not say.
const UNKNOWN_GOAL: usize = 10;
/// Terms looked up for planning: some 20 microseconds.
const LOOK_UPS: usize = 64;

/// Estimates an ordered scan.
///
/// # Safety
/// - Called by the planner with a path on an index of this access method.
#[pg_guard]
#[expect(clippy::too_many_arguments, reason = "PostgreSQL's interface")]
pub unsafe extern "C-unwind" fn amcostestimate(
    root: *mut pg_sys::PlannerInfo,
    path: *mut pg_sys::IndexPath,
    _loop_count: f64,
    startup: *mut pg_sys::Cost,
    total: *mut pg_sys::Cost,
    selectivity: *mut pg_sys::Selectivity,
    correlation: *mut f64,
    pages: *mut f64,
) {
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    // SAFETY: the planner's own path.
    unsafe {
        if !(*path).indexorderbys.is_null() {
            super::more_clauses::add(root, path);
        }
    }
    // SAFETY: the planner's own path.
    let (orders, clauses, info) =
        unsafe { ((*path).indexorderbys, list::<pg_sys::IndexClause>((*path).indexclauses), &*(*path).indexinfo) };
    // SAFETY: the planner's own path.
    let selected = unsafe { selected_part(root, (*path).indexclauses, info) };
    let (first, all) = if !orders.is_null() {
        // SAFETY: the list holds expressions of the operator class's operator.
        unsafe { estimate(root, info, &clauses, selected, pg_sys::list_nth(orders, 0).cast()) }
    } else if clauses.is_empty() {
        (f64::INFINITY, f64::INFINITY)
    } else {
        // SAFETY: the planner's own clauses.
        unsafe { estimate_unranked(info, &clauses, selected) }
    };
    #[cfg(feature = "pg18")]
    if first.is_infinite() {
        // From 18 on disabled paths are counted before costs are compared.
        // SAFETY: the planner's own path.
        unsafe { (*path).path.disabled_nodes = 2 };
    }
    // SAFETY: the planner passes places for the answers.
    unsafe {
        *startup = first;
        *total = all;
        *selectivity = selected;
        *correlation = 0.0;
        *pages = f64::from(info.pages);
    }
}

/// The part of the table's rows that meet the index's conditions, and its predicate if it is partial.
///
/// # Safety
/// - `clauses` are those of a path on the index.
unsafe fn selected_part(
    root: *mut pg_sys::PlannerInfo,
    clauses: *mut pg_sys::List,
    info: &pg_sys::IndexOptInfo,
) -> f64 {
    if clauses.is_null() {
        // SAFETY: the index belongs to a table of the query.
        let rows = unsafe { (*info.rel).tuples };
        return if info.indpred.is_null() || rows < 1.0 { 1.0 } else { (info.tuples / rows).clamp(0.0, 1.0) };
    }
    // SAFETY: as PostgreSQL does it for its own indexes; nothing in the index's description is changed.
    unsafe {
        let quals = pg_sys::get_quals_from_indexclauses(clauses);
        let quals = pg_sys::add_predicate_to_index_quals(std::ptr::from_ref(info).cast_mut(), quals);
        let relid = (*info.rel).relid as i32;
        pg_sys::clauselist_selectivity(root, quals, relid, pg_sys::JoinType::JOIN_INNER, std::ptr::null_mut())
    }
}

/// Nanoseconds that it takes to find the documents which the conditions leave; `order` is what the scan ranks by.
///
/// # Safety
/// - `clauses` are those of a path on the index.
unsafe fn filter_time(
    info: &pg_sys::IndexOptInfo,
    clauses: &[*mut pg_sys::IndexClause],
    order: *mut pg_sys::Node,
) -> f64 {
    let mut time = 0.0;
    for &clause in clauses {
        // SAFETY: by the caller's promise.
        let is_vector = unsafe { is_vector(info, (*clause).indexcol as usize) };
        // SAFETY: by the caller's promise.
        time += if !is_vector {
            FILTER_START + info.tuples * FILTER_DOCUMENT
        } else if unsafe { ends_the_stream(clause, order) } {
            0.0
        } else {
            Survey::of_unknown(info.tuples, f64::INFINITY).nanoseconds_for_all()
        };
    }
    time
}

/// Whether a condition on the vector is, as far as can be told here, about the vector that the scan ranks by: then it
/// costs nothing, since it says where the stream ends.
///
/// # Safety
/// - A clause of a path on the index, and what the path orders by, or NULL.
unsafe fn ends_the_stream(clause: *mut pg_sys::IndexClause, order: *mut pg_sys::Node) -> bool {
    if order.is_null() {
        return false;
    }
    // SAFETY: by the caller's promise a list of at least one restriction.
    let condition = unsafe {
        let quals = list::<pg_sys::RestrictInfo>((*clause).indexquals);
        quals.first().map_or(std::ptr::null_mut(), |qual| (**qual).clause.cast::<pg_sys::Node>())
    };
    // SAFETY: expressions of the query.
    unsafe {
        if condition.is_null() || !pgrx::is_a(condition, pg_sys::NodeTag::T_OpExpr) {
            return false;
        }
        let argument = |node: *mut pg_sys::Node| pg_sys::list_nth((*node.cast::<pg_sys::OpExpr>()).args, 1);
        pg_sys::equal(argument(condition), argument(order))
    }
}

/// Costs of a scan without an order: before the first row, and for all.
///
/// # Safety
/// - `clauses` are those of a path on the index.
unsafe fn estimate_unranked(
    info: &pg_sys::IndexOptInfo,
    clauses: &[*mut pg_sys::IndexClause],
    selected: f64,
) -> (f64, f64) {
    // SAFETY: planner settings are plain numbers of this backend.
    let (operator, index_tuple) = unsafe { (pg_sys::cpu_operator_cost, pg_sys::cpu_index_tuple_cost) };
    // SAFETY: by the caller's promise.
    let time = START + unsafe { filter_time(info, clauses, std::ptr::null_mut()) };
    let Work { pending_pages, .. } = look(info, Operand::Unknown);
    let first = (time + pending_pages * PENDING_PAGE) / NANOSECONDS * operator;
    let rows = (selected * table_rows(info)).max(1.0);
    (first, first + rows * (index_tuple + UNRANKED_ROW * operator))
}

fn table_rows(info: &pg_sys::IndexOptInfo) -> f64 {
    // SAFETY: the index belongs to a table of the query.
    unsafe { (*info.rel).tuples }.max(info.tuples)
}

/// Costs before the first row, and for all.
///
/// # Safety
/// - `order` is an expression `column operator query`, `clauses` those of a path on the index.
unsafe fn estimate(
    root: *mut pg_sys::PlannerInfo,
    info: &pg_sys::IndexOptInfo,
    clauses: &[*mut pg_sys::IndexClause],
    selected: f64,
    order: *mut pg_sys::Node,
) -> (f64, f64) {
    // SAFETY: planner settings are plain numbers of this backend.
    let (operator, index_tuple) = unsafe { (pg_sys::cpu_operator_cost, pg_sys::cpu_index_tuple_cost) };
    let (mut random_page, mut page) = (0.0, 0.0);
    // SAFETY: places for two answers.
    unsafe { pg_sys::get_tablespace_page_costs(info.reltablespace, &raw mut random_page, &raw mut page) };
    let nanosecond = operator / NANOSECONDS;

    // Whoever may see but some of the rows learns nothing of the others' terms: EXPLAIN shows costs.
    // SAFETY: by the caller's promise.
    let hidden = unsafe { some_rows_are_hidden(root, (*info.rel).relid) };
    // SAFETY: by the caller's promise.
    let operand = if hidden { Operand::Unknown } else { unsafe { operand_of(order) } };
    let Work { survey, pending_pages } = look(info, operand);
    let rows = if clauses.is_empty() { info.tuples.max(1.0) } else { (selected * table_rows(info)).max(1.0) };
    let kept = (rows / info.tuples.max(1.0)).min(1.0);
    // SAFETY: by the caller's promise.
    let goal = unsafe { row_goal(root, info, if clauses.is_empty() { 1.0 } else { selected }) };
    goals::note(info.indexoid, goal);
    let wish = Wish { kept, ..wish(goal) };
    let way = way(&survey, wish);
    // SAFETY: by the caller's promise.
    let filtering = unsafe { filter_time(info, clauses, order) };
    let read = (survey.bytes(way) / f64::from(pg_sys::BLCKSZ)).ceil() + pending_pages;
    let time = START + filtering + survey.nanoseconds(way, wish) + pending_pages * PENDING_PAGE;
    let first = time * nanosecond + read * page;
    let later = if way == Way::Bounds { survey.nanoseconds(Way::Exhaustive, wish) * nanosecond } else { 0.0 };
    // SAFETY: by the caller's promise.
    let distance = unsafe { distance_cost(root, order) };
    let row = index_tuple + distance + QUEUE * (rows + 2.0).log2() * operator;
    (first, first + later + rows * row)
}

/// How many rows will be asked of the scan: what the query's LIMIT says, and more if a filter lets but a part of them
/// through; `selected` is what the scan's own conditions let through. `None` if the planner does not know.
///
/// # Safety
/// - `root` is the planner's state for a query on the index's table.
unsafe fn row_goal(root: *mut pg_sys::PlannerInfo, info: &pg_sys::IndexOptInfo, selected: f64) -> Option<usize> {
    // SAFETY: by the caller's promise.
    let (limit, fraction, rel) = unsafe { ((*root).limit_tuples, (*root).tuple_fraction, &*info.rel) };
    let wanted = match (limit, fraction) {
        (limit, _) if limit > 0.0 => limit,
        (_, rows) if rows >= 1.0 => rows,
        _ => return None,
    };
    let passing = if rel.tuples > 0.0 { (rel.rows / rel.tuples / selected.max(1e-9)).clamp(1e-9, 1.0) } else { 1.0 };
    Some((wanted / passing).min(rel.tuples.max(1.0)) as usize)
}

/// What the settings and the number of rows wanted, if it is known, mean for the cost.
pub fn wish(goal: Option<usize>) -> Wish {
    Wish { documents: goal.unwrap_or(UNKNOWN_GOAL), prune_factor: settings::prune_factor(), kept: 1.0 }
}

/// How the rows will be found, as far as can be told beforehand.
pub fn way(survey: &Survey, wish: Wish) -> Way {
    match settings::strategy() {
        Strategy::Auto | Strategy::Candidates => survey.way(wish),
        Strategy::Exhaustive => Way::Exhaustive,
        Strategy::Blocks => Way::Bounds,
    }
}

/// What the operator costs for one row.
///
/// # Safety
/// - `order` is an operator expression.
unsafe fn distance_cost(root: *mut pg_sys::PlannerInfo, order: *mut pg_sys::Node) -> f64 {
    let mut cost = pg_sys::QualCost { startup: 0.0, per_tuple: 0.0 };
    // SAFETY: by the caller's promise; the function's row in the catalogue is all that is read.
    unsafe {
        let function = pg_sys::get_opcode((*order.cast::<pg_sys::OpExpr>()).opno);
        pg_sys::add_function_cost(root, function, order, &raw mut cost);
    }
    cost.per_tuple
}

/// The query, as far as the planner knows it.
enum Operand {
    Unknown,
    Null,
    Known(SVec),
}

/// # Safety
/// - `order` is an expression `column operator query`.
unsafe fn operand_of(order: *mut pg_sys::Node) -> Operand {
    // SAFETY: an operator has two operands.
    let operand = unsafe { pg_sys::list_nth((*order.cast::<pg_sys::OpExpr>()).args, 1) }.cast::<pg_sys::Node>();
    // SAFETY: a node of an expression.
    if !unsafe { pgrx::is_a(operand, pg_sys::NodeTag::T_Const) } {
        return Operand::Unknown;
    }
    // SAFETY: as its tag says.
    let constant = unsafe { &*operand.cast::<pg_sys::Const>() };
    if constant.constisnull {
        return Operand::Null;
    }
    // SAFETY: the operator class's operator takes an svec on the right; used within this call only.
    Operand::Known(unsafe { SVec::from_datum_raw(constant.constvalue) })
}

/// The work of a scan.
struct Work {
    survey: Survey,
    pending_pages: f64,
}

fn look(info: &pg_sys::IndexOptInfo, query: Operand) -> Work {
    let unknown = Work { survey: Survey::of_unknown(info.tuples, f64::INFINITY), pending_pages: 0.0 };
    if info.hypothetical {
        return unknown;
    }
    let work = with_index(info.indexoid, |index| match &query {
        Operand::Unknown => look_at_totals(index),
        Operand::Null => look_up(index, None, LOOK_UPS),
        Operand::Known(query) => look_up(index, Some(query.as_ref()), LOOK_UPS),
    });
    if let Operand::Known(query) = query {
        query.free();
    }
    work.unwrap_or(unknown)
}

fn look_at_totals(index: IndexRelation) -> Result<Work> {
    replay::retry(index, |meta| {
        let layouts = manifest_cache::layouts(index, meta)?;
        let survey = Survey::average(layouts.iter().map(|layout| &layout.descriptor().meta));
        Ok(Work { survey, pending_pages: f64::from(meta.pending.n_pages) })
    })
}

fn look_up(index: IndexRelation, query: Option<SparseVectorRef<'_>>, budget: usize) -> Result<Work> {
    replay::retry(index, |meta| {
        let survey = survey(index, meta, query, budget)?;
        Ok(Work { survey, pending_pages: f64::from(meta.pending.n_pages) })
    })
}

/// What `query` touches in the segments that `meta` points to.
pub fn survey(index: IndexRelation, meta: &Meta, query: Option<SparseVectorRef<'_>>, budget: usize) -> Result<Survey> {
    let segments = manifest_cache::open_segments(index, meta)?;
    let readers: Vec<_> = segments.iter().map(|segment| segment.reader()).collect();
    Survey::take(query, &readers, budget)
}
