//! Every fast way to a distance gives the bits of the naive one.

use proptest::prelude::*;

use super::super::prepared::{Prepared, Repeated};
use super::super::{SparseVector, SparseVectorRef, ops};
use super::{any_vector, any_weight, vector};

/// Any number of terms up to a few hundred, with ids of every size.
fn any_long_vector() -> impl Strategy<Value = SparseVector> {
    let term = prop_oneof![4 => 0u32..600, 2 => 0u32..30_000, 1 => 0u32..0x7fff_ffff];
    proptest::collection::btree_map(term, any_weight(), 0..300).prop_map(|pairs| {
        let (indices, weights) = pairs.into_iter().unzip();
        SparseVector::from_valid_parts(0, indices, weights)
    })
}

fn any_of_either() -> impl Strategy<Value = SparseVector> {
    prop_oneof![any_vector(40), any_vector(600), any_long_vector()]
}

/// The shared terms one by one.
fn naive_inner_product(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>) -> f32 {
    let mut sum = 0.0f32;
    for (term, weight) in a.iter() {
        for (_, other) in b.iter().filter(|pair| pair.0 == term) {
            sum += weight * other;
        }
    }
    sum
}

/// Sums of `f` of the differences in pgvector's order: the union up to the last term of `a`, then lanes.
fn naive_sum(a: SparseVectorRef<'_>, b: SparseVectorRef<'_>, f: impl Fn(f32) -> f32) -> f32 {
    let last = a.indices().last().copied();
    let (mut sum, mut beyond) = (0.0f32, Vec::new());
    ops::for_each_union(a, b, |term, v, w| if Some(term) <= last { sum += f(v - w) } else { beyond.push(f(w)) });
    let (blocks, rest) = beyond.as_chunks::<4>();
    let mut lanes = [0.0f32; 4];
    blocks.iter().for_each(|block| (0..4).for_each(|lane| lanes[lane] += block[lane]));
    if !blocks.is_empty() {
        sum += (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    }
    rest.iter().fold(sum, |sum, difference| sum + difference)
}

/// Equal bits; sums beyond float4 may end as NaNs of different signs.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn inner_product(a in any_of_either(), b in any_of_either()) {
        let naive = naive_inner_product(a.as_ref(), b.as_ref());
        prop_assert!(same(ops::inner_product(a.as_ref(), b.as_ref()).into(), naive.into()));
        prop_assert!(same(Prepared::new(a.as_ref()).unwrap().inner_product(b.as_ref()).into(), naive.into()));
        prop_assert!(same(Prepared::new(b.as_ref()).unwrap().inner_product(a.as_ref()).into(), naive.into()));
    }

    #[test]
    fn prepared_distances(query in any_of_either(), doc in any_of_either()) {
        let (query, doc) = (query.as_ref(), doc.as_ref());
        let prepared = Prepared::new(query).unwrap();
        prop_assert!(same(prepared.negative_inner_product(doc), ops::negative_inner_product(doc, query)));
        prop_assert!(same(prepared.cosine_distance(doc), ops::cosine_distance(doc, query)));
        prop_assert!(same(prepared.cosine_distance(doc), ops::cosine_distance(query, doc)));
    }

    #[test]
    fn differences(a in any_of_either(), b in any_of_either()) {
        let (a, b) = (a.as_ref(), b.as_ref());
        prop_assert!(same(ops::l1_distance(a, b), naive_sum(a, b, f32::abs).into()));
        prop_assert!(same(ops::l2_distance(a, b), f64::from(naive_sum(a, b, |d| d * d)).sqrt()));
    }

    /// Whatever stays or changes: the answers are those of the operands at hand.
    #[test]
    fn repeated_operands(
        vectors in proptest::collection::vec(any_vector(40), 3),
        calls in proptest::collection::vec((0usize..3, 0usize..3), 1..40),
    ) {
        let mut repeated = Repeated::default();
        for (left, right) in calls {
            let (left, right) = (vectors[left].as_ref(), vectors[right].as_ref());
            if let Some((prepared, other)) = repeated.recognise(left, right).unwrap() {
                let (fast, naive) = (prepared.inner_product(other), naive_inner_product(left, right));
                prop_assert!(same(fast.into(), naive.into()));
                prop_assert!(other == left || other == right);
            }
        }
    }
}

#[test]
fn what_stays_is_recognised_on_either_side() {
    let query = vector("{1:1,5:2}");
    let docs: Vec<_> = (1..10).map(|n| vector(&format!("{{1:{n},5:1}}"))).collect();
    for query_is_left in [false, true] {
        let mut repeated = Repeated::default();
        let recognised = docs.iter().filter(|doc| {
            let pair = (query.as_ref(), doc.as_ref());
            let (left, right) = if query_is_left { pair } else { (pair.1, pair.0) };
            repeated.recognise(left, right).unwrap().is_some()
        });
        assert!(recognised.count() >= docs.len() - 2);
    }
}

#[test]
fn another_dimension_or_weight_is_another_vector() {
    let docs: Vec<_> = (1..8).map(|n| vector(&format!("{{1:{n}}}"))).collect();
    let mut docs = docs.iter().cycle();
    let mut repeated = Repeated::default();
    for query in ["{1:1}", "{1:1}/2", "{1:1}/3", "{1:2}/3", "{2:2}/3", "{2:2,3:1}/3"] {
        let query = vector(query);
        let found = [(); 4].map(|()| {
            let pair = repeated.recognise(docs.next().unwrap().as_ref(), query.as_ref()).unwrap();
            pair.map(|(prepared, _)| prepared.inner_product(query.as_ref()))
        });
        // Not at the first call; from the third on at the latest.
        let own = Some(ops::inner_product(query.as_ref(), query.as_ref()));
        assert_eq!((found[0], found[2], found[3]), (None, own, own));
    }
}

#[test]
fn too_long_to_be_prepared() {
    let terms: Vec<u32> = (0..20_000).collect();
    let long = SparseVector::from_valid_parts(0, terms.clone(), terms.iter().map(|&t| t as f32 + 1.0).collect());
    let (short, other) = (vector("{3:1}"), vector("{4:1}"));
    let mut repeated = Repeated::default();
    for _ in 0..4 {
        if let Some((prepared, found)) = repeated.recognise(short.as_ref(), long.as_ref()).unwrap() {
            assert_eq!((prepared.inner_product(found), found), (3.0, long.as_ref()));
        }
    }
    let mut repeated = Repeated::default();
    for doc in [&short, &other, &short, &other] {
        assert!(repeated.recognise(doc.as_ref(), long.as_ref()).unwrap().is_none());
    }
    // Prepared by hand it is right all the same.
    assert_eq!(Prepared::new(long.as_ref()).unwrap().inner_product(other.as_ref()), 4.0);
}
