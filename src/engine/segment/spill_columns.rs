//! Filter columns of a run put aside. They come behind the TIDs and before the terms, in the same blocks: for each
//! column its kind (1 byte) and how many values it has at most, then for each value a 1, the integer (8 bytes) or the
//! length (2 bytes) and the bytes (which may cross blocks), and its documents, up to [`GROUP`] at a time: their number,
//! and the gap of each to the one before, as varints; after the last a 0. Behind the last value a 0 as long as the 1 and
//! what follows it.

use super::pages::field;
use super::spill::{SpillRead, SpillWrite, damaged};
use super::spill_blocks::{BlockReader, BlockWriter};
use crate::engine::error::{Result, reserved};
use crate::engine::filter::collect::SortedColumns;
use crate::engine::filter::merge::ValueSink;
use crate::engine::filter::value::{MAX_VALUE_BYTES, Value, ValueKind};
use crate::engine::segment::source::EachDoc;

const COLUMN_BYTES: usize = 5;
const INTEGER_BYTES: usize = 9;
const STRING_BYTES: usize = 3;
/// Documents that are written together: whoever combines runs does not know beforehand how many a value has.
const GROUP: usize = 128;
/// Values between two looks at whether somebody wants the operation to end.
const CHECK_EVERY: u32 = 1024;

/// Writes all columns.
pub fn write_columns<W: SpillWrite>(columns: &mut SortedColumns, out: &mut BlockWriter<'_, W>) -> Result<()> {
    for column in 0..columns.n_columns() {
        columns.begin(column);
        let kind = columns.kind().ok_or_else(|| damaged("column that is not there"))?;
        let mut writer = ValueWriter::begin(kind, columns.n_values(), out)?;
        while let Some(value) = columns.value() {
            writer.begin_value(value)?;
            columns.for_each_doc(&mut |doc| writer.push(doc))?;
            writer.end_value(value)?;
            columns.advance();
        }
        writer.finish()?;
    }
    Ok(())
}

/// Writes a column.
pub struct ValueWriter<'b, 'w, W> {
    out: &'b mut BlockWriter<'w, W>,
    kind: ValueKind,
    /// Gaps that were not written yet.
    gaps: Vec<u32>,
    previous: u32,
    n_values: u32,
}

impl<'b, 'w, W: SpillWrite> ValueWriter<'b, 'w, W> {
    /// Begins a column of up to `n_values` values.
    pub fn begin(kind: ValueKind, n_values: u32, out: &'b mut BlockWriter<'w, W>) -> Result<Self> {
        let mut head = [u8::from(kind == ValueKind::Bytes); COLUMN_BYTES];
        head[1..].copy_from_slice(&n_values.to_le_bytes());
        out.put(&head)?;
        Ok(Self { out, kind, gaps: reserved(GROUP, "documents of a value")?, previous: 0, n_values: 0 })
    }

    fn write_group(&mut self) -> Result<()> {
        self.out.put_varint(self.gaps.len() as u32)?;
        self.gaps.drain(..).try_for_each(|gap| self.out.put_varint(gap))
    }

    /// Ends the column.
    pub fn finish(self) -> Result<()> {
        self.out.put(&[0; INTEGER_BYTES][..value_bytes(self.kind)])
    }
}

impl<W: SpillWrite> ValueSink for ValueWriter<'_, '_, W> {
    fn begin_value(&mut self, value: Value<'_>) -> Result<()> {
        self.previous = 0;
        let mut record = [1; INTEGER_BYTES];
        match value {
            Value::Integer(integer) => {
                record[1..].copy_from_slice(&integer.to_le_bytes());
                self.out.put(&record)
            }
            Value::Bytes(bytes) => {
                record[1..STRING_BYTES].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
                self.out.put(&record[..STRING_BYTES])?;
                self.out.put_stream(bytes)
            }
        }
    }

