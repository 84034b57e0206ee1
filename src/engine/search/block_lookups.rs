//! Blocks looked up in one list after another.
//!
//! A look-up in a frequent list opens the page of its bounds, that of its chunk records and that of its postings; so all
//! candidates go through a list together, and one page is open at a time.

use super::query::{PlannedList, level_units};
use super::starts::{self, Starts};
use crate::engine::error::Result;
use crate::engine::segment::format::{
    BLOCK_DOCS, CHUNK_BLOCKS, CHUNK_BOUNDS, ChunkPlace, ListEntry, RANGE_BLOCKS, RangeRecord, level_place,
};
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::{ChunkPages, SegmentReader, chunk_record};

/// A block being scored.
#[derive(Clone, Copy, Default)]
pub struct Candidate {
    /// Its number in the segment.
    pub block: u32,
    /// Where its lane is.
    pub lane: u32,
    /// What its bounds say may still come.
    pub open: i32,
    /// What its documents have so far.
    pub sums: [i32; BLOCK_DOCS as usize],
    /// Its lane as the bounds pass left it.
    pub first: u16,
    /// In the list at hand: its level, the units of a level, and where its chunk is.
    level: u8,
    units: i32,
    chunk: ChunkPlace,
}

impl Candidate {
    /// Block `block`, whose lane is number `lane` and was `first` after the bounds pass; `sums` is what its documents
    /// begin with.
    pub fn new(lane: u32, block: u32, first: u16, sums: [i32; BLOCK_DOCS as usize]) -> Self {
        Self { lane, block, first, open: i32::from(first), sums, ..Self::default() }
    }

    /// The range it is in.
    pub fn range(&self) -> u32 {
        self.block / RANGE_BLOCKS
    }

    /// The place of its first document in its chunk.
    #[inline]
    fn place(&self) -> usize {
        (self.block % CHUNK_BLOCKS * BLOCK_DOCS) as usize
    }

    /// The greatest sum that any of its documents has; with `open` the greatest that it may still reach.
    #[inline]
    pub fn sum(&self) -> i32 {
        self.sums.iter().copied().max().unwrap_or(0)
    }
}

/// Adds what the documents of candidates begin with; what may still come is the rest of their lanes.
pub fn add_starts<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    candidates: &mut [Candidate],
) -> Result<()> {
    starts::of_blocks(segment, starts, candidates.iter_mut().map(|c| (c.block, c)), |c, own| {
        c.sums.iter_mut().zip(own).for_each(|(sum, start)| *sum += i32::from(start));
        c.open -= c.sum();
    })
}

/// Adds a rare list's postings in the range to candidates, which ascend.
pub fn add_rare_blocks(postings: &[u32], l: &PlannedList, candidates: &mut [Candidate]) {
    let mut from = 0;
    for c in candidates {
        let first = c.block % RANGE_BLOCKS * BLOCK_DOCS;
        from += gallop(&postings[from..], first << 8);
        for &posting in postings[from..].iter().take(BLOCK_DOCS as usize) {
            let Some(sum) = c.sums.get_mut(((posting >> 8) - first) as usize) else { break };
            let units = l.units(posting as u8);
            *sum += units;
            c.open -= units.max(0);
        }
    }
}

/// How many of ascending values are below `value`; quick if few are.
pub fn gallop(values: &[u32], value: u32) -> usize {
    let mut step = 1;
    while values.get(step).is_some_and(|&v| v < value) {
        step *= 2;
    }
    let (low, high) = (step / 2, values.len().min(step + 1));
    low + values[low..high].partition_point(|&v| v < value)
}

