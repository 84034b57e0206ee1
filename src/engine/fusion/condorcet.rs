//! Condorcet fusion: the majority of lists decides about each pair. Montague, Aslam, CIKM 2002.
//!
//! A list votes, with its weight, for the item that it ranks higher; items that it does not have come after all that
//! it has, and about two that it does not have it does not vote. `a` beats `b` if more weight votes for it.
//!
//! Majorities can run in circles and can be undecided, so there may be no order in which everybody beats all who come
//! later, and a sorting routine that takes comparisons for a total order gives whatever it gives. Ours is a merge sort,
//! which needs less: of any two neighbours in its result the second does not beat the first. (When two runs are merged,
//! the head of the second goes first exactly if it beats the head of the first, so this holds for each pair that
//! becomes neighbours.) Hence also: whoever beats everybody comes first; and if everybody of one group beats everybody
//! of another, the whole group comes first, for the others' heads give way to it in every merge. Where majorities
//! leave a choice, the order before the sort decides: by Borda points, then best rank, then number. That makes the
//! result one of the lists' contents alone, in whichever order the lists are given.
//!
//! Time: n log n comparisons, each of the places of two items.

use std::cmp::Ordering;

use super::arith::total;
use super::error::{Result, collected, reserved};
use super::table::{STEPS, Table};

/// The candidates, best first.
pub fn order(table: &Table, weights: &[f64], interrupts: &mut dyn FnMut()) -> Result<Vec<u32>> {
    let start = start(table, weights)?;
    // Mostly neighbours are compared: numbered in this order, their places are in the processor's cache.
    let table = table.renumbered(&start)?;
    let mut run = collected((0..start.len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX)))?;
    let mut next = reserved(run.len())?;
    let mut width = 1;
    while width < run.len() {
        for pair in run.chunks(width.saturating_mul(2)) {
            let (first, second) = pair.split_at(width.min(pair.len()));
            merge(first, second, &mut next, |a, b| beats(&table, weights, a, b), interrupts);
        }
        std::mem::swap(&mut run, &mut next);
        next.clear();
        width = width.saturating_mul(2);
    }
    for item in &mut run {
        *item = start.get(*item as usize).copied().unwrap_or(0);
    }
    Ok(run)
}

fn start(table: &Table, weights: &[f64]) -> Result<Vec<u32>> {
    let mut keys = reserved(table.n_candidates() as usize)?;
    for item in table.candidates() {
        // What is absent from a list gets the mean of the points left; only differences matter.
        let points = |list: usize, rank: u32| {
            let length = f64::from(table.lengths().get(list).copied().unwrap_or(0));
            let share = (f64::from(table.n_candidates()) - length + 1.0) / 2.0;
            let weight = weights.get(list).copied().unwrap_or(0.0);
            weight * (f64::from(table.n_candidates()) + 1.0 - f64::from(rank) - share)
        };
        keys.push((total(table.places(item).map(|(list, rank)| points(list, rank))), item));
    }
    keys.sort_unstable_by(|a, b| {
        let by_rank = || table.best_rank(a.1).cmp(&table.best_rank(b.1));
        b.0.total_cmp(&a.0).then_with(by_rank).then(a.1.cmp(&b.1))
    });
    collected(keys.iter().map(|key| key.1))
}

fn merge(
    mut first: &[u32],
    mut second: &[u32],
    into: &mut Vec<u32>,
    beats: impl Fn(u32, u32) -> bool,
    interrupts: &mut dyn FnMut(),
) {
    while let (Some((&a, rest_a)), Some((&b, rest_b))) = (first.split_first(), second.split_first()) {
        if into.len().is_multiple_of(STEPS) {
            interrupts();
        }
        if beats(b, a) {
            into.push(b);
            second = rest_b;
        } else {
            into.push(a);
            first = rest_a;
        }
    }
    into.extend_from_slice(first);
    into.extend_from_slice(second);
}

/// Whether more weight is for `a` than for `b`.
pub fn beats(table: &Table, weights: &[f64], a: u32, b: u32) -> bool {
    let mut votes = (0.0, 0.0);
    let (mut of_a, mut of_b) = (table.places(a).peekable(), table.places(b).peekable());
    loop {
        // Of the list that comes next for either.
        let (list, order) = match (of_a.peek().copied(), of_b.peek().copied()) {
            (None, None) => return votes.0 > votes.1,
            (Some((list, _)), None) => (list, Ordering::Less),
            (None, Some((list, _))) => (list, Ordering::Greater),
            (Some((list_a, _)), Some((list_b, _))) if list_a < list_b => (list_a, Ordering::Less),
            (Some((list_a, _)), Some((list_b, _))) if list_a > list_b => (list_b, Ordering::Greater),
            (Some((list, rank_a)), Some((_, rank_b))) => (list, rank_a.cmp(&rank_b)),
        };
        let _ = of_a.next_if(|place| place.0 == list);
        let _ = of_b.next_if(|place| place.0 == list);
        let weight = weights.get(list).copied().unwrap_or(0.0);
        match order {
            Ordering::Less => votes.0 = super::arith::finite(votes.0 + weight),
            Ordering::Greater => votes.1 = super::arith::finite(votes.1 + weight),
            Ordering::Equal => (),
        }
    }
}
