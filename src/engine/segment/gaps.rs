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

/// Slots that are passed over together, and those of a part of them.
const GROUP: usize = 32;
const PART: usize = 8;

/// Gives the postings of slots behind document `doc` that are of `docs`, from place `at` of them on.
#[inline(always)]
fn look_among<const BYTES: usize>(
    slots: &[[u8; BYTES]],
    mut doc: u32,
    docs: &[u32],
    at: &mut usize,
    each: &mut impl FnMut(usize, u8),
) {
    let mut wanted = docs.get(*at).copied().unwrap_or(u32::MAX);
    for bytes in slots {
        let (gap, impact) = slot(bytes);
        doc = doc.saturating_add(gap);
        while wanted < doc {
            *at += 1;
            wanted = docs.get(*at).copied().unwrap_or(u32::MAX);
        }
        if wanted == doc && impact > 0 && *at < docs.len() {
            each(*at, impact);
        }
    }
}

/// The gaps of some slots added up, and how many of them are postings.
#[inline(always)]
fn totals<const BYTES: usize>(slots: &[[u8; BYTES]]) -> (u32, u32) {
    let (words, rest) = match BYTES {
        // Four slots to a word, in lanes of 16 bits: as many words as a group has cannot overflow them.
        2 => slots.as_flattened().as_chunks::<8>(),
        _ => (&[][..], &[][..]),
    };
    let (mut gaps, mut postings) = (0u64, 0u64);
    for word in words {
        let word = u64::from_le_bytes(*word);
        gaps += word & LOW;
        // An impact above 0 carries into the byte above it.
        postings += (((word >> 8) & LOW) + LOW) >> 8 & ONE;
    }
    let whole = if BYTES == 2 { slots.len() - rest.len() / 2 } else { 0 };
    let lanes = |sum: u64| (sum.wrapping_mul(ONE) >> 48) as u32;
    slots[whole..].iter().map(slot).fold((lanes(gaps), lanes(postings)), |(gaps, n), (gap, impact)| {
        (gaps.saturating_add(gap), n + u32::from(impact > 0))
    })
}

