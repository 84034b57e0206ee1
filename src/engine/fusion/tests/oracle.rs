//! The formulas once more, slowly and plainly: every item, every list, straight from the tables in the documentation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Ranking, Wish};

/// Each item's value in a list, rank order lost.
pub type Values = BTreeMap<u32, f64>;

pub fn candidates(lists: &[Ranking]) -> BTreeSet<u32> {
    lists.iter().flat_map(|list| list.items.iter().copied()).collect()
}

fn option(wish: &Wish, key: &str) -> Option<Value> {
    let options: Value = serde_json::from_str(wish.options.as_deref()?).unwrap();
    options.get(key).cloned()
}

fn number(wish: &Wish, key: &str, default: f64) -> f64 {
    option(wish, key).map_or(default, |value| value.as_f64().unwrap())
}

fn per_list(wish: &Wish, key: &str, list: usize) -> Option<f64> {
    let value = option(wish, key)?;
    value.as_array().map_or(value.as_f64(), |values| values[list].as_f64())
}

pub fn default_normaliser(method: &str) -> Option<&'static str> {
    match method {
        "tm2c2" => Some("theoretical"),
        "dbsf" => Some("dbsf"),
        "rrf" | "rrf_qdrant" | "isr" | "log_isr" | "logn_isr" | "rbc" | "borda" | "condorcet" | "interleave"
        | "team_draft" | "bayes" | "pos" | "prob" | "slide" | "map" => None,
        _ => Some("min_max"),
    }
}

fn sd(scores: &[f64], less: f64) -> f64 {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    (scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (scores.len() as f64 - less)).sqrt()
}

/// Normalised scores of list `at`, by item.
pub fn normalised(wish: &Wish, lists: &[Ranking], at: usize) -> Option<Values> {
    let name = wish.normaliser.as_deref().or(default_normaliser(&wish.method))?;
    let list = &lists[at];
    let scores = &list.scores;
    let n = scores.len() as f64;
    let min = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = scores.iter().sum::<f64>() / n;
    let below = |rank: usize| rank as f64;
    let on_equal = |rank: usize, default: f64| match wish.on_equal.as_deref() {
        None => default,
        Some("zero") => 0.0,
        Some("half") => 0.5,
        Some("one") => 1.0,
        Some(_) => 1.0 - below(rank) / n,
    };
    let is_constant = min == max;
    let value = |rank: usize, s: f64| match name {
        "none" => s,
        "min_max" | "min_max_inverted" if is_constant => on_equal(rank, 1.0),
        "min_max" => (s - min) / (max - min),
        "min_max_inverted" => (max - s) / (max - min),
        "bounded_min_max" => {
            let (lower, upper) = (per_list(wish, "lower", at), per_list(wish, "upper", at));
            match option(wish, "bounds").as_ref().and_then(Value::as_str).unwrap_or("apply") {
                "clip" => {
                    let (zero, one) = (lower.unwrap_or(min), upper.unwrap_or(max));
                    if lower.is_some_and(|lower| s <= lower) {
                        0.0
                    } else if upper.is_some_and(|upper| s >= upper) {
                        1.0
                    } else if zero == one {
                        on_equal(rank, 1.0)
                    } else {
                        (s - zero) / (one - zero)
                    }
                }
                mode => {
                    let use_bounds = mode == "apply";
                    let zero = lower.filter(|_| use_bounds).map_or(min, |lower| lower.min(min));
                    let one = upper.filter(|_| use_bounds).map_or(max, |upper| upper.max(max));
                    if zero == one { on_equal(rank, 1.0) } else { (s - zero) / (one - zero) }
                }
            }
        }
        "theoretical" => {
            let lower = per_list(wish, "lower", at).unwrap_or(0.0);
            if max > lower { (s - lower) / (max - lower) } else { 0.0 }
        }
        "max" if max > 0.0 => s / max,
        "max" if min < 0.0 => s / min.abs(),
        "max" => 0.0,
        "sum" if is_constant => on_equal(rank, 1.0 / n),
        "sum" => (s - min) / scores.iter().map(|s| s - min).sum::<f64>(),
        "z_score" | "z_score_sample" if is_constant => on_equal(rank, 0.0),
        "z_score" => (s - mean) / sd(scores, 0.0),
        "z_score_sample" => (s - mean) / sd(scores, 1.0),
        "l2" if scores.iter().all(|&s| s == 0.0) => 0.0,
        "l2" => s / scores.iter().map(|s| s * s).sum::<f64>().sqrt(),
        "dbsf" if is_constant => on_equal(rank, 0.5),
        "dbsf" => (s - (mean - 3.0 * sd(scores, 1.0))) / (6.0 * sd(scores, 1.0)),
        "arctan_ip" => 0.5 + s.atan() / std::f64::consts::PI,
        "arctan_bm25" => 2.0 * s.atan() / std::f64::consts::PI,
        "arctan_cosine" => (1.0 + s) / 2.0,
        "arctan_distance" => 1.0 - 2.0 * s.atan() / std::f64::consts::PI,
        "sigmoid" => {
            let (a, b) = (per_list(wish, "slope", at).unwrap_or(1.0), per_list(wish, "intercept", at).unwrap_or(0.0));
            1.0 / (1.0 + (-(a * s + b)).exp())
        }
        "rank" => 1.0 - below(rank) / n,
        "borda" => 1.0 - below(rank) / candidates(lists).len() as f64,
        other => panic!("{other}"),
    };
    Some(list.items.iter().zip(scores).enumerate().map(|(rank, (&item, &s))| (item, value(rank, s))).collect())
}

