//! The order is that of dense arrays and a total one; set relations agree with sets.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::SparseVector;
use super::super::compare::{compare, contains, overlaps};
use super::super::dense::to_dense;
use super::super::ops::l1_distance;
use super::{any_vector, vector};

/// PostgreSQL compares arrays element by element, then by length.
fn compare_dense(a: &SparseVector, b: &SparseVector) -> Ordering {
    let (a, b) = (to_dense(a.as_ref()).unwrap(), to_dense(b.as_ref()).unwrap());
    a.partial_cmp(&b).unwrap()
}

fn any_bounded() -> impl Strategy<Value = SparseVector> {
    prop_oneof![any_vector(4), any_vector(5), any_vector(40)].prop_map(|v| {
        let parts = v.as_ref();
        let dim = if parts.dim() == 0 { 41 } else { parts.dim() };
        SparseVector::from_valid_parts(dim, parts.indices().to_vec(), parts.weights().to_vec())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50_000))]

    #[test]
    fn order_of_dense_arrays(a in any_bounded(), b in any_bounded()) {
        prop_assert_eq!(compare(a.as_ref(), b.as_ref()), compare_dense(&a, &b));
    }

    #[test]
    fn total(a in any_vector(4), b in any_vector(4), c in any_vector(4)) {
        let (a, b, c) = (a.as_ref(), b.as_ref(), c.as_ref());
        prop_assert_eq!(compare(a, a), Ordering::Equal);
        prop_assert_eq!(compare(a, b), compare(b, a).reverse());
        prop_assert_eq!(compare(a, b).is_eq(), a == b);
        if compare(a, b).is_le() && compare(b, c).is_le() {
            prop_assert!(compare(a, c).is_le());
        }
    }

    #[test]
    fn set_relations(a in any_vector(30), b in any_vector(30)) {
        let set = |v: &SparseVector| v.as_ref().indices().iter().copied().collect::<BTreeSet<_>>();
        let (x, y) = (set(&a), set(&b));
        prop_assert_eq!(overlaps(a.as_ref(), b.as_ref()).unwrap(), !x.is_disjoint(&y));
        prop_assert_eq!(contains(a.as_ref(), b.as_ref()).unwrap(), x.is_superset(&y));
    }
}

#[test]
fn unbounded_goes_with_every_dimension_and_sorts_last() {
    let (short, long, free) = (vector("{1:1}/2"), vector("{1:1}/3"), vector("{1:1}"));
    assert_eq!(compare(short.as_ref(), long.as_ref()), Ordering::Less);
    assert_eq!(compare(long.as_ref(), free.as_ref()), Ordering::Less);
    assert!(overlaps(short.as_ref(), long.as_ref()).is_err());
    assert_eq!(overlaps(short.as_ref(), free.as_ref()), Ok(true));
    // A term that the shorter vector has no dimension for does not count, only the dimension does.
    assert_eq!(compare(short.as_ref(), vector("{1:1,3:-1}/3").as_ref()), Ordering::Less);
}

#[test]
fn sums_keep_their_order() {
    // One by one: 1e8 swallows each of the small weights. In lanes, they are summed first.
    let a = vector("{1:1e8}");
    let b = vector("{2:3,3:3,4:3}");
    assert_eq!(l1_distance(a.as_ref(), b.as_ref()), 1e8);
    let b = vector("{2:3,3:3,4:3,5:3}");
    assert_eq!(l1_distance(a.as_ref(), b.as_ref()), 100_000_016.0);
    assert_eq!(l1_distance(b.as_ref(), a.as_ref()), 100_000_000.0);
}
