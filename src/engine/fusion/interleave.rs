//! Interleaving: the lists give items in turn. Radlinski, Kurup, Joachims, CIKM 2008.
//!
//! In each round every list gives the best of its items that is not taken yet. `interleave` asks the lists in the
//! order given; `team_draft` in an order drawn anew for each round, so that over many queries no list has an
//! advantage. The drawing is a shuffle by SplitMix64 from the seed: the same seed, the same result.

use super::List;
use super::error::{Result, collected, filled, reserved};
use super::table::{STEPS, Table};

/// The candidates, first first.
pub fn order(lists: &[List<'_>], table: &Table, draft: Option<u64>, interrupts: &mut dyn FnMut()) -> Result<Vec<u32>> {
    let mut order = reserved(table.n_candidates() as usize)?;
    let mut taken = filled(table.n_items(), false)?;
    let mut rests = collected(lists.iter().map(|list| list.items.iter().copied()))?;
    let mut turns: Vec<usize> = (0..rests.len()).collect();
    let mut random = draft.map(Random);
    let mut steps = 0usize;
    while order.len() < table.n_candidates() as usize {
        if let Some(random) = &mut random {
            random.shuffle(&mut turns);
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn shuffle(&mut self, list: &mut [usize]) {
        for last in (1..list.len()).rev() {
            let other = usize::try_from(self.next() % (last as u64 + 1)).unwrap_or(0);
            list.swap(last, other);
        }
    }
}
