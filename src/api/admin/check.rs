//! wand_check: is the index sound?

use pgrx::iter::TableIterator;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::open::{OwnedIndex, as_owner, check_is_valid, check_snapshot_is_recent};
use crate::am::check;

/// `wand_check(index regclass, heap boolean)`: what is wrong, one row for each finding; no row if the index is sound.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_check(
    index: pg_sys::Oid,
    heap: bool,
) -> TableIterator<
    'static,
    (name!(segment, Option<i64>), name!(part, String), name!(block, Option<i64>), name!(problem, String)),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    if heap {
        check_is_valid(&opened.index, "compared with its table");
        check_snapshot_is_recent(&opened.index);
    }
    let findings = if heap {
        as_owner(&opened.heap, || check::check(opened.relation(), Some(opened.heap.as_ptr())))
    } else {
        check::check(opened.relation(), None)
    };
    let rows = findings.into_iter().map(|f| (f.segment.map(i64::from), f.part, f.block.map(i64::from), f.problem));
    TableIterator::new(rows.collect::<Vec<_>>())
}
