//! Order and set relations of sparse vectors.

use std::cmp::Ordering;

use super::SparseVectorRef;
use super::check::check_same_dim;
use super::error::VectorError;

/// pgvector's total order: as if the dense arrays were compared element by element, then the dimensions.
/// An unbounded vector counts as one with more dimensions than any other.
pub fn compare(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Ordering {
    for ((a_index, a_weight), (b_index, b_weight)) in a.iter().zip(b.iter()) {
        // Where one has a term and the other a zero, the term's sign decides.
        let order = match a_index.cmp(&b_index) {
            Ordering::Less => sign(a_weight),
            Ordering::Greater => sign(b_weight).reverse(),
            Ordering::Equal => a_weight.total_cmp(&b_weight),
        };
        if order.is_ne() {
            return order;
        }
    }
    // One is a prefix of the other; a further term counts only inside the other's dimensions.
    let (a_dim, b_dim) = (ordered_dim(a), ordered_dim(b));
    let common = a.nnz().min(b.nnz());
    if let Some((index, weight)) = b.iter().nth(common)
        && index < a_dim
    {
        return sign(weight).reverse();
    }
    if let Some((index, weight)) = a.iter().nth(common)
        && index < b_dim
    {
        return sign(weight);
    }
    a_dim.cmp(&b_dim)
}

fn sign(weight: f32) -> Ordering {
    if weight < 0.0 { Ordering::Less } else { Ordering::Greater }
}

fn ordered_dim(vector: SparseVectorRef<'_>) -> u32 {
    if vector.dim() == 0 { u32::MAX } else { vector.dim() }
}

/// Do the two share a term?
pub fn overlaps(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Result<bool, VectorError> {
    check_same_dim(a.dim(), b.dim())?;
    let (mut left, mut right) = (a.indices().iter().peekable(), b.indices().iter().peekable());
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        match x.cmp(y) {
            Ordering::Less => left.next(),
            Ordering::Greater => right.next(),
            Ordering::Equal => return Ok(true),
        };
    }
    Ok(false)
}

/// Has `a` every term of `b`? Weights do not matter; the empty vector is contained in every other.
pub fn contains(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> Result<bool, VectorError> {
    check_same_dim(a.dim(), b.dim())?;
    let mut rest = a.indices().iter();
    Ok(b.indices().iter().all(|wanted| rest.by_ref().find(|&index| index >= wanted) == Some(wanted)))
}
