//! The terms of several segments together: how many documents have each, and what its lists take.

use super::format::{ChunkRecord, FREQUENT_POSTING, ListEntry, SegmentMeta, Sign, TermEntry, n_ranges};
use super::pages::{PAYLOAD, PartPages};
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
    fn add(&mut self, entry: &TermEntry, meta: &SegmentMeta) {
        self.segments += 1;
        for sign in Sign::BOTH {
            let list = &entry.lists[sign.index()];
            if list.df == 0 {
                continue;
            }
            self.df += u64::from(list.df);
            self.list_bytes += list_bytes(list, meta);
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

/// Bytes of a list, its bounds included. Of a frequent list it is what is stored; of a rare one the entry does not tell
/// the length, and the gaps between its documents are taken to be equal.
pub fn list_bytes(list: &ListEntry, meta: &SegmentMeta) -> u64 {
    let df = u64::from(list.df);
    if list.frequent {
        let of_range = PAYLOAD + ChunkRecord::BYTES;
        return df * FREQUENT_POSTING as u64 + u64::from(n_ranges(meta.n_docs)) * of_range as u64;
    }
    let gap = meta.n_docs / list.df.max(1);
    let gap_bytes = (u32::BITS - gap.leading_zeros()).div_ceil(7).max(1);
    df * u64::from(gap_bytes + 1)
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
                stats.add(&entry, head.segment.meta);
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
            self.entry = Some(self.segment.term_entry(self.next)?);
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
        let meta = SegmentMeta { n_docs: 1000, ..SegmentMeta::default() };
        let mut stats = TermStats::default();
        stats.add(&TermEntry { term: 0, exponent: 0, lists: [list(3, 200), list(0, 0)] }, &meta);
        assert_eq!((stats.df, stats.greatest_weight, stats.least_weight), (3, Some(200.0), None));
        stats.add(&TermEntry { term: 0, exponent: 1, lists: [list(1, 99), list(2, 50)] }, &meta);
        assert_eq!((stats.df, stats.segments), (6, 2));
        assert_eq!((stats.greatest_weight, stats.least_weight), (Some(200.0), Some(-100.0)));
        // Gaps of 333 and 500: two bytes, and one for the impact; of 1000: the same.
        assert_eq!(stats.list_bytes, 3 * 3 + 3 + 2 * 3);
    }
}
