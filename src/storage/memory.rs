//! The memory of a session's Rust code, and a reserve for when there is none left.
//!
//! When an ordinary allocation fails, Rust ends the process; and when one session ends like that PostgreSQL restarts
//! all of them. So nothing may fail that is not asked whether it did:
//!
//! - *Large* allocations ([`LARGE`]) are reserved fallibly wherever their size comes from data, or are announced
//!   (`engine/memory.rs`). They fail with an ERROR (53200).
//! - *Small* ones are too many to ask: an error's message is one. When there is no memory for one of them, the reserve
//!   is given back to the system, which then has some. PostgreSQL keeps 8 kB for its own errors in the same way.
//!   From then on the session is *short*: every allocation first tries to take the reserve anew, and large ones, fallible
//!   ones of any size and pages that are opened fail if it is not to be had. So it has to last for little.
//!
//! What PostgreSQL allocates for us (memory contexts) fails with an ERROR by itself. But on its way through our frames
//! such an ERROR is copied into the memory context of whoever called, and if there is no room for the copy the server
//! ends (PANIC: ERRORDATA_STACK_SIZE exceeded). There is no hook for a failed allocation; yet before it raises,
//! PostgreSQL prints statistics of all memory contexts. One of them is ours: when asked for its statistics it gives the
//! reserve back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use pgrx::pg_sys;

use super::fault;
use crate::engine::error::{EngineError, Result};
use crate::engine::memory::{LARGE, SHORT, is_some_left};

/// Bytes of the reserve. Nobody writes to them, so they are no memory until they are given back. A memory context that
/// has grown asks for a block of 1 MB at least, which the system's allocator may round up.
pub const RESERVE: usize = 3 << 20;

#[global_allocator]
static MEMORY: Memory = Memory;

/// The reserve, if this session has one at the moment. It is changed by one thread only.
static KEPT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

struct Memory;

/// Takes the reserve; once, when the library is loaded.
pub fn prepare() {
    SHORT.store(true, Relaxed);
    refill();
    let (parent, name) = (&raw mut pg_sys::TopMemoryContext, c"pg_wand reserve".as_ptr());
    // SAFETY: makes a context that lives as long as the process, and nothing is allocated in it. Its methods are those
    // of its kind but for one; the copy is never freed.
    unsafe {
        let context = pg_sys::AllocSetContextCreateInternal(*parent, name, 0, 1024, 1024);
        let methods = pg_sys::MemoryContextMethods { stats: Some(asked_for_statistics), ..*(*context).methods };
        (*context).methods = Box::leak(Box::new(methods));
    }
}

/// Memory has run out, or somebody is curious; then the reserve is taken again by the next allocation.
///
/// # Safety
/// - Called by PostgreSQL; nothing is read or written through the pointers.
unsafe extern "C-unwind" fn asked_for_statistics(
    _context: pg_sys::MemoryContext,
    _print: pg_sys::MemoryStatsPrintFunc,
    _passthru: *mut c_void,
    _totals: *mut pg_sys::MemoryContextCounters,
    _to_stderr: bool,
) {
    give_back();
}

/// An error if a small allocation was served from the reserve and there still is no memory.
#[inline]
pub fn check() -> Result<()> {
    if is_some_left() { Ok(()) } else { Err(EngineError::OutOfMemory { what: "small allocations", bytes: RESERVE }) }
}

#[inline]
fn is_in_need() -> bool {
    SHORT.load(Relaxed) && !refill()
}

#[cold]
fn refill() -> bool {
    if KEPT.load(Relaxed).is_null() {
        // SAFETY: the layout is not empty.
        let block = fault::allocation!(RESERVE, unsafe { System.alloc(LAYOUT) });
        KEPT.store(block, Relaxed);
        SHORT.store(block.is_null(), Relaxed);
    }
    !SHORT.load(Relaxed)
}

const LAYOUT: Layout = Layout::new::<[u8; RESERVE]>();

/// Whether there was a reserve to be given back.
#[cold]
fn give_back() -> bool {
    let block = KEPT.swap(ptr::null_mut(), Relaxed);
    if block.is_null() {
        return false;
    }
    // SAFETY: allocated by `refill` with the same layout, and nobody else has it.
    unsafe { System.dealloc(block, LAYOUT) };
    SHORT.store(true, Relaxed);
    fault::given_back!(RESERVE);
    true
}

#[inline]
fn obtain(size: usize, take: impl Fn() -> *mut u8) -> *mut u8 {
    if size >= LARGE {
        return if is_in_need() { ptr::null_mut() } else { fault::allocation!(size, take()) };
    }
    is_in_need();
    let block = fault::allocation!(size, take());
    if block.is_null() { without(size, take) } else { block }
}

#[cold]
fn without(size: usize, take: impl Fn() -> *mut u8) -> *mut u8 {
    if give_back() { fault::allocation!(size, take()) } else { ptr::null_mut() }
}

// SAFETY: all of it is the system's allocator, asked a second time where it has refused; no method unwinds.
unsafe impl GlobalAlloc for Memory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        obtain(layout.size(), || unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        obtain(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        fault::deallocation!(layout.size());
        // SAFETY: the caller's promise; the block is the system's.
        unsafe { System.dealloc(block, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise; a refusal leaves the block as it is, so that it can be asked for again.
        let take = || unsafe { System.realloc(block, layout, new_size) };
        if new_size <= layout.size() {
            return take();
        }
        let grown = obtain(new_size, take);
        if !grown.is_null() {
            fault::deallocation!(layout.size());
        }
        grown
    }
}
