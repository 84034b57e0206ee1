//! Pages of any relation as bytes, to be read and overwritten behind everybody's back: what a broken disk does.
//!
//! The functions are in no SQL script; a test that wants them declares them, in a server whose library has the feature:
//!
//! ```sql
//! CREATE FUNCTION page_read(regclass, block int8) RETURNS bytea
//!     AS 'pg_wand', 'wand_fault_page_read' LANGUAGE c STRICT;
//! CREATE FUNCTION page_write(regclass, block int8, page bytea) RETURNS void
//!     AS 'pg_wand', 'wand_fault_page_write' LANGUAGE c STRICT;
//! ```
//! A page is written in its buffer, under its lock and without a log record. Its LSN stays what it was: the server's
//! own writers obey it, and one in the future would keep them from writing any page, whatever access method it is of.

use pgrx::pg_sys;
use pgrx::prelude::*;

const PAGE: usize = pg_sys::BLCKSZ as usize;
/// Bytes of the LSN, with which a page begins.
const LSN: usize = 8;

/// Defines a C function that SQL can call, for superusers.
macro_rules! page_function {
    ($(#[$doc:meta])* fn $name:ident) => {
        const _: () = {
            #[unsafe(export_name = concat!("pg_finfo_", stringify!($name)))]
            pub extern "C" fn finfo() -> &'static pg_sys::Pg_finfo_record {
                static RECORD: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
                &RECORD
            }

            $(#[$doc])*
            ///
            /// # Safety
            /// Called by PostgreSQL, with arguments as the module's text declares them.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
                // SAFETY: this is the outermost Rust frame.
                unsafe { pg_sys::panic::pgrx_extern_c_guard(move || access(fcinfo)) }
            }
        };
    };
}

page_function! {
    /// `(regclass, int8) -> bytea`
    fn wand_fault_page_read
}

page_function! {
    /// `(regclass, int8, bytea) -> void`
    fn wand_fault_page_write
}

/// Reads a page of the main fork, or with a third argument overwrites it.
fn access(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: reads this session's state.
    if unsafe { !pg_sys::superuser() } {
        ereport!(ERROR, PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE, "pages are for superusers");
    }
    // SAFETY: PostgreSQL's own call, with two or three arguments, none of them NULL.
    let (oid, block, page) = unsafe {
        let arguments = (*fcinfo).args.as_slice(usize::from((*fcinfo).nargs.unsigned_abs()));
        (arguments[0].value, arguments[1].value.value(), arguments.get(2).map(|a| a.value))
    };
    // SAFETY: a regclass is an oid.
    let oid = unsafe { pg_sys::Oid::from_datum(oid, false) }.unwrap_or(pg_sys::InvalidOid);
    let mode = pg_sys::AccessShareLock as i32;
    // SAFETY: opens a relation or raises.
    let relation = unsafe { pg_sys::relation_open(oid, mode) };
    let fork = pg_sys::ForkNumber::MAIN_FORKNUM;
    // SAFETY: the relation is open.
    let n_blocks = unsafe { pg_sys::RelationGetNumberOfBlocksInFork(relation, fork) };
    let Some(block) = u32::try_from(block).ok().filter(|&block| block < n_blocks) else {
        ereport!(ERROR, PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, format!("there are {n_blocks} blocks"));
    };
    // SAFETY: the relation is open and the block exists. The buffer is let go below; an error does it as well.
    let buffer = unsafe { pg_sys::ReadBuffer(relation, block) };
    let result = match page {
        None => read(buffer),
        Some(page) => {
            write(buffer, page);
            pg_sys::Datum::null()
        }
    };
    // SAFETY: pinned above, not locked.
    unsafe { pg_sys::ReleaseBuffer(buffer) };
    // SAFETY: opened above.
    unsafe { pg_sys::relation_close(relation, mode) };
    result
}

fn read(buffer: pg_sys::Buffer) -> pg_sys::Datum {
    const LENGTH: usize = pg_sys::VARHDRSZ + PAGE;
    // SAFETY: fresh memory, of which a header and a page are written; the buffer is pinned, and locked while it is
    // read.
    unsafe {
        let copy = pg_sys::palloc(LENGTH).cast::<u8>();
        pgrx::varlena::set_varsize_4b(copy.cast(), LENGTH as i32);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32);
        copy.add(pg_sys::VARHDRSZ).copy_from_nonoverlapping(pg_sys::BufferGetPage(buffer).cast(), PAGE);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK as i32);
        pg_sys::Datum::from(copy)
    }
}

fn write(buffer: pg_sys::Buffer, page: pg_sys::Datum) {
    // SAFETY: declared as bytea, not NULL.
    let value = unsafe { pg_sys::pg_detoast_datum_packed(page.cast_mut_ptr()) };
    // SAFETY: detoasted.
    let bytes = unsafe { pgrx::varlena::varlena_to_byte_slice(value) };
    if bytes.len() != PAGE {
        ereport!(ERROR, PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, format!("a page has {PAGE} bytes"));
    }
    // SAFETY: the buffer is pinned, and locked while its page is written.
    unsafe {
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32);
        let target = std::slice::from_raw_parts_mut(pg_sys::BufferGetPage(buffer).cast::<u8>(), PAGE);
        target[LSN..].copy_from_slice(&bytes[LSN..]);
        pg_sys::MarkBufferDirty(buffer);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK as i32);
    }
}
