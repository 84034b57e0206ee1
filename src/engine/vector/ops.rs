//! Distances and norms, in the order and width of pgvector's `sparsevec`, so that both types give the same bits for the
//! same values.
//!
//! Each product and each sum is rounded to float4, in ascending order of the term ids. Where pgvector's source sums one
//! run of weights (squared norms, and in L1 and L2 the terms of the second vector beyond the last of the first), its
//! compiler may reorder the additions; we add in the order of its portable build, four partial sums: `add_in_lanes`.
//! A pgvector built with `-march=native` also fuses multiplications and additions. Its last bits then differ from those
//! of pgvector elsewhere, and from ours; values whose sums are exact agree everywhere.
//!
//! Nothing here checks dimensions: the callers do, once.

use super::SparseVectorRef;
use super::simd::prefetch;

/// From this ratio of lengths on, looking up the short side's terms beats merging.
const LOOKUP_RATIO: usize = 3;

/// Term ids that are compared with one wanted id at once; the compiler makes vector instructions of it.
const LOOKUP_BLOCK: usize = 16;

/// Inner product, summed in float4 over the shared terms in ascending order.
///
/// A query is much shorter than a document, so each of its terms is looked up in what is left of the document.
/// Addends and their order are those of the merge: the bits are the same.
pub fn inner_product(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f32 {
    let (short, long) = if a.nnz() <= b.nnz() { (a, b) } else { (b, a) };
    if short.nnz().saturating_mul(LOOKUP_RATIO) <= long.nnz() {
        inner_product_by_lookup(short, long)
    } else {
        inner_product_by_merge(a, b)
    }
}

fn inner_product_by_merge(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f32 {
    let (ai, bi) = (a.indices(), b.indices());
    let (aw, bw) = (a.weights(), b.weights());
    let (mut i, mut j, mut sum) = (0usize, 0usize, 0.0f32);
    while let (Some(&x), Some(&y)) = (ai.get(i), bi.get(j)) {
        if x == y
            && let (Some(v), Some(w)) = (aw.get(i), bw.get(j))
        {
            sum += v * w;
        }
        i = i.wrapping_add(usize::from(x <= y));
        j = j.wrapping_add(usize::from(y <= x));
    }
    sum
}

fn inner_product_by_lookup(short: SparseVectorRef<'_>, long: SparseVectorRef<'_>) -> f32 {
    let (mut indices, mut weights) = (long.indices(), long.weights());
    let mut sum = 0.0f32;
    for (wanted, weight) in short.iter() {
        let skip = count_below(indices, wanted);
        indices = indices.get(skip..).unwrap_or_default();
        weights = weights.get(skip..).unwrap_or_default();
        match (indices.first(), weights.first()) {
            (Some(&found), Some(&other)) if found == wanted => sum += weight * other,
            (Some(_), Some(_)) => {}
            _ => break,
        }
    }
    sum
}

/// How many of the ascending `indices` lie below `wanted`: whole blocks by their last id, then one block counted.
fn count_below(indices: &[u32], wanted: u32) -> usize {
    let (blocks, tail) = indices.as_chunks::<LOOKUP_BLOCK>();
    let mut skipped = 0usize;
    for block in blocks {
        if block.last().is_some_and(|&last| last >= wanted) {
            return skipped.wrapping_add(block.iter().map(|&index| usize::from(index < wanted)).sum());
        }
        skipped = skipped.wrapping_add(LOOKUP_BLOCK);
    }
    skipped.wrapping_add(tail.iter().map(|&index| usize::from(index < wanted)).sum())
}

/// `<#>`: ascending order is best first.
pub fn negative_inner_product(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    f64::from(-inner_product(a, b))
}

/// `<=>`: 1 minus the cosine, kept within 0 and 2; NaN if either vector is empty.
pub fn cosine_distance(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    cosine_distance_from(inner_product(a, b), squared_norm_f32(a), squared_norm_f32(b))
}

/// The cosine distance from its three sums.
pub fn cosine_distance_from(inner_product: f32, a_squared_norm: f32, b_squared_norm: f32) -> f64 {
    let similarity = f64::from(inner_product) / (f64::from(a_squared_norm) * f64::from(b_squared_norm)).sqrt();
    // A NaN passes through `clamp`.
    1.0 - similarity.clamp(-1.0, 1.0)
}

/// Sum of squares in float4, as inside pgvector's cosine distance.
pub fn squared_norm_f32(a: SparseVectorRef<'_>) -> f32 {
    add_in_lanes(0.0, a.weights(), |weight| weight * weight)
}

/// `<->`: Euclidean distance.
pub fn l2_distance(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    f64::from(sum_of_differences(a, b, |difference| difference * difference)).sqrt()
}

/// `<+>`: taxicab distance.
pub fn l1_distance(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    f64::from(sum_of_differences(a, b, f32::abs))
}

/// Sums `f` of the differences: one by one up to the last term of `a`, the terms of `b` beyond it in lanes.
fn sum_of_differences(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>, f: impl Fn(f32) -> f32) -> f32 {
    let beyond = a.indices().last().map_or(0, |last| b.indices().partition_point(|index| index <= last));
    let (ids, rest_ids) = b.indices().split_at(beyond.min(b.nnz()));
    let (weights, rest) = b.weights().split_at(beyond.min(b.nnz()));
    debug_assert_eq!(rest_ids.len(), rest.len());
    let b = SparseVectorRef::from_valid_parts(b.dim(), ids, weights);
    let (short, long) = if a.nnz() <= b.nnz() { (a, b) } else { (b, a) };
    let sum = if short.nnz().saturating_mul(LOOKUP_RATIO) <= long.nnz() {
        sum_of_differences_by_lookup(short, long, &f)
    } else {
        let mut sum = 0.0f32;
        for_each_union(a, b, |_, v, w| sum += f(v - w));
        sum
    };
    add_in_lanes(sum, rest, f)
}

/// The sum over the union of the terms; the same addends in the same order as by merging, for `f` has no sign.
fn sum_of_differences_by_lookup(short: SparseVectorRef<'_>, long: SparseVectorRef<'_>, f: impl Fn(f32) -> f32) -> f32 {
    let (mut indices, mut weights) = (long.indices(), long.weights());
    prefetch(indices);
    prefetch(weights);
    let mut sum = 0.0f32;
    for (wanted, weight) in short.iter() {
        let (before, later) = weights.split_at(count_below(indices, wanted).min(weights.len()));
        sum = before.iter().fold(sum, |sum, &other| sum + f(other));
        let later_indices = indices.get(before.len()..).unwrap_or_default();
        (indices, weights) = (later_indices, later);
        match (later_indices.split_first(), later.split_first()) {
            (Some((&found, other_indices)), Some((&other, other_weights))) if found == wanted => {
                sum += f(weight - other);
                (indices, weights) = (other_indices, other_weights);
            }
            _ => sum += f(weight),
        }
    }
    weights.iter().fold(sum, |sum, &other| sum + f(other))
}

/// `sum` plus `f` of each weight: four partial sums side by side, those of even and of odd lanes first, then the rest.
fn add_in_lanes(mut sum: f32, weights: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = weights.as_chunks::<4>();
    if !blocks.is_empty() {
        let mut lanes = [0.0f32; 4];
        for block in blocks {
            for (lane, &weight) in lanes.iter_mut().zip(block) {
                *lane += f(weight);
            }
        }
        let [p, q, r, s] = lanes;
        sum += (p + r) + (q + s);
    }
    rest.iter().fold(sum, |sum, &weight| sum + f(weight))
}

/// Euclidean norm, accumulated in float8, in pgvector's order too: two partial sums, then the rest.
pub fn l2_norm(a: SparseVectorRef<'_>) -> f64 {
    let (blocks, rest) = a.weights().as_chunks::<4>();
    let square = |weight: f32| f64::from(weight) * f64::from(weight);
    let (mut even, mut odd) = (0.0f64, 0.0f64);
    for &[p, q, r, s] in blocks {
        even += square(p) + square(r);
        odd += square(q) + square(s);
    }
    rest.iter().fold(even + odd, |sum, &weight| sum + square(weight)).sqrt()
}

/// Taxicab norm, accumulated in float8.
pub fn l1_norm(a: SparseVectorRef<'_>) -> f64 {
    a.weights().iter().map(|&w| f64::from(w).abs()).fold(0.0, |sum, weight| sum + weight)
}

/// Maximum norm: the greatest absolute weight, 0 for the empty vector.
pub fn max_norm(a: SparseVectorRef<'_>) -> f64 {
    a.weights().iter().map(|&w| f64::from(w).abs()).fold(0.0, f64::max)
}

/// Calls `visit(term, weight in a, weight in b)` for each term of either vector, ascending; an absent weight is 0.
pub fn for_each_union(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>, mut visit: impl FnMut(u32, f32, f32)) {
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (left.peek().copied(), right.peek().copied()) {
            (Some((x, v)), Some((y, w))) => {
                let term = x.min(y);
                visit(term, if x == term { v } else { 0.0 }, if y == term { w } else { 0.0 });
                left.next_if(|_| x == term);
                right.next_if(|_| y == term);
            }
            (Some((x, v)), None) => {
                visit(x, v, 0.0);
                left.next();
            }
            (None, Some((y, w))) => {
                visit(y, 0.0, w);
                right.next();
            }
            (None, None) => return,
        }
    }
}
