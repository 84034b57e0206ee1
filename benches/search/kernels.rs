//! The inner loops over one range, in every width that the machine has.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use pg_wand::engine::search::simd::{ChunkSums, Kernel, LANES, Simd};
use pg_wand::engine::segment::chunk::BITMAP_BYTES;
use pg_wand::engine::segment::format::{CHUNK_DOCS, RANGE_BLOCKS};

use crate::corpus::Random;

const BLOCKS: usize = RANGE_BLOCKS as usize;
/// Postings of a chunk: as in a list that one document in four has, and in one that most have.
const POSTINGS: [usize; 2] = [64, 200];

pub fn kernels() -> impl Iterator<Item = (Simd, String)> {
    let available = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    available.map(|kernel| (Simd::new(kernel), format!("{kernel:?}")))
}

pub fn benches(c: &mut Criterion) {
    add_levels(c);
    add_bitmap(c);
    find(c);
}

fn add_levels(c: &mut Criterion) {
    let mut random = Random::new(1);
    let levels: Vec<u8> = (0..BLOCKS / 2).map(|_| random.below(256) as u8).collect();
    let mut lanes = vec![0u16; BLOCKS];
    let mut group = c.benchmark_group("add_levels");
    group.throughput(Throughput::Elements(BLOCKS as u64));
    for (simd, name) in kernels() {
        // Sums wrap around.
        group.bench_function(name, |b| b.iter(|| simd.add_levels(black_box(&mut lanes), black_box(&levels), 3)));
    }
    group.finish();
}

fn add_bitmap(c: &mut Criterion) {
    let mut random = Random::new(2);
    let mut group = c.benchmark_group("add_bitmap");
    for n in POSTINGS {
        let (bits, impacts) = bitmap(&mut random, n);
        group.throughput(Throughput::Elements(n as u64));
        let mut sums: ChunkSums = [0; CHUNK_DOCS as usize];
        for (simd, name) in kernels() {
            group.bench_function(BenchmarkId::new(name, n), |b| {
                b.iter(|| simd.add_bitmap(black_box(&mut sums), black_box(&bits), black_box(&impacts), 300));
            });
        }
    }
    group.finish();
}

fn bitmap(random: &mut Random, n: usize) -> ([u8; BITMAP_BYTES], Vec<u8>) {
    let mut bits = [0u8; BITMAP_BYTES];
    let mut left = n;
    while left > 0 {
        let doc = random.below(CHUNK_DOCS as usize);
        left -= usize::from(bits[doc / 8] >> (doc % 8) & 1 == 0);
        bits[doc / 8] |= 1 << (doc % 8);
    }
    (bits, (0..n).map(|_| 1 + random.below(255) as u8).collect())
}

/// What the choice of blocks does: no value reaches the threshold.
fn find(c: &mut Criterion) {
    let mut random = Random::new(3);
    let values: Vec<u16> = (0..BLOCKS).map(|_| random.below(1_000) as u16).collect();
    let chunks = values.as_chunks::<LANES>().0;
    for (loop_name, one_by_one) in [("next_block", false), ("reaching", true)] {
        let mut group = c.benchmark_group(loop_name);
        group.throughput(Throughput::Elements(BLOCKS as u64));
        for (simd, name) in kernels() {
            group.bench_function(name, |b| {
                if one_by_one {
                    b.iter(|| chunks.iter().map(|chunk| simd.reaching(black_box(chunk), 1_000)).fold(0, |a, b| a | b));
                } else {
                    b.iter(|| simd.next_block(black_box(&values), 0, 1_000));
                }
            });
        }
        group.finish();
    }
}
