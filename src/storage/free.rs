//! Pages given up and taken into use again.
//!
//! A page may be read by a scan that began before it was given up. So a freed page keeps its contents and carries a
//! logged stamp: the next transaction id at that time. It may be taken into use once no snapshot is old enough to
//! belong to such a scan (nbtree's rule for deleted pages). The free-space map only says where to look; the page itself
//! decides, under its lock. On a standby replay does not wait for readers: they recognise a recycled page by its
//! identity.
//!
//! Pages in use carry a stamp too, from the time they were taken, and none is freed with an older one than it had: a
//! page that no structure refers to is an orphan of an aborted operation once that operation can no longer be running.

use std::ops::Range;

use pgrx::pg_sys;
use roaring::RoaringBitmap;

use super::buffer::ExclusiveBuffer;
use super::page::{Identity, PageRef, PageState};
use super::relation::IndexRelation;
use super::wal::{self, WalBatch};
use crate::engine::error::{Result, reserve};

/// Whether nobody can still need what was known at `stamp`.
pub fn is_past(stamp: u64) -> bool {
    let xid = pg_sys::FullTransactionId { value: stamp };
    // SAFETY: without a relation the most conservative horizon is asked.
    unsafe { pg_sys::GlobalVisCheckRemovableFullXid(std::ptr::null_mut(), xid) }
}

/// Whether a page may be taken into use.
pub fn is_reusable(page: PageRef<'_>) -> bool {
    if page.is_zero() {
        return true;
    }
    let special = page.special();
    page.is_sound() && special.state() == PageState::Free && is_past(special.stamp)
}

/// Hands out pages, recycled ones as long as the map offers any.
pub struct Allocator {
    index: IndexRelation,
    /// Blocks to be used before others.
    holes: roaring::bitmap::IntoIter,
    look_for_free: bool,
    waiting: Waiting,
    fresh: bool,
    /// A build: blocks added and not yet handed out.
    ahead: Range<u32>,
    /// A build: how many it has added.
    n_added: u32,
}

/// A build adds this many blocks at a time, at most: a stretch stays whole however many processes extend the index.
const STRETCH: u32 = 512;
/// But no more than one for this many that it has added already, since the last ones may not be needed.
const STRETCH_OF_ADDED: u32 = 64;

impl Allocator {
    /// For an index that may have free pages.
    pub fn new(index: IndexRelation) -> Self {
        let holes = RoaringBitmap::new().into_iter();
        let waiting = Waiting::new(index);
        Self { index, holes, look_for_free: true, waiting, fresh: false, ahead: 0..0, n_added: 0 }
    }

    /// For a segment of an index that may have free pages.
    pub fn for_segment(index: IndexRelation) -> Self {
        let mut allocator = Self::new(index);
        allocator.waiting.most = PATIENCE_FOR_SEGMENT;
        allocator.waiting.patience = PATIENCE_FOR_SEGMENT;
        allocator
    }

    /// For an index that is being built.
    pub fn fresh(index: IndexRelation) -> Self {
        Self { look_for_free: false, fresh: true, ..Self::new(index) }
    }

    /// For moving pages to the front of the file: `holes` are used first, in order, as far as they are still free.
    pub fn in_holes(index: IndexRelation, holes: RoaringBitmap) -> Self {
        Self { holes: holes.into_iter(), ..Self::new(index) }
    }

    /// The index.
    pub fn index(&self) -> IndexRelation {
        self.index
    }

    /// Whether nobody else can know the pages it hands out.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Only for a build: up to `n` new blocks in a row, at least one; all zero.
    pub fn take_ahead(&mut self, n: u32) -> Range<u32> {
        if self.ahead.is_empty() {
            self.ahead = wal::extend_by(self.index, (self.n_added / STRETCH_OF_ADDED).max(n).clamp(1, STRETCH));
            self.n_added = self.n_added.saturating_add(self.ahead.len() as u32);
        }
        let end = self.ahead.end.min(self.ahead.start.saturating_add(n.max(1)));
        let taken = self.ahead.start..end;
        self.ahead.start = end;
        taken
    }

