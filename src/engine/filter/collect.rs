//! Filter columns of a run: values are collected as documents come, then sorted.
//!
//! Integers are sorted together with their documents. Byte strings are numbered as they come, so that only distinct
//! ones are compared, and the documents are then sorted by counting.

use std::ops::Range;

use super::intern::Interner;
use super::order;
use super::value::{Columns, MAX_VALUE_BYTES, Value, ValueKind, two_kinds};
use crate::engine::error::{EngineError, Result, filled, reserve};
use crate::engine::segment::source::EachDoc;

/// An integer and its document, or the number of a byte string and its document.
type Valued<T> = (T, u32);

/// Bytes of memory a document with a value takes: the pair, in a vector that doubles when it grows, and for a string
/// the document as sorted.
const INTEGER_BYTES: usize = 2 * size_of::<Valued<i64>>();
const STRING_DOC_BYTES: usize = 2 * size_of::<Valued<u32>>() + size_of::<u32>();
/// Bytes that a run put aside takes at most: for a document, and for a value besides its own bytes.
const SPILLED_DOC: usize = 3;
const SPILLED_VALUE: usize = 6;
const SPILLED_INTEGER: usize = 12;

/// A column being collected.
enum Column {
    Integers(Vec<Valued<i64>>),
    Strings(Interner, Vec<Valued<u32>>),
}

impl Column {
    fn new(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Integer => Self::Integers(Vec::new()),
            ValueKind::Bytes => Self::Strings(Interner::default(), Vec::new()),
        }
    }

    #[inline]
    fn add(&mut self, doc: u32, value: Value<'_>) -> Result<()> {
        match (self, value) {
            (Self::Integers(pairs), Value::Integer(integer)) => {
                reserve(pairs, 1, "filter values")?;
                pairs.push((integer, doc));
                Ok(())
            }
            (Self::Strings(strings, pairs), Value::Bytes(bytes)) => {
                if bytes.len() > MAX_VALUE_BYTES {
                    return Err(EngineError::Limit {
                        what: "bytes of a filter value",
                        limit: MAX_VALUE_BYTES as u64,
                        remedy: "Index a shorter expression, or leave the column out of the index.",
                    });
                }
                let no = strings.number(bytes)?;
                reserve(pairs, 1, "filter values")?;
                pairs.push((no, doc));
                Ok(())
            }
            _ => Err(two_kinds()),
        }
    }

    fn memory(&self) -> usize {
        match self {
            Self::Integers(pairs) => pairs.len() * INTEGER_BYTES,
            Self::Strings(strings, pairs) => strings.memory() + pairs.len() * STRING_DOC_BYTES,
        }
    }

    fn spilled_bytes(&self) -> usize {
        match self {
            Self::Integers(pairs) => pairs.len() * (SPILLED_INTEGER + SPILLED_DOC),
            Self::Strings(strings, pairs) => {
                strings.n_bytes() + strings.n_strings() * SPILLED_VALUE + pairs.len() * SPILLED_DOC
            }
        }
    }

    fn sort(self, no: usize, columns: &dyn Columns) -> Result<Sorted> {
        match self {
            Self::Integers(mut pairs) => {
                pairs.sort_unstable();
                let n_values = pairs.chunk_by(|a, b| a.0 == b.0).count() as u32;
                Ok(Sorted::Integers { pairs, n_values })
            }
            Self::Strings(strings, pairs) => {
                sort_strings(strings, pairs, |a, b| columns.compare_bytes(no, a, b)).map(Sorted::Strings)
            }
        }
    }
}

fn sort_strings(
    strings: Interner,
    pairs: Vec<Valued<u32>>,
    compare: impl Fn(&[u8], &[u8]) -> Result<std::cmp::Ordering>,
) -> Result<SortedStrings> {
    let mut values = filled(strings.n_strings(), 0u32, "filter values")?;
    values.iter_mut().zip(0..).for_each(|(value, no)| *value = no);
    order::sort(&mut values, |a, b| compare(strings.get(a), strings.get(b)))?;

    // Different strings may be equal: the one that came first stands for all. Each string learns its value's place.
    let mut rank_of = filled(strings.n_strings(), 0u32, "filter values")?;
    let mut n_values = 0;
    for at in 0..values.len() {
        let string = values[at];
        let is_new = match n_values {
            0 => true,
            n => compare(strings.get(values[n - 1]), strings.get(string))?.is_ne(),
        };
        if is_new {
            values[n_values] = string;
            n_values += 1;
        }
        rank_of[string as usize] = n_values as u32 - 1;
    }
    values.truncate(n_values);

    // Where each value's documents begin; once they are placed, where they end.
    let mut ends = filled(n_values, 0u32, "filter values")?;
    pairs.iter().for_each(|&(string, _)| ends[rank_of[string as usize] as usize] += 1);
    let mut before = 0;
    for end in &mut ends {
        before += std::mem::replace(end, before);
    }
    let mut docs = filled(pairs.len(), 0u32, "filter values")?;
    for &(string, doc) in &pairs {
        let end = &mut ends[rank_of[string as usize] as usize];
        docs[*end as usize] = doc;
        *end += 1;
    }
    Ok(SortedStrings { strings, pairs, values, ends, docs })
}

