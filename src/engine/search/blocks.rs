//! Upper bounds for blocks of four documents, and the scoring of the few blocks that can matter.
//!
//! The bounds pass adds, range by range, for every frequent list `units x level` to 16-bit lanes, one lane a block;
//! rare lists are decoded once and add what they are. A lane then says: no document of this block has a greater sum.
//! Blocks are scored list by list, the heaviest first; a block is dropped as soon as the sum known so far plus what its
//! bounds say may come falls below the threshold. What is learned tightens its lane, so that a later round with a lower
//! threshold knows more; a block that was scored to its end has lane 0 and is never looked at again.

use std::rc::Rc;

use roaring::RoaringBitmap;

use super::mask;
use super::query::{PlannedList, ScoreScale, level_units};
use super::rounds::Prune;
use super::scratch::Scratch;
use super::simd::Simd;
use super::starts::{self, Starts};
use super::top;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{
    BLOCK_DOCS, CHUNK_BLOCKS, CHUNK_BOUNDS, ChunkPlace, ListEntry, RANGE_BLOCKS, RANGE_CHUNKS, RANGE_DOCS, RangeRecord,
    chunks_of_range, level_place, n_ranges,
};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::{ChunkPages, SegmentReader, chunk_record};

/// Where conditions leave fewer than one block in so many, only those have lanes: looking a level up takes about as long
/// as adding this many.
pub const FEW_BLOCKS_ONE_IN: usize = 40;
/// The sum of a document that conditions exclude; whatever is added to it, it stays below 0.
const EXCLUDED: i32 = i32::MIN / 2;

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
    /// A lane for each block, or if conditions leave few blocks, for each of those.
    lanes: Vec<u16>,
    /// The blocks that have a lane, ascending; `None`: all.
    members: Option<Vec<u32>>,
    /// The documents that conditions leave; `None`: all.
    within: Option<Rc<DocSet>>,
    /// The lists, heaviest first; those that only subtract come last.
    lists: Vec<PlannedList>,
    /// Rare lists, decoded: document in its range, shifted by 8, and impact.
    decoded: Vec<u32>,
    /// For each rare list and range where its postings begin in `decoded`; the last says where the last list ends.
    begins: Vec<usize>,
    /// For each list its row of `begins`, if it is rare.
    rows: Vec<Option<usize>>,
    n_ranges: usize,
    /// Lanes of blocks that were dropped, as the bounds pass left them: when such a block is scored again, its lists'
    /// bounds are taken off that.
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
    /// The bounds pass; documents that are `absent`, or if there are conditions not `within` them, are never delivered.
    /// `starts`: what documents begin with.
    pub fn new<P: PartPages>(
        segment: &SegmentReader<'_, P>,
        lists: &[PlannedList],
        (absent, within): (RoaringBitmap, Option<Rc<DocSet>>),
        starts: Option<Starts>,
        simd: Simd,
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let mut sorted: Vec<PlannedList> = reserved(lists.len(), "query plan")?;
        sorted.extend_from_slice(lists);
        sorted.sort_by_key(|l| (l.subtract, std::cmp::Reverse(u32::from(l.weight) * u32::from(l.list.max_impact))));
        let n_ranges = n_ranges(segment.meta.n_docs) as usize;
        let special = segment.special()?;
        let mut irregular = &special.irregular - &absent;
        let n_blocks = segment.meta.n_docs.div_ceil(BLOCK_DOCS) as usize;
        let mut members = None;
        if let Some(within) = &within {
            irregular = irregular.iter().filter(|&doc| within.contains(doc)).collect();
            members = mask::blocks_with(within, n_blocks / FEW_BLOCKS_ONE_IN)?;
        }
        let n_lanes = match &members {
            None => n_ranges * RANGE_BLOCKS as usize + RANGE_LANES - RANGE_BLOCKS as usize,
            Some(members) => members.len(),
        };
        let mut blocks = Self {
            lanes: scratch.words(n_lanes)?,
            members,
            within,
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
            blocks.begin_lanes(segment, &starts, simd)?;
        }
        if blocks.members.is_some() {
            blocks.add_frequent_to_members(segment)?;
            blocks.add_rare(segment)?;
            return Ok(blocks);
        }
        blocks.add_frequent(segment, simd)?;
        blocks.add_rare(segment)?;
        if let Some(within) = &blocks.within {
            mask::keep_lanes(&mut blocks.lanes, within, simd);
        }
        Ok(blocks)
    }

    /// How many blocks have a bound.
    pub fn n_bounded(&self, n_docs: u32) -> u64 {
        self.members.as_ref().map_or(u64::from(n_docs.div_ceil(BLOCK_DOCS)), |members| members.len() as u64)
    }

    /// The block of a lane.
    #[inline]
    fn block_of(&self, lane: u32) -> u32 {
        self.members.as_ref().map_or(lane, |members| members.get(lane as usize).copied().unwrap_or(u32::MAX))
    }

    /// Gives its memory back.
    pub fn recycle(self, scratch: &mut Scratch) {
        scratch.take_words(self.lanes);
        scratch.take_postings(self.decoded);
    }

    /// Begins each lane with the greatest start of those of its documents that conditions leave.
    fn begin_lanes<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>, starts: &Starts, simd: Simd) -> Result<()> {
        let Some(within) = &self.within else {
            return starts::begin_lanes(segment, starts, simd, &mut self.lanes);
        };
        let Some(members) = &self.members else {
            return starts::begin_lanes_within(segment, starts, within, simd, &mut self.lanes);
        };
        let blocks = members.iter().zip(&mut self.lanes).map(|(&block, lane)| (block, (block, lane)));
        starts::of_blocks(segment, starts, blocks, |(block, lane), own| {
            let kept = (block * BLOCK_DOCS..).zip(own).filter(|(doc, _)| within.contains(*doc));
            *lane = kept.map(|(_, start)| start).max().unwrap_or(0);
        })
    }

    fn add_frequent<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>, simd: Simd) -> Result<()> {
        let mut lists = reserved(self.lists.len(), "query plan")?;
        for l in self.lists.iter().filter(|l| l.list.frequent && !l.subtract) {
            lists.push((l, segment.range_maxima(&l.list)?));
        }
        for (range, lanes) in (0u32..self.n_ranges as u32).zip(self.lanes.chunks_mut(RANGE_BLOCKS as usize)) {
            let n_chunks = chunks_of_range(segment.meta.n_docs, range);
            let runs = match &self.within {
                None => vec![(0, n_chunks)],
                Some(within) => mask::chunk_runs(within, range * RANGE_CHUNKS, n_chunks)?,
            };
            for (l, maxima) in &lists {
                let units = level_units(l.weight, maxima.get(range as usize).copied().unwrap_or(0)) as u16;
                for &(from, to) in &runs {
                    segment.for_each_bounds(&l.list, range, (from, to), |chunk, levels| {
                        simd.add_levels(&mut lanes[(chunk * CHUNK_BLOCKS) as usize..], levels, units);
                    })?;
                }
                segment.pages.check_interrupts();
            }
        }
        Ok(())
    }

    /// The same where few blocks have a lane: their levels are looked up one by one.
    fn add_frequent_to_members<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>) -> Result<()> {
        let Some(members) = &self.members else { return Ok(()) };
        for l in self.lists.iter().filter(|l| l.list.frequent && !l.subtract) {
            let maxima = segment.range_maxima(&l.list)?;
            let mut lanes = self.lanes.iter_mut();
            for of_range in members.chunk_by(|a, b| a / RANGE_BLOCKS == b / RANGE_BLOCKS) {
                let range = of_range[0] / RANGE_BLOCKS;
                let units = level_units(l.weight, maxima.get(range as usize).copied().unwrap_or(0)) as u16;
                for_each_level(segment, &l.list, of_range, |level| {
                    if let Some(lane) = lanes.next() {
                        *lane = lane.wrapping_add(u16::from(level).wrapping_mul(units));
                    }
                })?;
            }
            segment.pages.check_interrupts();
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
        let few = self.few_documents()?;
        let mut n = 0;
        for at in 0..self.lists.len() {
            let l = self.lists[at];
            if l.list.frequent {
                self.rows.push(None);
                continue;
            }
            self.rows.push(Some(self.begins.len()));
            n = match &few {
                None => self.add_rare_list(segment, &l, n)?,
                Some(few) => self.add_rare_of_few(segment, &l, few, n)?,
            };
        }
        self.begins.push(n);
        Ok(())
    }

    /// Adds all postings of a rare list to the lanes, and keeps them from place `n` on; returns the place behind them.
    /// Documents that conditions exclude are no exception: to tell them apart takes longer than to add them, and a bound
    /// that is a little too high does no harm.
    fn add_rare_list<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        l: &PlannedList,
        mut n: usize,
    ) -> Result<usize> {
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
        Ok(n)
    }

    /// The documents that conditions leave, each with its lane, if few blocks have one.
    fn few_documents(&self) -> Result<Option<FewDocuments>> {
        let (Some(within), Some(members)) = (&self.within, &self.members) else { return Ok(None) };
        let n = within.count() as usize;
        let (mut docs, mut lanes) = (reserved(n, "filtered documents")?, reserved(n, "filtered documents")?);
        let mut member = 0;
        for doc in within.iter() {
            member += gallop(&members[member..], doc / BLOCK_DOCS);
            docs.push(doc);
            lanes.push(member as u32);
        }
        Ok(Some(FewDocuments { docs, lanes }))
    }

    /// The same as [`Self::add_rare_list`] for few documents.
    fn add_rare_of_few<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        l: &PlannedList,
        few: &FewDocuments,
        mut n: usize,
    ) -> Result<usize> {
        let units = if l.subtract { [0; 256] } else { l.units_table() };
        let row = self.begins.len();
        self.begins.push(n);
        RareCursor::new(&l.list).for_each_among(segment, &few.docs, |at, impact| {
            let doc = few.docs[at];
            while self.begins.len() - row <= (doc / RANGE_DOCS) as usize {
                self.begins.push(n);
            }
            if let Some(slot) = self.decoded.get_mut(n) {
                *slot = (doc % RANGE_DOCS) << 8 | u32::from(impact);
                n += 1;
            }
            if let Some(lane) = self.lanes.get_mut(few.lanes[at] as usize) {
                *lane = lane.wrapping_add(units[usize::from(impact)]);
            }
        })?;
        self.begins.resize(row + self.n_ranges, n);
        Ok(n)
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

    fn first_lane(&self, at: u32) -> u16 {
        let sorted = &self.dropped[..self.n_sorted];
        match sorted.binary_search_by_key(&at, |d| d.0) {
            Ok(at) => sorted[at].1,
            Err(_) => self.lanes[at as usize],
        }
    }

    /// What a block's documents have before any list was looked at: nothing, and those that conditions exclude so
    /// little that they never count.
    fn no_sums(&self, block: u32) -> [i32; BLOCK_DOCS as usize] {
        let Some(within) = &self.within else { return [0; BLOCK_DOCS as usize] };
        std::array::from_fn(|at| if within.contains(block * BLOCK_DOCS + at as u32) { 0 } else { EXCLUDED })
    }

    /// Scores blocks, named by their lanes (ascending), as `rules` say: the keys of documents whose sums are positive
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
        candidates.extend(blocks.iter().map(|&lane| {
            let (block, first) = (self.block_of(lane), self.first_lane(lane));
            Candidate { lane, block, first, open: i32::from(first), sums: self.no_sums(block), ..Candidate::default() }
        }));
        if let Some(starts) = rules.scale.starts() {
            add_starts(segment, &starts, &mut candidates)?;
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
                self.dropped.push((c.lane, c.first));
                if let Some(lane) = self.lanes.get_mut(c.lane as usize) {
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
            self.lanes[c.lane as usize] = 0;
            for (doc, &sum) in (first..).zip(&c.sums) {
                if sum > 0 && doc < n_docs && !self.hidden.contains(doc) {
                    found.push(top::key(rules.scale.code(sum), rules.base + doc));
                }
            }
        }
        Ok(())
    }
}

/// Documents that conditions leave, where they are few.
struct FewDocuments {
    /// Ascending.
    docs: Vec<u32>,
    /// For each of them the lane of its block.
    lanes: Vec<u32>,
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
    /// Where its lane is.
    lane: u32,
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

/// Adds what the documents of candidates begin with; what may still come is the rest of their lanes.
fn add_starts<P: PartPages>(
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

/// Gives the level of each block (ascending, of one range) in a frequent list.
fn for_each_level<P: PartPages>(
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
