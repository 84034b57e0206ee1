//! The one writer of segments: build, flush and merge all end here, so bounds and offsets are computed in one place.
//!
//! Inputs are ranges of documents that follow one another; a term's merged list is therefore the inputs' lists in turn,
//! each with its documents renumbered. Nothing is held in memory but one range of one frequent list, one page of each
//! part, and a rank structure for inputs that lose documents.

use super::chunk;
use super::format::*;
use super::gaps::GapWidth;
use super::inputs::{self, MergedHead};
use super::live::{self, LiveRank};
use super::norms::NormWriter;
use super::page_writer::PageWriter;
use super::pages::{PAYLOAD, Part, PartSink};
use super::source::Input;
use crate::engine::codec::impact;
use crate::engine::error::Result;
use crate::engine::filter::value::Columns;
use crate::engine::filter::writer::write_columns;

/// Writes one segment from `inputs`, which have the filter columns `columns`. Returns its totals; if nothing is left
/// alive the segment has no documents and no pages.
pub fn write_segment<S: PartSink>(
    inputs: &mut [Input<'_>],
    columns: &dyn Columns,
    sink: &mut S,
) -> Result<SegmentMeta> {
    let ranks = inputs::rank(inputs)?;
    let mut meta = SegmentMeta { n_docs: ranks.iter().map(LiveRank::n_live).sum(), ..SegmentMeta::default() };
    if meta.n_docs == 0 {
        return Ok(meta);
    }
    write_documents(inputs, &ranks, &mut meta, sink)?;
    write_columns(inputs, &ranks, columns, &mut meta, sink)?;

    inputs.iter_mut().try_for_each(|input| input.source.begin_terms())?;
    let mut out = ListWriter::new(sink, meta.n_docs);
    while let Some(head) = inputs::next_term(inputs, &ranks) {
        out.begin_term(&head);
        for sign in Sign::BOTH {
            write_list(inputs, &ranks, &head, sign, &mut out)?;
        }
        out.end_term()?;
        inputs::advance(inputs, &head)?;
        out.sink.check_interrupts();
    }
    out.finish(&mut meta)?;
    Ok(meta)
}

fn write_documents<S: PartSink>(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    meta: &mut SegmentMeta,
    sink: &mut S,
) -> Result<()> {
    let mut docmap = PageWriter::new(Part::Docmap);
    let special = inputs::special(inputs, ranks);
    let mut norms = NormWriter::default();
    for (input, rank) in inputs.iter_mut().zip(ranks) {
        meta.max_nnz = meta.max_nnz.max(input.source.max_nnz());
        input.source.for_each_tid(&mut |doc, tid| match rank.new_doc(doc) {
            Some(_) => docmap.push_record(&tid.to_bytes(), sink),
            None => Ok(()),
        })?;
        input.source.for_each_norm(&mut |doc, norm| match rank.new_doc(doc) {
            Some(_) => norms.push(norm, sink),
            None => Ok(()),
        })?;
        sink.check_interrupts();
    }
    meta.n_null = special.null.len() as u32;
    meta.pages[Part::Docmap.index()] = docmap.finish(sink)?;
    meta.pages[Part::Special.index()] = special.write(sink)?;
    (meta.norms, meta.pages[Part::Norms.index()]) = norms.finish(meta.n_docs, sink)?;
    for no in 0..n_ranges(meta.n_docs) {
        sink.append(Part::Live, &live::new_page(no, meta.n_docs))?;
        // Nothing was killed yet, and nothing is all that is logged of such a page.
        sink.append(Part::Killed, &[])?;
    }
    for part in [Part::Live, Part::Killed] {
        meta.pages[part.index()] = n_ranges(meta.n_docs);
    }
    Ok(())
}

fn write_list<S: PartSink>(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    merged: &MergedHead,
    sign: Sign,
    out: &mut ListWriter<'_, S>,
) -> Result<()> {
    out.begin_list(sign, merged.df[sign.index()]);
    inputs::for_each_posting(inputs, ranks, merged, sign, |doc, level| out.push(doc, level))?;
    out.end_list()
}

/// Writes the lists and the directory.
struct ListWriter<'s, S> {
    sink: &'s mut S,
    n_docs: u32,
    postings: PageWriter,
    bounds: PageWriter,
    chunks: PageWriter,
    terms: PageWriter,
    fences: PageWriter,
    n_chunk_records: u32,
    n_terms: u32,
    n_postings: u64,
    has_negative: bool,
    entry: TermEntry,
    sign: Sign,
    list: ListEntry,
    /// Rare list: the last document, once there is a slot. Frequent list: unused.
    previous: Option<u32>,
    range: RangeBuffer,
}

