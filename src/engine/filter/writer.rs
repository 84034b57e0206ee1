//! Writes the filter columns of a segment: values are merged, their documents renumbered.
//!
//! Dictionary and list are written as they come. Codes are held until a column is through, in as many bytes a document
//! as the greatest needs, and so are the documents of its first values until it is known that they will be listed.

use super::dictionary::DictionaryWriter;
use super::merge::{ValueSink, merge_values};
use super::meta::{ColumnMeta, LISTED_FROM, list_width};
use super::planes;
use super::value::{Columns, Value, ValueKind};
use crate::engine::error::{Result, filled, reserve};
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::inputs;
use crate::engine::segment::live::LiveRank;
use crate::engine::segment::page_writer::PageWriter;
use crate::engine::segment::pages::{Part, PartSink, corrupt, field};
use crate::engine::segment::source::Input;

/// Values between two looks at whether somebody wants the operation to end.
const CHECK_EVERY: u32 = 1024;

/// Writes all columns of `inputs`, whose documents `ranks` renumber.
pub fn write_columns<S: PartSink>(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    columns: &dyn Columns,
    meta: &mut SegmentMeta,
    sink: &mut S,
) -> Result<()> {
    let mut pages = Pages {
        values: PageWriter::new(Part::FilterValues),
        codes: PageWriter::new(Part::FilterCodes),
        lists: PageWriter::new(Part::FilterLists),
    };
    for (no, &kind) in columns.kinds().iter().enumerate() {
        let n_values = inputs::begin_column(inputs, no)?;
        let mut out = ColumnWriter::new(kind, n_values, meta.n_docs, &mut pages, sink)?;
        merge_values(inputs, ranks, columns, (no, kind), &mut out)?;
        meta.columns.push(out.finish()?);
    }
    for writer in [pages.values, pages.codes, pages.lists] {
        let part = writer.part.index();
        meta.pages[part] = writer.finish(sink)?;
    }
    Ok(())
}

struct Pages {
    values: PageWriter,
    codes: PageWriter,
    lists: PageWriter,
}

/// A number for each document, in as few bytes as the greatest needs: a value's number and 1, or 0.
struct Codes {
    bytes: Vec<u8>,
    width: usize,
    greatest: u32,
}

impl Codes {
    fn new(n_docs: u32, greatest: u32) -> Result<Self> {
        let width = list_width(greatest.saturating_add(1));
        // Four bytes are read whatever the width.
        Ok(Self { bytes: filled(n_docs as usize * width + 4, 0, "codes of a filter column")?, width, greatest })
    }

    #[inline]
    fn get(&self, doc: u32) -> u32 {
        field::u32_at(&self.bytes, doc as usize * self.width) & (u32::MAX >> (32 - 8 * self.width))
    }

    /// Sets the code of a document that has none.
    #[inline]
    fn set(&mut self, doc: u32, code: u32) -> Result<()> {
        let from = doc as usize * self.width;
        match self.bytes.get_mut(from..from + self.width) {
            _ if code > self.greatest => Err(corrupt(Part::FilterValues, 0, "more values than the column has")),
            Some(bytes) if bytes.iter().all(|&byte| byte == 0) => {
                bytes.copy_from_slice(&code.to_le_bytes()[..self.width]);
                Ok(())
            }
            _ => Err(corrupt(Part::FilterLists, 0, "a document has two values")),
        }
    }
}

/// Writes one column.
struct ColumnWriter<'w, S> {
    pages: &'w mut Pages,
    sink: &'w mut S,
    meta: ColumnMeta,
    n_docs: u32,
    dictionary: DictionaryWriter,
    codes: Codes,
    /// Documents of the first values, as a list has them.
    early: Vec<u8>,
    list_width: usize,
    n_values: u32,
    n_valued: u32,
    /// Documents of the current value, and the last of them.
    count: u32,
    last: Option<u32>,
}

impl<'w, S: PartSink> ColumnWriter<'w, S> {
    /// Of `n_docs` documents with up to `n_values` values.
    fn new(kind: ValueKind, n_values: u32, n_docs: u32, pages: &'w mut Pages, sink: &'w mut S) -> Result<Self> {
        pages.lists.begin_page(sink)?;
        let meta = ColumnMeta {
            kind,
            n_values: 0,
            n_null: 0,
            values_page: pages.values.n_pages,
            n_values_pages: 0,
            codes_at: 0,
            lists_page: pages.lists.n_pages,
        };
        Ok(Self {
            pages,
            sink,
            meta,
            n_docs,
            dictionary: DictionaryWriter::new()?,
            codes: Codes::new(n_docs, n_values.min(n_docs))?,
            early: Vec::new(),
            list_width: list_width(n_docs),
            n_values: 0,
            n_valued: 0,
            count: 0,
            last: None,
        })
    }

    /// There are so many values that documents are listed: begins with those that were held.
    fn list_early(&mut self) -> Result<()> {
        let early = std::mem::take(&mut self.early);
        early.chunks_exact(self.list_width).try_for_each(|doc| self.pages.lists.push_record(doc, self.sink))
    }

    fn finish(mut self) -> Result<ColumnMeta> {
        self.dictionary.flush(&mut self.pages.values, self.sink)?;
        self.meta.n_values_pages = self.pages.values.n_pages - self.meta.values_page;
        self.meta.n_values = self.n_values;
        self.meta.n_null = self.n_docs - self.n_valued;
        let (codes, shift) = (&self.codes, self.meta.shift());
        // Without NULLs every document has a number above 0.
        let code = |doc| codes.get(doc) - (1 - shift);
        self.meta.codes_at = planes::write(self.meta.bits(), self.n_docs, code, &mut self.pages.codes, self.sink)?;
        Ok(self.meta)
    }
}

impl<S: PartSink> ValueSink for ColumnWriter<'_, S> {
    fn begin_value(&mut self, _value: Value<'_>) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn push(&mut self, doc: u32) -> Result<()> {
        if doc >= self.n_docs || self.last.is_some_and(|last| doc <= last) {
            return Err(corrupt(Part::FilterValues, 0, "documents of a value do not ascend within the segment"));
        }
        self.codes.set(doc, self.n_values + 1)?;
        let bytes = &doc.to_le_bytes()[..self.list_width];
        if self.n_values < LISTED_FROM {
            reserve(&mut self.early, bytes.len(), "list of a filter column")?;
            self.early.extend_from_slice(bytes);
        } else {
            if !self.early.is_empty() {
                self.list_early()?;
            }
            self.pages.lists.push_record(bytes, self.sink)?;
        }
        self.last = Some(doc);
        self.count += 1;
        Ok(())
    }

    /// A value without documents leaves no trace.
    fn end_value(&mut self, value: Value<'_>) -> Result<()> {
        self.last = None;
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return Ok(());
        }
        self.dictionary.push(value, count, &mut self.pages.values, self.sink)?;
        self.n_values += 1;
        self.n_valued += count;
        if self.n_values.is_multiple_of(CHECK_EVERY) {
            self.sink.check_interrupts();
        }
        Ok(())
    }
}
