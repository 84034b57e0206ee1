//! Postings to bytes and back: the chunks of frequent lists, the gaps of rare ones.

use std::convert::Infallible;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use pg_wand::engine::segment::chunk::{self, Chunk};
use pg_wand::engine::segment::format::{BLOCK_DOCS, CHUNK_DOCS, ListEntry};
use pg_wand::engine::segment::gaps::{GapWidth, RareCursor};

use crate::corpus::{Mem, Random};

/// Postings of a chunk: an array, the shortest bitmaps, a full one.
const POSTINGS: [usize; 4] = [16, 40, 128, 256];
/// Rare lists that are read for each width.
const LISTS: usize = 100;

pub fn benches(c: &mut Criterion, segment: &Mem) {
    chunks(c);
    gaps(c, segment);
}

fn chunks(c: &mut Criterion) {
    let mut random = Random::new(1);
    let mut group = c.benchmark_group("chunk");
    for n in POSTINGS {
        let mut docs: Vec<u8> = (0..CHUNK_DOCS).map(|doc| doc as u8).collect();
        while docs.len() > n {
            docs.remove(random.below(docs.len()));
        }
        let impacts: Vec<u8> = docs.iter().map(|_| 1 + random.below(255) as u8).collect();
        let mut bytes = Vec::new();
        chunk::encode(&docs, &impacts, &mut bytes);
        group.throughput(Throughput::Elements(n as u64));
        let mut out = Vec::new();
        group.bench_function(BenchmarkId::new("encode", n), |b| {
            b.iter(|| {
                out.clear();
                chunk::encode(black_box(&docs), black_box(&impacts), &mut out);
            });
        });
        group.bench_function(BenchmarkId::new("parse and for_each", n), |b| b.iter(|| sum(black_box(&bytes))));
        group.bench_function(BenchmarkId::new("parse and block, all blocks", n), |b| {
            b.iter(|| blocks(black_box(&bytes)))
        });
    }
    group.finish();
}

fn sum(bytes: &[u8]) -> u32 {
    let mut sum = 0;
    let chunk = Chunk::parse(bytes).expect("a chunk");
    let added = chunk.for_each(|doc, impact| {
        sum += u32::from(doc) ^ u32::from(impact);
        Ok::<(), Infallible>(())
    });
    added.unwrap_or_else(|never| match never {});
    sum
}

fn blocks(bytes: &[u8]) -> u32 {
    let blocks = (0..CHUNK_DOCS).step_by(BLOCK_DOCS as usize);
    // As in a search, each look-up finds its chunk anew.
    blocks
        .map(|first| u32::from_le_bytes(Chunk::parse(bytes).expect("a chunk").block(first as u8)))
        .fold(0, |a, b| a ^ b)
}

/// The longest rare lists of each width that the segment has.
fn gaps(c: &mut Criterion, segment: &Mem) {
    let reader = segment.reader();
    let entries = (0..reader.meta.n_terms).map(|no| reader.term_entry(no).expect("a term"));
    let mut rare: Vec<ListEntry> = entries.flat_map(|entry| entry.lists).filter(|l| l.df > 0 && !l.frequent).collect();
    rare.sort_by_key(|list| std::cmp::Reverse(list.df));
    let mut group = c.benchmark_group("rare gaps");
    for width in [GapWidth::One, GapWidth::Two, GapWidth::Four] {
        let lists: Vec<ListEntry> = rare.iter().copied().filter(|list| list.gaps == width).take(LISTS).collect();
        if lists.is_empty() {
            continue;
        }
        group.throughput(Throughput::Elements(lists.iter().map(|list| u64::from(list.df)).sum()));
        group.bench_function(format!("{width:?}"), |b| {
            b.iter(|| {
                let mut sum = 0;
                for list in &lists {
                    let each = |doc, impact| {
                        sum += doc ^ u32::from(impact);
                        Ok(())
                    };
                    RareCursor::new(list).for_each_below(&reader, u32::MAX, each).expect("a list");
                }
                sum
            });
        });
    }
    group.finish();
}
