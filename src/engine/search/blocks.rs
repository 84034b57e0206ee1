//! Upper bounds for blocks of four documents, and the scoring of the few blocks that can matter.
//!
//! The bounds pass adds, range by range, for every frequent list `weight x level` to 16-bit lanes, one lane a block; rare
//! lists are decoded once and add what they are. A lane then says: no document of this block has a sum above
//! `lane << shift`. Blocks are scored list by list, the heaviest first; a block is dropped as soon as the sum known so
//! far plus what its bounds say may come falls below the threshold. What is learned tightens its lane, so that a later
//! round with a lower threshold knows more; a block that was scored to its end has lane 0 and is never looked at again.

use roaring::RoaringBitmap;

use super::query::{PlannedList, ScoreScale};
use super::{simd, top};
use crate::engine::error::{Result, filled, reserve, reserved};
use crate::engine::segment::format::{
    BLOCK_DOCS, CHUNK_BLOCKS, RANGE_BLOCKS, RANGE_DOCS, RangeView, level_place, n_ranges,
};
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::{RareCursor, SegmentReader, bounds_page, fragment};

/// A lane that could not hold its sum: its block is always a candidate.
const SATURATED: u16 = u16::MAX;
/// Lanes stay below this by choice of the shift, rare postings that meet in a block apart.
const GREATEST_LANE: u64 = SATURATED as u64 - 1;

/// The open sum of a saturated block: more than its four documents can have together.
const UNKNOWN: i64 = 1 << 40;

/// What a search did, for those who want to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Blocks scored to their end.
    pub scored: u64,
    /// Blocks dropped on the way.
    pub dropped: u64,
    /// Look-ups of a block in a list.
    pub lookups: u64,
}

/// A rare list, decoded.
struct Decoded {
    docs: Vec<u32>,
    impacts: Vec<u8>,
}

/// The bounds of one segment's blocks.
pub struct SegmentBlocks {
    lanes: Vec<u16>,
    /// The lists, heaviest first; those that only subtract come last.
    lists: Vec<PlannedList>,
    /// Beside `lists`: decoded, if rare.
    decoded: Vec<Option<Decoded>>,
    /// Beside `lists`: the ranges, if frequent; read once, in the bounds pass.
    ranges: Vec<Vec<RangeView>>,
    /// The lanes as the bounds pass left them, copied when scoring begins: lanes of dropped blocks say less since, but
    /// scoring them again takes the lists' bounds off the first sum.
    first_lanes: Vec<u16>,
    /// Documents that are never delivered from a block.
    dead: RoaringBitmap,
}

/// The number of bits between sums and lanes under which no lane can overflow.
pub fn lane_shift<'a>(segments: impl Iterator<Item = &'a [PlannedList]>) -> u32 {
    let greatest = segments.map(|lists| lists.iter().filter(|l| !l.subtract).map(greatest_product).sum::<u64>());
    let greatest = greatest.max().unwrap_or(0);
    let mut shift = 0;
    // 16 for each list covers the rounding up of a weight, fifteen times.
    let lists = 64 * 16;
    while (greatest >> shift) + lists > GREATEST_LANE {
        shift += 1;
    }
    shift
}

fn greatest_product(l: &PlannedList) -> u64 {
    l.multiplier.unsigned_abs() as u64 * u64::from(l.list.max_impact)
}

/// Lane units per level of a range whose greatest impact is `max`.
fn lane_weight(multiplier: i32, max: u8, shift: u32) -> u16 {
    let product = u64::from(multiplier.unsigned_abs()) * u64::from(max);
    u16::try_from(product.div_ceil(15 << shift)).unwrap_or(u16::MAX)
}

/// Lane units of one posting.
fn lane_units(multiplier: i32, impact: u8, shift: u32) -> u16 {
    let product = u64::from(multiplier.unsigned_abs()) * u64::from(impact);
    u16::try_from(product.div_ceil(1 << shift)).unwrap_or(u16::MAX)
}

/// More lists than this and rounding alone could fill a lane.
pub const MAX_LISTS: usize = 64;

