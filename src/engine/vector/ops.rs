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
