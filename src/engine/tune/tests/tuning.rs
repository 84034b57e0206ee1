//! Tuning as a whole.

use super::super::values::Values;
use super::super::{Grid, Setting, TuneError, TuneTopic, Tuning, folds, tune};
use super::{Made, made};
use crate::engine::evaluate::{Metric, Topic};
use crate::engine::fusion::{List, fuse};

fn run(made: &[Made], folds: u32, seed: u64) -> Tuning {
    let topics: Vec<TuneTopic<'_>> = made.iter().map(Made::topic).collect();
    tune(&topics, &Metric::parse("nDCG@10").unwrap(), &Grid::default(), folds, seed, &mut || ()).unwrap()
}

#[test]
fn values_are_the_metrics_of_fused_lists() {
    let made = made(12, 40, &[0.4, 0.2, 0.0], 1);
    let topics: Vec<TuneTopic<'_>> = made.iter().map(Made::topic).collect();
    let settings: Vec<_> =
        Grid::default().settings(3).unwrap().iter().map(|setting| setting.checked(3).unwrap()).collect();
    for name in ["nDCG@10", "AP", "Judged@5", "P(judged_only=true)@3"] {
        let metric = Metric::parse(name).unwrap();
        let values = Values::measure(&topics, &settings, &metric, &mut || ()).unwrap();
        for (row, setting) in values.rows().zip(&settings) {
            for (value, topic) in row.iter().zip(&topics) {
                // All of the fused list, whatever the metric needs.
                let fused = fuse(&topic.lists, topic.n_items, setting, None, &mut || ()).unwrap();
                let retrieved: Vec<_> = fused.order().iter().map(|&item| topic.grades[item as usize]).collect();
                assert_eq!(*value, metric.of(&Topic { retrieved: &retrieved, grades: &topic.all_grades }), "{name}");
            }
        }
    }
}

/// Two lists of the same skill that err independently: fusion beats either, and says so.
#[test]
fn fusion_that_helps() {
    let tuning = run(&made(120, 60, &[0.45, 0.45], 2), 5, 1);
    let row = &tuning.cross_validated;
    assert!(row.over_best_list.is_significant && row.over_best_list.difference > 0.05, "{row:?}");
    assert!(tuning.settings[0].over_best_list.is_significant);
    assert!(!row.over_rrf.is_significant || row.over_rrf.difference > 0.0);
    assert_eq!(row.n_folds, 5);
    assert_eq!(tuning.settings.iter().map(|row| row.n_folds).sum::<u32>(), 5);
}

/// A list of noise beside a good one: the good list alone is best, and the grid has it.
#[test]
fn fusion_that_does_not_help() {
    let tuning = run(&made(120, 60, &[0.0, 0.8], 3), 5, 1);
    assert_eq!(tuning.best_list, 1);
    let row = &tuning.cross_validated;
    assert!(!row.over_best_list.is_significant && row.over_best_list.difference > -0.02, "{row:?}");
    assert!(row.over_rrf.is_significant, "{row:?}");
    let alone = |row: &&super::super::Tuned| row.setting.as_ref().is_some_and(|s| s.weights == Some(vec![0.0, 1.0]));
    let alone = tuning.settings.iter().find(alone).unwrap();
    assert!((alone.interval.mean - tuning.best_list_mean).abs() < 1e-12);
    assert_eq!((alone.over_best_list.difference, alone.over_best_list.p), (0.0, 1.0));
}

/// The mean of the best setting is greater than what choosing it is worth, in most draws of noise and on average.
#[test]
fn the_best_row_flatters() {
    let mut flattery = 0.0;
    for seed in 0..12 {
        let tuning = run(&made(20, 30, &[0.3, 0.3, 0.3], 100 + seed), 4, seed);
        let best = tuning.settings[0].interval.mean - tuning.cross_validated.interval.mean;
        assert!(best >= -1e-12, "the best over all topics is not worse than any choice by folds on average: {best}");
        flattery += best;
    }
    assert!(flattery > 0.05, "{flattery}");
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let made = made(30, 30, &[0.3, 0.4], 4);
    let first = run(&made, 3, 7);
    assert_eq!(first, run(&made, 3, 7));
    let other = run(&made, 3, 8);
    let means = |tuning: &Tuning| tuning.settings.iter().map(|row| row.interval.mean).collect::<Vec<_>>();
    assert_eq!(means(&first), means(&other), "what was measured does not depend on it");
    assert!(means(&first).is_sorted_by(|a, b| a >= b));
    // RRF with k 60 beside itself.
    let rrf = Setting { method: "rrf".into(), k: Some(60.0), ..Setting::default() };
    let row = first.settings.iter().find(|row| row.setting.as_ref() == Some(&rrf)).unwrap();
    assert_eq!((row.interval.mean, row.over_rrf.difference, row.over_rrf.p), (first.rrf_mean, 0.0, 1.0));
}