/// The lower byte of each lane of 16 bits.
const LOW: u64 = 0x00ff_00ff_00ff_00ff;
/// The lowest bit of each lane.
const ONE: u64 = 0x0001_0001_0001_0001;

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

    /// Where the next slot is, counted through all pages.
    pub fn position(&self) -> u64 {
        u64::from(self.page) * PAYLOAD as u64 + self.offset as u64
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

    /// Gives those of the list's postings that are of `docs`, which ascend: the document's place among them, the impact.
    /// The cursor is at the list's beginning.
    pub fn for_each_among<P: PartPages>(
        &mut self,
        reader: &SegmentReader<'_, P>,
        docs: &[u32],
        mut each: impl FnMut(usize, u8),
    ) -> Result<()> {
        let Some(&last) = docs.last() else { return Ok(()) };
        let mut at = 0;
        while self.left > 0 && self.previous <= last {
            if PAYLOAD.saturating_sub(self.offset) < self.width.slot_bytes() {
                (self.page, self.offset) = (self.page.wrapping_add(1), 0);
                reader.pages.check_interrupts();
            }
            let payload = reader.pages.page(Part::Postings, self.page)?;
            let rest = payload.get(self.offset..).unwrap_or_default();
            match self.width {
                GapWidth::One => self.read_among::<2>(rest, docs, &mut at, &mut each),
                GapWidth::Two => self.read_among::<3>(rest, docs, &mut at, &mut each),
                GapWidth::Four => self.read_among::<5>(rest, docs, &mut at, &mut each),
            }
            if u64::from(self.previous) >= u64::from(reader.meta.n_docs) {
                return Err(corrupt(Part::Postings, self.page, "documents do not ascend within the segment"));
            }
        }
        Ok(())
    }

    /// Reads to the end of the page or of the list.
    #[inline(always)]
    fn read_among<const BYTES: usize>(
        &mut self,
        mut rest: &[u8],
        docs: &[u32],
        at: &mut usize,
        each: &mut impl FnMut(usize, u8),
    ) {
        while self.left > 0 && rest.len() >= BYTES {
            // A slot is at most one posting: this many cannot pass the list's end.
            let slots = rest.as_chunks::<BYTES>().0;
            let slots = &slots[..slots.len().min(self.left as usize)];
            let mut postings = 0;
            // Most groups have none of the documents and are passed over as a whole.
            for group in slots.chunks(GROUP) {
                let (gaps, n) = totals(group);
                let end = self.previous.saturating_add(gaps);
                if docs.get(*at).is_some_and(|&doc| doc <= end) {
                    for part in group.chunks(PART) {
                        let (gaps, _) = totals(part);
                        let end = self.previous.saturating_add(gaps);
                        if docs.get(*at).is_some_and(|&doc| doc <= end) {
                            look_among(part, self.previous, docs, at, each);
                        }
                        self.previous = end;
                    }
                }
                self.previous = end;
                postings += n;
            }
            self.offset += slots.len() * BYTES;
            self.left -= postings;
            rest = &rest[slots.len() * BYTES..];
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::segment::format::SegmentMeta;
    use crate::engine::segment::pages::{MemoryPages, PartSink};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A list over pages that begin anywhere.
    fn write(postings: &BTreeMap<u32, u8>, n_docs: u32, begin: usize) -> (MemoryPages, ListEntry) {
        let gaps = GapWidth::for_list(postings.len() as u64, u64::from(n_docs));
        let (mut pages, mut page) = (MemoryPages::default(), vec![0; begin]);
        let mut put = |gap: u32, impact: u8, pages: &mut MemoryPages| {
            if PAYLOAD - page.len() < gaps.slot_bytes() {
                pages.append(Part::Postings, &page).unwrap();
                page.clear();
            }
            gaps.write(gap, impact, &mut page);
        };
        let mut previous = 0;
        for (&doc, &impact) in postings {
            let mut gap = doc - previous;
            while gap > gaps.greatest() {
                put(gaps.greatest(), 0, &mut pages);
                gap -= gaps.greatest();
            }
            put(gap, impact, &mut pages);
            previous = doc;
        }
        pages.append(Part::Postings, &page).unwrap();
        let list =
            ListEntry { df: postings.len() as u32, place: 0, offset: begin as u16, gaps, ..ListEntry::default() };
        (pages, list)
    }

    proptest! {
        #[test]
        fn some_documents_of_a_list(
            (n_docs, postings) in prop_oneof![Just(300u32), Just(70_000), Just(20_000_000)].prop_flat_map(|n| {
                (Just(n), prop::collection::btree_map(0..n, 1u8.., 1..3_000))
            }),
            docs in prop::collection::btree_set(0u32..20_000_000, 0..50),
            of_list in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            begin in 0usize..PAYLOAD,
        ) {
            let (pages, list) = write(&postings, n_docs, begin);
            let meta = SegmentMeta { n_docs, ..SegmentMeta::default() };
            let reader = SegmentReader { pages: &pages, meta: &meta };
            let keys: Vec<u32> = postings.keys().copied().collect();
            let mut docs: Vec<u32> = docs.into_iter().filter(|&doc| doc < n_docs).collect();
            docs.extend(of_list.iter().map(|index| keys[index.index(keys.len())]));
            docs.sort_unstable();
            docs.dedup();
            let mut found = Vec::new();
            RareCursor::new(&list).for_each_among(&reader, &docs, |at, impact| found.push((docs[at], impact))).unwrap();
            let expected: Vec<_> = docs.iter().filter_map(|doc| Some((*doc, *postings.get(doc)?))).collect();
            prop_assert_eq!(found, expected);
            let mut all = Vec::new();
            let mut cursor = RareCursor::new(&list);
            cursor.for_each_below(&reader, u32::MAX, |doc, impact| { all.push((doc, impact)); Ok(()) }).unwrap();
            all.retain(|posting| posting.1 > 0);
            prop_assert!(all.iter().copied().eq(postings));
        }
    }
}
