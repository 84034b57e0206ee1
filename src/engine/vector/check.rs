//! The named checks. Every door (text, binary, arrays, jsonb, typmod, arithmetic, aggregates) uses these and no others.

use super::SparseVectorRef;
use super::error::{Numbering, Place, VectorError};
use super::limits::{MAX_DIM, MAX_INDEX, MAX_NNZ, SPARSEVEC_MAX_DIM, SPARSEVEC_MAX_NNZ};
use crate::engine::memory;

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

/// A value that pgvector's `sparsevec` can be, once it has the dimension `dim`, 0 if none.
pub fn check_sparsevec(dim: u32, nnz: usize) -> Result<(), VectorError> {
    match dim {
        0 => Err(VectorError::UnboundedToSparsevec),
        dim if dim > SPARSEVEC_MAX_DIM => Err(VectorError::DimTooLargeForSparsevec { dim }),
        _ if nnz > SPARSEVEC_MAX_NNZ => Err(VectorError::TooManyForSparsevec { nnz }),
        _ => Ok(()),
    }
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

/// A parameter within `low` and `high`, both included, hence finite; `range` is the hint.
pub fn check_range(
    argument: &'static str,
    value: f64,
    (low, high): (f64, f64),
    range: &'static str,
) -> Result<f64, VectorError> {
    if value >= low && value <= high {
        return Ok(value);
    }
    // As PostgreSQL writes it.
    let value = value.to_string().replace("inf", "Infinity");
    Err(VectorError::ArgumentOutOfRange { argument, value, range })
}

/// A share: between 0 and 1.
pub fn check_share(argument: &'static str, value: f64) -> Result<f64, VectorError> {
    check_range(argument, value, (0.0, 1.0), "Give a number from 0 to 1.")
}

/// A factor or a limit: finite and not negative.
pub fn check_not_negative(argument: &'static str, value: f64) -> Result<f64, VectorError> {
    check_range(argument, value, (0.0, f64::MAX), "Give a finite number that is not negative.")
}

/// A divisor: finite and greater than 0.
pub fn check_positive(argument: &'static str, value: f64) -> Result<f64, VectorError> {
    check_range(argument, value, (f64::MIN_POSITIVE, f64::MAX), "Give a finite number greater than 0.")
}

/// A greatest distance: anything but NaN.
pub fn check_radius(value: f64) -> Result<f64, VectorError> {
    check_range("radius", value, (f64::NEG_INFINITY, f64::INFINITY), "Give a number; it may be infinite.")
}

/// A number of terms.
pub fn check_count(argument: &'static str, value: i32) -> Result<usize, VectorError> {
    let range = "Give a number that is not negative.";
    usize::try_from(value).map_err(|_| VectorError::ArgumentOutOfRange { argument, value: value.to_string(), range })
}

/// Weights that are masses or frequencies.
pub fn check_no_negative(argument: &'static str, vector: SparseVectorRef<'_>) -> Result<(), VectorError> {
    match vector.iter().find(|pair| pair.1 < 0.0) {
        Some((index, _)) => Err(VectorError::NegativeWeight { argument, index }),
        None => Ok(()),
    }
}

/// Room for `additional` more elements, or an error instead of an abort.
pub fn reserve<T>(list: &mut Vec<T>, additional: usize) -> Result<(), VectorError> {
    memory::reserve(list, additional).map_err(|bytes| VectorError::OutOfMemory { bytes })
}

/// Runs code of others that takes at most `bytes`; see [`memory::with_room`].
pub fn with_room<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T, VectorError> {
    memory::with_room(bytes, work).map_err(|bytes| VectorError::OutOfMemory { bytes })
}
