//! INSERT and UPDATE: a document goes to the pending list, and is ranked from then on.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::short_list::keep_short;
use super::{options, tid_from};
use crate::engine::error::{EngineError, Result};
use crate::engine::ids::Tid;
use crate::engine::vector::SparseVectorRef;
use crate::storage::datum::SVec;
use crate::storage::fault;
use crate::storage::pending;
use crate::storage::raise::{self, OrRaise};
use crate::storage::relation::IndexRelation;

/// Adds one row.
///
/// # Safety
/// - Called by PostgreSQL with the relations open and locked, and the values of the index's one column.
#[pg_guard]
#[expect(clippy::too_many_arguments, reason = "PostgreSQL's interface")]
pub unsafe extern "C-unwind" fn aminsert(
    index: pg_sys::Relation,
    values: *mut pg_sys::Datum,
    isnull: *mut bool,
    tid: pg_sys::ItemPointer,
    _heap: pg_sys::Relation,
    _unique: pg_sys::IndexUniqueCheck::Type,
    _unchanged: bool,
    _info: *mut pg_sys::IndexInfo,
) -> bool {
    // SAFETY: open and locked by the caller.
    let index = unsafe { IndexRelation::new(index) };
    // SAFETY: one value and one flag for the one column.
    let (tid, value, is_null) = unsafe { (tid_from(tid), *values, *isnull) };
    if is_null {
        insert(index, tid, None).or_raise(index);
        return false;
    }
    // SAFETY: the column's type is the operator class's, an svec.
    let vector = unsafe { SVec::from_datum_raw(value) };
    insert(index, tid, Some(vector.as_ref())).or_raise(index);
    vector.free();
    false
}

fn insert(index: IndexRelation, tid: Tid, vector: Option<SparseVectorRef<'_>>) -> Result<()> {
    fault::point!("insert_before_append");
    let n_pages = pending::append(index, tid, vector)?;
    fault::point!("insert_after_append");
    if options::flush_above(index).is_some_and(|most| n_pages > most)
        && let Some(lock) = index.try_lock_maintenance()
    {
        match keep_short(index, &lock, &[]) {
            // The row is in, and VACUUM will meet the same. Damage is an ERROR: trying again would leave pages behind
            // each time.
            Err(error @ (EngineError::Limit { .. } | EngineError::OutOfMemory { .. })) => raise::warn(index, error),
            done => done.map(|_| ())?,
        }
    }
    Ok(())
}
