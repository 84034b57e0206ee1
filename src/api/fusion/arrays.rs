//! Arrays and rows of the server, read and written.

use pgrx::pg_sys;

use super::error::{Refusal, Result, reserve};
use super::ids::Id;
use crate::api::call::interrupts;

/// The elements of an array of any number of dimensions, in storage order, given to `each`; NULL as `None`.
///
/// # Safety
/// - `array` is an array whose elements have this type, length, kind and alignment.
pub unsafe fn for_each_element(
    array: pg_sys::Datum,
    (element_type, len, by_value, align): (pg_sys::Oid, i16, bool, u8),
    mut each: impl FnMut(usize, Option<pg_sys::Datum>) -> Result<()>,
) -> Result<()> {
    let (mut values, mut nulls, mut n) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: the caller's promise; raises if the array is of another type.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        pg_sys::deconstruct_array(
            array,
            element_type,
            len.into(),
            by_value,
            align as std::ffi::c_char,
            &raw mut values,
            &raw mut nulls,
            &raw mut n,
        );
    }
    for at in 0..usize::try_from(n).unwrap_or(0) {
        interrupts();
        // SAFETY: there are `n` of both.
        let (value, is_null) = unsafe { (*values.add(at), *nulls.add(at)) };
        each(at, (!is_null).then_some(value))?;
    }
    // SAFETY: made above, and used no more.
    unsafe {
        pg_sys::pfree(values.cast());
        pg_sys::pfree(nulls.cast());
    }
    Ok(())
}

/// What [`for_each_element`] needs to know of an array of ids.
pub fn of_ids<I: Id>() -> (pg_sys::Oid, i16, bool, u8) {
    (I::TYPE, I::LEN, I::BY_VALUE, I::ALIGN)
}

/// And of an array of float8, of int4, of composites.
pub const OF_FLOAT8: (pg_sys::Oid, i16, bool, u8) = (pg_sys::FLOAT8OID, 8, true, pg_sys::TYPALIGN_DOUBLE);
pub const OF_INT4: (pg_sys::Oid, i16, bool, u8) = (pg_sys::INT4OID, 4, true, pg_sys::TYPALIGN_INT);

pub fn of_rows(row_type: pg_sys::Oid) -> (pg_sys::Oid, i16, bool, u8) {
    (row_type, -1, false, pg_sys::TYPALIGN_DOUBLE)
}

/// The type of an array's elements.
///
/// # Safety
/// - `array` is an array.
pub unsafe fn element_type(array: pg_sys::Datum) -> pg_sys::Oid {
    // SAFETY: the caller's promise.
    unsafe { (*pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>()).elemtype }
}

/// The lengths of an array's dimensions.
///
/// # Safety
/// - `array` is an array.
pub unsafe fn lengths(array: pg_sys::Datum) -> Vec<usize> {
    // SAFETY: the caller's promise; the lengths follow the fixed part.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        let lengths = array.add(1).cast::<i32>();
        let n = usize::try_from((*array).ndim).unwrap_or(0);
        (0..n).map(|at| usize::try_from(lengths.add(at).read()).unwrap_or(0)).collect()
    }
}

/// A new one-dimensional array without NULLs.
pub fn list(
    (element_type, len, by_value, align): (pg_sys::Oid, i16, bool, u8),
    elements: impl ExactSizeIterator<Item = pg_sys::Datum>,
) -> Result<pg_sys::Datum> {
    let mut values = Vec::new();
    reserve(&mut values, elements.len())?;
    values.extend(elements.inspect(|_| interrupts()));
    let n = i32::try_from(values.len()).map_err(|_| Refusal::TooMany)?;
    // SAFETY: `n` values of the type said; copied into a new array. Raises if they are too many.
    let array = unsafe {
        let align = align as std::ffi::c_char;
        pg_sys::construct_array(values.as_mut_ptr(), n, element_type, len.into(), by_value, align)
    };
    Ok(pg_sys::Datum::from(array))
}

/// A one-dimensional array with NULLs that is written anew for every row, in the same memory.
pub struct Refilled {
    /// In words, for its alignment.
    memory: Vec<u64>,
    element_type: pg_sys::Oid,
    n: usize,
}

/// The fixed part, one length, one lower bound.
const HEADER_BYTES: usize = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>();

impl Refilled {
    /// For `n` elements of up to 8 bytes.
    pub fn new(element_type: pg_sys::Oid, n: usize) -> Result<Self> {
        let words = (HEADER_BYTES + n.div_ceil(8)).div_ceil(8) + n;
        let mut memory = Vec::new();
        reserve(&mut memory, words)?;
        memory.resize(words, 0);
        Ok(Self { memory, element_type, n })
    }

    /// Writes the elements, `BYTES` each, and gives the array. There must be as many as was said.
    pub fn fill<const BYTES: usize>(&mut self, elements: impl Iterator<Item = Option<[u8; BYTES]>>) -> pg_sys::Datum {
        let start = (HEADER_BYTES + self.n.div_ceil(8)).next_multiple_of(8);
        let base = self.memory.as_mut_ptr().cast::<u8>();
        // SAFETY: the memory has room for the header, a bit for each element, and all elements; a length that fits was
        // checked when it was made.
        let bytes = unsafe { std::slice::from_raw_parts_mut(base, self.memory.len() * 8) };
        bytes[HEADER_BYTES..start].fill(0);
        let mut end = start;
        for (at, element) in elements.take(self.n).enumerate() {
            if let Some(element) = element {
                bytes[HEADER_BYTES + at / 8] |= 1 << (at % 8);
                bytes[end..end + BYTES].copy_from_slice(&element);
                end += BYTES;
            }
        }
        let header = base.cast::<pg_sys::ArrayType>();
        // SAFETY: as above; aligned, since it is the beginning of words.
        unsafe {
            pgrx::varlena::set_varsize_4b(header.cast(), i32::try_from(end).unwrap_or(i32::MAX));
            (*header).ndim = 1;
            (*header).dataoffset = i32::try_from(start).unwrap_or(i32::MAX);
            (*header).elemtype = self.element_type;
            let lengths = header.add(1).cast::<i32>();
            lengths.write(i32::try_from(self.n).unwrap_or(i32::MAX));
            lengths.add(1).write(1);
        }
        pg_sys::Datum::from(header)
    }
}
