//! Numbers that must not be mixed up.

use serde::{Deserialize, Serialize};

/// A heap item pointer: block number and line pointer number, as PostgreSQL counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tid {
    /// Heap block number.
    pub block: u32,
    /// Line pointer number, from 1.
    pub offset: u16,
}

impl Tid {
    /// Bytes on a page.
    pub const BYTES: usize = 6;

    /// Little-endian block, then little-endian offset.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d] = self.block.to_le_bytes();
        let [e, f] = self.offset.to_le_bytes();
        [a, b, c, d, e, f]
    }

    /// The inverse of [`Tid::to_bytes`].
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f] = bytes;
        Self { block: u32::from_le_bytes([a, b, c, d]), offset: u16::from_le_bytes([e, f]) }
    }
}

/// Which distance the index answers, fixed by its operator class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// `<#>`: the weights as they are.
    InnerProduct,
    /// `<=>`: the weights divided by the vector's length.
    Cosine,
    /// `<->`: the weights as they are, and the documents' lengths.
    L2,
}
