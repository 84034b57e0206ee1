//! A document that waits to be inverted, as it lies in the pending list: whole, with exact weights.
//!
//! ```text
//!  0            6       7      8        12           16            16+4n         16+8n
//!  +------------+-------+------+--------+------------+-------------+-------------+----------------+
//!  | TID        | state | kind | nnz    | values_len | terms (u32) | weights     | filter values  |
//!  +------------+-------+------+--------+------------+-------------+-------------+----------------+
//! ```
//! The filter values, `values_len` bytes, are those of [`super::filter::row`]. A document too large for a page lies in
//! pages of its own; its entry then holds the first of them and their generation (two u32) behind the head.

use super::error::{EngineError, Result, reserve, reserved};
use super::filter::row::{self, MAX_ENCODED_BYTES, Values};
use super::filter::value::{Columns, Value, ValueKind};
use super::ids::Tid;
use super::segment::pages::field;
use super::vector::SparseVectorRef;

/// Bytes before the terms.
pub const HEAD_BYTES: usize = 16;
/// The byte that says what became of the row: 0, [`DEAD`] or [`KILLED`].
pub const STATE_AT: usize = 6;
/// State of an entry whose heap row is gone: VACUUM's word.
pub const DEAD: u8 = 1;
/// State of an entry whose heap row a scan has found dead to everybody: a hint, as the killed bits of a segment.
pub const KILLED: u8 = 2;

/// Bits of the byte that says what an entry holds: a vector, and not NULL.
const HAS_VECTOR: u8 = 1;
/// Its body lies in overflow pages.
const OVERFLOWS: u8 = 2;

/// Pages of an entry that is too large for a page of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The first of them.
    pub block: u32,
    /// What all of them carry.
    pub generation: u32,
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
    /// Non-zeros of the vector; `None` if it is NULL.
    pub nnz: Option<u32>,
    /// Bytes of the filter values.
    pub values_len: u32,
    /// Where vector and values lie, if not behind the head.
    pub overflow: Option<Overflow>,
}

impl EntryHead {
    /// Bytes of vector and values.
    pub fn body_bytes(&self) -> usize {
        8 * self.nnz.unwrap_or(0) as usize + self.values_len as usize
    }

    /// Bytes of the whole entry in the list.
    pub fn entry_bytes(&self) -> usize {
        HEAD_BYTES + if self.overflow.is_some() { 8 } else { self.body_bytes() }
    }

    /// The head's bytes; for an overflow entry block and generation follow as the eight bytes behind them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + 8);
        out.extend_from_slice(&self.tid.to_bytes());
        let state = match (self.dead, self.killed) {
            (true, _) => DEAD,
            (false, true) => KILLED,
            (false, false) => 0,
        };
        let vector = if self.nnz.is_some() { HAS_VECTOR } else { 0 };
        let place = if self.overflow.is_some() { OVERFLOWS } else { 0 };
        out.extend_from_slice(&[state, vector | place]);
        out.extend_from_slice(&self.nnz.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.values_len.to_le_bytes());
        if let Some(Overflow { block, generation }) = self.overflow {
            out.extend_from_slice(&block.to_le_bytes());
            out.extend_from_slice(&generation.to_le_bytes());
        }
        out
    }

    /// Reads the entry that begins at `at`; the whole entry lies within `payload` if this succeeds.
    pub fn parse(payload: &[u8], at: usize, page: u32) -> Result<Self> {
        let out_of_reach = || damaged(page, "entry out of reach");
        let head: &[u8; HEAD_BYTES] = payload.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(out_of_reach)?;
        let tid: [u8; Tid::BYTES] = head.first_chunk().copied().ok_or_else(out_of_reach)?;
        let (nnz, values_len) = (field::u32_at(head, 8), field::u32_at(head, 12));
        let kind = head[7];
        let has_vector = kind & HAS_VECTOR != 0;
        if kind & !(HAS_VECTOR | OVERFLOWS) != 0 || !has_vector && nnz != 0 {
            return Err(damaged(page, "unknown kind of entry"));
        }
        if values_len as usize > MAX_ENCODED_BYTES {
            return Err(damaged(page, "more filter values than a row can have"));
        }
        let overflow = (kind & OVERFLOWS != 0).then(|| Overflow {
            block: field::u32_at(payload, at + HEAD_BYTES),
            generation: field::u32_at(payload, at + HEAD_BYTES + 4),
        });
        let (dead, killed) = match head[STATE_AT] {
            0 => (false, false),
            DEAD => (true, false),
            KILLED => (false, true),
            _ => return Err(damaged(page, "unknown state of entry")),
        };
        let nnz = has_vector.then_some(nnz);
        let entry = Self { tid: Tid::from_bytes(tid), dead, killed, nnz, values_len, overflow };
        match at.checked_add(entry.entry_bytes()) {
            Some(end) if end <= payload.len() => Ok(entry),
            _ => Err(out_of_reach()),
        }
    }
}

