//! ORDER BY emb <#> q: rows as a stream, best first, for as long as the executor asks. Without an order, the rows that
//! meet conditions, one by one or as a bitmap.
//!
//! Each row comes with a distance that is never above its true one; PostgreSQL computes the true distance from the heap
//! row and puts rows in its order (`xs_recheckorderby`).

use std::cell::Cell;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::conditions::Conditions;
use super::counts::{ScanCounts, Totals};
use super::ranking::{Manner, Row};
use super::rows::Rows;
use super::tid_to;
use crate::engine::search::query::Distance;
use crate::storage::datum::SVec;
use crate::storage::raise::OrRaise;
use crate::storage::relation::{self, IndexRelation};

/// Lives in the scan descriptor; dropped with its memory context, after an error too.
struct ScanState {
    /// Nothing until the first row is asked for, and after a rescan.
    rows: Option<Rows>,
    /// How many of the table's pages are asked for ahead of time.
    io_concurrency: usize,
    /// Blocks of the table when the ranking began; none beyond is asked for.
    table_blocks: u32,
    /// What earlier rankings of the scan did.
    totals: Totals,
    /// For a scan that wants index tuples, though the index can return no column: a tuple of NULLs.
    empty_tuple: pg_sys::IndexTuple,
    context: PgMemoryContexts,
    /// What conditions need lives here, until the next rescan; null while there are none.
    of_conditions: pg_sys::MemoryContext,
}

/// Rows that are added to a bitmap together.
const ADDED_AT_ONCE: usize = 1024;

thread_local! {
    /// What the last scan of this session did.
    static LAST: Cell<Option<ScanCounts>> = const { Cell::new(None) };
}

/// What the last finished scan of this session did.
pub fn last_scan() -> Option<ScanCounts> {
    LAST.get()
}

/// Ends the ranking under way, if any, and keeps its counts.
///
/// # Safety
/// - `scan` is a live descriptor of [`ambeginscan`].
unsafe fn end_ranking(scan: pg_sys::IndexScanDesc) {
    // SAFETY: by the caller's promise.
    let (state, index) = unsafe { (state(scan), IndexRelation::new((*scan).indexRelation)) };
    if let Some(rows) = state.rows.take() {
        let counts = rows.end().or_raise(index);
        state.totals.add(&counts);
        LAST.set(Some(counts));
    }
    if !state.of_conditions.is_null() {
        // SAFETY: a context of this scan; the conditions went with the rows.
        unsafe { pg_sys::MemoryContextReset(state.of_conditions) };
    }
}

/// What the scan did so far.
///
/// # Safety
/// - `scan` is a live descriptor of [`ambeginscan`].
#[cfg(feature = "pg18")]
pub unsafe fn totals_of(scan: pg_sys::IndexScanDesc) -> Totals {
    // SAFETY: by the caller's promise.
    let state = unsafe { state(scan) };
    let mut totals = state.totals;
    if let Some(rows) = &state.rows {
        totals.add(&rows.counts());
    }
    totals
}

/// Makes a scan descriptor.
///
/// # Safety
/// - Called by PostgreSQL with the index open and locked.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambeginscan(
    index: pg_sys::Relation,
    n_keys: i32,
    n_orderbys: i32,
) -> pg_sys::IndexScanDesc {
    // SAFETY: open and locked by the caller.
    let scan = unsafe { pg_sys::RelationGetIndexScan(index, n_keys, n_orderbys) };
    let n = usize::try_from(n_orderbys).unwrap_or(0);
    if n > 0 {
        // SAFETY: the current context lives as long as the scan; the arrays have a place for each key.
        unsafe {
            (*scan).xs_orderbyvals = pg_sys::palloc0(n * size_of::<pg_sys::Datum>()).cast();
            (*scan).xs_orderbynulls = pg_sys::palloc0(n * size_of::<bool>()).cast();
        }
    }
    let mut context = PgMemoryContexts::CurrentMemoryContext;
    let own = PgMemoryContexts::For(context.value());
    let totals = Totals::default();
    let state = ScanState {
        rows: None,
        io_concurrency: 0,
        table_blocks: 0,
        totals,
        empty_tuple: std::ptr::null_mut(),
        context: own,
        of_conditions: std::ptr::null_mut(),
    };
    // SAFETY: the descriptor was just made; the context drops the state when it is deleted.
    unsafe { (*scan).opaque = context.leak_and_drop_on_delete(state).cast() };
    scan
}

