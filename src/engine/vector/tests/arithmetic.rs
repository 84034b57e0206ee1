//! Arithmetic, parts and aggregates against dense lists.

use proptest::prelude::*;

use super::super::aggregate::{Kind, State};
use super::super::arith::{add, l2_normalize, multiply, narrow, scale, subtract};
use super::super::error::{ErrorClass, VectorError};
use super::super::select::{above, top_terms};
use super::super::{SparseVector, ops, text};
use super::{any_vector, vector};

const N_TERMS: u32 = 40;

fn dense(v: &SparseVector) -> Vec<f32> {
    let mut list = vec![0.0; N_TERMS as usize];
    v.as_ref().iter().for_each(|(index, weight)| list[index as usize] = weight);
    list
}

/// The result is valid and equals the dense one, or one of the dense elements is out of range.
fn same_as_dense(result: Result<SparseVector, VectorError>, expected: &[f32], underflows: bool) {
    match result {
        Ok(v) => {
            v.as_ref().internal_validate().unwrap();
            assert_eq!(dense(&v), expected);
        }
        Err(error) => {
            assert_eq!(error.class(), ErrorClass::NumericOutOfRange);
            assert!(underflows || expected.iter().any(|weight| !weight.is_finite()));
        }
    }
}

fn zip(a: &SparseVector, b: &SparseVector, f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    dense(a).into_iter().zip(dense(b)).map(|(v, w)| f(v, w)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn element_by_element(a in any_vector(N_TERMS), b in any_vector(N_TERMS), factor in super::any_weight()) {
        same_as_dense(add(a.as_ref(), b.as_ref()), &zip(&a, &b, |v, w| v + w), false);
        same_as_dense(subtract(a.as_ref(), b.as_ref()), &zip(&a, &b, |v, w| v - w), false);
        let underflows = zip(&a, &b, |v, w| if v != 0.0 && w != 0.0 && v * w == 0.0 { 1.0 } else { 0.0 }).contains(&1.0);
        same_as_dense(multiply(a.as_ref(), b.as_ref()), &zip(&a, &b, |v, w| v * w), underflows);
        let underflows = a.as_ref().weights().iter().any(|w| w * factor == 0.0);
        let scaled: Vec<f32> = dense(&a).into_iter().map(|v| v * factor).collect();
        same_as_dense(scale(a.as_ref(), factor), &scaled, underflows);
    }

    #[test]
    fn normalized_has_norm_one(a in any_vector(N_TERMS)) {
        let unit = l2_normalize(a.as_ref()).unwrap();
        unit.as_ref().internal_validate().unwrap();
        if a.as_ref().nnz() > 0 && ops::l2_norm(a.as_ref()) > 1e-30 {
            prop_assert!((ops::l2_norm(unit.as_ref()) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn parts(a in any_vector(N_TERMS), n in 0i32..30, threshold in -4.0f32..4.0) {
        let top = top_terms(a.as_ref(), n).unwrap();
        top.as_ref().internal_validate().unwrap();
        let mut sorted: Vec<_> = a.as_ref().iter().collect();
        sorted.sort_by(|x, y| y.1.total_cmp(&x.1));
        sorted.truncate(n as usize);
        sorted.sort_by_key(|pair| pair.0);
        prop_assert_eq!(top.as_ref().iter().collect::<Vec<_>>(), sorted);
        let high = above(a.as_ref(), threshold).unwrap();
        let expected: Vec<_> = a.as_ref().iter().filter(|pair| pair.1 > threshold).collect();
        prop_assert_eq!(high.as_ref().iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn aggregates(rows in proptest::collection::vec(any_vector(N_TERMS), 1..8), split in 0usize..8) {
        let split = split.min(rows.len());
        let lists: Vec<_> = rows.iter().map(dense).collect();
        let column = |f: &dyn Fn(f64, f64) -> f64, start: f64, index: usize| {
            lists.iter().fold(start, |sum, list| f(sum, f64::from(list[index])))
        };
        let state = |kind| {
            let (mut left, mut right) = (State::new(kind), State::new(kind));
            rows[..split].iter().for_each(|row| left.add(row.as_ref(), &mut || {}).unwrap());
            rows[split..].iter().for_each(|row| right.add(row.as_ref(), &mut || {}).unwrap());
            let sent = State::deserialize(kind, &right.serialize(&mut || {}).unwrap(), &mut || {}).unwrap();
            left.combine(&sent, &mut || {}).unwrap();
            left
        };
        let sums: Vec<f64> = (0..lists[0].len()).map(|index| column(&|x, y| x + y, 0.0, index)).collect();
        // A part's sum is rounded to float8 before it is added to the other: not the same last bits as one by one.
        let close = |v: &SparseVector, wanted: &[f64]| dense(v).iter().zip(wanted).all(|(&x, &y)| {
            (f64::from(x) - y).abs() <= y.abs() * 1e-6 + lists.iter().flatten().map(|w| f64::from(w.abs())).sum::<f64>() * 1e-15 + 1e-44
        });
        match state(Kind::Sum).sum(&mut || {}) {
            Ok(sum) => prop_assert!(close(&sum, &sums)),
            Err(_) => prop_assert!(sums.iter().any(|&sum| narrow(sum).is_infinite())),
        }
        let means: Vec<f64> = sums.iter().map(|sum| sum / lists.len() as f64).collect();
        let average = state(Kind::Sum).avg(&mut || {}).unwrap();
        prop_assert!(close(&average, &means));
        let greatest: Vec<f32> =
            (0..lists[0].len()).map(|index| narrow(column(&f64::max, f64::NEG_INFINITY, index))).collect();
        prop_assert_eq!(dense(&state(Kind::Max).max(&mut || {}).unwrap()), greatest);
    }
}

#[test]
fn results_have_the_bounded_dimension_and_its_bounds() {
    let (bounded, free) = (vector("{1:1}/3"), vector("{3:1}"));
    assert_eq!(add(bounded.as_ref(), free.as_ref()), Ok(vector("{1:1,3:1}/3")));
    assert_eq!(add(free.as_ref(), free.as_ref()), Ok(vector("{3:2}")));
    assert!(add(bounded.as_ref(), vector("{4:1}").as_ref()).is_err());
    assert!(add(bounded.as_ref(), vector("{1:1}/4").as_ref()).is_err());
    assert_eq!(multiply(bounded.as_ref(), vector("{4:1}").as_ref()), Ok(vector("{}/3")));
}

#[test]
fn zeros_go_and_ranges_are_kept() {
    let a = vector("{1:1,2:3e38,3:1e-30}/3");
    assert_eq!(subtract(a.as_ref(), a.as_ref()), Ok(vector("{}/3")));
    let told = |result: Result<SparseVector, VectorError>| {
        let error = result.unwrap_err();
        (error.message(), error.detail().unwrap_or_default())
    };
    let at = |index| format!("The result at index {index} does not fit float4.");
    assert_eq!(told(add(a.as_ref(), a.as_ref())), ("svec weight out of range: overflow".into(), at(2)));
    assert_eq!(told(scale(a.as_ref(), 1e-20)), ("svec weight out of range: underflow".into(), at(3)));
    assert_eq!(scale(a.as_ref(), 0.0), Ok(vector("{}/3")));
    assert!(scale(a.as_ref(), f32::NAN).is_err());
    assert!(top_terms(a.as_ref(), -1).is_err());
    assert!(above(a.as_ref(), f32::NAN).is_err());
    // The norm of 1e-45 underflows nowhere; that weight beside 1 does.
    assert_eq!(
        text::format(l2_normalize(vector("{1:1e-45}").as_ref()).unwrap().as_ref(), &mut || {}).unwrap(),
        "{1:1}"
    );
    assert_eq!(
        text::format(l2_normalize(vector("{1:1e-45,2:10}").as_ref()).unwrap().as_ref(), &mut || {}).unwrap(),
        "{2:1}"
    );
}

#[test]
fn a_broken_aggregate_state_is_refused() {
    let bytes = {
        let mut state = State::new(Kind::Sum);
        state.add(vector("{1:1,2:2}/3").as_ref(), &mut || {}).unwrap();
        state.serialize(&mut || {}).unwrap()
    };
    for len in 0..bytes.len() {
        if (len - 12usize.min(len)) % 20 != 0 || len < 12 {
            assert!(State::deserialize(Kind::Sum, &bytes[..len], &mut || {}).is_err());
        }
    }
}
