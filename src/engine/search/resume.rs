//! A stream that goes on in another ranking of the same query, when the first cannot be read to its end.
//!
//! The other ranking is of another state of the index, so its bounds are other ones. Two rules make both one stream:
//! - A row that was delivered is passed over. A row is known by its TID: a reader's snapshot sees one row under it.
//! - A distance below the last delivered one is raised to it. The row was not delivered before although its turn, by
//!   its old bound, came not before the last one's: the old bound, and so the true distance, is at least that. So what
//!   was raised is still not above the true distance, and the order stays ascending.
//!
//! Both hold for rows that both states have. Those that only one has are rows that the reader's snapshot does not see,
//! whatever distance they come with.

use super::query::Distance;
use crate::engine::error::{Result, reserve};
use crate::engine::ids::Tid;

/// Rows that are remembered: 8 MB of them.
const MAX_ROWS: usize = 1 << 20;

/// What a stream must remember to go on elsewhere.
#[derive(Debug)]
pub struct Resume {
    /// Delivered rows; sorted up to `n_sorted`.
    rows: Vec<Tid>,
    /// Those that an earlier ranking delivered. A ranking itself gives no row twice.
    n_sorted: usize,
    /// What the last row came with.
    last: Option<Distance>,
    most: usize,
    /// There were more rows than can be remembered.
    overflowed: bool,
}

impl Default for Resume {
    fn default() -> Self {
        Self::with_limit(MAX_ROWS)
    }
}

impl Resume {
    fn with_limit(most: usize) -> Self {
        Self { rows: Vec::new(), n_sorted: 0, last: None, most, overflowed: false }
    }

    /// Whether the stream may go on in another ranking.
    pub fn is_possible(&self) -> bool {
        !self.overflowed
    }

    /// From here on rows come from another ranking, best first.
    pub fn begin_next(&mut self) {
        self.rows.sort_unstable();
        self.n_sorted = self.rows.len();
    }

    /// The distance with which the ranking's next row is delivered, `None` if it is to be passed over.
    pub fn deliver(&mut self, tid: Tid, distance: Distance) -> Result<Option<Distance>> {
        if self.rows[..self.n_sorted].binary_search(&tid).is_ok() {
            return Ok(None);
        }
        let distance = match self.last {
            Some(last) if distance.compare(&last).is_lt() => last,
            _ => distance,
        };
        self.last = Some(distance);
        if self.rows.len() < self.most {
            reserve(&mut self.rows, 1, "rows delivered")?;
            self.rows.push(tid);
        } else if !self.overflowed {
            // What was delivered before the last change of rankings must still be known.
            self.overflowed = true;
            self.rows.truncate(self.n_sorted);
        }
        Ok(Some(distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn tid(row: u32) -> Tid {
        Tid { block: row / 7, offset: 1 + (row % 7) as u16 }
    }

    fn distance(steps: u8) -> Distance {
        match steps {
            0..=200 => Distance::Value(f64::from(steps)),
            201..=225 => Distance::Value(f64::NAN),
            _ => Distance::Null,
        }
    }

    /// A bound of `truth`: numbers may be lower by `looseness`, NaN and NULL are exact.
    fn bound(truth: u8, looseness: u8) -> Distance {
        if truth <= 200 { Distance::Value(f64::from(truth) - f64::from(looseness)) } else { distance(truth) }
    }

    /// Rows that the snapshot does not see: other ones in every ranking, some in several.
    fn strangers() -> impl Strategy<Value = BTreeMap<u32, u8>> {
        prop::collection::btree_map(120u32..200, any::<u8>(), 0..20)
    }

    proptest! {
        /// Rankings of different states, each cut off somewhere, are one stream of the rows that all of them have.
        #[test]
        fn several_rankings_are_one_stream(
            truths in prop::collection::vec(any::<u8>(), 1..120),
            rankings in prop::collection::vec((0u8..30, 0usize..60, strangers()), 1..6),
            seed in any::<u32>(),
        ) {
            let mut resume = Resume::default();
            let mut delivered: Vec<(Tid, Distance)> = Vec::new();
            let n = rankings.len();
            for (at, (looseness, take, strangers)) in rankings.into_iter().enumerate() {
                if at > 0 {
                    resume.begin_next();
                }
                let mut ranking: Vec<(Tid, Distance)> = truths.iter().zip(0u32..).map(|(&truth, row)| {
                    let loose = (row.wrapping_mul(seed | 1).wrapping_add(at as u32) % (u32::from(looseness) + 1)) as u8;
                    (tid(row), bound(truth, loose))
                }).chain(strangers.into_iter().map(|(row, d)| (tid(row), distance(d)))).collect();
                ranking.sort_by(|a, b| a.1.compare(&b.1));
                let take = if at + 1 == n { usize::MAX } else { take };
                let mut taken = 0;
                for (tid, bound) in ranking {
                    if taken == take {
                        break;
                    }
                    if let Some(given) = resume.deliver(tid, bound).unwrap() {
                        delivered.push((tid, given));
                        taken += 1;
                    }
                }
            }
            for pair in delivered.windows(2) {
                prop_assert!(pair[0].1.compare(&pair[1].1).is_le(), "ascending: {pair:?}");
            }
            for (row, &truth) in (0u32..).zip(&truths) {
                let given: Vec<_> = delivered.iter().filter(|d| d.0 == tid(row)).collect();
                prop_assert_eq!(given.len(), 1, "row {} once", row);
                prop_assert!(given[0].1.compare(&distance(truth)).is_le(), "row {row}: {:?} above {truth}", given[0].1);
            }
        }
    }

    #[test]
    fn too_many_rows_are_not_remembered() {
        let mut resume = Resume::with_limit(4);
        let mut give = |row| resume.deliver(tid(row), Distance::Value(1.0)).unwrap().is_some();
        assert!((0..3).all(&mut give));
        resume.begin_next();
        let mut give = |row| resume.deliver(tid(row), Distance::Value(1.0)).unwrap().is_some();
        assert!(!give(0) && give(3));
        assert!(resume.is_possible());
        let mut give = |row| resume.deliver(tid(row), Distance::Value(1.0)).unwrap().is_some();
        assert!((4..9).all(&mut give) && (0..3).all(|row| !give(row)), "the rest of this ranking is right");
        assert!(!resume.is_possible());
    }
}
