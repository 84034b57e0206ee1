//! INSERT and UPDATE: a document goes to the pending list, and is ranked from then on.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::columns::{IndexColumns, Row};
use super::short_list::keep_short;
use super::{options, tid_from};
use crate::engine::error::{EngineError, Result};
use crate::engine::filter::value::Value;
use crate::engine::ids::Tid;
use crate::engine::vector::SparseVectorRef;
use crate::storage::datum::SVec;
use crate::storage::fault;
use crate::storage::pending;
use crate::storage::raise::{self, OrRaise};
use crate::storage::relation::IndexRelation;
use crate::storage::value::ValueBuffer;

/// Adds one row.
///
/// # Safety
/// - Called by PostgreSQL with the relations open and locked, and a value for each column of the index.
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
    // SAFETY: an item pointer.
    let tid = unsafe { tid_from(tid) };
    let mut buffer = ValueBuffer::default();
    // SAFETY: one value and one flag for each column.
    let Row { vector, values } = unsafe { IndexColumns::of(index).row(values, isnull, &mut buffer) };
    insert(index, tid, vector.as_ref().map(SVec::as_ref), &values).or_raise(index);
    if let Some(vector) = vector {
        vector.free();
    }
    false
}

fn insert(
    index: IndexRelation,
    tid: Tid,
    vector: Option<SparseVectorRef<'_>>,
    values: &[Option<Value<'_>>],
) -> Result<()> {
    fault::point!("insert_before_append");
    let n_pages = pending::append(index, tid, vector, values)?;
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
