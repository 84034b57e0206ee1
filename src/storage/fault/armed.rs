//! What the macros do in a library with the feature.
//!
//! Parallel workers inherit the settings but count, fail and wait for nothing: a run must be repeatable.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use pgrx::pg_sys;
use pgrx::prelude::*;

/// The points. Point n (from 1) waits for `pg_advisory_lock(7777, n)`, so new ones go to the end.
const POINTS: [&CStr; 18] = [
    c"insert_before_append",
    c"insert_after_append",
    c"overflow_written",
    c"flush_after_seal",
    c"flush_before_publish",
    c"flush_after_publish",
    c"merge_chosen",
    c"merge_before_publish",
    c"merge_after_publish",
    c"vacuum_before_segment",
    c"vacuum_before_pending",
    c"cleanup_before_sweep",
    c"sweep_before_free",
    c"scan_after_meta",
    c"scan_after_manifest",
    c"scan_before_row",
    c"build_before_publish",
    c"flushed_meanwhile",
];

/// First key of the points' advisory locks.
const LOCK_CLASS: u32 = 7777;
/// What tells locks of two 32-bit keys from those of one 64-bit key.
const TWO_KEYS: u16 = 2;

/// The settings' places. PostgreSQL writes them, but for the last.
static CRASH_AFTER: AtomicI32 = AtomicI32::new(0);
static ERROR_AFTER: AtomicI32 = AtomicI32::new(0);
static ERROR_IN: AtomicI32 = AtomicI32::new(0);
static PAUSE_AT: AtomicI32 = AtomicI32::new(0);
static WAL_RECORDS: AtomicI32 = AtomicI32::new(0);
static WAL_PAGES: AtomicI32 = AtomicI32::new(0);

/// Records that are still to come before the fault; 0: none is wanted, or it has happened.
static UNTIL_CRASH: AtomicI32 = AtomicI32::new(0);
static UNTIL_ERROR: AtomicI32 = AtomicI32::new(0);
/// The same in pages.
static UNTIL_ERROR_IN: AtomicI32 = AtomicI32::new(0);

