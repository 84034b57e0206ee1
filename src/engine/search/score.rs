//! The exhaustive scorer: every posting of every query term, term at a time, range by range.
//!
//! A document's code is its sum, so the codes are the accumulators: those of a range (65,024 of them, 127 kB) stay in
//! the second-level cache while its lists are added one after another.

use roaring::RoaringBitmap;

use super::mask;
use super::query::{PlannedList, Ranking, ScoreScale, code};
use super::simd::{ChunkSums, Simd};
use crate::engine::error::{Result, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::chunk::Chunk;
use crate::engine::segment::format::{CHUNK_DOCS, RANGE_CHUNKS, RANGE_DOCS, n_ranges};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;

/// How many codes a segment of `n_docs` documents needs: whole chunks.
pub fn n_codes(n_docs: u32) -> usize {
    n_docs.next_multiple_of(CHUNK_DOCS) as usize
}

/// The code of every document of a segment but those that are `absent` and, if there are conditions, those that are not
/// `within` them; `codes` has [`n_codes`] of them.
pub fn score_segment<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    ranking: &Ranking,
    lists: &[PlannedList],
    (absent, within): (&RoaringBitmap, Option<&DocSet>),
    simd: Simd,
    codes: &mut [u16],
) -> Result<()> {
    match ranking {
        Ranking::Scored(scale) => score_ranges(segment, scale, lists, within, simd, codes)?,
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
    absent.iter().for_each(|doc| codes[doc as usize] = code::DEAD);
    if let Some(within) = within {
        mask::keep_codes(codes, within, simd);
    }
    codes[segment.meta.n_docs as usize..].fill(code::DEAD);
    Ok(())
}

fn score_ranges<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    scale: &ScoreScale,
    lists: &[PlannedList],
    within: Option<&DocSet>,
    simd: Simd,
    codes: &mut [u16],
) -> Result<()> {
    let chunks = within.map(mask::chunks_with).transpose()?;
    let chunks = chunks.as_deref();
    let mut cursors = reserved(lists.len(), "list cursors")?;
    cursors.extend(lists.iter().map(|l| RareCursor::new(&l.list)));
    for (range, codes) in (0..n_ranges(segment.meta.n_docs)).zip(codes.chunks_mut(RANGE_DOCS as usize)) {
        codes.fill(scale.zero_code());
        for (planned, cursor) in lists.iter().zip(&mut cursors) {
            if planned.list.frequent {
                add_frequent(segment, planned, range, chunks, simd, codes)?;
            } else {
                add_rare(segment, planned, cursor, range * RANGE_DOCS, codes)?;
            }
            segment.pages.check_interrupts();
        }
    }
    Ok(())
}

fn add_frequent<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    planned: &PlannedList,
    range: u32,
    wanted: Option<&[bool]>,
    simd: Simd,
    codes: &mut [u16],
) -> Result<()> {
    let units = planned.units_table();
    let chunks = codes.as_chunks_mut::<{ CHUNK_DOCS as usize }>().0;
    let Some(wanted) = wanted else {
        return segment.for_each_chunk(&planned.list, range, |no, chunk| {
            let Some(sums) = chunks.get_mut(no as usize) else { return Ok(()) };
            add_chunk(&chunk, planned, &units, simd, sums);
            Ok(())
        });
    };
    let first = (range * RANGE_CHUNKS) as usize;
    let wanted = |no| wanted.get(first + no as usize).copied().unwrap_or(false);
    segment.for_each_chunk_of(&planned.list, range, wanted, |no, chunk| {
        let Some(sums) = chunks.get_mut(no as usize) else { return Ok(()) };
        add_chunk(&chunk, planned, &units, simd, sums);
        Ok(())
    })
}

#[inline]
fn add_chunk(chunk: &Chunk<'_>, planned: &PlannedList, units: &[u16; 256], simd: Simd, sums: &mut ChunkSums) {
    match chunk {
        Chunk::Bitmap { bits, impacts } if !planned.subtract => simd.add_bitmap(sums, bits, impacts, planned.weight),
        // 256 sums, addressed by one byte: no check is needed per posting.
        _ => chunk
            .for_each(|place, impact| {
                let sum = &mut sums[usize::from(place)];
                *sum = sum.wrapping_add(units[usize::from(impact)]);
                Ok::<(), std::convert::Infallible>(())
            })
            .unwrap_or_else(|never| match never {}),
    }
}

fn add_rare<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    planned: &PlannedList,
    cursor: &mut RareCursor,
    first: u32,
    codes: &mut [u16],
) -> Result<()> {
    let units = planned.units_table();
    let end = first.saturating_add(RANGE_DOCS);
    cursor.for_each_below(segment, end, |doc, impact| {
        if let Some(sum) = codes.get_mut(doc.wrapping_sub(first) as usize) {
            *sum = sum.wrapping_add(units[usize::from(impact)]);
        }
        Ok(())
    })
}
