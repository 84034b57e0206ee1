//! Starts are never below the truth, in every width; and what the Euclidean distance makes of them.

use proptest::prelude::*;

use super::oracle_tests::Kept;
use super::query::Distance;
use super::ranker::{Options, Ranker, Strategy as Way};
use super::scratch::Scratch;
use super::simd::{Kernel, Simd};
use super::starts::{self, LEAST_UNIT, NormBytes, ROUNDING_UNITS, Starts};
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::NoColumns;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::check::check_segment;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::norms::Norm;
use crate::engine::segment::pages::{MemoryPages, Part};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::{SparseVector, SparseVectorRef, ops};

const ROOM: f64 = 65_000.0;

/// A reach and a unit that a plan may have: no less than what lets the reach fit, as much greater as one likes.
fn any_scale() -> impl Strategy<Value = (f32, f64)> {
    (prop_oneof![Just(0.0f32), (0u32..0x7b80_0000).prop_map(f32::from_bits)], prop_oneof![Just(0), 0i32..400])
        .prop_map(|(reach, wider)| (reach, (f64::from(reach) / ROOM).max(LEAST_UNIT) * 2f64.powi(wider)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn starts_are_not_below_the_exact_ones(
        (reach, unit) in any_scale(),
        parts in prop::collection::vec(0.0f64..1.3, 1..20),
    ) {
        let starts = Starts::new(reach, unit);
        for part in parts {
            let norm = (f64::from(reach) * part) as f32;
            let exact = (f64::from(reach) - f64::from(norm)).max(0.0) / unit;
            let units = f64::from(starts.units(norm.to_le_bytes()));
            prop_assert!(units >= exact && units <= exact + ROUNDING_UNITS, "{units} for {exact}");
        }
        prop_assert!(f64::from(starts.greatest()) <= f64::from(reach) / unit + ROUNDING_UNITS);
    }

    /// Whatever a damaged page says; and greater norms never have greater starts.
    #[test]
    fn every_width_has_the_same_starts(
        (reach, unit) in any_scale(),
        norms in prop::collection::vec(any::<NormBytes>(), 0..300),
        zero in any::<u16>(),
    ) {
        let starts = Starts::new(reach, unit);
        let expected: Vec<u16> = norms.iter().map(|&norm| starts.units(norm)).collect();
        prop_assert!(expected.iter().all(|&units| (1..=starts.greatest()).contains(&units)));
        for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
            let mut sums = vec![7; norms.len()];
            Simd::new(kernel).begin_sums(&mut sums, &norms, &starts, zero);
            prop_assert!(sums.iter().zip(&expected).all(|(&sum, &units)| sum == zero.wrapping_add(units)));
            let blocks = norms.as_chunks::<4>().0;
            let mut lanes = vec![7; blocks.len()];
            Simd::new(kernel).begin_lanes(&mut lanes, blocks, &starts);
            let greatest = expected.as_chunks::<4>().0.iter().map(|block| block.iter().max().unwrap());
            prop_assert!(lanes.iter().eq(greatest));
        }
    }
}

type Written = (MemoryPages, SegmentMeta);

fn segment(docs: &[SparseVector]) -> Written {
    let mut run = RunBuilder::new(Metric::L2, usize::MAX);
    for (block, doc) in (0..).zip(docs) {
        run.add(Tid { block, offset: 1 }, Some(doc.as_ref()), &[]).unwrap();
    }
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut [Input::all(run.finish(&NoColumns).unwrap())], &NoColumns, &mut pages).unwrap();
    (pages, meta)
}

/// Documents and their bounds in the order of the stream.
fn stream((pages, meta): &Written, query: SparseVectorRef<'_>, strategy: Way) -> Vec<(usize, f64)> {
    let options = Options { strategy, ..Options::default() };
    let segments = vec![Kept { pages, meta, steps: None }];
    let mut ranker = Ranker::new(segments, Metric::L2, Some(query), options, Scratch::default()).unwrap();
    let mut found = Vec::new();
    while let Some(ranked) = ranker.next_best().unwrap() {
        let Distance::Value(bound) = ranked.distance else { panic!("a number") };
        found.push((ranked.doc as usize, bound));
    }
    found
}

