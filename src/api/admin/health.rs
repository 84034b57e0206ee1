//! wand_health: how is the index doing?
//!
//! Whoever watches is told of what is locked or damaged, and neither waits nor fails because of it.

use pgrx::pg_sys;

use super::open::{OwnedIndex, Watched};
use super::{bytes, metric_name, signed};
use crate::am::health::{self, Health};
use crate::api::call::{Rows, pg_fn, text};
use crate::engine::error::EngineError;
use crate::storage::raise::raise;

pg_fn! {
    /// One row; none if the index has gone.
    fn wand_health(call) {
        let rows = Rows::begin(call);
        match OwnedIndex::open_to_watch(call.oid(0)) {
            Watched::Gone => {}
            Watched::Locked => put_advice(&rows, None, "none: another session has locked the index or its table"),
            Watched::Open(opened) => {
                let index = opened.relation();
                let size = bytes(u64::from(index.n_blocks()));
                match health::examine(index) {
                    Ok(health) => put(&rows, &health, size, index.is_under_replay()),
                    Err(damage @ (EngineError::BadPage { .. } | EngineError::Corrupt { .. })) => {
                        put_advice(&rows, Some(size), &format!("REINDEX INDEX CONCURRENTLY: damaged, in {damage}"));
                    }
                    Err(error) => raise(index, error),
                }
            }
        }
        call.null()
    }
}

fn put(rows: &Rows, health: &Health, size: i64, standby: bool) {
    let number = |n: i64| Some(pg_sys::Datum::from(n));
    rows.put([
        Some(text(metric_name(health.metric))),
        Some(pg_sys::Datum::from(i32::try_from(health.segments).unwrap_or(i32::MAX))),
        number(signed(health.documents)),
        number(signed(health.dead)),
        number(signed(health.pending)),
        number(bytes(health.pending_pages)),
        number(bytes(health.pending_limit)),
        number(size),
        health.merged_at.map(pg_sys::Datum::from),
        health.advice.map(|advice| text(&advice.text(standby))),
    ]);
}

/// A row of what could not be looked into.
fn put_advice(rows: &Rows, size: Option<i64>, advice: &str) {
    let size = size.map(pg_sys::Datum::from);
    rows.put([None, None, None, None, None, None, None, size, None, Some(text(advice))]);
}
