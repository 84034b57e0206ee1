//! What flush, merge and sweep have in common. Each runs under the maintenance lock, alone.
//!
//! All of them write new pages first, which nobody can see, and then change the metapage once. What they replace is
//! freed afterwards; if that is not reached, the sweep of the next VACUUM finds it.

use roaring::RoaringBitmap;

use super::flush::collect_pages;
use crate::engine::error::{EngineError, Result};
use crate::engine::segment::format::SegmentMeta;
use crate::storage::buffer::SharedBuffer;
use crate::storage::free;
use crate::storage::meta::{self, META_BLOCK, Manifest, Meta};
use crate::storage::page::PageState;
use crate::storage::pending::{Cut, Walk};
use crate::storage::relation::IndexRelation;
use crate::storage::wal::{self, WalBatch};

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

/// Makes `manifest` the index's, and the list begin behind what was flushed: one change of the metapage. The old
/// manifest's pages are freed.
pub fn publish(index: IndexRelation, generation: u32, manifest: &Manifest, flushed: Option<&Cut>) -> Result<()> {
    let before = Meta::read(index)?;
    let (_, old_pages) = Manifest::read(index, &before)?;
    let block = manifest.write(index, generation)?;
    {
        let buffer = meta::open_for_change(index)?;
        let mut meta = Meta::read_locked(&buffer)?;
        meta.manifest_block = block;
        meta.manifest_generation = generation;
        if let Some(cut) = flushed {
            (meta.pending.head, meta.pending.head_no) = cut.head;
            meta.pending.n_pages = meta.pending.n_pages.saturating_sub(cut.n_pages);
        }
        let mut batch = WalBatch::begin(index);
        meta.write(&buffer, &mut batch)?;
        batch.commit();
    }
    free::free_pages(index, old_pages)
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
