//! The test of many settings at once.

use proptest::prelude::*;

use super::super::chance::probabilities;
use super::super::values::Values;
use crate::engine::evaluate::compare;
use crate::engine::random::Random;

fn values(rows: &[Vec<f64>]) -> Values {
    Values::from_rows(rows.concat(), rows[0].len())
}

/// Over all ways to swap: how often the greatest statistic is as great as each observed one.
fn naive(rows: &[Vec<f64>], base: &[f64]) -> Vec<f64> {
    let statistic = |row: &[f64], swaps: u32| {
        let d: Vec<f64> = row.iter().zip(base).map(|(a, b)| a - b).collect();
        let sum: f64 = d.iter().enumerate().map(|(i, d)| if swaps >> i & 1 == 1 { -d } else { *d }).sum();
        let norm = d.iter().map(|d| d * d).sum::<f64>().sqrt();
        if norm == 0.0 { 0.0 } else { sum.abs() / norm }
    };
    let ways = 1u32 << base.len();
    let greatest: Vec<f64> =
        (0..ways).map(|swaps| rows.iter().map(|row| statistic(row, swaps)).fold(0.0, f64::max)).collect();
    let p =
        |row: &Vec<f64>| greatest.iter().filter(|&&g| g >= statistic(row, 0) - 1e-9).count() as f64 / f64::from(ways);
    rows.iter().map(p).collect()
}

fn some_rows() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (2usize..7, 2usize..10).prop_flat_map(|(n_rows, n_topics)| {
        let value = prop_oneof![0.0f64..1.0, (0u8..=4).prop_map(|n| f64::from(n) / 4.0)];
        proptest::collection::vec(proptest::collection::vec(value, n_topics), n_rows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn few_topics_are_exact(rows in some_rows()) {
        let (bases, rows) = rows.split_at(1);
        let zero = vec![0.0; bases[0].len()];
        let [got, against_zero] =
            probabilities(&values(rows), [&bases[0], &zero], 2000, 1, &mut || ()).unwrap();
        for (got, wanted) in [(got, naive(rows, &bases[0])), (against_zero, naive(rows, &zero))] {
            prop_assert!(got.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{:?} {:?}", got, wanted);
        }
    }

    /// One setting by itself is the test of two runs.
    #[test]
    fn one_setting(rows in some_rows()) {
        let [got] = probabilities(&values(&rows[..1]), [&rows[1]], 2000, 1, &mut || ()).unwrap();
        let wanted = compare(&rows[0], &rows[1], 0.95, 2000, 1, &mut || ()).unwrap().p_randomisation;
        prop_assert!((got[0] - wanted).abs() < 1e-12);
    }
}

/// Forty settings that do not differ from the baseline: in about one of twenty grids one of them seems to.
#[test]
fn false_alarms_of_a_whole_grid() {
    let mut random = Random::new(8, 0);
    let mut row = || (0..30).map(|_| random.below(1000) as f64 / 1000.0).collect::<Vec<f64>>();
    let mut alarms = 0;
    for seed in 0..400 {
        let rows: Vec<Vec<f64>> = (0..40).map(|_| row()).collect();
        let [p] = probabilities(&values(&rows), [&row()], 400, seed, &mut || ()).unwrap();
        alarms += u32::from(p.iter().any(|p| *p < 0.05));
    }
    assert!((8..=36).contains(&alarms), "{alarms} of 400");
}

/// A difference that is there is found among many that are not, and sampled p agree with one another.
#[test]
fn a_true_difference() {
    let mut random = Random::new(9, 0);
    let mut row = |gain: f64| (0..60).map(|_| random.below(1000) as f64 / 1000.0 + gain).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = (0..40).map(|at| row(if at == 7 { 0.3 } else { 0.0 })).collect();
    let base = row(0.0);
    let mut calls = 0;
    let [p] = probabilities(&values(&rows), [&base], 2000, 1, &mut || calls += 1).unwrap();
    assert!(p[7] < 0.01, "{p:?}");
    assert!(p.iter().enumerate().all(|(at, p)| at == 7 || *p > 0.05), "{p:?}");
    assert!(calls > 100);
    let [again] = probabilities(&values(&rows), [&base], 2000, 2, &mut || ()).unwrap();
    assert!(p.iter().zip(&again).all(|(a, b)| (a - b).abs() < 0.06), "{p:?} {again:?}");
}
