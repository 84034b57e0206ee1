//! Documents in the order of their codes, as many as are asked for, each once.
//!
//! Rounds: each round takes the next few documents below everything delivered so far, in one pass over the codes, and
//! sorts them. Rounds grow, so that a caller who takes all rows pays a handful of passes. A document's key, its code and
//! then its number, is unique; a round takes keys strictly below the last one delivered, so no document comes twice and
//! none is missed, ties included.

use super::query::code;
use super::top;
use crate::engine::error::Result;

/// Documents of the first round; queries rarely ask for more than ten or twenty.
const FIRST_ROUND: usize = 64;
/// Growth of the rounds.
const GROWTH: usize = 8;
/// The largest round: 4 MB of keys.
const LARGEST_ROUND: usize = 1 << 18;

/// Delivers documents in rounds.
pub struct Stream {
    codes: Vec<u16>,
    /// The current round, best last.
    round: Vec<u64>,
    next_round: usize,
    /// Every key at or above this has been delivered or is in the round.
    bound: u64,
}

impl Stream {
    /// A stream over documents numbered like their codes, of those with keys below `bound`.
    pub fn new(codes: Vec<u16>, bound: u64) -> Self {
        Self { codes, round: Vec::new(), next_round: FIRST_ROUND, bound }
    }

    /// The key of the best document not yet delivered.
    pub fn next_best(&mut self) -> Result<Option<u64>> {
        if self.round.is_empty() {
            let least = top::key(code::NULL, u32::MAX);
            top::greatest_keys(&self.codes, self.next_round, least, self.bound, &mut self.round)?;
            self.bound = self.round.first().copied().unwrap_or(0);
            self.next_round = (self.next_round * GROWTH).min(LARGEST_ROUND);
        }
        Ok(self.round.pop())
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
            let mut expected: Vec<u64> = codes.iter().enumerate().filter(|&(_, &c)| c != code::DEAD)
                .map(|(d, &c)| top::key(c, d as u32)).collect();
            expected.sort_unstable_by_key(|&k| std::cmp::Reverse(k));
            let mut stream = Stream::new(codes, u64::MAX);
            let mut got = Vec::new();
            while let Some(next) = stream.next_best().unwrap() {
                got.push(next);
            }
            prop_assert_eq!(got, expected);
        }
    }
}
