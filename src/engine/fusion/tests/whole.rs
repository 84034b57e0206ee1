//! Every method with every normaliser and policy, against the oracle.

use proptest::prelude::*;

use super::*;

pub const BY_SCORE: [&str; 17] = [
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
    "srrf",
    "dbsf",
];

pub const BY_RANK: [&str; 7] = ["rrf", "rrf_qdrant", "isr", "log_isr", "logn_isr", "rbc", "borda"];

pub const NORMALISERS: [&str; 18] = [
    "none",
    "min_max",
    "min_max_inverted",
    "bounded_min_max",
    "theoretical",
    "max",
    "sum",
    "z_score",
    "z_score_sample",
    "l2",
    "dbsf",
    "arctan_ip",
    "arctan_bm25",
    "arctan_cosine",
    "arctan_distance",
    "sigmoid",
    "rank",
    "borda",
];

/// Options that belong to a method and a normaliser, for `m` lists.
fn options(method: &str, normaliser: Option<&str>, m: usize, a: f64, n: usize) -> String {
    let list = |offset: f64| {
        let of = |i: usize| if (i + n).is_multiple_of(3) { "null".into() } else { format!("{}", a * 5.0 + offset) };
        (0..m).map(of).collect::<Vec<String>>().join(",")
    };
    let mut parts = Vec::new();
    match method {
        "comb_gmnz" => parts.push(format!("\"gamma\": {}", a * 3.0)),
        "logn_isr" => parts.push(format!("\"sigma\": {a}")),
        "rbc" => parts.push(format!("\"phi\": {a}")),
        "srrf" => parts.push(format!("\"beta\": {}", a * 20.0 + 0.1)),
        "rrf" if n < 4 => parts.push(format!("\"rank_base\": {}", n % 2)),
        "rrf" if n == 5 => parts.push("\"variant\": \"qdrant\"".into()),
        "geometric_mean" | "harmonic_mean" => parts.push(format!("\"zeros\": \"{}\"", ["skip", "count"][n % 2])),
        _ => (),
    }
    match normaliser {
        Some("bounded_min_max") => {
            parts.push(format!("\"lower\": [{}], \"upper\": [{}]", list(-3.0), list(0.5)));
            parts.push(format!("\"bounds\": \"{}\"", ["apply", "clip", "ignore"][n % 3]));
        }
        Some("theoretical") => parts.push(format!("\"lower\": [{}]", list(-2.0))),
        Some("sigmoid") => parts.push(format!("\"slope\": {}, \"intercept\": [{}]", a - 0.5, list(-2.0))),
        _ => (),
    }
    format!("{{{}}}", parts.join(", "))
}

/// Every way to say how lists are to be fused by parts.
pub fn wishes(m: usize) -> impl Strategy<Value = Wish> {
    let choices = (any::<bool>(), 0..17usize, 0..7usize, 0..18usize, 0..4usize, 0..5usize);
    let numbers = (some_weights(), 1.0..80.0f64, 0.0..1.0f64, 0..9usize);
    (choices, numbers).prop_map(move |(choice, (weights, k, a, n))| {
        let (by_rank, score_method, rank_method, normaliser, missing, on_equal) = choice;
        let method = if by_rank { BY_RANK[rank_method] } else { BY_SCORE[score_method] };
        let takes_weights = !["comb_min", "comb_max", "comb_med"].contains(&method);
        let takes_k = ["rrf", "rrf_qdrant", "srrf"].contains(&method);
        let normaliser = (!by_rank && n != 0).then(|| NORMALISERS[normaliser]);
        let used = normaliser.or(oracle::default_normaliser(method));
        let has_constants = used.is_some_and(|used| {
            used.contains("min_max") || used.contains("z_score") || ["sum", "dbsf"].contains(&used)
        });
        let policies: &[&str] = match method {
            "borda" => &["share", "skip", "zero"],
            "srrf" => &["skip", "zero", "rank_after"],
            _ if by_rank => &["skip", "zero", "rank_after"],
            _ if used == Some("borda") => &["share", "skip", "zero", "min"],
            _ => &["skip", "zero", "min"],
        };
        Wish {
            method: method.into(),
            weights: (takes_weights && n > 2).then(|| weights[..m].to_vec()),
            k: (takes_k && n > 3).then_some(k),
            normaliser: normaliser.map(String::from),
            missing: policies.get(missing).map(|&policy| policy.into()),
            on_equal: ["zero", "half", "one", "rank"].get(on_equal).filter(|_| has_constants).map(|&name| name.into()),
            options: (n != 1).then(|| options(method, used, m, a, n)),
        }
    })
}

/// Best first: by falling score, then by the best rank, then by number; all candidates and no others.
pub fn assert_ordered(fused: &Fused, lists: &[Ranking]) {
    let best = |item: u32| (0..lists.len()).filter_map(|list| fused.rank(list, item)).min();
    let mut expected: Vec<u32> = oracle::candidates(lists).into_iter().collect();
    expected.sort_by(|&a, &b| fused.score(b).total_cmp(&fused.score(a)).then(best(a).cmp(&best(b))).then(a.cmp(&b)));
    assert_eq!(fused.order(), expected);
}

