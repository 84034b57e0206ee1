//! The ranking of a whole index: which strategy, in which rounds, over all segments together.
//!
//! **Blocks**: after the bounds pass, rounds. A round wants `target` documents. It scores blocks in growing batches, those
//! with the greatest bounds first; the `target`-th best score found so far is its threshold, since at least that many
//! documents reach it. When no block is left whose bound reaches the threshold, all documents that do are known and
//! delivered, in order. The next round wants eight times as many.
//!
//! **Exhaustive**: all postings are scored once, and documents stream from their codes. It takes over when a round would
//! score so many blocks that scoring everything is cheaper, and when positive scores run out. Both compute the same sums, so
//! it goes on exactly where the rounds stopped.

use super::blocks::{BlockCounts, MAX_LISTS, Rules, SegmentBlocks, lane_shift};
use super::query::{Distance, Plan, PlannedList, Ranking, ScoreScale, code, plan};
use super::score::Scorer;
use super::stream::Stream;
use super::top;
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::ids::Metric;
use crate::engine::segment::format::{BLOCK_DOCS, SegmentMeta};
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;
use crate::engine::vector::SparseVectorRef;

/// Documents the first round of blocks wants: LIMIT 10 and the few that the recheck needs beyond.
const FIRST_TARGET: usize = 16;
/// Growth of the rounds.
const GROWTH: usize = 8;
/// Blocks that a first round scores for each document wanted, as a guess before it is known.
const FIRST_BATCHES: usize = 8;
/// Growth of the batches in which a round scores its blocks, the best first.
const BATCH_GROWTH: usize = 4;

/// Nanoseconds, measured on one machine; only their ratios matter.
mod cost {
    /// Scoring a posting exhaustively.
    pub const POSTING: f64 = 0.7;
    /// Turning a document's sum into a code and looking at it.
    pub const DOCUMENT: f64 = 0.5;
    /// Adding one frequent list to the bound of a block.
    pub const BOUND: f64 = 0.05;
    /// Decoding a rare posting and adding it to its block.
    pub const RARE: f64 = 5.0;
    /// Scoring a block: a look-up in most of the query's lists, each a miss of the cache.
    pub const BLOCK: f64 = 2500.0;
}

/// How documents are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Whatever is estimated to be cheaper.
    #[default]
    Auto,
    /// Score every posting.
    Exhaustive,
    /// Bounds first, as long as there is a positive one.
    Blocks,
}

/// A segment that the ranker can keep.
pub trait Segment: PartPages {
    /// Its totals.
    fn meta(&self) -> &SegmentMeta;

    /// An error of the engine with the block it is about, if the store knows it.
    fn locate(&self, error: EngineError) -> EngineError {
        error
    }
}

fn reader<S: Segment>(segment: &S) -> SegmentReader<'_, S> {
    SegmentReader { pages: segment, meta: segment.meta() }
}

/// What a ranking did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RankCounts {
    /// Lists of the query found in the segments.
    pub lists: u64,
    /// Their postings.
    pub postings: u64,
    /// Blocks that got a bound.
    pub bounded: u64,
    /// What became of blocks.
    pub blocks: BlockCounts,
    /// Rounds of blocks.
    pub rounds: u32,
    /// Whether every posting was scored.
    pub exhaustive: bool,
    /// Documents delivered.
    pub delivered: u64,
}

/// A document of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The position of its segment.
    pub segment: usize,
    /// Its number there.
    pub doc: u32,
    /// A lower bound of its distance.
    pub distance: Distance,
}

/// A ranking under way.
pub struct Ranker<S> {
    metric: Metric,
    segments: Vec<S>,
    /// The number in the ranking of each segment's first document.
    bases: Vec<u32>,
    n_docs: u32,
    plan: Plan,
    strategy: Strategy,
    state: State,
    counts: RankCounts,
}

enum State {
    Blocks(Rounds),
    Codes(Stream),
}

/// The rounds of blocks.
struct Rounds {
    scale: ScoreScale,
    shift: u32,
    blocks: Vec<SegmentBlocks>,
    /// Documents scored and not delivered, as keys.
    pool: Vec<u64>,
    /// Documents of this round, best last.
    ready: Vec<u64>,
    target: usize,
    /// Every document with this code or a higher one has been delivered or is ready.
    delivered: u16,
}