/// One range of a frequent list.
#[derive(Default)]
struct RangeBuffer {
    no: u32,
    docs: Vec<u16>,
    impacts: Vec<u8>,
    /// The chunks' bytes, while they are made.
    bytes: Vec<u8>,
}

impl<'s, S: PartSink> ListWriter<'s, S> {
    fn new(sink: &'s mut S, n_docs: u32) -> Self {
        Self {
            sink,
            n_docs,
            postings: PageWriter::new(Part::Postings),
            bounds: PageWriter::new(Part::Bounds),
            chunks: PageWriter::new(Part::Chunks),
            terms: PageWriter::new(Part::Terms),
            fences: PageWriter::new(Part::Fences),
            n_chunk_records: 0,
            n_terms: 0,
            n_postings: 0,
            has_negative: false,
            entry: TermEntry::default(),
            sign: Sign::Positive,
            list: ListEntry::default(),
            previous: None,
            range: RangeBuffer::default(),
        }
    }

    fn begin_term(&mut self, head: &MergedHead) {
        self.entry = TermEntry { term: head.term, exponent: head.exponent, ..TermEntry::default() };
    }

    /// `df` is about the number of postings to come.
    fn begin_list(&mut self, sign: Sign, df: u64) {
        let n_docs = u64::from(self.n_docs);
        self.sign = sign;
        self.list = ListEntry {
            frequent: is_frequent(df, n_docs),
            gaps: GapWidth::for_list(df, n_docs),
            ..ListEntry::default()
        };
        if self.list.frequent {
            self.list.place = self.n_chunk_records;
            self.range.no = 0;
        }
        self.previous = None;
    }

    fn push(&mut self, doc: u32, level: u8) -> Result<()> {
        self.list.max_impact = self.list.max_impact.max(level);
        if self.list.frequent {
            self.push_frequent(doc, level)?;
        } else {
            self.push_rare(doc, level)?;
        }
        self.list.df += 1;
        Ok(())
    }

    fn push_rare(&mut self, doc: u32, level: u8) -> Result<()> {
        let greatest = self.list.gaps.greatest();
        let mut gap = doc - self.previous.unwrap_or(0);
        while gap > greatest {
            self.push_slot(greatest, 0)?;
            gap -= greatest;
        }
        self.push_slot(gap, level)?;
        self.previous = Some(doc);
        Ok(())
    }

    fn push_slot(&mut self, gap: u32, impact: u8) -> Result<()> {
        if PAYLOAD - self.postings.buf.len() < self.list.gaps.slot_bytes() {
            self.postings.flush(self.sink)?;
        }
        if self.previous.is_none() {
            (self.list.place, self.list.offset) = (self.postings.n_pages, self.postings.buf.len() as u16);
            self.previous = Some(0);
        }
        self.list.gaps.write(gap, impact, &mut self.postings.buf);
        Ok(())
    }

    fn push_frequent(&mut self, doc: u32, level: u8) -> Result<()> {
        while doc / RANGE_DOCS != self.range.no {
            self.end_range()?;
        }
        self.range.docs.push((doc % RANGE_DOCS) as u16);
        self.range.impacts.push(level);
        Ok(())
    }

