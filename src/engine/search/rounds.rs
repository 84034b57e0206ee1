//! The rounds of blocks: each finds the next best documents by bounds, and nothing is done twice.
//!
//! A round wants `target` documents. It scores blocks in growing batches, those with the greatest bounds first; the
//! `target`-th best score found so far is its threshold, since at least that many documents reach it. When no block is
//! left whose bound reaches the threshold, all documents that do are known and delivered, in order.

use super::blocks::{BlockCounts, Rules, SegmentBlocks};
use super::query::{ScoreScale, code};
use super::ranker::{Segment, reader};
use super::simd::Simd;
use super::top;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::segment::pages::{Part, corrupt};

/// Growth of the rounds.
const GROWTH: usize = 10;
/// Growth of the batches in which a round scores its blocks, the best first: few batches as long as they are small, for
/// each visits all lists; then smaller steps, for each batch makes the threshold of the next one better.
fn next_batch(batch: usize) -> usize {
    batch.saturating_mul(if batch < 64 { 4 } else { 2 })
}

/// A ranking by rounds of blocks.
pub struct Rounds {
    scale: ScoreScale,
    simd: Simd,
    prune: Prune,
    blocks: Vec<SegmentBlocks>,
    /// Documents scored and not delivered, as keys.
    pool: Vec<u64>,
    /// Documents of this round, best last.
    ready: Vec<u64>,
    /// Documents of all rounds, by their places: none may come once more when everything is scored, though a damaged
    /// list may then give it another score.
    given: Vec<u32>,
    target: usize,
    /// Every document with this code or a higher one has been delivered or is ready.
    delivered: u16,
    /// The least code that is to be delivered.
    floor: u16,
}

/// A factor for bounds, in steps of 1 / 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prune(u16);

impl Prune {
    /// At most 1.
    pub fn new(factor: f64) -> Self {
        Self((factor * 256.0).round().clamp(1.0, 256.0) as u16)
    }

    /// Whether nothing is pruned that could matter.
    fn is_exact(self) -> bool {
        self.0 == 256
    }

    /// What may still come, as far as it is believed.
    #[inline]
    pub fn of(self, open: i32) -> i32 {
        (i64::from(open) * i64::from(self.0) / 256) as i32
    }

    /// The least lane whose believed part reaches `sum`. Lanes that begin with starts are more than bounds, and are
    /// believed as they are.
    fn least_lane(self, sum: i32, scale: &ScoreScale) -> u32 {
        let believed = if scale.starts().is_some() { 256 } else { u32::from(self.0) };
        (sum.max(0) as u32 * 256).div_ceil(believed)
    }
}

impl Rounds {
    /// Before the first round, which wants `target` documents; none with a code below `floor` is wanted ever.
    /// `irregular`: keys of documents that no bound can judge, which come before it.
    pub fn new(
        scale: ScoreScale,
        simd: Simd,
        prune: Prune,
        blocks: Vec<SegmentBlocks>,
        mut irregular: Vec<u64>,
        (target, floor): (usize, u16),
    ) -> Self {
        irregular.sort_unstable();
        let (pool, delivered) = (Vec::new(), code::IRREGULAR);
        let given = irregular.iter().map(|&key| top::place_of(key)).collect();
        Self { scale, simd, prune, blocks, pool, ready: irregular, given, target, delivered, floor }
    }

    /// The best document of the round that is left.
    pub fn pop(&mut self) -> Option<u64> {
        self.ready.pop()
    }

    /// How many documents of the round are left.
    pub fn n_ready(&self) -> usize {
        self.ready.len()
    }

    /// Every document whose key is at least this has been delivered or is ready.
    pub fn bound(&self) -> u64 {
        u64::from(self.delivered) << 32
    }

    /// The blocks, for their memory's sake, and the places of the documents that have come.
    pub fn into_parts(self) -> (Vec<SegmentBlocks>, Vec<u32>) {
        (self.blocks, self.given)
    }

    /// Whether everything that is wanted has been delivered or is ready.
    pub fn is_done(&self) -> bool {
        self.delivered <= self.floor
    }

