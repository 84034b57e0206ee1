//! Rankings under conditions against the oracle: the stream is that of all documents, less those that the conditions
//! exclude, whatever the strategy and the width; and conditions on the vector find what a scan over the vectors finds.

use super::choice::{Choice, Floor};
use super::matching::{Terms, near, with_terms};
use super::oracle_tests::{Case, Random, Vector, Weights, build, cases, compare, vector};
use super::query::Distance;
use super::ranker::{Options, Strategy};
use super::shapes_tests;
use super::simd::{Kernel, Simd};
use crate::engine::filter::docset::DocSet;
use crate::engine::ids::Metric;
use crate::engine::tests::trials;
use roaring::RoaringBitmap;

/// Documents of each segment: none, all, scattered ones, neighbours, or no condition at all.
fn random_sets(case: &Case, rng: &mut Random) -> Vec<Option<DocSet>> {
    if rng.chance(10) {
        return Vec::new();
    }
    let kind = rng.below(6);
    let of_segment = |n_docs: u32, rng: &mut Random| {
        let mut set = DocSet::none(n_docs).unwrap();
        let n = u64::from(n_docs);
        match kind {
            0 => return None,
            1 => set = DocSet::all(n_docs).unwrap(),
            2 => (0..1 + rng.below(3)).for_each(|_| set.insert(rng.below(n) as u32)),
            3 => {
                let (from, len) = (rng.below(n) as u32, rng.below(n / 2 + 2) as u32);
                (from..from + len).for_each(|doc| set.insert(doc));
            }
            _ => {
                let one_in = [2, 3, 10, 100, 1000][rng.below(5) as usize];
                (0..n_docs).filter(|_| rng.below(one_in) == 0).for_each(|doc| set.insert(doc));
            }
        }
        Some(set)
    };
    case.segments.iter().map(|(_, meta)| of_segment(meta.n_docs, rng)).collect()
}

/// Rows that the sets leave.
fn rows_within(case: &Case, sets: &[Option<DocSet>]) -> RoaringBitmap {
    let mut rows = RoaringBitmap::new();
    for (at, reader) in case.readers().iter().enumerate() {
        let set = sets.get(at).and_then(Option::as_ref);
        let docs = (0..reader.meta.n_docs).filter(|&doc| set.is_none_or(|set| set.contains(doc)));
        rows.extend(docs.map(|doc| reader.tid(doc).unwrap().block));
    }
    rows
}

fn irregular_rows(case: &Case) -> RoaringBitmap {
    let of = |reader: &crate::engine::segment::reader::SegmentReader<'_, _>| {
        let docs = reader.special().unwrap().irregular;
        docs.iter().map(|doc| reader.tid(doc).unwrap().block).collect::<Vec<_>>()
    };
    case.readers().iter().flat_map(of).collect()
}

fn shares(a: &Vector, b: &Vector) -> bool {
    a.indices.iter().any(|i| b.indices.contains(i))
}

fn check_choice(case: &Case, query: &Vector, rng: &mut Random) {
    let skip_killed = rng.chance(50);
    let options = |strategy, kernel| Options { strategy, kernel, skip_killed, ..Options::default() };
    let all = case.stream_of(Choice::default(), Some(query), options(Strategy::Exhaustive, Kernel::best()));
    let (sets, irregular) = (random_sets(case, rng), irregular_rows(case));
    let within = rows_within(case, &sets);
    let nth = all.get(rng.below(all.len() as u64) as usize).map(|row| row.1);
    let radius = match nth {
        Some(Distance::Value(value)) if !value.is_nan() => value,
        _ => 0.5,
    };
    for floor in [Floor::None, Floor::Sharing, Floor::Distance(radius)] {
        let wanted = |&&(row, bound): &&(u32, Distance)| {
            within.contains(row)
                && match floor {
                    Floor::None => true,
                    Floor::Sharing => {
                        irregular.contains(row) || case.docs[row as usize].as_ref().is_some_and(|d| shares(d, query))
                    }
                    Floor::Distance(most) => matches!(bound, Distance::Value(value) if value <= most),
                }
        };
        let expected: Vec<_> = all.iter().filter(wanted).collect();
        for strategy in [Strategy::Exhaustive, Strategy::Blocks, Strategy::Candidates, Strategy::Auto] {
            for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
                let choice = Choice { within: sets.clone(), floor };
                let got = case.stream_of(choice, Some(query), options(strategy, kernel));
                let same = got.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && compare(&a.1, &b.1).is_eq());
                let plan = (case.metric, got.len(), expected.len());
                assert!(same && got.len() == expected.len(), "{floor:?}, {strategy:?}, {kernel:?}, {plan:?}");
            }
        }
    }
}