    #[inline]
    fn push(&mut self, doc: u32) -> Result<()> {
        if self.gaps.len() == GROUP {
            self.write_group()?;
        }
        self.gaps.push(doc.wrapping_sub(self.previous));
        self.previous = doc;
        Ok(())
    }

    fn end_value(&mut self, _value: Value<'_>) -> Result<()> {
        if !self.gaps.is_empty() {
            self.write_group()?;
        }
        self.out.put_varint(0)?;
        self.n_values = self.n_values.wrapping_add(1);
        if self.n_values.is_multiple_of(CHECK_EVERY) {
            self.out.check_interrupts();
        }
        Ok(())
    }
}

/// Bytes of what a value begins with.
fn value_bytes(kind: ValueKind) -> usize {
    match kind {
        ValueKind::Integer => INTEGER_BYTES,
        ValueKind::Bytes => STRING_BYTES,
    }
}

/// The value that is being read.
enum Current {
    None,
    Integer(i64),
    /// In [`ColumnReader::bytes`].
    Bytes,
}

/// Reads the columns of a run, value by value.
pub struct ColumnReader {
    kind: ValueKind,
    n_values: u32,
    current: Current,
    bytes: Vec<u8>,
    /// Whether there may be documents of the current value that were not read yet.
    unread: bool,
}

impl Default for ColumnReader {
    fn default() -> Self {
        let kind = ValueKind::Integer;
        Self { kind, n_values: 0, current: Current::None, bytes: Vec::new(), unread: false }
    }
}

impl ColumnReader {
    /// Begins to read the next column.
    pub fn begin<R: SpillRead>(&mut self, blocks: &mut BlockReader<R>) -> Result<()> {
        self.finish(blocks)?;
        let head = blocks.take(COLUMN_BYTES)?;
        self.kind = match head.first() {
            Some(0) => ValueKind::Integer,
            Some(1) => ValueKind::Bytes,
            _ => return Err(damaged("column of an unknown kind")),
        };
        self.n_values = field::u32_at(head, 1);
        self.read_value(blocks)
    }

    /// Reads what is left of the column.
    pub fn finish<R: SpillRead>(&mut self, blocks: &mut BlockReader<R>) -> Result<()> {
        while !matches!(self.current, Current::None) {
            self.advance(blocks)?;
        }
        Ok(())
    }

    /// Values of the column, at most.
    pub fn n_values(&self) -> u32 {
        self.n_values
    }

