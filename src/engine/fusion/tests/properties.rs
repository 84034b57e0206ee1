//! What must hold of any fusion, whatever the formula.

use proptest::prelude::*;

use super::whole::{BY_RANK, BY_SCORE, NORMALISERS, wishes};
use super::*;

/// Numbers that break careless arithmetic.
fn extreme_score() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::MAX),
        Just(f64::MIN),
        Just(1e308),
        Just(-1e308),
        Just(5e-324),
        Just(-5e-324),
        Just(f64::MIN_POSITIVE),
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(1.0 + f64::EPSILON),
        Just(1e300),
        Just(1e-300),
        -1e3..1e3f64,
    ]
}

fn extreme_rankings() -> impl Strategy<Value = Vec<Ranking>> {
    proptest::collection::vec(ranking(extreme_score(), false), 1..6)
}

fn assert_finite(fused: &Fused, m: usize) {
    for item in 0..N_ITEMS {
        assert!(fused.score(item).is_finite());
        for list in 0..m {
            assert!(fused.normalised(list, item).is_none_or(f64::is_finite));
            assert!(fused.contribution(list, item).is_none_or(f64::is_finite));
        }
    }
}

fn with_wishes(lists: Vec<Ranking>) -> impl Strategy<Value = (Vec<Ranking>, Wish)> {
    let m = lists.len();
    (Just(lists), wishes(m))
}