    /// Writes the collected range: its chunks, then its record and its bounds.
    fn end_range(&mut self) -> Result<()> {
        let RangeBuffer { no, docs, impacts, bytes } = &mut self.range;
        if self.postings.buf.len() == PAYLOAD {
            self.postings.flush(self.sink)?;
        }
        let record = ChunkRecord {
            n: docs.len() as u32,
            page: self.postings.n_pages,
            offset: self.postings.buf.len() as u16,
            max_impact: impacts.iter().copied().max().unwrap_or(0),
            ends: encode_chunks(docs, impacts, bytes),
        };
        self.postings.push_stream(bytes, self.sink)?;
        let levels = range_levels(docs, impacts, record.max_impact, chunks_of_range(self.n_docs, *no));
        self.bounds.push_stream(&levels, self.sink)?;
        bytes.clear();
        record.write(bytes);
        self.chunks.push_record(bytes, self.sink)?;
        self.n_chunk_records += 1;
        *no += 1;
        docs.clear();
        impacts.clear();
        Ok(())
    }

    fn end_list(&mut self) -> Result<()> {
        if self.list.frequent && self.list.df > 0 {
            while self.range.no < n_ranges(self.n_docs) {
                self.end_range()?;
            }
        }
        if self.list.df == 0 {
            self.list = ListEntry::default();
        }
        self.n_postings += u64::from(self.list.df);
        self.has_negative |= self.sign == Sign::Negative && self.list.df > 0;
        self.entry.lists[self.sign.index()] = self.list;
        Ok(())
    }

    fn end_term(&mut self) -> Result<()> {
        if self.entry.lists.iter().all(|l| l.df == 0) {
            return Ok(());
        }
        if self.n_terms.is_multiple_of(TERMS_PER_PAGE) {
            self.fences.push_record(&self.entry.term.to_le_bytes(), self.sink)?;
        }
        self.terms.push_record(&self.entry.to_bytes(), self.sink)?;
        self.n_terms += 1;
        Ok(())
    }

    fn finish(self, meta: &mut SegmentMeta) -> Result<()> {
        meta.n_terms = self.n_terms;
        meta.n_postings = self.n_postings;
        meta.has_negative = self.has_negative;
        for writer in [self.postings, self.bounds, self.chunks, self.terms, self.fences] {
            let part = writer.part.index();
            meta.pages[part] = writer.finish(self.sink)?;
        }
        Ok(())
    }
}

/// The bounds of a range of `n_chunks` chunks: for each block the level of its greatest impact.
fn range_levels(docs: &[u16], impacts: &[u8], max: u8, n_chunks: u32) -> Vec<u8> {
    let mut levels = vec![0u8; n_chunks as usize * CHUNK_BOUNDS];
    for (&doc, &impact) in docs.iter().zip(impacts) {
        let block = u32::from(doc) / BLOCK_DOCS;
        let (byte, shift) = level_place(block);
        let Some(byte) = levels.get_mut((block / CHUNK_BLOCKS) as usize * CHUNK_BOUNDS + byte) else { continue };
        let level = impact::level(impact, max).max(*byte >> shift & 15);
        *byte = *byte & !(15 << shift) | level << shift;
    }
    levels
}

/// The bytes of a range's chunks, and where each ends, in steps of two.
fn encode_chunks(docs: &[u16], impacts: &[u8], bytes: &mut Vec<u8>) -> [u16; RANGE_CHUNKS as usize] {
    let mut ends = [0; RANGE_CHUNKS as usize];
    let (mut docs, mut impacts) = (docs, impacts);
    let mut places = [0u8; CHUNK_DOCS as usize];
    bytes.clear();
    for (chunk, end) in (1u32..).zip(&mut ends) {
        let n = docs.partition_point(|&d| u32::from(d) < chunk * CHUNK_DOCS).min(places.len());
        for (place, &doc) in places.iter_mut().zip(&docs[..n]) {
            // The chunk is known from the record: the place in it, the low byte, is enough.
            *place = doc as u8;
        }
        chunk::encode(&places[..n], &impacts[..n], bytes);
        (docs, impacts) = (&docs[n..], &impacts[n..]);
        *end = (bytes.len() / 2) as u16;
    }
    ends
}
