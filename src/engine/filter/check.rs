//! Are the filter columns of a segment sound? Dictionary, codes and lists are compared with each other; whether they
//! say what the table says is seen by [`super::column::ColumnReader::value_of`].

use std::cmp::Ordering;

use super::column::ColumnReader;
use super::cursor::Cursor;
use super::meta::docs_of_range;
use super::value::{Columns, Value};
use crate::engine::error::{Result, filled, reserve};
use crate::engine::segment::check::{Report, found, note};
use crate::engine::segment::format::{RANGE_DOCS, n_ranges};
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::SegmentReader;

/// Checks all columns of a segment; holds the codes of one, 4 bytes a document.
pub fn check_columns<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    columns: &dyn Columns,
    report: &mut Report<'_>,
) -> Result<()> {
    let kinds = columns.kinds();
    if !segment.meta.columns.iter().map(|column| column.kind).eq(kinds.iter().copied()) {
        found(report, Part::FilterValues, None, "the segment's filter columns are not those of the index");
        return Ok(());
    }
    for no in 0..kinds.len() {
        note(check_column(no, segment.column(no)?, columns, report), report)?;
    }
    Ok(())
}

fn check_column<P: PartPages>(
    no: usize,
    column: ColumnReader<'_, P>,
    columns: &dyn Columns,
    report: &mut Report<'_>,
) -> Result<()> {
    let codes = read_codes(no, column, report)?;
    let mut unlisted = count_codes(no, column, &codes, report)?;
    let mut previous = Previous::default();
    let mut cursor = Cursor::new(column)?;
    while let Some((page, number)) = cursor.place() {
        if let Some(value) = cursor.value()
            && previous.replace(value, |a, b| columns.compare(no, a, b))? != Ordering::Less
        {
            let text = format!("value {number} of column {no} does not ascend");
            found(report, Part::FilterValues, page, text);
        }
        let n = unlisted.get_mut(number as usize).map(std::mem::take);
        if n != Some(cursor.count()) {
            let text = format!("value {number} of column {no} has another number of documents than codes");
            found(report, Part::FilterValues, page, text);
        }
        if column.meta.has_lists() {
            check_list(no, column, &codes, &mut cursor, number, report)?;
        }
        cursor.advance()?;
        if number.is_multiple_of(1024) {
            column.pages.check_interrupts();
        }
    }
    Ok(())
}

/// The value before, to be compared with the next.
#[derive(Default)]
struct Previous {
    integer: Option<i64>,
    bytes: Option<Vec<u8>>,
}

impl Previous {
    /// The order of the value before and this one, which takes its place.
    fn replace(
        &mut self,
        value: Value<'_>,
        compare: impl Fn(Value<'_>, Value<'_>) -> Result<Ordering>,
    ) -> Result<Ordering> {
        let order = match (self.integer, &self.bytes) {
            (Some(integer), _) => compare(Value::Integer(integer), value)?,
            (_, Some(bytes)) => compare(Value::Bytes(bytes), value)?,
            _ => Ordering::Less,
        };
        match value {
            Value::Integer(integer) => self.integer = Some(integer),
            Value::Bytes(bytes) => {
                let kept = self.bytes.get_or_insert_default();
                kept.clear();
                reserve(kept, bytes.len(), "filter values")?;
                kept.extend_from_slice(bytes);
            }
        }
        Ok(order)
    }
}

/// All codes; no bit may be set beyond the last document.
fn read_codes<P: PartPages>(no: usize, column: ColumnReader<'_, P>, report: &mut Report<'_>) -> Result<Vec<u32>> {
    let mut codes = filled(column.n_docs as usize, 0u32, "codes of a filter column")?;
    let mut planes = column.planes();
    for range in 0..n_ranges(column.n_docs) {
        planes.begin_range(range);
        let docs = docs_of_range(column.n_docs, range);
        let from = (range * RANGE_DOCS) as usize;
        let Some(codes) = codes.get_mut(from..from + docs as usize) else { continue };
        for plane in (0..column.meta.bits()).rev() {
            let (page, _) = planes.place(plane, 0)?;
            let words = planes.plane(plane)?;
            for (codes, &word) in codes.chunks_mut(64).zip(words) {
                codes.iter_mut().zip(0..).for_each(|(code, at)| *code |= ((word >> at & 1) as u32) << plane);
            }
            if !docs.is_multiple_of(64) && words.last().is_some_and(|last| last >> (docs % 64) != 0) {
                let text = format!("a bit of column {no} is set beyond the last document");
                found(report, Part::FilterCodes, page, text);
            }
        }
        column.pages.check_interrupts();
    }
    Ok(codes)
}

/// How many documents have each value, by their codes.
fn count_codes<P: PartPages>(
    no: usize,
    column: ColumnReader<'_, P>,
    codes: &[u32],
    report: &mut Report<'_>,
) -> Result<Vec<u32>> {
    let mut counts = filled(column.meta.n_values as usize, 0u32, "values of a filter column")?;
    let (mut n_null, mut n_beyond) = (0, 0);
    for code in codes {
        match code.checked_sub(column.meta.shift()).map(|number| counts.get_mut(number as usize)) {
            None => n_null += 1,
            Some(None) => n_beyond += 1,
            Some(Some(count)) => *count += 1,
        }
    }
    if n_beyond > 0 {
        let text = format!("{n_beyond} documents have a code beyond the values of column {no}");
        found(report, Part::FilterCodes, None, text);
    }
    if n_null != column.meta.n_null {
        let text = format!("column {no} has {n_null} NULLs, the manifest {}", column.meta.n_null);
        found(report, Part::FilterCodes, None, text);
    }
    Ok(counts)
}

/// The listed documents of a value ascend and have its code.
fn check_list<P: PartPages>(
    no: usize,
    column: ColumnReader<'_, P>,
    codes: &[u32],
    cursor: &mut Cursor<'_, P>,
    number: u32,
    report: &mut Report<'_>,
) -> Result<()> {
    let (mut next, mut ordered, mut agree) = (0, true, true);
    cursor.for_each_doc(&mut |doc| {
        ordered &= doc >= next;
        next = doc.saturating_add(1);
        agree &= codes.get(doc as usize).is_some_and(|code| code.checked_sub(column.meta.shift()) == Some(number));
        Ok(())
    })?;
    if !ordered {
        found(report, Part::FilterLists, None, format!("documents of value {number} of column {no} do not ascend"));
    }
    if !agree {
        found(report, Part::FilterLists, None, format!("documents of value {number} of column {no} have other codes"));
    }
    Ok(())
}
