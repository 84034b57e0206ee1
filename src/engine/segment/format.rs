//! Fixed-size records of a segment. The byte grids are drawn in this folder's README.

use serde::{Deserialize, Serialize};

use super::pages::{PAYLOAD, Part, corrupt, field};
use crate::engine::codec::impact::{MAX_EXPONENT, MIN_EXPONENT};
use crate::engine::error::Result;

/// Documents of a chunk: a chunk has one entry in the chunk offsets of a frequent list.
pub const CHUNK_DOCS: u32 = 256;
/// Chunks of a range.
pub const RANGE_CHUNKS: u32 = 254;
/// Documents of a range: as many as one page of 4-bit maxima over 4 documents can bound, and as one page of live bits holds.
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
pub const FREQUENT_ONE_IN: u64 = 32;
/// No posting of a rare list crosses a page: this many bytes must be left, else it goes to the next page.
pub const RARE_POSTING_MAX: usize = 6;
/// Bytes of a posting of a frequent list: a two-byte document, a one-byte impact.
pub const FREQUENT_POSTING: usize = 3;
/// A fragment of a frequent list is not begun in less room than this many postings.
pub const FRAGMENT_MIN: usize = 16;
/// Most documents in one segment, and in an index.
pub const MAX_DOCS: u32 = u32::MAX - 1;

const _: () = assert!(RANGE_DOCS as usize == PAYLOAD * 8 && RANGE_DOCS <= 65_536);
const _: () = assert!(CHUNK_RECORDS_PER_PAGE > 0 && TERMS_PER_PAGE == 254);

/// Whether a list of `df` postings among `n_docs` documents is stored range by range.
pub fn is_frequent(df: u64, n_docs: u64) -> bool {
    df >= FREQUENT_MIN_DF && df * FREQUENT_ONE_IN >= n_docs
}

/// Ranges of a segment of `n_docs` documents.
pub fn n_ranges(n_docs: u32) -> u32 {
    n_docs.div_ceil(RANGE_DOCS)
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

    /// The record's bytes.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let [p, n] = &self.lists;
        let flags = u8::from(p.frequent) | u8::from(n.frequent) << 1;
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

/// One range of a frequent list: how many postings, where they begin, and where each chunk begins among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRecord {
    /// Postings in the range.
    pub n: u32,
    /// Page of `Postings` with the first fragment.
    pub page: u32,
    /// Byte on that page.
    pub offset: u16,
    /// The greatest impact in the range.
    pub max_impact: u8,
    /// For each chunk the number of postings before it.
    pub starts: [u16; RANGE_CHUNKS as usize],
}

impl ChunkRecord {
    /// Bytes on a page.
    pub const BYTES: usize = 12 + 2 * RANGE_CHUNKS as usize;

    /// Appends the record's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.n.to_le_bytes());
        out.extend_from_slice(&self.page.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&[self.max_impact, 0]);
        self.starts.iter().for_each(|s| out.extend_from_slice(&s.to_le_bytes()));
    }
}

/// The head of a chunk record: all that a scan of the whole range needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeHead {
    /// Postings in the range.
    pub n: u32,
    /// Page of `Postings` with the first fragment.
    pub page: u32,
    /// Byte on that page.
    pub offset: usize,
    /// The greatest impact in the range.
    pub max_impact: u8,
}

impl RangeHead {
    /// Reads the head of record `slot` of a page.
    pub fn parse(payload: &[u8], page: u32, slot: usize) -> Result<Self> {
        let at = slot * ChunkRecord::BYTES;
        let bytes = payload
            .get(at..at + ChunkRecord::BYTES)
            .ok_or_else(|| corrupt(Part::Chunks, page, "record out of reach"))?;
        let head = Self {
            n: field::u32_at(bytes, 0),
            page: field::u32_at(bytes, 4),
            offset: usize::from(field::u16_at(bytes, 8)),
            max_impact: bytes[10],
        };
        let sound = head.n <= RANGE_DOCS && head.offset < PAYLOAD && (head.n == 0) == (head.max_impact == 0);
        if sound { Ok(head) } else { Err(corrupt(Part::Chunks, page, "impossible range")) }
    }

    /// The chunk offsets of the same record.
    pub fn parse_starts(payload: &[u8], page: u32, slot: usize) -> Result<[u16; RANGE_CHUNKS as usize]> {
        let at = slot * ChunkRecord::BYTES + 12;
        let end = (slot + 1) * ChunkRecord::BYTES;
        let bytes = payload.get(at..end).ok_or_else(|| corrupt(Part::Chunks, page, "record out of reach"))?;
        Ok(std::array::from_fn(|i| field::u16_at(bytes, 2 * i)))
    }
}

/// How many postings of a frequent list fit behind `offset` of a page; 0: too few to begin there.
pub fn fragment_capacity(offset: usize) -> usize {
    let n = PAYLOAD.saturating_sub(offset) / FREQUENT_POSTING;
    if n < FRAGMENT_MIN { 0 } else { n }
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
    /// Pages of each part.
    pub pages: [u32; 7],
}

impl SegmentMeta {
    /// Pages of `part`.
    pub fn n_pages(&self, part: Part) -> u32 {
        self.pages[part.index()]
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
                ListEntry { df: 9, place: 8, offset: 7, max_impact: 255, frequent: false },
                ListEntry { df: 1_000_000, place: u32::MAX, offset: 0, max_impact: 1, frequent: true },
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
        let starts = std::array::from_fn(|i| i as u16 * 3);
        let record = ChunkRecord { n: 900, page: 5, offset: 100, max_impact: 9, starts };
        let mut page = vec![0; ChunkRecord::BYTES];
        record.write(&mut page);
        page.resize(PAYLOAD, 0);
        assert_eq!(RangeHead::parse(&page, 0, 1), Ok(RangeHead { n: 900, page: 5, offset: 100, max_impact: 9 }));
        assert_eq!(RangeHead::parse_starts(&page, 0, 1), Ok(starts));
    }
}
