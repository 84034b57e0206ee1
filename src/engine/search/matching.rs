//! Conditions on the vector itself, answered from the lists: which terms documents have, and which are near a vector.
//!
//! A list has all documents that have the term, whatever their weights, so conditions on terms are exact. Under some
//! metrics there are documents of which nothing is known (*irregular*, see [`super::norm`]): they are always among
//! those that are found, and somebody has to look at their vectors ([`needs_recheck`]).

use super::choice::Floor;
use super::query::plan;
use super::score::{n_codes, score_segment};
use super::simd::Simd;
use crate::engine::error::{Result, filled, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::ids::Metric;
use crate::engine::segment::chunk::{self, Chunk};
use crate::engine::segment::format::{CHUNK_DOCS, ListEntry, RANGE_CHUNKS, TermEntry, n_chunks, n_ranges};
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::{SegmentReader, list_corrupt};
use crate::engine::vector::SparseVectorRef;

/// Which terms a document must have and must not have. Term ids ascend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'q> {
    /// It has all of these ...
    pub must: &'q [u32],
    /// ... none of these ...
    pub must_not: &'q [u32],
    /// ... and some of these:
    pub should: &'q [u32],
    /// so many at least.
    pub minimum: usize,
}

/// Whether there are documents in the segment that a condition on the vector cannot judge.
pub fn needs_recheck<P: PartPages>(segment: &SegmentReader<'_, P>) -> Result<bool> {
    let special = segment.special().map_err(|e| segment.pages.locate(e))?;
    Ok(!special.irregular.is_empty())
}

/// The documents that have the terms, and those that cannot be judged; dead ones may be among them, NULLs not.
pub fn with_terms<P: PartPages>(segment: &SegmentReader<'_, P>, terms: &Terms<'_>) -> Result<DocSet> {
    find(segment, terms).map_err(|e| segment.pages.locate(e))
}

fn find<P: PartPages>(segment: &SegmentReader<'_, P>, terms: &Terms<'_>) -> Result<DocSet> {
    let n_docs = segment.meta.n_docs;
    let special = segment.special()?;
    let mut found = match must(segment, terms.must)? {
        Some(set) => set,
        None => DocSet::all(n_docs)?,
    };
    if terms.minimum > 0 && !found.is_empty() {
        found.and(&should(segment, terms.should, terms.minimum)?);
    }
    for &term in terms.must_not {
        if found.is_empty() {
            break;
        }
        if let Some(entry) = segment.find_term(term)? {
            found.and_not(&having(segment, &entry)?);
        }
    }
    special.irregular.iter().for_each(|doc| found.insert(doc));
    found.remove_all(&special.null);
    Ok(found)
}

/// The documents that have all of the terms, the rarest first; `None`: there are no terms.
fn must<P: PartPages>(segment: &SegmentReader<'_, P>, terms: &[u32]) -> Result<Option<DocSet>> {
    let mut entries: Vec<TermEntry> = reserved(terms.len(), "terms of a condition")?;
    for (at, &term) in terms.iter().enumerate() {
        match segment.find_term(term)? {
            Some(entry) => entries.push(entry),
            None => return DocSet::none(segment.meta.n_docs).map(Some),
        }
        pause(segment, at);
    }
    entries.sort_by_key(|e| e.lists.iter().map(|l| u64::from(l.df)).sum::<u64>());
    let mut found: Option<DocSet> = None;
    for entry in &entries {
        let having = having(segment, entry)?;
        match &mut found {
            None => found = Some(having),
            Some(found) => found.and(&having),
        }
        if found.as_ref().is_some_and(DocSet::is_empty) {
            break;
        }
    }
    Ok(found)
}

