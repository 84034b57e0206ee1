//! Smooth ranks of long lists against the sum over all pairs.

use proptest::prelude::*;

use super::super::smooth::ranks;

fn naive(scores: &[f64], beta: f64) -> Vec<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    scores.iter().map(|s| 0.5 + scores.iter().map(|other| sigmoid(beta * (other - s))).sum::<f64>()).collect()
}

fn assert_close(scores: &[f64], beta: f64) {
    let got = ranks(scores, beta, &mut || ()).unwrap();
    for ((got, wanted), score) in got.iter().zip(naive(scores, beta)).zip(scores) {
        assert!((got - wanted).abs() <= 1e-11 * wanted, "{score}: {got} instead of {wanted}");
    }
}

fn some_scores() -> impl Strategy<Value = Vec<f64>> {
    let score = prop_oneof![4 => 0.0..1.0f64, 2 => (0..9u8).prop_map(f64::from), 1 => -1e3..1e3f64, 1 => Just(0.25)];
    proptest::collection::vec(score, 0..900)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_list(scores in some_scores(), exponent in -8..12i32) {
        assert_close(&scores, f64::from(exponent).exp2());
    }

    /// All widths of clusters and gaps.
    #[test]
    fn dense_lists(n in 129..1500usize, width in 0.001..80.0f64) {
        let scores: Vec<f64> = (0..n).map(|i| (i as f64 * 0.618_034).fract() * width).collect();
        assert_close(&scores, 1.0);
    }
}

#[test]
fn steep_ones_are_ranks() {
    let scores: Vec<f64> = (0..2000).map(|i| f64::from(2000 - i)).collect();
    let got = ranks(&scores, 1e6, &mut || ()).unwrap();
    assert!(got.iter().zip(1..).all(|(rank, wanted)| (rank - f64::from(wanted)).abs() < 1e-9));
}

#[test]
fn great_numbers_stay_apart() {
    let scores: Vec<f64> = (0..600).map(|i| [1e300, -1e300, 0.0, 1.0, f64::MAX][i % 5]).collect();
    let got = ranks(&scores, 1.0, &mut || ()).unwrap();
    for (at, wanted) in [(4, 60.5), (0, 180.5), (1, 540.5)] {
        assert!((got[at] - wanted).abs() < 1e-9, "{} instead of {wanted}", got[at]);
    }
}
