//! What surveys count is what the documents have, and within a budget a fair guess at it; costs are what their formulas
//! say, in numbers worked out by hand.

use super::filter::value::NoColumns;
use super::ids::{Metric, Tid};
use super::segment::format::SegmentMeta;
use super::segment::pages::MemoryPages;
use super::segment::reader::SegmentReader;
use super::segment::run::RunBuilder;
use super::segment::source::Input;
use super::segment::writer::write_segment;
use super::selectivity::Shares;
use super::survey::{Survey, Way, Wish};
use super::vector::SparseVector;

const ALL_OF: Wish = Wish { documents: 10, prune_factor: 1.0, kept: 1.0 };
/// Three lists, two of them frequent; worth 3,530 ns to score exhaustively: look-ups 1,500, lists 880 and 950, sums 200.
const SMALL: Survey = Survey {
    documents: 4_000.0,
    segments: 1,
    terms: 3.0,
    lists: 3.0,
    postings: 5_000.0,
    rare: 1_000.0,
    bounded: 8_000.0,
};

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} instead of {expected}");
}

fn vector(terms: impl Iterator<Item = u32>) -> SparseVector {
    let terms: Vec<u32> = terms.collect();
    let weights = vec![1.0; terms.len()];
    SparseVector::from_valid_parts(0, terms, weights)
}

/// `n_docs` documents: term 1 is in all, term 2 in each 2nd, 300 in each 300th, and 7 in the first; `n_null` NULLs.
fn segment(n_docs: u32, n_null: u32) -> (MemoryPages, SegmentMeta) {
    let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
    for doc in 0..n_docs + n_null {
        let has = |term: &u32| if *term == 7 { doc == 0 } else { doc % term == 0 };
        let vector = (doc < n_docs).then(|| vector([1, 2, 7, 300].into_iter().filter(has)));
        run.add(Tid { block: doc, offset: 1 }, vector.as_ref().map(SparseVector::as_ref), &[]).unwrap();
    }
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut [Input::all(run.finish(&NoColumns).unwrap())], &NoColumns, &mut pages).unwrap();
    (pages, meta)
}

fn readers(segments: &[(MemoryPages, SegmentMeta)]) -> Vec<SegmentReader<'_, MemoryPages>> {
    segments.iter().map(|(pages, meta)| SegmentReader { pages, meta }).collect()
}

#[test]
fn large_indexes_use_bounds_and_small_ones_do_not() {
    let way = |n: f64, documents| {
        let wish = Wish { documents, prune_factor: 1.0, kept: 1.0 };
        Survey::of_unknown(n, f64::INFINITY).way(wish)
    };
    assert_eq!(way(1000.0, 16), Way::Exhaustive);
    assert_eq!(way(10e6, 16), Way::Bounds);
    assert_eq!(way(10e6, 100_000), Way::Exhaustive);
}

#[test]
fn a_survey_counts_what_the_documents_have() {
    let segments = [segment(1_200, 0), segment(2_400, 3)];
    let query = vector([1, 2, 7, 8, 300].into_iter());
    let survey = Survey::take(Some(query.as_ref()), &readers(&segments), 1_000).unwrap();
    assert_eq!((survey.documents, survey.segments, survey.terms, survey.lists), (3_603.0, 2, 4.0, 8.0));
    // Of 1,200 documents 1,200, 600, 1 and 4; of 2,400 twice as many, but for the one.
    assert_eq!((survey.postings, survey.rare), (1_805.0 + 3_609.0, 5.0 + 9.0));
    assert_eq!(survey.bounded, 2.0 * (1_200.0 + 2_403.0));
    let nothing = Survey::take(None, &readers(&segments), 1_000).unwrap();
    assert_eq!(nothing, Survey { documents: 3_603.0, segments: 2, ..Survey::default() });
    assert_eq!(Survey::take(Some(query.as_ref()), &readers(&[]), 9).unwrap(), Survey::default());
}

#[test]
fn a_budget_is_kept_and_the_largest_segments_are_seen() {
    let segments = [segment(1_200, 0), segment(2_400, 3)];
    let query = vector([1, 2, 7, 300].into_iter());
    let take = |budget| Survey::take(Some(query.as_ref()), &readers(&segments), budget).unwrap();
    // Eight look-ups are enough for all.
    assert_eq!(take(8), take(1_000));
    // With seven there are four for the larger segment, and the other is taken to be like it.
    let survey = take(7);
    assert_eq!((survey.documents, survey.segments, survey.terms, survey.lists), (3_603.0, 2, 4.0, 8.0));
    near(survey.postings, 3_609.0 * 3_603.0 / 2_403.0);
    near(survey.rare, 9.0 * 3_603.0 / 2_403.0);
    near(survey.bounded, 2.0 * 3_603.0);
    // Two look-ups: every other term, 1 and 7, stands for two. Without any budget one term is looked up all the same.
    let survey = take(2);
    assert_eq!((survey.terms, survey.lists), (4.0, 8.0));
    near(survey.postings, 2.0 * 2_401.0 * 3_603.0 / 2_403.0);
    for least in [0, 1] {
        assert_eq!((take(least).terms, take(least).rare), (4.0, 0.0));
    }
}

