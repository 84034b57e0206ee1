//! Sorting by a comparison that may fail. The standard sorts take no failing comparison, and may panic if one
//! contradicts itself, as an operator class of a user's may.

use std::cmp::Ordering;

use crate::engine::error::{Result, reserved};

/// Sorts stably: runs of doubling length are merged. Input that is in order already costs one comparison an element.
pub fn sort<T: Copy>(items: &mut [T], mut compare: impl FnMut(T, T) -> Result<Ordering>) -> Result<()> {
    let mut merged: Vec<T> = reserved(items.len(), "sorted values")?;
    let mut run = 1;
    while run < items.len() {
        merged.clear();
        for pair in items.chunks(2 * run) {
            let (left, right) = pair.split_at(run.min(pair.len()));
            merge(left, right, &mut merged, &mut compare)?;
        }
        items.copy_from_slice(&merged);
        run *= 2;
    }
    Ok(())
}

fn merge<T: Copy>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Vec<T>,
    compare: &mut impl FnMut(T, T) -> Result<Ordering>,
) -> Result<()> {
    let in_order = match (left.last(), right.first()) {
        (Some(&last), Some(&first)) => compare(last, first)?.is_le(),
        _ => true,
    };
    while !in_order && let ([l, after_left @ ..], [r, after_right @ ..]) = (left, right) {
        if compare(*l, *r)?.is_le() {
            merged.push(*l);
            left = after_left;
        } else {
            merged.push(*r);
            right = after_right;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::EngineError;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_does(keys in prop::collection::vec(0u32..60, 0..300)) {
            let mut items: Vec<(u32, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|&(key, _)| key);
            sort(&mut items, |a, b| Ok(a.0.cmp(&b.0))).unwrap();
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn survives_any_comparison(n in 0usize..100, orders in prop::collection::vec(0usize..3, 1..50)) {
            let mut orders = orders.iter().cycle();
            let mut items: Vec<usize> = (0..n).collect();
            let order = [Ordering::Less, Ordering::Equal, Ordering::Greater];
            sort(&mut items, |_, _| Ok(order[*orders.next().unwrap()])).unwrap();
            items.sort_unstable();
            prop_assert!(items.into_iter().eq(0..n));
        }
    }

    #[test]
    fn a_failing_comparison_ends_it() {
        let error = EngineError::BadPage { block: 7, reason: "for a test" };
        assert_eq!(sort(&mut [2, 1], |_, _| Err(error.clone())), Err(error));
    }
}
