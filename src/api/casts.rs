//! Casts from and to arrays and jsonb.

use std::ffi::CStr;

use pgrx::{AnyNumeric, Array, FromDatum, pg_sys};

use super::call::{self, Call, Outcome, copy_bytes, interrupts, pg_fn};
use super::types::apply_typmod;
use crate::engine::vector::arith::narrow;
use crate::engine::vector::check::reserve;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, dense, json};

pg_fn! {
    /// real[] to svec.
    fn svec_from_real_array(call) {
        let list = array_argument::<f32>(call, 0, "array")?;
        from_dense(call, list.iter())
    }

    /// double precision[] to svec; each element is rounded to real.
    fn svec_from_double_array(call) {
        let list = array_argument::<f64>(call, 0, "array")?;
        from_dense(call, list.iter().map(|element| element.map(narrow)))
    }

    /// integer[] to svec.
    fn svec_from_integer_array(call) {
        let list = array_argument::<i32>(call, 0, "array")?;
        from_dense(call, list.iter().map(|element| element.map(|weight| narrow(f64::from(weight)))))
    }

    /// numeric[] to svec.
    fn svec_from_numeric_array(call) {
        let list = array_argument::<AnyNumeric>(call, 0, "array")?;
        // What is beyond real becomes infinite and is refused as such.
        from_dense(call, list.iter().map(|element| element.map(|n| f32::try_from(n).unwrap_or(f32::INFINITY))))
    }

    /// svec to real[]; only of a vector with a dimension.
    fn svec_to_real_array(call) {
        let list = dense::to_dense(call.svec(0).as_ref())?;
        array(pg_sys::FLOAT4OID, &list, |weight| weight.to_ne_bytes())
    }

    /// jsonb to svec: an object from token ids to weights.
    fn svec_from_jsonb(call) {
        let vector = json::parse(jsonb_text(&call, 0), &mut interrupts)?;
        from_vector(call, vector)
    }

    /// svec to jsonb; the dimension is lost.
    fn svec_to_jsonb(call) {
        call::jsonb(&json::format(call.svec(0).as_ref(), &mut interrupts)?)
    }
}

/// A cast function's further arguments are the type modifier and whether the cast is explicit.
fn from_vector(call: Call, vector: SparseVector) -> Outcome {
    let typmod = call.datum(1).map_or(-1, |_| call.i32(1));
    call::svec(&apply_typmod(vector, typmod)?)
}

fn from_dense(call: Call, elements: impl Iterator<Item = Option<f32>>) -> Outcome {
    let mut list = Vec::new();
    for element in elements {
        // An element may take long: a numeric is printed and read.
        interrupts();
        if list.len() == list.capacity() {
            let len = list.len().max(1024);
            reserve(&mut list, len)?;
        }
        list.push(element);
    }
    from_vector(call, dense::from_dense(list.into_iter(), &mut interrupts)?)
}

/// A one-dimensional array argument. (The empty array has no dimensions at all, and is let through as a list.)
pub fn array_argument<'a, T: FromDatum + pgrx::datum::UnboxDatum>(
    call: Call,
    n: usize,
    argument: &'static str,
) -> Result<Array<'a, T>, VectorError> {
    let header = one_dimensional(call, n, argument)?;
    // SAFETY: an array of the declared element type.
    let array = unsafe { Array::from_datum(pg_sys::Datum::from(header), false) };
    Ok(array.unwrap_or_else(|| pgrx::error!("svec function called with NULL")))
}

/// The detoasted header of an array argument that is a list.
pub fn one_dimensional(call: Call, n: usize, argument: &'static str) -> Result<*mut pg_sys::ArrayType, VectorError> {
    // SAFETY: declared as an array.
    let header = unsafe { pg_sys::pg_detoast_datum(call.pointer(n)) }.cast::<pg_sys::ArrayType>();
    // SAFETY: detoasted, so the fixed part can be read.
    let n_dims = unsafe { (*header).ndim };
    if n_dims > 1 {
        return Err(VectorError::NotOneDimensional { argument, n_dims: usize::try_from(n_dims).unwrap_or(0) });
    }
    Ok(header)
}

/// A one-dimensional array of a type of 4 bytes, by hand: a list of datums would take three times the memory.
pub fn array<T: Copy>(element_type: pg_sys::Oid, list: &[T], bytes_of: impl Fn(T) -> [u8; 4]) -> Outcome {
    if list.is_empty() {
        // SAFETY: returns a new empty array.
        return Ok(pg_sys::Datum::from(unsafe { pg_sys::construct_empty_array(element_type) }));
    }
    let mut bytes = Vec::new();
    reserve(&mut bytes, list.len().saturating_mul(4))?;
    bytes.extend(list.iter().flat_map(|&element| bytes_of(element)));

    // ArrayType, then one length and one lower bound: 24 bytes, already aligned for the elements.
    const HEADER_BYTES: usize = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>();
    let header = copy_bytes(HEADER_BYTES, &bytes, 0).cast::<pg_sys::ArrayType>();
    let too_long = |_| VectorError::OutOfMemory { bytes: bytes.len() };
    let len = i32::try_from(bytes.len().saturating_add(HEADER_BYTES)).map_err(too_long)?;
    let n_elements = i32::try_from(list.len()).map_err(too_long)?;
    // SAFETY: fresh memory with room for the header; the lengths follow the fixed part.
    unsafe {
        pgrx::varlena::set_varsize_4b(header.cast(), len);
        (*header).ndim = 1;
        (*header).dataoffset = 0;
        (*header).elemtype = element_type;
        let lengths = header.add(1).cast::<i32>();
        lengths.write(n_elements);
        lengths.add(1).write(1);
    }
    Ok(pg_sys::Datum::from(header))
}

/// A jsonb argument as the server prints it.
pub fn jsonb_text(call: &Call, n: usize) -> &[u8] {
    // SAFETY: declared as jsonb.
    let jsonb = unsafe { pg_sys::pg_detoast_datum(call.pointer(n)) }.cast::<pg_sys::Jsonb>();
    // SAFETY: detoasted, so it has a 4-byte header.
    let len = unsafe { pgrx::varlena::varsize_4b(jsonb.cast()) };
    // SAFETY: prints to a new buffer and returns it; the length is only its first size.
    unsafe {
        let root = &raw mut (*jsonb).root;
        let text = pg_sys::JsonbToCString(std::ptr::null_mut(), root, i32::try_from(len).unwrap_or(0));
        CStr::from_ptr(text).to_bytes()
    }
}
