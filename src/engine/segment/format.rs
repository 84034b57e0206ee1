//! Fixed-size records of a segment. The byte grids are drawn in this folder's README.

use serde::{Deserialize, Serialize};

use super::chunk;
use super::gaps::GapWidth;
use super::norms::{NORMS_PER_PAGE, NormRange, n_norm_pages};
use super::pages::{PAYLOAD, Part, corrupt, field};
use crate::engine::codec::impact::{MAX_EXPONENT, MIN_EXPONENT};
use crate::engine::error::Result;
use crate::engine::filter::meta::{self, ColumnMeta};

/// Documents of a chunk: a chunk has one entry in the chunk offsets of a frequent list.
pub const CHUNK_DOCS: u32 = 256;
/// Chunks of a range.
pub const RANGE_CHUNKS: u32 = 254;
/// Documents of a range: as many as one page of 4-bit maxima over 4 documents can bound, and as one page of live bits
/// holds.
pub const RANGE_DOCS: u32 = CHUNK_DOCS * RANGE_CHUNKS;
/// TIDs on a docmap page.
pub const DOCMAP_PER_PAGE: u32 = (PAYLOAD / 6) as u32;
/// Term entries on a directory page.
pub const TERMS_PER_PAGE: u32 = (PAYLOAD / TermEntry::BYTES) as u32;
/// Fences on a fence page.
pub const FENCES_PER_PAGE: u32 = (PAYLOAD / 4) as u32;
/// Chunk records on a page.
pub const CHUNK_RECORDS_PER_PAGE: u32 = (PAYLOAD / ChunkRecord::BYTES) as u32;
/// A list is frequent from this many postings on ...
pub const FREQUENT_MIN_DF: u64 = 512;
/// ... if it also holds at least one document in this many.
pub const FREQUENT_ONE_IN: u64 = 20;
/// Documents under one bound.
pub const BLOCK_DOCS: u32 = 4;
/// Blocks of a chunk, two to a byte of its bounds.
pub const CHUNK_BLOCKS: u32 = CHUNK_DOCS / BLOCK_DOCS;
/// Blocks of a range.
pub const RANGE_BLOCKS: u32 = RANGE_DOCS / BLOCK_DOCS;
/// Bytes of a chunk's bounds; a whole number of them fills a page.
pub const CHUNK_BOUNDS: usize = CHUNK_BLOCKS as usize / 2;
/// Most documents in one segment, and in an index.
pub const MAX_DOCS: u32 = u32::MAX - CHUNK_DOCS + 1;

const _: () = assert!(RANGE_DOCS as usize == PAYLOAD * 8 && RANGE_DOCS <= 65_536);
const _: () = assert!(RANGE_BLOCKS as usize == PAYLOAD * 2 && PAYLOAD.is_multiple_of(CHUNK_BOUNDS));
const _: () = assert!(NORMS_PER_PAGE.is_multiple_of(BLOCK_DOCS) && RANGE_DOCS.is_multiple_of(NORMS_PER_PAGE));
const _: () = assert!(CHUNK_RECORDS_PER_PAGE > 0 && TERMS_PER_PAGE == 254);

/// Whether a list of `df` postings among `n_docs` documents is stored range by range.
pub fn is_frequent(df: u64, n_docs: u64) -> bool {
    df >= FREQUENT_MIN_DF && df * FREQUENT_ONE_IN >= n_docs
}

/// Ranges of a segment of `n_docs` documents.
pub fn n_ranges(n_docs: u32) -> u32 {
    n_docs.div_ceil(RANGE_DOCS)
}

/// Chunks of a segment of `n_docs` documents.
pub fn n_chunks(n_docs: u32) -> u32 {
    n_docs.div_ceil(CHUNK_DOCS)
}

/// Chunks of one of its ranges.
pub fn chunks_of_range(n_docs: u32, range: u32) -> u32 {
    n_chunks(n_docs).saturating_sub(range.saturating_mul(RANGE_CHUNKS)).min(RANGE_CHUNKS)
}

/// The sign of a list's document weights: one list for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Documents whose weight is above zero.
    Positive,
    /// Documents whose weight is below zero.
    Negative,
}

impl Sign {
    /// Both, in the order in which they are stored.
    pub const BOTH: [Self; 2] = [Self::Positive, Self::Negative];