/// The documents that have at least `minimum` of the terms.
fn should<P: PartPages>(segment: &SegmentReader<'_, P>, terms: &[u32], minimum: usize) -> Result<DocSet> {
    let n_docs = segment.meta.n_docs;
    let mut found = DocSet::none(n_docs)?;
    if minimum > terms.len() {
        return Ok(found);
    }
    if minimum == 1 {
        for (at, &term) in terms.iter().enumerate() {
            if let Some(entry) = segment.find_term(term)? {
                entry.lists.iter().try_for_each(|list| add_list(segment, list, &mut found))?;
            }
            pause(segment, at);
        }
        return Ok(found);
    }
    let mut counts = filled(n_docs as usize, 0u32, "terms of documents")?;
    for (at, &term) in terms.iter().enumerate() {
        let Some(entry) = segment.find_term(term)? else { continue };
        for list in &entry.lists {
            segment.for_each_posting(list, &mut |doc, _| {
                if let Some(count) = counts.get_mut(doc as usize) {
                    *count += 1;
                }
                Ok(())
            })?;
        }
        pause(segment, at);
    }
    let enough = (0u32..).zip(&counts).filter(|(_, count)| **count as usize >= minimum);
    enough.for_each(|(doc, _)| found.insert(doc));
    Ok(found)
}

fn pause<P: PartPages>(segment: &SegmentReader<'_, P>, at: usize) {
    if at % 256 == 255 {
        segment.pages.check_interrupts();
    }
}

/// The documents that have a term.
fn having<P: PartPages>(segment: &SegmentReader<'_, P>, entry: &TermEntry) -> Result<DocSet> {
    let mut set = DocSet::none(segment.meta.n_docs)?;
    entry.lists.iter().try_for_each(|list| add_list(segment, list, &mut set))?;
    Ok(set)
}

/// Adds the documents of a list.
fn add_list<P: PartPages>(segment: &SegmentReader<'_, P>, list: &ListEntry, set: &mut DocSet) -> Result<()> {
    if list.df == 0 || !list.frequent {
        return segment.for_each_posting(list, &mut |doc, _| {
            set.insert(doc);
            Ok(())
        });
    }
    for range in 0..n_ranges(segment.meta.n_docs) {
        segment.for_each_chunk(list, range, |no, chunk| {
            let chunk_no = range * RANGE_CHUNKS + no;
            if !chunk.is_sound() || chunk_no >= n_chunks(segment.meta.n_docs) {
                return Err(list_corrupt(list, "impossible chunk"));
            }
            match chunk {
                Chunk::Array { docs, .. } => {
                    docs.iter().for_each(|&place| set.insert(chunk_no * CHUNK_DOCS + u32::from(place)));
                }
                Chunk::Bitmap { bits, .. } => set.change(|words| {
                    let own = words.iter_mut().skip(chunk_no as usize * 4);
                    own.zip(chunk::words(bits)).for_each(|(word, bits)| *word |= bits);
                }),
            }
            Ok(())
        })?;
        segment.pages.check_interrupts();
    }
    Ok(())
}

/// For each segment the documents whose distance from `center` may be at most `most`: their bounds are. All of them are
/// for the recheck; dead ones may be among them, NULLs not.
pub fn near<P: PartPages>(
    segments: &[SegmentReader<'_, P>],
    metric: Metric,
    center: SparseVectorRef<'_>,
    most: f64,
    simd: Simd,
) -> Result<Vec<DocSet>> {
    let plan = plan(Some(center), metric, segments)?;
    let floor = Floor::Distance(most).code(&plan.ranking).unwrap_or(0);
    let mut found = reserved(segments.len(), "segments")?;
    let nobody = roaring::RoaringBitmap::new();
    for (segment, lists) in segments.iter().zip(&plan.segments) {
        let mut codes = filled(n_codes(segment.meta.n_docs), 0u16, "document scores")?;
        let scored = score_segment(segment, &plan.ranking, lists, (&nobody, None), simd, &mut codes);
        scored.map_err(|e| segment.pages.locate(e))?;
        let mut set = DocSet::none(segment.meta.n_docs)?;
        set.change(|words| {
            for (word, codes) in words.iter_mut().zip(codes.chunks(u64::BITS as usize)) {
                *word = (0..).zip(codes).fold(0, |bits, (at, &code)| bits | u64::from(code >= floor) << at);
            }
        });
        found.push(set);
    }
    Ok(found)
}
