//! A document that waits to be inverted, as it lies in the pending list: whole, with exact weights.
//!
//! ```text
//!  0      4      6      7      8        12            12+4n         12+8n
//!  +------+------+------+------+--------+-------------+-------------+
//!  | TID block, offset  |state | kind   | nnz | terms (u32)  | weights (f32) |
//!  +------+------+------+------+--------+-------------+-------------+
//! ```
//! A vector too large for a page lies in pages of its own; its entry then holds the first of them and their generation
//! (two u32) behind the head.

use super::error::{EngineError, Result, reserve, reserved};
use super::ids::Tid;
use super::segment::pages::field;
use super::vector::SparseVectorRef;

/// Bytes before the terms.
pub const HEAD_BYTES: usize = 12;
/// The byte that says what became of the row: 0, [`DEAD`] or [`KILLED`].
pub const STATE_AT: usize = 6;
/// State of an entry whose heap row is gone: VACUUM's word.
pub const DEAD: u8 = 1;
/// State of an entry whose heap row a scan has found dead to everybody: a hint, as the killed bits of a segment.
pub const KILLED: u8 = 2;

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The vector is NULL.
    Null,
    /// The vector follows, with this many non-zeros.
    Inline(u32),
    /// The vector lies in overflow pages from this block on, with this many non-zeros.
    Overflow {
        /// First overflow page.
        block: u32,
        /// What all of them carry.
        generation: u32,
        /// Number of non-zeros.
        nnz: u32,
    },
}

/// An entry's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHead {
    /// The heap row.
    pub tid: Tid,
    /// Vacuum has seen that the heap row is gone.
    pub dead: bool,
    /// A scan has found the row dead to everybody, and vacuum not yet.
    pub killed: bool,
    /// The vector.
    pub body: Body,
}

impl EntryHead {
    /// Bytes of the whole entry in the list.
    pub fn entry_bytes(&self) -> usize {
        match self.body {
            Body::Null => HEAD_BYTES,
            Body::Inline(nnz) => HEAD_BYTES + 8 * nnz as usize,
            Body::Overflow { .. } => HEAD_BYTES + 8,
        }
    }

    /// The head's bytes; for an overflow entry block and generation follow as the eight bytes behind them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + 8);
        out.extend_from_slice(&self.tid.to_bytes());
        let (kind, nnz) = match self.body {
            Body::Null => (0u8, 0),
            Body::Inline(nnz) => (1, nnz),
            Body::Overflow { nnz, .. } => (2, nnz),
        };
        let state = match (self.dead, self.killed) {
            (true, _) => DEAD,
            (false, true) => KILLED,
            (false, false) => 0,
        };
        out.extend_from_slice(&[state, kind]);
        out.extend_from_slice(&nnz.to_le_bytes());
        if let Body::Overflow { block, generation, .. } = self.body {
            out.extend_from_slice(&block.to_le_bytes());
            out.extend_from_slice(&generation.to_le_bytes());
        }
        out
    }

    /// Reads the entry that begins at `at`; the whole entry lies within `payload` if this succeeds.
    pub fn parse(payload: &[u8], at: usize, page: u32) -> Result<Self> {
        let head = payload.get(at..at + HEAD_BYTES).ok_or_else(|| damaged(page, "entry out of reach"))?;
        let tid: [u8; Tid::BYTES] =
            head.first_chunk::<{ Tid::BYTES }>().copied().ok_or_else(|| damaged(page, "entry out of reach"))?;
        let nnz = field::u32_at(head, 8);
        let body = match head[7] {
            0 => Body::Null,
            1 => Body::Inline(nnz),
            2 => {
                let place = at + HEAD_BYTES;
                let (block, generation) = (field::u32_at(payload, place), field::u32_at(payload, place + 4));
                Body::Overflow { block, generation, nnz }
            }
            _ => return Err(damaged(page, "unknown kind of entry")),
        };
        let (dead, killed) = match head[STATE_AT] {
            0 => (false, false),
            DEAD => (true, false),
            KILLED => (false, true),
            _ => return Err(damaged(page, "unknown state of entry")),
        };
        let entry = Self { tid: Tid::from_bytes(tid), dead, killed, body };
        match at.checked_add(entry.entry_bytes()) {
            Some(end) if end <= payload.len() => Ok(entry),
            _ => Err(damaged(page, "entry out of reach")),
        }
    }
}

/// A vector's terms, then its weights.
pub fn vector_bytes(vector: SparseVectorRef<'_>) -> Result<Vec<u8>> {
    let mut out = reserved(vector.nnz().saturating_mul(8), "pending vector")?;
    vector.indices().iter().for_each(|i| out.extend_from_slice(&i.to_le_bytes()));
    vector.weights().iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
    Ok(out)
}

/// A vector read back; reused for one entry after another.
#[derive(Default)]
pub struct VectorBuffer {
    indices: Vec<u32>,
    weights: Vec<f32>,
}

impl VectorBuffer {
    /// Reads `bytes` written by [`vector_bytes`], refusing what no vector can be.
    pub fn load(&mut self, bytes: &[u8], page: u32) -> Result<SparseVectorRef<'_>> {
        let (indices, weights) = bytes.split_at(bytes.len() / 8 * 4);
        self.indices.clear();
        self.weights.clear();
        reserve(&mut self.indices, indices.len() / 4, "pending vector")?;
        reserve(&mut self.weights, weights.len() / 4, "pending vector")?;
        self.indices.extend(indices.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b)));
        self.weights.extend(weights.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)));
        // Without a way out early, so that it takes a few instructions.
        let ascending = self.indices.windows(2).fold(true, |so_far, w| so_far & (w[0] < w[1]));
        let sound = self.weights.iter().fold(true, |so_far, w| so_far & w.is_finite() & (*w != 0.0));
        if !ascending || !sound || self.indices.len() != self.weights.len() {
            return Err(damaged(page, "vector is not sound"));
        }
        Ok(SparseVectorRef::from_valid_parts(0, &self.indices, &self.weights))
    }
}

/// A corrupt-page error of the pending list.
pub fn damaged(page: u32, reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: "pending list", page, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_round_trip() {
        let tid = Tid { block: 70_000, offset: 291 };
        for body in [Body::Null, Body::Inline(3), Body::Overflow { block: 77, generation: u32::MAX - 1, nnz: 1 << 24 }]
        {
            for (dead, killed) in [(false, false), (true, false), (false, true)] {
                let head = EntryHead { tid, dead, killed, body };
                let mut page = vec![9; 5];
                page.extend(head.to_bytes());
                page.resize(5 + head.entry_bytes(), 0);
                assert_eq!(EntryHead::parse(&page, 5, 0), Ok(head));
                page[5 + STATE_AT] = 3;
                assert!(EntryHead::parse(&page, 5, 0).is_err());
                page[5 + STATE_AT] = 0;
                page.pop();
                assert!(EntryHead::parse(&page, 5, 0).is_err());
            }
        }
    }

    #[test]
    fn vectors_round_trip_and_damage_is_refused() {
        let vector = SparseVectorRef::from_valid_parts(0, &[3, 9], &[0.5, -2.0]);
        let mut bytes = vector_bytes(vector).unwrap();
        let mut buffer = VectorBuffer::default();
        assert_eq!(buffer.load(&bytes, 0), Ok(vector));
        bytes[0] = 10;
        assert!(buffer.load(&bytes, 0).is_err());
    }
}
