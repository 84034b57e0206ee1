//! Rows that the executor has found dead to everybody (`kill_prior_tuple`), to be passed over by later scans.
//!
//! The executor says so of a row that no snapshot sees now or will see: deleted, replaced or rolled back before the
//! oldest of them. It never does in a transaction that began in recovery, and the hint is not heeded there either: a
//! snapshot of a standby may be older than all of the primary's.
//!
//! What is noted is not the row's TID, which VACUUM may free and the table give to a new row, but the place in the
//! index: the document of a segment, or the entry of a pending page. Neither is ever another row's. So a hint that
//! comes late, after VACUUM has been there, marks what is dead all the same; and where the segment or page is gone, it
//! is lost.

use super::ranking::Ranking;
use crate::engine::error::{Result, reserve};
use crate::engine::segment::live;
use crate::storage::pending;
use crate::storage::relation::IndexRelation;

/// Where a row is in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A document of a segment.
    Segment {
        /// The segment's position in the ranking.
        segment: u32,
        /// The document.
        doc: u32,
    },
    /// An entry of the pending list.
    Pending {
        /// The page.
        block: u32,
        /// Its number.
        page_no: u32,
        /// The entry's first byte there.
        at: u32,
    },
}

impl Place {
    /// Whether both are marked on the same page.
    fn shares_page(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Segment { segment: a, doc }, Self::Segment { segment: b, doc: other }) => {
                a == b && live::place(*doc).0 == live::place(*other).0
            }
            (Self::Pending { page_no: a, .. }, Self::Pending { page_no: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// Places are marked when there are this many, and when the scan ends.
const MOST: usize = 4096;

/// Places of a ranking that are to be marked.
#[derive(Debug, Default)]
pub struct Killed {
    places: Vec<Place>,
    n: u64,
}

impl Killed {
    /// How many there were.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Notes a place of `ranking`.
    pub fn add(&mut self, index: IndexRelation, ranking: &Ranking, place: Place) -> Result<()> {
        reserve(&mut self.places, 1, "killed rows")?;
        self.places.push(place);
        self.n += 1;
        if self.places.len() < MOST { Ok(()) } else { self.mark(index, ranking) }
    }

    /// Marks what was noted, one record a page; a page that somebody is at is left out.
    pub fn mark(&mut self, index: IndexRelation, ranking: &Ranking) -> Result<()> {
        self.places.sort_unstable();
        for group in self.places.chunk_by(Place::shares_page) {
            match group[0] {
                Place::Segment { segment, .. } => {
                    let docs = group.iter().filter_map(|place| match *place {
                        Place::Segment { doc, .. } => Some(doc),
                        Place::Pending { .. } => None,
                    });
                    let Some(pages) = ranking.segments().get(segment as usize) else { continue };
                    pages.mark_killed(&docs.collect::<Vec<_>>())?;
                }
                Place::Pending { block, page_no, .. } => {
                    let entries = group.iter().filter_map(|place| match *place {
                        Place::Pending { at, .. } => Some(at as usize),
                        Place::Segment { .. } => None,
                    });
                    pending::mark_killed(index, block, page_no, &entries.collect::<Vec<_>>())?;
                }
            }
        }
        self.places.clear();
        Ok(())
    }
}
