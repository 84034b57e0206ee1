//! Which documents of a segment meet conditions.
//!
//! The conditions on a column become ranges of codes, and the dictionary says how many documents these have. The column
//! that leaves the fewest comes first: its documents are read from the column's list if they are few, or found by its
//! planes, 64 at once. Each further column looks only at ranges of documents that have candidates left, and in a range
//! with few at those documents alone.

use std::ops::RangeInclusive;

use super::column::ColumnReader;
use super::condition::{Condition, Filter};
use super::docset::DocSet;
use super::list::List;
use super::planes::{Planes, RANGE_WORDS};
use super::selection::Selection;
use crate::engine::error::{Result, filled, reserve, reserved};
use crate::engine::segment::format::{RANGE_DOCS, n_ranges};
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;

/// Documents read from a list in the time in which a plane of a range is read and combined with others.
const LISTED_PER_PLANE: u64 = 256;
/// With fewer candidates in a range, their codes are looked up one by one.
const FEW_CANDIDATES: u32 = RANGE_DOCS / 256;

/// What conditions leave of a column.
struct Narrowed<'p, P> {
    column: ColumnReader<'p, P>,
    selection: Selection,
    n_docs: u32,
}

impl Filter {
    /// The documents of a segment that meet all conditions, dead ones included; `None` if all do.
    pub fn evaluate<P: PartPages>(&mut self, segment: &SegmentReader<'_, P>) -> Result<Option<DocSet>> {
        let n_docs = segment.meta.n_docs;
        self.conditions.sort_by_key(|condition| condition.column);
        let mut columns = reserved(self.conditions.len(), "filter columns")?;
        for conditions in self.conditions.chunk_by_mut(|a, b| a.column == b.column) {
            let Some(&Condition { column: no, .. }) = conditions.first() else { continue };
            let column = segment.column(no)?;
            let tests = conditions.iter_mut().map(|condition| &mut condition.test);
            let selection = Selection::new(column, tests)?;
            if selection.is_empty() {
                return DocSet::none(n_docs).map(Some);
            }
            if !selection.is_everything(column.meta) {
                let n_docs = selection.n_docs(column.meta);
                columns.push(Narrowed { column, selection, n_docs });
            }
            segment.pages.check_interrupts();
        }
        columns.sort_by_key(|narrowed| narrowed.n_docs);
        let mut left = None;
        for narrowed in columns {
            let next = narrowed.documents(left)?;
            if next.is_empty() {
                return Ok(Some(next));
            }
            left = Some(next);
        }
        Ok(left)
    }
}

impl<P: PartPages> Narrowed<'_, P> {
    /// Those of `left`, or of all documents, that are selected.
    fn documents(&self, left: Option<DocSet>) -> Result<DocSet> {
        let ColumnReader { meta, n_docs, .. } = self.column;
        let codes = self.selection.codes(meta)?;
        let ranges = left.as_ref().map_or(n_ranges(n_docs), ranges_left);
        let by_planes = u64::from(ranges) * u64::from(meta.bits()) * codes.len() as u64 * LISTED_PER_PLANE;
        if let Some(listed) = self.selection.listed().filter(|_| meta.has_lists() && u64::from(self.n_docs) < by_planes)
        {
            let mut set = DocSet::none(n_docs)?;
            let mut list = List::new(self.column);
            for (from, to) in listed {
                list.for_each(from, to, &mut |doc| {
                    set.insert(doc);
                    Ok(())
                })?;
            }
            left.iter().for_each(|left| set.and(left));
            return Ok(set);
        }
        let mut set = left.map_or_else(|| DocSet::all(n_docs), Ok)?;
        let mut search = PlaneSearch::new(self.column.planes(), codes)?;
        let mut result = Ok(());
        set.change(|words| {
            result = words.chunks_mut(RANGE_WORDS).zip(0..).try_for_each(|(words, range)| {
                self.column.pages.check_interrupts();
                search.narrow(range, words)
            });
        });
        result.map(|()| set)
    }
}

fn ranges_left(set: &DocSet) -> u32 {
    set.words().chunks(RANGE_WORDS).filter(|words| words.iter().any(|&word| word != 0)).count() as u32
}

/// Finds documents by their codes, range by range.
struct PlaneSearch<'p, P> {
    planes: Planes<'p, P>,
    codes: Vec<RangeInclusive<u32>>,
    among: Vec<u64>,
    high: Vec<u64>,
    found: Vec<u64>,
    places: Vec<u16>,
    codes_read: Vec<u32>,
}

impl<'p, P: PartPages> PlaneSearch<'p, P> {
    fn new(planes: Planes<'p, P>, codes: Vec<RangeInclusive<u32>>) -> Result<Self> {
        let words = || filled(planes.n_words(), 0u64, "filtered documents");
        let (among, high, found) = (words()?, words()?, words()?);
        Ok(Self { codes, among, high, found, places: Vec::new(), codes_read: Vec::new(), planes })
    }

    /// Takes the documents of a range that are not found out of `words`.
    fn narrow(&mut self, range: u32, words: &mut [u64]) -> Result<()> {
        let n: u32 = words.iter().map(|word| word.count_ones()).sum();
        if n == 0 {
            return Ok(());
        }
        self.planes.begin_range(range);
        if n <= FEW_CANDIDATES { self.look_up(words) } else { self.combine(words) }
    }

    fn look_up(&mut self, words: &mut [u64]) -> Result<()> {
        self.places.clear();
        reserve(&mut self.places, FEW_CANDIDATES as usize, "filtered documents")?;
        for (word, first) in words.iter().zip((0u16..).step_by(64)) {
            let mut rest = *word;
            while rest != 0 {
                self.places.push(first + rest.trailing_zeros() as u16);
                rest &= rest - 1;
            }
        }
        self.planes.codes_of(&self.places, &mut self.codes_read)?;
        for (&place, &code) in self.places.iter().zip(&self.codes_read) {
            let at = self.codes.partition_point(|codes| *codes.end() < code);
            if self.codes.get(at).is_none_or(|codes| code < *codes.start()) {
                words[usize::from(place) / 64] &= !(1 << (place % 64));
            }
        }
        Ok(())
    }

    fn combine(&mut self, words: &mut [u64]) -> Result<()> {
        let n = words.len();
        let (among, high, found) = (&mut self.among[..n], &mut self.high[..n], &mut self.found[..n]);
        found.fill(0);
        for codes in &self.codes {
            among.copy_from_slice(words);
            self.planes.add_codes(codes, among, high, found)?;
        }
        words.copy_from_slice(found);
        Ok(())
    }
}
