//! The ranking of a whole index: which strategy, over all segments together.
//!
//! **Blocks** ([`super::rounds`]): after the bounds pass, rounds that deliver the best documents without looking at
//! most others.
//!
//! **Exhaustive**: all postings are scored once, and documents stream from their codes. It takes over when a round
//! would score so many blocks that scoring everything is cheaper, and when positive scores run out. Both compute the
//! same sums, so it goes on exactly where the rounds stopped.

use std::rc::Rc;

use roaring::RoaringBitmap;

use super::blocks::{BlockCounts, SegmentBlocks};
use super::candidates::{Wanted, best_of};
use super::choice::Choice;
use super::matching::{Terms, with_terms};
use super::query::{Distance, MAX_BLOCK_LISTS, Plan, Ranking, ScoreScale, code, plan};
use super::rounds::{Prune, Rounds};
use super::score::{n_codes, score_segment};
use super::scratch::Scratch;
use super::simd::{Kernel, Simd};
use super::stream::Stream;
use super::top;
use crate::engine::error::{EngineError, PARTITION, Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::ids::Metric;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;
use crate::engine::survey::{Survey, Way, Wish};
use crate::engine::vector::SparseVectorRef;

/// Documents the first round of blocks wants if nobody knows better: LIMIT 10 and the few that the recheck needs
/// beyond.
const FIRST_TARGET: usize = 16;
/// And most, whoever knows.
const LARGEST_TARGET: usize = 1 << 20;

/// How documents are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Whatever is estimated to be cheaper.
    #[default]
    Auto,
    /// Score every posting.
    Exhaustive,
    /// Bounds first, as long as there is a positive one, and a round needs no more than [`MOST_BLOCKS`].
    Blocks,
    /// Each document by itself if conditions leave a part of them, else whatever is cheaper.
    Candidates,
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How documents are found.
    pub strategy: Strategy,
    /// In which width.
    pub kernel: Kernel,
    /// How many documents will be asked for, if somebody knows. It decides what is cheaper, not what is delivered.
    pub goal: Option<usize>,
    /// 1: exact. Below, a block is passed over when its bound times this is under the threshold, and documents may be
    /// missing.
    pub prune_factor: f64,
    /// Whether killed documents are passed over: they are dead to every snapshot but those of a standby.
    pub skip_killed: bool,
    /// Nanoseconds since some time.
    pub clock: fn() -> u64,
}

impl Options {
    /// Documents that the first round wants: those asked for, and what the recheck takes beyond, a twentieth and a few.
    fn target(&self) -> usize {
        self.goal.map_or(FIRST_TARGET, |goal| goal.saturating_add(goal / 16 + 6).min(LARGEST_TARGET))
    }

    /// What decides the cost, where conditions leave a part of the documents.
    fn wish(&self, kept: f64) -> Wish {
        Wish { documents: self.target(), prune_factor: self.prune_factor, kept }
    }
}

impl Default for Options {
    fn default() -> Self {
        let (strategy, kernel) = (Strategy::Auto, Kernel::best());
        Self { strategy, kernel, goal: None, prune_factor: 1.0, skip_killed: true, clock: || 0 }
    }
}

/// A segment that the ranker can keep.
pub trait Segment: PartPages {
    /// Its totals.
    fn meta(&self) -> &SegmentMeta;
}

/// The engine's view of a segment.
pub fn reader<S: Segment>(segment: &S) -> SegmentReader<'_, S> {
    SegmentReader { pages: segment, meta: segment.meta() }
}

/// What a ranking did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RankCounts {
    /// Terms of the query that some segment has.
    pub terms: u64,
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
    /// Whether each document that conditions left was looked up by itself.
    pub candidates: bool,
    /// Documents that conditions left, dead ones apart; none if there are no conditions.
    pub within: u64,
    /// Documents delivered.
    pub delivered: u64,
    /// Nanoseconds by phase.
    pub time: PhaseTimes,
}

/// Nanoseconds of a ranking by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Looking up the query's terms.
    pub plan: u64,
    /// Bounds of all blocks.
    pub bounds: u64,
    /// Choosing and scoring blocks.
    pub blocks: u64,
    /// Scoring every posting.
    pub exhaustive: u64,
    /// Picking the best of all scores.
    pub select: u64,
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
    /// The number in the ranking of each segment's first document; a whole number of chunks.
    bases: Vec<u32>,
    n_positions: u32,
    plan: Plan,
    options: Options,
    simd: Simd,
    scratch: Scratch,
    state: State,
    counts: RankCounts,
    /// For each segment the documents that conditions leave and that are present, or `None` for all.
    within: Vec<Option<Rc<DocSet>>>,
    /// The least code that is delivered.
    floor: u16,
    /// The key of the last document delivered.
    last: Option<u64>,
}