/// Begins anew, perhaps with another query.
///
/// # Safety
/// - Called by PostgreSQL with a descriptor of [`ambeginscan`].
#[pg_guard]
pub unsafe extern "C-unwind" fn amrescan(
    scan: pg_sys::IndexScanDesc,
    keys: pg_sys::ScanKey,
    n_keys: i32,
    orderbys: pg_sys::ScanKey,
    n_orderbys: i32,
) {
    // SAFETY: the descriptor carries the state that `ambeginscan` made.
    unsafe { end_ranking(scan) };
    let n = usize::try_from(n_keys).unwrap_or(0);
    if !keys.is_null() && n > 0 {
        // SAFETY: both arrays hold `n` keys; they may be the same array.
        unsafe { (*scan).keyData.copy_from(keys, n) };
    }
    let n = usize::try_from(n_orderbys).unwrap_or(0);
    if !orderbys.is_null() && n > 0 {
        // SAFETY: both arrays hold `n` keys; they may be the same array.
        unsafe { (*scan).orderByData.copy_from(orderbys, n) };
    }
}

/// # Safety
/// - `scan` is a descriptor of [`ambeginscan`] and no other reference to its state is alive.
unsafe fn state<'a>(scan: pg_sys::IndexScanDesc) -> &'a mut ScanState {
    // SAFETY: by the caller's promise.
    unsafe { &mut *(*scan).opaque.cast::<ScanState>() }
}

/// Gives the next row.
///
/// # Safety
/// - Called by PostgreSQL with a descriptor of [`ambeginscan`].
#[pg_guard]
pub unsafe extern "C-unwind" fn amgettuple(
    scan: pg_sys::IndexScanDesc,
    _direction: pg_sys::ScanDirection::Type,
) -> bool {
    // SAFETY: the descriptor's relation stays open during the scan.
    let index = unsafe { IndexRelation::new((*scan).indexRelation) };
    // SAFETY: a scan of an index of rows has a snapshot.
    let index = index.for_scan(unsafe { (*scan).xs_snapshot.as_ref() }.is_some_and(|s| s.takenDuringRecovery));
    // SAFETY: the descriptor carries the state that `ambeginscan` made.
    let state = unsafe { state(scan) };
    // SAFETY: as above. It is said of the row that was given last.
    if unsafe { (*scan).kill_prior_tuple }
        && let Some(rows) = &mut state.rows
    {
        rows.kill_last().or_raise(index);
    }
    if state.rows.is_none() {
        // SAFETY: as above.
        unsafe { state.begin(scan, index) };
        // SAFETY: the scan of an index has its table open.
        let table = unsafe { (*scan).heapRelation };
        if !table.is_null() {
            (state.io_concurrency, state.table_blocks) = (relation::io_concurrency(table), relation::n_blocks(table));
        }
    }
    let Some(rows) = &mut state.rows else { return false };
    let Some(Row { distance, tid, recheck, .. }) = rows.next_best().or_raise(index) else { return false };
    if state.io_concurrency > 0 {
        // SAFETY: checked when the ranking began.
        rows.prefetch(unsafe { (*scan).heapRelation }, state.io_concurrency, state.table_blocks);
    }
    // SAFETY: the descriptor is ours to fill; the arrays have a place if there is an order-by key.
    unsafe {
        (*scan).xs_heaptid = tid_to(tid);
        (*scan).xs_recheck = rows.recheck_conditions();
        if (*scan).numberOfOrderBys > 0 {
            let (value, is_null) = match distance {
                Distance::Null => (pg_sys::Datum::null(), true),
                Distance::Value(value) => (pg_sys::Datum::from(value.to_bits()), false),
            };
            *(*scan).xs_orderbyvals = value;
            *(*scan).xs_orderbynulls = is_null;
            // Of further keys (`ORDER BY emb <#> a, emb <#> b`) nothing is known: the executor must compute them.
            let further = (*scan).numberOfOrderBys as usize - 1;
            for key in 1..=further {
                *(*scan).xs_orderbyvals.add(key) = pg_sys::Datum::from(f64::NEG_INFINITY.to_bits());
                *(*scan).xs_orderbynulls.add(key) = false;
            }
            (*scan).xs_recheckorderby = recheck || further > 0;
        }
        if (*scan).xs_want_itup {
            (*scan).xs_itup = state.empty_tuple(scan);
        }
    }
    true
}

