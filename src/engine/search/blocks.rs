//! Upper bounds for blocks of four documents, and the scoring of the few blocks that can matter.
//!
//! The bounds pass adds, range by range, for every frequent list `units x level` to 16-bit lanes, one lane a block;
//! rare lists are decoded once and add what they are. A lane then says: no document of this block has a greater sum.
//! Blocks are scored list by list, the heaviest first; a block is dropped as soon as the sum known so far plus what its
//! bounds say may come falls below the threshold. What is learned tightens its lane, so that a later round with a lower
//! threshold knows more; a block that was scored to its end has lane 0 and is never looked at again.

use std::rc::Rc;

use roaring::RoaringBitmap;

use super::block_lookups::{Candidate, add_frequent_blocks, add_rare_blocks, add_starts, for_each_level};
use super::mask;
use super::query::{PlannedList, ScoreScale, level_units};
use super::rare_lists::{FewDocuments, RANGE_LANES, RareLists};
use super::rounds::Prune;
use super::scratch::Scratch;
use super::simd::Simd;
use super::starts::{self, Starts};
use super::top;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{BLOCK_DOCS, CHUNK_BLOCKS, RANGE_BLOCKS, RANGE_CHUNKS, chunks_of_range, n_ranges};
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;

/// Where conditions leave fewer than one block in so many, only those have lanes: looking a level up takes about as long
/// as adding this many.
pub const FEW_BLOCKS_ONE_IN: usize = 40;
/// The sum of a document that conditions exclude; whatever is added to it, it stays below 0.
const EXCLUDED: i32 = i32::MIN / 2;

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
    rare: RareLists,
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
            rare: RareLists::default(),
            n_ranges,
            dropped: Vec::new(),
            n_sorted: 0,
            hidden: absent | special.null | special.zero_norm | special.irregular,
            irregular,
        };
        if let Some(starts) = starts {
            blocks.begin_lanes(segment, &starts, simd)?;
        }
        match blocks.members.is_some() {
            true => blocks.add_frequent_to_members(segment)?,
            false => blocks.add_frequent(segment, simd)?,
        }
        let few = match (&blocks.within, &blocks.members) {
            (Some(within), Some(members)) => Some(FewDocuments::new(within, members)?),
            _ => None,
        };
        let lanes = (n_ranges, &mut blocks.lanes[..]);
        blocks.rare = RareLists::add(segment, &blocks.lists, few.as_ref(), lanes, scratch)?;
        if let (Some(within), None) = (&blocks.within, few) {
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
        scratch.take_postings(self.rare.into_decoded());
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
            Candidate::new(lane, block, first, self.no_sums(block))
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
                    add_rare_blocks(self.rare.postings(at, group[0].range()), &l, group);
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
