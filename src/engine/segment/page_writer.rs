//! Fills the pages of one part.

use super::pages::{PAYLOAD, Part, PartSink};
use crate::engine::error::Result;

/// The page of a part that is being filled.
pub struct PageWriter {
    /// The part.
    pub part: Part,
    /// What the page holds so far.
    pub buf: Vec<u8>,
    /// Pages written; the number of the page that is being filled.
    pub n_pages: u32,
}

impl PageWriter {
    /// Begins with page 0.
    pub fn new(part: Part) -> Self {
        Self { part, buf: Vec::with_capacity(PAYLOAD), n_pages: 0 }
    }

    /// Adds a record that must not cross a page.
    pub fn push_record(&mut self, record: &[u8], sink: &mut impl PartSink) -> Result<()> {
        if self.buf.len() + record.len() > PAYLOAD {
            self.flush(sink)?;
        }
        self.buf.extend_from_slice(record);
        Ok(())
    }

    /// Adds bytes that may cross pages.
    pub fn push_stream(&mut self, mut bytes: &[u8], sink: &mut impl PartSink) -> Result<()> {
        while !bytes.is_empty() {
            if self.buf.len() == PAYLOAD {
                self.flush(sink)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PAYLOAD - self.buf.len()));
            self.buf.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// What follows begins a page.
    pub fn begin_page(&mut self, sink: &mut impl PartSink) -> Result<()> {
        if self.buf.is_empty() { Ok(()) } else { self.flush(sink) }
    }

    /// Where the next byte of a stream comes, counted through all pages.
    pub fn position(&self) -> u64 {
        u64::from(self.n_pages) * PAYLOAD as u64 + self.buf.len() as u64
    }

    /// Writes the page.
    pub fn flush(&mut self, sink: &mut impl PartSink) -> Result<()> {
        sink.append(self.part, &self.buf)?;
        self.buf.clear();
        self.n_pages += 1;
        Ok(())
    }

    /// Writes what is left. Returns the number of pages.
    pub fn finish(mut self, sink: &mut impl PartSink) -> Result<u32> {
        self.begin_page(sink)?;
        Ok(self.n_pages)
    }
}