    /// Only for a build: the blocks that were added and not handed out.
    pub fn left_over(self) -> Range<u32> {
        self.ahead
    }

    /// A page of the holes, if there is one left.
    pub fn take_hole(&mut self) -> Result<Option<ExclusiveBuffer>> {
        for block in self.holes.by_ref() {
            // Inserters find pages by the map, without the maintenance lock: whoever locks the page first has it.
            if let Some(buffer) = ExclusiveBuffer::try_open(self.index, block)?.filter(|b| is_reusable(b.page())) {
                record_used(self.index, block);
                return Ok(Some(buffer));
            }
        }
        Ok(None)
    }

    /// A page, locked; its contents are to be written anew, before the lock is let go.
    pub fn take(&mut self) -> Result<ExclusiveBuffer> {
        if let Some(buffer) = self.take_hole()? {
            return Ok(buffer);
        }
        while self.look_for_free && self.waiting.may_look() {
            // SAFETY: the relation is open.
            let block = unsafe { pg_sys::GetFreeIndexPage(self.index.raw()) };
            if block == u32::MAX {
                self.look_for_free = false;
                break;
            }
            // Block 0 is the metapage whatever the map says, and the map may be older than the file.
            if block == 0 || block >= self.index.n_blocks() {
                continue;
            }
            match ExclusiveBuffer::try_open(self.index, block)? {
                Some(buffer) if is_reusable(buffer.page()) => {
                    self.waiting.found();
                    return Ok(buffer);
                }
                Some(buffer) if buffer.page().is_sound() && buffer.page().special().state() == PageState::Free => {
                    drop(buffer);
                    self.waiting.meet(block)?;
                }
                // The map is not logged and may be wrong: not without end, either.
                _ => self.waiting.waste(),
            }
        }
        // SAFETY: the buffer is taken over at once.
        Ok(unsafe { ExclusiveBuffer::from_locked(wal::extend_locked(self.index, pg_sys::ForkNumber::MAIN_FORKNUM)) })
    }
}

/// Free pages that may not be taken yet. Pages freed by the same statement are at times all that the map offers at
/// first (a flush, then a merge), and a merge that gave up for good would make the index larger by its whole size. So a
/// number of them is met, then blocks are added for a while, then it is tried again, each time later.
struct Waiting {
    index: IndexRelation,
    /// The map gets them back in the end, so that none is met twice.
    met: Vec<u32>,
    /// How many more may be met, before blocks are added; and how many at most.
    patience: u32,
    most: u32,
    /// How many blocks are added before it is tried again, and of these how many are still to come.
    pause: u32,
    left: u32,
}

/// For whoever wants a few pages: more than a flush by an INSERT gives up.
const PATIENCE: u32 = 128;
/// For whoever writes a segment.
const PATIENCE_FOR_SEGMENT: u32 = 1024;
const FIRST_PAUSE: u32 = 64;

impl Waiting {
    fn new(index: IndexRelation) -> Self {
        Self { index, met: Vec::new(), patience: PATIENCE, most: PATIENCE, pause: FIRST_PAUSE, left: 0 }
    }

    /// Whether the map is to be asked for the next page.
    fn may_look(&mut self) -> bool {
        if self.patience == 0 {
            if self.left > 0 {
                self.left -= 1;
                return false;
            }
            self.patience = self.most;
        }
        true
    }

    /// As long as one page of five can be taken, none is added.
    fn found(&mut self) {
        self.patience = (self.patience + 4).min(self.most);
        self.pause = FIRST_PAUSE;
    }

    fn meet(&mut self, block: u32) -> Result<()> {
        reserve(&mut self.met, 1, "pages that are not free yet")?;
        self.met.push(block);
        self.waste();
        Ok(())
    }

    /// The map has offered a page that is not to be had.
    fn waste(&mut self) {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            self.left = self.pause;
            self.pause = self.pause.saturating_mul(2);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // While an ERROR unwinds nothing is called; the next sweep finds them.
        if std::thread::panicking() {
            return;
        }
        let mut stretch = Stretch(0..0);
        for &block in &self.met {
            record_free(self.index, block);
            stretch.add(self.index, block);
        }
        stretch.publish(self.index);
    }
}

