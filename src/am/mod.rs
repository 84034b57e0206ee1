//! The access method `wand`: one file for each duty that PostgreSQL gives an index.

pub mod build;
pub mod build_parallel;
pub mod build_part;
pub mod check;
pub mod check_heap;
pub mod columns;
pub mod conditions;
pub mod cost;
pub mod counts;
#[cfg(feature = "pg18")]
pub mod explain;
pub mod flush;
pub mod frequencies;
pub mod goals;
pub mod handler;
pub mod health;
pub mod insert;
pub mod inspect;
pub mod killed;
pub mod maintain;
pub mod merge;
#[cfg(any(feature = "pg15", feature = "pg16"))]
pub mod more_clauses;
pub mod on_vector;
pub mod opfamily;
pub mod options;
pub mod planner;
pub mod probe;
pub mod progress;
pub mod rank_pending;
pub mod ranking;
pub mod rights;
pub mod rows;
pub mod scan;
pub mod selectivity;
pub mod settings;
pub mod short_list;
pub mod shrink;
pub mod sweep;
pub mod table_end;
pub mod vacuum;
pub mod validate;
pub mod visible;

use pgrx::pg_sys;

use crate::engine::ids::{Metric, Tid};
use crate::storage::relation::IndexRelation;

/// The support function of a vector's operator class: it names the metric.
const METRIC_PROC: u16 = 1;
/// The support function of a filter column's operator class: it compares two values.
const COMPARISON_PROC: u16 = 2;

/// What the operator class of the index's vector measures.
fn metric_of(index: IndexRelation) -> Metric {
    let proc = index.support(columns::vector_place(index), METRIC_PROC);
    // SAFETY: the function takes no arguments (the C interface has no call for that, so one is passed and ignored).
    let answer = unsafe { pg_sys::FunctionCall1Coll(proc, pg_sys::InvalidOid, pg_sys::Datum::null()) };
    let metrics = [Metric::Cosine, Metric::L2];
    metrics.into_iter().find(|&metric| answer.value() == metric_number(metric)).unwrap_or(Metric::InnerProduct)
}

/// A metric as the support functions name it.
pub fn metric_number(metric: Metric) -> usize {
    match metric {
        Metric::InnerProduct => 1,
        Metric::Cosine => 2,
        Metric::L2 => 3,
    }
}

/// PostgreSQL's TID as ours.
///
/// # Safety
/// - `tid` points to an item pointer.
unsafe fn tid_from(tid: pg_sys::ItemPointer) -> Tid {
    // SAFETY: by the caller's promise.
    let pg_sys::ItemPointerData { ip_blkid, ip_posid } = unsafe { *tid };
    Tid { block: u32::from(ip_blkid.bi_hi) << 16 | u32::from(ip_blkid.bi_lo), offset: ip_posid }
}

/// Our TID as PostgreSQL's.
fn tid_to(tid: Tid) -> pg_sys::ItemPointerData {
    let ip_blkid = pg_sys::BlockIdData { bi_hi: (tid.block >> 16) as u16, bi_lo: tid.block as u16 };
    pg_sys::ItemPointerData { ip_blkid, ip_posid: tid.offset }
}
