//! An array's elements.

use std::slice;

use pgrx::pg_sys;

use crate::engine::error::{Result, reserved};

/// The elements that are not NULL.
///
/// # Safety
/// - `datum` is an array that PostgreSQL passed. What it gives may point into it, or into a copy in the current memory
///   context.
pub unsafe fn elements(datum: pg_sys::Datum) -> Result<Vec<pg_sys::Datum>> {
    let (mut values, mut nulls, mut n) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: by the caller's promise a varlena; detoasted it is an array with a header that names its elements' type.
    unsafe {
        let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        let r#type = (*array).elemtype;
        let (mut length, mut by_value, mut alignment) = (0, false, 0);
        pg_sys::get_typlenbyvalalign(r#type, &raw mut length, &raw mut by_value, &raw mut alignment);
        pg_sys::deconstruct_array(
            array,
            r#type,
            i32::from(length),
            by_value,
            alignment,
            &raw mut values,
            &raw mut nulls,
            &raw mut n,
        );
    }
    let n = usize::try_from(n).unwrap_or(0);
    if n == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the server has made two arrays of this length.
    let (values, nulls) = unsafe { (slice::from_raw_parts(values, n), slice::from_raw_parts(nulls, n)) };
    let mut elements = reserved(n, "elements of an array")?;
    elements.extend(values.iter().zip(nulls).filter(|(_, null)| !**null).map(|(value, _)| *value));
    Ok(elements)
}
