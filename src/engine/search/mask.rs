//! What conditions leave of a segment, applied to scores and bounds.
//!
//! A [`DocSet`] has a bit a document: a word of 64 bits is 64 documents, 16 blocks, a quarter of a chunk.

use super::simd::{LANES, Simd};
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{BLOCK_DOCS, CHUNK_DOCS};

/// Documents of a word.
const WORD_DOCS: usize = u64::BITS as usize;
/// Blocks of a word.
const WORD_BLOCKS: usize = WORD_DOCS / BLOCK_DOCS as usize;
/// Words of a chunk.
const CHUNK_WORDS: usize = CHUNK_DOCS as usize / WORD_DOCS;
/// The lowest bit of each block of a word.
const FIRST_OF_BLOCK: u64 = 0x1111_1111_1111_1111;
/// Chunks without documents are passed over if they are at least so many in a row: a shorter gap costs less than
/// looking twice.
const GAP: u32 = 4;

/// For each block of the word its lowest bit, set if any of its documents is.
#[inline]
fn blocks_of(word: u64) -> u64 {
    let pairs = word | word >> 1;
    (pairs | pairs >> 2) & FIRST_OF_BLOCK
}

/// Sets the codes of documents that are not in the set to 0. There is a code for each document from `first` on, which
/// begins a chunk, and more to a whole chunk.
pub fn keep_codes(codes: &mut [u16], set: &DocSet, first: u32, simd: Simd) {
    let words = set.words().iter().skip(first as usize / WORD_DOCS);
    for (codes, &word) in codes.as_chunks_mut::<WORD_DOCS>().0.iter_mut().zip(words) {
        match word {
            u64::MAX => {}
            0 => codes.fill(0),
            _ => simd.keep(codes, word),
        }
    }
}

/// Sets the lanes of blocks to 0 that have no document in the set. There is a lane for each block, and more to a whole
/// range.
pub fn keep_lanes(lanes: &mut [u16], set: &DocSet, simd: Simd) {
    // Four words are 64 blocks; behind the last document there are zeros.
    let (lanes, rest) = lanes.as_chunks_mut::<LANES>();
    rest.fill(0);
    let mut words = set.words().chunks(LANES / WORD_BLOCKS);
    for lanes in lanes {
        let words = words.next().unwrap_or_default();
        let shift = |at: usize| at as u32 * WORD_BLOCKS as u32;
        let bits = words.iter().enumerate().fold(0, |bits, (at, &word)| bits | block_bits(word) << shift(at));
        simd.keep(lanes, bits);
    }
}

/// For each block of the word a bit, side by side.
#[inline]
fn block_bits(word: u64) -> u64 {
    let bits = blocks_of(word);
    let bits = (bits | bits >> 3) & 0x0303_0303_0303_0303;
    let bits = (bits | bits >> 6) & 0x000f_000f_000f_000f;
    let bits = (bits | bits >> 12) & 0x0000_00ff_0000_00ff;
    (bits | bits >> 24) & 0xffff
}

/// Blocks that have a document in the set, ascending; `None` if they are more than `most`.
pub fn blocks_with(set: &DocSet, most: usize) -> Result<Option<Vec<u32>>> {
    let n: usize = set.words().iter().map(|&word| blocks_of(word).count_ones() as usize).sum();
    if n > most {
        return Ok(None);
    }
    let mut blocks = reserved(n, "filtered blocks")?;
    for (at, &word) in (0u32..).zip(set.words()) {
        let mut rest = blocks_of(word);
        while rest != 0 {
            blocks.push(at * WORD_BLOCKS as u32 + rest.trailing_zeros() / BLOCK_DOCS);
            rest &= rest - 1;
        }
    }
    Ok(Some(blocks))
}

/// Whether a chunk has a document in the set.
#[inline]
pub fn has_chunk(set: &DocSet, chunk: u32) -> bool {
    let from = chunk as usize * CHUNK_WORDS;
    set.words().iter().skip(from).take(CHUNK_WORDS).any(|&word| word != 0)
}

/// For each chunk whether it has a document in the set.
pub fn chunks_with(set: &DocSet) -> Result<Vec<bool>> {
    let words = set.words().chunks(CHUNK_WORDS);
    let mut chunks = reserved(words.len(), "filtered chunks")?;
    chunks.extend(words.map(|words| words.iter().any(|&word| word != 0)));
    Ok(chunks)
}

/// The chunks `first..first + n` in runs, without long gaps that have no document in the set: first chunk of the run
/// and the one behind its last, both counted from `first`.
pub fn chunk_runs(set: &DocSet, first: u32, n: u32) -> Result<Vec<(u32, u32)>> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for chunk in (0..n).filter(|chunk| has_chunk(set, first + chunk)) {
        match runs.last_mut() {
            Some((_, end)) if chunk - *end < GAP => *end = chunk + 1,
            _ => {
                reserve(&mut runs, 1, "filtered chunks")?;
                runs.push((chunk, chunk + 1));
            }
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::super::simd::Kernel;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_agree_with_look_ups(
            n in 1u32..3000,
            docs in prop_oneof![
                prop::collection::vec(0u32..3000, 0..20),
                prop::collection::vec(0u32..3000, 0..3000),
                Just((0u32..3000).collect::<Vec<_>>()),
            ],
            kernel in prop::sample::select(Kernel::ALL.to_vec()),
        ) {
            let mut set = DocSet::none(n).unwrap();
            docs.iter().for_each(|&doc| set.insert(doc));
            let mut codes = vec![7u16; n.next_multiple_of(CHUNK_DOCS) as usize];
            keep_codes(&mut codes, &set, 0, Simd::new(kernel));
            prop_assert!((0..n).all(|doc| (codes[doc as usize] == 7) == set.contains(doc)));
            let has = |block: u32| (block * BLOCK_DOCS..(block + 1) * BLOCK_DOCS).any(|doc| set.contains(doc));
            let n_blocks = n.div_ceil(BLOCK_DOCS);
            let mut lanes = vec![7u16; n_blocks.next_multiple_of(64) as usize + 8];
            keep_lanes(&mut lanes, &set, Simd::new(kernel));
            prop_assert!(lanes[n_blocks as usize..].iter().all(|&lane| lane == 0));
            prop_assert!((0..n_blocks).all(|block| (lanes[block as usize] == 7) == has(block)));
            let blocks: Vec<u32> = (0..n_blocks).filter(|&block| has(block)).collect();
            prop_assert_eq!(blocks_with(&set, blocks.len()).unwrap(), Some(blocks.clone()));
            prop_assert!(blocks.is_empty() || blocks_with(&set, blocks.len() - 1).unwrap().is_none());
            let n_chunks = n.div_ceil(CHUNK_DOCS);
            let runs = chunk_runs(&set, 0, n_chunks).unwrap();
            prop_assert!((0..n_chunks).map(|chunk| has_chunk(&set, chunk)).eq(chunks_with(&set).unwrap()));
            prop_assert!(runs.windows(2).all(|w| w[0].1 + GAP <= w[1].0) && runs.iter().all(|r| r.0 < r.1));
            let in_run = |chunk: u32| runs.iter().any(|&(from, to)| (from..to).contains(&chunk));
            prop_assert!((0..n_chunks).all(|chunk| in_run(chunk) || !has_chunk(&set, chunk)));
            prop_assert!(runs.iter().all(|&(from, to)| has_chunk(&set, from) && has_chunk(&set, to - 1)));
        }
    }
}
