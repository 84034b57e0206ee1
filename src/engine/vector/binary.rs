//! The binary form, pgvector's, in network byte order:
//!
//! ```text
//! int32 dim (0: unbounded) | int32 nnz | int32 flags = 0 | nnz x int32 term id from 0 | nnz x float4 weight
//! ```
//!
//! Stricter than the text form: term ids must ascend and weights must not be 0, for no client writes otherwise.

use super::check::{check_dim, check_index, check_nnz, check_weight, reserve};
use super::error::{Numbering, Place, VectorError};
use super::limits::ELEMENT_BYTES;
use super::{SparseVector, SparseVectorRef};

const HEADER_BYTES: usize = 12;

/// Reads a whole binary value.
pub fn parse(input: &[u8]) -> Result<SparseVector, VectorError> {
    let short = VectorError::BinaryLength { expected: HEADER_BYTES, actual: input.len() };
    let Some((header, body)) = input.split_at_checked(HEADER_BYTES) else { return Err(short) };
    let mut fields = header.chunks_exact(4).map(|bytes| i32::from_be_bytes(four(bytes)));
    let (Some(dim), Some(nnz), Some(flags)) = (fields.next(), fields.next(), fields.next()) else { return Err(short) };

    let dim = if dim == 0 { 0 } else { check_dim(i64::from(dim))? };
    let nnz = usize::try_from(nnz).map_err(|_| VectorError::BinaryNegative { field: "count", value: nnz })?;
    check_nnz(nnz)?;
    if dim != 0 && u32::try_from(nnz).is_ok_and(|n| n > dim) {
        return Err(VectorError::MoreElementsThanDims { nnz, dim });
    }
    if flags != 0 {
        return Err(VectorError::BinaryFlags { flags });
    }
    if nnz.checked_mul(ELEMENT_BYTES) != Some(body.len()) {
        let expected = nnz.saturating_mul(ELEMENT_BYTES).saturating_add(HEADER_BYTES);
        return Err(VectorError::BinaryLength { expected, actual: input.len() });
    }
    let (ids, weights) = body.split_at(body.len() / 2);
    Ok(SparseVector::from_valid_parts(dim, parse_indices(ids, dim)?, parse_weights(weights)?))
}

/// `bytes` holds four.
fn four(bytes: &[u8]) -> [u8; 4] {
    bytes.try_into().unwrap_or_default()
}

fn parse_indices(bytes: &[u8], dim: u32) -> Result<Vec<u32>, VectorError> {
    let mut indices = Vec::new();
    reserve(&mut indices, bytes.len() / 4)?;
    let mut previous = None;
    for (n, bytes) in bytes.chunks_exact(4).enumerate() {
        let index = i64::from(i32::from_be_bytes(four(bytes)));
        let index = check_index(index, dim, Numbering::TokenFromZero)?;
        if previous == Some(index) {
            return Err(VectorError::Duplicate { index, numbering: Numbering::TokenFromZero });
        }
        if previous > Some(index) {
            return Err(VectorError::NotAscending { element: n.saturating_add(1) });
        }
        previous = Some(index);
        indices.push(index);
    }
    Ok(indices)
}

fn parse_weights(bytes: &[u8]) -> Result<Vec<f32>, VectorError> {
    let mut weights = Vec::new();
    reserve(&mut weights, bytes.len() / 4)?;
    for (n, bytes) in bytes.chunks_exact(4).enumerate() {
        let element = n.saturating_add(1);
        let weight = f32::from_be_bytes(four(bytes));
        check_weight(weight, Place::Element(element))?;
        if weight == 0.0 {
            return Err(VectorError::ZeroWeight { element });
        }
        weights.push(weight);
    }
    Ok(weights)
}

/// Writes a binary value.
pub fn format(vector: SparseVectorRef<'_>) -> Result<Vec<u8>, VectorError> {
    let mut out = Vec::new();
    reserve(&mut out, vector.nnz().saturating_mul(ELEMENT_BYTES).saturating_add(HEADER_BYTES))?;
    let nnz = u32::try_from(vector.nnz()).map_err(|_| VectorError::TooManyNonZeros { nnz: vector.nnz() })?;
    for field in [vector.dim(), nnz, 0] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend(vector.indices().iter().flat_map(|index| index.to_be_bytes()));
    out.extend(vector.weights().iter().flat_map(|weight| weight.to_be_bytes()));
    Ok(out)
}
