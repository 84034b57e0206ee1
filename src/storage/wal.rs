//! The one writer of page changes: a batch of at most four pages becomes one generic WAL record, or nothing.
//!
//! Changes are made to copies; `commit` logs and applies them together, dropping the batch forgets them. For unlogged
//! and temporary relations PostgreSQL applies without logging.

use std::ops::Range;

use pgrx::pg_sys;

use super::buffer::ExclusiveBuffer;
use super::fault;
use super::page::{Identity, PageMut};
use super::relation::IndexRelation;
use crate::engine::error::{EngineError, Result};

/// Pages in a batch.
pub const MAX_PAGES: usize = 4;

/// A record in the making.
pub struct WalBatch {
    state: *mut pg_sys::GenericXLogState,
    n_pages: usize,
}

impl WalBatch {
    /// An empty batch for pages of `index`.
    pub fn begin(index: IndexRelation) -> Self {
        // SAFETY: the relation is open.
        Self { state: unsafe { pg_sys::GenericXLogStart(index.raw()) }, n_pages: 0 }
    }

    /// Changes a page, which must be sound; each page at most once in a batch.
    pub fn edit(&mut self, buffer: &ExclusiveBuffer, change: impl FnOnce(&mut PageMut<'_>)) -> Result<()> {
        if !buffer.page().is_sound() {
            return Err(EngineError::BadPage { block: buffer.block(), reason: "page header is damaged" });
        }
        self.register(buffer, 0, change);
        Ok(())
    }

    /// Writes a page anew, whatever it held before.
    pub fn write(&mut self, buffer: &ExclusiveBuffer, identity: Identity, fill: impl FnOnce(&mut PageMut<'_>)) {
        let stamp = next_stamp();
        self.register(buffer, pg_sys::GENERIC_XLOG_FULL_IMAGE as i32, |page| {
            page.init(identity, stamp);
            fill(page);
        });
    }

    fn register(&mut self, buffer: &ExclusiveBuffer, flags: i32, change: impl FnOnce(&mut PageMut<'_>)) {
        assert!(self.n_pages < MAX_PAGES, "a WAL batch holds {MAX_PAGES} pages");
        self.n_pages += 1;
        // SAFETY: the buffer is exclusively locked and outlives the batch in every caller's scope; the returned copy
        // belongs to the batch, which hands it to `change` alone.
        let mut page = unsafe { PageMut::new(pg_sys::GenericXLogRegisterBuffer(self.state, buffer.raw(), flags)) };
        change(&mut page);
        fault::page!();
    }

    /// Logs and applies all changes.
    pub fn commit(self) {
        // SAFETY: `state` is live; `GenericXLogFinish` frees it, and `self` is forgotten so that nobody else does.
        let lsn = unsafe { pg_sys::GenericXLogFinish(self.state) };
        std::mem::forget(self);
        fault::record!(lsn);
    }
}

impl Drop for WalBatch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: not committed, so `state` is live.
            unsafe { pg_sys::GenericXLogAbort(self.state) };
        }
    }
}

/// The next transaction id: whoever may hold a reference to a page now runs under a snapshot that does not see beyond
/// it.
pub fn next_stamp() -> u64 {
    // SAFETY: reads a counter in shared memory.
    unsafe { pg_sys::ReadNextFullTransactionId() }.value
}

