//! Values of filter columns: PostgreSQL's datums as the engine holds them, and back.
//!
//! Where the comparison is one of the server's own over numbers, a value becomes an integer of the same order
//! ([`Image`]); any other becomes bytes: what the datum points to, detoasted and without its header.

use std::cmp::Ordering;
use std::ffi::CStr;
use std::slice;

use pgrx::pg_sys;
use pgrx::varlena::{set_varsize_4b, varatt_is_1b, varatt_is_1b_e, varatt_is_4b_u, vardata_any, varsize_any_exhdr};

use super::image::Image;
use super::shape::Shape;
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::filter::row::Values;
use crate::engine::filter::value::{MAX_VALUE_BYTES, Value, ValueKind, two_kinds};

/// How PostgreSQL holds the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In the datum itself, of which the values take this many bytes.
    ByValue(usize),
    /// Behind a pointer, all of this many bytes.
    Fixed(usize),
    /// Behind a pointer, after a header with the length.
    Varlena(Shape),
    /// Behind a pointer, up to a zero byte.
    CString,
}

impl Layout {
    /// Whether these can be the bytes of a value.
    pub fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::ByValue(n) | Self::Fixed(n) => bytes.len() == n,
            Self::Varlena(shape) => shape.fits(bytes),
            Self::CString => true,
        }
    }

    /// What `typlen` and `typbyval` of a type say.
    pub fn of(length: i16, by_value: bool) -> Self {
        match (usize::try_from(length), by_value) {
            (Ok(n), true) => Self::ByValue(n.min(size_of::<u64>())),
            (Ok(n), false) => Self::Fixed(n),
            (Err(_), _) if length == -2 => Self::CString,
            (Err(_), _) => Self::Varlena(Shape::Any),
        }
    }

    /// The same for values of this type.
    pub fn of_type(self, r#type: pg_sys::Oid) -> Self {
        match self {
            Self::Varlena(_) => Self::Varlena(Shape::of(r#type)),
            other => other,
        }
    }

    /// Bytes of a value, without fetching one that lies elsewhere.
    ///
    /// # Safety
    /// - `datum` is a value of a type of this layout.
    unsafe fn length(self, datum: pg_sys::Datum) -> usize {
        match self {
            Self::ByValue(n) | Self::Fixed(n) => n,
            // SAFETY: by the caller's promise.
            Self::CString => unsafe { CStr::from_ptr(datum.cast_mut_ptr()) }.count_bytes(),
            Self::Varlena(_) => {
                let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
                // SAFETY: by the caller's promise.
                if unsafe { is_plain(pointer) } {
                    // SAFETY: as above, and its header tells the length.
                    unsafe { varsize_any_exhdr(pointer) }
                } else {
                    // SAFETY: as above.
                    unsafe { pg_sys::toast_raw_datum_size(datum) }.saturating_sub(pg_sys::VARHDRSZ)
                }
            }
        }
    }

    /// Appends the bytes of a value.
    ///
    /// # Safety
    /// - `datum` is a value of a type of this layout.
    unsafe fn append(self, datum: pg_sys::Datum, out: &mut Vec<u8>) -> Result<()> {
        let mut add = |bytes: &[u8]| -> Result<()> {
            reserve(out, bytes.len(), "filter value")?;
            out.extend_from_slice(bytes);
            Ok(())
        };
        match self {
            Self::ByValue(n) => add(&(datum.value() as u64).to_le_bytes()[..n]),
            // SAFETY: by the caller's promise the datum points to so many bytes.
            Self::Fixed(n) => add(unsafe { slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), n) }),
            // SAFETY: by the caller's promise.
            Self::CString => add(unsafe { CStr::from_ptr(datum.cast_mut_ptr()) }.to_bytes()),
            Self::Varlena(_) => {
                let original = datum.cast_mut_ptr::<pg_sys::varlena>();
                // SAFETY: by the caller's promise.
                let plain = unsafe { if is_plain(original) { original } else { pg_sys::pg_detoast_datum(original) } };
                // SAFETY: neither compressed nor elsewhere.
                let bytes = unsafe { slice::from_raw_parts(vardata_any(plain).cast(), varsize_any_exhdr(plain)) };
                let added = add(bytes);
                if plain != original {
                    // SAFETY: a copy that was made for this call.
                    unsafe { pg_sys::pfree(plain.cast()) };
                }
                added
            }
        }
    }
}

/// Whether the bytes of a value follow its header, of either length.
///
/// # Safety
/// - `value` points to a varlena.
unsafe fn is_plain(value: *const pg_sys::varlena) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { varatt_is_4b_u(value) || varatt_is_1b(value) && !varatt_is_1b_e(value) }
}

/// Room in which bytes become a datum again, aligned as any type asks for.
#[derive(Default)]
pub struct DatumBuffer {
    words: Vec<u64>,
}

impl DatumBuffer {
    /// A datum of bytes that a value of this layout was turned into. It is gone with the next one and with the buffer.
    pub fn datum(&mut self, layout: Layout, bytes: &[u8]) -> Result<pg_sys::Datum> {
        const HEADER: usize = pg_sys::VARHDRSZ;
        if !layout.fits(bytes) {
            return Err(damaged());
        }
        match layout {
            Layout::ByValue(n) => Ok(Self::by_value(n, bytes)),
            Layout::Fixed(_) | Layout::CString => Ok(pg_sys::Datum::from(self.place(0, bytes)?)),
            Layout::Varlena(_) => {
                let length = i32::try_from(bytes.len() + HEADER).map_err(|_| damaged())?;
                let place = self.place(HEADER, bytes)?;
                // SAFETY: the place begins with a header's room.
                unsafe { set_varsize_4b(place.cast(), length) };
                Ok(pg_sys::Datum::from(place))
            }
        }
    }

