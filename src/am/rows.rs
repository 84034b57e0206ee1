//! The rows of a scan: a ranking, and another one when replay takes the first one's pages away.
//!
//! Only under replay: elsewhere a page is not given to anybody else while a snapshot is as old as the scan's. The rows
//! of both rankings are one stream ([`Resume`]): those that the scan's snapshot sees are in the index at every moment
//! of replay, since VACUUM removes a row from the index only after its record of the removal from the table, which
//! waits for the snapshot or ends its query, and a merge keeps every live row. What is in the index beyond them, the
//! snapshot does not see.

use pgrx::pg_sys;

use super::counts::ScanCounts;
use super::killed::{Killed, Place};
use super::ranking::{Ranking, Request, Row};
use crate::engine::error::{EngineError, Result};
use crate::engine::search::query::Distance;
use crate::engine::search::ranker::RankCounts;
use crate::engine::search::resume::Resume;
use crate::engine::vector::SparseVectorRef;
use crate::storage::meta::Meta;
use crate::storage::relation::IndexRelation;
use crate::storage::replay::{self, MAX_RESTARTS};

/// See the module's text.
pub struct Rows {
    index: IndexRelation,
    ranking: Ranking,
    /// Under replay: what it takes to begin anew.
    again: Option<Again>,
    /// Elsewhere: rows that are dead to everybody, and the last row, which may be the next of them.
    killed: Killed,
    last: Option<Place>,
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
    /// Ranks the index's documents, as the settings of the session want it; `skip_killed`: but for those that are dead
    /// to everybody.
    pub fn begin(index: IndexRelation, query: Option<SparseVectorRef<'_>>, skip_killed: bool) -> Result<Self> {
        let request = Request::new(index, query, skip_killed && !index.is_under_replay())?;
        let meta = Meta::read(index)?;
        let of = |ranking, again| Self {
            index,
            ranking,
            again,
            killed: Killed::default(),
            last: None,
            delivered: 0,
            rechecked: 0,
        };
        if !index.is_under_replay() {
            return Ok(of(Ranking::begin(index, &meta, &request)?, None));
        }
        let request = request.into_owned()?;
        let mut again = Again { request, meta, resume: Resume::default(), restarts: 0, in_vain: 0 };
        let ranking = match Ranking::begin(index, &again.meta, &again.request) {
            Err(EngineError::Recycled { block }) => again.restart(index, block)?,
            begun => begun?,
        };
        Ok(of(ranking, Some(again)))
    }

    /// The next row: its distance is not below any delivered before.
    pub fn next_best(&mut self) -> Result<Option<Row>> {
        let row = match &mut self.again {
            None => self.ranking.next_best()?,
            Some(again) => again.next_best(self.index, &mut self.ranking)?,
        };
        let Some(mut row) = row else { return Ok(None) };
        row.recheck &= row.distance != Distance::Null;
        self.rechecked += u64::from(row.recheck);
        self.delivered += 1;
        self.last = Some(row.place);
        Ok(Some(row))
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
    fn next_best(&mut self, index: IndexRelation, ranking: &mut Ranking) -> Result<Option<Row>> {
        loop {
            match ranking.next_best() {
                Ok(Some(row)) => {
                    if let Some(distance) = self.resume.deliver(row.tid, row.distance)? {
                        self.in_vain = 0;
                        return Ok(Some(Row { distance, ..row }));
                    }
                }
                Err(EngineError::Recycled { block }) => {
                    std::mem::replace(ranking, self.restart(index, block)?).end();
                }
                other => return other,
            }
        }
    }

    /// Another ranking, instead of one that found `block` recycled.
    fn restart(&mut self, index: IndexRelation, mut block: u32) -> Result<Ranking> {
        loop {
            self.meta = replay::read_again(index, &self.meta, block)?;
            if self.in_vain == MAX_RESTARTS || !self.resume.is_possible() {
                return Err(EngineError::Recycled { block });
            }
            self.restarts += 1;
            self.in_vain += 1;
            self.resume.begin_next();
            pgrx::check_for_interrupts!();
            match Ranking::begin(index, &self.meta, &self.request) {
                Err(EngineError::Recycled { block: another }) => block = another,
                begun => return begun,
            }
        }
    }
}
