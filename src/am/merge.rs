//! Merge: segments become one, without their dead documents. Runs under the maintenance lock.

use roaring::RoaringBitmap;

use super::columns::IndexColumns;
use super::maintain::{Step, begin_operation, expect_documents, publish};
use super::short_list::{AttentiveSink, ShortList};
use crate::engine::error::Result;
use crate::engine::segment::last_pages::LastPages;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::policy::{self, Effort, Size};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::storage::fault;
use crate::storage::free::{self, Allocator};
use crate::storage::meta::{Manifest, Meta};
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::{SegmentPages, SegmentSink};

/// How many merges a VACUUM does at most. One is enough for all segments there are; the second is for those that were
/// flushed during the first. Where rows come faster than they can be merged, there is no end to wait for.
const ROUNDS: u32 = 2;

/// Merges segments until the policy of VACUUM is content. Returns how many merges were done.
pub fn merge(index: IndexRelation, lock: &MaintenanceLock) -> Result<u32> {
    for done in 0..ROUNDS {
        if !merge_once(index, lock, Effort::Full, &[])? {
            return Ok(done);
        }
    }
    Ok(ROUNDS)
}

/// Merges once what an INSERT may be charged with, if anything; not the segments `busy`.
pub fn merge_bounded(index: IndexRelation, lock: &MaintenanceLock, busy: &[u32]) -> Result<()> {
    merge_once(index, lock, Effort::Bounded, busy).map(|_| ())
}

fn merge_once(index: IndexRelation, lock: &MaintenanceLock, effort: Effort, busy: &[u32]) -> Result<bool> {
    let (manifest, _) = Manifest::read(index, &Meta::read(index)?)?;
    let n_blocks = index.n_blocks();
    let mut segments = Vec::with_capacity(manifest.segments.len());
    let mut sizes = Vec::with_capacity(manifest.segments.len());
    for descriptor in manifest.segments.into_iter().filter(|s| !busy.contains(&s.id)) {
        let n_pages = descriptor.meta.all_pages();
        let n_docs = u64::from(descriptor.meta.n_docs);
        let pages = SegmentPages::new(index, descriptor, n_blocks)?;
        // An INSERT does not even ask what is dead in segments that it must not touch.
        let may_touch = effort == Effort::Full || n_pages <= policy::BOUNDED_PAGES;
        let dead = if may_touch { pages.reader().dead().map_err(|e| pages.locate(e))? } else { RoaringBitmap::new() };
        sizes.push(Size { n_docs, n_dead: dead.len(), n_pages });
        segments.push((pages, dead));
    }
    let Some(chosen) = policy::choose(&sizes, effort) else { return Ok(false) };
    let ids: Vec<u32> = chosen.iter().map(|&i| segments[i].0.descriptor().id).collect();
    fault::point!("merge_chosen");

    let generation = begin_operation(index)?;
    let mut list = match effort {
        Effort::Full => ShortList::beside(index, lock, ids.iter().copied()),
        Effort::Bounded => ShortList::left_alone(index, lock),
    };
    let sink = SegmentSink::new(index, Allocator::for_segment(index), generation, generation);
    let mut sink = AttentiveSink::new(sink, &mut list);
    let mut all_dead: Vec<_> = chosen.iter().map(|&i| std::mem::take(&mut segments[i].1)).collect();
    let pages: Vec<_> = chosen.iter().map(|&i| LastPages::new(&segments[i].0)).collect();
    let mut inputs = Vec::with_capacity(chosen.len());
    for ((&i, pages), dead) in chosen.iter().zip(&pages).zip(all_dead.drain(..)) {
        let segment = &segments[i].0;
        let reader = SegmentReader { pages, meta: &segment.descriptor().meta };
        let source = SegmentAsSource::new(reader).map_err(|e| pages.locate(e))?;
        inputs.push(Input { source: Box::new(source), dead });
    }
    let merged = write_segment(&mut inputs, &IndexColumns::of(index), &mut sink);
    drop(inputs);
    // What no input could say of its own pages is said of the first that has such a page.
    let merged = merged.map_err(|e| chosen.iter().fold(e, |e, &i| segments[i].0.locate(e)))?;
    let live: u64 = chosen.iter().map(|&i| sizes[i].n_docs - sizes[i].n_dead).sum();
    expect_documents(&merged, live)?;

    let written = (merged.n_docs > 0).then(|| sink.finish(merged));
    fault::point!("merge_before_publish");
    let replace = |manifest: &mut Manifest| {
        manifest.segments.retain(|s| !ids.contains(&s.id));
        manifest.segments.extend(written);
    };
    publish(index, generation, replace, Step::Merge)?;
    fault::point!("merge_after_publish");
    let of_chosen = |count: fn(&Size) -> u64| chosen.iter().map(|&i| count(&sizes[i])).sum::<u64>();
    pgrx::debug1!(
        "wand index \"{}\": merged {} segments, {} pages, {} documents",
        index.name(),
        chosen.len(),
        of_chosen(|s| s.n_pages),
        of_chosen(|s| s.n_docs)
    );
    for &i in &chosen {
        free::free_pages(index, segments[i].0.owned_pages())?;
    }
    Ok(true)
}
