//! The values of several sources in one order: a heap of the sources by their current values. There may be hundreds of
//! sources and millions of values, so each step costs the logarithm of the sources.

use std::cmp::Ordering;

use super::value::{Columns, Value, ValueKind, two_kinds};
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::segment::live::LiveRank;
use crate::engine::segment::source::Input;

/// Takes the values of a column in their order.
pub trait ValueSink {
    /// The documents to come have this value.
    fn begin_value(&mut self, value: Value<'_>) -> Result<()>;
    /// A document, by its new number; they ascend.
    fn push(&mut self, doc: u32) -> Result<()>;
    /// There are no more; perhaps there were none.
    fn end_value(&mut self, value: Value<'_>) -> Result<()>;
}

/// Gives the values of a column that all inputs have begun.
pub fn merge_values(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    columns: &dyn Columns,
    (column, kind): (usize, ValueKind),
    out: &mut impl ValueSink,
) -> Result<()> {
    let mut heap = ValueHeap::new(columns, column, kind, inputs)?;
    while heap.begin_value(inputs)? {
        out.begin_value(heap.value())?;
        while let Some(no) = heap.input(inputs)? {
            let rank = &ranks[no];
            inputs[no].source.for_each_doc_of_value(&mut |doc| match rank.new_doc(doc) {
                Some(doc) => out.push(doc),
                None => Ok(()),
            })?;
            heap.advance(inputs)?;
        }
        out.end_value(heap.value())?;
    }
    Ok(())
}

/// An input that is at a value.
#[derive(Clone, Copy)]
struct Entry {
    /// The value, of a column of integers.
    integer: i64,
    input: usize,
}

/// The inputs of a merge that have values left, the least value first; of equal ones the first input's.
struct ValueHeap<'c> {
    columns: &'c dyn Columns,
    column: usize,
    kind: ValueKind,
    entries: Vec<Entry>,
    /// The last input that was moved on from the current value.
    advanced: Option<usize>,
    current: CurrentValue,
}

/// A copy of a value.
#[derive(Default)]
struct CurrentValue {
    integer: i64,
    bytes: Vec<u8>,
}

impl<'c> ValueHeap<'c> {
    /// Of a column, which all inputs have begun.
    fn new(columns: &'c dyn Columns, column: usize, kind: ValueKind, inputs: &[Input<'_>]) -> Result<Self> {
        let entries = reserved(inputs.len(), "merge inputs")?;
        let mut heap = Self { columns, column, kind, entries, advanced: None, current: CurrentValue::default() };
        for (no, input) in inputs.iter().enumerate() {
            if let Some(entry) = heap.entry(no, input)? {
                heap.entries.push(entry);
            }
        }
        for at in (0..heap.entries.len() / 2).rev() {
            heap.sift_down(at, inputs)?;
        }
        Ok(heap)
    }

    fn entry(&self, no: usize, input: &Input<'_>) -> Result<Option<Entry>> {
        match (self.kind, input.source.value()) {
            (_, None) => Ok(None),
            (ValueKind::Integer, Some(Value::Integer(integer))) => Ok(Some(Entry { integer, input: no })),
            (ValueKind::Bytes, Some(Value::Bytes(_))) => Ok(Some(Entry { integer: 0, input: no })),
            _ => Err(two_kinds()),
        }
    }

    /// The order of two values. Values that are the same are not compared.
    fn compare(&self, a: Value<'_>, b: Value<'_>) -> Result<Ordering> {
        if a == b { Ok(Ordering::Equal) } else { self.columns.compare(self.column, a, b) }
    }

    fn is_before(&self, a: Entry, b: Entry, inputs: &[Input<'_>]) -> Result<bool> {
        let order = match self.kind {
            ValueKind::Integer => a.integer.cmp(&b.integer),
            ValueKind::Bytes => match (inputs[a.input].source.value(), inputs[b.input].source.value()) {
                (Some(a), Some(b)) => self.compare(a, b)?,
                _ => Ordering::Equal,
            },
        };
        Ok(order.then(a.input.cmp(&b.input)).is_lt())
    }

    fn sift_down(&mut self, mut at: usize, inputs: &[Input<'_>]) -> Result<()> {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.entries.len() && self.is_before(self.entries[child], self.entries[least], inputs)? {
                    least = child;
                }
            }
            if least == at {
                return Ok(());
            }
            self.entries.swap(at, least);
            at = least;
        }
    }

    /// Begins with the least value that is left. Returns whether there is one.
    fn begin_value(&mut self, inputs: &[Input<'_>]) -> Result<bool> {
        self.advanced = None;
        let Some(first) = self.entries.first() else { return Ok(false) };
        match inputs[first.input].source.value() {
            Some(Value::Integer(integer)) => self.current.integer = integer,
            Some(Value::Bytes(bytes)) => {
                self.current.bytes.clear();
                reserve(&mut self.current.bytes, bytes.len(), "filter values")?;
                self.current.bytes.extend_from_slice(bytes);
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// The value begun with.
    fn value(&self) -> Value<'_> {
        match self.kind {
            ValueKind::Integer => Value::Integer(self.current.integer),
            ValueKind::Bytes => Value::Bytes(&self.current.bytes),
        }
    }

    /// The next input that is at this value, or at one that is equal.
    fn input(&self, inputs: &[Input<'_>]) -> Result<Option<usize>> {
        let Some(first) = self.entries.first() else { return Ok(None) };
        // An input's next value is a greater one. That of bytes is believed, to spare a call into a collation.
        if self.kind == ValueKind::Bytes && self.advanced == Some(first.input) {
            return Ok(None);
        }
        let source = &inputs[first.input].source;
        let Some(value) = source.value() else { return Ok(None) };
        match self.compare(value, self.value())? {
            // Of equal values those of earlier inputs have been taken.
            Ordering::Equal if self.advanced < Some(first.input) => Ok(Some(first.input)),
            Ordering::Greater => Ok(None),
            _ => Err(source.value_out_of_order()),
        }
    }

    /// Moves that input, the one first in the heap, to its next value.
    fn advance(&mut self, inputs: &mut [Input<'_>]) -> Result<()> {
        let Some(first) = self.entries.first().copied() else { return Ok(()) };
        inputs[first.input].source.advance_value()?;
        self.advanced = Some(first.input);
        match self.entry(first.input, &inputs[first.input])? {
            Some(entry) => self.entries[0] = entry,
            None => {
                self.entries.swap_remove(0);
            }
        }
        self.sift_down(0, inputs)
    }
}
