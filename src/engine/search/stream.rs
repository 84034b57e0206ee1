//! Documents in the order of their codes, as many as are asked for, each once.
//!
//! Rounds: each round takes the next few documents below everything delivered so far, in one pass over the codes.
//! Rounds grow, so that a caller who takes all rows pays a handful of passes; of a round only as much is sorted as is
//! asked for. A document's key, its code and then its number, is unique; a round takes keys strictly below the last one
//! delivered, so no document comes twice and none is missed, ties included.

use super::query::code;
use super::simd::Simd;
use super::top;
use crate::engine::error::{Result, reserve};

/// Documents of the first round; queries rarely ask for more than ten or twenty, but a pass costs more than a few more.
const FIRST_ROUND: usize = 256;
/// Growth of the rounds.
const GROWTH: usize = 16;
/// The largest round: 1 MB of keys while it is chosen.
const LARGEST_ROUND: usize = 1 << 16;
/// Documents that are sorted together at first.
const FIRST_PIECE: usize = 16;
/// Growth of the pieces.
const PIECE_GROWTH: usize = 4;

/// Delivers documents in rounds.
pub struct Stream {
    codes: Vec<u16>,
    /// The current round, without order.
    round: Vec<u64>,
    /// The best of it, best last.
    piece: Vec<u64>,
    next_round: usize,
    next_piece: usize,
    /// Every key at or above this has been delivered or is in the round.
    bound: u64,
    /// No key below this is delivered.
    least: u64,
}

impl Stream {
    /// A stream over documents numbered like their codes, of those with keys below `bound` and codes of at least
    /// `floor`.
    pub fn new(codes: Vec<u16>, bound: u64, floor: u16) -> Self {
        let (round, piece) = (Vec::new(), Vec::new());
        let least = top::key(floor.max(code::NULL), u32::MAX);
        Self { codes, round, piece, next_round: FIRST_ROUND, next_piece: FIRST_PIECE, bound, least }
    }

    /// A stream of nothing.
    pub fn empty() -> Self {
        Self::new(Vec::new(), 0, code::NULL)
    }

    /// Gives the codes back.
    pub fn into_codes(self) -> Vec<u16> {
        self.codes
    }

    /// How many documents are in order already.
    pub fn n_ready(&self) -> usize {
        self.piece.len()
    }

    /// The key of the best document not yet delivered.
    pub fn next_best(&mut self, simd: Simd) -> Result<Option<u64>> {
        if self.piece.is_empty() {
            self.next_piece(simd)?;
        }
        Ok(self.piece.pop())
    }

    fn next_piece(&mut self, simd: Simd) -> Result<()> {
        if self.round.is_empty() {
            if self.bound == 0 {
                // All have been delivered.
                return Ok(());
            }
            top::greatest_keys(&self.codes, self.next_round, self.least, self.bound, simd, &mut self.round)?;
            self.bound = self.round.iter().copied().min().unwrap_or(0);
            self.next_round = (self.next_round * GROWTH).min(LARGEST_ROUND);
        }
        let cut = self.round.len().saturating_sub(self.next_piece);
        self.next_piece = self.next_piece.saturating_mul(PIECE_GROWTH);
        if cut > 0 {
            self.round.select_nth_unstable(cut);
        }
        reserve(&mut self.piece, self.round.len() - cut, "ranking round")?;
        self.piece.extend(self.round.drain(cut..));
        self.piece.sort_unstable();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Kernel;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_live_document_once_in_order(
            codes in prop_oneof![
                prop::collection::vec(0u16..6, 0..3000),
                prop::collection::vec(any::<u16>(), 0..3000),
            ],
            floor in prop_oneof![Just(code::DEAD), 1u16..5, any::<u16>()],
        ) {
            let least = floor.max(code::NULL);
            let mut expected: Vec<u64> = codes.iter().enumerate().filter(|&(_, &c)| c >= least)
                .map(|(d, &c)| top::key(c, d as u32)).collect();
            expected.sort_unstable_by_key(|&k| std::cmp::Reverse(k));
            let mut stream = Stream::new(codes, u64::MAX, floor);
            let mut got = Vec::new();
            while let Some(next) = stream.next_best(Simd::new(Kernel::best())).unwrap() {
                got.push(next);
            }
            prop_assert_eq!(got, expected);
        }
    }
}