/// Gives the level of each block (ascending, of one range) in a frequent list.
pub fn for_each_level<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    list: &ListEntry,
    blocks: &[u32],
    mut each: impl FnMut(u8),
) -> Result<()> {
    let mut rest = blocks;
    while let Some(&first) = rest.first() {
        let chunk = first / CHUNK_BLOCKS;
        let (no, from) = segment.bounds_place(list, chunk)?;
        let page = segment.pages.page(Part::Bounds, no)?;
        // Those whose chunks are on this page.
        let chunks = ((page.len() - from) / CHUNK_BOUNDS) as u32;
        let here = rest.partition_point(|block| block / CHUNK_BLOCKS < chunk + chunks);
        for &block in &rest[..here] {
            let (byte, half) = level_place(block);
            let at = from + (block / CHUNK_BLOCKS - chunk) as usize * CHUNK_BOUNDS + byte;
            each(page.get(at).map_or(0, |levels| levels >> half & 15));
        }
        rest = &rest[here..];
    }
    Ok(())
}

/// Reads the level of each candidate; false if all of them are 0.
fn read_levels<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    l: &PlannedList,
    candidates: &mut [Candidate],
) -> Result<bool> {
    let mut any = 0;
    let page_of = |c: &Candidate| segment.bounds_place(&l.list, c.block / CHUNK_BLOCKS);
    let mut rest = candidates;
    while let Some(first) = rest.first() {
        let (no, _) = page_of(first)?;
        let page = segment.pages.page(Part::Bounds, no)?;
        let mut here = 0;
        for c in rest.iter_mut() {
            let (on, chunk) = page_of(c)?;
            if on != no {
                break;
            }
            let (byte, half) = level_place(c.block);
            c.level = page[chunk + byte] >> half & 15;
            any |= c.level;
            here += 1;
        }
        rest = &mut rest[here..];
    }
    Ok(any > 0)
}

/// Reads where the chunk of each candidate is that has a level.
fn read_places<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    l: &PlannedList,
    candidates: &mut [Candidate],
) -> Result<()> {
    let mut rest = candidates;
    while let Some(first) = rest.iter().position(|c| c.level > 0) {
        let (no, _) = chunk_record(&l.list, rest[first].range())?;
        let page = segment.pages.page(Part::Chunks, no)?;
        let mut here = first;
        for c in &mut rest[first..] {
            let (on, slot) = chunk_record(&l.list, c.range())?;
            if on != no {
                break;
            }
            here += 1;
            if c.level > 0 {
                let record = RangeRecord::parse(&page, no, slot)?;
                c.chunk = record.place((c.block % RANGE_BLOCKS / CHUNK_BLOCKS) as usize)?;
                c.units = level_units(l.weight, record.max_impact()) as i32;
            }
        }
        rest = &mut rest[here..];
    }
    Ok(())
}

/// Adds a frequent list to candidates, which ascend. One page is open at a time: first the bounds say which candidates
/// have a posting, then the chunk records where, then the postings are read page by page.
pub fn add_frequent_blocks<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    l: &PlannedList,
    candidates: &mut [Candidate],
) -> Result<()> {
    if !read_levels(segment, l, candidates)? {
        return Ok(());
    }
    read_places(segment, l, candidates)?;
    let mut chunks = ChunkPages::new(segment.pages);
    let mut rest = candidates;
    while let Some(first) = rest.iter().position(|c| c.level > 0) {
        // All look-ups on one page are asked for before the first is waited for.
        let place = rest[first].chunk;
        chunks.open_for(place)?;
        let end = rest.iter().position(|c| c.level > 0 && c.chunk.page != place.page).unwrap_or(rest.len());
        let (now, later) = rest.split_at_mut(end);
        now.iter().filter(|c| c.level > 0).for_each(|c| chunks.prefetch(c.chunk, c.place()));
        for c in now.iter_mut().filter(|c| c.level > 0) {
            let impacts = chunks.read(c.chunk)?.block(c.place() as u8);
            for (sum, impact) in c.sums.iter_mut().zip(impacts) {
                *sum += l.units(impact);
            }
            if !l.subtract {
                c.open -= i32::from(c.level) * c.units;
            }
        }
        rest = later;
    }
    Ok(())
}
