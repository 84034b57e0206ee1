//! wand_merge: do now what VACUUM would.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::open::{OwnedIndex, check_is_valid};
use crate::am::flush::flush;
use crate::am::merge::merge;
use crate::engine::segment::policy::Effort;
use crate::storage::raise::OrRaise;

/// `wand_merge(index regclass)`: flushes the pending list and merges segments as VACUUM would; the number of merges.
#[pg_extern(sql = false)]
fn wand_merge(index: pg_sys::Oid) -> i32 {
    // The lock of an INSERT, which does the same work, as in gin_clean_pending_list: the stronger one of VACUUM would
    // wait for REINDEX CONCURRENTLY, which waits for the snapshot of this call. The maintenance lock keeps VACUUM away.
    let opened = OwnedIndex::open(index, pg_sys::RowExclusiveLock);
    check_is_valid(&opened.index, "merged");
    let relation = opened.relation();
    let lock = relation.lock_maintenance();
    flush(relation, &lock, Effort::Full).or_raise(relation);
    let merges = merge(relation, &lock).or_raise(relation);
    i32::try_from(merges).unwrap_or(i32::MAX)
}
