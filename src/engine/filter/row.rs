//! The filter values of one row: as a list, and as bytes beside its vector in the pending list.
//!
//! ```text
//!  NULL      | 0 |
//!  integer   | 1 | 8 bytes                |
//!  bytes     | 2 | length (u16) | bytes   |      one behind another, in the order of the columns
//! ```

use std::ops::Deref;

use super::value::{MAX_COLUMNS, MAX_VALUE_BYTES, Value, ValueKind};
use crate::engine::error::{EngineError, Result, reserve};

/// What to do about values that are too long.
pub const SHORTEN: &str = "Index an expression instead: a hash of the value, or the beginning of it.";
/// The most bytes that the values of a row take.
pub const MAX_ENCODED_BYTES: usize = MAX_COLUMNS * (3 + MAX_VALUE_BYTES);

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const BYTES: u8 = 2;

/// One value for each filter column; `None` is NULL.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    list: [Option<Value<'a>>; MAX_COLUMNS],
    n: usize,
}

impl Default for Values<'_> {
    fn default() -> Self {
        Self { list: [None; MAX_COLUMNS], n: 0 }
    }
}

impl<'a> Values<'a> {
    /// Adds the next column's; there are never more columns than places.
    pub fn push(&mut self, value: Option<Value<'a>>) {
        if let Some(place) = self.list.get_mut(self.n) {
            *place = value;
            self.n += 1;
        }
    }
}

impl<'a> Deref for Values<'a> {
    type Target = [Option<Value<'a>>];

    fn deref(&self) -> &Self::Target {
        &self.list[..self.n]
    }
}

/// How many bytes [`encode`] makes.
pub fn encoded_bytes(values: &[Option<Value<'_>>]) -> usize {
    let of_one = |value: &Option<Value<'_>>| match value {
        None => 1,
        Some(Value::Integer(_)) => 9,
        Some(Value::Bytes(bytes)) => 3 + bytes.len(),
    };
    values.iter().map(of_one).sum()
}

/// Appends the values' bytes.
pub fn encode(values: &[Option<Value<'_>>], out: &mut Vec<u8>) -> Result<()> {
    reserve(out, encoded_bytes(values), "filter values")?;
    for value in values {
        match value {
            None => out.push(NULL),
            Some(Value::Integer(integer)) => {
                out.push(INTEGER);
                out.extend_from_slice(&integer.to_le_bytes());
            }
            Some(Value::Bytes(bytes)) => {
                out.push(BYTES);
                out.extend_from_slice(&checked_length(bytes)?.to_le_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
    Ok(())
}

fn checked_length(bytes: &[u8]) -> Result<u16> {
    let (what, limit) = ("length of a filter value", MAX_VALUE_BYTES as u64);
    let length = u16::try_from(bytes.len()).ok().filter(|&n| usize::from(n) <= MAX_VALUE_BYTES);
    length.ok_or(EngineError::Limit { what, limit, remedy: SHORTEN })
}

/// The values of a row whose columns are of `kinds`, or what is wrong with the bytes.
pub fn decode<'a>(bytes: &'a [u8], kinds: &[ValueKind]) -> std::result::Result<Values<'a>, &'static str> {
    let mut values = Values::default();
    let mut rest = bytes;
    for &kind in kinds {
        let (value, behind) = decode_one(rest, kind)?;
        values.push(value);
        rest = behind;
    }
    if rest.is_empty() { Ok(values) } else { Err("more filter values than columns") }
}

type Decoded<'a> = (Option<Value<'a>>, &'a [u8]);

fn decode_one(bytes: &[u8], kind: ValueKind) -> std::result::Result<Decoded<'_>, &'static str> {
    const CUT: &str = "filter values are cut short";
    let (&state, rest) = bytes.split_first().ok_or(CUT)?;
    match (state, kind) {
        (NULL, _) => Ok((None, rest)),
        (INTEGER, ValueKind::Integer) => {
            let (integer, rest) = rest.split_first_chunk().ok_or(CUT)?;
            Ok((Some(Value::Integer(i64::from_le_bytes(*integer))), rest))
        }
        (BYTES, ValueKind::Bytes) => {
            let (length, rest) = rest.split_first_chunk().ok_or(CUT)?;
            let length = usize::from(u16::from_le_bytes(*length));
            if length > MAX_VALUE_BYTES {
                return Err("filter value is too long");
            }
            let (value, rest) = rest.split_at_checked(length).ok_or(CUT)?;
            Ok((Some(Value::Bytes(value)), rest))
        }
        _ => Err("filter value of an unknown kind"),
    }
}
