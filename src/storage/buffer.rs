//! Pins and locks that let go of themselves.
//!
//! While a PostgreSQL ERROR unwinds, nothing is released here: the abort of the transaction does that, and a second
//! call into the server during unwinding could end the process.

use pgrx::pg_sys;

use super::memory;
use super::page::{Identity, PageRef, PageState};
use super::recent;
use super::relation::IndexRelation;
use crate::engine::error::{EngineError, Result};

/// Pins a block that must exist; a block number beyond the end is damage, or replay has cut the file, but no I/O error.
fn pin(index: IndexRelation, block: u32) -> Result<pg_sys::Buffer> {
    pin_within(index, block, index.n_blocks())
}

/// The same for whoever knows how many blocks there are at least: asking costs a system call.
fn pin_within(index: IndexRelation, block: u32, n_blocks: u32) -> Result<pg_sys::Buffer> {
    memory::check()?;
    if block >= n_blocks {
        if index.is_under_replay() {
            return Err(EngineError::Recycled { block });
        }
        return Err(EngineError::BadPage { block, reason: "block lies beyond the end of the index" });
    }
    // SAFETY: the relation is open and the block exists.
    Ok(unsafe { pg_sys::ReadBuffer(index.raw(), block) })
}

fn release(buffer: pg_sys::Buffer) {
    if !std::thread::panicking() {
        // SAFETY: the guards hold a pinned and locked buffer, once.
        unsafe { pg_sys::UnlockReleaseBuffer(buffer) };
    }
}

/// A page locked for reading.
pub struct SharedBuffer {
    buffer: pg_sys::Buffer,
}

impl SharedBuffer {
    /// Pins and locks `block`.
    pub fn open(index: IndexRelation, block: u32) -> Result<Self> {
        let buffer = pin(index, block)?;
        Ok(Self::lock(buffer))
    }

    /// The same for whoever knows how many blocks there are at least.
    pub fn open_within(index: IndexRelation, block: u32, n_blocks: u32) -> Result<Self> {
        let buffer = pin_within(index, block, n_blocks)?;
        Ok(Self::lock(buffer))
    }

    /// The same for a block that is known to exist, which saves a system call.
    pub fn open_existing(index: IndexRelation, block: u32) -> Self {
        // SAFETY: the relation is open; the caller knows the block to exist, and if it does not PostgreSQL reports it.
        Self::lock(unsafe { pg_sys::ReadBuffer(index.raw(), block) })
    }

    fn lock(buffer: pg_sys::Buffer) -> Self {
        // SAFETY: `buffer` has just been pinned.
        unsafe { pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32) };
        Self { buffer }
    }

    /// The page.
    pub fn page(&self) -> PageRef<'_> {
        // SAFETY: the buffer is pinned and share-locked for as long as `self` lives.
        unsafe { PageRef::new(pg_sys::BufferGetPage(self.buffer)) }
    }
}

impl Drop for SharedBuffer {
    fn drop(&mut self) {
        release(self.buffer);
    }
}

/// A page of a sealed segment, which nobody changes but to mark it as free (live and killed docs are no such pages).
///
/// Such a page needs no content lock on a primary: its payload and its identity stay as they are until no snapshot can
/// need them (see [`super::free`]), and a pin keeps the buffer from being given to another page. Under replay pages are
/// recycled without waiting for readers, so there it is locked. Marking a page as free copies it over itself with
/// another state, stamp and LSN, which readers of sealed pages do not look at; all other bytes are written as they
/// were.
pub struct SealedBuffer {
    buffer: pg_sys::Buffer,
    locked: bool,
}

impl SealedBuffer {
    /// Pins `block`, which is known to exist; if it does not, PostgreSQL reports it.
    pub fn open(index: IndexRelation, block: u32) -> Self {
        let buffer = recent::pin(index, block);
        let locked = index.is_under_replay();
        if locked {
            // SAFETY: just pinned.
            unsafe { pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32) };
        }
        Self { buffer, locked }
    }

    /// The page.
    pub fn page(&self) -> PageRef<'_> {
        // SAFETY: pinned for as long as `self` lives, and share-locked, or sealed: then what is read of it (payload,
        // and by `PageRef::is_sealed` the identity) does not change while the caller's snapshot is held; see the type's
        // text.
        unsafe { PageRef::new(pg_sys::BufferGetPage(self.buffer)) }
    }
}

impl Drop for SealedBuffer {
    fn drop(&mut self) {
        if self.locked {
            release(self.buffer);
        } else if !std::thread::panicking() {
            // SAFETY: pinned once, not locked.
            unsafe { pg_sys::ReleaseBuffer(self.buffer) };
        }
    }
}

/// A page locked for changing.
pub struct ExclusiveBuffer {
    buffer: pg_sys::Buffer,
    block: u32,
}

impl ExclusiveBuffer {
    /// Pins and locks `block`.
    pub fn open(index: IndexRelation, block: u32) -> Result<Self> {
        let buffer = pin(index, block)?;
        // SAFETY: `buffer` has just been pinned.
        unsafe { pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32) };
        Ok(Self { buffer, block })
    }

    /// The same without waiting; `None` if somebody holds the page.
    pub fn try_open(index: IndexRelation, block: u32) -> Result<Option<Self>> {
        let buffer = pin(index, block)?;
        // SAFETY: `buffer` has just been pinned.
        if unsafe { pg_sys::ConditionalLockBuffer(buffer) } {
            return Ok(Some(Self { buffer, block }));
        }
        // SAFETY: pinned above, not locked.
        unsafe { pg_sys::ReleaseBuffer(buffer) };
        Ok(None)
    }

    /// For a hint: the page if it can be had without waiting, is in use and what `identity` says.
    pub fn try_open_owned(index: IndexRelation, block: u32, identity: &Identity) -> Result<Option<Self>> {
        if block >= index.n_blocks() {
            return Ok(None);
        }
        let is_owned = |page: PageRef<'_>| page.matches(identity) && page.special().state() == PageState::Used;
        Ok(Self::try_open(index, block)?.filter(|buffer| is_owned(buffer.page())))
    }

    /// A block that the caller has added and nobody else knows: it is not read, it is zero.
    pub fn open_new(index: IndexRelation, block: u32) -> Self {
        let (fork, mode) = (pg_sys::ForkNumber::MAIN_FORKNUM, pg_sys::ReadBufferMode::RBM_ZERO_AND_LOCK);
        // SAFETY: the relation is open and the block exists; in this mode the buffer comes locked exclusively.
        let buffer = unsafe { pg_sys::ReadBufferExtended(index.raw(), fork, block, mode, std::ptr::null_mut()) };
        Self { buffer, block }
    }

    /// # Safety
    /// - `buffer` is pinned and exclusively locked by the caller, who gives both away.
    pub unsafe fn from_locked(buffer: pg_sys::Buffer) -> Self {
        // SAFETY: a pinned buffer has a block number.
        let block = unsafe { pg_sys::BufferGetBlockNumber(buffer) };
        Self { buffer, block }
    }

    /// Its block number.
    pub fn block(&self) -> u32 {
        self.block
    }

    /// PostgreSQL's handle, for the log writer.
    pub fn raw(&self) -> pg_sys::Buffer {
        self.buffer
    }

    /// The page as it is.
    pub fn page(&self) -> PageRef<'_> {
        // SAFETY: the buffer is pinned and exclusively locked for as long as `self` lives.
        unsafe { PageRef::new(pg_sys::BufferGetPage(self.buffer)) }
    }
}

impl Drop for ExclusiveBuffer {
    fn drop(&mut self) {
        release(self.buffer);
    }
}