enum State {
    Blocks(Rounds),
    Codes(Stream),
    /// Documents that have not been delivered, best last; `left_out`: others have not been scored to the end.
    Candidates {
        keys: Vec<u64>,
        left_out: bool,
    },
}

impl<S: Segment> Ranker<S> {
    /// Ranks the documents of `segments` for `query`; the rest is done as documents are asked for.
    pub fn new(
        segments: Vec<S>,
        metric: Metric,
        query: Option<SparseVectorRef<'_>>,
        options: Options,
        scratch: Scratch,
    ) -> Result<Self> {
        Self::among(Choice::default(), segments, metric, query, options, scratch)
    }

    /// The same for the documents that conditions leave.
    pub fn among(
        choice: Choice,
        segments: Vec<S>,
        metric: Metric,
        query: Option<SparseVectorRef<'_>>,
        options: Options,
        scratch: Scratch,
    ) -> Result<Self> {
        let begin = (options.clock)();
        let mut bases = reserved(segments.len(), "segments")?;
        let mut n_positions = 0u32;
        for segment in &segments {
            bases.push(n_positions);
            let next = u32::try_from(n_codes(segment.meta().n_docs)).ok().and_then(|n| n_positions.checked_add(n));
            n_positions = next.ok_or(EngineError::Limit {
                what: "documents of an index",
                limit: MAX_POSITIONS,
                remedy: PARTITION,
            })?;
        }
        let readers: Vec<_> = segments.iter().map(reader).collect();
        let plan = plan(query, metric, &readers)?;
        drop(readers);
        let lists = || plan.segments.iter().flatten();
        let counts = RankCounts {
            terms: plan.terms as u64,
            lists: lists().count() as u64,
            postings: lists().map(|l| u64::from(l.list.df)).sum(),
            time: PhaseTimes { plan: (options.clock)() - begin, ..PhaseTimes::default() },
            ..RankCounts::default()
        };
        // Replaced at once; an empty stream stands in.
        let state = State::Codes(Stream::empty());
        let simd = Simd::new(options.kernel);
        let (within, floor, last) = (Vec::new(), code::NULL, None);
        let mut ranker = Self {
            metric,
            segments,
            bases,
            n_positions,
            plan,
            options,
            simd,
            scratch,
            state,
            counts,
            within,
            floor,
            last,
        };
        ranker.choose(choice, query)?;
        ranker.state = match ranker.plan.ranking {
            _ if ranker.wants_candidates() => ranker.score_candidates(false)?,
            Ranking::Scored(scale) if ranker.wants_blocks() => State::Blocks(ranker.bound_blocks(scale)?),
            _ => State::Codes(ranker.score_all(u64::MAX, &[])?),
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

    /// Ends the ranking; its memory is for the next one.
    pub fn into_scratch(self) -> Scratch {
        let mut scratch = self.scratch;
        match self.state {
            State::Candidates { .. } => {}
            State::Codes(stream) => scratch.take_words(stream.into_codes()),
            State::Blocks(rounds) => rounds.into_parts().0.into_iter().for_each(|b| b.recycle(&mut scratch)),
        }
        scratch
    }

    /// How many documents can be had without further work.
    pub fn n_ready(&self) -> usize {
        match &self.state {
            State::Candidates { keys, .. } => keys.len(),
            State::Codes(stream) => stream.n_ready(),
            State::Blocks(rounds) => rounds.n_ready(),
        }
    }

    /// The best document not yet delivered.
    pub fn next_best(&mut self) -> Result<Option<Ranked>> {
        let key = loop {
            match &mut self.state {
                State::Candidates { keys, left_out } => match keys.pop() {
                    None if *left_out => {}
                    next => break next,
                },
                State::Codes(stream) => {
                    let begin = (stream.n_ready() == 0).then(self.options.clock);
                    let next = stream.next_best(self.simd)?;
                    if let Some(begin) = begin {
                        self.counts.time.select += (self.options.clock)() - begin;
                    }
                    break next;
                }
                State::Blocks(rounds) => {
                    if let Some(key) = rounds.pop() {
                        break Some(key);
                    }
                }
            }
            self.next_round()?;
        };
        let Some(key) = key else { return Ok(None) };
        self.last = Some(key);
        self.counts.delivered += 1;
        let (code, doc) = (top::value_of(key), top::place_of(key));
        let segment = self.bases.partition_point(|&base| base <= doc).saturating_sub(1);
        let distance = self.plan.ranking.distance(code, self.metric);
        Ok(Some(Ranked { segment, doc: doc - self.bases[segment], distance }))
    }

    /// Takes the conditions to heart: which documents of each segment are to be ranked, and where the stream ends.
    fn choose(&mut self, choice: Choice, query: Option<SparseVectorRef<'_>>) -> Result<()> {
        let floor = choice.floor.code(&self.plan.ranking);
        self.floor = floor.unwrap_or(code::NULL);
        let mut chosen = choice.within.into_iter();
        let mut within = reserved(self.segments.len(), "segments")?;
        let should = query.map_or(&[][..], |query| query.indices());
        let sharing = Terms { should, minimum: 1, ..Terms::default() };
        for segment in &self.segments {
            let mut set = chosen.next().flatten();
            self.finish_choice(segment, floor.is_none().then_some(&sharing), &mut set)
                .map_err(|e| segment.locate(e))?;
            self.counts.within += set.as_ref().map_or(0, |set| u64::from(set.count()));
            within.push(set.map(Rc::new));
        }
        self.within = within;
        Ok(())
    }

    /// Leaves in `set`, which may stand for all documents, those that have some of the terms and are present.
    fn finish_choice(&self, segment: &S, sharing: Option<&Terms<'_>>, set: &mut Option<DocSet>) -> Result<()> {
        // Codes do not tell which documents share a term: the lists do.
        if let Some(terms) = sharing {
            let found = with_terms(&reader(segment), terms)?;
            match set {
                None => *set = Some(found),
                Some(set) => set.and(&found),
            }
        }
        set.as_mut().map_or(Ok(()), |set| reader(segment).keep_present(self.options.skip_killed, set))
    }

    /// The documents of a segment that are never delivered; none of them if conditions say which are.
    fn absent(&self, at: usize) -> Result<RoaringBitmap> {
        match self.within.get(at) {
            Some(Some(_)) => Ok(RoaringBitmap::new()),
            _ => reader(&self.segments[at]).absent(self.options.skip_killed),
        }
    }

    /// What the query touches.
    fn survey(&self) -> Survey {
        let mut survey = Survey { segments: self.segments.len(), ..Survey::default() };
        for (segment, lists) in self.segments.iter().zip(&self.plan.segments) {
            survey.documents += f64::from(segment.meta().n_docs);
            lists.iter().for_each(|l| survey.add(&l.list, segment.meta()));
        }
        survey
    }

    /// The part of the documents that conditions leave.
    fn kept(&self) -> f64 {
        let (mut kept, mut all) = (0.0, 0.0);
        for (segment, within) in self.segments.iter().zip(&self.within) {
            let n_docs = f64::from(segment.meta().n_docs);
            all += n_docs;
            kept += within.as_ref().map_or(n_docs, |set| f64::from(set.count()));
        }
        if all > 0.0 { kept / all } else { 1.0 }
    }

    /// Whether conditions leave so few documents that each is best looked up by itself.
    fn wants_candidates(&self) -> bool {
        let is_whole = self.within.iter().any(Option::is_none);
        match self.options.strategy {
            Strategy::Auto => !is_whole && self.survey().is_few(self.counts.within),
            Strategy::Candidates => !is_whole,
            Strategy::Exhaustive | Strategy::Blocks => false,
        }
    }

    /// The best of the documents that conditions leave, as many as the first round wants, or if `all`, all of them that
    /// have not been delivered.
    fn score_candidates(&mut self, all: bool) -> Result<State> {
        let begin = (self.options.clock)();
        let n = if all { usize::MAX } else { self.options.target() };
        let (mut keys, mut left_out) = (Vec::new(), false);
        for (at, (segment, lists)) in self.segments.iter().zip(&self.plan.segments).enumerate() {
            let Some(set) = self.within.get(at).and_then(Option::as_deref) else { continue };
            let wanted = Wanted { base: self.bases[at], floor: self.floor, n };
            let whole = best_of(&reader(segment), &self.plan.ranking, lists, set, wanted, &mut keys);
            left_out |= !whole.map_err(|e| segment.locate(e))?;
        }
        keys.sort_unstable();
        if left_out {
            // What is below the wanted ones may be below others that were left out.
            let worst = keys.len().checked_sub(n).map_or(code::DEAD, |at| top::value_of(keys[at]));
            keys.drain(..keys.partition_point(|&key| top::value_of(key) < worst));
        }
        if let Some(last) = self.last {
            keys.truncate(keys.partition_point(|&key| key < last));
        }
        self.counts.candidates = true;
        self.counts.time.blocks += (self.options.clock)() - begin;
        Ok(State::Candidates { keys, left_out })
    }

    fn wants_blocks(&self) -> bool {
        let many_lists = self.plan.segments.iter().any(|lists| lists.len() > MAX_BLOCK_LISTS);
        !many_lists
            && match self.options.strategy {
                Strategy::Exhaustive => false,
                Strategy::Blocks => true,
                Strategy::Auto | Strategy::Candidates => {
                    self.survey().way(self.options.wish(self.kept())) == Way::Bounds
                }
            }
    }

    fn bound_blocks(&mut self, scale: ScoreScale) -> Result<Rounds> {
        let begin = (self.options.clock)();
        let mut blocks = reserved(self.segments.len(), "segments")?;
        let mut irregular = Vec::new();
        for (at, (segment, lists)) in self.segments.iter().zip(&self.plan.segments).enumerate() {
            let base = self.bases[at];
            let within = self.within.get(at).cloned().flatten();
            let bounded = self
                .absent(at)
                .and_then(|absent| {
                    let (segment, present) = (reader(segment), (absent, within));
                    SegmentBlocks::new(&segment, lists, present, scale.starts(), self.simd, &mut self.scratch)
                })
                .map_err(|e| segment.locate(e))?;
            self.counts.bounded += bounded.n_bounded(segment.meta().n_docs);
            // Documents that no bound can judge come first.
            reserve(&mut irregular, bounded.irregular().len() as usize, "ranking round")?;
            irregular.extend(bounded.irregular().iter().map(|doc| top::key(code::IRREGULAR, base + doc)));
            blocks.push(bounded);
        }
        self.counts.time.bounds += (self.options.clock)() - begin;
        let (prune, target) = (Prune::new(self.options.prune_factor), self.options.target());
        Ok(Rounds::new(scale, self.simd, prune, blocks, irregular, (target, self.floor)))
    }

    /// Scores every posting; documents with keys below `bound` remain to be delivered, but for those `given`.
    fn score_all(&mut self, bound: u64, given: &[u32]) -> Result<Stream> {
        let begin = (self.options.clock)();
        let mut codes = self.scratch.words(self.n_positions as usize)?;
        let mut rest = &mut codes[..];
        for (at, (segment, lists)) in self.segments.iter().zip(&self.plan.segments).enumerate() {
            let (own, behind) = rest.split_at_mut(n_codes(segment.meta().n_docs));
            let within = self.within.get(at).and_then(Option::as_deref);
            self.absent(at)
                .and_then(|absent| {
                    score_segment(&reader(segment), &self.plan.ranking, lists, (&absent, within), self.simd, own)
                })
                .map_err(|e| segment.locate(e))?;
            rest = behind;
        }
        given.iter().for_each(|&place| {
            if let Some(code) = codes.get_mut(place as usize) {
                *code = code::DEAD;
            }
        });
        self.counts.exhaustive = true;
        self.counts.time.exhaustive += (self.options.clock)() - begin;
        Ok(Stream::new(codes, bound, self.floor))
    }

    /// Finds the documents of the next round, or changes over to scoring everything.
    fn next_round(&mut self) -> Result<()> {
        if let State::Candidates { .. } = self.state {
            self.state = self.score_candidates(true)?;
            return Ok(());
        }
        let most = match self.options.strategy {
            Strategy::Blocks => MOST_BLOCKS,
            _ => self.survey().blocks_for_all(),
        };
        let begin = (self.options.clock)();
        let State::Blocks(rounds) = &mut self.state else { return Ok(()) };
        self.counts.rounds += 1;
        let found = rounds.next_round(&self.segments, &self.bases, most, &mut self.counts.blocks)?;
        self.counts.time.blocks += (self.options.clock)() - begin;
        if found {
            return Ok(());
        }
        let (bound, is_done) = (rounds.bound(), rounds.is_done());
        // Its memory is what scoring everything needs.
        let nothing = State::Codes(Stream::empty());
        let State::Blocks(rounds) = std::mem::replace(&mut self.state, nothing) else { return Ok(()) };
        let (blocks, given) = rounds.into_parts();
        blocks.into_iter().for_each(|b| b.recycle(&mut self.scratch));
        if !is_done {
            self.state = State::Codes(self.score_all(bound, &given)?);
        }
        Ok(())
    }
}

/// Blocks that a round scores if bounds are wanted whatever they cost: 2 MB of keys. Beyond, everything is scored.
const MOST_BLOCKS: usize = 1 << 16;

/// Numbers of documents in a ranking, with what fills up the last chunk of each segment.
const MAX_POSITIONS: u64 = u32::MAX as u64;