/// Tells the free-space map of a page.
pub fn record_free(index: IndexRelation, block: u32) {
    // SAFETY: the relation is open and the block exists.
    unsafe { pg_sys::RecordFreeIndexPage(index.raw(), block) };
}

/// Tells the free-space map of pages, up to those who look for some. It walks the whole map: for VACUUM.
pub fn offer(index: IndexRelation, blocks: impl Iterator<Item = u32>) {
    blocks.for_each(|block| record_free(index, block));
    // SAFETY: the relation is open.
    unsafe { pg_sys::IndexFreeSpaceMapVacuum(index.raw()) };
}

/// Takes a page out of the free-space map.
pub fn record_used(index: IndexRelation, block: u32) {
    // SAFETY: the relation is open and the block exists.
    unsafe { pg_sys::RecordUsedIndexPage(index.raw(), block) };
}

/// A page and what it must be for its owner to give it up.
#[derive(Clone, Copy, Debug)]
pub struct OwnedPage {
    /// Its block.
    pub block: u32,
    /// What it says of itself.
    pub identity: Identity,
}

/// Gives pages up, to be reused when nobody can need them any more. A page that is not what its owner takes it for, or
/// was given up already, is left alone: it belongs to somebody else, or to nobody and the next sweep finds it.
///
/// One page a record and one lock at a time: a reader may hold a page while it waits for another, in any order.
pub fn free_pages(index: IndexRelation, pages: impl IntoIterator<Item = OwnedPage>) -> Result<()> {
    let mut freed = Stretch(0..0);
    for OwnedPage { block, identity } in pages {
        if free_if(index, block, |page| page.matches(&identity))? {
            freed.add(index, block);
        }
        pgrx::check_for_interrupts!();
    }
    freed.publish(index);
    Ok(())
}

/// Blocks freed near one another. The map's upper levels, by which pages are found, are brought up to date for them
/// alone: the whole map of a large index is too much to be walked on behalf of one INSERT.
struct Stretch(Range<u32>);

impl Stretch {
    /// As many blocks as a page of the map has, about: a stretch goes on where the gap is not larger.
    const GAP: u32 = 4096;

    fn add(&mut self, index: IndexRelation, block: u32) {
        let Range { start, end } = self.0;
        let is_near = block.saturating_add(Self::GAP) >= start && block <= end.saturating_add(Self::GAP);
        if !self.0.is_empty() && is_near {
            self.0 = start.min(block)..end.max(block + 1);
        } else {
            self.publish(index);
            self.0 = block..block + 1;
        }
    }

    fn publish(&self, index: IndexRelation) {
        if !self.0.is_empty() {
            // SAFETY: the relation is open; blocks beyond its map are no harm.
            unsafe { pg_sys::FreeSpaceMapVacuumRange(index.raw(), self.0.start, self.0.end) };
        }
    }
}

/// Gives up a page that nothing refers to, if it has been in use since before `limit` and nobody can need it.
pub fn free_orphan(index: IndexRelation, block: u32, limit: u64) -> Result<()> {
    let is_orphan =
        |page: PageRef<'_>| page.is_sound() && page.special().stamp < limit && is_past(page.special().stamp);
    free_if(index, block, is_orphan).map(|_| ())
}

/// Whether it has been freed.
fn free_if(index: IndexRelation, block: u32, is_ours: impl FnOnce(PageRef<'_>) -> bool) -> Result<bool> {
    let buffer = ExclusiveBuffer::open(index, block)?;
    if !is_ours(buffer.page()) || buffer.page().special().state() == PageState::Free {
        return Ok(false);
    }
    let stamp = wal::next_stamp();
    let mut batch = WalBatch::begin(index);
    batch.edit(&buffer, |page| {
        page.edit_special(|s| {
            s.set_state(PageState::Free);
            // A crash may have lost ids that were given out and not used: a page's stamps never fall all the same.
            s.stamp = stamp.max(s.stamp);
        });
    })?;
    batch.commit();
    drop(buffer);
    record_free(index, block);
    Ok(true)
}