/// Adds all rows to a bitmap; returns how many.
///
/// # Safety
/// - Called by PostgreSQL with a descriptor of [`ambeginscan`] and a bitmap.
#[pg_guard]
pub unsafe extern "C-unwind" fn amgetbitmap(scan: pg_sys::IndexScanDesc, bitmap: *mut pg_sys::TIDBitmap) -> i64 {
    // SAFETY: the descriptor's relation stays open during the scan.
    let index = unsafe { IndexRelation::new((*scan).indexRelation) };
    // SAFETY: as in `amgettuple`.
    let index = index.for_scan(unsafe { (*scan).xs_snapshot.as_ref() }.is_some_and(|s| s.takenDuringRecovery));
    // SAFETY: the descriptor carries the state that `ambeginscan` made.
    let state = unsafe { state(scan) };
    // SAFETY: as above.
    unsafe { state.begin(scan, index) };
    let Some(rows) = &mut state.rows else { return 0 };
    let (mut n, mut tids) = (0, Vec::with_capacity(ADDED_AT_ONCE));
    loop {
        let row = rows.next_best().or_raise(index);
        let is_end = row.is_none();
        tids.extend(row.map(|row| tid_to(row.tid)));
        if is_end || tids.len() == ADDED_AT_ONCE {
            // SAFETY: the bitmap is the caller's; it copies the TIDs.
            unsafe { pg_sys::tbm_add_tuples(bitmap, tids.as_mut_ptr(), tids.len() as i32, rows.recheck_conditions()) };
            n += tids.len() as i64;
            tids.clear();
            pgrx::check_for_interrupts!();
        }
        if is_end {
            return n;
        }
    }
}

impl ScanState {
    /// Begins to rank the rows that the scan's keys ask for.
    ///
    /// # Safety
    /// - `scan` is this state's descriptor.
    unsafe fn begin(&mut self, scan: pg_sys::IndexScanDesc, index: IndexRelation) {
        // SAFETY: by the caller's promise.
        unsafe { count_scan(scan) };
        // SAFETY: as above.
        let (order, skip_killed) = unsafe { (order_of(scan), (*scan).ignore_killed_tuples) };
        // SAFETY: as above.
        let conditions = unsafe { self.conditions_of(scan, index) };
        let manner = Manner { distance: order.as_ref().map(|order| order.function), skip_killed };
        let query = order.and_then(|order| order.query);
        self.rows = Some(Rows::begin(index, query.as_ref().map(SVec::as_ref), conditions, manner).or_raise(index));
        query.into_iter().for_each(SVec::free);
    }

    /// What the scan's keys ask of a row, if there are any.
    ///
    /// # Safety
    /// - `scan` is this state's descriptor.
    unsafe fn conditions_of(&mut self, scan: pg_sys::IndexScanDesc, index: IndexRelation) -> Option<Conditions> {
        // SAFETY: by the caller's promise; the array holds as many keys as the descriptor says.
        let keys = unsafe {
            let n = usize::try_from((*scan).numberOfKeys).unwrap_or(0);
            if n == 0 { &[] } else { std::slice::from_raw_parts((*scan).keyData, n) }
        };
        if keys.is_empty() {
            return None;
        }
        if self.of_conditions.is_null() {
            // SAFETY: a child of the scan's context, which goes with it.
            self.of_conditions = unsafe {
                pg_sys::AllocSetContextCreateInternal(
                    self.context.value(),
                    c"conditions of a wand scan".as_ptr(),
                    pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                    pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                    pg_sys::ALLOCSET_SMALL_MAXSIZE as usize,
                )
            };
        }
        // SAFETY: made above; it lives until the conditions are gone. The keys are those of this index.
        let conditions =
            unsafe { PgMemoryContexts::For(self.of_conditions).switch_to(|_| Conditions::of(index, keys)) };
        Some(conditions.or_raise(index))
    }

