//! Pages to terms and lists. Every pointer is checked before it is followed: a page may be damaged.

use roaring::RoaringBitmap;

use super::format::*;
use super::live;
use super::pages::{PAYLOAD, Part, PartPages, corrupt, field};
use super::source::{EachPosting, EachTid, SegmentSource, TermHead};
use super::special::SpecialDocs;
use crate::engine::codec::varint;
use crate::engine::error::Result;
use crate::engine::ids::Tid;

/// A segment's pages with its totals.
#[derive(Clone, Copy)]
pub struct SegmentReader<'p, P> {
    /// Where pages come from.
    pub pages: &'p P,
    /// The totals from the manifest.
    pub meta: &'p SegmentMeta,
}

impl<'p, P: PartPages> SegmentReader<'p, P> {
    /// The document's TID.
    pub fn tid(&self, doc: u32) -> Result<Tid> {
        let page = doc / DOCMAP_PER_PAGE;
        let payload = self.pages.page(Part::Docmap, page)?;
        tid_at(&payload, page, doc % DOCMAP_PER_PAGE)
    }

    /// The documents whose live bit is cleared.
    pub fn dead(&self) -> Result<RoaringBitmap> {
        live::read_dead(self.pages, self.meta.n_pages(Part::Live), self.meta.n_docs)
    }

    /// The documents without a regular score.
    pub fn special(&self) -> Result<SpecialDocs> {
        SpecialDocs::read(self.pages, self.meta.n_pages(Part::Special), self.meta.n_docs)
    }

    /// Directory entry number `no`.
    pub fn term_entry(&self, no: u32) -> Result<TermEntry> {
        let page = no / TERMS_PER_PAGE;
        let payload = self.pages.page(Part::Terms, page)?;
        TermEntry::parse(&payload, page, (no % TERMS_PER_PAGE) as usize)
    }

    /// The entry of `term`, `None` if no document has it. One page is open at a time: readers that hold one page while
    /// waiting for another could meet somebody who does the same the other way round.
    pub fn find_term(&self, term: u32) -> Result<Option<TermEntry>> {
        let Some(page) = self.terms_page_of(term)? else { return Ok(None) };
        let first = page.saturating_mul(TERMS_PER_PAGE);
        let on_page = self.meta.n_terms.saturating_sub(first).min(TERMS_PER_PAGE) as usize;
        let payload = self.pages.page(Part::Terms, page)?;
        let (mut low, mut high) = (0, on_page);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = field::u32_at(&payload, middle * TermEntry::BYTES);
            if found == term {
                return TermEntry::parse(&payload, page, middle).map(Some);
            }
            if found < term { low = middle + 1 } else { high = middle }
        }
        Ok(None)
    }

    /// The directory page that `term` is on if it is anywhere: the last one that does not begin above it.
    fn terms_page_of(&self, term: u32) -> Result<Option<u32>> {
        let n_pages = self.meta.n_pages(Part::Terms);
        let mut best = None;
        let (mut low, mut high) = (0, self.meta.n_pages(Part::Fences));
        while low < high {
            let middle = low + (high - low) / 2;
            let payload = self.pages.page(Part::Fences, middle)?;
            if field::u32_at(&payload, 0) > term {
                high = middle;
                continue;
            }
            low = middle + 1;
            let first = middle.saturating_mul(FENCES_PER_PAGE);
            let n = n_pages.saturating_sub(first).min(FENCES_PER_PAGE) as usize;
            let fences = payload.as_chunks::<4>().0.get(..n).unwrap_or_default();
            let not_above = fences.partition_point(|&fence| u32::from_le_bytes(fence) <= term);
            best = Some(first + not_above.saturating_sub(1) as u32);
        }
        Ok(best.filter(|&page| page < n_pages))
    }

    /// All postings of a list, documents ascending.
    pub fn for_each_posting(&self, list: &ListEntry, each: &mut EachPosting<'_>) -> Result<()> {
        if list.df == 0 {
            return Ok(());
        }
        if !list.frequent {
            let mut cursor = RareCursor::new(list);
            return cursor.for_each_below(self, u32::MAX, each);
        }
        for range in 0..n_ranges(self.meta.n_docs) {
            let view = self.range(list, range)?;
            let base = range * RANGE_DOCS;
            self.for_each_chunk(&view, |chunk, docs, impacts| {
                let base = base + chunk * CHUNK_DOCS;
                docs.iter().zip(impacts).try_for_each(|(&doc, &level)| each(base + u32::from(doc), level))
            })?;
            self.pages.check_interrupts();
        }
        Ok(())
    }

    /// One range of a frequent list.
    pub fn range(&self, list: &ListEntry, range: u32) -> Result<RangeView> {
        let record = bounds_page(list, range)?;
        let page = record / CHUNK_RECORDS_PER_PAGE;
        let payload = self.pages.page(Part::Chunks, page)?;
        RangeView::parse(&payload, page, (record % CHUNK_RECORDS_PER_PAGE) as usize)
    }

    /// Gives a range's postings chunk by chunk: the chunk's number, its documents (their places in the chunk) and beside
    /// them the impacts. A chunk that crosses a page comes in two pieces.
    #[inline]
    pub fn for_each_chunk(
        &self,
        view: &RangeView,
        mut each: impl FnMut(u32, &[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut page, mut offset, mut first, mut chunk) = (view.page, view.offset, 0, 0);
        while first < view.n() {
            let n = fragment_capacity(offset).min(view.n() - first);
            let payload = self.pages.page(Part::Postings, page)?;
            let (docs, impacts) = fragment(&payload, page, offset, n)?;
            let end = first + n;
            while chunk < RANGE_CHUNKS as usize && view.start(chunk) < end {
                let from = view.start(chunk).max(first) - first;
                let to = view.start(chunk + 1).min(end) - first;
                each(chunk as u32, &docs[from..to], &impacts[from..to])?;
                if view.start(chunk + 1) > end {
                    break;
                }
                chunk += 1;
            }
            first = end;
            (page, offset) = (page.wrapping_add(1), 0);
        }
        Ok(())
    }
}

