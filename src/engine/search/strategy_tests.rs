//! What is chosen when the choice is free. Any choice is right; these are the ones that the estimates are for. All
//! documents have the ten terms of the query, so by `survey.rs` scoring one exhaustively takes 1.15 ns, bounds take
//! 0.1325 ns for each document and 9.9 us for each that is wanted, and looking one up takes 250 ns.

use super::choice::Choice;
use super::oracle_tests::Kept;
use super::ranker::{Options, RankCounts, Ranker, Strategy};
use super::scratch::Scratch;
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::NoColumns;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::MemoryPages;
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;

const TERMS: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// One document in 2,500 is far heavier than the others, and no two of these are alike; or all are `alike`.
fn segment(n_docs: u32, alike: bool) -> (MemoryPages, SegmentMeta) {
    let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
    for doc in 0..n_docs {
        let heavier = if doc % 2_500 == 7 && !alike { 1.0 + (doc / 2_500) as f32 / 100.0 } else { 0.0 };
        let weights = TERMS.map(|term| if alike { 0.5 } else { 0.1 + (doc >> term) as f32 % 13.0 / 100.0 } + heavier);
        let vector = SparseVectorRef::from_valid_parts(0, &TERMS, &weights);
        run.add(Tid { block: doc, offset: 1 }, Some(vector), &[]).unwrap();
    }
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut [Input::all(run.finish(&NoColumns).unwrap())], &NoColumns, &mut pages).unwrap();
    (pages, meta)
}

/// What was done until `wanted` documents had come, which the first round was told; with the first `within` of every
/// `one_in` documents only, if there is a condition.
fn counts(
    (pages, meta): &(MemoryPages, SegmentMeta),
    wanted: usize,
    strategy: Strategy,
    within: Option<(u64, u32)>,
) -> RankCounts {
    let set = within.map(|(most, one_in)| {
        let mut set = DocSet::none(meta.n_docs).unwrap();
        (0..meta.n_docs).step_by(one_in as usize).take(most as usize).for_each(|doc| set.insert(doc));
        set
    });
    let choice = Choice { within: vec![set], ..Choice::default() };
    let query = SparseVectorRef::from_valid_parts(0, &TERMS, &[1.0; 10]);
    // Six more than are wanted, and a sixteenth, are asked for.
    let options = Options { strategy, goal: Some(wanted), ..Options::default() };
    let segments = vec![Kept { pages, meta, steps: None }];
    let scratch = Scratch::default();
    let mut ranker = Ranker::among(choice, segments, Metric::InnerProduct, Some(query), options, scratch).unwrap();
    for _ in 0..wanted {
        assert!(ranker.next_best().unwrap().is_some());
    }
    ranker.counts()
}

#[test]
fn bounds_are_for_many_documents_of_which_few_are_wanted() {
    let (small, large) = (segment(100_000, false), segment(250_000, false));
    let is_exhaustive = |of, wanted| {
        let counts = counts(of, wanted, Strategy::Auto, None);
        assert_eq!((counts.terms, counts.lists, counts.candidates, counts.within), (10, 10, false, 0));
        assert_eq!(counts.bounded > 0, !counts.exhaustive);
        counts.exhaustive
    };
    // For one wanted document, hence 7: 1.0175 ns a document are worth 69 us from 68,000 on; for ten from 156,000 on.
    assert!(!is_exhaustive(&small, 1) && !is_exhaustive(&large, 1));
    assert!(is_exhaustive(&small, 10) && !is_exhaustive(&large, 10));
    assert!(is_exhaustive(&large, 100));
    assert!(!counts(&large, 100, Strategy::Blocks, None).exhaustive);
    assert!(counts(&large, 1, Strategy::Exhaustive, None).exhaustive);
}

/// When no bound tells documents apart, scoring blocks goes on for as long as scoring everything twice would take.
#[test]
fn bounds_that_do_not_help_are_given_up() {
    let alike = segment(250_000, true);
    let counts = |strategy| counts(&alike, 1, strategy, None);
    let auto = counts(Strategy::Auto);
    assert!(auto.exhaustive && auto.bounded == 62_500 && auto.rounds == 1, "{auto:?}");
    // 292.5 us of scoring, look-ups of lists included, twice, at 550 ns a block.
    assert!(auto.blocks.scored <= 1_063, "{auto:?}");
    let blocks = counts(Strategy::Blocks);
    assert!(!blocks.exhaustive && blocks.blocks.scored == 62_500, "{blocks:?}");
}

#[test]
fn few_documents_are_looked_up_one_by_one() {
    let large = segment(250_000, false);
    let counts = |within| counts(&large, 1, Strategy::Auto, Some(within));
    // Seven tenths of 287.5 us are worth 805 look-ups.
    let few = counts((800, 300));
    assert_eq!((few.candidates, few.exhaustive, few.bounded, few.within), (true, false, 0, 800));
    let more = counts((810, 300));
    assert_eq!((more.candidates, more.within), (false, 810));
    // Half of the documents, and some of every block.
    let half = counts((u64::MAX, 2));
    assert_eq!((half.candidates, half.within), (false, 125_000));
    let whole = self::counts(&large, 1, Strategy::Candidates, None);
    assert!(!whole.candidates && !whole.exhaustive && whole.within == 0);
    assert!(self::counts(&large, 1, Strategy::Candidates, Some((u64::MAX, 2))).candidates);
}
