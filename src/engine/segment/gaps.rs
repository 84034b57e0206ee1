//! Rare lists: postings one behind another, each the gap to the document before and the impact.
//!
//! Gaps of a list have one width, so that reading needs no branch a posting: 1, 2 or 4 bytes, by how many documents
//! have the term. A gap that is too wide is made of *fillers*: slots of the greatest gap whose impact is 0, which score
//! nothing. No slot crosses a page; where less than a slot is left the list goes on at the beginning of the next page.
//! There is no header: a list ends with its last posting, and the directory says how many there are.

use super::format::ListEntry;
use super::pages::{PAYLOAD, Part, PartPages, corrupt};
use super::reader::SegmentReader;
use crate::engine::error::Result;

/// Bytes of a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GapWidth {
    /// One byte.
    #[default]
    One,
    /// Two bytes.
    Two,
    /// Four bytes.
    Four,
}

/// With a mean gap up to this, gaps of one byte and their fillers are smaller than gaps of two bytes.
const MEAN_FOR_ONE: u64 = 230;
/// The same for two bytes and four.
const MEAN_FOR_TWO: u64 = 60_000;

impl GapWidth {
    /// The width for a list of `df` postings among `n_docs` documents.
    pub fn for_list(df: u64, n_docs: u64) -> Self {
        match n_docs / df.max(1) {
            mean if mean <= MEAN_FOR_ONE => Self::One,
            mean if mean <= MEAN_FOR_TWO => Self::Two,
            _ => Self::Four,
        }
    }

    /// As two bits of the directory.
    pub fn bits(self) -> u8 {
        self as u8
    }

    /// From two bits of the directory.
    pub fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::One,
            1 => Self::Two,
            _ => Self::Four,
        }
    }

    /// Bytes of a slot: the gap and the impact.
    pub fn slot_bytes(self) -> usize {
        match self {
            Self::One => 2,
            Self::Two => 3,
            Self::Four => 5,
        }
    }

    /// The widest gap.
    pub fn greatest(self) -> u32 {
        match self {
            Self::One => 0xff,
            Self::Two => 0xffff,
            Self::Four => u32::MAX,
        }
    }

    /// Appends a slot.
    pub fn write(self, gap: u32, impact: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&gap.to_le_bytes()[..self.slot_bytes() - 1]);
        out.push(impact);
    }
}

#[inline(always)]
fn slot<const BYTES: usize>(bytes: &[u8; BYTES]) -> (u32, u8) {
    let gap = match BYTES {
        2 => u32::from(bytes[0]),
        3 => u32::from(u16::from_le_bytes([bytes[0], bytes[1]])),
        _ => u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
    };
    (gap, bytes[BYTES - 1])
}

/// A place in a rare list; reads it range by range.
#[derive(Clone, Copy, Debug)]
pub struct RareCursor {
    width: GapWidth,
    page: u32,
    offset: usize,
    left: u32,
    /// The document of the slot before.
    previous: u32,
}

impl RareCursor {
    /// Before the first posting.
    pub fn new(list: &ListEntry) -> Self {
        let (page, offset) = (list.place, usize::from(list.offset));
        Self { width: list.gaps, page, offset, left: list.df, previous: 0 }
    }

    /// Gives the postings of documents below `end` that have not been given yet; fillers too, with impact 0.
    #[inline]
    pub fn for_each_below<P: PartPages>(
        &mut self,
        reader: &SegmentReader<'_, P>,
        end: u32,
        mut each: impl FnMut(u32, u8) -> Result<()>,
    ) -> Result<()> {
        let n_docs = reader.meta.n_docs;
        while self.left > 0 {
            if PAYLOAD.saturating_sub(self.offset) < self.width.slot_bytes() {
                (self.page, self.offset) = (self.page.wrapping_add(1), 0);
                reader.pages.check_interrupts();
            }
            let payload = reader.pages.page(Part::Postings, self.page)?;
            let rest = payload.get(self.offset..).unwrap_or_default();
            let reached = match self.width {
                GapWidth::One => self.read::<2>(rest, end.min(n_docs), &mut each)?,
                GapWidth::Two => self.read::<3>(rest, end.min(n_docs), &mut each)?,
                GapWidth::Four => self.read::<5>(rest, end.min(n_docs), &mut each)?,
            };
            if reached && end < n_docs {
                return Ok(());
            }
            if reached {
                return Err(corrupt(Part::Postings, self.page, "documents do not ascend within the segment"));
            }
        }
        Ok(())
    }

    /// Reads to the end of the page, of the list, or to `end`; true in the last case.
    #[inline(always)]
    fn read<const BYTES: usize>(
        &mut self,
        mut rest: &[u8],
        end: u32,
        each: &mut impl FnMut(u32, u8) -> Result<()>,
    ) -> Result<bool> {
        while self.left > 0 && rest.len() >= BYTES {
            // A slot is at most one posting: this many cannot pass the list's end.
            let slots = rest.as_chunks::<BYTES>().0;
            let slots = &slots[..slots.len().min(self.left as usize)];
            let (mut doc, mut taken, mut postings) = (self.previous, 0, 0u32);
            // Eight at a time as long as all eight are below the end.
            for eight in slots.as_chunks::<8>().0 {
                let mut docs = [0u32; 8];
                let mut next = doc;
                for (to, bytes) in docs.iter_mut().zip(eight) {
                    next = next.saturating_add(slot(bytes).0);
                    *to = next;
                }
                if next >= end {
                    break;
                }
                doc = next;
                taken += 8;
                for (&doc, bytes) in docs.iter().zip(eight) {
                    let impact = slot(bytes).1;
                    postings += u32::from(impact > 0);
                    each(doc, impact)?;
                }
            }
            for bytes in &slots[taken..] {
                let (gap, impact) = slot(bytes);
                let next = doc.saturating_add(gap);
                if next >= end {
                    break;
                }
                doc = next;
                taken += 1;
                postings += u32::from(impact > 0);
                each(doc, impact)?;
            }
            let stopped = taken < slots.len();
            self.previous = doc;
            self.offset += taken * BYTES;
            self.left -= postings;
            if stopped {
                return Ok(true);
            }
            rest = &rest[taken * BYTES..];
        }
        Ok(false)
    }
}
