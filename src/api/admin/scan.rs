//! wand_last_scan: what did the last query do?

use pgrx::iter::TableIterator;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::bytes;
use super::signed;
use crate::am::counts::{ScanCounts, strategy_name};
use crate::am::rights::sees_all_rows;
use crate::am::scan;

/// `wand_last_scan()`: what the last ordered scan of a wand index in this session did; no row before the first,
/// nor if the caller may not read every row of the index's table.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_last_scan() -> TableIterator<
    'static,
    (
        name!(index, pg_sys::Oid),
        name!(strategy, &'static str),
        name!(segments, i32),
        name!(terms, i64),
        name!(lists, i64),
        name!(postings, i64),
        name!(bytes_read, i64),
        name!(rounds, i32),
        name!(blocks_bounded, i64),
        name!(blocks_scored, i64),
        name!(blocks_dropped, i64),
        name!(block_lookups, i64),
        name!(rows, i64),
        name!(rows_rechecked, i64),
        name!(rows_killed, i64),
        name!(pending, i64),
        name!(rows_within, i64),
        name!(restarts, i32),
        name!(plan_ms, f64),
        name!(pending_ms, f64),
        name!(filter_ms, f64),
        name!(bounds_ms, f64),
        name!(blocks_ms, f64),
        name!(exhaustive_ms, f64),
        name!(select_ms, f64),
    ),
> {
    let row = scan::last_scan().filter(|counts| sees_all_rows(counts.index)).map(|counts| {
        let ScanCounts { index, segments, pending, pages, rank, rechecked, killed, restarts, .. } = counts;
        let (pending_time, filter_time) = (counts.pending_time, counts.filter_time);
        (
            index,
            strategy_name(&rank),
            i32::try_from(segments).unwrap_or(i32::MAX),
            signed(rank.terms),
            signed(rank.lists),
            signed(rank.postings),
            bytes(pages),
            i32::try_from(rank.rounds).unwrap_or(i32::MAX),
            signed(rank.bounded),
            signed(rank.blocks.scored),
            signed(rank.blocks.dropped),
            signed(rank.blocks.lookups),
            signed(rank.delivered),
            signed(rechecked),
            signed(killed),
            signed(pending),
            signed(rank.within),
            i32::try_from(restarts).unwrap_or(i32::MAX),
            milliseconds(rank.time.plan),
            milliseconds(pending_time),
            milliseconds(filter_time),
            milliseconds(rank.time.bounds),
            milliseconds(rank.time.blocks),
            milliseconds(rank.time.exhaustive),
            milliseconds(rank.time.select),
        )
    });
    TableIterator::new(row)
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
