//! Fusion of three lists: of a thousand items each, and of a million that have few in common.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pg_wand::engine::fusion::{Given, List, Settings, fuse};

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `n` of `n_items` numbers in random order, with falling scores.
fn list(n: usize, n_items: u32, seed: u64) -> (Vec<u32>, Vec<f64>) {
    let mut state = seed;
    let mut items: Vec<u32> = (0..n_items).collect();
    for at in 0..n {
        let other = at + (next(&mut state) % (items.len() - at) as u64) as usize;
        items.swap(at, other);
    }
    items.truncate(n);
    let mut scores: Vec<f64> = (0..n).map(|_| (next(&mut state) >> 11) as f64 / (1u64 << 53) as f64).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    (items, scores)
}

fn of_size(c: &mut Criterion, name: &str, n: usize, n_items: u32) {
    let owned: Vec<_> = (0..3).map(|seed| list(n, n_items, seed)).collect();
    let lists: Vec<List> = owned.iter().map(|(items, scores)| List { items, scores: Some(scores) }).collect();
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for method in ["rrf", "weighted_sum", "comb_mnz", "dbsf", "borda", "srrf", "condorcet", "team_draft"] {
        let settings = Settings::new(method, 3, Given::default()).expect("valid");
        for (what, top) in [("all", None), ("ten", Some(10))] {
            group.bench_function(format!("{method}, {what}"), |b| {
                b.iter(|| fuse(black_box(&lists), n_items, &settings, top, &mut || ()).expect("fused"));
            });
        }
    }
    group.finish();
}

fn three_lists(c: &mut Criterion) {
    of_size(c, "a thousand", 1_000, 2_000);
    of_size(c, "a million", 1_000_000, 3_000_000);
}

criterion_group!(benches, three_lists);
criterion_main!(benches);
