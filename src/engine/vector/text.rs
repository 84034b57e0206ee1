//! The text form, pgvector's: `{1:0.5,7592:1.2}/30522`, indices from 1, here with an optional `/dim`.
//!
//! ```text
//! literal := ws '{' ws [ pair { ws ',' ws pair } ] ws '}' ws [ '/' ws integer ws ]
//! pair    := integer ws ':' ws float
//! ws      := blanks, tabs, newlines, carriage returns, vertical tabs, form feeds
//! ```
//!
//! Pairs may come in any order. A pair whose weight is 0 is dropped before its index is looked at, as pgvector does.
//! One pass over the bytes, no recursion; a sort only if the pairs do not ascend.

use std::fmt::Write;

use super::build::VectorBuilder;
use super::check::{check_dim, reserve};
use super::error::{Numbering, Place, VectorError, excerpt};
use super::number::{Scan, scan_float, write_float};
use super::{SparseVector, SparseVectorRef};
use crate::engine::pace::Pace;

/// Reads a literal; `interrupts` is called now and then.
pub fn parse(input: &[u8], interrupts: &mut dyn FnMut()) -> Result<SparseVector, VectorError> {
    let mut parser = Parser { input, at: 0 };
    let mut builder = VectorBuilder::new(Numbering::IndexFromOne, interrupts);
    parser.skip_blanks();
    parser.expect(b'{', "Expected \"{\"")?;
    parser.skip_blanks();
    if !parser.take(b'}') {
        loop {
            let begin = parser.at;
            parser.skip_blanks();
            parser.pair(&mut builder)?;
            parser.skip_blanks();
            // However long a pair is written.
            builder.step(parser.at.saturating_sub(begin) / 16);
            if parser.take(b'}') {
                break;
            }
            parser.expect(b',', "Expected \",\" or \"}\"")?;
        }
    }
    parser.skip_blanks();
    let dim = if parser.take(b'/') { parser.dim()? } else { 0 };
    parser.skip_blanks();
    if parser.at < input.len() {
        return Err(parser.syntax("Expected the end"));
    }
    builder.finish(dim)
}

struct Parser<'a> {
    input: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn advance(&mut self, len: usize) {
        self.at = self.at.saturating_add(len);
    }

    fn rest(&self) -> &[u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.advance(usize::from(found));
        found
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), VectorError> {
        if self.take(byte) { Ok(()) } else { Err(self.syntax(problem)) }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)) {
            self.advance(1);
        }
    }

    /// All bytes before the place are ASCII, so bytes count as characters.
    fn position(&self) -> usize {
        self.at.saturating_add(1)
    }

    fn syntax(&self, problem: &'static str) -> VectorError {
        VectorError::Syntax { excerpt: excerpt(self.input), position: self.position(), problem }
    }

    /// A signed integer, held at the ends of i64 however many digits it has.
    fn integer(&mut self, problem: &'static str) -> Result<i64, VectorError> {
        let start = self.at;
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let (mut value, mut n_digits) = (0i64, 0usize);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0')));
            n_digits = n_digits.saturating_add(1);
            self.advance(1);
        }
        if n_digits == 0 {
            self.at = start;
            return Err(self.syntax(problem));
        }
        Ok(if negative { value.saturating_neg() } else { value })
    }

    fn pair(&mut self, builder: &mut VectorBuilder<'_>) -> Result<(), VectorError> {
        let index = self.integer("Expected an index")?;
        self.skip_blanks();
        self.expect(b':', "Expected \":\"")?;
        self.skip_blanks();
        let place = Place::Character(self.position());
        match scan_float(self.rest()) {
            Scan::Number(weight, len) => {
                self.advance(len);
                builder.push(index.saturating_sub(1), weight, place)
            }
            Scan::OutOfRange(len) => {
                let literal = excerpt(self.rest().get(..len).unwrap_or_default());
                Err(VectorError::WeightOutOfRange { literal, place })
            }
            Scan::Nothing => Err(self.syntax("Expected a weight")),
        }
    }

    fn dim(&mut self) -> Result<u32, VectorError> {
        self.skip_blanks();
        check_dim(self.integer("Expected a dimension")?)
    }
}

/// Writes a literal: ascending, without blanks; `interrupts` is called now and then.
pub fn format(vector: SparseVectorRef<'_>, interrupts: &mut dyn FnMut()) -> Result<String, VectorError> {
    let mut bytes = Vec::new();
    // Most pairs take fewer bytes than this: a first guess only.
    reserve(&mut bytes, vector.nnz().saturating_mul(16).saturating_add(16))?;
    let mut out = String::from_utf8(bytes).unwrap_or_default();
    let mut separator = '{';
    let mut pace = Pace::new(interrupts);
    for (index, weight) in vector.iter() {
        pace.step(1);
        if out.capacity().saturating_sub(out.len()) < 64 {
            let bytes = out.len();
            out.try_reserve(bytes.max(64)).map_err(|_| VectorError::OutOfMemory { bytes })?;
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{separator}{}:", index.saturating_add(1));
        write_float(&mut out, weight);
        separator = ',';
    }
    out.push_str(if vector.nnz() == 0 { "{}" } else { "}" });
    if vector.dim() != 0 {
        let _ = write!(out, "/{}", vector.dim());
    }
    Ok(out)
}
