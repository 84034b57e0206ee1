//! Term ids for words without a vocabulary.

use crate::engine::pace::Pace;
use crate::engine::vector::SparseVector;
use crate::engine::vector::build::VectorBuilder;
use crate::engine::vector::check::{check_dim, reserve};
use crate::engine::vector::error::{Numbering, Place, VectorError};

/// A word's term id below `dim`, the same on every machine and in every version: FNV-1a of 64 bits, mixed once more
/// (the finaliser of MurmurHash3) and scaled to the range.
///
/// Of `n` different words about `n (n - 1) / (2 dim)` pairs share an id: of 100,000 words 2.3 pairs in the largest
/// range.
pub fn term_id(word: &[u8], dim: u32) -> u32 {
    let fnv = word
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut hash = fnv ^ (fnv >> 33);
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    // The product of a 64-bit hash and the range, less its low half: below the range.
    ((u128::from(hash) * u128::from(dim)) >> 64) as u32
}

/// How often each word occurs, by term id; words that share one are added up. `dim` as for [`term_id`]. `interrupts` is
/// called now and then.
pub fn counts<'w>(
    words: impl Iterator<Item = (&'w [u8], u64)>,
    dim: i32,
    interrupts: &mut dyn FnMut(),
) -> Result<SparseVector, VectorError> {
    let dim = check_dim(i64::from(dim))?;
    let mut pace = Pace::new(interrupts);
    let mut counted = Vec::new();
    for (word, n) in words {
        pace.step(1 + word.len() / 16);
        reserve(&mut counted, 1)?;
        counted.push((term_id(word, dim), n));
    }
    pace.sort_unstable_by_key(&mut counted, |pair| *pair);
    let mut builder = VectorBuilder::new(Numbering::TokenFromZero, interrupts);
    for run in counted.chunk_by(|a, b| a.0 == b.0) {
        let n: u64 = run.iter().map(|pair| pair.1).sum();
        builder.push(i64::from(run[0].0), n as f32, Place::Term(run[0].0))?;
    }
    builder.finish(dim)
}
