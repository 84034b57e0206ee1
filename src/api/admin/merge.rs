//! wand_merge: do now what VACUUM would.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::open::{OwnedIndex, check_is_valid};
use crate::am::maintain;
use crate::storage::free;
use crate::storage::raise::OrRaise;

/// `wand_merge(index regclass)`: flushes the pending list and merges segments as VACUUM would; the number of merges.
#[pg_extern(sql = false)]
fn wand_merge(index: pg_sys::Oid) -> i32 {
    // As INSERT, which flushes too: a lock that REINDEX CONCURRENTLY holds would mean a deadlock, for that waits for the
    // snapshot of this statement. The maintenance lock keeps VACUUM out.
    let opened = OwnedIndex::open(index, pg_sys::RowExclusiveLock);
    check_is_valid(&opened.index, "merged");
    let relation = opened.relation();
    let lock = relation.lock_maintenance();
    maintain::flush(relation, &lock).or_raise(relation);
    let merges = maintain::merge(relation, &lock, maintain::Effort::Full).or_raise(relation);
    free::publish_free(relation);
    i32::try_from(merges).unwrap_or(i32::MAX)
}