impl<S: Segment> Ranker<S> {
    /// Ranks the documents of `segments` for `query`; the rest is done as documents are asked for.
    pub fn new(
        segments: Vec<S>,
        metric: Metric,
        query: Option<SparseVectorRef<'_>>,
        strategy: Strategy,
    ) -> Result<Self> {
        let mut bases = reserved(segments.len(), "segments")?;
        let mut n_docs = 0u32;
        for segment in &segments {
            bases.push(n_docs);
            let sum = n_docs.checked_add(segment.meta().n_docs);
            n_docs = sum.ok_or(EngineError::Limit { what: "documents of an index", limit: u64::from(u32::MAX) })?;
        }
        let readers: Vec<_> = segments.iter().map(reader).collect();
        let plan = plan(query, metric, &readers)?;
        drop(readers);
        let lists = || plan.segments.iter().flatten();
        let counts = RankCounts {
            lists: lists().count() as u64,
            postings: lists().map(|l| u64::from(l.list.df)).sum(),
            ..RankCounts::default()
        };
        // Replaced at once; an empty stream stands in.
        let state = State::Codes(Stream::new(Vec::new(), 0));
        let mut ranker = Self { metric, segments, bases, n_docs, plan, strategy, state, counts };
        ranker.state = match ranker.plan.ranking {
            Ranking::Scored(scale) if ranker.wants_blocks() => State::Blocks(ranker.bound_blocks(scale)?),
            _ => State::Codes(ranker.score_all(u64::MAX)?),
        };
        Ok(ranker)
    }

    /// What was done so far.
    pub fn counts(&self) -> RankCounts {
        self.counts
    }

    /// The segments, in the order of [`Ranked::segment`].
    pub fn segments(&self) -> &[S] {
        &self.segments
    }

    /// The best document not yet delivered.
    pub fn next_best(&mut self) -> Result<Option<Ranked>> {
        let key = loop {
            match &mut self.state {
                State::Codes(stream) => break stream.next_best()?,
                State::Blocks(rounds) => {
                    if let Some(key) = rounds.ready.pop() {
                        break Some(key);
                    }
                }
            }
            self.next_round()?;
        };
        let Some(key) = key else { return Ok(None) };
        self.counts.delivered += 1;
        let (code, doc) = (top::value_of(key), top::place_of(key));
        let segment = self.bases.partition_point(|&base| base <= doc).saturating_sub(1);
        let distance = self.plan.ranking.distance(code, self.metric);
        Ok(Some(Ranked { segment, doc: doc - self.bases[segment], distance }))
    }

    fn exhaustive_cost(&self) -> f64 {
        self.counts.postings as f64 * cost::POSTING + f64::from(self.n_docs) * cost::DOCUMENT
    }

    fn wants_blocks(&self) -> bool {
        let many_lists = self.plan.segments.iter().any(|lists| lists.len() > MAX_LISTS);
        if many_lists || self.strategy == Strategy::Exhaustive {
            return false;
        }
        if self.strategy == Strategy::Blocks {
            return true;
        }
        let blocks = |n: u32| f64::from(n.div_ceil(BLOCK_DOCS));
        let bounds: f64 = self
            .segments
            .iter()
            .zip(&self.plan.segments)
            .map(|(segment, lists)| {
                let of_list = |l: &PlannedList| match l.list.frequent {
                    true => blocks(segment.meta().n_docs) * cost::BOUND,
                    false => f64::from(l.list.df) * cost::RARE,
                };
                lists.iter().map(of_list).sum::<f64>() + blocks(segment.meta().n_docs) * cost::DOCUMENT
            })
            .sum();
        bounds + (FIRST_TARGET * FIRST_BATCHES) as f64 * cost::BLOCK < self.exhaustive_cost()
    }

    fn bound_blocks(&mut self, scale: ScoreScale) -> Result<Rounds> {
        let shift = lane_shift(self.plan.segments.iter().map(Vec::as_slice));
        let mut blocks = reserved(self.segments.len(), "segments")?;
        let mut ready = Vec::new();
        for ((segment, lists), &base) in self.segments.iter().zip(&self.plan.segments).zip(&self.bases) {
            let located = |e| segment.locate(e);
            let reader = reader(segment);
            let bounded = SegmentBlocks::new(&reader, lists, shift).map_err(located)?;
            self.counts.bounded += bounded.lanes().len() as u64;
            // Documents that no bound can judge come first.
            let irregular = reader.special().map_err(located)?.irregular - bounded.dead();
            reserve(&mut ready, irregular.len() as usize, "ranking round")?;
            ready.extend(irregular.iter().map(|doc| top::key(code::IRREGULAR, base + doc)));
            blocks.push(bounded);
        }
        ready.sort_unstable();
        let delivered = code::IRREGULAR;
        Ok(Rounds { scale, shift, blocks, pool: Vec::new(), ready, target: FIRST_TARGET, delivered })
    }

