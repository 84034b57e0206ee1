//! wand_last_scan: what did the last query do?

use pgrx::iter::TableIterator;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::signed;
use crate::am::counts::strategy_name;
use crate::am::scan::{self, ScanCounts};

/// `wand_last_scan()`: what the last ordered scan of a wand index in this session did; no row before the first.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_last_scan() -> TableIterator<
    'static,
    (
        name!(index, pg_sys::Oid),
        name!(strategy, &'static str),
        name!(segments, i32),
        name!(lists, i64),
        name!(postings, i64),
        name!(rounds, i32),
        name!(blocks_bounded, i64),
        name!(blocks_scored, i64),
        name!(blocks_dropped, i64),
        name!(block_lookups, i64),
        name!(rows, i64),
    ),
> {
    let row = scan::last_scan().map(|ScanCounts { index, segments, rank }| {
        (
            index,
            strategy_name(&rank),
            i32::try_from(segments).unwrap_or(i32::MAX),
            signed(rank.lists),
            signed(rank.postings),
            i32::try_from(rank.rounds).unwrap_or(i32::MAX),
            signed(rank.bounded),
            signed(rank.blocks.scored),
            signed(rank.blocks.dropped),
            signed(rank.blocks.lookups),
            signed(rank.delivered),
        )
    });
    TableIterator::new(row)
}
