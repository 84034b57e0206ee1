//! Distances: two vectors as they come, and a query that is prepared once.
//!
//! `near` compares a query with a few documents that stay in the first-level cache, `far` with 40,000 in random order, as
//! an index scan meets them in a table. Vectors are random: terms of low ids are frequent, lengths are those of SPLADE.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pg_wand::engine::vector::prepared::{Prepared, Repeated};
use pg_wand::engine::vector::{SparseVector, SparseVectorRef, ops};

const N_TERMS: f64 = 30_000.0;
const DOC_TERMS: usize = 181;
const QUERY_TERMS: usize = 23;
const N_DOCS: usize = 40_000;
/// Documents of one measurement.
const BATCH: usize = 1_000;
/// Documents that fit in the first-level cache.
const N_NEAR: usize = 16;

struct Random(u64);

impl Random {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn vector(&mut self, n_terms: usize) -> SparseVector {
        let mut terms: Vec<u32> = (0..n_terms).map(|_| N_TERMS.powf(self.next()) as u32).collect();
        terms.sort_unstable();
        terms.dedup();
        let weights = terms.iter().map(|_| self.next() as f32 + 0.01).collect();
        SparseVector::from_valid_parts(0, terms, weights)
    }
}

fn distances(c: &mut Criterion) {
    let mut random = Random(1);
    let query = random.vector(QUERY_TERMS);
    let docs: Vec<SparseVector> = (0..N_DOCS).map(|_| random.vector(DOC_TERMS)).collect();
    let near: Vec<_> = (0..BATCH).map(|at| docs[at % N_NEAR].as_ref()).collect();
    let mut far: Vec<_> = docs.iter().map(SparseVector::as_ref).collect();
    for at in (1..far.len()).rev() {
        far.swap(at, (random.next() * (at + 1) as f64) as usize);
    }
    compare(c, "inner product", query.as_ref(), [&near, &far], ops::negative_inner_product, |p, doc| {
        p.negative_inner_product(doc)
    });
    compare(c, "cosine", query.as_ref(), [&near, &far], ops::cosine_distance, Prepared::cosine_distance);
    let mut group = c.benchmark_group("L2");
    group.throughput(Throughput::Elements(BATCH as u64));
    for (place, docs) in [("near", &near), ("far", &far)] {
        group.bench_function(BenchmarkId::new("as they come", place), |b| {
            each_batch(b, docs, |doc| ops::l2_distance(doc, query.as_ref()));
        });
    }
    group.finish();
    let prepare = |b: &mut criterion::Bencher<'_>| b.iter(|| Prepared::new(black_box(query.as_ref())));
    c.bench_function("prepare", prepare);
}

fn compare<'a>(
    c: &mut Criterion,
    name: &str,
    query: SparseVectorRef<'a>,
    [near, far]: [&[SparseVectorRef<'a>]; 2],
    plain: impl Fn(SparseVectorRef<'_>, SparseVectorRef<'_>) -> f64,
    fast: impl Fn(&Prepared, SparseVectorRef<'_>) -> f64,
) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH as u64));
    for (place, docs) in [("near", near), ("far", far)] {
        group.bench_function(BenchmarkId::new("as they come", place), |b| {
            each_batch(b, docs, |doc| plain(doc, query));
        });
        let mut repeated = Repeated::default();
        group.bench_function(BenchmarkId::new("prepared", place), |b| {
            each_batch(b, docs, |doc| match repeated.recognise(doc, query) {
                Ok(Some((prepared, doc))) => fast(prepared, doc),
                _ => plain(doc, query),
            });
        });
    }
    group.finish();
}

/// Another batch at each iteration, so that far documents stay far.
fn each_batch(
    b: &mut criterion::Bencher<'_>,
    docs: &[SparseVectorRef<'_>],
    mut distance: impl FnMut(SparseVectorRef<'_>) -> f64,
) {
    let mut batches = docs.chunks_exact(BATCH).cycle();
    b.iter(|| {
        for &doc in batches.next().expect("a batch") {
            black_box(distance(doc));
        }
    });
}

criterion_group!(benches, distances);
criterion_main!(benches);