#[test]
fn shares_of_documents_leave_out_nulls_and_keep_the_budget() {
    let segments = [segment(1_200, 0), segment(2_400, 1_200)];
    let look_up = |terms: &[u32], budget| Shares::look_up(terms, &readers(&segments), budget).unwrap().unwrap();
    near(look_up(&[2], 10).any(), 0.5);
    near(look_up(&[7, 300], 10).any(), 1.0 - (1.0 - 2.0 / 3_600.0) * (1.0 - 12.0 / 3_600.0));
    near(look_up(&[9], 10).any(), 0.0);
    // Within a budget of three two terms are looked up in the larger segment only.
    near(look_up(&[7, 300], 3).any(), 1.0 - (1.0 - 1.0 / 2_400.0) * (1.0 - 8.0 / 2_400.0));
    near(look_up(&[7, 300], 4).any(), look_up(&[7, 300], 10).any());
    // One of two stands for both.
    near(look_up(&[300, 301], 1).any(), 1.0 - (1.0f64 - 8.0 / 2_400.0).powi(2));
    near(look_up(&[], 1).all(), 1.0);
    let nulls = [segment(0, 5)];
    assert_eq!(Shares::look_up(&[1], &readers(&nulls), 10).unwrap(), None);
}

#[test]
fn an_average_query_has_so_many_postings_for_each_document() {
    let segments = [segment(1_200, 0), segment(2_400, 3)];
    let metas = || segments.iter().map(|(_, meta)| meta);
    // 2.5 for each document, but no more than there are.
    let survey = Survey::average(metas());
    assert_eq!((survey.segments, survey.documents, survey.postings), (2, 3_603.0, 1_805.0 + 3_609.0));
    let unknown = Survey::of_unknown(1_000.0, f64::INFINITY);
    assert_eq!((unknown.segments, unknown.terms, unknown.lists), (1, 30.0, 30.0));
    assert_eq!((unknown.documents, unknown.postings, unknown.bounded), (1_000.0, 2_500.0, 8_000.0));
    near(unknown.rare, 250.0);
}

#[test]
fn costs_by_hand() {
    let bounds = |wish| SMALL.nanoseconds(Way::Bounds, wish);
    near(SMALL.nanoseconds(Way::Exhaustive, ALL_OF), 3_530.0);
    near(SMALL.nanoseconds_for_all(), 3_530.0);
    // Bounds of lists and blocks: 96, 1,200 and 50; then 18 blocks for a document at 550, or all 1,000.
    near(bounds(ALL_OF), 1_500.0 + 1_346.0 + 180.0 * 550.0);
    near(bounds(Wish { documents: 0, ..ALL_OF }), 1_500.0 + 1_346.0);
    near(bounds(Wish { documents: 1_000, ..ALL_OF }), 1_500.0 + 1_346.0 + 1_000.0 * 550.0);
    // Half believed: a sixteenth of the blocks.
    near(bounds(Wish { prune_factor: 0.5, ..ALL_OF }), 1_500.0 + 1_346.0 + 11.25 * 550.0);
    // Half of the documents are in 15 of 16 blocks, and a quarter more blocks are looked at.
    near(bounds(Wish { kept: 0.5, ..ALL_OF }), 1_500.0 + 1_296.0 + 937.5 * 0.05 + 225.0 * 550.0);
    // A hundredth of the documents is in one block of 25, a two-hundredth in one of 50: fewer than one in 40 are looked
    // up one by one.
    let blocks = 1_000.0 * (1.0 - 0.99f64.powi(4));
    let wish = Wish { documents: 2, kept: 0.01, ..ALL_OF };
    near(bounds(wish), 1_500.0 + 1_296.0 + blocks * 0.05 + 36.0 * 550.0);
    let blocks = 1_000.0 * (1.0 - 0.995f64.powi(4));
    near(bounds(Wish { documents: 1, kept: 0.005, ..ALL_OF }), 1_500.0 + 900.0 + 2.0 * blocks * 4.0 + 18.0 * 550.0);
    // From three hundredths on conditions make bounds looser.
    let blocks = 1_000.0 * (1.0 - 0.97f64.powi(4));
    near(bounds(Wish { documents: 1, kept: 0.03, ..ALL_OF }), 1_500.0 + 1_296.0 + blocks * 0.05 + 22.5 * 550.0);
}

#[test]
fn the_cheaper_way_is_taken() {
    // Twice 3,530 ns at 550 a block.
    assert_eq!(SMALL.blocks_for_all(), 12);
    assert_eq!(SMALL.way(ALL_OF), Way::Exhaustive);
    assert_eq!(SMALL.way(Wish { documents: 0, ..ALL_OF }), Way::Bounds);
    near(SMALL.bytes(Way::Exhaustive), 10_000.0);
    near(SMALL.bytes(Way::Bounds), 3_000.0);
    // Two frequent lists at 25 ns, 900 for the rare ones, against seven tenths of 2,030 ns.
    assert!(SMALL.is_few(0) && SMALL.is_few(10) && !SMALL.is_few(11));
    // Without anything to search there is nothing to save.
    assert!(!Survey::default().is_few(0));
}
