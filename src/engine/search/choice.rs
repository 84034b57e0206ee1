//! Which documents a ranking is to deliver: all, or those that the query's conditions leave.

use super::query::{Ranking, ScoreScale, code};
use crate::engine::filter::docset::DocSet;

/// Conditions of a search, as far as they can be told before it begins.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// For each segment the documents that conditions leave, `None` for all. Empty: all of all segments.
    pub within: Vec<Option<DocSet>>,
    /// Where the stream ends.
    pub floor: Floor,
}

/// Where a stream ends before its last document.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Floor {
    /// Nowhere: every document comes.
    #[default]
    None,
    /// Where documents share no term with the query.
    Sharing,
    /// Where the bound of the distance is above this: farther documents may come before, and are for the recheck.
    Distance(f64),
}

impl Floor {
    /// The least code that is delivered; `None` if codes do not tell which documents are to come.
    pub fn code(self, ranking: &Ranking) -> Option<u16> {
        match (self, ranking) {
            (Self::None, _) => Some(code::NULL),
            (Self::Sharing, Ranking::Scored(scale)) => scale.least_sharing(),
            (Self::Distance(most), Ranking::Scored(scale)) => Some(scale.least_within(most)),
            // NULL and NaN are within no distance; of others that have no bound nothing is known.
            (Self::Distance(_), _) => Some(code::IRREGULAR),
            (Self::Sharing, _) => None,
        }
    }
}

impl ScoreScale {
    /// The least code of which the bound of the distance is not above `most`.
    fn least_within(&self, most: f64) -> u16 {
        let (mut low, mut high) = (code::LOWEST, code::IRREGULAR);
        // Distances fall as codes rise.
        while low < high {
            let middle = low + (high - low) / 2;
            if self.distance(middle) <= most { high = middle } else { low = middle + 1 }
        }
        low
    }
}
