//! A value of a filter column, and the order of a column's values.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::engine::error::{EngineError, Result};

/// The most bytes of a value, as a B-tree would take.
pub const MAX_VALUE_BYTES: usize = 2704;
/// Filter columns of an index at most: PostgreSQL's 32 columns less the vector.
pub const MAX_COLUMNS: usize = 31;

/// How the values of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueKind {
    /// As 64-bit integers that have the order of the values.
    Integer,
    /// As bytes whose order only the column's comparison knows.
    Bytes,
}

/// A value that is not NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// Of a column of integers.
    Integer(i64),
    /// Of a column of bytes; at most [`MAX_VALUE_BYTES`].
    Bytes(&'a [u8]),
}

/// The filter columns of an index.
pub trait Columns {
    /// How the values of each column are stored.
    fn kinds(&self) -> &[ValueKind];

    /// The order of two values of column `column`, whose kind is [`ValueKind::Bytes`]. Different bytes may be equal.
    fn compare_bytes(&self, column: usize, a: &[u8], b: &[u8]) -> Result<Ordering>;

    /// Whether these bytes can be a value of column `column` at all.
    fn fits(&self, column: usize, bytes: &[u8]) -> bool {
        let _ = (column, bytes);
        true
    }

    /// The order of two values of a column.
    fn compare(&self, column: usize, a: Value<'_>, b: Value<'_>) -> Result<Ordering> {
        match (a, b) {
            (Value::Integer(a), Value::Integer(b)) => Ok(a.cmp(&b)),
            (Value::Bytes(a), Value::Bytes(b)) => self.compare_bytes(column, a, b),
            _ => Err(two_kinds()),
        }
    }
}

/// A column has integers where it should have bytes, or the other way round.
pub fn two_kinds() -> EngineError {
    EngineError::Corrupt { part: "filter values", page: 0, reason: "values of two kinds" }
}

/// An index of vectors alone.
pub struct NoColumns;

impl Columns for NoColumns {
    fn kinds(&self) -> &[ValueKind] {
        &[]
    }

    fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<Ordering> {
        Ok(a.cmp(b))
    }
}
