//! The terms of several segments together: how many documents have each, and what its lists take.

use super::format::{CHUNK_BOUNDS, ChunkRecord, ListEntry, RANGE_CHUNKS, Sign, TermEntry, n_chunks, n_ranges};
use super::pages::PartPages;
use super::reader::SegmentReader;
use crate::engine::codec::impact;
use crate::engine::error::{Result, reserved};

/// One term.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermStats {
    /// Its id.
    pub term: u32,
    /// Postings in all segments: documents that have it, dead ones included until a merge drops them.
    pub df: u64,
    /// Bytes of its lists, about: see [`list_bytes`].
    pub list_bytes: u64,
    /// No document has a greater weight; `None` if none is above zero.
    pub greatest_weight: Option<f64>,
    /// No document has a lesser weight; `None` if none is below zero.
    pub least_weight: Option<f64>,
    /// In some segment it has a list with bounds.
    pub frequent: bool,
    /// Segments that have it.
    pub segments: u32,
}

impl TermStats {
    /// `bytes` are those of both lists.
    fn add(&mut self, entry: &TermEntry, bytes: u64) {
        self.segments += 1;
        self.list_bytes += bytes;
        for sign in Sign::BOTH {
            let list = &entry.lists[sign.index()];
            if list.df == 0 {
                continue;
            }
            self.df += u64::from(list.df);
            self.frequent |= list.frequent;
            let magnitude = f64::from(list.max_impact) * impact::scale(entry.exponent);
            let (bound, signed) = match sign {
                Sign::Positive => (&mut self.greatest_weight, magnitude),
                Sign::Negative => (&mut self.least_weight, -magnitude),
            };
            *bound = Some(bound.map_or(signed, |b| if b.abs() < magnitude { signed } else { b }));
        }
    }
}

/// Bytes of a list, its bounds included. Of a frequent list it is what is stored; of a rare one that is what its
/// postings take, without the fillers in gaps that are too wide.
pub fn list_bytes<P: PartPages>(segment: &SegmentReader<'_, P>, list: &ListEntry) -> Result<u64> {
    if !list.frequent {
        return Ok(u64::from(list.df) * list.gaps.slot_bytes() as u64);
    }
    let mut bytes = u64::from(n_chunks(segment.meta.n_docs)) * CHUNK_BOUNDS as u64;
    for range in 0..n_ranges(segment.meta.n_docs) {
        let last = segment.with_range(list, range, |record| record.chunk(RANGE_CHUNKS as usize - 1))?;
        bytes += (last.end + ChunkRecord::BYTES) as u64;
    }
    Ok(bytes)
}

/// Gives all terms, ascending, each once.
pub fn for_each_term<P: PartPages>(
    segments: &[SegmentReader<'_, P>],
    each: &mut dyn FnMut(TermStats) -> Result<()>,
) -> Result<()> {
    let mut heads = reserved(segments.len(), "segments")?;
    for segment in segments {
        heads.push(Head::new(segment)?);
    }
    while let Some(term) = heads.iter().filter_map(|h| h.entry).map(|e| e.term).min() {
        let mut stats = TermStats { term, ..TermStats::default() };
        for head in &mut heads {
            if let Some(entry) = head.entry.filter(|e| e.term == term) {
                let [positive, negative] = entry.lists;
                let bytes = |list| list_bytes(head.segment, list).map_err(|e| head.segment.pages.locate(e));
                let bytes = bytes(&positive)? + bytes(&negative)?;
                stats.add(&entry, bytes);
                head.advance()?;
            }
        }
        each(stats)?;
    }
    Ok(())
}

/// The next entry of a segment's directory.
struct Head<'s, 'p, P> {
    segment: &'s SegmentReader<'p, P>,
    next: u32,
    entry: Option<TermEntry>,
}

impl<'s, 'p, P: PartPages> Head<'s, 'p, P> {
    fn new(segment: &'s SegmentReader<'p, P>) -> Result<Self> {
        let mut head = Self { segment, next: 0, entry: None };
        head.advance()?;
        Ok(head)
    }

    fn advance(&mut self) -> Result<()> {
        self.entry = None;
        if self.next < self.segment.meta.n_terms {
            let entry = self.segment.term_entry(self.next);
            self.entry = Some(entry.map_err(|e| self.segment.pages.locate(e))?);
            self.next += 1;
            if self.next.is_multiple_of(1024) {
                self.segment.pages.check_interrupts();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_bounded_on_both_sides() {
        let list = |df, max_impact| ListEntry { df, max_impact, ..ListEntry::default() };
        let mut stats = TermStats::default();
        stats.add(&TermEntry { term: 0, exponent: 0, lists: [list(3, 200), list(0, 0)] }, 6);
        assert_eq!((stats.df, stats.greatest_weight, stats.least_weight), (3, Some(200.0), None));
        stats.add(&TermEntry { term: 0, exponent: 1, lists: [list(1, 99), list(2, 50)] }, 9);
        assert_eq!((stats.df, stats.segments), (6, 2));
        assert_eq!((stats.greatest_weight, stats.least_weight), (Some(200.0), Some(-100.0)));
        assert_eq!(stats.list_bytes, 15);
    }
}
