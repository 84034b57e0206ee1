//! A ranking under way: the segments' stream and the pending list, merged by distance.
//!
//! The manifest is read once, when the first row is asked for: rows that are merged, flushed or inserted later do not
//! concern this scan, whose snapshot does not see them or finds them where they were.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::Instant;

use pgrx::pg_sys;

use super::counts::ScanCounts;
use super::rank_pending::rank_pending;
use super::{goals, settings};
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::ids::Tid;
use crate::engine::search::query::Distance;
use crate::engine::search::ranker::{Options, RankCounts, Ranker};
use crate::engine::search::scratch::Scratch;
use crate::engine::segment::pages::PartPages;
use crate::engine::vector::{SparseVectorRef, select};
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
    /// Where the row is.
    pub tid: Tid,
    /// Whether PostgreSQL has to compute the true distance.
    pub recheck: bool,
}

/// See the module's text.
pub struct Ranking {
    ranker: Ranker<SegmentPages>,
    /// The best documents of the segments not yet delivered, best last.
    ahead: Vec<(Distance, Tid)>,
    /// Documents of the pending list, best last, with their true distances.
    pending: Vec<(Distance, Tid)>,
    /// How many of the documents ahead the table's pages were asked for, and of how many they are to be.
    asked: usize,
    ask_ahead: usize,
    n_pending: u64,
    pending_time: u64,
    recheck: bool,
    rechecked: u64,
    delivered: u64,
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

impl Ranking {
    /// Ranks the index's documents, as the settings of the session want it.
    pub fn begin(index: IndexRelation, query: Option<SparseVectorRef<'_>>) -> Result<Self> {
        let most = settings::max_query_terms();
        match query.filter(|query| query.nnz() > most) {
            None => Self::begin_with(index, query, settings::recheck()),
            Some(query) => {
                let out_of_memory = |_| EngineError::OutOfMemory { what: "query", bytes: most.saturating_mul(8) };
                let heaviest = select::heaviest_terms(query, most).map_err(out_of_memory)?;
                // The true distance is to all terms: the index's would not be a bound of it.
                Self::begin_with(index, Some(heaviest.as_ref()), false)
            }
        }
    }

    fn begin_with(index: IndexRelation, query: Option<SparseVectorRef<'_>>, recheck: bool) -> Result<Self> {
        let meta = Meta::read(index)?;
        fault::point!("scan_after_meta");
        let segments = manifest_cache::open_segments(index, &meta)?;
        fault::point!("scan_after_manifest");
        let begin = clock();
        let pending = rank_pending(index, &meta, query)?;
        let pending_time = clock() - begin;
        let options = Options {
            strategy: settings::strategy(),
            kernel: settings::kernel(),
            goal: goals::of(index.oid()),
            prune_factor: settings::prune_factor(),
            clock,
        };
        let ranker = Ranker::new(segments, meta.metric, query, options, SCRATCH.take())?;
        let n_pending = pending.len() as u64;
        Ok(Self {
            ranker,
            ahead: Vec::new(),
            pending,
            asked: 0,
            ask_ahead: 1,
            n_pending,
            pending_time,
            recheck,
            rechecked: 0,
            delivered: 0,
        })
    }

    /// The next row: its distance is not below any delivered before.
    pub fn next_best(&mut self) -> Result<Option<Row>> {
        fault::point!("scan_before_row");
        if self.ahead.is_empty() {
            self.look_ahead()?;
        }
        let next = match (self.ahead.last(), self.pending.last()) {
            (Some((sealed, _)), Some((waiting, _))) if waiting.compare(sealed).is_lt() => self.pending.pop(),
            (None, Some(_)) => self.pending.pop(),
            _ => {
                self.asked = self.asked.saturating_sub(1);
                self.ahead.pop()
            }
        };
        let Some((distance, tid)) = next else { return Ok(None) };
        // A NULL distance is exact, and PostgreSQL need not compute it again.
        let recheck = self.recheck && distance != Distance::Null;
        self.rechecked += u64::from(recheck);
        self.delivered += 1;
        Ok(Some(Row { distance, tid, recheck }))
    }

    /// Asks the operating system for the table's pages of the next few rows, `most` of them; few at first, since most
    /// queries want few.
    pub fn prefetch(&mut self, heap: pg_sys::Relation, most: usize, n_blocks: u32) {
        let wanted = self.ask_ahead.min(most).min(self.ahead.len());
        while self.asked < wanted {
            let (_, tid) = self.ahead[self.ahead.len() - 1 - self.asked];
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
        let Some(first) = self.ranker.next_best()? else { return Ok(()) };
        let n = self.ranker.n_ready().min(MOST_AHEAD);
        let mut found = reserved(n + 1, "rows ahead")?;
        found.push(first);
        for _ in 0..n {
            found.extend(self.ranker.next_best()?);
        }
        let mut order: Vec<usize> = reserved(found.len(), "rows ahead")?;
        order.extend(0..found.len());
        order.sort_unstable_by_key(|&at| (found[at].segment, found[at].doc));
        let mut tids = filled(found.len(), Tid { block: 0, offset: 0 }, "rows ahead")?;
        for group in order.chunk_by(|&a, &b| found[a].segment == found[b].segment) {
            let pages = &self.ranker.segments()[found[group[0]].segment];
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
        self.ahead.extend(found.iter().zip(tids).map(|(ranked, tid)| (ranked.distance, tid)).rev());
        Ok(())
    }

    /// What it did so far.
    pub fn counts(&self, index: pg_sys::Oid) -> ScanCounts {
        let segments = self.ranker.segments();
        ScanCounts {
            index,
            segments: segments.len() as u32,
            pending: self.n_pending,
            pages: segments.iter().map(SegmentPages::opened).sum(),
            // Not what the ranker gave, some of which waits here.
            rank: RankCounts { delivered: self.delivered, ..self.ranker.counts() },
            rechecked: self.rechecked,
            pending_time: self.pending_time,
        }
    }

    /// Ends it, and keeps its memory for the next one.
    pub fn end(self, index: pg_sys::Oid) -> ScanCounts {
        let counts = self.counts(index);
        let scratch = self.ranker.into_scratch();
        if scratch.bytes() <= KEPT_BYTES {
            SCRATCH.set(scratch);
        }
        counts
    }
}
