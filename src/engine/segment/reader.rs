//! Pages to terms and lists. Every pointer is checked before it is followed: a page may be damaged.

use roaring::RoaringBitmap;

use super::chunk::{self, Chunk};
use super::format::*;
use super::gaps::RareCursor;
use super::live;
use super::norms;
use super::pages::{PAYLOAD, Part, PartPages, corrupt, field};
use super::source::{EachDoc, EachNorm, EachPosting, EachTid, SegmentSource, TermHead};
use super::special::SpecialDocs;
use crate::engine::error::{EngineError, Result, reserved};
use crate::engine::filter::cursor::Cursor;
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::Value;
use crate::engine::ids::Tid;
use crate::engine::search::simd::prefetch;

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

    /// The TIDs of `docs`, which ascend: each page is opened once.
    pub fn tids_of(&self, docs: impl Iterator<Item = u32>, mut each: impl FnMut(Tid)) -> Result<()> {
        let mut open: Option<(u32, P::Page<'p>)> = None;
        for doc in docs {
            let no = doc / DOCMAP_PER_PAGE;
            if let Some((_, payload)) = open.as_ref().filter(|(page, _)| *page == no) {
                each(tid_at(payload, no, doc % DOCMAP_PER_PAGE)?);
                continue;
            }
            // The old page goes before the new one is opened.
            drop(open.take());
            let payload = self.pages.page(Part::Docmap, no)?;
            each(tid_at(&payload, no, doc % DOCMAP_PER_PAGE)?);
            open = Some((no, payload));
        }
        Ok(())
    }

    /// The documents whose live bit is cleared.
    pub fn dead(&self) -> Result<RoaringBitmap> {
        self.absent(false)
    }

    /// The same, and those that were killed if a scan is to pass over them.
    pub fn absent(&self, skip_killed: bool) -> Result<RoaringBitmap> {
        let mut docs = RoaringBitmap::new();
        for part in [Part::Live, Part::Killed].into_iter().take(1 + usize::from(skip_killed)) {
            live::read(part, self.pages, self.meta.n_pages(part), self.meta.n_docs, &mut docs)?;
        }
        Ok(docs)
    }

    /// Takes the documents out of `set` that [`Self::absent`] would name.
    pub fn keep_present(&self, skip_killed: bool, set: &mut DocSet) -> Result<()> {
        for part in [Part::Live, Part::Killed].into_iter().take(1 + usize::from(skip_killed)) {
            live::keep(part, self.pages, self.meta.n_pages(part), set)?;
        }
        Ok(())
    }

    /// The documents without a regular score.
    pub fn special(&self) -> Result<SpecialDocs> {
        SpecialDocs::read(self.pages, self.meta.n_pages(Part::Special), self.meta.n_docs)
    }

    /// Directory entry number `no`.
    pub fn term_entry(&self, no: u32) -> Result<TermEntry> {
        let page = no / TERMS_PER_PAGE;
        let payload = self.pages.page(Part::Terms, page)?;
        self.entry(&payload, page, (no % TERMS_PER_PAGE) as usize)
    }

    /// Reads an entry; no term can be in more documents than there are.
    fn entry(&self, payload: &[u8], page: u32, slot: usize) -> Result<TermEntry> {
        let entry = TermEntry::parse(payload, page, slot)?;
        let df: u64 = entry.lists.iter().map(|l| u64::from(l.df)).sum();
        if df <= u64::from(self.meta.n_docs) {
            Ok(entry)
        } else {
            Err(corrupt(Part::Terms, page, "impossible term entry"))
        }
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
                return self.entry(&payload, page, middle).map(Some);
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
            return cursor.for_each_below(self, u32::MAX, |doc, level| match level {
                0 => Ok(()),
                level => each(doc, level),
            });
        }
        for range in 0..n_ranges(self.meta.n_docs) {
            let base = range * RANGE_DOCS;
            self.for_each_chunk(list, range, |no, chunk| {
                if !chunk.is_sound() {
                    return Err(list_corrupt(list, "impossible chunk"));
                }
                chunk.for_each(|place, level| each(base + no * CHUNK_DOCS + u32::from(place), level))
            })?;
            self.pages.check_interrupts();
        }
        Ok(())
    }

    /// The record of one range of a frequent list, given to `read` while its page is open.
    pub fn with_range<T>(
        &self,
        list: &ListEntry,
        range: u32,
        read: impl FnOnce(RangeRecord<'_>) -> Result<T>,
    ) -> Result<T> {
        let (page, slot) = chunk_record(list, range)?;
        let payload = self.pages.page(Part::Chunks, page)?;
        read(RangeRecord::parse(&payload, page, slot)?)
    }

    /// Where the bounds of a chunk of a frequent list are: page, byte. Lists follow one another, each with the bounds
    /// of all its chunks.
    #[inline]
    pub fn bounds_place(&self, list: &ListEntry, chunk: u32) -> Result<(u32, usize)> {
        let n_docs = self.meta.n_docs;
        let before = u64::from(list.place / n_ranges(n_docs).max(1)) * u64::from(n_chunks(n_docs)) + u64::from(chunk);
        let per_page = (PAYLOAD / CHUNK_BOUNDS) as u64;
        let page =
            u32::try_from(before / per_page).map_err(|_| corrupt(Part::Bounds, 0, "page number out of range"))?;
        Ok((page, (before % per_page) as usize * CHUNK_BOUNDS))
    }

    /// Gives the bounds of the chunks `from..to` of a range of a frequent list in one or two pieces: the first chunk's
    /// number in the range, bytes.
    #[inline]
    pub fn for_each_bounds(
        &self,
        list: &ListEntry,
        range: u32,
        (from, to): (u32, u32),
        mut each: impl FnMut(u32, &[u8]),
    ) -> Result<()> {
        let mut chunk = from;
        while chunk < to {
            let (page, from) = self.bounds_place(list, range * RANGE_CHUNKS + chunk)?;
            let here = ((PAYLOAD - from) / CHUNK_BOUNDS).min((to - chunk) as usize);
            let payload = self.pages.page(Part::Bounds, page)?;
            each(chunk, &payload[from..from + here * CHUNK_BOUNDS]);
            chunk += here as u32;
        }
        Ok(())
    }

    /// Gives a range's postings chunk by chunk, empty chunks apart: the chunk's number and its postings.
    #[inline]
    pub fn for_each_chunk(
        &self,
        list: &ListEntry,
        range: u32,
        each: impl FnMut(u32, Chunk<'_>) -> Result<()>,
    ) -> Result<()> {
        self.for_each_chunk_of(list, range, |_| true, each)
    }

    /// The same for the chunks that are wanted; the others are not read.
    #[inline]
    pub fn for_each_chunk_of(
        &self,
        list: &ListEntry,
        range: u32,
        wanted: impl Fn(u32) -> bool,
        mut each: impl FnMut(u32, Chunk<'_>) -> Result<()>,
    ) -> Result<()> {
        let view = self.with_range(list, range, |record| Ok(record.view()))?;
        let mut chunks = ChunkPages::new(self.pages);
        view.for_each(|no, place| if wanted(no) { each(no, chunks.read(place)?) } else { Ok(()) })
    }

    /// The greatest impact of each range of a frequent list.
    pub fn range_maxima(&self, list: &ListEntry) -> Result<Vec<u8>> {
        let n = n_ranges(self.meta.n_docs);
        let mut maxima = reserved(n as usize, "ranges of a list")?;
        while (maxima.len() as u32) < n {
            let (page, slot) = chunk_record(list, maxima.len() as u32)?;
            let payload = self.pages.page(Part::Chunks, page)?;
            for slot in (slot..CHUNK_RECORDS_PER_PAGE as usize).take(n as usize - maxima.len()) {
                maxima.push(RangeRecord::parse(&payload, page, slot)?.max_impact());
            }
        }
        Ok(maxima)
    }
}

/// Chunks, wherever they are. One page is open at a time.
pub struct ChunkPages<'p, P: PartPages> {
    pages: &'p P,
    open: Option<(u32, P::Page<'p>)>,
    /// A chunk that crosses a page is put together here.
    crossing: [u8; chunk::MAX_BYTES],
}

impl<'p, P: PartPages> ChunkPages<'p, P> {
    /// No page is open yet.
    pub fn new(pages: &'p P) -> Self {
        Self { pages, open: None, crossing: [0; chunk::MAX_BYTES] }
    }

    /// Reads a chunk.
    #[inline]
    pub fn read(&mut self, place: ChunkPlace) -> Result<Chunk<'_>> {
        let ChunkPlace { page, from, len } = place;
        let (from, to) = (usize::from(from), usize::from(from) + usize::from(len));
        let found = if to <= PAYLOAD {
            Chunk::parse(&self.open(page)?[from..to])
        } else {
            let here = PAYLOAD - from;
            let mut whole = self.crossing;
            whole[..here].copy_from_slice(&self.open(page)?[from..]);
            whole[here..to - from].copy_from_slice(&self.open(page.wrapping_add(1))?[..to - PAYLOAD]);
            self.crossing = whole;
            Chunk::parse(&self.crossing[..to - from])
        };
        found.ok_or_else(|| corrupt(Part::Postings, page, "impossible chunk"))
    }

    /// Opens the page that a chunk begins on.
    pub fn open_for(&mut self, place: ChunkPlace) -> Result<()> {
        self.open(place.page).map(|_| ())
    }

    /// Asks for the parts of a chunk on the open page that a look-up of a document will need.
    #[inline]
    pub fn prefetch(&self, place: ChunkPlace, doc: usize) {
        let Some((_, page)) = &self.open else { return };
        let impacts = match usize::from(place.len) {
            len @ ..=chunk::ARRAY_BYTES => len / 2,
            len => chunk::BITMAP_BYTES + (len - chunk::BITMAP_BYTES) * doc / CHUNK_DOCS as usize,
        };
        prefetch(page, usize::from(place.from));
        prefetch(page, usize::from(place.from) + impacts);
    }

    #[inline]
    fn open(&mut self, no: u32) -> Result<&[u8]> {
        if self.open.as_ref().is_none_or(|(page, _)| *page != no) {
            // Let the old page go before the new one is opened.
            self.open = None;
            self.open = Some((no, self.pages.page(Part::Postings, no)?));
        }
        self.open.as_ref().map(|(_, page)| &**page).ok_or_else(|| corrupt(Part::Postings, no, "no such page"))
    }
}

/// Where the chunk record of a range of a frequent list is: the page, and which one on it.
pub fn chunk_record(list: &ListEntry, range: u32) -> Result<(u32, usize)> {
    let record = list.place.checked_add(range);
    let record = record.ok_or_else(|| corrupt(Part::Chunks, 0, "record number out of range"))?;
    Ok((record / CHUNK_RECORDS_PER_PAGE, (record % CHUNK_RECORDS_PER_PAGE) as usize))
}

/// A corrupt-page error about a list as a whole: it names the page that says where the list is.
pub fn list_corrupt(list: &ListEntry, reason: &'static str) -> EngineError {
    let (part, page) = list_page(list);
    corrupt(part, page, reason)
}

/// The page where a list begins, or its first chunk record.
pub fn list_page(list: &ListEntry) -> (Part, u32) {
    if list.frequent { (Part::Chunks, list.place / CHUNK_RECORDS_PER_PAGE) } else { (Part::Postings, list.place) }
}

fn tid_at(payload: &[u8], page: u32, slot: u32) -> Result<Tid> {
    let at = slot as usize * Tid::BYTES;
    let bytes = payload.get(at..at + Tid::BYTES).and_then(|b| b.try_into().ok());
    bytes.map(Tid::from_bytes).ok_or_else(|| corrupt(Part::Docmap, page, "document out of reach"))
}

/// Copies the TIDs of `n` documents from `first` on, which must be the first of a docmap page, and at most a page of
/// them.
pub fn tids<P: PartPages>(segment: &SegmentReader<'_, P>, first: u32, n: u32) -> Result<Vec<(u32, Tid)>> {
    let page = first / DOCMAP_PER_PAGE;
    let payload = segment.pages.page(Part::Docmap, page)?;
    let mut tids = reserved(n as usize, "row addresses")?;
    for slot in 0..n {
        tids.push((first + slot, tid_at(&payload, page, slot)?));
    }
    Ok(tids)
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

/// A whole segment as the input of a merge. Its errors name blocks, if the store knows them: of several inputs only it
/// can say where a page of its own is.
pub struct SegmentAsSource<'p, P> {
    reader: SegmentReader<'p, P>,
    special: SpecialDocs,
    column: Option<Cursor<'p, P>>,
    next: u32,
    entry: Option<TermEntry>,
}

impl<'p, P: PartPages> SegmentAsSource<'p, P> {
    /// Begins at the first term.
    pub fn new(reader: SegmentReader<'p, P>) -> Result<Self> {
        let mut source = Self { special: reader.special()?, reader, column: None, next: 0, entry: None };
        source.advance()?;
        Ok(source)
    }
}

impl<'p, P: PartPages> SegmentSource for SegmentAsSource<'p, P> {
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
        for_each_tid(&self.reader, each).map_err(|e| self.reader.pages.locate(e))
    }

    fn for_each_norm(&mut self, each: &mut EachNorm<'_>) -> Result<()> {
        norms::for_each_norm(&self.reader, each).map_err(|e| self.reader.pages.locate(e))
    }

    fn begin_column(&mut self, column: usize) -> Result<()> {
        self.column = None;
        let column = self.reader.column(column).and_then(Cursor::new);
        self.column = Some(column.map_err(|e| self.reader.pages.locate(e))?);
        Ok(())
    }

    fn n_values(&self) -> u32 {
        self.column.as_ref().map_or(0, Cursor::n_values)
    }

    fn value(&self) -> Option<Value<'_>> {
        self.column.as_ref().and_then(Cursor::value)
    }

    fn for_each_doc_of_value(&mut self, each: &mut EachDoc<'_>) -> Result<()> {
        let Some(column) = &mut self.column else { return Ok(()) };
        let (part, page) = column.docs_page();
        // Who takes the documents sees what is wrong with them, but not where they come from.
        let given = column.for_each_doc(&mut |doc| {
            each(doc).map_err(|e| match e {
                EngineError::Corrupt { reason, .. } => corrupt(part, page, reason),
                other => other,
            })
        });
        given.map_err(|e| self.reader.pages.locate(e))
    }

    fn value_out_of_order(&self) -> EngineError {
        let page = self.column.as_ref().and_then(Cursor::place).map_or(0, |(page, _)| page);
        self.reader.pages.locate(corrupt(Part::FilterValues, page, "values do not ascend"))
    }

    fn advance_value(&mut self) -> Result<()> {
        let Some(column) = &mut self.column else { return Ok(()) };
        let integer = |column: &Cursor<'p, P>| match column.value() {
            Some(Value::Integer(integer)) => Some(integer),
            _ => None,
        };
        let before = integer(column);
        column.advance().map_err(|e| self.reader.pages.locate(e))?;
        // Comparing bytes would take calls into a collation.
        match (before, integer(column)) {
            (Some(before), Some(now)) if now <= before => Err(self.value_out_of_order()),
            _ => Ok(()),
        }
    }

    fn begin_terms(&mut self) -> Result<()> {
        self.column = None;
        Ok(())
    }

    fn head(&self) -> Option<TermHead> {
        self.entry.map(|e| TermHead { term: e.term, exponent: e.exponent, df: e.lists.map(|l| l.df) })
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        let Some(entry) = self.entry else { return Ok(()) };
        let list = entry.lists[sign.index()];
        let (mut n, mut next) = (0u32, 0u32);
        let given = self.reader.for_each_posting(&list, &mut |doc, level| {
            n += 1;
            if doc < next || doc >= self.reader.meta.n_docs || level == 0 {
                return Err(list_corrupt(&list, "documents do not ascend within the segment"));
            }
            next = doc + 1;
            each(doc, level)
        });
        let whole = || if n == list.df { Ok(()) } else { Err(list_corrupt(&list, "list has another length")) };
        given.and_then(|()| whole()).map_err(|e| self.reader.pages.locate(e))
    }

    fn advance(&mut self) -> Result<()> {
        let before = self.entry.map(|e| e.term);
        self.entry = None;
        if self.next < self.reader.meta.n_terms {
            let entry = self.reader.term_entry(self.next).map_err(|e| self.reader.pages.locate(e))?;
            if before.is_some_and(|b| entry.term <= b) {
                let error = corrupt(Part::Terms, self.next / TERMS_PER_PAGE, "terms do not ascend");
                return Err(self.reader.pages.locate(error));
            }
            self.entry = Some(entry);
            self.next += 1;
        }
        Ok(())
    }
}
