//! Looking at an index and looking after it: for its owner.

mod check;
mod frequencies;
mod health;
mod info;
mod merge;
mod open;
mod query;
mod scan;
mod terms;

use pgrx::pg_sys;

use crate::engine::ids::Metric;

/// A count of pages in bytes.
fn bytes(pages: u64) -> i64 {
    signed(pages).saturating_mul(pg_sys::BLCKSZ as i64)
}

/// The name of a metric.
fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::InnerProduct => "inner product",
        Metric::Cosine => "cosine",
        Metric::L2 => "L2",
    }
}

/// A count as SQL has it.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
