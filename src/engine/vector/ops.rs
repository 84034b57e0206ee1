//! Distances, in the order and width of pgvector's `sparsevec`: products and sums in float4, in ascending order of the
//! term ids, so that both types give the same bits for the same values.

use super::SparseVectorRef;

/// Inner product, summed in float4 over the shared terms in ascending order.
pub fn inner_product(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f32 {
    let (ai, bi) = (a.indices(), b.indices());
    let (aw, bw) = (a.weights(), b.weights());
    let (mut i, mut j, mut sum) = (0, 0, 0.0f32);
    while i < ai.len() && j < bi.len() {
        let (x, y) = (ai[i], bi[j]);
        if x == y {
            sum += aw[i] * bw[j];
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    sum
}

/// Minus the inner product.
pub fn negative_inner_product(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    -f64::from(inner_product(a, b))
}

/// Sum of squares in float4.
pub fn squared_norm_f32(a: SparseVectorRef<'_>) -> f32 {
    a.weights().iter().fold(0.0, |sum, &w| sum + w * w)
}

/// Cosine distance, 0 to 2; NaN if a norm is zero.
pub fn cosine_distance(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f64 {
    let similarity = f64::from(inner_product(a, b))
        / (f64::from(squared_norm_f32(a)) * f64::from(squared_norm_f32(b))).sqrt();
    // Comparisons instead of clamp: NaN must stay NaN.
    1.0 - if similarity > 1.0 { 1.0 } else if similarity < -1.0 { -1.0 } else { similarity }
}