fn assert_explained(fused: &Fused, lists: &[Ranking], wish: &Wish) {
    for (at, list) in lists.iter().enumerate() {
        let values = oracle::normalised(wish, lists, at);
        for item in 0..N_ITEMS {
            let rank = list.items.iter().position(|&other| other == item).map(|rank| rank as u32 + 1);
            assert_eq!(fused.rank(at, item), rank);
            let expected = values.as_ref().and_then(|values| values.get(&item).copied());
            match (fused.normalised(at, item), expected) {
                (Some(got), Some(wanted)) => assert!(close(got, wanted), "list {at}, {item}: {got}, not {wanted}"),
                (got, wanted) => assert_eq!(got, wanted),
            }
        }
    }
    let is_sum = !["comb_min", "comb_max", "comb_med", "geometric_mean", "harmonic_mean"].contains(&&*wish.method);
    for &item in fused.order() {
        let all: Vec<f64> = (0..lists.len()).filter_map(|at| fused.contribution(at, item)).collect();
        let sum: f64 = all.iter().sum();
        let size: f64 = all.iter().map(|c| c.abs()).sum();
        assert!(is_sum || all.is_empty());
        assert!(!is_sum || (sum - fused.score(item)).abs() <= 1e-12 * size, "{sum} instead of {}", fused.score(item));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn methods(
        (lists, wish) in rankings().prop_flat_map(|lists| { let m = lists.len(); (Just(lists), wishes(m)) })
    ) {
        let fused = wish.run(&lists);
        let expected = oracle::scores(&wish, &lists);
        for (&item, &wanted) in &expected {
            prop_assert!(close(fused.score(item), wanted), "{item}: {} instead of {wanted}", fused.score(item));
        }
        assert_ordered(&fused, &lists);
        assert_explained(&fused, &lists, &wish);
    }

    #[test]
    fn the_best_few_are_the_first(lists in rankings(), top in 0..20usize) {
        for method in ["rrf", "comb_sum", "condorcet", "interleave"] {
            let all = Wish::of(method).run(&lists);
            let settings = Settings::new(method, lists.len(), Given::default()).unwrap();
            let borrowed: Vec<List> = lists.iter().map(Ranking::list).collect();
            let few = fuse(&borrowed, N_ITEMS, &settings, Some(top), &mut || ()).unwrap();
            prop_assert_eq!(few.order(), &all.order()[..top.min(all.order().len())]);
        }
    }

    /// Neighbours are in order by majority, a winner of all pairs is first, and the order in which the lists are given
    /// does not matter.
    #[test]
    fn majorities(lists in rankings(), weights in some_weights()) {
        let weights = weights[..lists.len()].to_vec();
        let wish = Wish { weights: Some(weights.clone()), ..Wish::of("condorcet") };
        let fused = wish.run(&lists);
        let order = fused.order();
        let place = |list: &Ranking, item: u32| list.items.iter().position(|&other| other == item).unwrap_or(99);
        let margin = |a: u32, b: u32| -> f64 {
            let vote = |list| (place(list, b) as f64 - place(list, a) as f64).clamp(-1.0, 1.0);
            lists.iter().zip(&weights).map(|(list, weight)| weight * vote(list)).sum()
        };
        for pair in order.windows(2) {
            prop_assert!(margin(pair[0], pair[1]) >= -1e-12);
        }
        let beats_all = |a: u32| order.iter().all(|&b| a == b || margin(a, b) > 1e-12);
        if let Some(&winner) = order.iter().find(|&&item| beats_all(item)) {
            prop_assert_eq!(order[0], winner);
        }
        assert_ordered(&fused, &lists);
        if weights.iter().all(|weight| weight.fract() == 0.0) {
            let back: Vec<Ranking> = lists.iter().rev().cloned().collect();
            let wish = Wish { weights: Some(weights.into_iter().rev().collect()), ..wish };
            let other = wish.run(&back);
            prop_assert_eq!(other.order(), order);
        }
    }

    /// Everybody once; in each round each list's best that is left.
    #[test]
    fn interleaved(lists in rankings(), seed in any::<u64>()) {
        let naive = |mut turns: Box<dyn FnMut() -> Vec<usize>>| {
            let mut order: Vec<u32> = Vec::new();
            while order.len() < oracle::candidates(&lists).len() {
                for turn in turns() {
                    order.extend(lists[turn].items.iter().find(|item| !order.contains(item)).copied());
                }
            }
            order
        };
        let m = lists.len();
        let fused = Wish::of("interleave").run(&lists);
        let expected = naive(Box::new(move || (0..m).collect()));
        prop_assert_eq!(fused.order(), expected.as_slice());
        // A draft is fair to the ranks: each round takes the best that is left of each list, in some order.
        let wish = Wish { options: Some(format!("{{\"seed\": {seed}}}")), ..Wish::of("team_draft") };
        let order = wish.run(&lists).order().to_vec();
        let again = wish.run(&lists).order().to_vec();
        prop_assert_eq!(&order, &again);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, oracle::candidates(&lists).into_iter().collect::<Vec<_>>());
        let heads: Vec<Option<&u32>> = lists.iter().map(|list| list.items.first()).collect();
        prop_assert!(order.first().is_none_or(|first| heads.contains(&Some(first))));
        assert_ordered(&fused, &lists);
    }
}
