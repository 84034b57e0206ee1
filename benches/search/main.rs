//! The parts of a search and of a merge, over a collection in memory of 50,000 documents, or as many as BENCH_DOCS says.

mod codecs;
mod corpus;
mod filters;
mod kernels;
mod ranking;

use corpus::{Corpus, Mem};
use criterion::{Criterion, criterion_group, criterion_main};

const N_DOCS: usize = 50_000;
const N_QUERIES: usize = 64;

fn all(c: &mut Criterion) {
    kernels::benches(c);
    filters::benches(c);
    let n_docs = std::env::var("BENCH_DOCS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_DOCS);
    let corpus = Corpus::new(n_docs, N_QUERIES);
    let segment = Mem::new(&corpus.docs);
    codecs::benches(c, &segment);
    ranking::benches(c, &corpus, &segment);
}

criterion_group!(benches, all);
criterion_main!(benches);
