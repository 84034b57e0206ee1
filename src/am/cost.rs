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
//! Without ORDER BY the index is of no use. A page that cannot be read as expected is no reason to fail here: the scan
//! will say so, if there is one.

use pgrx::pg_sys;
use pgrx::prelude::*;

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
    // SAFETY: the planner's own path.
    let (orders, info) = unsafe { ((*path).indexorderbys, &*(*path).indexinfo) };
    let (first, all) = if orders.is_null() {
        (f64::INFINITY, f64::INFINITY)
    } else {
        // SAFETY: the list holds expressions of the operator class's operator.
        unsafe { estimate(root, info, pg_sys::list_nth(orders, 0).cast()) }
    };
    #[cfg(feature = "pg18")]
    if orders.is_null() {
        // From 18 on disabled paths are counted before costs are compared.
        // SAFETY: the planner's own path.
        unsafe { (*path).path.disabled_nodes = 2 };
    }
    // SAFETY: the planner passes places for the answers.
    unsafe {
        *startup = first;
        *total = all;
        *selectivity = selected_part(info);
        *correlation = 0.0;
        *pages = f64::from(info.pages);
    }
}

/// The part of the table that a partial index holds.
fn selected_part(info: &pg_sys::IndexOptInfo) -> f64 {
    // SAFETY: the index belongs to a table of the query.
    let rows = unsafe { (*info.rel).tuples };
    if info.indpred.is_null() || rows < 1.0 { 1.0 } else { (info.tuples / rows).clamp(0.0, 1.0) }
}

/// Costs before the first row, and for all.
///
/// # Safety
/// - `order` is an expression `column operator query`.
unsafe fn estimate(
    root: *mut pg_sys::PlannerInfo,
    info: &pg_sys::IndexOptInfo,
    order: *mut pg_sys::Node,
) -> (f64, f64) {
    // SAFETY: planner settings are plain numbers of this backend.
    let (operator, index_tuple) = unsafe { (pg_sys::cpu_operator_cost, pg_sys::cpu_index_tuple_cost) };
    let (mut random_page, mut page) = (0.0, 0.0);
    // SAFETY: places for two answers.
    unsafe { pg_sys::get_tablespace_page_costs(info.reltablespace, &raw mut random_page, &raw mut page) };
    let nanosecond = operator / NANOSECONDS;

    // SAFETY: by the caller's promise.
    let Work { survey, pending_pages } = unsafe { look(info, operand_of(order)) };
    // SAFETY: by the caller's promise.
    let goal = unsafe { row_goal(root, info) };
    goals::note(info.indexoid, goal);
    let wish = wish(goal);
    let way = way(&survey, wish);
    let read = (survey.bytes(way) / f64::from(pg_sys::BLCKSZ)).ceil() + pending_pages;
    let first = (START + survey.nanoseconds(way, wish) + pending_pages * PENDING_PAGE) * nanosecond + read * page;
    let later = if way == Way::Bounds { survey.nanoseconds(Way::Exhaustive, wish) * nanosecond } else { 0.0 };
    // SAFETY: by the caller's promise.
    let distance = unsafe { distance_cost(root, order) };
    let rows = info.tuples.max(1.0);
    let row = index_tuple + distance + QUEUE * (rows + 2.0).log2() * operator;
    (first, first + later + rows * row)
}

/// How many rows will be asked of the scan: what the query's LIMIT says, and more if a filter lets but a part of them
/// through. `None` if the planner does not know.
///
/// # Safety
/// - `root` is the planner's state for a query on the index's table.
unsafe fn row_goal(root: *mut pg_sys::PlannerInfo, info: &pg_sys::IndexOptInfo) -> Option<usize> {
    // SAFETY: by the caller's promise.
    let (limit, fraction, rel) = unsafe { ((*root).limit_tuples, (*root).tuple_fraction, &*info.rel) };
    let wanted = match (limit, fraction) {
        (limit, _) if limit > 0.0 => limit,
        (_, rows) if rows >= 1.0 => rows,
        _ => return None,
    };
    let passing = if rel.tuples > 0.0 { (rel.rows / rel.tuples).clamp(1e-9, 1.0) } else { 1.0 };
    Some((wanted / passing).min(rel.tuples.max(1.0)) as usize)
}

/// What the settings and the number of rows wanted, if it is known, mean for the cost.
pub fn wish(goal: Option<usize>) -> Wish {
    Wish { documents: goal.unwrap_or(UNKNOWN_GOAL), prune_factor: settings::prune_factor() }
}

/// How the rows will be found, as far as can be told beforehand.
pub fn way(survey: &Survey, wish: Wish) -> Way {
    match settings::strategy() {
        Strategy::Auto => survey.way(wish),
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
    let no_lock = pg_sys::NoLock as i32;
    // SAFETY: the planner holds a lock on every index it considers.
    let raw = unsafe { pg_sys::index_open(info.indexoid, no_lock) };
    // SAFETY: just opened.
    let index = unsafe { IndexRelation::new(raw) };
    let work = match &query {
        Operand::Unknown => look_at_totals(index),
        Operand::Null => look_up(index, None, LOOK_UPS),
        Operand::Known(query) => look_up(index, Some(query.as_ref()), LOOK_UPS),
    };
    // SAFETY: opened above.
    unsafe { pg_sys::index_close(raw, no_lock) };
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