/// The documents and impacts of a fragment.
pub fn fragment(payload: &[u8], page: u32, offset: usize, n: usize) -> Result<(&[u8], &[u8])> {
    let bytes = payload.get(offset..offset + n * FREQUENT_POSTING).filter(|_| n > 0);
    let bytes = bytes.ok_or_else(|| corrupt(Part::Postings, page, "fragment out of reach"))?;
    Ok(bytes.split_at(n))
}

/// The page of bounds of a range of a frequent list, which is also the number of its chunk record.
pub fn bounds_page(list: &ListEntry, range: u32) -> Result<u32> {
    list.place.checked_add(range).ok_or_else(|| corrupt(Part::Chunks, 0, "record number out of range"))
}

fn tid_at(payload: &[u8], page: u32, slot: u32) -> Result<Tid> {
    let at = slot as usize * Tid::BYTES;
    let bytes = payload.get(at..at + Tid::BYTES).and_then(|b| b.try_into().ok());
    bytes.map(Tid::from_bytes).ok_or_else(|| corrupt(Part::Docmap, page, "document out of reach"))
}

/// Copies the TIDs of `n` documents from `first` on, which must be the first of a docmap page, and at most a page of them.
pub fn tids<P: PartPages>(segment: &SegmentReader<'_, P>, first: u32, n: u32) -> Result<Vec<(u32, Tid)>> {
    let page = first / DOCMAP_PER_PAGE;
    let payload = segment.pages.page(Part::Docmap, page)?;
    (0..n).map(|slot| Ok((first + slot, tid_at(&payload, page, slot)?))).collect()
}

/// All TIDs in order; no page is open while `each` runs.
pub fn for_each_tid<P: PartPages>(segment: &SegmentReader<'_, P>, each: &mut EachTid<'_>) -> Result<()> {
    let n_docs = segment.meta.n_docs;
    for first in (0..n_docs).step_by(DOCMAP_PER_PAGE as usize) {
        tids(segment, first, (n_docs - first).min(DOCMAP_PER_PAGE))?.into_iter().try_for_each(|(d, t)| each(d, t))?;
        segment.pages.check_interrupts();
    }
    Ok(())
}

