//! The postings of one chunk of a frequent list: 256 documents, in the container that is smaller.
//!
//! As in a roaring bitmap, but at the size that suits a scan: up to 32 postings are an *array* (one byte a document,
//! then one byte an impact), more are a *bitmap* (32 bytes, then one byte an impact). The length tells which: arrays
//! have up to 64 bytes, bitmaps more. Lengths are even; a bitmap with an odd number of postings ends in a zero byte.

use super::format::{BLOCK_DOCS, CHUNK_DOCS};

/// More postings than this are a bitmap.
pub const ARRAY_MAX: usize = 32;
/// The length of the longest array; what is longer is a bitmap.
pub const ARRAY_BYTES: usize = 2 * ARRAY_MAX;
/// One bit a document.
pub const BITMAP_BYTES: usize = CHUNK_DOCS as usize / 8;
/// The longest chunk: every document has a posting.
pub const MAX_BYTES: usize = BITMAP_BYTES + CHUNK_DOCS as usize;

/// A chunk's postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Documents (their places in the chunk, ascending) and beside them the impacts.
    Array {
        /// Places.
        docs: &'a [u8],
        /// Impacts.
        impacts: &'a [u8],
    },
    /// A bit for each document that has a posting, and the impacts in their order.
    Bitmap {
        /// Bit `i % 8` of byte `i / 8` is document `i`.
        bits: &'a [u8; BITMAP_BYTES],
        /// Impacts.
        impacts: &'a [u8],
    },
}

/// Appends the postings of a chunk.
pub fn encode(docs: &[u8], impacts: &[u8], out: &mut Vec<u8>) {
    if docs.len() <= ARRAY_MAX {
        out.extend_from_slice(docs);
        out.extend_from_slice(impacts);
        return;
    }
    let mut bits = [0u8; BITMAP_BYTES];
    docs.iter().for_each(|&d| bits[usize::from(d / 8)] |= 1 << (d % 8));
    out.extend_from_slice(&bits);
    out.extend_from_slice(impacts);
    if !impacts.len().is_multiple_of(2) {
        out.push(0);
    }
}

/// The eight-byte words of a bitmap: bit `i % 64` of word `i / 64` is document `i`.
#[inline]
pub fn words(bits: &[u8; BITMAP_BYTES]) -> [u64; 4] {
    let words = bits.as_chunks::<8>().0;
    std::array::from_fn(|i| words.get(i).map_or(0, |w| u64::from_le_bytes(*w)))
}

