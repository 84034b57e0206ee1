//! The exhaustive scorer: every posting of every query term, term at a time, range by range.
//!
//! A range's sums (65,024 of them) stay in the second-level cache while its lists are added one after another; then one
//! sweep turns them into codes and clears them for the next range.

use super::query::{PlannedList, Ranking, ScoreScale, code};
use crate::engine::error::{Result, filled, reserved};
use crate::engine::segment::format::{CHUNK_DOCS, RANGE_DOCS, n_ranges};
use crate::engine::segment::pages::{Part, PartPages, corrupt};
use crate::engine::segment::reader::{RareCursor, SegmentReader};

/// A range's sums, rounded up to a power of two for the rare lists' addressing.
const SUMS: usize = 1 << 16;

/// Working memory of the scorer.
pub struct Scorer {
    sums: Box<[i32; SUMS]>,
}

impl Scorer {
    /// Takes 256 kB.
    pub fn new() -> Result<Self> {
        let sums = filled(SUMS, 0i32, "score accumulators")?.into_boxed_slice();
        let sums = sums.try_into().map_err(|_| corrupt(Part::Postings, 0, "accumulators have another size"))?;
        Ok(Self { sums })
    }

    /// The code of every document of a segment.
    pub fn score_segment<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        ranking: &Ranking,
        lists: &[PlannedList],
        codes: &mut [u16],
    ) -> Result<()> {
        match ranking {
            Ranking::Scored(scale) => self.score_ranges(segment, scale, lists, codes)?,
            Ranking::AllNull => codes.fill(code::NULL),
            Ranking::AllNan => codes.fill(code::NAN),
            Ranking::AllIrregular => codes.fill(code::IRREGULAR),
        }
        let special = segment.special()?;
        if *ranking != Ranking::AllNull {
            let sets = [(&special.irregular, code::IRREGULAR), (&special.zero_norm, code::NAN)];
            for (set, value) in sets {
                if *ranking != Ranking::AllNan {
                    set.iter().for_each(|doc| codes[doc as usize] = value);
                }
            }
        }
        special.null.iter().for_each(|doc| codes[doc as usize] = code::NULL);
        segment.dead()?.iter().for_each(|doc| codes[doc as usize] = code::DEAD);
        Ok(())
    }

    fn score_ranges<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        scale: &ScoreScale,
        lists: &[PlannedList],
        codes: &mut [u16],
    ) -> Result<()> {
        let mut cursors = reserved(lists.len(), "list cursors")?;
        cursors.extend(lists.iter().map(|l| RareCursor::new(&l.list)));
        for range in 0..n_ranges(segment.meta.n_docs) {
            let first = range * RANGE_DOCS;
            let n = (segment.meta.n_docs - first).min(RANGE_DOCS);
            for (planned, cursor) in lists.iter().zip(&mut cursors) {
                if planned.list.frequent {
                    self.add_frequent(segment, planned, range)?;
                } else {
                    self.add_rare(segment, planned, cursor, first, first + n)?;
                }
                segment.pages.check_interrupts();
            }
            let out = &mut codes[first as usize..(first + n) as usize];
            out.iter_mut().zip(self.sums.iter()).for_each(|(c, &sum)| *c = scale.code(sum));
            // To the end of the last chunk, where only a damaged page can have left something.
            self.sums[..n.next_multiple_of(CHUNK_DOCS) as usize].fill(0);
        }
        Ok(())
    }

    fn add_frequent<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        planned: &PlannedList,
        range: u32,
    ) -> Result<()> {
        let view = segment.range(&planned.list, range)?;
        let (factor, less) = planned.signed();
        let chunks = self.sums.as_chunks_mut::<{ CHUNK_DOCS as usize }>().0;
        segment.for_each_chunk(&view, |chunk, docs, impacts| {
            // 256 sums, addressed by one byte: no check is needed per posting.
            let Some(sums) = chunks.get_mut(chunk as usize) else { return Ok(()) };
            for (&doc, &level) in docs.iter().zip(impacts) {
                let sum = &mut sums[usize::from(doc)];
                *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(level) - less));
            }
            Ok(())
        })
    }

    fn add_rare<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        planned: &PlannedList,
        cursor: &mut RareCursor,
        first: u32,
        end: u32,
    ) -> Result<()> {
        let (factor, less) = planned.signed();
        cursor.for_each_below(segment, end, |doc, level| {
            let sum = &mut self.sums[(doc.wrapping_sub(first) as usize) & (SUMS - 1)];
            *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(level) - less));
            Ok(())
        })
    }
}