    /// Finds the documents of the next round; false if that would mean to score more than `most` blocks, or if no
    /// positive score is left that is wanted.
    pub fn next_round<S: Segment>(
        &mut self,
        segments: &[S],
        bases: &[u32],
        most: usize,
        counts: &mut BlockCounts,
    ) -> Result<bool> {
        if self.delivered < code::IRREGULAR {
            self.blocks.iter_mut().for_each(SegmentBlocks::begin_round);
        }
        // Positive scores, and of them those that are wanted.
        let floor = self.floor.max(self.scale.zero_code() + 1);
        if self.delivered <= floor {
            return Ok(false);
        }
        // Four documents a block: half as many blocks as documents are more than enough for a first threshold.
        let (mut batch, mut scored) = (self.target / 2 + 1, 0);
        let reached = loop {
            let reached = if self.pool.len() < self.target { floor } else { self.target_code().max(floor) };
            let least = self.scale.sum(reached);
            let Ok(lane) = u16::try_from(self.prune.least_lane(least, &self.scale)) else { break reached };
            let (n, found) = self.best_blocks(batch, lane)?;
            if n == 0 {
                break reached;
            }
            scored += n;
            if scored > most {
                return Ok(false);
            }
            self.score(segments, bases, &found, least, counts)?;
            batch = next_batch(batch);
        };
        self.pool.sort_unstable();
        let cut = self.pool.partition_point(|&key| top::value_of(key) < reached);
        self.ready = reserved(self.pool.len() - cut, "ranking round")?;
        self.ready.extend_from_slice(&self.pool[cut..]);
        self.pool.truncate(cut);
        reserve(&mut self.given, self.ready.len(), "ranking round")?;
        self.given.extend(self.ready.iter().map(|&key| top::place_of(key)));
        self.delivered = reached;
        self.target = self.target.saturating_mul(GROWTH);
        Ok(!self.ready.is_empty())
    }

    /// The code of the `target`-th best document of the pool, which has that many.
    fn target_code(&mut self) -> u16 {
        let at = self.pool.len() - self.target;
        let (_, &mut key, _) = self.pool.select_nth_unstable(at);
        top::value_of(key)
    }

    /// The `n` blocks with the greatest lanes of all that are at least `lane`: how many there are, and for each segment
    /// which, ascending.
    fn best_blocks(&self, n: usize, lane: u16) -> Result<(usize, Vec<Vec<u32>>)> {
        let mut best: Vec<(u64, usize)> = Vec::new();
        for (at, blocks) in self.blocks.iter().enumerate() {
            let mut keys = Vec::new();
            top::greatest_keys(blocks.lanes(), n, top::key(lane, u32::MAX), u64::MAX, self.simd, &mut keys)?;
            reserve(&mut best, keys.len(), "block candidates")?;
            best.extend(keys.into_iter().map(|key| (key, at)));
        }
        if self.blocks.len() > 1 {
            best.sort_unstable_by_key(|&(key, at)| (std::cmp::Reverse(top::value_of(key)), at));
            best.truncate(n);
        }
        let n = best.len();
        let mut found = vec![Vec::new(); self.blocks.len()];
        for (key, at) in best {
            reserve(&mut found[at], 1, "block candidates")?;
            found[at].push(top::place_of(key));
        }
        found.iter_mut().for_each(|of_segment| of_segment.sort_unstable());
        Ok((n, found))
    }

    /// Scores blocks down to a sum.
    fn score<S: Segment>(
        &mut self,
        segments: &[S],
        bases: &[u32],
        found: &[Vec<u32>],
        least: i32,
        counts: &mut BlockCounts,
    ) -> Result<()> {
        let known = self.pool.len();
        for (((blocks, segment), &base), found) in self.blocks.iter_mut().zip(segments).zip(bases).zip(found) {
            let rules = Rules { least, prune: self.prune, scale: &self.scale, base };
            let before = self.pool.len();
            let scored = blocks.score(&reader(segment), found, &rules, &mut self.pool, counts);
            scored.map_err(|e| segment.locate(e))?;
            // It should have come in an earlier round. Then the stream would not be in order.
            let is_late = |key: &u64| top::value_of(*key) >= self.delivered;
            if self.prune.is_exact() && self.pool[before..].iter().any(is_late) {
                return Err(segment.locate(corrupt(Part::Bounds, 0, "a document scores above the bound of its block")));
            }
        }
        if !self.prune.is_exact() {
            // What an earlier round passed over and should have delivered comes too late.
            let mut at = 0;
            let delivered = self.delivered;
            self.pool.retain(|&key| {
                at += 1;
                at <= known || top::value_of(key) < delivered
            });
        }
        Ok(())
    }
}
