//! Dense lists: element n is the weight of index n.

use super::build::VectorBuilder;
use super::check::{check_dim, reserve};
use super::error::{Numbering, Place, VectorError};
use super::limits::MAX_VALUE_BYTES;
use super::{SparseVector, SparseVectorRef};

/// A vector from a dense list, zeros dropped; the dimension is the list's length.
pub fn from_dense(
    weights: impl ExactSizeIterator<Item = Option<f32>>,
    interrupts: &mut dyn FnMut(),
) -> Result<SparseVector, VectorError> {
    let dim = check_dim(i64::try_from(weights.len()).unwrap_or(i64::MAX))?;
    let mut builder = VectorBuilder::new(Numbering::IndexFromOne, interrupts);
    for (index, weight) in (0i64..).zip(weights) {
        let element = usize::try_from(index).unwrap_or(usize::MAX).saturating_add(1);
        let weight = weight.ok_or(VectorError::NullElement { argument: "array", element })?;
        builder.push(index, weight, Place::Element(element))?;
    }
    builder.finish(dim)
}

/// The dense list of a bounded vector.
pub fn to_dense(vector: SparseVectorRef<'_>) -> Result<Vec<f32>, VectorError> {
    let dim = vector.dim();
    if dim == 0 {
        return Err(VectorError::UnboundedToArray);
    }
    let len = usize::try_from(dim).unwrap_or(usize::MAX);
    // An array of float4 has 24 bytes of header; 64 is room to spare.
    if len.saturating_mul(size_of::<f32>()).saturating_add(64) > MAX_VALUE_BYTES {
        return Err(VectorError::ArrayTooLarge { dim });
    }
    let mut dense = Vec::new();
    reserve(&mut dense, len)?;
    dense.resize(len, 0.0);
    for (index, weight) in vector.iter() {
        if let Some(slot) = usize::try_from(index).ok().and_then(|index| dense.get_mut(index)) {
            *slot = weight;
        }
    }
    Ok(dense)
}

/// A vector from ids and weights beside each other, in any order. `first` is the id that the user gives the first term.
pub fn from_pairs(
    numbering: Numbering,
    ids: impl ExactSizeIterator<Item = Option<i32>>,
    weights: impl ExactSizeIterator<Item = Option<f32>>,
    dim: Option<i32>,
    interrupts: &mut dyn FnMut(),
) -> Result<SparseVector, VectorError> {
    let dim = dim.map_or(Ok(0), |dim| check_dim(i64::from(dim)))?;
    if ids.len() != weights.len() {
        return Err(VectorError::DifferentLengths { ids: ids.len(), weights: weights.len() });
    }
    let (first, argument) = match numbering {
        Numbering::IndexFromOne => (1, "indices"),
        Numbering::TokenFromZero => (0, "token_ids"),
    };
    let mut builder = VectorBuilder::new(numbering, interrupts);
    for (n, (id, weight)) in ids.zip(weights).enumerate() {
        let element = n.saturating_add(1);
        let id = id.ok_or(VectorError::NullElement { argument, element })?;
        let weight = weight.ok_or(VectorError::NullElement { argument: "weights", element })?;
        builder.push(i64::from(id).saturating_sub(first), weight, Place::Element(element))?;
    }
    builder.finish(dim)
}
