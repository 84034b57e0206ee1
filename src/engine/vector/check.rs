//! The named checks. Every door (text, binary, arrays, jsonb, typmod, arithmetic, aggregates) uses these and no others.

use super::error::{Numbering, Place, VectorError};
use super::limits::{MAX_DIM, MAX_INDEX, MAX_NNZ};

/// A dimension that a user wrote: at least 1. (0 is how the datum says "unbounded"; users leave the dimension out.)
pub fn check_dim(dim: i64) -> Result<u32, VectorError> {
    match u32::try_from(dim) {
        Ok(0) | Err(_) if dim < 1 => Err(VectorError::DimTooSmall { dim }),
        Ok(dim) if dim <= MAX_DIM => Ok(dim),
        _ => Err(VectorError::DimTooLarge { dim }),
    }
}

/// The number of non-zeros: what fits in one datum.
pub fn check_nnz(nnz: usize) -> Result<(), VectorError> {
    if nnz > MAX_NNZ { Err(VectorError::TooManyNonZeros { nnz }) } else { Ok(()) }
}

/// A weight: finite.
pub fn check_weight(weight: f32, place: Place) -> Result<(), VectorError> {
    if weight.is_nan() {
        Err(VectorError::NotANumber { place })
    } else if weight.is_infinite() {
        Err(VectorError::Infinite { place })
    } else {
        Ok(())
    }
}

/// A term id counted from 0: below `dim`, or anything up to `MAX_INDEX` if `dim` is 0.
pub fn check_index(index: i64, dim: u32, numbering: Numbering) -> Result<u32, VectorError> {
    let end = if dim == 0 { MAX_INDEX.saturating_add(1) } else { dim };
    match u32::try_from(index) {
        Ok(valid) if valid < end => Ok(valid),
        _ => Err(VectorError::IndexOutOfBounds { index, dim, numbering }),
    }
}

/// The dimension of a result of two operands: the same, or the bounded one.
pub fn check_same_dim(left: u32, right: u32) -> Result<u32, VectorError> {
    match (left, right) {
        (0, dim) | (dim, 0) => Ok(dim),
        _ if left == right => Ok(left),
        _ => Err(VectorError::DifferentDims { left, right }),
    }
}

/// Room for `additional` more elements, or an error instead of an abort.
pub fn reserve<T>(list: &mut Vec<T>, additional: usize) -> Result<(), VectorError> {
    let bytes = additional.saturating_mul(size_of::<T>());
    list.try_reserve(additional).map_err(|_| VectorError::OutOfMemory { bytes })
}