fn vector(pairs: impl Iterator<Item = (u32, f32)>) -> SparseVector {
    let (terms, weights) = pairs.unzip();
    SparseVector::from_valid_parts(0, terms, weights)
}

/// Sums of very many squares in float4 are off by far more than a unit, in either direction.
#[test]
fn long_vectors_are_not_nearer_than_their_bounds() {
    for n in [10u32, 1_000, 100_000, 1_000_000] {
        for weight in [0.1f32, 0.3, 1.0 + 1e-6, 1e-22] {
            let docs = [
                vector((0..n).map(|term| (term, weight))),
                vector((0..n).map(|term| (term, weight * (1.0 + (term % 7) as f32)))),
                vector((0..n).map(|term| (2 * term + 1, weight))),
                vector(std::iter::empty()),
            ];
            let written = segment(&docs);
            for query in &docs {
                // Beyond 16,384 lists nothing is bounded: the long ones are the documents then.
                let query = vector(query.as_ref().iter().take(10_000));
                for (doc, bound) in stream(&written, query.as_ref(), Way::Exhaustive) {
                    let (a, b) = (docs[doc].as_ref(), query.as_ref());
                    let truth = ops::l2_distance(a, b).min(ops::l2_distance(b, a));
                    assert!(bound <= truth, "{n} terms of {weight}, document {doc}: {bound} above {truth}");
                }
            }
        }
    }
}

/// Norms decide, and are told apart, although some documents are longer than the others by any factor.
#[test]
fn a_few_long_documents_do_not_blur_the_others() {
    let doc = |at: u32| {
        // By terms of their own: a term that only one document has in a great number is not told apart elsewhere.
        let long = (at % 50 == 49).then(|| (1_000, 1e15 * (1.0 + (at * 17 % 61) as f32)));
        let weight = move |term| (term * 7 + at % 7, 1.0 + ((at + term) * 31 % 97) as f32 / 97.0);
        vector((0..10).map(weight).chain(long))
    };
    let docs: Vec<SparseVector> = (0..2_000).map(doc).collect();
    let written = segment(&docs);
    let queries = [vector((0..8).map(|term| (term * 7, 1.5))), vector(std::iter::once((9_999, 0.01)))];
    for query in &queries {
        for way in [Way::Exhaustive, Way::Blocks] {
            let found = stream(&written, query.as_ref(), way);
            assert_eq!(found.len(), docs.len());
            for (doc, bound) in found {
                let truth = ops::l2_distance(docs[doc].as_ref(), query.as_ref());
                assert!(bound <= truth && (truth > 1e6 || bound >= truth * 0.95), "{doc}: {bound}, {truth}");
            }
        }
    }
    // A query among the long ones tells those apart as well, as far as impacts do.
    for (doc, bound) in stream(&written, docs[49].as_ref(), Way::Blocks) {
        let truth = ops::l2_distance(docs[doc].as_ref(), docs[49].as_ref());
        assert!(bound <= truth && (truth < 2e16 || bound >= truth * 0.9), "{doc}: {bound}, {truth}");
    }
}