    /// 0 or 1.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Where a list is: for a rare list its first byte, for a frequent one its first chunk record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListEntry {
    /// Number of postings; 0: there is no list.
    pub df: u32,
    /// Page of `Postings` (rare), or number of the first chunk record (frequent).
    pub place: u32,
    /// Byte on that page (rare); 0 for a frequent list.
    pub offset: u16,
    /// The greatest impact in the list.
    pub max_impact: u8,
    /// Stored range by range.
    pub frequent: bool,
    /// The width of a rare list's gaps.
    pub gaps: GapWidth,
}

/// A term's entry in the directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TermEntry {
    /// The term id.
    pub term: u32,
    /// Scale of both lists: impacts count in `2^exponent`.
    pub exponent: i16,
    /// The list of positive weights and the list of negative weights.
    pub lists: [ListEntry; 2],
}

impl TermEntry {
    /// Bytes on a page.
    pub const BYTES: usize = 32;

    /// How many of its two lists there are.
    pub fn n_lists(&self) -> usize {
        self.lists.iter().filter(|l| l.df > 0).count()
    }

    /// The record's bytes.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let [p, n] = &self.lists;
        let flags = u8::from(p.frequent) | u8::from(n.frequent) << 1 | p.gaps.bits() << 2 | n.gaps.bits() << 4;
        let mut out = [0; Self::BYTES];
        out[0..4].copy_from_slice(&self.term.to_le_bytes());
        out[4..8].copy_from_slice(&p.df.to_le_bytes());
        out[8..12].copy_from_slice(&n.df.to_le_bytes());
        out[12..16].copy_from_slice(&p.place.to_le_bytes());
        out[16..20].copy_from_slice(&n.place.to_le_bytes());
        out[20..22].copy_from_slice(&p.offset.to_le_bytes());
        out[22..24].copy_from_slice(&n.offset.to_le_bytes());
        out[24..26].copy_from_slice(&self.exponent.to_le_bytes());
        (out[26], out[27], out[28]) = (flags, p.max_impact, n.max_impact);
        out
    }

    /// Reads entry number `slot` of a directory page.
    pub fn parse(payload: &[u8], page: u32, slot: usize) -> Result<Self> {
        let at = slot * Self::BYTES;
        let bytes =
            payload.get(at..at + Self::BYTES).ok_or_else(|| corrupt(Part::Terms, page, "entry out of reach"))?;
        let list = |i: usize| ListEntry {
            df: field::u32_at(bytes, 4 + 4 * i),
            place: field::u32_at(bytes, 12 + 4 * i),
            offset: field::u16_at(bytes, 20 + 2 * i),
            max_impact: bytes[27 + i],
            frequent: bytes[26] >> i & 1 != 0,
            gaps: GapWidth::from_bits(bytes[26] >> (2 + 2 * i)),
        };
        let entry = Self {
            term: field::u32_at(bytes, 0),
            exponent: field::u16_at(bytes, 24) as i16,
            lists: [list(0), list(1)],
        };
        let sound = (MIN_EXPONENT..=MAX_EXPONENT).contains(&entry.exponent)
            && entry.lists.iter().all(|l| (l.df == 0) == (l.max_impact == 0))
            && entry.lists.iter().any(|l| l.df > 0);
        if sound { Ok(entry) } else { Err(corrupt(Part::Terms, page, "impossible term entry")) }
    }
}

/// One range of a frequent list: how many postings, where they begin, and where each chunk ends among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRecord {
    /// Postings in the range.
    pub n: u32,
    /// Page of `Postings` with the first chunk.
    pub page: u32,
    /// Byte on that page.
    pub offset: u16,
    /// The greatest impact in the range.
    pub max_impact: u8,
    /// For each chunk the end of its bytes, counted from the first chunk's begin in steps of two.
    pub ends: [u16; RANGE_CHUNKS as usize],
}

const _: () = assert!(RANGE_CHUNKS as usize * chunk::MAX_BYTES / 2 <= u16::MAX as usize);

impl ChunkRecord {
    /// Bytes on a page.
    pub const BYTES: usize = 12 + 2 * RANGE_CHUNKS as usize;

    /// Appends the record's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.n.to_le_bytes());
        out.extend_from_slice(&self.page.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&[self.max_impact, 0]);
        self.ends.iter().for_each(|s| out.extend_from_slice(&s.to_le_bytes()));
    }
}

/// Where a chunk's bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkPlace {
    /// The page of `Postings` that it begins on.
    pub page: u32,
    /// The byte on that page.
    pub from: u16,
    /// Its bytes; they may go on at the beginning of the next page.
    pub len: u16,
}

/// A chunk record where it lies on its page: nothing is copied but what is asked for.
#[derive(Clone, Copy)]
pub struct RangeRecord<'a> {
    bytes: &'a [u8; ChunkRecord::BYTES],
    page: u32,
}

