//! Trained methods: training and use against plain formulas.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::train::{Topic, train};
use super::*;

fn model(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn numbers(json: &str, list: usize) -> Vec<f64> {
    match &model(json)["lists"][list] {
        Value::Array(values) => values.iter().map(|value| value.as_f64().unwrap()).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// A topic's hits at the ranks `from` to before `to`, from 0.
fn hits(list: &Ranking, relevant: &[u32], from: usize, to: usize) -> f64 {
    let items = list.items.iter().enumerate().filter(|(rank, _)| *rank >= from && *rank < to);
    items.filter(|(_, item)| relevant.contains(item)).count() as f64
}

fn expected(method: &str, topics: &[(Vec<Ranking>, Vec<u32>)], list: usize) -> Vec<f64> {
    let t = topics.len() as f64;
    let mean = |number: &dyn Fn(&Ranking, &[u32]) -> f64| {
        topics.iter().map(|topic| number(&topic.0[list], &topic.1)).sum::<f64>() / t
    };
    match method {
        "bayes" => {
            let edges = [0, 5, 10, 15, 20, 30, 100, 200, 500, 1000];
            let precision = |w: &[usize]| mean(&|l, r| hits(l, r, w[0], w[1]) / (w[1] - w[0]) as f64);
            let odds = |p: f64| match p {
                0.0 => (0.001f64 / 0.999).ln(),
                1.0 => (1.0f64 / 0.001).ln(),
                p => (p / (1.0 - p)).ln(),
            };
            edges.windows(2).map(|window| odds(precision(window))).collect()
        }
        "seg" => {
            let end = |k: u32| 10 * 2usize.pow(k - 1) - 5;
            let start = |k: u32| if k == 1 { 0 } else { end(k - 1) };
            let p = |k: u32| mean(&|l, r| hits(l, r, start(k), end(k)) / (end(k) - start(k)) as f64);
            (1..=10).map(p).collect()
        }
        "prob" => {
            let x = 3usize;
            let p = |j: usize| {
                mean(&|l, r| {
                    let size = (l.items.len() as f64 / x as f64).ceil() as usize;
                    let (from, to) = (j * size, ((j + 1) * size).min(l.items.len()));
                    if to > from { hits(l, r, from, to) / (to - from) as f64 } else { 0.0 }
                })
            };
            (0..x).map(p).collect()
        }
        "map" => {
            let average = |l: &Ranking, r: &[u32]| {
                let ranks = (0..l.items.len()).filter(|&rank| r.contains(&l.items[rank]));
                ranks.map(|rank| hits(l, r, 0, rank + 1) / (rank as f64 + 1.0)).sum::<f64>() / r.len().max(1) as f64
            };
            vec![mean(&average)]
        }
        _ => {
            let longest = topics.iter().map(|topic| topic.0[list].items.len()).max().unwrap();
            let p = |rank: usize| {
                let reach: Vec<_> = topics.iter().filter(|topic| topic.0[list].items.len() > rank).collect();
                let found: f64 = reach.iter().map(|topic| hits(&topic.0[list], &topic.1, rank, rank + 1)).sum();
                found / reach.len() as f64
            };
            (0..longest).map(p).collect()
        }
    }
}

/// The part of the item at `rank`, from 0, of a list of `n`.
fn part(method: &str, p: &[f64], rank: usize, n: usize, score: f64) -> f64 {
    let at = |i: usize| p.get(i).copied().unwrap_or(0.0);
    match method {
        "bayes" => at([5, 10, 15, 20, 30, 100, 200, 500].iter().filter(|&&end| rank >= end).count()),
        "pos" => at(rank),
        "prob" => {
            let segment = rank / n.div_ceil(p.len());
            at(segment) / (segment as f64 + 1.0)
        }
        "seg" => at((1..10u32).filter(|k| rank >= 10 * 2usize.pow(k - 1) - 5).count()) * (score + 1.0),
        "slide" => {
            let (from, to) = (rank.saturating_sub(2), (rank + 2).min(n - 1));
            (from..=to).map(at).sum::<f64>() / (to - from + 1) as f64
        }
        _ => at(0) / (rank as f64 + 1.0),
    }
}

fn options(method: &str) -> Option<&'static str> {
    match method {
        "prob" => Some("{\"segments\": 3}"),
        "slide" => Some("{\"window\": 2}"),
        _ => None,
    }
}

fn topics() -> impl Strategy<Value = Vec<(Vec<Ranking>, Vec<u32>)>> {
    let lists = proptest::collection::vec(ranking(some_score(), true), 2);
    let relevant = proptest::collection::btree_set(0..N_ITEMS, 0..8).prop_map(|set| set.into_iter().collect());
    proptest::collection::vec((lists, relevant), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn trained_methods(topics in topics(), lists in proptest::collection::vec(ranking(some_score(), true), 2)) {
        let borrowed: Vec<Topic> = topics
            .iter()
            .map(|topic| Topic { lists: topic.0.iter().map(Ranking::list).collect(), relevant: &topic.1 })
            .collect();
        for method in ["bayes", "pos", "prob", "seg", "slide", "map"] {
            let json = train(method, &borrowed, options(method), &mut || {}).unwrap();
            let learned: Vec<Vec<f64>> = (0..2).map(|list| expected(method, &topics, list)).collect();
            for (list, wanted) in learned.iter().enumerate() {
                let got = numbers(&json, list);
                prop_assert_eq!(got.len(), wanted.len());
                prop_assert!(got.iter().zip(wanted).all(|(a, b)| close(*a, *b)), "{method}: {got:?}, not {wanted:?}");
            }
            let wish = Wish { options: Some(format!("{{\"model\": {json}}}")), ..Wish::of(method) };
            let fused = wish.run(&lists);
            for item in oracle::candidates(&lists) {
                let mut score = 0.0;
                for (at, list) in lists.iter().enumerate() {
                    let values = oracle::normalised(&Wish::of("comb_sum"), &lists, at).unwrap();
                    let rank = list.items.iter().position(|&other| other == item);
                    score += match rank {
                        Some(rank) => part(method, &learned[at], rank, list.items.len(), values[&item]),
                        None if method == "bayes" => (0.001f64 / 0.999).ln(),
                        None => 0.0,
                    };
                }
                prop_assert!(close(fused.score(item), score), "{method}: {} instead of {score}", fused.score(item));
            }
        }
    }
}

#[test]
fn a_model_reads_as_it_was_written() {
    let list = Ranking { items: vec![3, 1, 2], scores: vec![3.0, 2.0, 1.0] };
    let topics = [Topic { lists: vec![list.list()], relevant: &[1, 9] }];
    let trained = |method: &str| model(&train(method, &topics, None, &mut || {}).unwrap());
    assert_eq!(trained("posfuse"), json!({"method": "pos", "lists": [[0.0, 1.0, 0.0]]}));
    assert_eq!(trained("map"), json!({"method": "map", "lists": [0.25]}));
    assert_eq!(trained("slide")["window"], 5);
    assert_eq!(trained("prob")["lists"][0].as_array().unwrap().len(), 25);
}

/// Lists that are longer than the models reach.
#[test]
fn beyond_the_last_bucket() {
    let items: Vec<u32> = (0..6000).collect();
    let scores: Vec<f64> = (0..6000).map(|i| f64::from(6000 - i)).collect();
    let list = List { items: &items, scores: Some(&scores) };
    let topics = [Topic { lists: vec![list], relevant: &items }];
    let run = |method: &str| {
        let json = train(method, &topics, None, &mut || {}).unwrap();
        let options = format!("{{\"model\": {json}}}");
        let settings = Settings::new(method, 1, Given { options: Some(&options), ..Given::default() }).unwrap();
        fuse(&[list], 6000, &settings, None, &mut || ()).unwrap()
    };
    assert_eq!(run("bayes").score(5999), (1.0f64 / 0.001).ln());
    assert!(run("seg").score(5114) > 1.0);
    assert_eq!(run("seg").score(5115), 0.0);
    assert_eq!(run("pos").score(5999), 1.0);
}
