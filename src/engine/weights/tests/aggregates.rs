//! Aggregates against dense loops over their rows, and in parts as parallel workers see them.

use proptest::prelude::*;

use super::super::fold::Join;
use super::super::measures::{Flops, Weighing, df_activation};
use super::super::turns::Turns;
use super::*;
use crate::engine::vector::aggregate::{Kind, State};

fn total(weighing: &Weighing, rows: &[SparseVector]) -> Flops {
    let mut state = Flops::new(weighing.clone());
    rows.iter().for_each(|row| state.add(row.as_ref(), &mut || {}).unwrap());
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn flops(
        rows in proptest::collection::vec(some_vector(), 1..8),
        split in 0usize..8, least in 0i32..16, idf in positive_vector(), alpha in 0.05f64..0.95, beta in 0.5f64..12.0,
    ) {
        let n = rows.len() as f64;
        let lists: Vec<Vec<f64>> = rows.iter().map(dense).collect();
        let nnz = |list: &[f64]| list.iter().filter(|&&w| w != 0.0).count();
        let idf_list = dense(&idf);
        let naive = |weighing: &Weighing| -> f64 {
            (0..N_TERMS as usize)
                .map(|t| {
                    let counted = |list: &&Vec<f64>| match weighing {
                        Weighing::MinNnz(least) => nnz(list) > least.cast_unsigned() as usize,
                        _ => true,
                    };
                    let mean = lists.iter().filter(counted).map(|list| list[t].abs()).sum::<f64>() / n;
                    let df = lists.iter().filter(|list| list[t] != 0.0).count() as f64;
                    let factor = match weighing {
                        Weighing::Plain | Weighing::MinNnz(_) => 1.0,
                        Weighing::Idf(_) if idf_list[t] == 0.0 => 1.0,
                        Weighing::Idf(_) => 1.0 / idf_list[t],
                        Weighing::Df { alpha, beta } if df > 0.0 => {
                            1.0 / (1.0 + ((df / n).powf(2.0f64.ln() / alpha.ln()) - 1.0).powf(*beta))
                        }
                        Weighing::Df { .. } => 0.0,
                    };
                    (factor * mean).powi(2)
                })
                .sum()
        };
        let weighings = [
            Weighing::Plain,
            Weighing::min_nnz(least).unwrap(),
            Weighing::idf(idf.as_ref()).unwrap(),
            Weighing::df(alpha, beta).unwrap(),
        ];
        let (left, right) = rows.split_at(split.min(rows.len()));
        for weighing in &weighings {
            let wanted = naive(weighing);
            let got = total(weighing, &rows).finish(&mut || {}).unwrap();
            prop_assert!((got - wanted).abs() <= wanted * 1e-9 + 1e-12, "{weighing:?}: {got} instead of {wanted}");
            let bytes = total(weighing, right).serialize(&mut || {}).unwrap();
            let mut whole = total(weighing, left);
            whole.combine(&Flops::deserialize(&bytes, &mut || {}).unwrap(), &mut || {}).unwrap();
            let combined = whole.finish(&mut || {}).unwrap();
            prop_assert!((combined - got).abs() <= got * 1e-9);
            for len in 0..bytes.len().min(30) {
                // Cut anywhere it is refused, or it lacks whole entries.
                let _ = Flops::deserialize(&bytes[..len], &mut || {});
            }
        }
    }

    #[test]
    fn turns(rows in proptest::collection::vec(some_vector(), 0..6), decay in 0.0f64..=1.0) {
        for join in [Join::Sum, Join::Max] {
            let mut state = Turns::new(join, decay).unwrap();
            let mut expected: Option<Vec<f64>> = None;
            for row in &rows {
                state.add(row.as_ref(), decay).unwrap();
                expected = Some(match expected {
                    None => dense(row),
                    Some(old) => {
                        let pairs = old.into_iter().zip(dense(row));
                        pairs.map(|(old, new)| join.join(decay * old, new)).collect()
                    }
                });
            }
            assert_close(&state.finish().unwrap(), &expected.unwrap_or_else(|| vec![0.0; N_TERMS as usize]));
        }
    }

    #[test]
    fn document_frequencies(rows in proptest::collection::vec(some_vector(), 1..9), split in 0usize..9) {
        let state = |rows: &[SparseVector]| {
            let mut state = State::new(Kind::Sum);
            rows.iter().for_each(|row| state.add(row.as_ref(), &mut || {}).unwrap());
            state
        };
        let expected: Vec<f64> = (0..N_TERMS as usize)
            .map(|t| rows.iter().filter(|row| dense(row)[t] != 0.0).count() as f64)
            .collect();
        assert_same(&state(&rows).frequencies(&mut || {}).unwrap(), &expected);
        let (left, right) = rows.split_at(split.min(rows.len()));
        let mut whole = state(left);
        let bytes = state(right).serialize(&mut || {}).unwrap();
        whole.combine(&State::deserialize(Kind::Sum, &bytes, &mut || {}).unwrap(), &mut || {}).unwrap();
        assert_same(&whole.frequencies(&mut || {}).unwrap(), &expected);
    }
}

#[test]
fn the_share_of_rows_where_half_the_weight_counts() {
    for alpha in [0.01, 0.1, 0.5, 0.9] {
        for beta in [0.5, 1.0, 10.0] {
            assert!((df_activation(alpha, alpha, beta) - 0.5).abs() < 1e-9);
            assert_eq!(df_activation(1.0, alpha, beta), 1.0);
            assert!(df_activation(alpha / 2.0, alpha, beta) < 0.5);
        }
    }
}

#[test]
fn what_changes_between_rows_is_refused() {
    let mut turns = Turns::new(Join::Sum, 0.5).unwrap();
    turns.add(vector("{1:1}").as_ref(), 0.5).unwrap();
    assert_eq!(told(turns.add(vector("{1:1}").as_ref(), 0.25))[0], "svec decay must be the same in every row");
    assert_eq!(told(Turns::new(Join::Sum, f64::NAN))[1], "The value given is NaN.");
    let flops = Flops::new(Weighing::min_nnz(1).unwrap());
    assert_eq!(told(flops.check_constant(&Weighing::MinNnz(2)))[0], "svec min_nnz must be the same in every row");
    let mut left = Flops::new(Weighing::Plain);
    left.add(vector("{1:1}/3").as_ref(), &mut || {}).unwrap();
    assert!(left.add(vector("{1:1}/4").as_ref(), &mut || {}).is_err());
}

#[test]
fn a_broken_state_is_refused() {
    for bytes in [&[][..], &[0, 0, 0, 0], &[9; 40], &[0, 1, 0, 0, 0, 7], &[1, 2, 0, 0, 0, 1, 1], &[3, 0, 0, 0, 0]] {
        assert!(Flops::deserialize(bytes, &mut || {}).is_err(), "{bytes:?}");
    }
}