impl SegmentBlocks {
    /// The bounds pass.
    pub fn new<P: PartPages>(segment: &SegmentReader<'_, P>, lists: &[PlannedList], shift: u32) -> Result<Self> {
        let n_blocks = segment.meta.n_docs.div_ceil(BLOCK_DOCS) as usize;
        let mut lists = lists.to_vec();
        lists.sort_by_key(|l| (l.subtract, std::cmp::Reverse(greatest_product(l))));
        let mut decoded = reserved(lists.len(), "list cursors")?;
        for l in &lists {
            decoded.push(if l.list.frequent { None } else { Some(decode(segment, l)?) });
        }
        let lanes = filled(n_blocks, 0, "block bounds")?;
        let ranges = vec![Vec::new(); lists.len()];
        let dead = segment.dead()?;
        let mut blocks = Self { lanes, lists, decoded, ranges, first_lanes: Vec::new(), dead };
        blocks.add_frequent(segment, shift)?;
        blocks.add_rare(shift);
        Ok(blocks)
    }

    fn add_frequent<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>, shift: u32) -> Result<()> {
        for range in 0..n_ranges(segment.meta.n_docs) {
            let first = (range * RANGE_BLOCKS) as usize;
            let end = self.lanes.len().min(first + RANGE_BLOCKS as usize);
            // Whole chunks, so that the kernel needs no tail; the last range may end within one.
            let mut tail = [0u16; CHUNK_BLOCKS as usize];
            let lanes = &mut self.lanes[first..end];
            let whole = lanes.len() / CHUNK_BLOCKS as usize * CHUNK_BLOCKS as usize;
            for (l, ranges) in self.lists.iter().zip(&mut self.ranges).filter(|(l, _)| l.list.frequent) {
                let view = segment.range(&l.list, range)?;
                reserve(ranges, 1, "ranges of lists")?;
                ranges.push(view.clone());
                if l.subtract {
                    continue;
                }
                let weight = lane_weight(l.multiplier, view.max_impact, shift);
                let page = segment.pages.page(Part::Bounds, bounds_page(&l.list, range)?)?;
                simd::add_levels(&mut lanes[..whole], &page, weight);
                simd::add_levels(&mut tail, &page[whole / 2..], weight);
                drop(page);
                segment.pages.check_interrupts();
            }
            let rest = lanes.len() - whole;
            lanes[whole..].copy_from_slice(&tail[..rest]);
        }
        Ok(())
    }

    fn add_rare(&mut self, shift: u32) {
        for (l, decoded) in self.lists.iter().zip(&self.decoded) {
            let Some(decoded) = decoded.as_ref().filter(|_| !l.subtract) else { continue };
            let units: [u16; 256] = std::array::from_fn(|impact| lane_units(l.multiplier, impact as u8, shift));
            for (&doc, &impact) in decoded.docs.iter().zip(&decoded.impacts) {
                if let Some(lane) = self.lanes.get_mut((doc / BLOCK_DOCS) as usize) {
                    *lane = lane.saturating_add(units[usize::from(impact)]);
                }
            }
        }
    }

    /// Documents that are never delivered.
    pub fn dead(&self) -> &RoaringBitmap {
        &self.dead
    }

    /// The lanes.
    pub fn lanes(&self) -> &[u16] {
        &self.lanes
    }

    /// Scores blocks (ascending) down to `threshold`: the keys of documents whose sums are positive and at least that go
    /// to `found`, as codes and document numbers from `base` on.
    pub fn score<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        blocks: &[u32],
        rules: &Rules<'_>,
        found: &mut Vec<u64>,
        counts: &mut BlockCounts,
    ) -> Result<()> {
        if self.first_lanes.is_empty() {
            self.first_lanes = reserved(self.lanes.len(), "block bounds")?;
            self.first_lanes.extend_from_slice(&self.lanes);
        }
        let mut candidates = Vec::new();
        for group in blocks.chunk_by(|a, b| a / RANGE_BLOCKS == b / RANGE_BLOCKS) {
            let range = group[0] / RANGE_BLOCKS;
            candidates.clear();
            reserve(&mut candidates, group.len(), "block candidates")?;
            candidates.extend(group.iter().map(|&block| {
                let lane = self.first_lanes.get(block as usize).copied().unwrap_or(self.lanes[block as usize]);
                let open = if lane == SATURATED { UNKNOWN } else { i64::from(lane) << rules.shift };
                Candidate { block: block % RANGE_BLOCKS, open, sums: [0; BLOCK_DOCS as usize] }
            }));
            for at in 0..self.lists.len() {
                counts.lookups += candidates.len() as u64;
                self.add_list(segment, at, range, rules.shift, &mut candidates)?;
                let before = candidates.len();
                candidates.retain(|c| c.may_reach(rules.threshold) || self.drop_block(range, c, rules.shift));
                counts.dropped += (before - candidates.len()) as u64;
                if candidates.is_empty() {
                    break;
                }
                segment.pages.check_interrupts();
            }
            counts.scored += candidates.len() as u64;
            self.collect(segment.meta.n_docs, range, &candidates, rules, found)?;
        }
        Ok(())
    }

    /// Notes what is known of a block that is dropped; false, as `retain` wants it.
    fn drop_block(&mut self, range: u32, c: &Candidate, shift: u32) -> bool {
        let block = range * RANGE_BLOCKS + c.block;
        if let Some(lane) = self.lanes.get_mut(block as usize) {
            *lane = c.lane(shift).min(*lane);
        }
        false
    }

    fn add_list<P: PartPages>(
        &self,
        segment: &SegmentReader<'_, P>,
        at: usize,
        range: u32,
        shift: u32,
        candidates: &mut [Candidate],
    ) -> Result<()> {
        let l = &self.lists[at];
        match &self.decoded[at] {
            Some(decoded) => {
                add_decoded(decoded, l, range, shift, candidates);
                Ok(())
            }
            None => match self.ranges[at].get(range as usize) {
                Some(view) => add_frequent_blocks(segment, l, view, range, shift, candidates),
                None => Ok(()),
            },
        }
    }

    /// Documents of blocks that were scored to their end.
    fn collect(
        &mut self,
        n_docs: u32,
        range: u32,
        candidates: &[Candidate],
        rules: &Rules<'_>,
        found: &mut Vec<u64>,
    ) -> Result<()> {
        reserve(found, candidates.len() * BLOCK_DOCS as usize, "ranking round")?;
        for c in candidates {
            let first = range * RANGE_DOCS + c.block * BLOCK_DOCS;
            self.lanes[(first / BLOCK_DOCS) as usize] = 0;
            for (doc, &sum) in (first..).zip(&c.sums) {
                if sum > 0 && doc < n_docs && !self.dead.contains(doc) {
                    found.push(top::key(rules.scale.code(sum), rules.base + doc));
                }
            }
        }
        Ok(())
    }
}

