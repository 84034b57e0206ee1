//! A ranking of what one manifest and one pending list hold: the segments' stream and the list, merged by distance.
//!
//! The metapage is read once, when the first row is asked for: rows that are merged, flushed or inserted later do not
//! concern this scan, whose snapshot does not see them or finds them where they were. Where replay takes pages away,
//! [`super::rows`] begins another ranking.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::Instant;

use pgrx::pg_sys;

use super::conditions::{Chosen, Conditions};
use super::counts::ScanCounts;
use super::killed::Place;
use super::rank_pending::rank_pending;
use super::{goals, settings};
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::ids::Tid;
use crate::engine::search::query::Distance;
use crate::engine::search::ranker::{Options, RankCounts, Ranked, Ranker};
use crate::engine::search::scratch::Scratch;
use crate::engine::search::unranked::Unranked;
use crate::engine::segment::pages::PartPages;
use crate::engine::vector::{SparseVector, SparseVectorRef, select};
use crate::storage::fault;
use crate::storage::manifest_cache;
use crate::storage::meta::Meta;
use crate::storage::relation::{self, IndexRelation};
use crate::storage::segment_pages::SegmentPages;

/// A row of the stream.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Not above the true distance, unless that is not to be computed.
    pub distance: Distance,
    /// Where the row is in the table.
    pub tid: Tid,
    /// And in the index.
    pub place: Place,
    /// Whether PostgreSQL has to compute the true distance, unless it is NULL, which is exact.
    pub recheck: bool,
}

/// A document that is to be delivered.
pub type Found = (Distance, Tid, Place);

/// Where documents of segments come from.
enum Source {
    /// Best first.
    Ranked(Box<Ranker<SegmentPages>>),
    /// In no order.
    Unranked(Unranked<SegmentPages>),
}

impl Source {
    fn next(&mut self) -> Result<Option<Ranked>> {
        match self {
            Self::Ranked(ranker) => ranker.next_best(),
            Self::Unranked(documents) => documents.next_document(),
        }
    }

    /// How many documents can be had at no further cost.
    fn n_ready(&self) -> usize {
        match self {
            Self::Ranked(ranker) => ranker.n_ready(),
            Self::Unranked(documents) => documents.n_ready(),
        }
    }

    fn segments(&self) -> &[SegmentPages] {
        match self {
            Self::Ranked(ranker) => ranker.segments(),
            Self::Unranked(documents) => documents.segments(),
        }
    }

    fn counts(&self) -> RankCounts {
        match self {
            Self::Ranked(ranker) => ranker.counts(),
            Self::Unranked(documents) => RankCounts { within: documents.n_docs(), ..RankCounts::default() },
        }
    }
}

/// See the module's text.
pub struct Ranking {
    source: Source,
    /// The best documents of the segments not yet delivered, best last.
    ahead: Vec<Found>,
    /// Documents of the pending list, best last, with their true distances.
    pending: Vec<Found>,
    /// How many of the documents ahead the table's pages were asked for, and of how many they are to be.
    asked: usize,
    ask_ahead: usize,
    n_pending: u64,
    pending_time: u64,
    filter_time: u64,
    recheck: bool,
    /// Whether rows may not meet the conditions after all.
    recheck_conditions: bool,
}

thread_local! {
    /// Working memory of the last scan, for the next one.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Documents whose TIDs are read together.
const MOST_AHEAD: usize = 1024;
/// More than this is given back between scans.
const KEPT_BYTES: usize = 16 << 20;

/// Nanoseconds since the first call.
fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// How a scan wants its rows.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// By the distance that this function gives; without it in no order.
    pub distance: Option<pg_sys::Oid>,
    /// Without those that are dead to everybody.
    pub skip_killed: bool,
}

/// What a scan asks for, fixed when it begins: a setting that is changed under an open cursor does not change its
/// order.
pub struct Request<'q> {
    manner: Manner,
    query: Option<SparseVectorRef<'q>>,
    /// The query's terms if not all of them are to be looked up.
    heaviest: Option<SparseVector>,
    options: Options,
    recheck: bool,
}

impl<'q> Request<'q> {
    /// As the settings of the session want it; `query`: NULL perhaps.
    pub fn new(index: IndexRelation, query: Option<SparseVectorRef<'q>>, manner: Manner) -> Result<Self> {
        let most = settings::max_query_terms();
        let heaviest = query.filter(|query| query.nnz() > most).map(|query| part_of(query, most)).transpose()?;
        let options = Options {
            strategy: settings::strategy(),
            kernel: settings::kernel(),
            goal: goals::of(index.oid()),
            prune_factor: settings::prune_factor(),
            skip_killed: manner.skip_killed,
            clock,
        };
        // The true distance is to all terms: to some of them it would not be a bound of it.
        let recheck = settings::recheck() && heaviest.is_none();
        Ok(Self { manner, query, heaviest, options, recheck })
    }

    /// The same, holding the query by itself.
    pub fn into_owned(self) -> Result<Request<'static>> {
        let heaviest = match (self.heaviest, self.query) {
            (None, Some(query)) => Some(part_of(query, usize::MAX)?),
            (heaviest, _) => heaviest,
        };
        Ok(Request { manner: self.manner, query: None, heaviest, options: self.options, recheck: self.recheck })
    }

    fn query(&self) -> Option<SparseVectorRef<'_>> {
        self.heaviest.as_ref().map(SparseVector::as_ref).or(self.query)
    }
}

/// A copy of the query's `most` heaviest terms.
fn part_of(query: SparseVectorRef<'_>, most: usize) -> Result<SparseVector> {
    let bytes = most.min(query.nnz()).saturating_mul(8);
    select::heaviest_terms(query, most).map_err(|_| EngineError::OutOfMemory { what: "query", bytes })
}

