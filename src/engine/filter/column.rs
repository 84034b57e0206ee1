//! A filter column of a segment: what its pages say of a document.

use super::dictionary::{Cut, ValuesPage};
use super::meta::ColumnMeta;
use super::planes::Planes;
use super::value::Value;
use crate::engine::error::Result;
use crate::engine::segment::format::RANGE_DOCS;
use crate::engine::segment::pages::{Part, PartPages, corrupt, field};
use crate::engine::segment::reader::SegmentReader;

/// A column's pages with its totals.
pub struct ColumnReader<'p, P> {
    /// Where pages come from.
    pub pages: &'p P,
    /// The totals.
    pub meta: &'p ColumnMeta,
    /// Documents of the segment.
    pub n_docs: u32,
}

impl<P> Clone for ColumnReader<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for ColumnReader<'_, P> {}

impl<'p, P: PartPages> SegmentReader<'p, P> {
    /// Filter column number `no`.
    pub fn column(&self, no: usize) -> Result<ColumnReader<'p, P>> {
        let meta = self.meta.columns.get(no);
        let meta = meta.ok_or_else(|| corrupt(Part::FilterValues, 0, "the segment has fewer filter columns"))?;
        Ok(ColumnReader { pages: self.pages, meta, n_docs: self.meta.n_docs })
    }
}

impl<'p, P: PartPages> ColumnReader<'p, P> {
    /// Where the values end.
    pub fn end(&self) -> Cut {
        Cut { number: self.meta.n_values, position: self.meta.n_valued(self.n_docs) }
    }

    /// Page `no` of the dictionary, counted from the column's first, read into the memory of `before`.
    pub fn values_page(&self, no: u32, before: Option<ValuesPage>) -> Result<ValuesPage> {
        let page = self.meta.values_page.saturating_add(no);
        ValuesPage::read(self.pages, page, self.meta, self.n_docs, before)
    }

    /// The planes of the codes.
    pub fn planes(&self) -> Planes<'p, P> {
        Planes::new(self.pages, self.meta, self.n_docs)
    }

    /// The code of a document: 0 for NULL if the column has any, else its value's number.
    pub fn code_of(&self, doc: u32) -> Result<u32> {
        if doc >= self.n_docs {
            return Err(corrupt(Part::FilterCodes, 0, "document out of reach"));
        }
        let mut codes = Vec::new();
        let mut planes = self.planes();
        planes.begin_range(doc / RANGE_DOCS);
        planes.codes_of(&[(doc % RANGE_DOCS) as u16], &mut codes)?;
        Ok(codes.first().copied().unwrap_or(0))
    }

    /// Gives a document's value to `read`, `None` if it is NULL. No page is open meanwhile.
    pub fn value_of<T>(&self, doc: u32, read: impl FnOnce(Option<Value<'_>>) -> Result<T>) -> Result<T> {
        let Some(number) = self.code_of(doc)?.checked_sub(self.meta.shift()) else { return read(None) };
        // The last page that does not begin above it.
        let (mut low, mut high) = (0, self.meta.n_values_pages);
        while low < high {
            let middle = low + (high - low) / 2;
            let first = field::u32_at(&self.pages.page(Part::FilterValues, self.meta.values_page + middle)?, 0);
            if first <= number { low = middle + 1 } else { high = middle }
        }
        let page = self.values_page(low.saturating_sub(1), None)?;
        match number.checked_sub(page.first().number) {
            Some(at) => read(Some(page.value(at as usize)?)),
            None => Err(corrupt(Part::FilterValues, page.no(), "code without a value")),
        }
    }
}
