//! What the engine asks of a page store. Storage implements it over PostgreSQL's buffers, tests over memory, both
//! honest and hostile.

use std::ops::Deref;

use crate::engine::error::{EngineError, Result};

/// Bytes of a page that belong to the engine: 8192 less PostgreSQL's header (24) and our special area (40).
pub const PAYLOAD: usize = 8128;

/// The parts of a segment; each is a run of pages numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Part {
    /// Sorted directory: term, document frequencies, scale, where the lists are.
    Terms = 0,
    /// The first term of every page of `Terms`.
    Fences = 1,
    /// The inverted lists.
    Postings = 2,
    /// For frequent terms: where each range and each chunk of 256 documents begins.
    Chunks = 3,
    /// Document to TID.
    Docmap = 4,
    /// One bit per document, set while it is live.
    Live = 5,
    /// Documents without a regular score: NULL, zero norm, irregular norm.
    Special = 6,
    /// For frequent terms: the greatest impact in every 4 documents, in 4 bits; one page a range.
    Bounds = 7,
    /// One bit per document, set if a scan has found its row dead to everybody: a hint.
    Killed = 8,
    /// For each filter column its sorted values, and how many documents have each.
    FilterValues = 9,
    /// For each filter column the documents' values as numbers, bit by bit: one bit a document and plane.
    FilterCodes = 10,
    /// For filter columns of many values: the documents in the order of their values.
    FilterLists = 11,
    /// Squared lengths of the documents, where the distance asks for them.
    Norms = 12,
}

impl Part {
    /// All parts, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Terms,
        Self::Fences,
        Self::Postings,
        Self::Chunks,
        Self::Docmap,
        Self::Live,
        Self::Special,
        Self::Bounds,
        Self::Killed,
        Self::FilterValues,
        Self::FilterCodes,
        Self::FilterLists,
        Self::Norms,
    ];

    /// Its place in [`Part::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Fences => "fences",
            Self::Postings => "postings",
            Self::Chunks => "chunks",
            Self::Docmap => "docmap",
            Self::Live => "live docs",
            Self::Special => "special docs",
            Self::Bounds => "bounds",
            Self::Killed => "killed docs",
            Self::FilterValues => "filter values",
            Self::FilterCodes => "filter codes",
            Self::FilterLists => "filter lists",
            Self::Norms => "norms",
        }
    }
}

/// Reads the pages of one segment.
pub trait PartPages {
    /// A page held open; gives the payload, exactly [`PAYLOAD`] bytes.
    type Page<'a>: Deref<Target = [u8]>
    where
        Self: 'a;

    /// Opens page `no` of `part`, checking that it is that page.
    fn page(&self, part: Part, no: u32) -> Result<Self::Page<'_>>;

    /// Called between pages, with no page open, wherever work is long.
    fn check_interrupts(&self) {}

    /// An error about a page of this segment with the block it is about, if the store knows it.
    fn locate(&self, error: EngineError) -> EngineError {
        error
    }
}

/// Writes the pages of a new segment, each part front to back, parts in any interleaving.
pub trait PartSink {
    /// Writes the next page of `part`; a payload shorter than [`PAYLOAD`] is filled with zeros.
    fn append(&mut self, part: Part, payload: &[u8]) -> Result<()>;

    /// Called between units of work.
    fn check_interrupts(&self) {}
}

/// A corrupt-page error.
pub fn corrupt(part: Part, page: u32, reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: part.name(), page, reason }
}

/// Little-endian integers at a fixed place of a page.
pub mod field {
    /// Two bytes at `at`, zero if out of reach (callers check lengths once per record).
    #[inline]
    pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
        bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
    }

    /// Four bytes at `at`, zero if out of reach.
    #[inline]
    pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
        bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// Eight bytes at `at`, zero if out of reach.
    #[inline]
    pub fn i64_at(bytes: &[u8], at: usize) -> i64 {
        bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, i64::from_le_bytes)
    }
}

/// A store in memory: the reference implementation, for tests of everything above it.
#[derive(Clone, Debug, Default)]
pub struct MemoryPages {
    pages: [Vec<Vec<u8>>; Part::ALL.len()],
    /// How many pages were opened.
    #[cfg(test)]
    opened: std::cell::Cell<u64>,
}

/// No test opens so many pages of one store, unless a loop does not get on: then it ends here instead of never.
#[cfg(test)]
const MOST_OPENED: u64 = 1 << 27;

impl MemoryPages {
    /// The pages of `part`, for tests that damage them.
    pub fn part_mut(&mut self, part: Part) -> &mut Vec<Vec<u8>> {
        &mut self.pages[part.index()]
    }
}

impl PartPages for MemoryPages {
    type Page<'a> = &'a [u8];

    fn page(&self, part: Part, no: u32) -> Result<Self::Page<'_>> {
        #[cfg(test)]
        {
            self.opened.set(self.opened.get() + 1);
            assert!(self.opened.get() < MOST_OPENED, "a loop does not get on: page {no} of {} again", part.name());
        }
        let page = self.pages[part.index()].get(no as usize);
        page.map(Vec::as_slice).ok_or_else(|| corrupt(part, no, "no such page"))
    }
}

impl PartSink for MemoryPages {
    fn append(&mut self, part: Part, payload: &[u8]) -> Result<()> {
        let mut page = payload.to_vec();
        page.resize(PAYLOAD, 0);
        self.pages[part.index()].push(page);
        Ok(())
    }
}