impl<'a> RangeRecord<'a> {
    /// Reads record `slot` of page number `page` of the chunks.
    pub fn parse(payload: &'a [u8], page: u32, slot: usize) -> Result<Self> {
        let at = slot * ChunkRecord::BYTES;
        let bytes = payload.get(at..at + ChunkRecord::BYTES).and_then(|b| b.try_into().ok());
        let record = Self { bytes: bytes.ok_or_else(|| corrupt(Part::Chunks, page, "record out of reach"))?, page };
        let sound =
            record.n() <= RANGE_DOCS && (record.n() == 0) == (record.max_impact() == 0) && record.begin().1 <= PAYLOAD;
        if sound { Ok(record) } else { Err(corrupt(Part::Chunks, page, "impossible range")) }
    }

    /// Whether the byte that means nothing is zero.
    pub fn has_no_rest(&self) -> bool {
        self.bytes[11] == 0
    }

    /// Postings in the range.
    pub fn n(&self) -> u32 {
        field::u32_at(self.bytes, 0)
    }

    /// The greatest impact in the range; 0 if it is empty.
    pub fn max_impact(&self) -> u8 {
        self.bytes[10]
    }

    /// Where the first chunk begins: page of `Postings`, byte.
    pub fn begin(&self) -> (u32, usize) {
        (field::u32_at(self.bytes, 4), usize::from(field::u16_at(self.bytes, 8)))
    }

    fn end(&self, chunk: usize) -> usize {
        2 * usize::from(field::u16_at(self.bytes, 12 + 2 * chunk))
    }

    /// The bytes of a chunk, counted from the first chunk's begin.
    #[inline]
    pub fn chunk(&self, chunk: usize) -> Result<std::ops::Range<usize>> {
        let bytes = if chunk == 0 { 0 } else { self.end(chunk - 1) }..self.end(chunk);
        if bytes.start <= bytes.end && bytes.len() <= chunk::MAX_BYTES {
            return Ok(bytes);
        }
        Err(corrupt(Part::Chunks, self.page, "impossible chunk"))
    }

    /// Where a chunk is.
    #[inline]
    pub fn place(&self, chunk: usize) -> Result<ChunkPlace> {
        let bytes = self.chunk(chunk)?;
        let (page, offset) = self.begin();
        let start = offset + bytes.start;
        // Below the page's size and the longest chunk: both fit.
        let (from, len) = ((start % PAYLOAD) as u16, bytes.len() as u16);
        Ok(ChunkPlace { page: page.wrapping_add((start / PAYLOAD) as u32), from, len })
    }

    /// A copy, for those who let the page go.
    pub fn view(&self) -> RangeView {
        let mut ends = [0; 2 * RANGE_CHUNKS as usize];
        ends.copy_from_slice(&self.bytes[12..]);
        RangeView { begin: self.begin(), ends, page: self.page }
    }
}

/// Where all chunks of a range are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeView {
    begin: (u32, usize),
    /// As they are on the page.
    ends: [u8; 2 * RANGE_CHUNKS as usize],
    /// The page of the chunk records.
    page: u32,
}

impl RangeView {
    /// Gives the chunks that are not empty, with their numbers.
    #[inline]
    pub fn for_each(&self, mut each: impl FnMut(u32, ChunkPlace) -> Result<()>) -> Result<()> {
        let ((mut page, mut from), mut before) = (self.begin, 0);
        for (no, end) in (0u32..).zip(self.ends.as_chunks::<2>().0) {
            let end = u16::from_le_bytes(*end);
            let len = 2 * usize::from(end.wrapping_sub(before));
            if len == 0 {
                continue;
            }
            if end < before || len > chunk::MAX_BYTES {
                return Err(corrupt(Part::Chunks, self.page, "impossible chunk"));
            }
            if from >= PAYLOAD {
                (page, from) = (page.wrapping_add(1), from - PAYLOAD);
            }
            each(no, ChunkPlace { page, from: from as u16, len: len as u16 })?;
            (before, from) = (end, from + len);
        }
        Ok(())
    }
}

/// Where the level of a block of a chunk is in the chunk's bounds: the byte, and how far to shift it. The low halves of
/// the bytes are the first 32 blocks, the high halves the others, so that both unpack without interleaving.
pub fn level_place(block: u32) -> (usize, u32) {
    let half = CHUNK_BLOCKS / 2;
    ((block % half) as usize, block % CHUNK_BLOCKS / half * 4)
}

