//! The documents of a column in the order of their values, and among those of a value ascending.

use super::column::ColumnReader;
use super::meta::{list_width, listed_per_page};
use crate::engine::error::{Result, reserve};
use crate::engine::segment::pages::{PAYLOAD, Part, PartPages, corrupt, field};
use crate::engine::segment::source::EachDoc;

/// The list of a column that has one. The page read last is kept as a copy, since most values have few documents.
pub struct List<'p, P> {
    column: ColumnReader<'p, P>,
    page: Option<u32>,
    bytes: Vec<u8>,
}

impl<'p, P: PartPages> List<'p, P> {
    /// No page is read yet.
    pub fn new(column: ColumnReader<'p, P>) -> Self {
        Self { column, page: None, bytes: Vec::new() }
    }

    /// Gives the documents at places `from` to `to`. No page is open meanwhile.
    pub fn for_each(&mut self, from: u32, to: u32, each: &mut EachDoc<'_>) -> Result<()> {
        let n_docs = self.column.n_docs;
        let (width, per_page) = (list_width(n_docs), listed_per_page(n_docs));
        let to = to.min(self.column.end().position);
        let mut at = from;
        while at < to {
            let no = self.column.meta.lists_page.saturating_add(at / per_page);
            let (begin, n) = (at % per_page, (to - at).min(per_page - at % per_page));
            self.read(no)?;
            // Four bytes are read whatever the width; a copy of varying length would take most of the time.
            let mask = u32::MAX >> (32 - 8 * width);
            for entry in begin..begin + n {
                let doc = field::u32_at(&self.bytes, entry as usize * width) & mask;
                if doc >= n_docs {
                    return Err(corrupt(Part::FilterLists, no, "document out of range"));
                }
                each(doc)?;
            }
            at += n;
        }
        Ok(())
    }

    fn read(&mut self, no: u32) -> Result<()> {
        if self.page == Some(no) {
            return Ok(());
        }
        self.column.pages.check_interrupts();
        self.page = None;
        self.bytes.clear();
        reserve(&mut self.bytes, PAYLOAD + 4, "list of a filter column")?;
        self.bytes.extend_from_slice(&self.column.pages.page(Part::FilterLists, no)?);
        self.bytes.extend_from_slice(&[0; 4]);
        self.page = Some(no);
        Ok(())
    }
}
