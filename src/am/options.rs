//! Storage parameters: `CREATE INDEX ... WITH (...)`, `ALTER INDEX ... SET (...)`.
//!
//! They only say who does which work and when, and are read anew each time; so changing them needs no stronger lock
//! than VACUUM takes, and neither readers nor writers wait for it.

use std::ffi::c_int;
use std::mem::offset_of;
use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::storage::relation::IndexRelation;

/// From this size (kB) on the pending list is too large: default, least, most.
const PENDING_LIST_LIMIT: (c_int, c_int, c_int) = (512, 64, 1 << 20);
/// Whether an INSERT that finds it too large does something about it.
const AUTOFLUSH: bool = true;
/// Whether VACUUM may cut the index file, which locks the index for a moment, on standbys too.
const VACUUM_TRUNCATE: bool = true;

static KIND: OnceLock<pg_sys::relopt_kind::Type> = OnceLock::new();

/// The parsed parameters, as PostgreSQL keeps them.
#[repr(C)]
struct WandOptions {
    varlena_header: i32,
    pending_list_limit: c_int,
    autoflush: bool,
    vacuum_truncate: bool,
}

/// Declares the parameters; once, when the library is loaded.
pub fn register() {
    KIND.get_or_init(|| {
        // SAFETY: called while the library is loaded, as PostgreSQL wants it.
        let kind = unsafe { pg_sys::add_reloption_kind() };
        let (default, least, most) = PENDING_LIST_LIMIT;
        let lock = pg_sys::ShareUpdateExclusiveLock as pg_sys::LOCKMODE;
        let name = c"pending_list_limit".as_ptr();
        let text =
            c"Size of the pending list (kB) from which on rows that are inserted turn its oldest part into a segment."
                .as_ptr();
        // SAFETY: the strings are static.
        unsafe { pg_sys::add_int_reloption(kind, name, text, default, least, most, lock) };
        let name = c"autoflush".as_ptr();
        let text =
            c"Rows that are inserted keep the pending list below its limit; otherwise only VACUUM empties it.".as_ptr();
        // SAFETY: the strings are static.
        unsafe { pg_sys::add_bool_reloption(kind, name, text, AUTOFLUSH, lock) };
        let name = c"vacuum_truncate".as_ptr();
        let text = c"VACUUM gives unused pages at the end of the index file back to the operating system.".as_ptr();
        // SAFETY: the strings are static.
        unsafe { pg_sys::add_bool_reloption(kind, name, text, VACUUM_TRUNCATE, lock) };
        kind
    });
}

/// Parses and checks storage parameters.
#[pg_guard]
pub unsafe extern "C-unwind" fn amoptions(reloptions: pg_sys::Datum, validate: bool) -> *mut pg_sys::bytea {
    let Some(&kind) = KIND.get() else { return std::ptr::null_mut() };
    let element = |name: &'static std::ffi::CStr, kind, offset: usize| {
        // SAFETY: plain fields; servers from 18 on have one more, whose zero means "unused".
        let mut element: pg_sys::relopt_parse_elt = unsafe { std::mem::zeroed() };
        element.optname = name.as_ptr();
        element.opttype = kind;
        element.offset = offset as c_int;
        element
    };
    let elements = [
        element(
            c"pending_list_limit",
            pg_sys::relopt_type::RELOPT_TYPE_INT,
            offset_of!(WandOptions, pending_list_limit),
        ),
        element(c"autoflush", pg_sys::relopt_type::RELOPT_TYPE_BOOL, offset_of!(WandOptions, autoflush)),
        element(c"vacuum_truncate", pg_sys::relopt_type::RELOPT_TYPE_BOOL, offset_of!(WandOptions, vacuum_truncate)),
    ];
    let (size, n) = (size_of::<WandOptions>(), elements.len() as c_int);
    // SAFETY: the elements that are passed are as many as is said, and their offsets lie within the struct whose size
    // is passed.
    let parsed = unsafe { pg_sys::build_reloptions(reloptions, validate, kind, size, elements.as_ptr(), n) };
    parsed.cast()
}

/// The index's parameters; nothing if none was ever set.
fn of(index: IndexRelation) -> Option<&'static WandOptions> {
    // SAFETY: the relation is open; its options are either absent or what `amoptions` made. The reference is read from
    // at once, before anything could make PostgreSQL forget them.
    unsafe { (*index.raw()).rd_options.cast::<WandOptions>().as_ref() }
}

/// Pages that the pending list may have before an INSERT flushes; `None` if none ever does.
pub fn flush_above(index: IndexRelation) -> Option<u32> {
    autoflush(index).then(|| pending_limit(index))
}

/// Pages that the pending list is meant to have at most.
pub fn pending_limit(index: IndexRelation) -> u32 {
    let limit = of(index).map_or(PENDING_LIST_LIMIT.0, |o| o.pending_list_limit);
    limit.unsigned_abs() / (pg_sys::BLCKSZ >> 10)
}

/// Whether writers make segments of the pending list's oldest part.
pub fn autoflush(index: IndexRelation) -> bool {
    of(index).map_or(AUTOFLUSH, |o| o.autoflush)
}

/// Whether VACUUM may cut the file.
pub fn vacuum_truncate(index: IndexRelation) -> bool {
    of(index).map_or(VACUUM_TRUNCATE, |o| o.vacuum_truncate)
}