/// A place in a rare list; reads it range by range.
#[derive(Clone, Copy, Debug)]
pub struct RareCursor {
    page: u32,
    offset: usize,
    left: u32,
    previous: u32,
    first: bool,
    /// A posting that was read but lies at or beyond the end asked for.
    ahead: Option<(u32, u8)>,
}

impl RareCursor {
    /// Before the first posting.
    pub fn new(list: &ListEntry) -> Self {
        let offset = usize::from(list.offset);
        Self { page: list.place, offset, left: list.df, previous: 0, first: true, ahead: None }
    }

    /// Gives the postings of documents below `end` that have not been given yet.
    #[inline]
    pub fn for_each_below<P: PartPages>(
        &mut self,
        reader: &SegmentReader<'_, P>,
        end: u32,
        mut each: impl FnMut(u32, u8) -> Result<()>,
    ) -> Result<()> {
        if let Some((doc, level)) = self.ahead {
            if doc >= end {
                return Ok(());
            }
            self.ahead = None;
            each(doc, level)?;
        }
        while self.left > 0 {
            if PAYLOAD.saturating_sub(self.offset) < RARE_POSTING_MAX {
                self.page = self.page.wrapping_add(1);
                self.offset = 0;
                reader.pages.check_interrupts();
            }
            let payload = reader.pages.page(Part::Postings, self.page)?;
            if self.read_page(&payload, reader.meta.n_docs, end, &mut each)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Decodes the whole list into slices of its length; the same checks as [`Self::for_each_below`].
    pub fn decode<P: PartPages>(
        mut self,
        reader: &SegmentReader<'_, P>,
        docs: &mut [u32],
        impacts: &mut [u8],
    ) -> Result<()> {
        let total = self.left;
        while self.left > 0 {
            if PAYLOAD.saturating_sub(self.offset) < RARE_POSTING_MAX {
                (self.page, self.offset) = (self.page.wrapping_add(1), 0);
                reader.pages.check_interrupts();
            }
            let payload = reader.pages.page(Part::Postings, self.page)?;
            while self.left > 0 && self.offset <= PAYLOAD - RARE_POSTING_MAX {
                let done = (total - self.left) as usize;
                let (Some(docs), Some(impacts)) = (docs.get_mut(done..), impacts.get_mut(done..)) else {
                    return Err(corrupt(Part::Postings, self.page, "list is longer than its entry says"));
                };
                let n = self.decode_short_gaps(&payload, reader.meta.n_docs, docs, impacts)?;
                // A longer gap, if the page and the list have more: one posting the careful way.
                let mut one = Self { left: self.left.min(1), ..self };
                one.read_page(&payload, reader.meta.n_docs, u32::MAX, &mut |doc, level| {
                    if let (Some(d), Some(i)) = (docs.get_mut(n), impacts.get_mut(n)) {
                        (*d, *i) = (doc, level);
                    }
                    Ok(())
                })?;
                let taken = self.left.min(1) - one.left;
                self = Self { left: self.left - taken, ..one };
            }
        }
        Ok(())
    }

    /// Gaps of one byte, most of them, need neither a loop nor the state of the cursor per posting. Returns how many.
    fn decode_short_gaps(
        &mut self,
        payload: &[u8],
        n_docs: u32,
        docs: &mut [u32],
        impacts: &mut [u8],
    ) -> Result<usize> {
        let room = (PAYLOAD - RARE_POSTING_MAX).saturating_sub(self.offset) / 2 + 1;
        let pairs = payload.get(self.offset..).unwrap_or_default().as_chunks::<2>().0;
        let pairs = pairs.iter().take(room.min(self.left as usize)).take_while(|pair| pair[0] < 0x80);
        let (mut doc, mut n, mut sound) = (self.previous, 0, true);
        for (&[gap, level], (to_doc, to_impact)) in pairs.zip(docs.iter_mut().zip(impacts)) {
            doc = doc.wrapping_add(u32::from(gap));
            sound &= level > 0 && (gap > 0 || (self.first && n == 0));
            (*to_doc, *to_impact) = (doc, level);
            n += 1;
        }
        if !sound || doc >= n_docs || doc < self.previous {
            return Err(corrupt(Part::Postings, self.page, "impossible posting"));
        }
        self.first &= n == 0;
        self.previous = doc;
        self.offset += 2 * n;
        self.left -= n as u32;
        Ok(n)
    }

    /// Reads to the end of the page, of the list, or to `end`; true in the last case.
    #[inline]
    fn read_page(
        &mut self,
        payload: &[u8],
        n_docs: u32,
        end: u32,
        each: &mut impl FnMut(u32, u8) -> Result<()>,
    ) -> Result<bool> {
        let mut at = self.offset;
        while self.left > 0 && PAYLOAD - at >= RARE_POSTING_MAX {
            let gap = varint::read(payload, &mut at);
            let level = payload.get(at).copied();
            let (Some(gap), Some(level @ 1..)) = (gap, level) else {
                return Err(corrupt(Part::Postings, self.page, "impossible posting"));
            };
            at += 1;
            let doc = self.previous.wrapping_add(gap);
            if doc >= n_docs || (gap == 0 && !self.first) || doc < self.previous {
                return Err(corrupt(Part::Postings, self.page, "documents do not ascend within the segment"));
            }
            (self.previous, self.first) = (doc, false);
            self.left -= 1;
            self.offset = at;
            if doc >= end {
                self.ahead = Some((doc, level));
                return Ok(true);
            }
            each(doc, level)?;
        }
        self.offset = at;
        Ok(false)
    }
}

/// A whole segment as the input of a merge.
pub struct SegmentAsSource<'p, P> {
    reader: SegmentReader<'p, P>,
    special: SpecialDocs,
    next: u32,
    entry: Option<TermEntry>,
}

impl<'p, P: PartPages> SegmentAsSource<'p, P> {
    /// Begins at the first term.
    pub fn new(reader: SegmentReader<'p, P>) -> Result<Self> {
        let mut source = Self { special: reader.special()?, reader, next: 0, entry: None };
        source.advance()?;
        Ok(source)
    }
}

impl<P: PartPages> SegmentSource for SegmentAsSource<'_, P> {
    fn n_docs(&self) -> u32 {
        self.reader.meta.n_docs
    }

