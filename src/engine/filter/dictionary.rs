//! A page of a dictionary: sorted distinct values, numbered from 0, and how many documents have each.
//!
//! ```text
//!   0        4          8    10   11   12            20
//!   +--------+----------+----+----+----+-------------+-----------+----------------------+
//!   | number | position | n  | wc | wv | base        | n counts  | n integers, or       |
//!   |        |          |    |    |    |             | (wc each) | n ends (2), strings  |
//!   +--------+----------+----+----+----+-------------+-----------+----------------------+
//! ```
//! `number` is the first value's, `position` says how many documents have lesser values. `wc`: bytes of a count; 0 if
//! every value has one document. Integers are stored as what they exceed `base`, the first of them, in `wv` bytes;
//! strings (`wv` 0) one behind another, `ends` saying where each ends.

use super::meta::ColumnMeta;
use super::value::{Value, ValueKind};
use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::segment::page_writer::PageWriter;
use crate::engine::segment::pages::{PAYLOAD, Part, PartPages, PartSink, corrupt, field};

/// Bytes of a page's head.
const HEAD: usize = 20;
/// Bytes of a string's end.
const END: usize = 2;

/// Bytes that `n` takes: 1 to 8.
fn width_of(n: u64) -> usize {
    (8 - n.leading_zeros() as usize / 8).max(1)
}

/// Bytes of a count on a page whose greatest is `n`.
fn count_width(n: u32) -> usize {
    match n {
        0..=1 => 0,
        2..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    }
}

/// A little-endian integer of up to 8 bytes.
#[inline]
fn unsigned(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Writes the dictionary of a column.
pub struct DictionaryWriter {
    /// Values before this page, and the documents that have them.
    first: u32,
    position: u32,
    base: i64,
    counts: Vec<u32>,
    /// Bytes of the greatest count, and of the greatest integer.
    widths: (usize, usize),
    /// What the integers exceed the base by.
    integers: Vec<u64>,
    ends: Vec<u16>,
    strings: Vec<u8>,
    bytes: Vec<u8>,
}

impl DictionaryWriter {
    /// Begins with value 0.
    pub fn new() -> Result<Self> {
        Ok(Self {
            first: 0,
            position: 0,
            base: 0,
            counts: reserved(PAYLOAD, "dictionary page")?,
            widths: (0, 0),
            integers: Vec::new(),
            ends: Vec::new(),
            strings: Vec::new(),
            bytes: reserved(PAYLOAD, "dictionary page")?,
        })
    }

    /// Values so far.
    pub fn n_values(&self) -> u32 {
        self.first + self.counts.len() as u32
    }

    /// Adds a value that `n_docs` documents have.
    pub fn push(
        &mut self,
        value: Value<'_>,
        n_docs: u32,
        pages: &mut PageWriter,
        sink: &mut impl PartSink,
    ) -> Result<()> {
        if !self.counts.is_empty() && !self.fits(value, n_docs) {
            self.flush(pages, sink)?;
        }
        match value {
            Value::Integer(integer) => {
                if self.counts.is_empty() {
                    self.base = integer;
                }
                let above = integer.wrapping_sub(self.base).cast_unsigned();
                self.widths.1 = self.widths.1.max(width_of(above));
                reserve(&mut self.integers, 1, "dictionary page")?;
                self.integers.push(above);
            }
            Value::Bytes(string) => {
                reserve(&mut self.strings, string.len(), "dictionary page")?;
                reserve(&mut self.ends, 1, "dictionary page")?;
                self.strings.extend_from_slice(string);
                self.ends.push(self.strings.len() as u16);
            }
        }
        self.widths.0 = self.widths.0.max(count_width(n_docs));
        self.counts.push(n_docs);
        Ok(())
    }

    /// Whether the page has room for one more.
    fn fits(&self, value: Value<'_>, n_docs: u32) -> bool {
        let (n, counts) = (self.counts.len() + 1, self.widths.0.max(count_width(n_docs)));
        let values = match value {
            Value::Integer(integer) => n * self.widths.1.max(width_of(integer.wrapping_sub(self.base).cast_unsigned())),
            Value::Bytes(string) => n * END + self.strings.len() + string.len(),
        };
        HEAD + n * counts + values <= PAYLOAD
    }

    /// Writes the page.
    pub fn flush(&mut self, pages: &mut PageWriter, sink: &mut impl PartSink) -> Result<()> {
        let n = self.counts.len();
        if n == 0 {
            return Ok(());
        }
        let (counts, values) = self.widths;
        self.bytes.clear();
        self.bytes.extend_from_slice(&self.first.to_le_bytes());
        self.bytes.extend_from_slice(&self.position.to_le_bytes());
        self.bytes.extend_from_slice(&(n as u16).to_le_bytes());
        self.bytes.extend_from_slice(&[counts as u8, values as u8]);
        self.bytes.extend_from_slice(&self.base.to_le_bytes());
        self.counts.iter().for_each(|count| self.bytes.extend_from_slice(&count.to_le_bytes()[..counts]));
        self.integers.iter().for_each(|above| self.bytes.extend_from_slice(&above.to_le_bytes()[..values]));
        self.ends.iter().for_each(|end| self.bytes.extend_from_slice(&end.to_le_bytes()));
        self.bytes.extend_from_slice(&self.strings);
        pages.push_record(&self.bytes, sink)?;
        pages.begin_page(sink)?;

        self.first += n as u32;
        self.position += self.counts.iter().sum::<u32>();
        self.widths = (0, 0);
        self.counts.clear();
        self.integers.clear();
        self.ends.clear();
        self.strings.clear();
        Ok(())
    }
}

/// A value's number and how many documents have lesser values: where the order of values can be cut in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// Values before the cut.
    pub number: u32,
    /// Documents that have them.
    pub position: u32,
}