/// What lies behind an entry's head or in its overflow pages, and what the head is to say of it.
pub fn body_bytes(
    tid: Tid,
    vector: Option<SparseVectorRef<'_>>,
    values: &[Option<Value<'_>>],
) -> Result<(EntryHead, Vec<u8>)> {
    let nnz = vector.map(|vector| vector.nnz() as u32);
    let vector_bytes = nnz.unwrap_or(0) as usize * 8;
    let mut body = reserved(vector_bytes.saturating_add(row::encoded_bytes(values)), "pending document")?;
    if let Some(vector) = vector {
        vector.indices().iter().for_each(|i| body.extend_from_slice(&i.to_le_bytes()));
        vector.weights().iter().for_each(|w| body.extend_from_slice(&w.to_le_bytes()));
    }
    row::encode(values, &mut body)?;
    let values_len = (body.len() - vector_bytes) as u32;
    Ok((EntryHead { tid, dead: false, killed: false, nnz, values_len, overflow: None }, body))
}

/// A document read back.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'b> {
    /// The vector.
    pub vector: Option<SparseVectorRef<'b>>,
    values: &'b [u8],
    page: u32,
}

impl<'b> Entry<'b> {
    /// Reads what [`body_bytes`] has made, with the vector in `buffer`. The values are not looked at yet.
    pub fn read(head: &EntryHead, body: &'b [u8], page: u32, buffer: &'b mut VectorBuffer) -> Result<Self> {
        let vector_bytes = 8 * head.nnz.unwrap_or(0) as usize;
        let Some((vector, values)) = body.split_at_checked(vector_bytes).filter(|_| body.len() == head.body_bytes())
        else {
            return Err(damaged(page, "entry of another length"));
        };
        let vector = head.nnz.map(|_| buffer.load(vector, page)).transpose()?;
        Ok(Self { vector, values, page })
    }

    /// The values of the filter columns, which are stored as `kinds` says.
    pub fn values(&self, kinds: &[ValueKind]) -> Result<Values<'b>> {
        row::decode(self.values, kinds).map_err(|reason| damaged(self.page, reason))
    }

    /// The same, once each can be one of its column's type.
    pub fn values_of(&self, columns: &impl Columns) -> Result<Values<'b>> {
        let values = self.values(columns.kinds())?;
        let fits = |(column, value): (usize, &Option<Value<'_>>)| match *value {
            Some(Value::Bytes(bytes)) => columns.fits(column, bytes),
            _ => true,
        };
        if values.iter().enumerate().all(fits) {
            return Ok(values);
        }
        Err(damaged(self.page, "filter value that its type cannot have"))
    }

    /// The same as they are stored.
    pub fn encoded_values(&self) -> &'b [u8] {
        self.values
    }
}

/// A vector read back; reused for one entry after another.
#[derive(Default)]
pub struct VectorBuffer {
    indices: Vec<u32>,
    weights: Vec<f32>,
}

impl VectorBuffer {
    /// Reads terms and weights, refusing what no vector can be.
    fn load(&mut self, bytes: &[u8], page: u32) -> Result<SparseVectorRef<'_>> {
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

/// A corrupt-page error of the pending list, whose pages are known by their blocks.
pub fn damaged(block: u32, reason: &'static str) -> EngineError {
    EngineError::BadPage { block, reason }
}
