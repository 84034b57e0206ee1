//! What flush, merge and moving pages have in common. Each runs under the maintenance lock, alone.
//!
//! All of them write new pages first, which nobody can see, and then change the metapage once. What they replace is
//! freed afterwards; if that is not reached, the sweep of the next VACUUM finds it.

use pgrx::pg_sys;

use crate::engine::error::{EngineError, Result};
use crate::engine::segment::format::SegmentMeta;
use crate::storage::free::{self, Allocator};
use crate::storage::meta::{self, Manifest, Meta};
use crate::storage::pending::Cut;
use crate::storage::relation::IndexRelation;
use crate::storage::wal::WalBatch;

/// What a change of the manifest comes from.
#[derive(Clone, Copy)]
pub enum Step<'s> {
    /// A part of the pending list became a segment: the list begins behind it.
    Flush(&'s Cut),
    /// Segments became one.
    Merge,
    /// A build, or pages that were moved.
    Other,
}

/// Reserves a generation for an operation that writes pages, so that none of them can be mistaken for another's.
pub fn begin_operation(index: IndexRelation) -> Result<u32> {
    begin_operations(index, 1)
}

/// Reserves `n` generations in a row; returns the first.
pub fn begin_operations(index: IndexRelation, n: u32) -> Result<u32> {
    let buffer = meta::open_for_change(index)?;
    let mut meta = Meta::read_locked(&buffer)?;
    let generation = meta.next_generation;
    meta.next_generation = generation.checked_add(n).ok_or(EngineError::Limit {
        what: "number of maintenance operations",
        limit: u64::from(u32::MAX),
        remedy: "REINDEX begins to count anew.",
    })?;
    let mut batch = WalBatch::begin(index);
    meta.write(&buffer, &mut batch)?;
    batch.commit();
    Ok(generation)
}

/// Changes the manifest, and what goes with the step: one change of the metapage. The old manifest's pages are freed.
///
/// The manifest to be changed is read here and not before: a long operation lets flushes happen meanwhile (see
/// [`super::short_list`]).
pub fn publish(
    index: IndexRelation,
    generation: u32,
    change: impl FnOnce(&mut Manifest),
    step: Step<'_>,
) -> Result<()> {
    publish_with(&mut Allocator::new(index), generation, change, step)
}

/// The same with the manifest in pages of `allocator`.
pub fn publish_with(
    allocator: &mut Allocator,
    generation: u32,
    change: impl FnOnce(&mut Manifest),
    step: Step<'_>,
) -> Result<()> {
    let index = allocator.index();
    let (mut manifest, old_pages) = Manifest::read(index, &Meta::read(index)?)?;
    change(&mut manifest);
    let block = manifest.write(allocator, generation)?;
    {
        let buffer = meta::open_for_change(index)?;
        let mut meta = Meta::read_locked(&buffer)?;
        meta.manifest_block = block;
        meta.manifest_generation = generation;
        match step {
            Step::Flush(cut) => {
                (meta.pending.head, meta.pending.head_no) = cut.head;
                meta.pending.n_pages = meta.pending.n_pages.saturating_sub(cut.n_pages);
            }
            // SAFETY: reads the clock.
            Step::Merge => meta.merged_at = Some(unsafe { pg_sys::GetCurrentTimestamp() }),
            Step::Other => {}
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