/// The totals of a segment, kept in the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentMeta {
    /// Documents, dead ones included.
    pub n_docs: u32,
    /// Terms in the directory.
    pub n_terms: u32,
    /// Postings in all lists.
    pub n_postings: u64,
    /// The most non-zeros of a document.
    pub max_nnz: u32,
    /// Documents whose vector is NULL.
    pub n_null: u32,
    /// Some list of negative weights exists.
    pub has_negative: bool,
    /// Norms of the documents, if the distance asks for them.
    pub norms: NormRange,
    /// Pages of each part.
    pub pages: [u32; Part::ALL.len()],
    /// The filter columns.
    pub columns: Vec<ColumnMeta>,
}

impl SegmentMeta {
    /// Pages of `part`.
    pub fn n_pages(&self, part: Part) -> u32 {
        self.pages[part.index()]
    }

    /// Pages of all parts.
    pub fn all_pages(&self) -> u64 {
        self.pages.iter().map(|&n| u64::from(n)).sum()
    }

    /// How many pages the parts must have whose size follows from the totals.
    pub fn expected_pages(&self) -> [(Part, u32); 5] {
        let terms = self.n_terms.div_ceil(TERMS_PER_PAGE);
        [
            (Part::Docmap, self.n_docs.div_ceil(DOCMAP_PER_PAGE)),
            (Part::Live, n_ranges(self.n_docs)),
            (Part::Killed, n_ranges(self.n_docs)),
            (Part::Terms, terms),
            (Part::Fences, terms.div_ceil(FENCES_PER_PAGE)),
        ]
    }

    /// Whether documents have norms.
    pub fn has_norms(&self) -> bool {
        self.n_pages(Part::Norms) > 0
    }

    /// Whether the totals and the pages go together; then nothing sized by the totals exceeds the index itself.
    pub fn is_plausible(&self) -> bool {
        self.n_docs > 0
            && self.n_docs <= MAX_DOCS
            && self.n_null <= self.n_docs
            && self.norms.is_plausible()
            && (!self.has_norms() || self.n_pages(Part::Norms) == n_norm_pages(self.n_docs))
            && self.expected_pages().iter().all(|&(part, n)| self.n_pages(part) == n)
            && meta::expected_pages(&self.columns, self.n_docs)
                .is_some_and(|expected| expected.iter().all(|&(part, n)| self.n_pages(part) == n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn term_entry_round_trips() {
        let entry = TermEntry {
            term: 7592,
            exponent: -157,
            lists: [
                ListEntry { df: 9, place: 8, offset: 7, max_impact: 255, frequent: false, gaps: GapWidth::Four },
                ListEntry {
                    df: 1_000_000,
                    place: u32::MAX,
                    offset: 0,
                    max_impact: 1,
                    frequent: true,
                    gaps: GapWidth::One,
                },
            ],
        };
        let mut page = vec![0; PAYLOAD];
        page[32..64].copy_from_slice(&entry.to_bytes());
        assert_eq!(TermEntry::parse(&page, 0, 1), Ok(entry));
        assert!(TermEntry::parse(&page, 0, 0).is_err());
        assert!(TermEntry::parse(&page, 0, 254).is_err());
    }

    #[test]
    fn chunk_record_round_trips() {
        let ends: [u16; RANGE_CHUNKS as usize] = std::array::from_fn(|i| i as u16 * 3);
        let record = ChunkRecord { n: 900, page: 5, offset: 100, max_impact: 9, ends };
        let mut page = vec![0; ChunkRecord::BYTES];
        record.write(&mut page);
        page.resize(PAYLOAD, 0);
        let read = RangeRecord::parse(&page, 0, 1).unwrap();
        assert_eq!((read.n(), read.begin(), read.max_impact()), (900, (5, 100), 9));
        assert!((1..254).all(|c| read.chunk(c).unwrap() == (6 * (c - 1)..6 * c)));
        let mut n = 0;
        let each = |c: u32, place| {
            n += 1;
            assert_eq!(Ok(place), read.place(c as usize));
            Ok(())
        };
        read.view().for_each(each).unwrap();
        assert_eq!(n, 253);
        assert_eq!(read.place(1).unwrap(), ChunkPlace { page: 5, from: 100, len: 6 });
        page[ChunkRecord::BYTES + 14] = 0xff;
        let read = RangeRecord::parse(&page, 0, 1).unwrap();
        assert!(read.chunk(1).is_err() && read.view().for_each(|_, _| Ok(())).is_err());
        page[ChunkRecord::BYTES + 10] = 0;
        assert!(RangeRecord::parse(&page, 0, 1).is_err());
    }
}