/// Distinct strings in their order, and the documents in the order of their strings.
struct SortedStrings {
    strings: Interner,
    /// As collected; kept for its memory.
    pairs: Vec<Valued<u32>>,
    /// For each value the number of its string.
    values: Vec<u32>,
    /// For each value the end of its documents.
    ends: Vec<u32>,
    docs: Vec<u32>,
}

/// A column sorted.
enum Sorted {
    Integers { pairs: Vec<Valued<i64>>, n_values: u32 },
    Strings(SortedStrings),
}

/// Collects the filter columns of a run.
#[derive(Default)]
pub struct ColumnsBuilder {
    columns: Vec<Column>,
}

impl ColumnsBuilder {
    /// For columns of these kinds.
    pub fn new(kinds: &[ValueKind]) -> Self {
        Self { columns: kinds.iter().map(|&kind| Column::new(kind)).collect() }
    }

    /// Adds a document's values, one for each column. Documents ascend.
    #[inline]
    pub fn add(&mut self, doc: u32, values: &[Option<Value<'_>>]) -> Result<()> {
        if values.len() != self.columns.len() {
            let reason = "a row has another number of values";
            return Err(EngineError::Corrupt { part: "filter values", page: 0, reason });
        }
        for (column, value) in self.columns.iter_mut().zip(values) {
            if let Some(value) = value {
                column.add(doc, *value)?;
            }
        }
        Ok(())
    }

    /// Bytes of memory it takes, those for sorting included.
    pub fn memory(&self) -> usize {
        self.columns.iter().map(Column::memory).sum()
    }

    /// Bytes that a run put aside takes for it at most.
    pub fn spilled_bytes(&self) -> usize {
        self.columns.iter().map(Column::spilled_bytes).sum()
    }

    /// Sorts what was collected; [`ColumnsBuilder::reuse`] must come before anything is added again.
    pub fn sort(&mut self, columns: &dyn Columns) -> Result<SortedColumns> {
        let collected = std::mem::take(&mut self.columns).into_iter().enumerate();
        let sorted = collected.map(|(no, column)| column.sort(no, columns)).collect::<Result<_>>()?;
        Ok(SortedColumns { columns: sorted, current: 0, value: 0, docs: 0..0 })
    }

    /// Begins anew in the memory of what has been written.
    pub fn reuse(&mut self, written: SortedColumns) {
        let cleared = written.columns.into_iter().map(|column| match column {
            Sorted::Integers { mut pairs, .. } => {
                pairs.clear();
                Column::Integers(pairs)
            }
            Sorted::Strings(SortedStrings { mut strings, mut pairs, .. }) => {
                strings.clear();
                pairs.clear();
                Column::Strings(strings, pairs)
            }
        });
        self.columns = cleared.collect();
    }
}

/// The filter columns of a run, sorted and given value by value.
pub struct SortedColumns {
    columns: Vec<Sorted>,
    current: usize,
    value: usize,
    /// The current value's documents, by their places.
    docs: Range<usize>,
}

impl SortedColumns {
    /// How many columns there are.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// How the values of the current column are stored.
    pub fn kind(&self) -> Option<ValueKind> {
        self.columns.get(self.current).map(|column| match column {
            Sorted::Integers { .. } => ValueKind::Integer,
            Sorted::Strings(_) => ValueKind::Bytes,
        })
    }

    /// Moves to the first value of a column.
    pub fn begin(&mut self, column: usize) {
        (self.current, self.value) = (column, 0);
        self.docs = 0..self.end_of_value(0);
    }

    /// Distinct values of the current column.
    pub fn n_values(&self) -> u32 {
        match self.columns.get(self.current) {
            Some(Sorted::Integers { n_values, .. }) => *n_values,
            Some(Sorted::Strings(sorted)) => sorted.values.len() as u32,
            None => 0,
        }
    }

    /// Where the documents end that begin at place `from`, those of the current value.
    fn end_of_value(&self, from: usize) -> usize {
        match self.columns.get(self.current) {
            Some(Sorted::Integers { pairs, .. }) => {
                from + pairs[from..].iter().take_while(|pair| pair.0 == pairs[from].0).count()
            }
            Some(Sorted::Strings(sorted)) => sorted.ends.get(self.value).map_or(from, |&end| end as usize),
            None => 0,
        }
    }

    /// The current value; `None` behind the last.
    pub fn value(&self) -> Option<Value<'_>> {
        match self.columns.get(self.current)? {
            Sorted::Integers { pairs, .. } => pairs.get(self.docs.start).map(|&(integer, _)| Value::Integer(integer)),
            Sorted::Strings(sorted) => {
                sorted.values.get(self.value).map(|&string| Value::Bytes(sorted.strings.get(string)))
            }
        }
    }

    /// How many documents have the current value.
    pub fn n_docs_of_value(&self) -> u32 {
        self.docs.len() as u32
    }

    /// Gives the documents of the current value, ascending.
    pub fn for_each_doc(&self, each: &mut EachDoc<'_>) -> Result<()> {
        match self.columns.get(self.current) {
            Some(Sorted::Integers { pairs, .. }) => pairs[self.docs.clone()].iter().try_for_each(|&(_, doc)| each(doc)),
            Some(Sorted::Strings(sorted)) => sorted.docs[self.docs.clone()].iter().try_for_each(|&doc| each(doc)),
            None => Ok(()),
        }
    }

    /// Moves to the next value.
    pub fn advance(&mut self) {
        self.value += 1;
        self.docs = self.docs.end..self.end_of_value(self.docs.end);
    }
}
