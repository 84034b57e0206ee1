//! Flush, merge, sweep: what keeps the index small and fast. Each runs under the maintenance lock, alone.
//!
//! All of them write new pages first, which nobody can see, and then change the metapage once. What they replace is
//! freed afterwards; if that is not reached, the sweep of the next VACUUM finds it.

use roaring::RoaringBitmap;

use super::invert::{Inverter, maintenance_budget};
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::pending::VectorBuffer;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::policy::{self, Size};
use crate::engine::segment::reader::SegmentAsSource;
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::storage::buffer::SharedBuffer;
use crate::storage::free::{self, Allocator, OwnedPage};
use crate::storage::meta::{self, META_BLOCK, Manifest, Meta};
use crate::storage::page::PageState;
use crate::storage::pending::{self, PendingPage, Sealed, Walk};
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::{SegmentPages, SegmentSink};
use crate::storage::wal::{self, WalBatch};

/// How much one call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What an INSERT can be charged with.
    Bounded,
    /// VACUUM's.
    Full,
}

/// Documents that a merge on behalf of an INSERT may touch.
const BOUNDED_DOCS: u64 = 65_536;

/// Reserves a generation for an operation that writes pages, so that none of them can be mistaken for another's.
pub fn begin_operation(index: IndexRelation) -> Result<u32> {
    begin_operations(index, 1)
}

/// Reserves `n` generations in a row; returns the first.
pub fn begin_operations(index: IndexRelation, n: u32) -> Result<u32> {
    let buffer = meta::open_for_change(index)?;
    let mut meta = Meta::read_locked(&buffer)?;
    let generation = meta.next_generation;
    meta.next_generation = generation.wrapping_add(n);
    let mut batch = WalBatch::begin(index);
    meta.write(&buffer, &mut batch)?;
    batch.commit();
    Ok(generation)
}

/// Makes `manifest` the index's, and ends the list where `flushed` ends: one change of the metapage. The old manifest's
/// pages are freed.
pub fn publish(index: IndexRelation, generation: u32, manifest: &Manifest, flushed: Option<&Sealed>) -> Result<()> {
    let before = Meta::read(index)?;
    let (_, old_pages) = Manifest::read(index, &before)?;
    let block = manifest.write(index, generation)?;
    {
        let buffer = meta::open_for_change(index)?;
        let mut meta = Meta::read_locked(&buffer)?;
        meta.manifest_block = block;
        meta.manifest_generation = generation;
        if let Some(sealed) = flushed {
            (meta.pending.head, meta.pending.head_no) = sealed.end;
            meta.pending.n_pages = meta.pending.n_pages.saturating_sub(sealed.n_pages);
        }
        let mut batch = WalBatch::begin(index);
        meta.write(&buffer, &mut batch)?;
        batch.commit();
    }
    free::free_pages(index, old_pages)
}

/// Turns the pending list into a segment.
pub fn flush(index: IndexRelation, _lock: &MaintenanceLock) -> Result<()> {
    let Some(sealed) = pending::seal(index)? else { return Ok(()) };
    let meta = Meta::read(index)?;
    let (mut manifest, _) = Manifest::read(index, &meta)?;
    let generation = begin_operation(index)?;

    let mut inverter = Inverter::new(meta.metric, maintenance_budget());
    let mut pages = Vec::new();
    let mut walk = Walk::new(index, sealed.head.0, sealed.head.1, sealed.end.0);
    let mut buffer = VectorBuffer::default();
    while let Some(page) = walk.next_page()? {
        collect_pages(index, &page, &mut pages)?;
        page.for_each_entry(|_, head, body| {
            if head.dead {
                return Ok(());
            }
            let vector = pending::load(index, &head, body, page.own.block, &mut buffer)?;
            inverter.add(head.tid, vector)
        })?;
    }
    if inverter.n_docs() > 0 {
        let mut sink = SegmentSink::new(index, Allocator::new(index), generation, generation);
        let n_docs = inverter.n_docs();
        let meta = inverter.finish(&mut sink)?;
        expect_documents(&meta, n_docs)?;
        manifest.segments.push(sink.finish(meta));
    }
    publish(index, generation, &manifest, Some(&sealed))?;
    free::free_pages(index, pages)
}

/// A page of the pending list and the overflow pages of its entries.
fn collect_pages(index: IndexRelation, page: &PendingPage, pages: &mut Vec<OwnedPage>) -> Result<()> {
    let mut add = |page| -> Result<()> {
        reserve(pages, 1, "list of pages")?;
        pages.push(page);
        Ok(())
    };
    add(page.own)?;
    page.for_each_entry(|_, head, _| pending::for_each_overflow_page(index, &head, |page, _| add(page)))
}

/// Merges segments until the policy is content. Returns how many merges were done.
pub fn merge(index: IndexRelation, lock: &MaintenanceLock, effort: Effort) -> Result<u32> {
    let limit = if effort == Effort::Bounded { BOUNDED_DOCS } else { u64::MAX };
    let mut done = 0;
    while merge_once(index, lock, limit)? {
        done += 1;
        if effort == Effort::Bounded {
            break;
        }
    }
    Ok(done)
}