/// How blocks are scored.
pub struct Rules<'a> {
    /// Sums below this need not be known.
    pub threshold: i64,
    /// From sums to codes.
    pub scale: &'a ScoreScale,
    /// From lanes to sums.
    pub shift: u32,
    /// The number in the ranking of the segment's first document.
    pub base: u32,
}

/// A block being scored.
struct Candidate {
    /// Its number in the range.
    block: u32,
    /// What its bounds say may still come.
    open: i64,
    /// What its documents have so far.
    sums: [i32; BLOCK_DOCS as usize],
}

impl Candidate {
    /// The greatest sum that any of its documents may still reach.
    fn best(&self) -> i64 {
        i64::from(self.sums.iter().copied().max().unwrap_or(0)) + self.open
    }

    fn may_reach(&self, threshold: i64) -> bool {
        self.best() >= threshold
    }

    /// What is known of it now, as a lane.
    fn lane(&self, shift: u32) -> u16 {
        let units = (self.best().max(0) as u64).div_ceil(1 << shift);
        u16::try_from(units).unwrap_or(SATURATED)
    }

    fn add(&mut self, slot: usize, l: &PlannedList, impact: u8) {
        let (factor, less) = l.signed();
        if let Some(sum) = self.sums.get_mut(slot) {
            *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(impact) - less));
        }
    }
}

