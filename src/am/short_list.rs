//! The pending list is kept short by whoever has the maintenance lock: an INSERT that got it at once, or a long operation
//! between two of its pages, because while it has the lock no INSERT gets it. Every query reads the whole list, so
//! without that queries would become slower and slower until VACUUM ends.
//!
//! What a long operation works on must stay as it is: it names its segments as busy, and reads the manifest anew when
//! it publishes ([`super::maintain::publish`]), since segments may have been added meanwhile.

use super::flush::flush;
use super::merge::merge_bounded;
use super::options;
use crate::engine::error::Result;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::{Part, PartSink};
use crate::engine::segment::policy::Effort;
use crate::storage::fault;
use crate::storage::meta::{Manifest, Meta, SegmentDescriptor};
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::SegmentSink;

/// Once in so many turns the list is looked at: the metapage is everybody's.
const TURNS: u32 = 64;
/// How many flushes follow one another at most: the operation is to get on, even if rows come as fast as it flushes.
const FLUSHES: u32 = 16;

/// Keeps the list short on behalf of a long operation.
pub struct ShortList<'l> {
    index: IndexRelation,
    lock: &'l MaintenanceLock,
    /// Pages the list may have; `None` if nobody is to flush it.
    most: Option<u32>,
    /// Ids of segments that are not to be merged.
    busy: Vec<u32>,
    turns: u32,
}

impl<'l> ShortList<'l> {
    /// For an operation that works on the segments `busy`.
    pub fn beside(index: IndexRelation, lock: &'l MaintenanceLock, busy: impl IntoIterator<Item = u32>) -> Self {
        let busy = busy.into_iter().collect();
        Self { index, lock, most: options::flush_above(index), busy, turns: TURNS }
    }

    /// For an operation that works on all segments of `manifest`.
    pub fn beside_all(index: IndexRelation, lock: &'l MaintenanceLock, manifest: &Manifest) -> Self {
        Self::beside(index, lock, manifest.segments.iter().map(|s| s.id))
    }

    /// For an operation that is short itself.
    pub fn left_alone(index: IndexRelation, lock: &'l MaintenanceLock) -> Self {
        Self { most: None, ..Self::beside(index, lock, []) }
    }

    /// To be called often, with no page locked.
    pub fn turn(&mut self) -> Result<()> {
        self.turns += 1;
        if self.most.is_some() && self.turns >= TURNS { self.look() } else { Ok(()) }
    }

    /// Flushes as long as the list is too long, within reason.
    pub fn look(&mut self) -> Result<()> {
        self.turns = 0;
        let Some(most) = self.most else { return Ok(()) };
        for _ in 0..FLUSHES {
            if Meta::read(self.index)?.pending.n_pages <= most || !keep_short(self.index, self.lock, &self.busy)? {
                break;
            }
            fault::point!("flushed_meanwhile");
        }
        Ok(())
    }
}

/// What one INSERT does for the others: one bounded flush, one bounded merge. Returns whether there was anything to
/// flush.
pub fn keep_short(index: IndexRelation, lock: &MaintenanceLock, busy: &[u32]) -> Result<bool> {
    let flushed = flush(index, lock, Effort::Bounded)?;
    if flushed {
        merge_bounded(index, lock, busy)?;
    }
    Ok(flushed)
}

/// Writes a segment, and keeps the list short between its pages.
pub struct AttentiveSink<'s, 'l> {
    sink: SegmentSink,
    list: &'s mut ShortList<'l>,
}

impl<'s, 'l> AttentiveSink<'s, 'l> {
    /// Writes to `sink`.
    pub fn new(sink: SegmentSink, list: &'s mut ShortList<'l>) -> Self {
        Self { sink, list }
    }

    /// The segment as the manifest lists it.
    pub fn finish(self, meta: SegmentMeta) -> SegmentDescriptor {
        self.sink.finish(meta)
    }
}

impl PartSink for AttentiveSink<'_, '_> {
    fn append(&mut self, part: Part, payload: &[u8]) -> Result<()> {
        self.list.turn()?;
        self.sink.append(part, payload)
    }

    fn check_interrupts(&self) {
        self.sink.check_interrupts();
    }
}
