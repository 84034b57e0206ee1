//! Interleaving: the lists give items in turn. Radlinski, Kurup, Joachims, CIKM 2008.
//!
//! In each round every list gives the best of its items that is not taken yet. `interleave` asks the lists in the
//! order given; `team_draft` in an order drawn anew for each round, so that over many queries no list has an
//! advantage. The drawing is a shuffle by SplitMix64 from the seed: the same seed, the same result.

use super::List;
use super::error::{Result, collected, filled, reserved};
use super::table::{STEPS, Table};
use crate::engine::random::Random;

/// The candidates, first first.
pub fn order(lists: &[List<'_>], table: &Table, draft: Option<u64>, interrupts: &mut dyn FnMut()) -> Result<Vec<u32>> {
    let mut order = reserved(table.n_candidates() as usize)?;
    let mut taken = filled(table.n_items(), false)?;
    let mut rests = collected(lists.iter().map(|list| list.items.iter().copied()))?;
    let mut turns: Vec<usize> = (0..rests.len()).collect();
    let mut random = draft.map(Random::from_state);
    let mut steps = 0usize;
    while order.len() < table.n_candidates() as usize {
        if let Some(random) = &mut random {
            shuffle(random, &mut turns);
        }
        for &turn in &turns {
            let rest = rests.get_mut(turn).into_iter().flatten();
            for item in rest {
                if steps.is_multiple_of(STEPS) {
                    interrupts();
                }
                steps = steps.wrapping_add(1);
                if let Some(is_taken) = taken.get_mut(item as usize).filter(|is_taken| !**is_taken) {
                    *is_taken = true;
                    order.push(item);
                    break;
                }
            }
        }
    }
    Ok(order)
}

fn shuffle(random: &mut Random, list: &mut [usize]) {
    for last in (1..list.len()).rev() {
        let other = usize::try_from(random.next() % (last as u64 + 1)).unwrap_or(0);
        list.swap(last, other);
    }
}
