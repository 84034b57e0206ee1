//! Collections and queries of the shapes that pruning trips over: numbers of documents around blocks, chunks and the
//! first frequent list, all ties, one list of everybody, lists without a common document, weights at the edges of
//! impacts, sums that differ in the last place, up to 256 query terms.

use super::oracle_tests::{Random, Vector, Weights, stretch, vector};

/// Numbers of documents at which something begins: blocks of 4, words of 64, chunks of 256, frequent lists at 512.
const EDGES: [u64; 22] =
    [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1_024, 1_025];

/// What the documents of a collection have in common.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Head terms and rare ones.
    Mixed,
    /// One vector, or two.
    Ties,
    /// One term in every document, and others in one each.
    Huge,
    /// No term in two documents.
    Disjoint,
    /// Weights that are whole impacts, or just above or below.
    Edges,
    /// One vector, but for the last bits of weights.
    LastPlace,
}

fn n_docs(rng: &mut Random, max: u64) -> usize {
    let edges = EDGES.iter().filter(|&&n| n <= max).count() as u64;
    (if rng.chance(40) { EDGES[rng.below(edges) as usize] } else { 1 + rng.below(max) }) as usize
}

/// The vectors of a collection; `None` is NULL.
pub(super) fn documents(rng: &mut Random, max: u64) -> Vec<Option<Vector>> {
    let shape = match rng.below(16) {
        0 => Shape::Ties,
        1 => Shape::Huge,
        2 => Shape::Disjoint,
        3 => Shape::Edges,
        4 => Shape::LastPlace,
        _ => Shape::Mixed,
    };
    let n = n_docs(rng, max);
    let kind = match rng.below(10) {
        0..=4 => Weights::Learned,
        5..=6 => Weights::Ties,
        7..=8 => Weights::Signed,
        _ => Weights::Wild,
    };
    let (max_nnz, vocabulary) = (1 + rng.below(30), 1 + rng.below(200));
    let models = [vector(rng, kind, max_nnz, vocabulary), vector(rng, kind, max_nnz, vocabulary)];
    let exponent = rng.below(40) as i32 - 20;
    let document = |rng: &mut Random, no: usize| match shape {
        Shape::Mixed => vector(rng, kind, max_nnz, vocabulary),
        Shape::Ties => models[rng.below(20) as usize / 19].clone(),
        Shape::Huge => with_terms(rng, [0, 1 + no as u32]),
        Shape::Disjoint => with_terms(rng, [3, 1, 2].map(|part| no as u32 * 4 + part)),
        Shape::Edges => {
            let mut doc = vector(rng, kind, max_nnz, vocabulary);
            doc.weights.iter_mut().for_each(|w| *w = w.signum() * at_an_edge(rng, exponent));
            doc
        }
        Shape::LastPlace => {
            let mut doc = models[0].clone();
            let last = |rng: &mut Random, w: f32| [w, w.next_up(), w.next_down()][rng.below(3) as usize];
            let possible = |w: f32| w.is_finite() && w != 0.0;
            doc.weights.iter_mut().for_each(|w| *w = Some(last(rng, *w)).filter(|w| possible(*w)).unwrap_or(*w));
            doc
        }
    };
    let mut docs: Vec<Option<Vector>> = (0..n).map(|no| (!rng.chance(3)).then(|| document(rng, no))).collect();
    if rng.chance(25) {
        stretch(rng, &mut docs);
    }
    docs
}

fn with_terms<const N: usize>(rng: &mut Random, mut indices: [u32; N]) -> Vector {
    indices.sort_unstable();
    let weights = indices.map(|_| (rng.below(2_900) + 1) as f32 / 1_000.0);
    Vector { indices: indices.to_vec(), weights: weights.to_vec() }
}

/// A whole number of impacts, up to the greatest, or the next float beside it.
fn at_an_edge(rng: &mut Random, exponent: i32) -> f32 {
    let steps = [1, 2, 17, 127, 128, 254, 255][rng.below(7) as usize] as f32;
    let weight = steps * 2f32.powi(exponent);
    [weight, weight.next_up(), weight.next_down()][rng.below(3) as usize]
}

/// A query: as a document is, or of up to 256 terms.
pub(super) fn query(rng: &mut Random, docs: &[Option<Vector>]) -> Vector {
    let kind = [Weights::Learned, Weights::Ties, Weights::Signed, Weights::Wild][rng.below(4) as usize];
    let max_nnz = match rng.below(20) {
        0 => 256,
        1..=3 => 1,
        _ => 1 + rng.below(40),
    };
    match &docs[rng.below(docs.len() as u64) as usize] {
        Some(doc) if rng.chance(15) => doc.clone(),
        _ => vector(rng, kind, max_nnz, if max_nnz == 256 { 2_000 } else { 200 }),
    }
}

/// How many documents somebody says that he wants; he may be wrong.
pub(super) fn goal(rng: &mut Random, n_docs: usize) -> Option<usize> {
    let goals = [1, 2, 10, 100, 1_000, n_docs.saturating_sub(1), n_docs, n_docs + 1];
    (!rng.chance(30)).then(|| goals[rng.below(goals.len() as u64) as usize])
}
