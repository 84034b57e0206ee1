//! What is in an index, counted from its pages, and what a query will touch.

use super::cost;
use super::sweep::{self, Unowned};
use crate::engine::error::Result;
use crate::engine::ids::Metric;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::Part;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::stats::{self, TermStats};
use crate::engine::survey::Survey;
use crate::engine::vector::SparseVectorRef;
use crate::storage::manifest_cache;
use crate::storage::meta::{Manifest, Meta};
use crate::storage::pending::Walk;
use crate::storage::relation::IndexRelation;
use crate::storage::replay;
use crate::storage::segment_pages::SegmentPages;

/// One segment.
#[derive(Clone, Debug)]
pub struct SegmentInfo {
    /// Its id.
    pub id: u32,
    /// Its totals.
    pub meta: SegmentMeta,
    /// Documents that are not dead.
    pub live: u64,
}

impl SegmentInfo {
    /// Pages of some parts.
    pub fn pages(&self, parts: &[Part]) -> u64 {
        parts.iter().map(|&p| u64::from(self.meta.n_pages(p))).sum()
    }
}

/// The whole index.
#[derive(Clone, Debug)]
pub struct IndexInfo {
    /// What it measures.
    pub metric: Metric,
    /// The sealed segments.
    pub segments: Vec<SegmentInfo>,
    /// Documents that wait in the pending list, dead ones left out.
    pub pending: u64,
    /// Pages of the pending list.
    pub pending_pages: u64,
    /// Pages of the manifest.
    pub manifest_pages: u64,
    /// Pages that no structure refers to.
    pub unowned: Unowned,
    /// All pages.
    pub pages: u64,
}

/// Looks at the whole index.
pub fn inspect(index: IndexRelation) -> Result<IndexInfo> {
    replay::retry(index, |meta| inspect_once(index, meta))
}

fn inspect_once(index: IndexRelation, meta: &Meta) -> Result<IndexInfo> {
    let unowned = sweep::sweep(index, false)?.unowned;
    let (manifest, manifest_pages) = Manifest::read(index, meta)?;
    let pages = index.n_blocks();
    let mut segments = Vec::with_capacity(manifest.segments.len());
    for descriptor in manifest.segments {
        let opened = SegmentPages::new(index, descriptor, pages)?;
        let dead = opened.reader().dead().map_err(|e| opened.locate(e))?.len();
        let descriptor = opened.descriptor();
        let live = u64::from(descriptor.meta.n_docs).saturating_sub(dead);
        segments.push(SegmentInfo { id: descriptor.id, meta: descriptor.meta.clone(), live });
    }
    let pending = count_pending(index, meta)?;
    Ok(IndexInfo {
        metric: meta.metric,
        segments,
        pending,
        pending_pages: u64::from(meta.pending.n_pages),
        manifest_pages: manifest_pages.len() as u64,
        unowned,
        pages: u64::from(pages),
    })
}

/// Documents that wait in the pending list, dead ones left out.
pub fn count_pending(index: IndexRelation, meta: &Meta) -> Result<u64> {
    let mut pending = 0;
    let mut walk = Walk::all(index, meta);
    while let Some(page) = walk.next_page()? {
        page.for_each_entry(|_, head, _| {
            pending += u64::from(!head.dead);
            Ok(())
        })?;
    }
    Ok(pending)
}

/// Every term of the sealed segments, ascending; `begin` is called before the first, more than once if replay makes it
/// necessary to begin anew.
pub fn for_each_term(
    index: IndexRelation,
    begin: &mut dyn FnMut(),
    each: &mut dyn FnMut(TermStats) -> Result<()>,
) -> Result<()> {
    replay::retry(index, |meta| {
        begin();
        let segments = manifest_cache::open_segments(index, meta)?;
        let readers: Vec<_> = segments.iter().map(SegmentPages::reader).collect();
        stats::for_each_term(&readers, each)
    })
}

/// What a query will touch, looked up whole, and the documents of the pending list.
pub fn survey(index: IndexRelation, query: SparseVectorRef<'_>) -> Result<(Survey, u64)> {
    replay::retry(index, |meta| {
        let survey = cost::survey(index, meta, Some(query), usize::MAX)?;
        Ok((survey, count_pending(index, meta)?))
    })
}
