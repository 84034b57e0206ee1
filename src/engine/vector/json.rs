//! JSON objects of token ids, as model servers write them: `{"7592": 1.2, "2088": 0.5}`. Keys count from 0.
//!
//! The input is what PostgreSQL prints for a jsonb value, so it is well-formed; whatever is not such a flat object is
//! refused all the same, in one pass and without recursion.

use std::fmt::Write;

use super::build::VectorBuilder;
use super::error::{Numbering, Place, VectorError, excerpt};
use super::number::{Scan, scan_float, write_float};
use super::{SparseVector, SparseVectorRef};
use crate::engine::pace::Pace;

/// Reads an object; the vector is unbounded, for JSON names no dimension.
pub fn parse(input: &[u8], interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
    let mut rest = after(input, b'{').ok_or_else(|| shape("The value is not an object", b""))?;
    let mut builder = VectorBuilder::new(Numbering::TokenFromZero, interrupts);
    if let Some(end) = after(rest, b'}') {
        return expect_end(end).and_then(|()| builder.finish(0));
    }
    loop {
        rest = pair(rest, &mut builder)?;
        if let Some(next) = after(rest, b',') {
            rest = next;
        } else if let Some(end) = after(rest, b'}') {
            return expect_end(end).and_then(|()| builder.finish(0));
        } else {
            return Err(shape("Expected \",\" or \"}\"", rest));
        }
    }
}

fn pair<'a>(input: &'a [u8], builder: &mut VectorBuilder<'_>) -> Result<&'a [u8], VectorError> {
    let not_a_key = || shape("Expected a key", b"");
    let start = after(input, b'"').ok_or_else(not_a_key)?;
    let key_len = start.iter().position(|&b| b == b'"').ok_or_else(not_a_key)?;
    let (key, rest) = start.split_at(key_len);
    let token = token_id(key).ok_or_else(|| shape("Expected a token id", key))?;
    let rest = after(rest.get(1..).unwrap_or_default(), b':').ok_or_else(|| shape("Expected a number", key))?;
    let rest = rest.trim_ascii_start();
    let place = Place::Term(u32::try_from(token).unwrap_or(u32::MAX));
    match scan_float(rest) {
        Scan::Number(weight, len) if weight.is_finite() => {
            builder.push(token, weight, place)?;
            Ok(rest.get(len..).unwrap_or_default())
        }
        Scan::OutOfRange(len) => {
            let literal = excerpt(rest.get(..len).unwrap_or_default());
            Err(VectorError::WeightOutOfRange { literal, place })
        }
        _ => Err(shape("Expected a number", key)),
    }
}

/// Only plain digits make a token id, and leading zeros do not, so that two keys never mean the same term.
fn token_id(key: &[u8]) -> Option<i64> {
    let is_plain =
        !key.is_empty() && key.iter().all(u8::is_ascii_digit) && (key.len() == 1 || key.first() != Some(&b'0'));
    // Eighteen digits fit i64; more are out of bounds anyway.
    is_plain.then(|| str::from_utf8(key).ok().and_then(|digits| digits.parse().ok()).unwrap_or(i64::MAX))
}

fn after(input: &[u8], byte: u8) -> Option<&[u8]> {
    match input.trim_ascii_start().split_first() {
        Some((&first, rest)) if first == byte => Some(rest),
        _ => None,
    }
}

fn expect_end(rest: &[u8]) -> Result<(), VectorError> {
    if rest.trim_ascii().is_empty() { Ok(()) } else { Err(shape("Expected the end", rest)) }
}

fn shape(problem: &'static str, key: &[u8]) -> VectorError {
    VectorError::JsonShape { problem, key: excerpt(key) }
}

/// Writes an object; the dimension is lost.
pub fn format(vector: SparseVectorRef<'_>, interrupts: &mut dyn FnMut()) -> Result<String, VectorError> {
    let mut out = String::new();
    let mut separator = "{";
    let mut pace = Pace::new(interrupts);
    for (index, weight) in vector.iter() {
        pace.step(1);
        if out.capacity().saturating_sub(out.len()) < 64 {
            let bytes = out.len().max(1024);
            out.try_reserve(bytes).map_err(|_| VectorError::OutOfMemory { bytes })?;
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{separator}\"{index}\": ");
        write_float(&mut out, weight);
        separator = ", ";
    }
    out.push_str(if vector.nnz() == 0 { "{}" } else { "}" });
    Ok(out)
}