#[test]
fn folds_are_even_and_choose_without_themselves() {
    for (n_topics, n_folds) in [(10, 2), (11, 4), (5, 5), (100, 7)] {
        let dealt = folds::deal(n_topics, n_folds, 3).unwrap();
        let mut sizes = vec![0; n_folds];
        dealt.iter().for_each(|&fold| sizes[fold] += 1);
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
    }
    assert_ne!(folds::deal(100, 5, 1).unwrap(), folds::deal(100, 5, 2).unwrap());
    // Setting 0 is best by far on topic 0 only, setting 1 elsewhere; without topic 0 nobody would choose setting 0.
    let values = Values::from_rows(vec![9.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 4);
    let dealt = [0, 1, 1, 0];
    let chosen = folds::choose(&values, &dealt, 2).unwrap();
    assert_eq!(chosen, [1, 0]);
    assert_eq!(folds::held_out(&values, &dealt, &chosen).unwrap(), [0.0, 0.0, 0.0, 1.0]);
    let equal = Values::from_rows(vec![0.1, 0.2, 0.3, 0.3, 0.2, 0.1], 3);
    assert_eq!(folds::choose(&equal, &[0, 0, 1], 2).unwrap(), [0, 1]);
}

#[test]
fn what_is_refused() {
    let made = made(3, 20, &[0.3, 0.4], 5);
    let topics: Vec<TuneTopic<'_>> = made.iter().map(Made::topic).collect();
    let metric = Metric::parse("nDCG@10").unwrap();
    let try_it =
        |topics: &[TuneTopic<'_>], folds| tune(topics, &metric, &Grid::default(), folds, 1, &mut || ()).map(|_| ());
    assert_eq!(try_it(&topics, 1), Err(TuneError::BadFolds { folds: 1 }));
    assert_eq!(try_it(&topics[..1], 2), Err(TuneError::TooFew { what: "topics", n: 1 }));
    assert_eq!(try_it(&[], 2), Err(TuneError::TooFew { what: "topics", n: 0 }));
    // Two are the least there may be.
    assert!(try_it(&topics[..2], 2).is_ok());
    let mut bad = topics.clone();
    bad[2].lists.pop();
    assert_eq!(try_it(&bad, 2), Err(TuneError::OtherLists { topic: 3, lists: 1, expected: 2 }));
    bad.iter_mut().for_each(|topic| topic.lists.truncate(1));
    assert_eq!(try_it(&bad, 2), Err(TuneError::TooFew { what: "lists", n: 1 }));
    let mut bad = topics.clone();
    bad[1].grades.pop();
    assert_eq!(try_it(&bad, 2), Err(TuneError::WrongGrades { topic: 2 }));
    let mut bad = topics.clone();
    bad[1].lists[0].items = &[99];
    let error = try_it(&bad, 2).unwrap_err();
    assert!(error.detail().unwrap().starts_with("Topic 2: "), "{error:?}");

    // Lists without scores: methods of ranks only.
    let mut ranks = topics.clone();
    ranks.iter_mut().flat_map(|topic| &mut topic.lists).for_each(|list| list.scores = None);
    let tuning = tune(&ranks, &metric, &Grid::default(), 2, 1, &mut || ()).unwrap();
    assert!(tuning.settings.iter().all(|row| row.setting.as_ref().unwrap().normaliser.is_none()));
    let scores = Grid { methods: vec!["comb_sum".into()], ..Grid::default() };
    assert_eq!(tune(&ranks, &metric, &scores, 2, 1, &mut || ()), Err(TuneError::NoSettings));
    // Nothing found at all, more folds than topics.
    let mut empty = topics.clone();
    let nothing = List { items: &[], scores: None };
    empty.iter_mut().for_each(|topic| topic.lists = vec![nothing; 2]);
    let tuning = tune(&empty, &metric, &Grid::default(), 1000, 1, &mut || ()).unwrap();
    assert_eq!((tuning.cross_validated.interval.mean, tuning.cross_validated.n_folds), (0.0, 3));
}