    fn by_value(n: usize, bytes: &[u8]) -> pg_sys::Datum {
        let mut word = [0; 8];
        word[..n].copy_from_slice(bytes);
        // As the server makes it of a column: the sign goes on to the left.
        let unused = 64 - 8 * n.clamp(1, 8) as u32;
        pg_sys::Datum::from(i64::from_le_bytes(word) << unused >> unused)
    }

    /// `gap` bytes, then `bytes`, then at least one zero.
    fn place(&mut self, gap: usize, bytes: &[u8]) -> Result<*mut u8> {
        let n_words = (gap + bytes.len()) / size_of::<u64>() + 1;
        self.words.clear();
        reserve(&mut self.words, n_words, "filter value")?;
        self.words.resize(n_words, 0);
        let place = self.words.as_mut_ptr().cast::<u8>();
        // SAFETY: there is room for both.
        unsafe { place.add(gap).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(place)
    }
}

fn damaged() -> EngineError {
    EngineError::Corrupt { part: "filter values", page: 0, reason: "value that its type cannot have" }
}

/// How the values of a column become the engine's.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Integers.
    Integer(Image),
    /// Bytes.
    Bytes(Layout),
}

impl Form {
    /// The same in the engine's words.
    pub fn kind(self) -> ValueKind {
        match self {
            Self::Integer(_) => ValueKind::Integer,
            Self::Bytes(_) => ValueKind::Bytes,
        }
    }

    /// A datum of what the engine holds; it may lie in `buffer`.
    pub fn datum(self, value: Value<'_>, buffer: &mut DatumBuffer) -> Result<pg_sys::Datum> {
        match (self, value) {
            (Self::Integer(image), Value::Integer(integer)) => Ok(image.datum(integer)),
            (Self::Bytes(layout), Value::Bytes(bytes)) => buffer.datum(layout, bytes),
            _ => Err(two_kinds()),
        }
    }
}

/// Why a value cannot be held.
pub enum Refused {
    /// It has this many bytes, more than [`MAX_VALUE_BYTES`].
    TooLong(usize),
    /// The engine's word.
    Engine(EngineError),
}

#[derive(Clone, Copy)]
enum Slot {
    Null,
    Integer(i64),
    /// Bytes from here to there.
    Bytes(usize, usize),
}

/// The values of a row, reused for one after another.
#[derive(Default)]
pub struct ValueBuffer {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

impl ValueBuffer {
    /// Forgets the row before.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.slots.clear();
    }

    /// Adds the value of the next column.
    ///
    /// # Safety
    /// - `datum` is a value of the column's type, unless `is_null`.
    pub unsafe fn push(&mut self, form: Form, datum: pg_sys::Datum, is_null: bool) -> std::result::Result<(), Refused> {
        let slot = match form {
            _ if is_null => Slot::Null,
            Form::Integer(image) => Slot::Integer(image.of(datum)),
            Form::Bytes(layout) => {
                // SAFETY: by the caller's promise.
                let length = unsafe { layout.length(datum) };
                if length > MAX_VALUE_BYTES {
                    return Err(Refused::TooLong(length));
                }
                let begin = self.bytes.len();
                // SAFETY: by the caller's promise.
                unsafe { layout.append(datum, &mut self.bytes) }.map_err(Refused::Engine)?;
                Slot::Bytes(begin, self.bytes.len())
            }
        };
        self.slots.push(slot);
        Ok(())
    }

    /// The values added.
    pub fn values(&self) -> Values<'_> {
        let mut values = Values::default();
        for &slot in &self.slots {
            values.push(match slot {
                Slot::Null => None,
                Slot::Integer(integer) => Some(Value::Integer(integer)),
                Slot::Bytes(begin, end) => Some(Value::Bytes(&self.bytes[begin..end])),
            });
        }
        values
    }
}

/// The bytes of one value of any length, for comparisons with it.
///
/// # Safety
/// - `datum` is a value of a type of this layout.
pub unsafe fn bytes_of(layout: Layout, datum: pg_sys::Datum) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // SAFETY: by the caller's promise.
    unsafe { layout.append(datum, &mut bytes)? };
    Ok(bytes)
}

/// A comparison function of PostgreSQL, ready to be called.
#[derive(Clone, Copy)]
pub struct Comparison {
    function: *mut pg_sys::FmgrInfo,
    collation: pg_sys::Oid,
}

impl Comparison {
    /// # Safety
    /// - `function` takes two values and gives an integer as B-trees want it, and lives as long as this value is used.
    pub unsafe fn new(function: *mut pg_sys::FmgrInfo, collation: pg_sys::Oid) -> Self {
        Self { function, collation }
    }

    /// The order of two values; the function may raise.
    ///
    /// # Safety
    /// - They are of the types that the function takes.
    pub unsafe fn compare(self, a: pg_sys::Datum, b: pg_sys::Datum) -> Ordering {
        // SAFETY: by the promises of the caller and of whoever made this value.
        let answer = unsafe { pg_sys::FunctionCall2Coll(self.function, self.collation, a, b) };
        (answer.value() as i32).cmp(&0)
    }
}
