//! The settings of a grid.

use proptest::prelude::*;

use super::super::grid::*;
use super::super::{Grid, TuneError};
use crate::engine::fusion::tests::whole::NORMALISERS;

fn grid(methods: &[&str]) -> Grid {
    Grid { methods: methods.iter().map(|&name| name.to_owned()).collect(), ..Grid::default() }
}

/// By recursion: the first list's part, then all ways to divide the rest.
fn divisions(steps: u32, n_lists: usize) -> Vec<Vec<u32>> {
    if n_lists == 1 {
        return vec![vec![steps]];
    }
    let with =
        |first: u32| divisions(steps - first, n_lists - 1).into_iter().map(move |rest| [vec![first], rest].concat());
    (0..=steps).rev().flat_map(with).collect()
}

proptest! {
    #[test]
    fn the_simplex_is_whole(steps in 1u32..9, n_lists in 2usize..6) {
        let grid = Grid { weight_steps: steps, ks: vec![], ..grid(&["rrf"]) };
        let settings = grid.settings(n_lists).unwrap();
        let weights: Vec<Vec<f64>> = settings.iter().filter_map(|setting| setting.weights.clone()).collect();
        let wanted: Vec<Vec<f64>> = divisions(steps, n_lists)
            .into_iter()
            .filter(|parts| parts.iter().any(|part| *part != parts[0]))
            .map(|parts| parts.into_iter().map(|part| f64::from(part) / f64::from(steps)).collect())
            .collect();
        prop_assert_eq!(weights, wanted);
        prop_assert_eq!(settings[0].weights.clone(), None, "equal weights come first");
    }
}

#[test]
fn default_sizes() {
    for (n_lists, n_settings) in [(2, 74), (3, 295), (4, 1172)] {
        assert_eq!(Grid::default().settings(n_lists).unwrap().len(), n_settings, "{n_lists}");
    }
}

#[test]
fn in_the_words_of_fuse() {
    let one = |grid: Grid, at: usize| grid.settings(2).unwrap()[at].arguments();
    assert_eq!(one(grid(&["rrf"]), 0), "method => 'rrf', k => 60");
    assert_eq!(one(grid(&["RRF"]), 10), "method => 'rrf', weights => '{1,0}', k => 60");
    let words = "method => 'weighted_sum', weights => '{0.9,0.1}', normaliser => 'min_max'";
    assert_eq!(one(grid(&["convex"]), 1), words);
    let words = "method => 'comb_gmnz', normaliser => 'min_max', options => '{\"gamma\": 0.5}'";
    assert_eq!(one(grid(&["comb_gmnz"]), 0), words);
    assert_eq!(one(grid(&["rbc"]), 1), "method => 'rbc', options => '{\"phi\": 0.5}'");
    assert_eq!(one(grid(&["weighted_borda"]), 1), "method => 'borda', weights => '{0.9,0.1}'");
    assert_eq!(grid(&["borda"]).settings(2).unwrap().len(), 1);
    let bare = Grid { normalisers: vec![], gammas: vec![], ks: vec![], weight_steps: 0, ..grid(&["comb_gmnz", "rrf"]) };
    let words: Vec<String> = bare.settings(3).unwrap().iter().map(Setting::arguments).collect();
    assert_eq!(words, ["method => 'comb_gmnz'", "method => 'rrf'"]);
}

/// Every method but the trained ones can be tried, and with every normaliser where it takes one.
#[test]
fn all_methods() {
    let methods = [
        "rrf",
        "rrf_qdrant",
        "srrf",
        "comb_min",
        "comb_max",
        "comb_med",
        "comb_sum",
        "comb_anz",
        "comb_mnz",
        "comb_gmnz",
        "weighted_sum",
        "relative_score",
        "tm2c2",
        "arithmetic_mean",
        "geometric_mean",
        "harmonic_mean",
        "wmnz",
        "mixed",
        "isr",
        "log_isr",
        "logn_isr",
        "rbc",
        "borda",
        "condorcet",
        "dbsf",
        "interleave",
        "team_draft",
        "weighted_borda",
        "weighted_condorcet",
    ];
    let all = Grid { normalisers: NORMALISERS.iter().map(|&name| name.to_owned()).collect(), ..grid(&methods) };
    for n_lists in [2, 3] {
        let settings = all.settings(n_lists).unwrap();
        for (at, setting) in settings.iter().enumerate() {
            assert!(!settings[..at].contains(setting), "twice: {}", setting.arguments());
        }
    }
}

#[test]
fn what_is_refused() {
    let error = grid(&["bayes"]).settings(2).unwrap_err();
    assert_eq!(error.message(), "fuse model is invalid");
    let error = grid(&["rff"]).settings(2).unwrap_err();
    assert!(error.message().contains("rff") && error.hint().unwrap().contains("rrf"), "{error:?}");
    let bad = Grid { ks: vec![-1.0], ..grid(&["rrf"]) };
    assert!(matches!(bad.settings(2), Err(TuneError::Setting(_))));
    let bad = Grid { normalisers: vec!["minimax".into()], ..grid(&["comb_sum"]) };
    assert!(matches!(bad.settings(2), Err(TuneError::Setting(_))));
    assert_eq!(grid(&[]).settings(2), Err(TuneError::NoSettings));
    for (steps, n_lists) in [(10, 8), (u32::MAX, 2), (u32::MAX, 32), (1000, 32)] {
        let error = Grid { weight_steps: steps, ..grid(&["rrf"]) }.settings(n_lists).unwrap_err();
        assert!(matches!(error, TuneError::TooManySettings { .. }), "{error:?}");
        assert!(error.hint().is_some() && error.detail().is_some());
    }
}