/// A point's number; an unknown name does not compile.
pub const fn number_of(name: &str) -> i32 {
    let mut at = 0;
    while at < POINTS.len() {
        if is_same(POINTS[at].to_bytes(), name.as_bytes()) {
            return at as i32 + 1;
        }
        at += 1;
    }
    panic!("no such point")
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Waits at a point, if this session is to.
pub fn pause(point: i32) {
    // SAFETY: a counter of this backend; every page lock adds to it.
    let locked = unsafe { pg_sys::InterruptHoldoffCount } != 0;
    assert!(!locked, "fault point {point} lies where a page is locked");
    if PAUSE_AT.load(Relaxed) != point || is_worker() {
        return;
    }
    let tag = pg_sys::LOCKTAG {
        // SAFETY: set once, before anything runs in the backend.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.into(),
        locktag_field2: LOCK_CLASS,
        locktag_field3: point.unsigned_abs(),
        locktag_field4: TWO_KEYS,
        locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
        locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
    };
    let mode = pg_sys::ExclusiveLock as pg_sys::LOCKMODE;
    // The transaction's, so that one which is cancelled leaves nothing behind.
    // SAFETY: in a transaction, no page locked; the tag is that of a call of pg_advisory_lock.
    unsafe {
        pg_sys::LockAcquire(&raw const tag, mode, false, false);
        pg_sys::LockRelease(&raw const tag, mode, false);
    }
}

/// Counts a record, and does what was asked for after it.
pub fn record_written(lsn: pg_sys::XLogRecPtr) {
    if lsn == 0 || is_worker() {
        return;
    }
    WAL_RECORDS.fetch_add(1, Relaxed);
    if is_due(&UNTIL_CRASH) {
        crash(lsn);
    }
    if is_due(&UNTIL_ERROR) {
        raise(c"wand.error_after_wal: the record has been written");
    }
}

/// Counts a page that is part of a record to come, and does what was asked for.
pub fn page_registered() {
    if is_worker() {
        return;
    }
    WAL_PAGES.fetch_add(1, Relaxed);
    if is_due(&UNTIL_ERROR_IN) {
        raise(c"wand.error_in_wal: the record is never written");
    }
}

/// An error as the server's own functions raise it. One that begins in Rust would leave the server's state as it is
/// until the last of our frames is gone; this one has changed it (interrupts are no longer held off, for one) before
/// the first value is dropped.
fn raise(message: &'static CStr) {
    unsafe extern "C-unwind" {
        fn errstart(level: c_int, domain: *const c_char) -> bool;
        fn errcode(sqlstate: c_int) -> c_int;
        fn errmsg_internal(format: *const c_char, ...) -> c_int;
        fn errfinish(file: *const c_char, line: c_int, function: *const c_char);
    }
    let report = || {
        // SAFETY: as the macro ereport of the server does it; all strings are static and nothing here is to be dropped.
        unsafe {
            errstart(PgLogLevel::ERROR as c_int, std::ptr::null());
            errcode(PgSqlErrorCode::ERRCODE_SYSTEM_ERROR as c_int);
            errmsg_internal(c"%s".as_ptr(), message.as_ptr());
            errfinish(c"armed.rs".as_ptr(), 0, c"raise".as_ptr());
        }
    };
    // SAFETY: the closure owns nothing; the error comes back as one of Rust's.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(report) };
}

fn is_due(until: &AtomicI32) -> bool {
    let left = until.load(Relaxed);
    until.store(left.saturating_sub(1).max(0), Relaxed);
    left == 1
}

/// Ends the process as a kill from outside would, and with it the server; what is logged up to `lsn` stays.
fn crash(lsn: pg_sys::XLogRecPtr) -> ! {
    // SAFETY: the C library's functions, as it declares them.
    unsafe extern "C" {
        fn getpid() -> c_int;
        fn kill(pid: c_int, signal: c_int) -> c_int;
    }
    const SIGKILL: c_int = 9;
    // SAFETY: the record has been inserted; flushing takes locks of the log only.
    unsafe { pg_sys::XLogFlush(lsn) };
    // SAFETY: plain system calls; nothing runs after them.
    unsafe { kill(getpid(), SIGKILL) };
    loop {
        std::hint::spin_loop();
    }
}

fn is_worker() -> bool {
    // SAFETY: set once, when the process begins.
    unsafe { pg_sys::ParallelWorkerNumber >= 0 }
}

/// Counting begins when the setting is made.
///
/// # Safety
/// - Called by PostgreSQL; nothing is read through the pointer.
unsafe extern "C-unwind" fn assign_crash(n: c_int, _extra: *mut c_void) {
    UNTIL_CRASH.store(n, Relaxed);
}

/// As above.
///
/// # Safety
/// - As above.
unsafe extern "C-unwind" fn assign_error(n: c_int, _extra: *mut c_void) {
    UNTIL_ERROR.store(n, Relaxed);
}

/// As above.
///
/// # Safety
/// - As above.
unsafe extern "C-unwind" fn assign_error_in(n: c_int, _extra: *mut c_void) {
    UNTIL_ERROR_IN.store(n, Relaxed);
}

/// Declares the settings; once, when the library is loaded, before the prefix is reserved.
pub fn register() {
    let none = pg_sys::config_enum_entry { name: c"none".as_ptr(), val: 0, hidden: false };
    let points =
        POINTS.iter().zip(1..).map(|(name, val)| pg_sys::config_enum_entry { name: name.as_ptr(), val, hidden: false });
    let end = pg_sys::config_enum_entry { name: std::ptr::null(), val: 0, hidden: false };
    // PostgreSQL keeps the list for as long as the process lives.
    let options: Vec<_> = [none].into_iter().chain(points).chain([end]).collect();
    let options = options.leak().as_ptr();
    let (superuser, anybody) = (pg_sys::GucContext::PGC_SUSET, pg_sys::GucContext::PGC_USERSET);
    define_count(
        c"wand.crash_after_wal",
        c"Kills the server right after this log record of the session; 0: never.",
        &CRASH_AFTER,
        superuser,
        Some(assign_crash),
    );
    define_count(
        c"wand.error_after_wal",
        c"Ends the statement with an error right after this log record of the session; 0: never.",
        &ERROR_AFTER,
        superuser,
        Some(assign_error),
    );
    define_count(
        c"wand.error_in_wal",
        c"Ends the statement with an error as soon as this page of the session is part of a log record; 0: never.",
        &ERROR_IN,
        superuser,
        Some(assign_error_in),
    );
    define_count(
        c"wand.wal_records",
        c"Log records that the session has written for wand indexes.",
        &WAL_RECORDS,
        pg_sys::GucContext::PGC_INTERNAL,
        None,
    );
    define_count(
        c"wand.wal_pages",
        c"Pages that the session has put into log records for wand indexes.",
        &WAL_PAGES,
        pg_sys::GucContext::PGC_INTERNAL,
        None,
    );
    super::memory::register();
    // SAFETY: called while the library is loaded, as PostgreSQL wants it; strings, place and list are static.
    unsafe {
        pg_sys::DefineCustomEnumVariable(
            c"wand.pause_at".as_ptr(),
            c"The point at which the session waits for its advisory lock.".as_ptr(),
            std::ptr::null(),
            PAUSE_AT.as_ptr(),
            0,
            options,
            anybody,
            0,
            None,
            None,
            None,
        );
    }
}

pub fn define_count(
    name: &'static CStr,
    text: &'static CStr,
    place: &'static AtomicI32,
    context: pg_sys::GucContext::Type,
    assign: pg_sys::GucIntAssignHook,
) {
    // SAFETY: called while the library is loaded, as PostgreSQL wants it; strings and place are static, and a backend
    // has one thread.
    unsafe {
        pg_sys::DefineCustomIntVariable(
            name.as_ptr(),
            text.as_ptr(),
            std::ptr::null(),
            place.as_ptr(),
            0,
            0,
            c_int::MAX,
            context,
            0,
            None,
            assign,
            None,
        );
    }
}
