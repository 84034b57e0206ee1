//! Text arguments as UTF-8, whatever the database's encoding; results the other way round.

use std::ffi::{CStr, c_int};

use pgrx::{PgSqlErrorCode, pg_sys};

use super::error::report;
use crate::api::call::Call;
use crate::engine::memory::is_some_left;
use crate::engine::vector::check::reserve;
use crate::engine::vector::error::VectorError;
use crate::error::raise;

const UTF8: c_int = pg_sys::pg_enc::PG_UTF8 as c_int;

/// A `text` argument that is not NULL.
pub fn argument(call: Call, n: usize) -> String {
    to_utf8(call.bytes(n))
}

/// Text of the database's encoding.
pub fn to_utf8(bytes: &[u8]) -> String {
    let len = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
    // SAFETY: converts `len` bytes: to a new string that ends in NUL, or returns what it got if nothing is to be done.
    let converted = unsafe {
        pg_sys::pg_do_encoding_conversion(bytes.as_ptr().cast_mut(), len, pg_sys::GetDatabaseEncoding(), UTF8)
    };
    let bytes = if converted.cast_const() == bytes.as_ptr() {
        bytes
    } else {
        // SAFETY: a new string that ends in NUL.
        unsafe { CStr::from_ptr(converted.cast()) }.to_bytes()
    };
    match str::from_utf8(bytes) {
        Ok(text) => owned(text),
        // Only a database of encoding SQL_ASCII lets such bytes in.
        Err(error) => report(
            PgSqlErrorCode::ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
            "encoders need text in UTF-8".into(),
            format!("Byte {} is not the beginning of a character.", error.valid_up_to().saturating_add(1)),
            "Convert it, for instance by convert_from(bytes, 'LATIN1').".into(),
        ),
    }
}

/// A copy; raises if there is no memory for it.
fn owned(text: &str) -> String {
    let mut copy = String::new();
    if !is_some_left() || copy.try_reserve_exact(text.len()).is_err() {
        raise(&VectorError::OutOfMemory { bytes: text.len() });
    }
    copy.push_str(text);
    copy
}

/// UTF-8 as a `text` datum of the database's encoding; raises if that has no such character.
pub fn datum(text: &str) -> pg_sys::Datum {
    // A NUL cannot be in PostgreSQL's text; a vocabulary may have one. One is put at the end.
    let mut bytes = Vec::new();
    reserve(&mut bytes, text.len().saturating_add(1)).unwrap_or_else(|error| raise(&error));
    bytes.extend(text.bytes().filter(|&byte| byte != 0));
    let len = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
    bytes.push(0);
    // SAFETY: as above; the result is copied before `bytes` goes.
    unsafe {
        let from = bytes.as_ptr().cast_mut();
        let converted = pg_sys::pg_do_encoding_conversion(from, len, UTF8, pg_sys::GetDatabaseEncoding());
        pg_sys::Datum::from(pg_sys::cstring_to_text(converted.cast()))
    }
}
