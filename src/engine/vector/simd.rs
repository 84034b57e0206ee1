//! Which of a list's term ids may be in a small set: the inner loop of a prepared vector, for several widths.
//!
//! A set is a filter of 512 bits, one for each value of a hash of 9 bits, so that it stays in two registers: an id is
//! looked up by instructions, without memory and without a branch. Every width finds the same ids; a test compares
//! them.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

const WORDS: usize = 16;

/// Ids whose answers are collected in one mask.
const CHUNK: usize = 64;

/// Ids or weights in a cache line.
const LINE: usize = 16;

/// Lines that are asked for at once; the processor's own prefetching follows lists that are longer.
const MAX_LINES: usize = 64;

/// A set of term ids that may say yes too often, never no to one of its own.
#[derive(Clone, Debug, Default)]
pub struct Filter([u32; WORDS]);

impl Filter {
    /// The filter of these ids.
    pub fn new(ids: &[u32]) -> Self {
        let mut words = [0u32; WORDS];
        for &id in ids {
            let hash = hash(id);
            words[(hash >> 5) as usize] |= 1 << (hash & 31);
        }
        Self(words)
    }

    /// Calls `visit` with the place of every id that may be in the set, ascending.
    #[inline]
    pub fn for_each_candidate(&self, ids: &[u32], visit: impl FnMut(usize)) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") {
            // SAFETY: the instructions were just found.
            return unsafe { for_each_avx2(self, ids, visit) };
        }
        for_each(ids, |chunk| self.mask_text(chunk), visit);
    }

    /// Bit n says whether the n-th of at most 64 ids may be in the set.
    #[inline(always)]
    fn mask_text(&self, ids: &[u32]) -> u64 {
        ids.iter().rev().fold(0, |mask, &id| {
            let hash = hash(id);
            mask << 1 | u64::from(self.0[(hash >> 5) as usize] >> (hash & 31) & 1)
        })
    }

    /// As `mask_text`, eight ids at a time.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1")]
    #[inline]
    fn mask_avx2(&self, ids: &[u32]) -> u64 {
        let (halves, _) = self.0.as_chunks::<8>();
        let [low, high] = [load(&halves[0]), load(&halves[1])];
        let (blocks, tail) = ids.as_chunks::<8>();
        let mut mask = 0u64;
        for (at, block) in blocks.iter().enumerate() {
            let ids = load(block);
            let hashes = _mm256_xor_si256(ids, _mm256_srli_epi32::<9>(ids));
            // The word of either half by three bits of the hash; a fourth, moved to the sign, picks the half.
            let word = _mm256_srli_epi32::<5>(hashes);
            let low = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(low, word));
            let high = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(high, word));
            let half = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(hashes));
            let word = _mm256_castps_si256(_mm256_blendv_ps(low, high, half));
            // The bit that the other five tell goes to the sign.
            let places = _mm256_andnot_si256(hashes, _mm256_set1_epi32(31));
            let signs = _mm256_castsi256_ps(_mm256_sllv_epi32(word, places));
            mask |= u64::from(_mm256_movemask_ps(signs).cast_unsigned()) << (8 * at);
        }
        if tail.is_empty() { mask } else { mask | self.mask_text(tail) << (8 * blocks.len()) }
    }
}

/// Nine bits.
#[inline(always)]
fn hash(id: u32) -> u32 {
    (id ^ id >> 9) & 511
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn load(words: &[u32; 8]) -> __m256i {
    // SAFETY: reads the eight words; no alignment is needed.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline(always)]
fn for_each(ids: &[u32], mask_of: impl Fn(&[u32]) -> u64, mut visit: impl FnMut(usize)) {
    for (at, chunk) in ids.chunks(CHUNK).enumerate() {
        let mut mask = mask_of(chunk);
        while mask != 0 {
            visit(at * CHUNK + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn for_each_avx2(filter: &Filter, ids: &[u32], visit: impl FnMut(usize)) {
    for_each(ids, |chunk| filter.mask_avx2(chunk), visit);
}

/// Asks for the list's cache lines, all at once: a document that comes from a table's page is in no cache near.
#[inline]
pub fn prefetch<T>(list: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in list.chunks(LINE).take(MAX_LINES) {
        // SAFETY: a hint that reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (list, LINE, MAX_LINES);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_ids(n: usize) -> impl Strategy<Value = Vec<u32>> {
        let id = prop_oneof![0u32..700, 0u32..40_000, any::<u32>()];
        prop::collection::btree_set(id, 0..n).prop_map(|ids| ids.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn all_widths_equal_the_definition(set in any_ids(40), ids in any_ids(200)) {
            let filter = Filter::new(&set);
            let may_be_in = |id: u32| set.iter().any(|&member| hash(member) == hash(id));
            let expected: Vec<usize> =
                ids.iter().enumerate().filter(|&(_, &id)| may_be_in(id)).map(|(at, _)| at).collect();
            let (mut widest, mut text) = (Vec::new(), Vec::new());
            filter.for_each_candidate(&ids, |at| widest.push(at));
            for_each(&ids, |chunk| filter.mask_text(chunk), |at| text.push(at));
            prop_assert_eq!(&widest, &expected);
            prop_assert_eq!(&text, &expected);
        }
    }
}
