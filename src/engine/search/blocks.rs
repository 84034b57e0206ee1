//! Upper bounds for blocks of four documents, and the scoring of the few blocks that can matter.
//!
//! The bounds pass adds, range by range, for every frequent list `units x level` to 16-bit lanes, one lane a block;
//! rare lists are decoded once and add what they are. A lane then says: no document of this block has a greater sum.
//! Blocks are scored list by list, the heaviest first; a block is dropped as soon as the sum known so far plus what its
//! bounds say may come falls below the threshold. What is learned tightens its lane, so that a later round with a lower
//! threshold knows more; a block that was scored to its end has lane 0 and is never looked at again.

use roaring::RoaringBitmap;

use super::query::{PlannedList, ScoreScale, level_units};
use super::rounds::Prune;
use super::scratch::Scratch;
use super::simd::Simd;
use super::starts::{self, Starts};
use super::top;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::segment::format::{
    BLOCK_DOCS, CHUNK_BLOCKS, ChunkPlace, RANGE_BLOCKS, RANGE_DOCS, RangeRecord, level_place, n_ranges,
};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::{ChunkPages, SegmentReader, chunk_record};

/// Lanes of a range, rounded up to a power of two so that a place in it needs no check.
const RANGE_LANES: usize = (RANGE_BLOCKS as usize).next_power_of_two();

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

/// The bounds of one segment's blocks.
pub struct SegmentBlocks {
    lanes: Vec<u16>,
    /// The lists, heaviest first; those that only subtract come last.
    lists: Vec<PlannedList>,
    /// Rare lists, decoded: document in its range, shifted by 8, and impact.
    decoded: Vec<u32>,
    /// For each rare list and range where its postings begin in `decoded`; the last says where the last list ends.
    begins: Vec<usize>,
    /// For each list its row of `begins`, if it is rare.
    rows: Vec<Option<usize>>,
    n_ranges: usize,
    /// Blocks that were dropped, with their lanes as the bounds pass left them: when such a block is scored again, its
    /// lists' bounds are taken off that.
    dropped: Vec<(u32, u16)>,
    /// How many of them earlier rounds dropped; sorted. The others have lower lanes than this round asks for.
    n_sorted: usize,
    /// Documents that are never delivered from a block: the absent and those without a regular score, which have no
    /// postings unless a page is damaged.
    hidden: RoaringBitmap,
    /// Living documents that no bound can judge.
    irregular: RoaringBitmap,
}

impl SegmentBlocks {
    /// The bounds pass; documents that are `absent` are never delivered. `starts`: what they begin with.
    pub fn new<P: PartPages>(
        segment: &SegmentReader<'_, P>,
        lists: &[PlannedList],
        absent: RoaringBitmap,
        starts: Option<Starts>,
        simd: Simd,
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let mut sorted: Vec<PlannedList> = reserved(lists.len(), "query plan")?;
        sorted.extend_from_slice(lists);
        sorted.sort_by_key(|l| (l.subtract, std::cmp::Reverse(u32::from(l.weight) * u32::from(l.list.max_impact))));
        let n_ranges = n_ranges(segment.meta.n_docs) as usize;
        let special = segment.special()?;
        let irregular = &special.irregular - &absent;
        let mut blocks = Self {
            lanes: scratch.words(n_ranges * RANGE_BLOCKS as usize + RANGE_LANES - RANGE_BLOCKS as usize)?,
            lists: sorted,
            decoded: scratch.postings(),
            begins: Vec::new(),
            rows: Vec::new(),
            n_ranges,
            dropped: Vec::new(),
            n_sorted: 0,
            hidden: absent | special.null | special.zero_norm | special.irregular,
            irregular,
        };
        if let Some(starts) = starts {
            starts::begin_lanes(segment, &starts, simd, &mut blocks.lanes)?;
        }
        blocks.add_frequent(segment, simd)?;
        blocks.add_rare(segment)?;
        Ok(blocks)
    }

    /// Gives its memory back.
    pub fn recycle(self, scratch: &mut Scratch) {
        scratch.take_words(self.lanes);
        scratch.take_postings(self.decoded);
    }