    /// A tuple for plans that need no column of the index, such as count(*) with every other path disabled.
    ///
    /// # Safety
    /// - `scan` is this state's descriptor.
    unsafe fn empty_tuple(&mut self, scan: pg_sys::IndexScanDesc) -> pg_sys::IndexTuple {
        if self.empty_tuple.is_null() {
            // SAFETY: the relation is open.
            let descriptor = unsafe { (*(*scan).indexRelation).rd_att };
            // SAFETY: as above.
            unsafe { (*scan).xs_itupdesc = descriptor };
            let most = pg_sys::INDEX_MAX_KEYS as usize;
            let (mut values, mut nulls) = (vec![pg_sys::Datum::null(); most], vec![true; most]);
            // SAFETY: a value and a flag for each column; made in the context that lives as long as the scan.
            self.empty_tuple = unsafe {
                self.context
                    .switch_to(|_| pg_sys::index_form_tuple(descriptor, values.as_mut_ptr(), nulls.as_mut_ptr()))
            };
        }
        self.empty_tuple
    }
}

/// What a scan orders rows by.
struct Order {
    /// The distance's function.
    function: pg_sys::Oid,
    /// What it is the distance to; may be NULL.
    query: Option<SVec>,
}

/// The order, if the scan has one.
///
/// # Safety
/// - `scan` is a live descriptor.
unsafe fn order_of(scan: pg_sys::IndexScanDesc) -> Option<Order> {
    // SAFETY: by the caller's promise; the array holds as many keys as the descriptor says.
    let key = unsafe { if (*scan).numberOfOrderBys < 1 { return None } else { *(*scan).orderByData } };
    let is_null = key.sk_flags as u32 & pg_sys::SK_ISNULL != 0;
    // SAFETY: the operator class's operator takes an svec on the right, or pgvector's sparsevec.
    let query = (!is_null).then(|| unsafe { SVec::from_datum_raw(key.sk_argument) });
    Some(Order { function: key.sk_func.fn_oid, query })
}

/// Counts the scan in pg_stat_user_indexes, and from 18 on in EXPLAIN.
///
/// # Safety
/// - `scan` is a live descriptor.
unsafe fn count_scan(scan: pg_sys::IndexScanDesc) {
    // SAFETY: by the caller's promise; the fields are those the macro pgstat_count_index_scan uses.
    unsafe {
        let index = (*scan).indexRelation;
        if (*index).pgstat_info.is_null() && (*index).pgstat_enabled {
            pg_sys::pgstat_assoc_relation(index);
        }
        if let Some(info) = (*index).pgstat_info.as_mut() {
            #[cfg(feature = "pg15")]
            {
                info.t_counts.t_numscans += 1;
            }
            #[cfg(not(feature = "pg15"))]
            {
                info.counts.numscans += 1;
            }
        }
        #[cfg(feature = "pg18")]
        if let Some(instrument) = (*scan).instrument.as_mut() {
            instrument.nsearches += 1;
        }
    }
}

/// Ends the scan; its memory goes with its context.
///
/// # Safety
/// - Called by PostgreSQL with a descriptor of [`ambeginscan`].
#[pg_guard]
pub unsafe extern "C-unwind" fn amendscan(scan: pg_sys::IndexScanDesc) {
    // SAFETY: the descriptor carries the state that `ambeginscan` made.
    unsafe { end_ranking(scan) };
}