/// Methods whose score does not depend on the order of the lists.
fn symmetric() -> impl Iterator<Item = &'static str> {
    BY_SCORE.into_iter().chain(BY_RANK)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn results_are_finite(
        (lists, mut wish) in extreme_rankings().prop_flat_map(with_wishes),
        weights in proptest::option::of(proptest::collection::vec(extreme_score().prop_map(f64::abs), 6)),
        k in extreme_score(),
    ) {
        if let (Some(old), Some(new)) = (&mut wish.weights, weights) {
            *old = new[..lists.len()].to_vec();
        }
        let good = wish.run(&lists);
        assert_finite(&good, lists.len());
        if wish.k.is_some() {
            wish.k = Some(k);
            if let Ok(fused) = wish.try_run(&lists) {
                assert_finite(&fused, lists.len());
            }
        }
    }

    #[test]
    fn normalised_scores_of_extremes_are_in_range(list in ranking(extreme_score(), false)) {
        let lists = [list];
        for name in ["min_max", "min_max_inverted", "sum", "rank", "borda", "arctan_ip", "sigmoid", "l2", "max"] {
            let wish = Wish { normaliser: Some(name.into()), ..Wish::of("comb_sum") };
            let fused = wish.run(&lists);
            let low = match name { "l2" => -1.0, "max" => f64::MIN, _ => 0.0 };
            for &item in &lists[0].items {
                let value = fused.normalised(0, item).unwrap();
                prop_assert!((low..=1.0 + 1e-12).contains(&value), "{name}: {value}");
            }
        }
    }

    #[test]
    fn the_order_of_the_lists_does_not_matter(lists in rankings(), shift in 0..5usize) {
        for method in symmetric() {
            let mut moved = lists.clone();
            moved.rotate_left(shift % lists.len());
            let (one, other) = (Wish::of(method).run(&lists), Wish::of(method).run(&moved));
            for item in 0..N_ITEMS {
                prop_assert!(close(one.score(item), other.score(item)), "{method}");
            }
        }
    }

    #[test]
    fn scale_does_not_matter(lists in rankings(), exponent in -60..60i32, shift in -3..3i32) {
        let factor = f64::from(exponent).exp2();
        for name in NORMALISERS {
            if name == "none" || name.contains("arctan") || name == "sigmoid" || name == "bounded_min_max" {
                continue;
            }
            let shift = match name {
                "min_max" | "min_max_inverted" | "sum" | "z_score" | "z_score_sample" | "dbsf" => f64::from(shift),
                _ => 0.0,
            };
            let scaled: Vec<Ranking> = lists
                .iter()
                .map(|list| Ranking {
                    items: list.items.clone(),
                    scores: list.scores.iter().map(|s| (s + shift) * factor).collect(),
                })
                .collect();
            // A list that became constant by the addition's rounding is another list.
            let is_same = |(a, b): (&Ranking, &Ranking)| {
                let kinds = |list: &Ranking| list.scores.windows(2).map(|pair| pair[0] > pair[1]).collect::<Vec<_>>();
                kinds(a) == kinds(b)
            };
            if !lists.iter().zip(&scaled).all(is_same) {
                continue;
            }
            for method in ["comb_sum", "comb_mnz", "weighted_sum", "comb_med", "srrf"] {
                let wish = Wish { normaliser: Some(name.into()), ..Wish::of(method) };
                let (one, other) = (wish.run(&lists), wish.run(&scaled));
                for item in 0..N_ITEMS {
                    let (a, b) = (one.score(item), other.score(item));
                    prop_assert!((a - b).abs() <= 1e-7 * a.abs().max(1.0), "{method}, {name}: {a} and {b}");
                }
            }
        }
    }

    /// What moves up in one list does not lose: neither points nor against the item that it overtakes.
    #[test]
    fn a_better_rank_is_not_worse(lists in rankings(), which in 0..6usize, at in 0..14usize) {
        let which = which % lists.len();
        if lists[which].items.len() < 2 {
            return Ok(());
        }
        let at = 1 + at % (lists[which].items.len() - 1);
        let mut better = lists.clone();
        better[which].items.swap(at - 1, at);
        let item = lists[which].items[at];
        let over = lists[which].items[at - 1];
        for method in BY_RANK {
            let (one, other) = (Wish::of(method).run(&lists), Wish::of(method).run(&better));
            prop_assert!(other.score(item) >= one.score(item) - 1e-12, "{method}");
            prop_assert!(other.score(over) <= one.score(over) + 1e-12, "{method}");
        }
    }

    /// What gets a better score in one list does not get a worse one in all.
    #[test]
    fn a_better_score_is_not_worse(lists in rankings(), which in 0..6usize, at in 0..14usize, gain in 0.0..10.0f64) {
        let which = which % lists.len();
        if lists[which].items.is_empty() {
            return Ok(());
        }
        let at = at % lists[which].items.len();
        let mut better = lists.clone();
        better[which].scores[at] += gain;
        let item = lists[which].items[at];
        for method in BY_SCORE {
            // Under the two means a score that becomes positive begins to count.
            if ["geometric_mean", "harmonic_mean", "srrf"].contains(&method) {
                continue;
            }
            for name in ["none", "arctan_ip", "sigmoid"] {
                let wish = Wish { normaliser: Some(name.into()), ..Wish::of(method) };
                let (one, other) = (wish.run(&lists), wish.run(&better));
                prop_assert!(other.score(item) >= one.score(item) - 1e-9, "{method}, {name}");
            }
        }
    }

    /// A list of weight 0 gives nobody anything.
    #[test]
    fn a_list_without_weight_is_as_good_as_none(lists in rankings(), nothing in ranking(some_score(), true)) {
        let mut more = lists.clone();
        more.push(nothing);
        let mut weights = vec![1.0; lists.len()];
        for method in ["rrf", "rrf_qdrant", "rbc", "srrf", "weighted_sum", "comb_sum", "dbsf", "arithmetic_mean"] {
            let few = Wish { weights: Some(weights.clone()), ..Wish::of(method) }.run(&lists);
            weights.push(0.0);
            let all = Wish { weights: Some(weights.clone()), ..Wish::of(method) }.run(&more);
            weights.pop();
            for item in oracle::candidates(&more) {
                prop_assert!(close(few.score(item), all.score(item)), "{method}");
            }
        }
    }

    /// Weights that are all the same leave the order as it is.
    #[test]
    fn equal_weights_are_no_weights(lists in rankings(), weight in 1..4u8) {
        let weights = vec![f64::from(weight); lists.len()];
        for method in ["rrf", "comb_sum", "borda", "condorcet", "wmnz", "mixed", "arithmetic_mean"] {
            let plain = Wish::of(method).run(&lists);
            let weighted = Wish { weights: Some(weights.clone()), ..Wish::of(method) }.run(&lists);
            let factor = match method { "condorcet" | "arithmetic_mean" => 1.0, _ => f64::from(weight) };
            for item in 0..N_ITEMS {
                prop_assert!(close(factor * plain.score(item), weighted.score(item)), "{method}");
            }
        }
    }

    /// One list is fused to itself.
    #[test]
    fn one_list_stays(list in ranking(some_score(), true)) {
        let lists = [list];
        for method in symmetric().chain(["condorcet", "interleave", "team_draft"]) {
            // These leave out what is not positive; then the order is not that of the scores.
            if ["geometric_mean", "harmonic_mean"].contains(&method) {
                continue;
            }
            let fused = Wish::of(method).run(&lists);
            // A smooth rank may differ in its last bit where it should not.
            if method == "srrf" && fused.order() != lists[0].items {
                let falls = |pair: &[u32]| fused.score(pair[0]) >= fused.score(pair[1]) - 1e-12;
                prop_assert!(lists[0].items.windows(2).all(falls));
                continue;
            }
            prop_assert_eq!(fused.order(), lists[0].items.as_slice(), "{}", method);
        }
    }

    /// A list twice is as one with twice the weight.
    #[test]
    fn twice_is_double_weight(lists in rankings()) {
        let mut twice = lists.clone();
        twice.push(lists[0].clone());
        let mut weights = vec![1.0; lists.len()];
        weights[0] = 2.0;
        for method in ["rrf", "rbc", "srrf", "weighted_sum", "comb_sum", "dbsf", "borda", "condorcet"] {
            let double = Wish { weights: Some(weights.clone()), ..Wish::of(method) }.run(&lists);
            let twice = Wish { weights: Some(vec![1.0; lists.len() + 1]), ..Wish::of(method) }.run(&twice);
            for item in 0..N_ITEMS {
                prop_assert!(close(double.score(item), twice.score(item)), "{method}");
            }
        }
    }
}
