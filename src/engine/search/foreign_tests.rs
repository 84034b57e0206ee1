//! No float4 arithmetic that a compiler may make of the operators' formulas gives less than the least distance.

use proptest::prelude::*;

use super::foreign::least_distance;
use crate::engine::ids::Metric;
use crate::engine::vector::tests::any_vector;
use crate::engine::vector::{SparseVector, ops};

/// A way to add up products in float4.
type Adder = fn(&[(f32, f32)]) -> f32;

/// One after the other, either way, by fused operations, in partial sums.
const ADDERS: [Adder; 5] = [
    |pairs| pairs.iter().fold(0.0, |sum, (v, w)| sum + v * w),
    |pairs| pairs.iter().rfold(0.0, |sum, (v, w)| sum + v * w),
    |pairs| pairs.iter().fold(0.0, |sum, (v, w)| v.mul_add(*w, sum)),
    |pairs| pairs.iter().rfold(0.0, |sum, (v, w)| v.mul_add(*w, sum)),
    |pairs| {
        let mut lanes = [0.0f32; 8];
        pairs.iter().enumerate().for_each(|(at, (v, w))| lanes[at % 8] = v.mul_add(*w, lanes[at % 8]));
        lanes.iter().sum()
    },
];

/// Every distance that the adders give.
fn distances(metric: Metric, doc: &SparseVector, query: &SparseVector) -> Vec<f64> {
    let (mut shared, mut differences) = (Vec::new(), Vec::new());
    ops::for_each_union(doc.as_ref(), query.as_ref(), |_, v, w| {
        if v != 0.0 && w != 0.0 {
            shared.push((v, w));
        }
        differences.push((v - w, v - w));
    });
    let squares = |of: &SparseVector| of.as_ref().weights().iter().map(|&w| (w, w)).collect::<Vec<_>>();
    let (of_doc, of_query) = (squares(doc), squares(query));
    let mut all = Vec::new();
    for add in ADDERS {
        match metric {
            Metric::InnerProduct => all.push(f64::from(-add(&shared))),
            Metric::L2 => all.push(f64::from(add(&differences)).sqrt()),
            Metric::Cosine => ADDERS.iter().for_each(|norm| {
                all.push(ops::cosine_distance_from(add(&shared), norm(&of_doc), norm(&of_query)));
            }),
        }
    }
    all
}

proptest! {
    #[test]
    fn no_distance_is_less(doc in any_vector(60), query in any_vector(60)) {
        for metric in [Metric::InnerProduct, Metric::Cosine, Metric::L2] {
            let least = least_distance(metric, doc.as_ref(), query.as_ref());
            for distance in distances(metric, &doc, &query) {
                prop_assert!(distance.is_nan() || least <= distance, "{metric:?}: {least} {distance}");
            }
        }
    }
}

/// Where nothing is rounded, hardly anything is taken off; that rows come in order rests on it.
#[test]
fn the_least_is_close() {
    let vector =
        |weights: &[f32]| SparseVector::from_valid_parts(0, (0..weights.len() as u32).collect(), weights.to_vec());
    let (doc, query) = (vector(&[3.0, 4.0]), vector(&[1.0, 0.5, 2.0]));
    for (metric, exact) in [
        (Metric::InnerProduct, -5.0),
        (Metric::Cosine, 1.0 - 5.0 / (5.0 * 5.25f64.sqrt())),
        (Metric::L2, (4.0f64 + 12.25 + 4.0).sqrt()),
    ] {
        let least = least_distance(metric, doc.as_ref(), query.as_ref());
        assert!(least <= exact && least > exact - 1e-5, "{metric:?}: {least} {exact}");
    }
}

/// What has no order among numbers keeps its place: NaN last, what may be infinite first.
#[test]
fn the_ends_are_kept() {
    let of = |weights: &[f32]| SparseVector::from_valid_parts(0, (0..weights.len() as u32).collect(), weights.to_vec());
    let (empty, one, great) = (of(&[]), of(&[1.0]), of(&[f32::MAX, f32::MAX]));
    assert!(least_distance(Metric::Cosine, empty.as_ref(), one.as_ref()).is_nan());
    assert_eq!(least_distance(Metric::InnerProduct, empty.as_ref(), one.as_ref()), 0.0);
    assert_eq!(least_distance(Metric::InnerProduct, great.as_ref(), great.as_ref()), f64::NEG_INFINITY);
    assert_eq!(least_distance(Metric::Cosine, great.as_ref(), one.as_ref()), 0.0);
}
