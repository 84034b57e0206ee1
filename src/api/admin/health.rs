//! wand_health: how is the index doing?

use pgrx::pg_sys;

use super::open::OwnedIndex;
use super::{bytes, metric_name, signed};
use crate::am::health;
use crate::api::call::{Call, Outcome, Rows, pg_fn, text};
use crate::storage::raise::OrRaise;

pg_fn! {
    /// One row; none if the index has gone.
    fn wand_health(call) {
        examine(call)
    }
}

fn examine(call: Call) -> Outcome {
    let rows = Rows::begin(call);
    let Some(opened) = OwnedIndex::open_to_watch(call.oid(0)) else { return call.null() };
    let index = opened.relation();
    let health = health::examine(index).or_raise(index);
    let number = |n: i64| Some(pg_sys::Datum::from(n));
    rows.put([
        Some(text(metric_name(health.metric))),
        Some(pg_sys::Datum::from(i32::try_from(health.segments).unwrap_or(i32::MAX))),
        number(signed(health.documents)),
        number(signed(health.dead)),
        number(signed(health.pending)),
        number(bytes(health.pending_pages)),
        number(bytes(health.pending_limit)),
        number(bytes(u64::from(index.n_blocks()))),
        health.merged_at.map(pg_sys::Datum::from),
        health.advice.map(|advice| text(&advice.text())),
    ]);
    call.null()
}