/// Some of the terms of a vector, and one that may be in none.
fn some_terms(rng: &mut Random, most: u64) -> Vec<u32> {
    vector(rng, Weights::Ties, most, 200).indices
}

fn check_terms(case: &Case, rng: &mut Random) {
    let (must, must_not, should) = (some_terms(rng, 3), some_terms(rng, 3), some_terms(rng, 12));
    let minimum = rng.below(5) as usize;
    let terms = Terms { must: &must, must_not: &must_not, should: &should, minimum };
    for reader in case.readers() {
        let (found, special) = (with_terms(&reader, &terms).unwrap(), reader.special().unwrap());
        for doc in 0..reader.meta.n_docs {
            let vector = &case.docs[reader.tid(doc).unwrap().block as usize];
            let expected = vector.as_ref().is_some_and(|vector| {
                let has = |term: &u32| vector.indices.contains(term);
                must.iter().all(has) && !must_not.iter().any(has) && should.iter().filter(|t| has(t)).count() >= minimum
            });
            assert_eq!(found.contains(doc), expected || special.irregular.contains(doc), "document {doc}, {terms:?}");
        }
    }
}

fn check_near(case: &Case, query: &Vector, rng: &mut Random) {
    let readers = case.readers();
    let truth = |row: u32| case.true_distance(row, Some(query));
    let row = rng.below(case.docs.len() as u64) as u32;
    let Distance::Value(most) = truth(row) else { return };
    if most.is_nan() {
        return;
    }
    let found = near(&readers, case.metric, query.as_ref(), most, Simd::new(Kernel::best())).unwrap();
    for (reader, found) in readers.iter().zip(found) {
        let null = reader.special().unwrap().null;
        for doc in 0..reader.meta.n_docs {
            let inside = matches!(truth(reader.tid(doc).unwrap().block), Distance::Value(value) if value <= most);
            assert!(!inside || found.contains(doc), "document {doc} within {most} is not found");
            assert!(!null.contains(doc) || !found.contains(doc), "NULL is near nothing");
        }
    }
}

fn run_cases(n: u64, max_docs: u64, seed: u64) {
    trials::run("scripts/unit.sh conditions_leave", n, seed, |random, (): &mut ()| {
        let mut rng = Random(random.next());
        let case = Case::generate(&mut rng, max_docs);
        for _ in 0..5 {
            let query = shapes_tests::query(&mut rng, &case.docs);
            check_choice(&case, &query, &mut rng);
            check_terms(&case, &mut rng);
            check_near(&case, &query, &mut rng);
        }
    });
    println!(
        "conditions: {n} collections of up to {max_docs} documents, five queries each; SEED={}",
        trials::seed(seed)
    );
}

/// With `PG_WAND_ONLY` the larger collections have the same numbers as the smaller ones: both are run.
#[test]
fn conditions_leave_a_part_of_the_stream() {
    run_cases(cases(2_000), 60, 0x5eed_0101);
    run_cases(cases(2_000) / 10, 6_000, 0x5eed_0102);
}

#[test]
fn several_ranges_under_conditions() {
    let mut rng = Random(0x5eed_0103);
    let docs: Vec<Option<Vector>> =
        (0..140_000).map(|_| (!rng.chance(1)).then(|| vector(&mut rng, Weights::Learned, 8, 60))).collect();
    for metric in [Metric::InnerProduct, Metric::Cosine, Metric::L2] {
        let segments = build(&mut rng, metric, &docs, 2);
        let (dead, killed) = (RoaringBitmap::new(), RoaringBitmap::new());
        let mut case = Case { metric, docs: docs.clone(), segments, dead, killed };
        for percent in [0, 20] {
            case.delete(&mut rng, percent);
            for _ in 0..2 {
                let query = vector(&mut rng, Weights::Learned, 20, 60);
                check_choice(&case, &query, &mut rng);
            }
            check_terms(&case, &mut rng);
        }
    }
}