/// Parts of list `at`, those of absent items included where the policy gives some.
fn parts(wish: &Wish, lists: &[Ranking], at: usize, weight: f64) -> Values {
    let list = &lists[at];
    let n = list.items.len();
    let all = candidates(lists);
    let values = normalised(wish, lists, at);
    let k = wish.k;
    let by_rank = |r: f64| match wish.method.as_str() {
        "rrf" => match option(wish, "variant").as_ref().and_then(Value::as_str) {
            Some("qdrant") => 1.0 / (r / weight + k.unwrap_or(2.0) - 1.0),
            _ if number(wish, "rank_base", 1.0) == 0.0 => 1.0 / (k.unwrap_or(60.0) + r - 1.0),
            _ => 1.0 / (k.unwrap_or(60.0) + r),
        },
        "rrf_qdrant" => 1.0 / (r / weight + k.unwrap_or(2.0) - 1.0),
        "srrf" => 1.0 / (k.unwrap_or(60.0) + r),
        "isr" | "log_isr" | "logn_isr" => 1.0 / (r * r),
        "rbc" => {
            let phi = number(wish, "phi", 0.8);
            (1.0 - phi) * phi.powi(r as i32 - 1)
        }
        "borda" => all.len() as f64 - (r - 1.0),
        _ => f64::NAN,
    };
    let mut parts: Values = match wish.method.as_str() {
        "srrf" => {
            let (values, beta) = (values.clone().unwrap(), number(wish, "beta", 10.0));
            let smooth = |s: f64| 0.5 + values.values().map(|v| 1.0 / (1.0 + (-beta * (v - s)).exp())).sum::<f64>();
            values.iter().map(|(&item, &s)| (item, by_rank(smooth(s)))).collect()
        }
        _ if by_rank(1.0).is_nan() => values.clone().unwrap(),
        _ => list.items.iter().enumerate().map(|(i, &item)| (item, by_rank(i as f64 + 1.0))).collect(),
    };
    let is_borda = wish.method == "borda" || (wish.method != "srrf" && wish.normaliser.as_deref() == Some("borda"));
    let default = match wish.method.as_str() {
        _ if is_borda => "share",
        "arithmetic_mean" => "zero",
        _ => "skip",
    };
    let absent = match wish.missing.as_deref().unwrap_or(default) {
        "skip" => None,
        "zero" => Some(0.0),
        "min" => parts.values().copied().reduce(f64::min),
        "rank_after" if n == 0 => None,
        "rank_after" => Some(by_rank(n as f64 + 1.0)),
        "share" if wish.method == "borda" => Some((all.len() as f64 - n as f64 + 1.0) / 2.0),
        "share" => Some(0.5 - (n as f64 - 1.0) / (2.0 * all.len() as f64)),
        other => panic!("{other}"),
    };
    for &item in &all {
        if let (None, Some(value)) = (parts.get(&item), absent) {
            parts.insert(item, value);
        }
    }
    parts
}