    fn special(&self) -> &SpecialDocs {
        &self.special
    }

    fn max_nnz(&self) -> u32 {
        self.reader.meta.max_nnz
    }

    fn for_each_tid(&mut self, each: &mut EachTid<'_>) -> Result<()> {
        for_each_tid(&self.reader, each)
    }

    fn head(&self) -> Option<TermHead> {
        self.entry.map(|e| TermHead { term: e.term, exponent: e.exponent, df: e.lists.map(|l| l.df) })
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        let Some(entry) = self.entry else { return Ok(()) };
        let list = entry.lists[sign.index()];
        let (mut n, mut next) = (0u32, 0u32);
        self.reader.for_each_posting(&list, &mut |doc, level| {
            n += 1;
            if doc < next || doc >= self.reader.meta.n_docs || level == 0 {
                return Err(corrupt(Part::Postings, list.place, "documents do not ascend within the segment"));
            }
            next = doc + 1;
            each(doc, level)
        })?;
        if n == list.df { Ok(()) } else { Err(corrupt(Part::Postings, list.place, "list has another length")) }
    }

    fn advance(&mut self) -> Result<()> {
        let before = self.entry.map(|e| e.term);
        self.entry = None;
        if self.next < self.reader.meta.n_terms {
            let entry = self.reader.term_entry(self.next)?;
            if before.is_some_and(|b| entry.term <= b) {
                return Err(corrupt(Part::Terms, self.next / TERMS_PER_PAGE, "terms do not ascend"));
            }
            self.entry = Some(entry);
            self.next += 1;
        }
        Ok(())
    }
}
