//! Small cases that can be checked by hand.

use super::super::*;

fn run(method: &str, lists: &[(&[u32], &[f64])], given: Given<'_>) -> Fused {
    let settings = Settings::new(method, lists.len(), given).unwrap();
    let lists: Vec<List> = lists.iter().map(|list| List { items: list.0, scores: Some(list.1) }).collect();
    let n = lists.iter().flat_map(|list| list.items).max().map_or(0, |item| item + 1);
    fuse(&lists, n, &settings, None, &mut || ()).unwrap()
}

const A: (&[u32], &[f64]) = (&[0, 1, 2], &[3.0, 2.0, 1.0]);
const B: (&[u32], &[f64]) = (&[3, 1], &[0.9, 0.7]);

#[test]
fn rrf() {
    let fused = run("RRF", &[A, B], Given::default());
    assert_eq!(fused.order(), [1, 0, 3, 2]);
    assert_eq!(fused.score(1), 1.0 / 62.0 + 1.0 / 62.0);
    assert_eq!(fused.rank(1, 1), Some(2));
    assert_eq!(fused.contribution(0, 1), Some(1.0 / 62.0));
    assert_eq!(fused.contribution(1, 0), None);
}

#[test]
fn weighted_sum() {
    let fused = run("convex", &[A, B], Given { weights: Some(&[0.25, 0.75]), ..Given::default() });
    assert_eq!(fused.order(), [3, 0, 1, 2]);
    assert_eq!(fused.score(3), 0.75);
    assert_eq!(fused.normalised(0, 1), Some(0.5));
    assert_eq!(fused.score(1), 0.125);
}

#[test]
fn orders() {
    assert_eq!(run("condorcet", &[A, B, (&[1, 0], &[2.0, 1.0])], Given::default()).order(), [1, 0, 3, 2]);
    assert_eq!(run("interleave", &[A, B], Given::default()).order(), [0, 3, 1, 2]);
    assert_eq!(run("interleave", &[A, B], Given::default()).score(0), 4.0);
}