/// The fused scores of methods that combine parts.
pub fn scores(wish: &Wish, lists: &[Ranking]) -> Values {
    let m = lists.len();
    let is_share = matches!(wish.method.as_str(), "weighted_sum" | "tm2c2" | "relative_score");
    let default = if is_share { 1.0 / m as f64 } else { 1.0 };
    let weights = wish.weights.clone().unwrap_or(vec![default; m]);
    let parts: Vec<Values> = (0..m).map(|at| parts(wish, lists, at, weights[at])).collect();
    candidates(lists).into_iter().map(|item| (item, combined(wish, &weights, &parts, item))).collect()
}

fn combined(wish: &Wish, weights: &[f64], parts: &[Values], item: u32) -> f64 {
    let v: Vec<(f64, f64)> =
        parts.iter().zip(weights).filter_map(|(part, &w)| part.get(&item).map(|&v| (v, w))).collect();
    let n = v.len() as f64;
    if v.is_empty() {
        return 0.0;
    }
    let plain = v.iter().map(|p| p.0).sum::<f64>();
    let weighted = v.iter().map(|p| p.0 * p.1).sum::<f64>();
    let all_weights = v.iter().map(|p| p.1).sum::<f64>();
    let is_qdrant =
        wish.method == "rrf_qdrant" || option(wish, "variant").as_ref().and_then(Value::as_str) == Some("qdrant");
    let zeros_count = option(wish, "zeros").as_ref().and_then(Value::as_str) == Some("count");
    let has_zero = v.iter().any(|p| p.0 <= 0.0);
    let positive: Vec<(f64, f64)> = v.iter().copied().filter(|p| p.0 > 0.0).collect();
    let positive_weights = positive.iter().map(|p| p.1).sum::<f64>();
    match wish.method.as_str() {
        _ if is_qdrant => plain,
        "comb_min" => v.iter().map(|p| p.0).fold(f64::INFINITY, f64::min),
        "comb_max" => v.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max),
        "comb_med" => {
            let mut sorted: Vec<f64> = v.iter().map(|p| p.0).collect();
            sorted.sort_by(f64::total_cmp);
            let half = sorted.len() / 2;
            if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
        }
        "comb_anz" => weighted / n,
        "comb_mnz" | "isr" => n * weighted,
        "comb_gmnz" => n.powf(number(wish, "gamma", 1.0)) * weighted,
        "mixed" => n.sqrt() * weighted,
        "wmnz" => plain * all_weights,
        "log_isr" => n.ln() * weighted,
        "logn_isr" => (n + number(wish, "sigma", 0.01)).ln() * weighted,
        "arithmetic_mean" => {
            if all_weights == 0.0 {
                0.0
            } else {
                weighted / all_weights
            }
        }
        "geometric_mean" | "harmonic_mean" if zeros_count && has_zero => 0.0,
        "geometric_mean" | "harmonic_mean" if positive_weights == 0.0 => 0.0,
        "geometric_mean" => (positive.iter().map(|p| p.1 * p.0.ln()).sum::<f64>() / positive_weights).exp(),
        "harmonic_mean" => positive_weights / positive.iter().map(|p| p.1 / p.0).sum::<f64>(),
        _ => weighted,
    }
}