    fn add_frequent<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>, simd: Simd) -> Result<()> {
        let mut lists = reserved(self.lists.len(), "query plan")?;
        for l in self.lists.iter().filter(|l| l.list.frequent && !l.subtract) {
            lists.push((l, segment.range_maxima(&l.list)?));
        }
        for (range, lanes) in (0u32..self.n_ranges as u32).zip(self.lanes.chunks_mut(RANGE_BLOCKS as usize)) {
            for (l, maxima) in &lists {
                let units = level_units(l.weight, maxima.get(range as usize).copied().unwrap_or(0)) as u16;
                segment.for_each_bounds(&l.list, range, |chunk, levels| {
                    simd.add_levels(&mut lanes[(chunk * CHUNK_BLOCKS) as usize..], levels, units);
                })?;
                segment.pages.check_interrupts();
            }
        }
        Ok(())
    }

    fn add_rare<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>) -> Result<()> {
        let rare = || self.lists.iter().filter(|l| !l.list.frequent);
        let total: usize = rare().map(|l| l.list.df as usize).sum();
        reserve(&mut self.begins, rare().count() * self.n_ranges + 1, "rare lists")?;
        reserve(&mut self.rows, self.lists.len(), "rare lists")?;
        // One place more than there are postings: what a filler leaves behind is written over.
        reserve(&mut self.decoded, total + 1, "rare lists")?;
        self.decoded.resize(total + 1, 0);
        let mut n = 0;
        for l in &self.lists {
            if l.list.frequent {
                self.rows.push(None);
                continue;
            }
            self.rows.push(Some(self.begins.len()));
            // What subtracts is no part of a bound.
            let units = if l.subtract { [0; 256] } else { l.units_table() };
            let mut cursor = RareCursor::new(&l.list);
            for (range, first) in (0..self.n_ranges).zip((0u32..).step_by(RANGE_DOCS as usize)) {
                self.begins.push(n);
                let lanes = self.lanes.get_mut(range * RANGE_BLOCKS as usize..).unwrap_or_default();
                let Some(lanes) = lanes.first_chunk_mut::<RANGE_LANES>() else { break };
                let decoded = &mut self.decoded[..];
                cursor.for_each_below(segment, first.saturating_add(RANGE_DOCS), |doc, impact| {
                    let place = doc.wrapping_sub(first);
                    if let Some(slot) = decoded.get_mut(n) {
                        *slot = place << 8 | u32::from(impact);
                        n += usize::from(impact > 0);
                    }
                    // By choice of the unit four postings of each rare list fit a lane.
                    let lane = &mut lanes[(place / BLOCK_DOCS) as usize % RANGE_LANES];
                    *lane = lane.wrapping_add(units[usize::from(impact)]);
                    Ok(())
                })?;
            }
        }
        self.begins.push(n);
        Ok(())
    }

    /// A rare list's postings in a range.
    fn rare(&self, list: usize, range: u32) -> &[u32] {
        let Some(Some(row)) = self.rows.get(list).copied() else { return &[] };
        let at = row + range as usize;
        match (self.begins.get(at), self.begins.get(at + 1)) {
            (Some(&from), Some(&to)) => self.decoded.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Living documents that no bound can judge.
    pub fn irregular(&self) -> &RoaringBitmap {
        &self.irregular
    }

    /// The lanes.
    pub fn lanes(&self) -> &[u16] {
        &self.lanes
    }

    /// Told before a round with a lower threshold, which may meet blocks that were dropped.
    pub fn begin_round(&mut self) {
        // A block that was dropped twice keeps its first lane, the greater one.
        self.dropped.sort_unstable_by_key(|&(block, lane)| (block, std::cmp::Reverse(lane)));
        self.dropped.dedup_by_key(|d| d.0);
        self.n_sorted = self.dropped.len();
    }

    fn first_lane(&self, block: u32) -> u16 {
        let sorted = &self.dropped[..self.n_sorted];
        match sorted.binary_search_by_key(&block, |d| d.0) {
            Ok(at) => sorted[at].1,
            Err(_) => self.lanes[block as usize],
        }
    }

    /// Scores blocks (ascending) as `rules` say: the keys of documents whose sums are positive
    /// go to `found`, as codes and document numbers from `base` on.
    pub fn score<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        blocks: &[u32],
        rules: &Rules<'_>,
        found: &mut Vec<u64>,
        counts: &mut BlockCounts,
    ) -> Result<()> {
        let mut candidates: Vec<Candidate> = reserved(blocks.len(), "block candidates")?;
        candidates.extend(blocks.iter().map(|&block| {
            let first = self.first_lane(block);
            Candidate { block, first, open: i32::from(first), ..Candidate::default() }
        }));
        if let Some(starts) = rules.scale.starts() {
            add_starts(segment, &starts, blocks, &mut candidates)?;
        }
        for at in 0..self.lists.len() {
            counts.lookups += candidates.len() as u64;
            let l = self.lists[at];
            if l.list.frequent {
                add_frequent_blocks(segment, &l, &mut candidates)?;
            } else {
                for group in candidates.chunk_by_mut(|a, b| a.range() == b.range()) {
                    add_rare_blocks(self.rare(at, group[0].range()), &l, group);
                }
            }
            self.drop_hopeless(rules, &mut candidates, counts)?;
            if candidates.is_empty() {
                break;
            }
            segment.pages.check_interrupts();
        }
        counts.scored += candidates.len() as u64;
        self.collect(segment.meta.n_docs, &candidates, rules, found)
    }

    /// Lets those go that cannot reach the least sum any more, and notes what is known of them.
    fn drop_hopeless(
        &mut self,
        rules: &Rules<'_>,
        candidates: &mut Vec<Candidate>,
        counts: &mut BlockCounts,
    ) -> Result<()> {
        let stays = |c: &Candidate| c.sum() + rules.prune.of(c.open) >= rules.least;
        let n = candidates.iter().filter(|c| !stays(c)).count();
        if n == 0 {
            return Ok(());
        }
        counts.dropped += n as u64;
        reserve(&mut self.dropped, n, "dropped blocks")?;
        candidates.retain(|c| {
            let stays = stays(c);
            if !stays {
                self.dropped.push((c.block, c.first));
                if let Some(lane) = self.lanes.get_mut(c.block as usize) {
                    *lane = ((c.sum() + rules.kept(c.open)).clamp(0, i32::from(u16::MAX)) as u16).min(*lane);
                }
            }
            stays
        });
        Ok(())
    }

    /// Documents of blocks that were scored to their end.
    fn collect(
        &mut self,
        n_docs: u32,
        candidates: &[Candidate],
        rules: &Rules<'_>,
        found: &mut Vec<u64>,
    ) -> Result<()> {
        reserve(found, candidates.len() * BLOCK_DOCS as usize, "ranking round")?;
        for c in candidates {
            let first = c.block * BLOCK_DOCS;
            self.lanes[c.block as usize] = 0;
            for (doc, &sum) in (first..).zip(&c.sums) {
                if sum > 0 && doc < n_docs && !self.hidden.contains(doc) {
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
    pub least: i32,
    /// How far bounds are believed.
    pub prune: Prune,
    /// From sums to codes.
    pub scale: &'a ScoreScale,
    /// The number in the ranking of the segment's first document.
    pub base: u32,
}

impl Rules<'_> {
    /// What a dropped block's lane keeps of what may still come. Lanes that begin with starts, which are no bounds to
    /// be believed in part, are compared with the least sum as they are: they keep what is believed.
    fn kept(&self, open: i32) -> i32 {
        if self.scale.starts().is_some() { self.prune.of(open) } else { open }
    }
}

/// A block being scored.
#[derive(Clone, Copy, Default)]
struct Candidate {
    /// Its number in the segment.
    block: u32,
    /// What its bounds say may still come.
    open: i32,
    /// What its documents have so far.
    sums: [i32; BLOCK_DOCS as usize],
    /// Its lane as the bounds pass left it.
    first: u16,
    /// In the list at hand: its level, the units of a level, and where its chunk is.
    level: u8,
    units: i32,
    chunk: ChunkPlace,
}

impl Candidate {
    fn range(&self) -> u32 {
        self.block / RANGE_BLOCKS
    }

    /// The place of its first document in its chunk.
    #[inline]
    fn place(&self) -> usize {
        (self.block % CHUNK_BLOCKS * BLOCK_DOCS) as usize
    }

    /// The greatest sum that any of its documents has; with `open` the greatest that it may still reach.
    #[inline]
    fn sum(&self) -> i32 {
        self.sums.iter().copied().max().unwrap_or(0)
    }
}

/// Adds what the documents of candidates begin with, those of `blocks`; what may still come is the rest of their lanes.
fn add_starts<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    blocks: &[u32],
    candidates: &mut [Candidate],
) -> Result<()> {
    let mut rest = candidates.iter_mut();
    starts::of_blocks(segment, starts, blocks, |own| {
        if let Some(c) = rest.next() {
            c.sums = own.map(i32::from);
            c.open -= c.sum();
        }
    })
}

/// Adds a rare list's postings in the range to candidates, which ascend.
fn add_rare_blocks(postings: &[u32], l: &PlannedList, candidates: &mut [Candidate]) {
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
fn gallop(values: &[u32], value: u32) -> usize {
    let mut step = 1;
    while values.get(step).is_some_and(|&v| v < value) {
        step *= 2;
    }
    let (low, high) = (step / 2, values.len().min(step + 1));
    low + values[low..high].partition_point(|&v| v < value)
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
fn add_frequent_blocks<P: PartPages>(
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
