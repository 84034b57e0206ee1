//! A column's values in turn: what a merge reads.

use super::column::ColumnReader;
use super::dictionary::{Cut, ValuesPage};
use super::list::List;
use super::meta::listed_per_page;
use super::planes::Planes;
use super::value::Value;
use crate::engine::error::{Result, reserve};
use crate::engine::segment::format::RANGE_DOCS;
use crate::engine::segment::pages::{Part, PartPages, corrupt};
use crate::engine::segment::source::EachDoc;

/// Gives a column's values in turn, each with its documents.
pub struct Cursor<'p, P> {
    column: ColumnReader<'p, P>,
    page: Option<ValuesPage>,
    /// The current value's place on its page.
    at: usize,
    /// Documents of lesser values, and of this one.
    position: u32,
    count: u32,
    planes: Planes<'p, P>,
    list: List<'p, P>,
    words: Vec<u64>,
}

impl<'p, P: PartPages> Cursor<'p, P> {
    /// At the first value.
    pub fn new(column: ColumnReader<'p, P>) -> Result<Self> {
        let (planes, list) = (column.planes(), List::new(column));
        let mut cursor = Self { column, page: None, at: 0, position: 0, count: 0, planes, list, words: Vec::new() };
        cursor.begin_page(0, Cut { number: 0, position: 0 })?;
        Ok(cursor)
    }

    /// Values of the column.
    pub fn n_values(&self) -> u32 {
        self.column.meta.n_values
    }

    fn begin_page(&mut self, no: u32, expected: Cut) -> Result<()> {
        (self.at, self.count) = (0, 0);
        let before = self.page.take();
        if no == self.column.meta.n_values_pages {
            if expected == self.column.end() {
                return Ok(());
            }
            let no = self.column.meta.values_page.saturating_add(no).saturating_sub(1);
            return Err(corrupt(Part::FilterValues, no, "values are missing"));
        }
        let page = self.column.values_page(no, before)?;
        if page.first() != expected {
            return Err(corrupt(Part::FilterValues, page.no(), "values do not follow those before"));
        }
        self.position = expected.position;
        self.page = Some(page);
        self.check_value()
    }

    /// Looks at the current value, so that it can be given without fail.
    fn check_value(&mut self) -> Result<()> {
        if let Some(page) = &self.page {
            page.value(self.at)?;
            self.count = page.count(self.at)?;
        }
        Ok(())
    }

    /// The current value; `None` behind the last.
    pub fn value(&self) -> Option<Value<'_>> {
        self.page.as_ref().and_then(|page| page.value(self.at).ok())
    }

    /// How many documents have it.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The page it is on, and its number; `None` behind the last.
    pub fn place(&self) -> Option<(u32, u32)> {
        self.page.as_ref().map(|page| (page.no(), page.first().number + self.at as u32))
    }

    /// The page where the documents of the current value begin to be listed, of a column that has lists, else the page
    /// the value is on.
    pub fn docs_page(&self) -> (Part, u32) {
        let meta = self.column.meta;
        if meta.has_lists() {
            let page = self.position / listed_per_page(self.column.n_docs);
            (Part::FilterLists, meta.lists_page.saturating_add(page))
        } else {
            (Part::FilterValues, self.place().map_or(meta.values_page, |(page, _)| page))
        }
    }

    /// Moves to the next value.
    pub fn advance(&mut self) -> Result<()> {
        let Some(page) = &self.page else { return Ok(()) };
        if self.at + 1 < page.n() {
            self.at += 1;
            self.position = self.position.saturating_add(self.count);
            return self.check_value();
        }
        let (no, end) = (page.no().saturating_sub(self.column.meta.values_page), page.cut(page.n())?);
        self.begin_page(no.saturating_add(1), end)
    }

    /// Gives the documents of the current value.
    pub fn for_each_doc(&mut self, each: &mut EachDoc<'_>) -> Result<()> {
        let Some((_, number)) = self.place() else { return Ok(()) };
        if self.column.meta.has_lists() {
            return self.list.for_each(self.position, self.position.saturating_add(self.count), each);
        }
        let code = number.saturating_add(self.column.meta.shift());
        let n = self.for_each_with(code, each)?;
        if n == self.count {
            return Ok(());
        }
        Err(corrupt(Part::FilterCodes, 0, "a value has another number of documents"))
    }

    /// Gives the documents with a code; returns how many. There are few codes, and nothing to be held but one range.
    fn for_each_with(&mut self, code: u32, each: &mut EachDoc<'_>) -> Result<u32> {
        let mut n = 0;
        for first in (0..self.column.n_docs).step_by(RANGE_DOCS as usize) {
            self.planes.begin_range(first / RANGE_DOCS);
            let n_words = self.planes.n_words();
            self.words.clear();
            reserve(&mut self.words, 3 * n_words, "documents of a value")?;
            self.words.resize(n_words, u64::MAX);
            self.words.resize(3 * n_words, 0);
            let (among, rest) = self.words.split_at_mut(n_words);
            let (high, found) = rest.split_at_mut(n_words);
            self.planes.add_codes(&(code..=code), among, high, found)?;
            for (word, from) in found.iter().zip((first..).step_by(64)) {
                let mut rest = *word;
                while rest != 0 {
                    let doc = from + rest.trailing_zeros();
                    rest &= rest - 1;
                    if doc < self.column.n_docs {
                        each(doc)?;
                        n += 1;
                    }
                }
            }
            self.column.pages.check_interrupts();
        }
        Ok(n)
    }
}
