//! The parts of a search and of a merge, over a collection of 50,000 documents in memory.

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
    let corpus = Corpus::new(N_DOCS, N_QUERIES);
    let segment = Mem::new(&corpus.docs);
    codecs::benches(c, &segment);
    ranking::benches(c, &corpus, &segment);
}

criterion_group!(benches, all);
criterion_main!(benches);
