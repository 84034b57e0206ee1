//! Allocations that fail on purpose: the nth one of at least a size, or that one and all after it.
//!
//! It stands where the system's allocator is asked, so the reserve (`storage/memory.rs`) works as in need. Parallel
//! workers inherit the settings, and each counts its own allocations. Nothing fails within what is announced
//! (`engine/memory.rs`), for that has been asked for; there it is measured whether the bound is kept.

use std::backtrace::Backtrace;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};

use pgrx::pg_sys;

use super::armed::define_count;
use crate::engine::memory::announced;

/// The settings' places.
static FAIL: AtomicI32 = AtomicI32::new(0);
static FROM: AtomicI32 = AtomicI32::new(4096);
static ONWARD: AtomicI32 = AtomicI32::new(0);
static TRACE: AtomicI32 = AtomicI32::new(0);
static COUNTED: AtomicI32 = AtomicI32::new(0);
static EXCEEDED: AtomicI32 = AtomicI32::new(0);
static SHARE: AtomicI32 = AtomicI32::new(0);

/// Allocations that are still to come before the one that fails; 0: none is to, or it has.
static UNTIL: AtomicI32 = AtomicI32::new(0);
/// Whether all fail from now on.
static EXHAUSTED: AtomicBool = AtomicBool::new(false);
/// What is left of a reserve that was given back, while all fail.
static LEFT: AtomicUsize = AtomicUsize::new(0);
/// What is in use of what is announced.
static IN_USE: AtomicUsize = AtomicUsize::new(0);
/// Whether a backtrace is being made: it allocates.
static TRACING: AtomicBool = AtomicBool::new(false);

/// Whether an allocation of this size is to fail.
pub fn refuses(size: usize) -> bool {
    if TRACING.load(Relaxed) {
        return false;
    }
    let room = announced::BYTES.load(Relaxed);
    if room > 0 {
        measure(size, room);
        return false;
    }
    IN_USE.store(0, Relaxed);
    if EXHAUSTED.load(Relaxed) {
        let refused = !take_of_reserve(size);
        if refused && TRACE.load(Relaxed) != 0 {
            trace(size);
        }
        return refused;
    }
    if size < FROM.load(Relaxed).unsigned_abs() as usize {
        return false;
    }
    COUNTED.fetch_add(1, Relaxed);
    let until = UNTIL.load(Relaxed);
    UNTIL.store(until.saturating_sub(1).max(0), Relaxed);
    if TRACE.load(Relaxed) != 0 && (until == 1 || FAIL.load(Relaxed) == 0) {
        trace(size);
    }
    if until == 1 && ONWARD.load(Relaxed) != 0 {
        EXHAUSTED.store(true, Relaxed);
        LEFT.store(0, Relaxed);
    }
    until == 1
}

fn take_of_reserve(size: usize) -> bool {
    let left = LEFT.load(Relaxed);
    if left >= size {
        LEFT.store(left - size, Relaxed);
    }
    left >= size
}

fn measure(size: usize, room: usize) {
    let in_use = IN_USE.load(Relaxed).saturating_add(size);
    IN_USE.store(in_use, Relaxed);
    let percent = i32::try_from(in_use.saturating_mul(100) / room).unwrap_or(i32::MAX);
    SHARE.fetch_max(percent, Relaxed);
    let over = i32::try_from(in_use.saturating_sub(room)).unwrap_or(i32::MAX);
    if over > EXCEEDED.load(Relaxed) {
        EXCEEDED.store(over, Relaxed);
        if TRACE.load(Relaxed) != 0 {
            trace(size);
        }
    }
}

/// Memory was given back.
pub fn returned(size: usize) {
    if announced::BYTES.load(Relaxed) > 0 {
        IN_USE.store(IN_USE.load(Relaxed).saturating_sub(size), Relaxed);
    } else if EXHAUSTED.load(Relaxed) {
        LEFT.store(LEFT.load(Relaxed).saturating_add(size).min(super::super::memory::RESERVE), Relaxed);
    }
}

/// While all fail, the reserve is all that there is.
pub fn reserve_given(size: usize) {
    LEFT.store(size, Relaxed);
}

fn trace(size: usize) {
    TRACING.store(true, Relaxed);
    eprintln!("allocation of {size} bytes\n{}\nend of allocation", Backtrace::force_capture());
    TRACING.store(false, Relaxed);
}

/// Counting begins when the setting is made.
///
/// # Safety
/// - Called by PostgreSQL; nothing is read through the pointer.
unsafe extern "C-unwind" fn assign(n: c_int, _extra: *mut c_void) {
    UNTIL.store(n, Relaxed);
    COUNTED.store(0, Relaxed);
    EXHAUSTED.store(false, Relaxed);
}

/// Declares the settings.
pub fn register() {
    let (superuser, anybody) = (pg_sys::GucContext::PGC_SUSET, pg_sys::GucContext::PGC_USERSET);
    let shown = pg_sys::GucContext::PGC_INTERNAL;
    define_count(c"wand.fail_allocation", c"Which allocation fails; 0: none.", &FAIL, superuser, Some(assign));
    define_count(c"wand.fail_allocation_from", c"Bytes from which on they count.", &FROM, anybody, None);
    define_count(c"wand.fail_allocation_onward", c"Not 0: all after it fail, too.", &ONWARD, superuser, None);
    define_count(c"wand.trace_allocations", c"Not 0: the log says where it was.", &TRACE, superuser, None);
    define_count(c"wand.allocations", c"How many there have been.", &COUNTED, shown, None);
    define_count(c"wand.room_exceeded", c"Bytes taken beyond what was announced.", &EXCEEDED, shown, None);
    define_count(c"wand.room_share", c"Per cent of what was announced.", &SHARE, shown, None);
}
