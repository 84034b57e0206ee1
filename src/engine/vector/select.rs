//! Parts of a vector: its greatest weights, the weights above a threshold.

use super::arith::Collector;
use super::check::reserve;
use super::error::VectorError;
use super::{SparseVector, SparseVectorRef};

/// The `n` terms of greatest weight, signed; of equal weights the lower term ids win.
pub fn top_terms(a: SparseVectorRef<'_>, n: i32) -> Result<SparseVector, VectorError> {
    let problem = "must not be negative";
    let n = usize::try_from(n).map_err(|_| VectorError::BadArgument { argument: "number of terms", problem })?;
    greatest(a, n, |weight| weight)
}

/// The `n` terms of greatest magnitude; of equal ones the lower term ids win.
pub fn heaviest_terms(a: SparseVectorRef<'_>, n: usize) -> Result<SparseVector, VectorError> {
    greatest(a, n, f32::abs)
}

/// The `n` terms whose weights have the greatest `key`; of equal ones the lower term ids win.
fn greatest(a: SparseVectorRef<'_>, n: usize, key: impl Fn(f32) -> f32) -> Result<SparseVector, VectorError> {
    let mut pairs = Vec::new();
    reserve(&mut pairs, a.nnz())?;
    pairs.extend(a.iter());
    if n < pairs.len() {
        if n > 0 {
            let order = |x: &(u32, f32), y: &(u32, f32)| key(y.1).total_cmp(&key(x.1)).then(x.0.cmp(&y.0));
            pairs.select_nth_unstable_by(n - 1, order);
        }
        pairs.truncate(n);
        pairs.sort_unstable_by_key(|pair| pair.0);
    }
    let mut result = Collector::new(a.dim(), pairs.len())?;
    for (index, weight) in pairs {
        result.push(index, weight)?;
    }
    Ok(result.finish())
}

/// The terms whose weight is greater than `threshold`.
pub fn above(a: SparseVectorRef<'_>, threshold: f32) -> Result<SparseVector, VectorError> {
    if threshold.is_nan() {
        return Err(VectorError::BadArgument { argument: "threshold", problem: "must not be NaN" });
    }
    let mut result = Collector::new(a.dim(), a.nnz())?;
    for (index, weight) in a.iter().filter(|pair| pair.1 > threshold) {
        result.push(index, weight)?;
    }
    Ok(result.finish())
}
