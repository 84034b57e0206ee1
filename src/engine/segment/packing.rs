//! Lists lie one behind another, without holes: where each begins follows from where the one before ends. So a pointer
//! that is off by a slot is noticed even if what it leads to looks like a list.

use super::check::{Report, found};
use super::format::{
    CHUNK_BOUNDS, CHUNK_RECORDS_PER_PAGE, ListEntry, RANGE_CHUNKS, RangeRecord, SegmentMeta, n_chunks, n_ranges,
};
use super::pages::{PAYLOAD, Part};
use super::reader::list_page;
use crate::engine::error::Result;

/// Follows the lists of a segment in their order.
pub struct Packing {
    /// Where the postings of the next list begin, counted through all pages; `None` behind a damaged list.
    end: Option<u64>,
    /// Chunk records so far.
    n_records: u32,
    /// Frequent lists so far.
    n_frequent: u32,
}

impl Default for Packing {
    fn default() -> Self {
        Self { end: Some(0), n_records: 0, n_frequent: 0 }
    }
}

impl Packing {
    /// Before a list is read.
    pub fn begin(&mut self, list: &ListEntry, meta: &SegmentMeta, term: u32, report: &mut Report<'_>) {
        let is_there = match list.frequent {
            true => {
                let expected = self.n_records;
                self.n_records = expected.saturating_add(n_ranges(meta.n_docs));
                self.n_frequent += 1;
                list.place == expected
            }
            false => {
                let begin = u64::from(list.place) * PAYLOAD as u64 + u64::from(list.offset);
                let slot = list.gaps.slot_bytes() as u64;
                self.end.take().is_none_or(|end| begin == first_slot(end, slot))
            }
        };
        if !is_there {
            let (part, page) = list_page(list);
            found(report, part, page, format!("a list of term {term} does not follow the one before"));
        }
    }

    /// Where a rare list ends.
    pub fn end_at(&mut self, position: u64) {
        self.end = Some(position);
    }

    /// A range of a frequent list.
    pub fn range(
        &mut self,
        list: &ListEntry,
        range: u32,
        record: &RangeRecord<'_>,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let (page, offset) = record.begin();
        let begin = u64::from(page) * PAYLOAD as u64 + offset as u64;
        if self.end.take().is_some_and(|end| begin != end) || offset >= PAYLOAD {
            let (part, page) = list_page(list);
            found(report, part, page, format!("range {range} of a list does not follow the postings before"));
        }
        self.end = Some(begin + record.chunk(RANGE_CHUNKS as usize - 1)?.end as u64);
        Ok(())
    }

    /// After the last list: the parts are as long as all lists together.
    pub fn finish(self, meta: &SegmentMeta, report: &mut Report<'_>) {
        let bounds = u64::from(self.n_frequent) * u64::from(n_chunks(meta.n_docs)) * CHUNK_BOUNDS as u64;
        let expected = [
            (Part::Postings, self.end.map(|end| end.div_ceil(PAYLOAD as u64))),
            (Part::Chunks, Some(u64::from(self.n_records.div_ceil(CHUNK_RECORDS_PER_PAGE)))),
            (Part::Bounds, Some(bounds.div_ceil(PAYLOAD as u64))),
        ];
        for (part, pages) in expected {
            let there = meta.n_pages(part);
            if let Some(pages) = pages.filter(|&pages| pages != u64::from(there)) {
                found(report, part, None, format!("has {there} pages, its lists need {pages}"));
            }
        }
    }
}

/// Where a slot goes that comes behind `end`: no slot crosses a page.
fn first_slot(end: u64, slot: u64) -> u64 {
    let page = PAYLOAD as u64;
    if page - end % page < slot { end.next_multiple_of(page) } else { end }
}

#[cfg(test)]
mod tests {
    use super::super::gaps::GapWidth;
    use super::*;

    #[test]
    fn a_list_begins_where_the_one_before_ends() {
        let meta = SegmentMeta { n_docs: 600, ..SegmentMeta::default() };
        let list = |place, offset, gaps| ListEntry { df: 3, place, offset, gaps, ..ListEntry::default() };
        let end = PAYLOAD as u64;
        let cases = [
            // One list ends here; the next begins there; is that right?
            (0, list(0, 0, GapWidth::One), true),
            (6, list(0, 6, GapWidth::One), true),
            (6, list(0, 8, GapWidth::One), false),
            (6, list(0, 4, GapWidth::Four), false),
            (6, list(1, 6, GapWidth::One), false),
            // No slot crosses a page, and a page that is full has no room.
            (end - 2, list(0, PAYLOAD as u16 - 2, GapWidth::One), true),
            (end - 1, list(1, 0, GapWidth::One), true),
            (end - 4, list(1, 0, GapWidth::Four), true),
            (end - 4, list(1, 0, GapWidth::Two), false),
            (end, list(1, 0, GapWidth::One), true),
            (end, list(0, PAYLOAD as u16, GapWidth::One), true),
        ];
        for (end, list, is_right) in cases {
            let mut packing = Packing::default();
            packing.end_at(end);
            let mut n = 0;
            packing.begin(&list, &meta, 7, &mut |_| n += 1);
            assert_eq!(n == 0, is_right, "{end}, {list:?}");
            // Behind a list that could not be read nobody knows.
            packing.begin(&list, &meta, 7, &mut |_| panic!("nothing is known"));
        }
    }

    #[test]
    fn records_are_counted_by_the_lists_that_have_them() {
        let meta = SegmentMeta { n_docs: 66_000, ..SegmentMeta::default() };
        let list = |place| ListEntry { df: 600, place, frequent: true, ..ListEntry::default() };
        for (second, is_right) in [(2, true), (1, false), (3, false)] {
            let (mut packing, mut n) = (Packing::default(), 0);
            [list(0), list(second)].iter().for_each(|list| packing.begin(list, &meta, 7, &mut |_| n += 1));
            assert_eq!(n == 0, is_right, "{second}");
        }
    }
}