    /// The current value; `None` behind the last.
    pub fn value(&self) -> Option<Value<'_>> {
        match self.current {
            Current::None => None,
            Current::Integer(integer) => Some(Value::Integer(integer)),
            Current::Bytes => Some(Value::Bytes(&self.bytes)),
        }
    }

    /// Gives the documents of the current value.
    pub fn for_each_doc<R: SpillRead>(&mut self, blocks: &mut BlockReader<R>, each: &mut EachDoc<'_>) -> Result<()> {
        let mut doc = 0u32;
        while std::mem::take(&mut self.unread) {
            let n = blocks.varint()?;
            self.unread = n > 0;
            for _ in 0..n {
                doc = doc.wrapping_add(blocks.varint()?);
                each(doc)?;
            }
        }
        Ok(())
    }

    /// Moves to the next value.
    pub fn advance<R: SpillRead>(&mut self, blocks: &mut BlockReader<R>) -> Result<()> {
        self.for_each_doc(blocks, &mut |_| Ok(()))?;
        self.read_value(blocks)
    }

    fn read_value<R: SpillRead>(&mut self, blocks: &mut BlockReader<R>) -> Result<()> {
        let record = blocks.take(value_bytes(self.kind))?;
        self.unread = record.first() == Some(&1);
        self.current = Current::None;
        if !self.unread {
            return Ok(());
        }
        match self.kind {
            ValueKind::Integer => self.current = Current::Integer(field::i64_at(record, 1)),
            ValueKind::Bytes => {
                let len = usize::from(field::u16_at(record, 1));
                if len > MAX_VALUE_BYTES {
                    return Err(damaged("value is too long"));
                }
                self.bytes.clear();
                blocks.take_stream(len, &mut self.bytes)?;
                self.current = Current::Bytes;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::RunBuilder;
    use super::super::source::SegmentSource;
    use super::super::spill::{MemoryRun, SpilledRun, spill};
    use super::*;
    use crate::engine::filter::value::Columns;
    use crate::engine::ids::{Metric, Tid};

    struct Two;

    impl Columns for Two {
        fn kinds(&self) -> &[ValueKind] {
            &[ValueKind::Integer, ValueKind::Bytes]
        }

        fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<std::cmp::Ordering> {
            Ok(a.cmp(b))
        }
    }

    fn docs(source: &mut dyn SegmentSource) -> Vec<u32> {
        let mut docs = Vec::new();
        let mut each = |doc| {
            docs.push(doc);
            Ok(())
        };
        source.for_each_doc_of_value(&mut each).unwrap();
        docs
    }

    /// Values of all lengths cross blocks; whoever skips documents, values or the rest of a column finds what follows.
    #[test]
    fn columns_are_read_back() {
        let mut builder = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(Two.kinds());
        let mut plain = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(Two.kinds());
        builder.add(Tid::default(), None, &[Some(Value::Integer(7)), Some(Value::Bytes(b"before"))]).unwrap();
        spill(&mut builder, &Two, &mut MemoryRun::default()).unwrap();
        let text = "x".repeat(MAX_VALUE_BYTES);
        for doc in 0..5_000u32 {
            let integer = i64::from(doc % 1_000 * 7_919 % 1_000).wrapping_mul(i64::MAX / 500);
            let text = &text.as_bytes()[..doc as usize * 31 % (MAX_VALUE_BYTES + 1)];
            let values = [Some(Value::Integer(integer)), Some(Value::Bytes(text)).filter(|_| doc % 3 > 0)];
            builder.add(Tid::default(), None, &values).unwrap();
            plain.add(Tid::default(), None, &values).unwrap();
        }
        let bound = builder.spilled_bytes();
        let mut kept = MemoryRun::default();
        spill(&mut builder, &Two, &mut kept).unwrap();
        assert!(
            kept.bytes() < bound + bound / 64 + 2 * super::super::spill_blocks::BLOCK,
            "{} of {bound}",
            kept.bytes()
        );

        let mut wanted = plain.finish(&Two).unwrap();
        let mut read = SpilledRun::open(kept).unwrap();
        read.for_each_tid(&mut |_, _| Ok(())).unwrap();
        for column in 0..2 {
            wanted.begin_column(column).unwrap();
            read.begin_column(column).unwrap();
            assert_eq!(read.n_values(), wanted.n_values());
            let mut n = 0;
            while let Some(value) = wanted.value() {
                assert_eq!(read.value(), Some(value));
                if n % 3 > 0 {
                    assert_eq!(docs(&mut read), docs(&mut wanted));
                }
                read.advance_value().unwrap();
                wanted.advance_value().unwrap();
                n += 1;
                if column == 0 && n == 900 {
                    break;
                }
            }
            assert_eq!(column == 1, read.value().is_none());
        }
        read.begin_terms().unwrap();
        assert_eq!(read.head(), None);
    }

    #[test]
    fn values_must_fit() {
        let mut builder = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(Two.kinds());
        let long = [0; MAX_VALUE_BYTES + 1];
        let mut add = |values: &[Option<Value<'_>>]| builder.add(Tid::default(), None, values);
        assert!(add(&[None, Some(Value::Bytes(&long))]).is_err());
        assert!(add(&[Some(Value::Bytes(b"")), None]).is_err());
        assert!(add(&[None]).is_err());
        assert!(add(&[None, Some(Value::Bytes(&long[1..]))]).is_ok());
    }
}
