//! The rows of a scan: a ranking, and another one when replay takes the first one's pages away.
//!
//! Only under replay: elsewhere a page is not given to anybody else while a snapshot is as old as the scan's. The rows
//! of both rankings are one stream ([`Resume`]): those that the scan's snapshot sees are in the index at every moment
//! of replay, since VACUUM removes a row from the index only after its record of the removal from the table, which
//! waits for the snapshot or ends its query, and a merge keeps every live row. What is in the index beyond them, the
//! snapshot does not see.

use pgrx::pg_sys;

use super::conditions::Conditions;
use super::counts::ScanCounts;
use super::killed::{Killed, Place};
use super::ranking::{Manner, Ranking, Request, Row};
use super::table_end::{NO_SUCH_ROW, TableEnd};
use crate::engine::error::{EngineError, Result};
use crate::engine::search::query::Distance;
use crate::engine::search::ranker::RankCounts;
use crate::engine::search::resume::Resume;
use crate::engine::segment::format::DOCMAP_PER_PAGE;
use crate::engine::segment::pages::Part;
use crate::engine::vector::SparseVectorRef;
use crate::storage::meta::{META_BLOCK, Meta};
use crate::storage::relation::IndexRelation;
use crate::storage::replay::{self, MAX_RESTARTS};

/// See the module's text.
pub struct Rows {
    index: IndexRelation,
    ranking: Ranking,
    /// What rows must meet.
    conditions: Option<Conditions>,
    /// Under replay: what it takes to begin anew.
    again: Option<Again>,
    /// Elsewhere: rows that are dead to everybody, and the last row, which may be the next of them.
    killed: Killed,
    last: Option<Place>,
    table_end: TableEnd,
    delivered: u64,
    rechecked: u64,
}

struct Again {
    request: Request<'static>,
    /// The metapage that the ranking began from.
    meta: Meta,
    resume: Resume,
    restarts: u32,
    /// How many of them since the last row.
    in_vain: u32,
}

impl Rows {
    /// Ranks the index's documents that meet the conditions, as the settings of the session want it.
    pub fn begin(
        index: IndexRelation,
        query: Option<SparseVectorRef<'_>>,
        mut conditions: Option<Conditions>,
        manner: Manner,
    ) -> Result<Self> {
        let skip_killed = manner.skip_killed && !index.is_under_replay();
        let request = Request::new(index, query, Manner { skip_killed, ..manner })?;
        let meta = Meta::read(index)?;
        let of = |ranking, conditions, again| Self {
            index,
            ranking,
            conditions,
            again,
            killed: Killed::default(),
            last: None,
            table_end: TableEnd::of(index),
            delivered: 0,
            rechecked: 0,
        };
        if !index.is_under_replay() {
            let ranking = Ranking::begin(index, &meta, &request, &mut conditions)?;
            return Ok(of(ranking, conditions, None));
        }
        let request = request.into_owned()?;
        let mut again = Again { request, meta, resume: Resume::default(), restarts: 0, in_vain: 0 };
        let ranking = match Ranking::begin(index, &again.meta, &again.request, &mut conditions) {
            Err(EngineError::Recycled { block }) => again.restart(index, &mut conditions, block)?,
            begun => begun?,
        };
        Ok(of(ranking, conditions, Some(again)))
    }

    /// The next row: its distance is not below any delivered before.
    pub fn next_best(&mut self) -> Result<Option<Row>> {
        let row = match &mut self.again {
            None => self.ranking.next_best()?,
            Some(again) => again.next_best(self.index, &mut self.conditions, &mut self.ranking)?,
        };
        let Some(mut row) = row else { return Ok(None) };
        self.expect_row(&row)?;
        row.recheck &= row.distance != Distance::Null;
        self.rechecked += u64::from(row.recheck);
        self.delivered += 1;
        self.last = Some(row.place);
        Ok(Some(row))
    }

    /// The row is one that the table can have.
    fn expect_row(&mut self, row: &Row) -> Result<()> {
        let Row { tid, place, .. } = *row;
        if self.table_end.has(tid) {
            return Ok(());
        }
        let block = match place {
            Place::Pending { block, .. } => block,
            Place::Segment { segment, doc } => {
                let pages = self.ranking.segments().get(segment as usize);
                pages.and_then(|pages| pages.block(Part::Docmap, doc / DOCMAP_PER_PAGE)).unwrap_or(META_BLOCK)
            }
        };
        Err(EngineError::BadPage { block, reason: NO_SUCH_ROW })
    }

    /// Whether the executor has to see whether rows meet the conditions.
    pub fn recheck_conditions(&self) -> bool {
        self.ranking.rechecks_conditions()
    }

    /// Told that the last row is dead to everybody.
    pub fn kill_last(&mut self) -> Result<()> {
        match self.last.take() {
            Some(place) if self.again.is_none() => self.killed.add(self.index, &self.ranking, place),
            _ => Ok(()),
        }
    }

    /// See [`Ranking::prefetch`].
    pub fn prefetch(&mut self, heap: pg_sys::Relation, most: usize, n_blocks: u32) {
        self.ranking.prefetch(heap, most, n_blocks);
    }

    /// What was done so far: rows of the whole scan, everything else of the ranking that it ended with.
    pub fn counts(&self) -> ScanCounts {
        let counts = self.ranking.counts(self.index.oid());
        ScanCounts {
            rank: RankCounts { delivered: self.delivered, ..counts.rank },
            rechecked: self.rechecked,
            killed: self.killed.n(),
            restarts: self.again.as_ref().map_or(0, |again| again.restarts),
            ..counts
        }
    }

    /// Ends it, and keeps its memory for the next one.
    pub fn end(mut self) -> Result<ScanCounts> {
        self.killed.mark(self.index, &self.ranking)?;
        let counts = self.counts();
        self.ranking.end();
        Ok(counts)
    }
}

impl Again {
    fn next_best(
        &mut self,
        index: IndexRelation,
        conditions: &mut Option<Conditions>,
        ranking: &mut Ranking,
    ) -> Result<Option<Row>> {
        loop {
            match ranking.next_best() {
                Ok(Some(row)) => {
                    if let Some(distance) = self.resume.deliver(row.tid, row.distance)? {
                        self.in_vain = 0;
                        return Ok(Some(Row { distance, ..row }));
                    }
                }
                Err(EngineError::Recycled { block }) => {
                    std::mem::replace(ranking, self.restart(index, conditions, block)?).end();
                }
                other => return other,
            }
        }
    }

    /// Another ranking, instead of one that found `block` recycled.
    fn restart(
        &mut self,
        index: IndexRelation,
        conditions: &mut Option<Conditions>,
        mut block: u32,
    ) -> Result<Ranking> {
        loop {
            self.meta = replay::read_again(index, &self.meta, block)?;
            if self.in_vain == MAX_RESTARTS || !self.resume.is_possible() {
                return Err(EngineError::Recycled { block });
            }
            self.restarts += 1;
            self.in_vain += 1;
            self.resume.begin_next();
            pgrx::check_for_interrupts!();
            match Ranking::begin(index, &self.meta, &self.request, conditions) {
                Err(EngineError::Recycled { block: another }) => block = another,
                begun => return begun,
            }
        }
    }
}
