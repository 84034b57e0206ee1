//! Weights on the grid of impacts: rounding up gains them nothing, so a bound that loses more on its way than is made up
//! for lies above the true distance here, where random weights would hide it.

use roaring::RoaringBitmap;

use super::choice::Choice;
use super::oracle_tests::{Case, Random, Vector, build, compare};
use super::ranker::{Options, Strategy};
use crate::engine::ids::Metric;

/// Document i has each of `terms` with weights that are whole numbers of impacts: 1 to 255 times 2^exponent.
fn on_the_grid(terms: u32, exponent: i32) -> Case {
    let mut rng = Random(u64::from(terms));
    let docs: Vec<Option<Vector>> = (0..600u64)
        .map(|i| {
            let impact = |term| if term == 0 { i % 255 + 1 } else { rng.below(255) + 1 };
            let weights = (0..terms).map(impact).map(|impact| impact as f32 * 2f32.powi(exponent)).collect();
            Some(Vector { indices: (0..terms).collect(), weights })
        })
        .collect();
    let segments = build(&mut rng, Metric::InnerProduct, &docs, 1);
    Case { metric: Metric::InnerProduct, docs, segments, dead: RoaringBitmap::new(), killed: RoaringBitmap::new() }
}

#[test]
fn bounds_hold_without_a_gain_from_rounding() {
    let mut rng = Random(0x5eed_0009);
    for (terms, exponent) in [(1, 0), (1, -6), (2, -6), (3, 20)] {
        let case = on_the_grid(terms, exponent);
        for _ in 0..40 {
            let weights = (0..terms).map(|_| (rng.below(1 << 24) + 1) as f32 / (1 << 20) as f32).collect();
            let query = Vector { indices: (0..terms).collect(), weights };
            for strategy in [Strategy::Exhaustive, Strategy::Blocks] {
                let options = Options { strategy, ..Options::default() };
                let got = case.stream_of(Choice::default(), Some(&query), options);
                assert_eq!(got.len(), case.docs.len());
                for (row, bound) in got {
                    let truth = case.true_distance(row, Some(&query));
                    assert!(
                        compare(&bound, &truth).is_le(),
                        "row {row}: bound {bound:?} above {truth:?} for {query:?}"
                    );
                }
            }
        }
    }
}