#[test]
fn norms_go_through_merges_and_damage_is_found() {
    let docs: Vec<SparseVector> = (0..3_001u32).map(|at| vector((0..at % 5).map(|t| (t * 3, at as f32)))).collect();
    let halves = [segment(&docs[..1_500]), segment(&docs[1_500..])];
    let readers = halves.each_ref().map(|(pages, meta)| SegmentReader { pages, meta });
    let mut inputs = readers.map(|reader| Input::all(SegmentAsSource::new(reader).unwrap()));
    let mut merged = MemoryPages::default();
    let meta = write_segment(&mut inputs, &NoColumns, &mut merged).unwrap();
    let (mut whole, expected) = segment(&docs);
    assert_eq!((meta.norms, meta.n_pages(Part::Norms)), (expected.norms, 2));
    assert_eq!(merged.part_mut(Part::Norms), whole.part_mut(Part::Norms));

    let problems = |pages: &MemoryPages, meta: &SegmentMeta| {
        let mut problems = 0;
        check_segment(&SegmentReader { pages, meta }, &NoColumns, None, &mut |_| problems += 1).unwrap();
        problems
    };
    assert_eq!(problems(&merged, &meta), 0);
    merged.part_mut(Part::Norms)[1][0..4].copy_from_slice(&f32::to_le_bytes(1e30));
    assert_eq!(problems(&merged, &meta), 1);
    // Without its norms a segment cannot be searched, and says so.
    merged.part_mut(Part::Norms).clear();
    for strategy in [Way::Exhaustive, Way::Blocks] {
        let segments = vec![Kept { pages: &merged, meta: &meta, steps: None }];
        let options = Options { strategy, ..Options::default() };
        assert!(Ranker::new(segments, Metric::L2, Some(docs[4].as_ref()), options, Scratch::default()).is_err());
    }
    assert_eq!(problems(&merged, &meta), 1);
    // Documents with norms and documents without do not become one segment.
    let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
    run.add(Tid { block: 1, offset: 1 }, Some(docs[4].as_ref()), &[]).unwrap();
    let (pages, meta) = &halves[0];
    let with = Input::all(SegmentAsSource::new(SegmentReader { pages, meta }).unwrap());
    let mut inputs = [with, Input::all(run.finish(&NoColumns).unwrap())];
    assert!(write_segment(&mut inputs, &NoColumns, &mut MemoryPages::default()).is_err());
}

#[test]
fn documents_without_a_regular_score_do_not_raise_their_blocks() {
    let starts = Starts::new(100.0, 0.01);
    assert_eq!(starts.units(Norm::NONE.to_bytes()), 1);
    assert_eq!(starts.units(Norm::default().to_bytes()), starts.greatest());
}

/// Lanes and sums begin with what a look at each norm says, of documents that conditions leave.
#[test]
fn lanes_begin_with_the_documents_that_are_left() {
    let docs: Vec<SparseVector> =
        (0..70_001u32).map(|at| vector(std::iter::once((1, 1.0 + (at * 7919 % 10_007) as f32)))).collect();
    let (pages, meta) = segment(&docs);
    let reader = SegmentReader { pages: &pages, meta: &meta };
    let greatest = meta.norms.greatest.value();
    let starts = Starts::new(greatest, f64::from(greatest) / ROOM);
    let own: Vec<u16> = docs.iter().map(|doc| starts.units(Norm::of(doc.as_ref()).to_bytes())).collect();
    for one_in in [1, 2, 5, 100, 5_000] {
        let mut within = DocSet::none(meta.n_docs).unwrap();
        let left: Vec<u32> =
            (0..meta.n_docs).filter(|doc| doc * 31 % 1_009 % one_in == 0 && doc / 256 % 3 < 2).collect();
        left.iter().for_each(|&doc| within.insert(doc));
        let of = |doc: u32| if within.contains(doc) { own[doc as usize] } else { 0 };
        for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
            let mut lanes = vec![7; meta.n_docs.div_ceil(4) as usize];
            starts::begin_lanes_within(&reader, &starts, &within, Simd::new(kernel), &mut lanes).unwrap();
            let blocks = (0..meta.n_docs).step_by(4);
            let naive = blocks.map(|first| (first..meta.n_docs.min(first + 4)).map(of).max().unwrap());
            assert!(lanes.iter().copied().eq(naive), "one in {one_in}");
        }
        let mut sums = vec![7; left.len()];
        starts::of_docs(&reader, &starts, &left, &mut sums).unwrap();
        assert!(sums.iter().zip(&left).all(|(&sum, &doc)| sum == i32::from(of(doc))));
    }
}