impl<'a> Chunk<'a> {
    /// Reads a chunk; `None` if no chunk has this length. Whether a bitmap has as many impacts as bits is not looked
    /// at: see [`Chunk::is_sound`].
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() <= ARRAY_BYTES {
            let (docs, impacts) = bytes.split_at(bytes.len() / 2);
            return (docs.len() == impacts.len()).then_some(Self::Array { docs, impacts });
        }
        let (bits, impacts) = bytes.split_first_chunk::<BITMAP_BYTES>()?;
        Some(Self::Bitmap { bits, impacts })
    }

    /// Whether documents and impacts go together.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Array { docs, impacts } => docs.len() == impacts.len() && docs.windows(2).all(|w| w[0] < w[1]),
            Self::Bitmap { impacts, .. } => {
                self.n_postings() > ARRAY_MAX && impacts.len() == self.n_postings().next_multiple_of(2)
            }
        }
    }

    /// The number of postings.
    pub fn n_postings(&self) -> usize {
        match self {
            Self::Array { docs, .. } => docs.len(),
            Self::Bitmap { bits, .. } => words(bits).iter().map(|w| w.count_ones() as usize).sum(),
        }
    }

    /// Gives the postings in order: place in the chunk, impact.
    #[inline]
    pub fn for_each<E>(&self, mut each: impl FnMut(u8, u8) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Array { docs, impacts } => docs.iter().zip(*impacts).try_for_each(|(&d, &i)| each(d, i)),
            Self::Bitmap { bits, impacts } => {
                let mut impacts = impacts.iter();
                for (no, mut word) in words(bits).into_iter().enumerate() {
                    while word != 0 {
                        let place = no as u32 * 64 + word.trailing_zeros();
                        each(place as u8, impacts.next().copied().unwrap_or(0))?;
                        word &= word - 1;
                    }
                }
                Ok(())
            }
        }
    }

    /// The impact of one document; 0 if it has no posting.
    #[inline]
    pub fn impact(&self, place: u8) -> u8 {
        match self {
            Self::Array { docs, impacts } => {
                let at = docs.iter().map(|&d| usize::from(d < place)).sum::<usize>();
                match docs.get(at) {
                    Some(&doc) if doc == place => impacts.get(at).copied().unwrap_or(0),
                    _ => 0,
                }
            }
            Self::Bitmap { bits, impacts } => {
                let words = words(bits);
                let (no, bit) = (usize::from(place / 64), place % 64);
                if words[no] >> bit & 1 == 0 {
                    return 0;
                }
                let before = words[..no].iter().map(|w| w.count_ones()).sum::<u32>()
                    + (words[no] & ((1u64 << bit) - 1)).count_ones();
                impacts.get(before as usize).copied().unwrap_or(0)
            }
        }
    }

    /// The impacts of the block of documents from `first` on; 0 for those without a posting.
    #[inline]
    pub fn block(&self, first: u8) -> [u8; BLOCK_DOCS as usize] {
        let mut found = [0; BLOCK_DOCS as usize];
        match self {
            Self::Array { docs, impacts } => {
                // Without a branch that depends on what is found: up to 32 documents are two or four steps wide.
                let at = docs.iter().map(|&d| usize::from(d < first)).sum::<usize>();
                for (&doc, &impact) in docs[at..].iter().zip(&impacts[at..]).take(BLOCK_DOCS as usize) {
                    match found.get_mut(usize::from(doc.wrapping_sub(first))) {
                        Some(slot) => *slot = impact,
                        None => break,
                    }
                }
            }
            Self::Bitmap { bits, impacts } => {
                let words = words(bits);
                let (no, bit) = (usize::from(first / 64), first % 64);
                let before = words[..no].iter().map(|w| w.count_ones()).sum::<u32>()
                    + (words[no] & ((1u64 << bit) - 1)).count_ones();
                let mut at = before as usize;
                let nibble = words[no] >> bit;
                for (i, slot) in found.iter_mut().enumerate() {
                    if nibble >> i & 1 != 0 {
                        *slot = impacts.get(at).copied().unwrap_or(0);
                        at += 1;
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn postings(bytes: &[u8]) -> Vec<(u8, u8)> {
        let mut found = Vec::new();
        let chunk = Chunk::parse(bytes).unwrap();
        chunk
            .for_each(|d, i| {
                found.push((d, i));
                Ok::<(), ()>(())
            })
            .unwrap();
        assert_eq!(found.len(), chunk.n_postings());
        assert!(chunk.is_sound());
        found
    }

    proptest! {
        #[test]
        fn round_trips(postings_in in prop::collection::btree_map(any::<u8>(), 1u8.., 0..257)) {
            let expected: Vec<(u8, u8)> = postings_in.into_iter().collect();
            let (docs, impacts): (Vec<u8>, Vec<u8>) = expected.iter().copied().unzip();
            let mut bytes = Vec::new();
            encode(&docs, &impacts, &mut bytes);
            prop_assert!(bytes.len().is_multiple_of(2) && bytes.len() <= MAX_BYTES);
            prop_assert_eq!(&postings(&bytes), &expected);
            let chunk = Chunk::parse(&bytes).unwrap();
            for first in (0..=252u8).step_by(4) {
                let mut block = [0; 4];
                expected.iter().filter(|p| p.0 / 4 == first / 4).for_each(|p| block[usize::from(p.0 % 4)] = p.1);
                prop_assert_eq!(chunk.block(first), block);
            }
            for place in 0..=255u8 {
                let impact = expected.iter().find(|p| p.0 == place).map_or(0, |p| p.1);
                prop_assert_eq!(chunk.impact(place), impact);
            }
        }

        #[test]
        fn damage_is_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..290)) {
            if let Some(chunk) = Chunk::parse(&bytes) {
                let mut n = 0;
                chunk.for_each(|_, _| { n += 1; Ok::<(), ()>(()) }).unwrap();
                prop_assert_eq!(n, chunk.n_postings());
                (0..=252u8).step_by(4).for_each(|first| { chunk.block(first); });
                (0..=255u8).for_each(|place| { chunk.impact(place); });
            }
        }
    }
}