/// Writes the first page of the init fork of an unlogged index, logged whatever the relation's persistence.
pub fn write_init_fork(index: IndexRelation, identity: Identity, fill: impl FnOnce(&mut PageMut<'_>)) {
    // SAFETY: the relation is open and being created by this transaction; block 0 of its init fork does not exist yet.
    let buffer = unsafe { ExclusiveBuffer::from_locked(extend_locked(index, pg_sys::ForkNumber::INIT_FORKNUM)) };
    let stamp = next_stamp();
    let fill_page = || {
        // SAFETY: the buffer is exclusively locked and new.
        let mut page = unsafe { PageMut::new(pg_sys::BufferGetPage(buffer.raw())) };
        page.init(identity, stamp);
        fill(&mut page);
        // SAFETY: pinned and exclusively locked.
        unsafe { pg_sys::MarkBufferDirty(buffer.raw()) };
        // SAFETY: as above; the page is initialised. Not page_std: every byte is logged.
        unsafe { pg_sys::log_newpage_buffer(buffer.raw(), false) }
    };
    // A change that is not logged together with its record must not be interrupted half-way.
    // SAFETY: a counter of this backend.
    unsafe { pg_sys::CritSectionCount += 1 };
    let lsn = fill_page();
    // SAFETY: as above; an ERROR inside a critical section is a PANIC, so this line is reached or nothing matters.
    unsafe { pg_sys::CritSectionCount -= 1 };
    fault::record!(lsn);
}

/// Adds a block to a fork and returns its buffer, pinned and exclusively locked.
///
/// # Safety
/// - The caller takes over pin and lock.
pub unsafe fn extend_locked(index: IndexRelation, fork: pg_sys::ForkNumber::Type) -> pg_sys::Buffer {
    #[cfg(feature = "pg15")]
    {
        let raw = index.raw();
        // SAFETY: the relation is open; concurrent extension is kept out by the extension lock.
        unsafe { pg_sys::LockRelationForExtension(raw, pg_sys::ExclusiveLock as i32) };
        let (new, normal) = (u32::MAX, pg_sys::ReadBufferMode::RBM_NORMAL);
        // SAFETY: block number "new" asks for one block more.
        let buffer = unsafe { pg_sys::ReadBufferExtended(raw, fork, new, normal, std::ptr::null_mut()) };
        // SAFETY: just pinned; nobody else knows the block.
        unsafe { pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32) };
        // SAFETY: taken above.
        unsafe { pg_sys::UnlockRelationForExtension(raw, pg_sys::ExclusiveLock as i32) };
        buffer
    }
    #[cfg(not(feature = "pg15"))]
    {
        // SAFETY: all fields of the struct are plain; zero is their "unused".
        let mut target: pg_sys::BufferManagerRelation = unsafe { std::mem::zeroed() };
        target.rel = index.raw();
        let lock = pg_sys::ExtendBufferedFlags::EB_LOCK_FIRST;
        // SAFETY: the relation is open; the function takes the extension lock itself.
        unsafe { pg_sys::ExtendBufferedRel(target, fork, std::ptr::null_mut(), lock) }
    }
}

/// Adds `n` blocks in a row to the main fork: zero, and known to nobody but the caller. Returns their numbers.
pub fn extend_by(index: IndexRelation, n: u32) -> Range<u32> {
    let mode = pg_sys::ExclusiveLock as i32;
    // The lock keeps the blocks in a row. Unlike others it excludes the processes of one parallel build from each
    // other. SAFETY: the relation is open.
    unsafe { pg_sys::LockRelationForExtension(index.raw(), mode) };
    let first = index.n_blocks();
    let mut end = first;
    while end - first < n {
        end += extend_unlocked(index, n - (end - first));
    }
    // SAFETY: taken above.
    unsafe { pg_sys::UnlockRelationForExtension(index.raw(), mode) };
    first..end
}

/// Adds up to `n` blocks under the caller's extension lock; returns how many.
#[cfg(feature = "pg15")]
fn extend_unlocked(index: IndexRelation, _n: u32) -> u32 {
    let (fork, mode) = (pg_sys::ForkNumber::MAIN_FORKNUM, pg_sys::ReadBufferMode::RBM_NORMAL);
    // SAFETY: the relation is open, its extension lock held; block number "new" asks for one block more.
    let buffer = unsafe { pg_sys::ReadBufferExtended(index.raw(), fork, u32::MAX, mode, std::ptr::null_mut()) };
    // SAFETY: just pinned.
    unsafe { pg_sys::ReleaseBuffer(buffer) };
    1
}

/// Adds up to `n` blocks under the caller's extension lock; returns how many.
#[cfg(not(feature = "pg15"))]
fn extend_unlocked(index: IndexRelation, n: u32) -> u32 {
    const AT_ONCE: usize = 64;
    let mut buffers: [pg_sys::Buffer; AT_ONCE] = [0; AT_ONCE];
    let mut added = 0;
    // SAFETY: all fields of the struct are plain; zero is their "unused".
    let mut target: pg_sys::BufferManagerRelation = unsafe { std::mem::zeroed() };
    target.rel = index.raw();
    let (fork, flags) = (pg_sys::ForkNumber::MAIN_FORKNUM, pg_sys::ExtendBufferedFlags::EB_SKIP_EXTENSION_LOCK);
    let (n, no_strategy) = (n.min(AT_ONCE as u32), std::ptr::null_mut());
    // SAFETY: the relation is open, its extension lock held; there is room for as many buffers as are asked for.
    unsafe { pg_sys::ExtendBufferedRelBy(target, fork, no_strategy, flags, n, buffers.as_mut_ptr(), &raw mut added) };
    for &buffer in &buffers[..added as usize] {
        // SAFETY: pinned by the call above.
        unsafe { pg_sys::ReleaseBuffer(buffer) };
    }
    added
}