impl Ranking {
    /// Ranks what `meta` leads to, as far as it meets the conditions, if there are any.
    pub fn begin(
        index: IndexRelation,
        meta: &Meta,
        request: &Request<'_>,
        conditions: &mut Option<Conditions>,
    ) -> Result<Self> {
        fault::point!("scan_after_meta");
        let segments = manifest_cache::open_segments(index, meta)?;
        fault::point!("scan_after_manifest");
        let (query, manner) = (request.query(), request.manner);
        let begin = clock();
        let pending = rank_pending(index, meta, query, conditions, manner)?;
        let pending_time = clock() - begin;
        let begin = clock();
        let Chosen { choice, recheck: recheck_conditions } = match conditions {
            Some(conditions) => conditions.choose(&segments, meta.metric, query)?,
            None => Chosen::everything(),
        };
        let filter_time = clock() - begin;
        let source = if manner.distance.is_some() {
            let ranker = Ranker::among(choice, segments, meta.metric, query, request.options, SCRATCH.take())?;
            Source::Ranked(Box::new(ranker))
        } else {
            Source::Unranked(Unranked::new(segments, choice.within, manner.skip_killed)?)
        };
        let n_pending = pending.len() as u64;
        Ok(Self {
            source,
            ahead: Vec::new(),
            pending,
            asked: 0,
            ask_ahead: 1,
            n_pending,
            pending_time,
            filter_time,
            recheck: request.recheck,
            recheck_conditions,
        })
    }

    /// Whether the executor has to see whether rows meet the conditions.
    pub fn rechecks_conditions(&self) -> bool {
        self.recheck_conditions
    }

    /// The next row: its distance is not below any delivered before.
    pub fn next_best(&mut self) -> Result<Option<Row>> {
        fault::point!("scan_before_row");
        if self.ahead.is_empty() {
            self.look_ahead()?;
        }
        let next = match (self.ahead.last(), self.pending.last()) {
            (Some((sealed, ..)), Some((waiting, ..))) if waiting.compare(sealed).is_lt() => self.pending.pop(),
            (None, Some(_)) => self.pending.pop(),
            _ => {
                self.asked = self.asked.saturating_sub(1);
                self.ahead.pop()
            }
        };
        Ok(next.map(|(distance, tid, place)| Row { distance, tid, place, recheck: self.recheck }))
    }

    /// Asks the operating system for the table's pages of the next few rows, `most` of them; few at first, since most
    /// queries want few.
    pub fn prefetch(&mut self, heap: pg_sys::Relation, most: usize, n_blocks: u32) {
        let wanted = self.ask_ahead.min(most).min(self.ahead.len());
        while self.asked < wanted {
            let (_, tid, _) = self.ahead[self.ahead.len() - 1 - self.asked];
            if tid.block < n_blocks {
                relation::prefetch(heap, tid.block);
            }
            self.asked += 1;
        }
        self.ask_ahead = (self.ask_ahead * 2).min(most);
    }

    /// Takes the next document, and those that the ranker has ready at no further cost; their TIDs are read page by
    /// page.
    fn look_ahead(&mut self) -> Result<()> {
        let Some(first) = self.source.next()? else { return Ok(()) };
        let n = self.source.n_ready().min(MOST_AHEAD);
        let mut found = reserved(n + 1, "rows ahead")?;
        found.push(first);
        for _ in 0..n {
            found.extend(self.source.next()?);
        }
        let mut order: Vec<usize> = reserved(found.len(), "rows ahead")?;
        order.extend(0..found.len());
        order.sort_unstable_by_key(|&at| (found[at].segment, found[at].doc));
        let mut tids = filled(found.len(), Tid { block: 0, offset: 0 }, "rows ahead")?;
        for group in order.chunk_by(|&a, &b| found[a].segment == found[b].segment) {
            let pages = &self.source.segments()[found[group[0]].segment];
            let mut places = group.iter();
            let read = pages.reader().tids_of(group.iter().map(|&at| found[at].doc), |tid| {
                if let Some(&at) = places.next() {
                    tids[at] = tid;
                }
            });
            read.map_err(|e| pages.locate(e))?;
        }
        self.asked = 0;
        reserve(&mut self.ahead, found.len(), "rows ahead")?;
        let place = |ranked: &Ranked| Place::Segment { segment: ranked.segment as u32, doc: ranked.doc };
        self.ahead.extend(found.iter().zip(tids).map(|(ranked, tid)| (ranked.distance, tid, place(ranked))).rev());
        Ok(())
    }

    /// The segments, in the order of [`Place::Segment`].
    pub fn segments(&self) -> &[SegmentPages] {
        self.source.segments()
    }

    /// What it did so far, but for the rows, some of which wait here.
    pub fn counts(&self, index: pg_sys::Oid) -> ScanCounts {
        let segments = self.source.segments();
        ScanCounts {
            index,
            segments: segments.len() as u32,
            pending: self.n_pending,
            pages: segments.iter().map(SegmentPages::opened).sum(),
            rank: self.source.counts(),
            rechecked: 0,
            restarts: 0,
            killed: 0,
            pending_time: self.pending_time,
            filter_time: self.filter_time,
        }
    }

    /// Ends it, and keeps its memory for the next one.
    pub fn end(self) {
        let Source::Ranked(ranker) = self.source else { return };
        let scratch = ranker.into_scratch();
        if scratch.bytes() <= KEPT_BYTES {
            SCRATCH.set(scratch);
        }
    }
}
