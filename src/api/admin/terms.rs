//! wand_term_stats: which terms are in the index, and what do they cost?

use pgrx::pg_sys;

use super::open::OwnedIndex;
use super::signed;
use crate::am::inspect;
use crate::api::call::{Call, Outcome, Rows, pg_fn};
use crate::engine::segment::stats::TermStats;
use crate::storage::raise::OrRaise;

pg_fn! {
    /// One row for each term of the sealed segments, into a tuple store: there may be millions.
    fn wand_term_stats(call) {
        term_stats(call)
    }
}

fn term_stats(call: Call) -> Outcome {
    let opened = OwnedIndex::open(call.oid(0), pg_sys::AccessShareLock);
    let index = opened.relation();
    let rows = Rows::begin(call);
    let mut each = |stats| {
        put(&rows, &stats);
        Ok(())
    };
    inspect::for_each_term(index, &mut || rows.clear(), &mut each).or_raise(index);
    call.null()
}

fn put(rows: &Rows, stats: &TermStats) {
    let weight = |weight: Option<f64>| weight.map(|w| pg_sys::Datum::from(w.to_bits()));
    rows.put([
        Some(pg_sys::Datum::from(i64::from(stats.term) + 1)),
        Some(pg_sys::Datum::from(signed(stats.df))),
        Some(pg_sys::Datum::from(signed(stats.list_bytes))),
        weight(stats.greatest_weight),
        weight(stats.least_weight),
        Some(pg_sys::Datum::from(stats.frequent)),
        Some(pg_sys::Datum::from(i32::try_from(stats.segments).unwrap_or(i32::MAX))),
    ]);
}
