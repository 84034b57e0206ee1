//! The types that an id may have: bigint, uuid, text. All three work alike, by this trait.

use pgrx::pg_sys;

use super::error::{OrRaise, Refusal};
use crate::api::call;
use crate::engine::memory;

/// An id of one of the types.
pub trait Id: Sized + 'static {
    /// The SQL type.
    const TYPE: pg_sys::Oid;
    /// Its length in bytes, -1 if it varies.
    const LEN: i16;
    /// Whether a datum is the value itself.
    const BY_VALUE: bool;
    /// Its alignment, as the catalogue writes it.
    const ALIGN: u8;
    /// What ids are compared by: numbers by value, text and uuid byte by byte.
    type Key<'a>: Ord + Copy;

    /// A copy of a value that is not NULL.
    ///
    /// # Safety
    /// - `datum` is of this type.
    unsafe fn from_datum(datum: pg_sys::Datum) -> Self;
    /// The value in the current memory context.
    fn to_datum(&self) -> pg_sys::Datum;
    /// See the type.
    fn key(&self) -> Self::Key<'_>;
}

impl Id for i64 {
    const TYPE: pg_sys::Oid = pg_sys::INT8OID;
    const LEN: i16 = 8;
    const BY_VALUE: bool = true;
    const ALIGN: u8 = pg_sys::TYPALIGN_DOUBLE;
    type Key<'a> = i64;

    unsafe fn from_datum(datum: pg_sys::Datum) -> Self {
        datum.value().cast_signed() as Self
    }

    fn to_datum(&self) -> pg_sys::Datum {
        pg_sys::Datum::from(*self)
    }

    fn key(&self) -> i64 {
        *self
    }
}

/// A uuid; as a number it has the order of its bytes.
pub struct Uuid(u128);

impl Id for Uuid {
    const TYPE: pg_sys::Oid = pg_sys::UUIDOID;
    const LEN: i16 = 16;
    const BY_VALUE: bool = false;
    const ALIGN: u8 = pg_sys::TYPALIGN_CHAR;
    type Key<'a> = u128;

    unsafe fn from_datum(datum: pg_sys::Datum) -> Self {
        // SAFETY: the caller's promise: a pointer to 16 bytes, which need not be aligned.
        Self(u128::from_be_bytes(unsafe { datum.cast_mut_ptr::<[u8; 16]>().read() }))
    }

    fn to_datum(&self) -> pg_sys::Datum {
        pg_sys::Datum::from(call::copy_bytes(0, &self.0.to_be_bytes(), 0))
    }

    fn key(&self) -> u128 {
        self.0
    }
}

/// A copy; raises if there is no memory for it.
pub fn boxed(bytes: &[u8]) -> Box<[u8]> {
    let mut copy = Vec::new();
    memory::reserve_exact(&mut copy, bytes.len()).map_err(|bytes| Refusal::OutOfMemory { bytes }).or_raise();
    copy.extend_from_slice(bytes);
    copy.into_boxed_slice()
}

/// A text, in the database's encoding.
pub struct Text(Box<[u8]>);

impl Id for Text {
    const TYPE: pg_sys::Oid = pg_sys::TEXTOID;
    const LEN: i16 = -1;
    const BY_VALUE: bool = false;
    const ALIGN: u8 = pg_sys::TYPALIGN_INT;
    type Key<'a> = &'a [u8];

    unsafe fn from_datum(datum: pg_sys::Datum) -> Self {
        // SAFETY: the caller's promise.
        let value = unsafe { pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr()) };
        // SAFETY: detoasted.
        Self(boxed(unsafe { pgrx::varlena::varlena_to_byte_slice(value) }))
    }

    fn to_datum(&self) -> pg_sys::Datum {
        call::varlena(&self.0)
    }

    fn key(&self) -> &[u8] {
        &self.0
    }
}
