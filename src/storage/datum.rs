//! An `svec` datum as the engine's [`SparseVectorRef`], without a copy where the server's bytes allow it.
//!
//! ```text
//! varlena header, 4 bytes | int32 dim (0: unbounded) | int32 nnz | int32 flags = 0
//! nnz x int32 term id from 0, ascending | nnz x float4 weight
//! ```
//!
//! Native byte order, alignment int4: pgvector's `sparsevec`. Every door of the type checks the order of the ids and
//! the weights, so reading trusts them; it checks what memory safety rests on, the counts against the length.

use std::slice;

use pgrx::pg_sys;
use pgrx::varlena::{set_varsize_4b, varatt_is_4b_u, varsize_4b};

use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::check::check_nnz;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::limits::{DATUM_HEADER_BYTES, ELEMENT_BYTES, MAX_DIM};
use crate::error::raise;

/// The fixed part of the datum.
#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    varlena: u32,
    dim: i32,
    nnz: i32,
    flags: i32,
}

const _: () = assert!(size_of::<Header>() == DATUM_HEADER_BYTES);
const _: () = assert!(size_of::<u32>() + size_of::<f32>() == ELEMENT_BYTES);

/// A detoasted `svec`: either the server's own bytes or a copy in the current memory context.
pub struct SVec {
    /// `Header`, then `nnz` ids, then `nnz` weights; aligned to 4 bytes.
    base: *const Header,
    dim: u32,
    nnz: usize,
    is_copy: bool,
}

impl SVec {
    /// Detoasts and checks an `svec` (or pgvector's `sparsevec`) datum; raises ERRCODE_DATA_CORRUPTED if it is broken.
    ///
    /// # Safety
    /// - `datum` is a varlena pointer that PostgreSQL passed for a value of such a type.
    /// - The result is not used after the memory of `datum` or the current memory context is gone.
    pub unsafe fn from_datum_raw(datum: pg_sys::Datum) -> Self {
        let original = datum.cast_mut_ptr::<pg_sys::varlena>();
        // SAFETY: a varlena pointer, by the caller's promise.
        let is_plain = unsafe { varatt_is_4b_u(original) } && original.addr().is_multiple_of(align_of::<Header>());
        let detoasted = if is_plain {
            original
        } else {
            // SAFETY: as above. Always a copy: a compressed, external or short value cannot be used in place, and a
            // plain one that is not aligned must not be.
            unsafe { pg_sys::pg_detoast_datum_copy(original) }
        };
        // SAFETY: detoasted, so it has a 4-byte header.
        let len = unsafe { varsize_4b(detoasted) };
        // SAFETY: `len` bytes from `detoasted` on are readable, and it is aligned.
        match unsafe { check_layout(detoasted.cast(), len) } {
            Ok((dim, nnz)) => Self { base: detoasted.cast(), dim, nnz, is_copy: !is_plain },
            Err(problem) => raise(&VectorError::Corrupted { problem }),
        }
    }

    /// The vector.
    pub fn as_ref(&self) -> SparseVectorRef<'_> {
        // SAFETY: `check_layout` found `nnz` ids and `nnz` weights after the header.
        let indices = unsafe { self.base.add(1) }.cast::<u32>();
        // SAFETY: as above.
        let weights = unsafe { indices.add(self.nnz) }.cast::<f32>();
        // SAFETY: as above; aligned to 4 bytes, and nobody writes to a datum while it is used.
        let indices = unsafe { slice::from_raw_parts(indices, self.nnz) };
        // SAFETY: as above.
        let weights = unsafe { slice::from_raw_parts(weights, self.nnz) };
        SparseVectorRef::from_valid_parts(self.dim, indices, weights)
    }

    /// Gives a copy back at once, for callers such as a sort that make many in one memory context.
    pub fn free(self) {
        if self.is_copy {
            // SAFETY: the copy is ours, and `self` is gone after this.
            unsafe { pg_sys::pfree(self.base.cast_mut().cast()) }
        }
    }
}

/// The dimension and the number of non-zeros, if they go with `len`, the varlena's whole length.
///
/// # Safety
/// `base` is aligned to 4 bytes, and `len` bytes from there on are readable.
unsafe fn check_layout(base: *const Header, len: usize) -> Result<(u32, usize), &'static str> {
    if len < DATUM_HEADER_BYTES {
        return Err("The value is shorter than its header");
    }
    // SAFETY: long enough and aligned.
    let header = unsafe { *base };
    let dim = u32::try_from(header.dim).map_err(|_| "The dimension is negative")?;
    let nnz = usize::try_from(header.nnz).map_err(|_| "The number of elements is negative")?;
    if nnz.checked_mul(ELEMENT_BYTES).and_then(|n| n.checked_add(DATUM_HEADER_BYTES)) != Some(len) {
        return Err("The number of elements does not go with the length");
    }
    if header.flags != 0 {
        return Err("The flags are not 0");
    }
    debug_assert!(dim <= MAX_DIM);
    Ok((dim, nnz))
}

/// A new datum in the current memory context.
pub fn to_datum(vector: SparseVectorRef<'_>) -> Result<pg_sys::Datum, VectorError> {
    let nnz = vector.nnz();
    check_nnz(nnz)?;
    let len = nnz.saturating_mul(ELEMENT_BYTES).saturating_add(DATUM_HEADER_BYTES);
    let too_many = |_| VectorError::TooManyNonZeros { nnz };
    let len_i32 = i32::try_from(len).map_err(too_many)?;
    let dim = i32::try_from(vector.dim()).map_err(|_| VectorError::DimTooLarge { dim: i64::from(vector.dim()) })?;
    let header = Header { varlena: 0, dim, nnz: i32::try_from(nnz).map_err(too_many)?, flags: 0 };

    // SAFETY: palloc returns `len` bytes, maximally aligned, or raises.
    let base = unsafe { pg_sys::palloc(len) }.cast::<Header>();
    // SAFETY: `len` holds the header, `nnz` ids and `nnz` weights, and nothing else points there.
    unsafe {
        base.write(header);
        set_varsize_4b(base.cast(), len_i32);
        let indices = base.add(1).cast::<u32>();
        indices.copy_from_nonoverlapping(vector.indices().as_ptr(), nnz);
        indices.add(nnz).cast::<f32>().copy_from_nonoverlapping(vector.weights().as_ptr(), nnz);
    }
    Ok(pg_sys::Datum::from(base))
}
