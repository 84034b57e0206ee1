//! Documents in the order of their codes, as many as are asked for, each once.
//!
//! Rounds: each round takes the next few documents below everything delivered so far, in one pass over the codes with a
//! running threshold, and sorts them. Rounds grow, so that a caller who takes all rows pays a handful of passes. A
//! document's key, its code and then its number, is unique; a round takes keys strictly below the last one delivered, so
//! no document comes twice and none is missed, ties included.

use crate::engine::error::{Result, reserve};

use super::query::code;

/// Documents of the first round; queries rarely ask for more than ten or twenty.
const FIRST_ROUND: usize = 64;
/// Growth of the rounds.
const GROWTH: usize = 8;
/// The largest round: 4 MB of keys.
const LARGEST_ROUND: usize = 1 << 18;
/// Codes looked at together: one maximum tells whether any of them can matter.
const BLOCK: usize = 64;

/// Delivers documents in rounds.
pub struct Stream {
    codes: Vec<u16>,
    /// The current round, best last.
    round: Vec<u64>,
    next_round: usize,
    /// Every key at or above this has been put into a round.
    bound: u64,
    rounds: u32,
}

impl Stream {
    /// A stream over documents numbered like their codes.
    pub fn new(codes: Vec<u16>) -> Self {
        Self { codes, round: Vec::new(), next_round: FIRST_ROUND, bound: u64::MAX, rounds: 0 }
    }

    /// The best document not yet delivered, and its code.
    pub fn next_best(&mut self) -> Result<Option<(u32, u16)>> {
        if self.round.is_empty() {
            self.fill_round()?;
        }
        Ok(self.round.pop().map(|key| (u32::MAX - key as u32, (key >> 32) as u16)))
    }

    /// Rounds so far.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    fn fill_round(&mut self) -> Result<()> {
        let wanted = self.next_round;
        let kept = &mut self.round;
        reserve(kept, 2 * wanted, "ranking round")?;
        let mut least = key(code::NULL, u32::MAX);
        for (block, codes) in self.codes.chunks(BLOCK).enumerate() {
            let greatest = codes.iter().fold(0, |a, &b| a.max(b));
            if greatest < (least >> 32) as u16 {
                continue;
            }
            for (i, &code) in codes.iter().enumerate() {
                let key = key(code, (block * BLOCK + i) as u32);
                if key >= least && key < self.bound {
                    kept.push(key);
                }
            }
            if kept.len() + BLOCK > 2 * wanted {
                keep_greatest(kept, wanted);
                least = kept.iter().copied().min().unwrap_or(least);
            }
        }
        keep_greatest(kept, wanted);
        kept.sort_unstable();
        self.bound = kept.first().copied().unwrap_or(0);
        self.next_round = (wanted * GROWTH).min(LARGEST_ROUND);
        self.rounds += 1;
        Ok(())
    }
}

/// Orders documents: higher codes first, then lower numbers.
fn key(code: u16, doc: u32) -> u64 {
    u64::from(code) << 32 | u64::from(u32::MAX - doc)
}

fn keep_greatest(keys: &mut Vec<u64>, n: usize) {
    if keys.len() > n {
        let cut = keys.len() - n;
        keys.select_nth_unstable(cut);
        keys.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_live_document_once_in_order(
            codes in prop_oneof![
                prop::collection::vec(0u16..6, 0..3000),
                prop::collection::vec(any::<u16>(), 0..3000),
            ]
        ) {
            let mut expected: Vec<(u32, u16)> =
                codes.iter().enumerate().map(|(d, &c)| (d as u32, c)).filter(|&(_, c)| c != code::DEAD).collect();
            expected.sort_by_key(|&(d, c)| (std::cmp::Reverse(c), d));
            let mut stream = Stream::new(codes);
            let mut got = Vec::new();
            while let Some(next) = stream.next_best().unwrap() {
                got.push(next);
            }
            prop_assert_eq!(got, expected);
        }
    }
}
