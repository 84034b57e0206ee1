//! Flush: documents of the pending list become a segment. Runs under the maintenance lock.
//!
//! VACUUM takes the whole list, up to an end that it makes first. An INSERT takes a stretch from the list's beginning
//! and leaves the rest: pages that have a successor never change again but for dead marks, which the maintenance lock
//! keeps out. Either way the list then begins behind the stretch, by the same change of the metapage that makes the new
//! segment visible, and the stretch's pages are freed after that.

use super::columns::IndexColumns;
use super::maintain::{Step, begin_operation, expect_documents, publish};
use super::settings::maintenance_budget;
use crate::engine::error::Result;
use crate::engine::segment::inverter::Inverter;
use crate::engine::segment::policy::Effort;
use crate::storage::fault;
use crate::storage::free::{self, Allocator};
use crate::storage::meta::Meta;
use crate::storage::pending::{self, Cut, EntryBuffer, Walk};
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::SegmentSink;
use crate::storage::tempfile::TempFile;

/// Pages of the pending list, overflow pages included, that an INSERT flushes at most. A vector that is larger is
/// flushed alone.
pub const BOUNDED_PAGES: usize = 64;

/// Turns the pending list, or the beginning of it, into a segment. Returns whether there was anything to turn.
pub fn flush(index: IndexRelation, _lock: &MaintenanceLock, effort: Effort) -> Result<bool> {
    let sealed = if effort == Effort::Full { pending::seal(index)? } else { None };
    fault::point!("flush_after_seal");
    let meta = Meta::read(index)?;
    let mut walk = match (effort, sealed) {
        (Effort::Bounded, _) => Walk::completed(index, &meta),
        (Effort::Full, Some(last_no)) => Walk::to(index, &meta, last_no),
        (Effort::Full, None) => return Ok(false),
    };
    if walk.is_empty() {
        return Ok(false);
    }
    let columns = IndexColumns::of(index);
    let mut inverter = Inverter::<TempFile>::new(meta.metric, &columns, maintenance_budget());
    let mut pages = Vec::new();
    let mut buffer = EntryBuffer::default();
    let mut end = walk.position();
    while let Some(page) = walk.next_page()? {
        if effort == Effort::Bounded && !pages.is_empty() && pages.len() + page.n_pages()? > BOUNDED_PAGES {
            break;
        }
        page.collect_pages(index, &mut pages)?;
        page.for_each_entry(|_, head, body| {
            if head.dead {
                return Ok(());
            }
            let entry = pending::load(index, &head, body, page.own.block, &mut buffer)?;
            inverter.add(head.tid, entry.vector, &entry.values_of(&columns)?, &columns)
        })?;
        end = walk.position();
    }
    if pages.is_empty() {
        return Ok(false);
    }

    let generation = begin_operation(index)?;
    let n_docs = inverter.n_docs();
    let mut written = None;
    if n_docs > 0 {
        let mut sink = SegmentSink::new(index, Allocator::for_segment(index), generation, generation);
        let meta = inverter.finish(&columns, &mut sink)?;
        expect_documents(&meta, n_docs)?;
        written = Some(sink.finish(meta));
    }
    let cut = Cut { head: end, n_pages: u32::try_from(pages.len()).unwrap_or(u32::MAX) };
    fault::point!("flush_before_publish");
    publish(index, generation, |manifest| manifest.segments.extend(written), Step::Flush(&cut))?;
    fault::point!("flush_after_publish");
    pgrx::debug1!("wand index \"{}\": flushed {} pages, {n_docs} documents", index.name(), pages.len());
    free::free_pages(index, pages)?;
    Ok(true)
}
