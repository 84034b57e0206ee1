//! wand_info, wand_segments: what is in the index?

use pgrx::iter::TableIterator;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::open::OwnedIndex;
use super::{bytes, metric_name, signed};
use crate::am::inspect;
use crate::engine::segment::pages::Part;
use crate::storage::raise::OrRaise;

/// What the filter columns take.
const FILTER_PARTS: [Part; 3] = [Part::FilterValues, Part::FilterCodes, Part::FilterLists];

/// `wand_info(index regclass)`: one row.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_info(
    index: pg_sys::Oid,
) -> TableIterator<
    'static,
    (
        name!(metric, &'static str),
        name!(segments, i32),
        name!(documents, i64),
        name!(live, i64),
        name!(dead, i64),
        name!(pending, i64),
        name!(postings, i64),
        name!(terms_bytes, i64),
        name!(postings_bytes, i64),
        name!(docmap_bytes, i64),
        name!(filter_bytes, i64),
        name!(pending_bytes, i64),
        name!(meta_bytes, i64),
        name!(free_bytes, i64),
        name!(orphaned_bytes, i64),
        name!(total_bytes, i64),
    ),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    let info = inspect::inspect(opened.relation()).or_raise(opened.relation());
    let documents: u64 = info.segments.iter().map(|s| u64::from(s.meta.n_docs)).sum();
    let live: u64 = info.segments.iter().map(|s| s.live).sum();
    let parts = |parts: &[Part]| bytes(info.segments.iter().map(|s| s.pages(parts)).sum());
    TableIterator::once((
        metric_name(info.metric),
        i32::try_from(info.segments.len()).unwrap_or(i32::MAX),
        signed(documents),
        signed(live),
        signed(documents - live),
        signed(info.pending),
        signed(info.segments.iter().map(|s| s.meta.n_postings).sum()),
        parts(&[Part::Terms, Part::Fences]),
        parts(&[Part::Postings, Part::Chunks, Part::Bounds]),
        parts(&[Part::Docmap, Part::Live, Part::Killed, Part::Special, Part::Norms]),
        parts(&FILTER_PARTS),
        bytes(info.pending_pages),
        bytes(info.manifest_pages + 1),
        bytes(u64::from(info.unowned.reusable) + u64::from(info.unowned.waiting)),
        bytes(u64::from(info.unowned.orphaned) + u64::from(info.unowned.in_doubt)),
        bytes(info.pages),
    ))
}

/// `wand_segments(index regclass)`: one row for each sealed segment.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_segments(
    index: pg_sys::Oid,
) -> TableIterator<
    'static,
    (
        name!(segment, i64),
        name!(documents, i64),
        name!(live, i64),
        name!(null_vectors, i64),
        name!(terms, i64),
        name!(postings, i64),
        name!(max_nnz, i64),
        name!(filter_bytes, i64),
        name!(bytes, i64),
    ),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    let info = inspect::inspect(opened.relation()).or_raise(opened.relation());
    let rows = info.segments.into_iter().map(|s| {
        (
            i64::from(s.id),
            i64::from(s.meta.n_docs),
            signed(s.live),
            i64::from(s.meta.n_null),
            i64::from(s.meta.n_terms),
            signed(s.meta.n_postings),
            i64::from(s.meta.max_nnz),
            bytes(s.pages(&FILTER_PARTS)),
            bytes(s.pages(&Part::ALL)),
        )
    });
    TableIterator::new(rows.collect::<Vec<_>>())
}