/// A copy of a page of a dictionary, so that no page is open while values are compared.
pub struct ValuesPage {
    /// Its number in the part.
    no: u32,
    first: Cut,
    n: usize,
    kind: ValueKind,
    count_width: usize,
    value_width: usize,
    /// Documents that have a value.
    n_valued: u32,
    bytes: Vec<u8>,
}

impl ValuesPage {
    /// Reads page `no` of the part, one of those of `column`, into the memory of `before`.
    pub fn read<P: PartPages>(
        pages: &P,
        no: u32,
        column: &ColumnMeta,
        n_docs: u32,
        before: Option<Self>,
    ) -> Result<Self> {
        let mut bytes = before.map_or_else(Vec::new, |page| page.bytes);
        bytes.clear();
        reserve(&mut bytes, PAYLOAD, "dictionary page")?;
        bytes.extend_from_slice(&pages.page(Part::FilterValues, no)?);
        bytes.resize(PAYLOAD, 0);
        let page = Self {
            no,
            first: Cut { number: field::u32_at(&bytes, 0), position: field::u32_at(&bytes, 4) },
            n: usize::from(field::u16_at(&bytes, 8)),
            kind: column.kind,
            count_width: usize::from(bytes[10]),
            value_width: usize::from(bytes[11]),
            n_valued: column.n_valued(n_docs),
            bytes,
        };
        let value_widths = if column.kind == ValueKind::Integer { 1..=8 } else { 0..=0 };
        let sound = page.n > 0
            && [0, 1, 2, 4].contains(&page.count_width)
            && value_widths.contains(&page.value_width)
            && page.strings_at() <= PAYLOAD
            // Bytes have no base.
            && (column.kind == ValueKind::Integer || field::i64_at(&page.bytes, 12) == 0)
            && u64::from(page.first.number) + page.n as u64 <= u64::from(column.n_values)
            && u64::from(page.first.position) + page.n as u64 <= u64::from(page.n_valued);
        if sound { Ok(page) } else { Err(page.damaged("impossible dictionary page")) }
    }

    fn damaged(&self, reason: &'static str) -> EngineError {
        corrupt(Part::FilterValues, self.no, reason)
    }

    /// Its number in the part.
    pub fn no(&self) -> u32 {
        self.no
    }

    /// Its values.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The number of its first value, and the documents before.
    pub fn first(&self) -> Cut {
        self.first
    }

    fn values_at(&self) -> usize {
        HEAD + self.n * self.count_width
    }

    fn strings_at(&self) -> usize {
        let width = if self.kind == ValueKind::Integer { self.value_width } else { END };
        self.values_at() + self.n * width
    }

    /// The value at place `at` of the page.
    pub fn value(&self, at: usize) -> Result<Value<'_>> {
        if at >= self.n {
            return Err(self.damaged("value out of reach"));
        }
        match self.kind {
            ValueKind::Integer => {
                let from = self.values_at() + at * self.value_width;
                let above = unsigned(&self.bytes[from..from + self.value_width]);
                Ok(Value::Integer(field::i64_at(&self.bytes, 12).wrapping_add_unsigned(above)))
            }
            ValueKind::Bytes => {
                let end = |at: usize| usize::from(field::u16_at(&self.bytes, self.values_at() + at * END));
                let (from, to) = (at.checked_sub(1).map_or(0, end), end(at));
                let strings = &self.bytes[self.strings_at()..];
                strings.get(from..to).map(Value::Bytes).ok_or_else(|| self.damaged("value out of reach"))
            }
        }
    }

    /// How many documents have the value at place `at`.
    pub fn count(&self, at: usize) -> Result<u32> {
        let count = match self.count_width {
            0 => 1,
            width => {
                let from = HEAD + at * width;
                let bytes = self.bytes.get(from..from + width).unwrap_or_default();
                unsigned(bytes) as u32
            }
        };
        if count > 0 && at < self.n { Ok(count) } else { Err(self.damaged("value without documents")) }
    }

    /// The cut before place `at`, which may be behind the last.
    pub fn cut(&self, at: usize) -> Result<Cut> {
        let at = at.min(self.n);
        let counts = &self.bytes[HEAD..HEAD + at * self.count_width];
        let n_docs: u64 = match self.count_width {
            0 => at as u64,
            1 => counts.iter().map(|&count| u64::from(count)).sum(),
            2 => counts.as_chunks().0.iter().map(|&count| u64::from(u16::from_le_bytes(count))).sum(),
            _ => counts.as_chunks().0.iter().map(|&count| u64::from(u32::from_le_bytes(count))).sum(),
        };
        let position = u64::from(self.first.position) + n_docs;
        if position > u64::from(self.n_valued) {
            return Err(self.damaged("values have more documents than there are"));
        }
        // Both are at most the number of documents.
        Ok(Cut { number: self.first.number + at as u32, position: position as u32 })
    }
}
