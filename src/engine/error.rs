//! What can go wrong in the engine, as values; one place outside maps them to SQLSTATE.

use std::fmt;

use super::memory;

/// An engine failure. None of them is a panic: damaged pages and exhausted memory are expected inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// A page does not hold what the structure says it must hold.
    Corrupt {
        /// The part of the segment, or "manifest", "pending list".
        part: &'static str,
        /// Page number within the part.
        page: u32,
        /// What was expected and is not so.
        reason: &'static str,
    },
    /// The same, found by the page store, which knows the block.
    BadPage {
        /// Block number in the index.
        block: u32,
        /// What was expected and is not so.
        reason: &'static str,
    },
    /// On a standby: replay has given the page to somebody else while it was being read. Asking again helps.
    Recycled {
        /// Block number in the index.
        block: u32,
    },
    /// A buffer whose size comes from data could not be had.
    OutOfMemory {
        /// What the buffer is for.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// A stated limit of the format would be exceeded.
    Limit {
        /// Which limit.
        what: &'static str,
        /// Its value.
        limit: u64,
        /// What to do about it.
        remedy: &'static str,
    },
}

/// What to do about too many documents.
pub const PARTITION: &str = "Partition the table.";

/// The engine's result type.
pub type Result<T> = std::result::Result<T, EngineError>;

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { part, page, reason } => write!(f, "{part}, page {page}: {reason}"),
            Self::BadPage { block, reason } => write!(f, "block {block}: {reason}"),
            Self::Recycled { block } => write!(f, "block {block} was recycled while it was being read"),
            Self::OutOfMemory { what, bytes } => write!(f, "out of memory: {what} needs {bytes} bytes"),
            Self::Limit { what, limit, .. } => write!(f, "{what} cannot exceed {limit}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// An empty vector with room for `n` elements, or an error instead of an abort.
pub fn reserved<T>(n: usize, what: &'static str) -> Result<Vec<T>> {
    let mut v = Vec::new();
    reserve(&mut v, n, what)?;
    Ok(v)
}

/// Room for `n` more elements, or an error instead of an abort.
pub fn reserve<T>(v: &mut Vec<T>, n: usize, what: &'static str) -> Result<()> {
    memory::reserve(v, n).map_err(|bytes| EngineError::OutOfMemory { what, bytes })
}

/// Runs code of others that takes at most `bytes`; see [`memory::with_room`].
pub fn with_room<T>(bytes: usize, what: &'static str, work: impl FnOnce() -> T) -> Result<T> {
    memory::with_room(bytes, work).map_err(|bytes| EngineError::OutOfMemory { what, bytes })
}

/// A vector of `n` copies of `value`, or an error instead of an abort.
pub fn filled<T: Clone>(n: usize, value: T, what: &'static str) -> Result<Vec<T>> {
    let mut v = reserved(n, what)?;
    v.resize(n, value);
    Ok(v)
}
