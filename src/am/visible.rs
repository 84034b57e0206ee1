//! Rows of the table as a snapshot sees them, for who reads the index without the executor.

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

use super::columns::vector_place;
use super::table_end::TableEnd;
use super::tid_to;
use crate::engine::ids::Tid;
use crate::storage::datum::SVec;
use crate::storage::relation::IndexRelation;

/// Looks rows up by TID, as an index scan does.
pub struct VisibleRows {
    index: IndexRelation,
    table: &'static pg_sys::TableAmRoutine,
    fetch: *mut pg_sys::IndexFetchTableData,
    slot: *mut pg_sys::TupleTableSlot,
    snapshot: pg_sys::Snapshot,
    table_end: TableEnd,
}

impl VisibleRows {
    /// Under the snapshot of the statement that is running. SERIALIZABLE transactions are told that the whole table is
    /// read: what is not there matters as well.
    ///
    /// # Safety
    /// - `heap` is the table of `index`, open and locked for as long as the result is used.
    pub unsafe fn begin(index: IndexRelation, heap: pg_sys::Relation) -> Self {
        unsafe extern "C-unwind" {
            fn PredicateLockRelation(relation: pg_sys::Relation, snapshot: pg_sys::Snapshot);
        }
        // SAFETY: SQL functions run under a snapshot.
        let snapshot = unsafe { pg_sys::GetActiveSnapshot() };
        // SAFETY: the server's function, as it declares it; the relation is open. It may raise, and nothing of ours is to
        // be dropped.
        unsafe { pg_guard_ffi_boundary(|| PredicateLockRelation(heap, snapshot)) };
        // SAFETY: an open table has an access method with these functions, which is never unloaded.
        let table = unsafe { &*(*heap).rd_tableam };
        // SAFETY: the relation is open; the access method's own function.
        let fetch = table
            .index_fetch_begin
            .map_or(std::ptr::null_mut(), |begin| unsafe { pg_guard_ffi_boundary(|| begin(heap)) });
        // SAFETY: the relation is open.
        let slot = unsafe { pg_sys::table_slot_create(heap, std::ptr::null_mut()) };
        Self { index, table, fetch, slot, snapshot, table_end: TableEnd::of(index) }
    }

    /// Whether the snapshot sees a row at `tid`, by itself or as a later member of its HOT chain; `None` if the table
    /// cannot have it, which the server would not look at.
    pub fn sees(&mut self, tid: Tid) -> Option<bool> {
        if !self.table_end.has(tid) {
            return None;
        }
        let look = self.table.index_fetch_tuple?;
        let mut tid = tid_to(tid);
        let (fetch, snapshot, slot) = (self.fetch, self.snapshot, self.slot);
        let (mut again, mut all_dead) = (false, false);
        // SAFETY: the access method's own function with what it made itself; it may raise, hence the guard, inside which
        // nothing of ours is to be dropped.
        let sees = unsafe {
            pg_guard_ffi_boundary(|| look(fetch, &raw mut tid, snapshot, slot, &raw mut again, &raw mut all_dead))
        };
        Some(sees)
    }

    /// The indexed vector of the row that [`Self::sees`] has just found, given to `with`; `None` if it is NULL. The
    /// index's expressions are run.
    pub fn with_vector<T>(&mut self, with: impl FnOnce(Option<crate::engine::vector::SparseVectorRef<'_>>) -> T) -> T {
        let place = vector_place(self.index);
        let mut values = [pg_sys::Datum::null(); pg_sys::INDEX_MAX_KEYS as usize];
        let mut is_null = [true; pg_sys::INDEX_MAX_KEYS as usize];
        // SAFETY: the relation is open, the slot holds a row of its table, and no index has more columns. What is made
        // here is freed with the executor state, after the last use of the value.
        unsafe {
            let info = pg_sys::BuildIndexInfo(self.index.raw());
            let state = pg_sys::CreateExecutorState();
            (*pg_sys::MakePerTupleExprContext(state)).ecxt_scantuple = self.slot;
            pg_sys::FormIndexDatum(info, self.slot, state, values.as_mut_ptr(), is_null.as_mut_ptr());
            let vector = (!is_null[place]).then(|| SVec::from_datum_raw(values[place]));
            let result = with(vector.as_ref().map(SVec::as_ref));
            if let Some(vector) = vector {
                vector.free();
            }
            pg_sys::FreeExecutorState(state);
            pg_sys::pfree(info.cast());
            result
        }
    }
}

impl Drop for VisibleRows {
    fn drop(&mut self) {
        // After an error the transaction's end gives everything back.
        if std::thread::panicking() {
            return;
        }
        // SAFETY: made in `begin`, and used no more.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            if let Some(end) = self.table.index_fetch_end {
                end(self.fetch);
            }
        }
    }
}