    /// Scores every posting; documents with keys below `bound` remain to be delivered.
    fn score_all(&mut self, bound: u64) -> Result<Stream> {
        let mut codes = filled(self.n_docs as usize, 0u16, "document scores")?;
        let mut scorer = Scorer::new()?;
        let mut rest = &mut codes[..];
        for (segment, lists) in self.segments.iter().zip(&self.plan.segments) {
            let (own, behind) = rest.split_at_mut(segment.meta().n_docs as usize);
            let scored = scorer.score_segment(&reader(segment), &self.plan.ranking, lists, own);
            scored.map_err(|e| segment.locate(e))?;
            rest = behind;
        }
        self.counts.exhaustive = true;
        Ok(Stream::new(codes, bound))
    }

    /// Finds the documents of the next round, or changes over to scoring everything.
    fn next_round(&mut self) -> Result<()> {
        let budget = match self.strategy {
            Strategy::Blocks => f64::INFINITY,
            _ => self.exhaustive_cost(),
        };
        let State::Blocks(rounds) = &mut self.state else { return Ok(()) };
        self.counts.rounds += 1;
        let most = (budget / cost::BLOCK) as usize;
        if rounds.fill(&self.segments, &self.bases, most, &mut self.counts.blocks)? {
            return Ok(());
        }
        // Keys of delivered documents are those with at least the last round's code.
        let bound = u64::from(rounds.delivered) << 32;
        self.state = State::Codes(self.score_all(bound)?);
        Ok(())
    }
}

impl Rounds {
    /// Fills `ready`; false if that would mean to score more than `most` blocks, or if no positive score is left.
    fn fill<S: Segment>(
        &mut self,
        segments: &[S],
        bases: &[u32],
        most: usize,
        counts: &mut BlockCounts,
    ) -> Result<bool> {
        let (mut batch, mut scored) = (self.target, 0);
        loop {
            let reached = if self.pool.len() < self.target { None } else { Some(self.target_code()) };
            let threshold = reached.map_or(1, |code| self.scale.least_sum(code));
            if threshold <= 0 {
                return Ok(false);
            }
            let lane = (threshold as u64).div_ceil(1 << self.shift);
            let Ok(lane) = u16::try_from(lane) else { break };
            let (n, found) = self.best_blocks(batch, lane)?;
            if n == 0 {
                break;
            }
            // Down to the lane's own sum: what is dropped then gets a lower lane, and is not found again in this round.
            let threshold = (i64::from(lane - 1) << self.shift) + 1;
            scored += n;
            if scored > most {
                return Ok(false);
            }
            self.score(segments, bases, &found, threshold, counts)?;
            batch = batch.saturating_mul(BATCH_GROWTH);
        }
        if self.pool.len() < self.target {
            return Ok(false);
        }
        let reached = self.target_code();
        self.pool.sort_unstable();
        let cut = self.pool.partition_point(|&key| top::value_of(key) < reached);
        self.ready = self.pool.split_off(cut);
        self.delivered = reached;
        self.target = self.target.saturating_mul(GROWTH);
        Ok(true)
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
            top::greatest_keys(blocks.lanes(), n, top::key(lane, u32::MAX), u64::MAX, &mut keys)?;
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

    /// Scores blocks down to a threshold.
    fn score<S: Segment>(
        &mut self,
        segments: &[S],
        bases: &[u32],
        found: &[Vec<u32>],
        threshold: i64,
        counts: &mut BlockCounts,
    ) -> Result<()> {
        for (((blocks, segment), &base), found) in self.blocks.iter_mut().zip(segments).zip(bases).zip(found) {
            let rules = Rules { threshold, scale: &self.scale, shift: self.shift, base };
            let scored = blocks.score(&reader(segment), found, &rules, &mut self.pool, counts);
            scored.map_err(|e| segment.locate(e))?;
        }
        Ok(())
    }
}
