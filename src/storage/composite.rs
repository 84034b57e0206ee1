//! A composite value's columns.

use std::slice;

use pgrx::pg_sys;
use pgrx::varlena::varsize_4b;

/// A detoasted value of a row type: either the server's own bytes or a copy in the current memory context.
pub struct Composite {
    header: pg_sys::HeapTupleHeader,
    is_copy: bool,
}

impl Composite {
    /// Detoasts it.
    ///
    /// # Safety
    /// - `datum` is a composite value that PostgreSQL passed.
    /// - Neither the result nor what is read from it is used after the memory of `datum` or the current memory context
    ///   is gone.
    pub unsafe fn from_datum(datum: pg_sys::Datum) -> Self {
        let original = datum.cast_mut_ptr::<pg_sys::varlena>();
        // SAFETY: a varlena pointer, by the caller's promise; returned as it is if it is plain.
        let detoasted = unsafe { pg_sys::pg_detoast_datum(original) };
        Self { header: detoasted.cast(), is_copy: detoasted != original }
    }

    /// All its bytes: equal ones are equal values of one type.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: detoasted, so it has a 4-byte header that tells its length.
        unsafe { slice::from_raw_parts(self.header.cast(), varsize_4b(self.header.cast())) }
    }

    /// Its columns; NULL as `None`. Raises if there are not `N` of them.
    pub fn columns<const N: usize>(&self) -> [Option<pg_sys::Datum>; N] {
        let (mut values, mut nulls) = ([pg_sys::Datum::null(); N], [true; N]);
        // SAFETY: the header of a composite value says of what type it is.
        unsafe {
            let types = (*self.header).t_choice.t_datum;
            let shape = pg_sys::lookup_rowtype_tupdesc_copy(types.datum_typeid, types.datum_typmod);
            if usize::try_from((*shape).natts) != Ok(N) {
                pgrx::error!("svec type with {N} columns has been changed");
            }
            let mut tuple = pg_sys::HeapTupleData {
                t_len: varsize_4b(self.header.cast()) as u32,
                t_data: self.header,
                ..pg_sys::HeapTupleData::default()
            };
            pg_sys::heap_deform_tuple(&raw mut tuple, shape, values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::FreeTupleDesc(shape);
        }
        std::array::from_fn(|at| (!nulls[at]).then_some(values[at]))
    }

    /// Gives a copy back at once. Columns that were read from it are gone with it.
    pub fn free(self) {
        if self.is_copy {
            // SAFETY: the copy is ours, and `self` is gone after this.
            unsafe { pg_sys::pfree(self.header.cast()) }
        }
    }
}