fn merge_once(index: IndexRelation, _lock: &MaintenanceLock, limit: u64) -> Result<bool> {
    let meta = Meta::read(index)?;
    let (mut manifest, _) = Manifest::read(index, &meta)?;
    let n_blocks = index.n_blocks();
    let mut segments = Vec::with_capacity(manifest.segments.len());
    let mut sizes = Vec::with_capacity(manifest.segments.len());
    for descriptor in &manifest.segments {
        let pages = SegmentPages::new(index, descriptor.clone(), n_blocks)?;
        let dead = pages.reader().dead().map_err(|e| pages.locate(e))?;
        sizes.push(Size { n_docs: u64::from(descriptor.meta.n_docs), n_dead: dead.len() });
        segments.push((pages, dead));
    }
    let Some(chosen) = policy::choose(&sizes, limit) else { return Ok(false) };

    let generation = begin_operation(index)?;
    let mut sink = SegmentSink::new(index, Allocator::new(index), generation, generation);
    let mut inputs = Vec::with_capacity(chosen.len());
    for &i in &chosen {
        let (pages, dead) = &segments[i];
        let source = SegmentAsSource::new(pages.reader()).map_err(|e| pages.locate(e))?;
        inputs.push(Input { source: Box::new(source), dead: dead.clone() });
    }
    let merged = write_segment(&mut inputs, &mut sink)?;
    drop(inputs);
    let live: u64 = chosen.iter().map(|&i| sizes[i].n_docs - sizes[i].n_dead).sum();
    expect_documents(&merged, live)?;

    let mut position = 0;
    manifest.segments.retain(|_| {
        position += 1;
        !chosen.contains(&(position - 1))
    });
    if merged.n_docs > 0 {
        manifest.segments.push(sink.finish(merged));
    }
    publish(index, generation, &manifest, None)?;
    for &i in &chosen {
        free::free_pages(index, segments[i].0.owned_pages())?;
    }
    Ok(true)
}

/// A segment has the documents that were put into it; anything else would lose rows.
pub fn expect_documents(written: &SegmentMeta, n_docs: u64) -> Result<()> {
    if u64::from(written.n_docs) == n_docs {
        return Ok(());
    }
    Err(EngineError::Corrupt { part: "docmap", page: 0, reason: "documents were lost on the way into a segment" })
}

/// Every block that the metapage, the manifest and the pending list refer to; `twice` is told of a block that two of
/// them claim.
pub fn owned_blocks(index: IndexRelation, twice: &mut dyn FnMut(u32)) -> Result<RoaringBitmap> {
    let meta = Meta::read(index)?;
    let (manifest, manifest_pages) = Manifest::read(index, &meta)?;
    let mut owned = RoaringBitmap::new();
    let mut claim = |block: u32| {
        if !owned.insert(block) {
            twice(block);
        }
    };
    claim(META_BLOCK);
    manifest_pages.into_iter().map(|p| p.block).for_each(&mut claim);
    manifest.segments.iter().flat_map(|s| s.blocks()).for_each(&mut claim);
    let mut walk = Walk::all(index, &meta);
    while let Some(page) = walk.next_page()? {
        let mut pages = Vec::new();
        collect_pages(index, &page, &mut pages)?;
        pages.into_iter().map(|p| p.block).for_each(&mut claim);
    }
    Ok(owned)
}

/// What lies outside every structure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unowned {
    /// Pages that can be reused now.
    pub reusable: u32,
    /// Freed pages that somebody may still read.
    pub waiting: u32,
    /// Pages of operations that are under way or were aborted not long ago.
    pub in_doubt: u32,
    /// Pages of aborted operations.
    pub orphaned: u32,
}

enum Standing {
    Reusable,
    Waiting,
    InDoubt,
    Orphaned,
}

/// Looks at every page that no structure refers to, frees orphans (if `repair`) and tells the free-space map.
pub fn sweep(index: IndexRelation, repair: bool) -> Result<Unowned> {
    // Pages that inserters take into use from here on may not be among those counted as owned.
    let limit = wal::next_stamp();
    let owned = owned_blocks(index, &mut |_| {})?;
    let mut found = Unowned::default();
    for block in (0..index.n_blocks_settled()).filter(|&b| !owned.contains(b)) {
        let buffer = SharedBuffer::open(index, block)?;
        let page = buffer.page();
        let special = page.special();
        let standing = if free::is_reusable(page) {
            Standing::Reusable
        } else if page.is_sound() && special.state() == PageState::Free {
            Standing::Waiting
        } else if page.is_sound() && (special.stamp >= limit || !free::is_past(special.stamp)) {
            Standing::InDoubt
        } else {
            Standing::Orphaned
        };
        drop(buffer);
        match standing {
            Standing::Reusable => {
                found.reusable += 1;
                if repair {
                    free::record_free(index, block);
                }
            }
            Standing::Waiting => found.waiting += 1,
            Standing::InDoubt => found.in_doubt += 1,
            Standing::Orphaned => {
                found.orphaned += 1;
                if repair {
                    free::free_orphan(index, block, limit)?;
                }
            }
        }
        pgrx::check_for_interrupts!();
    }
    Ok(found)
}
