//! Conditions on terms agree with sets; spheres with comparisons.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::error::{ErrorClass, VectorError};
use super::super::matching::MatchQuery;
use super::super::sphere::Sphere;
use super::super::{SparseVector, compare};
use super::{any_vector, vector};

fn set(vector: &SparseVector) -> BTreeSet<u32> {
    vector.as_ref().indices().iter().copied().collect()
}

/// By sets, as the documentation says it.
fn accepts(doc: &SparseVector, parts: [Option<&SparseVector>; 3], minimum: Option<i32>) -> bool {
    let [must, must_not, should] = parts.map(|part| part.map(set).unwrap_or_default());
    let doc = set(doc);
    let minimum = match minimum {
        Some(minimum) => minimum.unsigned_abs() as usize,
        None if !should.is_empty() && must.is_empty() => 1,
        None => 0,
    };
    doc.is_superset(&must) && doc.is_disjoint(&must_not) && doc.intersection(&should).count() >= minimum
}

fn query(parts: [Option<&SparseVector>; 3], minimum: Option<i32>) -> Result<MatchQuery, VectorError> {
    let [must, must_not, should] = parts.map(|part| part.map(SparseVector::as_ref));
    MatchQuery::new(must, must_not, should, minimum)
}

/// Few terms out of 30, mostly.
fn any_part() -> impl Strategy<Value = Option<SparseVector>> {
    let few = any_vector(30).prop_map(|v| {
        let v = v.as_ref();
        let n = v.nnz().min(3);
        SparseVector::from_valid_parts(v.dim(), v.indices()[..n].to_vec(), v.weights()[..n].to_vec())
    });
    prop_oneof![1 => Just(None), 3 => few.prop_map(Some), 1 => any_vector(30).prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn parts_agree_with_sets(
        doc in any_vector(30),
        must in any_part(),
        must_not in any_part(),
        should in any_part(),
        minimum in prop_oneof![Just(None), (0i32..6).prop_map(Some), Just(Some(i32::MAX))],
    ) {
        let parts = [must.as_ref(), must_not.as_ref(), should.as_ref()];
        let query = query(parts, minimum).unwrap();
        prop_assert_eq!(query.accepts(doc.as_ref()), Ok(accepts(&doc, parts, minimum)));
    }

    #[test]
    fn parts_alone_are_the_operators(doc in any_vector(30), terms in any_vector(30)) {
        let all = query([Some(&terms), None, None], None).unwrap();
        prop_assert_eq!(all.accepts(doc.as_ref()), compare::contains(doc.as_ref(), terms.as_ref()));
        let any = query([None, None, Some(&terms)], Some(1)).unwrap();
        prop_assert_eq!(any.accepts(doc.as_ref()), compare::overlaps(doc.as_ref(), terms.as_ref()));
        let none = query([None, Some(&terms), None], None).unwrap();
        prop_assert_eq!(none.accepts(doc.as_ref()), compare::overlaps(doc.as_ref(), terms.as_ref()).map(|any| !any));
    }
}

#[test]
fn a_condition_without_parts_accepts_everything() {
    for empty in [None, Some(&vector("{}"))] {
        let query = query([empty; 3], None).unwrap();
        assert_eq!(query.accepts(vector("{}").as_ref()), Ok(true));
        assert_eq!(query.accepts(vector("{1:1}/3").as_ref()), Ok(true));
    }
    // Of no terms not even one can be there.
    assert_eq!(query([None; 3], Some(1)).unwrap().accepts(vector("{1:1}").as_ref()), Ok(false));
}

#[test]
fn all_dimensions_agree() {
    let (three, four, free) = (vector("{1:1}/3"), vector("{1:1}/4"), vector("{1:1}"));
    let different = |left, right| Err(VectorError::DifferentDims { left, right });
    assert_eq!(query([Some(&three), Some(&four), None], None).map(|_| ()), different(3, 4));
    let query = query([Some(&free), None, Some(&three)], None).unwrap();
    assert_eq!(query.dim(), 3);
    assert_eq!(query.accepts(four.as_ref()).map(|_| ()), different(4, 3));
    assert_eq!(query.accepts(free.as_ref()), Ok(true));
}

#[test]
fn a_minimum_is_not_negative() {
    let error = query([None; 3], Some(-1)).unwrap_err();
    assert_eq!(error.class(), ErrorClass::InvalidParameter);
    assert_eq!(error.message(), "svec minimum_should_match is out of range");
}

#[test]
fn a_sphere_holds_what_is_not_further_than_its_radius() {
    let center = vector("{1:1}/3");
    let sphere = |radius| Sphere::new(center.as_ref(), radius);
    assert_eq!(sphere(f64::NAN).map(|_| ()).map_err(|e| e.class()), Err(ErrorClass::InvalidParameter));
    let held = |radius, distance| sphere(radius).unwrap().holds(distance);
    assert!(held(-1.0, -1.0) && held(-1.0, f64::NEG_INFINITY) && held(0.0, -0.0) && held(f64::INFINITY, f64::INFINITY));
    assert!(!held(-1.0, -0.99) && !held(1.0, f64::NAN) && !held(f64::INFINITY, f64::NAN));
    assert_eq!(sphere(1.0).unwrap().center(), center.as_ref());
}
