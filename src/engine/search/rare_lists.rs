//! The rare lists of a query in the bounds of one segment: each is decoded once, and kept, since blocks that are scored
//! look into them again and again.

use super::block_lookups::gallop;
use super::query::PlannedList;
use super::scratch::Scratch;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{BLOCK_DOCS, RANGE_BLOCKS, RANGE_DOCS};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;

/// Lanes of a range, rounded up to a power of two so that a place in it needs no check.
pub const RANGE_LANES: usize = (RANGE_BLOCKS as usize).next_power_of_two();

/// See the module's text.
#[derive(Default)]
pub struct RareLists {
    /// Documents in their ranges, shifted by 8, and impacts.
    decoded: Vec<u32>,
    /// For each rare list and range where its postings begin in `decoded`; the last says where the last list ends.
    begins: Vec<usize>,
    /// For each list its row of `begins`, if it is rare.
    rows: Vec<Option<usize>>,
    n_ranges: usize,
}

/// Documents that conditions leave, where few blocks have a lane.
pub struct FewDocuments {
    /// Ascending.
    docs: Vec<u32>,
    /// For each of them the lane of its block.
    lanes: Vec<u32>,
}

impl FewDocuments {
    /// The documents of a set, whose blocks are `members`.
    pub fn new(within: &DocSet, members: &[u32]) -> Result<Self> {
        let n = within.count() as usize;
        let (mut docs, mut lanes) = (reserved(n, "filtered documents")?, reserved(n, "filtered documents")?);
        let mut member = 0;
        for doc in within.iter() {
            member += gallop(&members[member..], doc / BLOCK_DOCS);
            docs.push(doc);
            lanes.push(member as u32);
        }
        Ok(Self { docs, lanes })
    }
}

impl RareLists {
    /// Adds what the rare ones among `lists` are to the lanes, in working memory of `scratch`: all postings, or those of
    /// `few` documents.
    pub fn add<P: PartPages>(
        segment: &SegmentReader<'_, P>,
        lists: &[PlannedList],
        few: Option<&FewDocuments>,
        (n_ranges, lanes): (usize, &mut [u16]),
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let rare = || lists.iter().filter(|l| !l.list.frequent);
        let most = few.map_or(usize::MAX, |few| few.docs.len());
        let total: usize = rare().map(|l| most.min(l.list.df as usize)).sum();
        let begins = reserved(rare().count() * n_ranges + 1, "rare lists")?;
        let rows = reserved(lists.len(), "rare lists")?;
        // One place more than there are postings: what a filler leaves behind is written over.
        let mut decoded = scratch.postings(total + 1);
        reserve(&mut decoded, total + 1, "rare lists")?;
        decoded.resize(total + 1, 0);
        let mut own = Self { decoded, begins, rows, n_ranges };
        let mut n = 0;
        for l in lists {
            if l.list.frequent {
                own.rows.push(None);
                continue;
            }
            own.rows.push(Some(own.begins.len()));
            n = match few {
                None => own.add_list(segment, l, lanes, n)?,
                Some(few) => own.add_of_few(segment, l, few, lanes, n)?,
            };
        }
        own.begins.push(n);
        Ok(own)
    }

    /// Adds all postings of a list to the lanes, and keeps them from place `n` on; returns the place behind them.
    /// Documents that conditions exclude are no exception: to tell them apart takes longer than to add them, and a bound
    /// that is a little too high does no harm.
    fn add_list<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        l: &PlannedList,
        lanes: &mut [u16],
        mut n: usize,
    ) -> Result<usize> {
        // What subtracts is no part of a bound.
        let units = if l.subtract { [0; 256] } else { l.units_table() };
        let mut cursor = RareCursor::new(&l.list);
        for (range, first) in (0..self.n_ranges).zip((0u32..).step_by(RANGE_DOCS as usize)) {
            self.begins.push(n);
            let lanes = lanes.get_mut(range * RANGE_BLOCKS as usize..).unwrap_or_default();
            let Some(lanes) = lanes.first_chunk_mut::<RANGE_LANES>() else { break };
            let decoded = &mut self.decoded[..];
            cursor.for_each_below(segment, first.saturating_add(RANGE_DOCS), |doc, impact| {
                let place = doc.wrapping_sub(first);
                if let Some(slot) = decoded.get_mut(n) {
                    *slot = place << 8 | u32::from(impact);
                    n += usize::from(impact > 0);
                }
                // By choice of the unit four postings of each rare list fit a lane.
                let lane = &mut lanes[(place / BLOCK_DOCS) as usize % RANGE_LANES];
                *lane = lane.wrapping_add(units[usize::from(impact)]);
                Ok(())
            })?;
        }
        Ok(n)
    }

    /// The same for few documents.
    fn add_of_few<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        l: &PlannedList,
        few: &FewDocuments,
        lanes: &mut [u16],
        mut n: usize,
    ) -> Result<usize> {
        let units = if l.subtract { [0; 256] } else { l.units_table() };
        let row = self.begins.len();
        self.begins.push(n);
        RareCursor::new(&l.list).for_each_among(segment, &few.docs, |at, impact| {
            let doc = few.docs[at];
            while self.begins.len() - row <= (doc / RANGE_DOCS) as usize {
                self.begins.push(n);
            }
            if let Some(slot) = self.decoded.get_mut(n) {
                *slot = (doc % RANGE_DOCS) << 8 | u32::from(impact);
                n += 1;
            }
            if let Some(lane) = lanes.get_mut(few.lanes[at] as usize) {
                *lane = lane.wrapping_add(units[usize::from(impact)]);
            }
        })?;
        self.begins.resize(row + self.n_ranges, n);
        Ok(n)
    }

    /// The postings of a list, if it is rare, in a range.
    pub fn postings(&self, list: usize, range: u32) -> &[u32] {
        let Some(Some(row)) = self.rows.get(list).copied() else { return &[] };
        let at = row + range as usize;
        match (self.begins.get(at), self.begins.get(at + 1)) {
            (Some(&from), Some(&to)) => self.decoded.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Gives the memory back.
    pub fn into_decoded(self) -> Vec<u32> {
        self.decoded
    }
}
