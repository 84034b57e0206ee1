//! Storage parameters: `CREATE INDEX ... WITH (...)`.

use std::ffi::c_int;
use std::mem::offset_of;
use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::storage::relation::IndexRelation;

/// The pending list is turned into a segment when it is larger than this (kB).
const PENDING_LIST_LIMIT: (c_int, c_int, c_int) = (4096, 64, 1 << 20);

static KIND: OnceLock<pg_sys::relopt_kind::Type> = OnceLock::new();

/// The parsed parameters, as PostgreSQL keeps them.
#[repr(C)]
struct WandOptions {
    varlena_header: i32,
    pending_list_limit: c_int,
}

/// Declares the parameters; once, when the library is loaded.
pub fn register() {
    KIND.get_or_init(|| {
        // SAFETY: called while the library is loaded, as PostgreSQL wants it.
        let kind = unsafe { pg_sys::add_reloption_kind() };
        let (default, least, most) = PENDING_LIST_LIMIT;
        let lock = pg_sys::AccessExclusiveLock as pg_sys::LOCKMODE;
        let name = c"pending_list_limit".as_ptr();
        let text = c"Size of the pending list (kB) from which on it is turned into a segment.".as_ptr();
        // SAFETY: the strings are static.
        unsafe { pg_sys::add_int_reloption(kind, name, text, default, least, most, lock) };
        kind
    });
}

/// Parses and checks storage parameters.
#[pg_guard]
pub unsafe extern "C-unwind" fn amoptions(reloptions: pg_sys::Datum, validate: bool) -> *mut pg_sys::bytea {
    let Some(&kind) = KIND.get() else { return std::ptr::null_mut() };
    // SAFETY: plain fields; servers from 18 on have one more, whose zero means "unused".
    let mut element: pg_sys::relopt_parse_elt = unsafe { std::mem::zeroed() };
    element.optname = c"pending_list_limit".as_ptr();
    element.opttype = pg_sys::relopt_type::RELOPT_TYPE_INT;
    element.offset = offset_of!(WandOptions, pending_list_limit) as c_int;
    // SAFETY: one element is passed and its offset lies within the struct whose size is passed.
    let parsed = unsafe {
        pg_sys::build_reloptions(reloptions, validate, kind, size_of::<WandOptions>(), &raw const element, 1)
    };
    parsed.cast()
}

/// The index's pending-list limit in kB.
pub fn pending_list_limit(index: IndexRelation) -> u32 {
    // SAFETY: the relation is open; its options are either absent or what `amoptions` made.
    let options = unsafe { (*index.raw()).rd_options }.cast::<WandOptions>();
    // SAFETY: as above.
    let value = unsafe { options.as_ref() }.map_or(PENDING_LIST_LIMIT.0, |o| o.pending_list_limit);
    value.unsigned_abs()
}