fn decode<P: PartPages>(segment: &SegmentReader<'_, P>, l: &PlannedList) -> Result<Decoded> {
    let n = l.list.df as usize;
    let mut decoded = Decoded { docs: filled(n, 0, "rare list")?, impacts: filled(n, 0, "rare list")? };
    RareCursor::new(&l.list).decode(segment, &mut decoded.docs, &mut decoded.impacts)?;
    Ok(decoded)
}

/// Adds a rare list to candidates, which ascend.
fn add_decoded(decoded: &Decoded, l: &PlannedList, range: u32, shift: u32, candidates: &mut [Candidate]) {
    let mut from = decoded.docs.partition_point(|&d| d < range * RANGE_DOCS);
    for c in candidates {
        let first = range * RANGE_DOCS + c.block * BLOCK_DOCS;
        from += gallop(&decoded.docs[from..], first);
        let mut at = from;
        while let Some(&doc) = decoded.docs.get(at).filter(|&&d| d < first + BLOCK_DOCS) {
            let impact = decoded.impacts[at];
            c.add((doc - first) as usize, l, impact);
            if !l.subtract {
                c.open -= i64::from(lane_units(l.multiplier, impact, shift)) << shift;
            }
            at += 1;
        }
    }
}

/// How many of ascending `docs` are below `doc`; quick if few are.
fn gallop(docs: &[u32], doc: u32) -> usize {
    let mut step = 1;
    while docs.get(step).is_some_and(|&d| d < doc) {
        step *= 2;
    }
    let (low, high) = (step / 2, docs.len().min(step + 1));
    low + docs[low..high].partition_point(|&d| d < doc)
}

/// Adds one range of a frequent list to candidates, which ascend.
fn add_frequent_blocks<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    l: &PlannedList,
    view: &RangeView,
    range: u32,
    shift: u32,
    candidates: &mut [Candidate],
) -> Result<()> {
    if view.n() == 0 {
        return Ok(());
    }
    let weight = i64::from(lane_weight(l.multiplier, view.max_impact, shift)) << shift;
    let bounds = segment.pages.page(Part::Bounds, bounds_page(&l.list, range)?)?;
    let mut open = None;
    for c in candidates {
        let (byte, half) = level_place(c.block);
        let level = bounds[byte] >> half & 15;
        if level > 0 {
            if !l.subtract {
                c.open -= i64::from(level) * weight;
            }
            add_block(segment, view, l, c, &mut open)?;
        }
    }
    Ok(())
}

/// Finds a block's postings in one range of a frequent list. `open` keeps the page last used.
fn add_block<'p, P: PartPages>(
    segment: &SegmentReader<'p, P>,
    view: &RangeView,
    l: &PlannedList,
    c: &mut Candidate,
    open: &mut Option<(u32, P::Page<'p>)>,
) -> Result<()> {
    let chunk = (c.block / CHUNK_BLOCKS) as usize;
    let first = c.block % CHUNK_BLOCKS * BLOCK_DOCS;
    let (mut at, end) = (view.start(chunk), view.start(chunk + 1));
    while at < end {
        let place = view.locate(at);
        if open.as_ref().is_none_or(|(page, _)| *page != place.page) {
            // Let the old page go before the new one is opened.
            *open = None;
            *open = Some((place.page, segment.pages.page(Part::Postings, place.page)?));
        }
        let Some((_, page)) = open else { return Ok(()) };
        let (docs, impacts) = fragment(page, place.page, place.offset, place.n)?;
        let to = place.n.min(place.within + (end - at));
        let docs = &docs[place.within..to];
        let found = docs.partition_point(|&d| u32::from(d) < first);
        for (i, &doc) in docs.iter().enumerate().skip(found) {
            let slot = u32::from(doc) - first;
            if slot >= BLOCK_DOCS {
                return Ok(());
            }
            c.add(slot as usize, l, impacts[place.within + i]);
        }
        at += to - place.within;
    }
    Ok(())
}
