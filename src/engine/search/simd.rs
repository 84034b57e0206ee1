//! The inner loops of a search, each compiled for several widths and picked at run time.
//!
//! Where one text serves all widths it is plain Rust that compilers vectorise, and the wrappers only allow them wider
//! instructions; on other processors than x86-64 the plain text is what runs, in the width that is standard there (NEON
//! on ARM). Bitmaps are spread over their documents by instructions that no compiler finds by itself, so that loop is
//! written out for each width. Every width computes the same integers: tests compare them.

use super::starts::{BlockNorms, NormBytes, Starts, begin_lanes_text, begin_sums_text};
use crate::engine::codec::impact::LEVELS;
use crate::engine::segment::chunk::{self, BITMAP_BYTES};
use crate::engine::segment::format::CHUNK_DOCS;

/// Values that are looked at together.
pub const LANES: usize = 64;
/// Bytes of a chunk of bounds: the low halves are its first lanes, the high halves the others.
const BYTES: usize = LANES / 2;

/// The sums of a chunk's documents.
pub type ChunkSums = [u16; CHUNK_DOCS as usize];

/// Which instructions to use. Every choice computes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// What every processor of the kind has.
    Plain,
    /// AVX2.
    Avx2,
    /// AVX-512 with BW, VL and VBMI2.
    Avx512,
}

impl Kernel {
    /// All of them, the widest last.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Avx2, Self::Avx512];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Plain => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi2")
                    && is_x86_feature_detected!("popcnt")
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Plain
        }
    }

    /// The widest that this machine has.
    pub fn best() -> Self {
        Self::ALL.into_iter().rev().find(|k| k.is_available()).unwrap_or(Self::Plain)
    }

    /// This one or, where the machine lacks it, the widest there is.
    pub fn or_best(self) -> Self {
        if self.is_available() { self } else { Self::best() }
    }
}

/// The loops in one width. Made only for kernels that the machine has, which is what its methods rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd(Kernel);

impl Simd {
    /// In the width of `kernel`, or if the machine lacks it in the widest it has.
    pub fn new(kernel: Kernel) -> Self {
        Self(kernel.or_best())
    }

    /// Adds `weight` times each 4-bit level to its lane. The caller sees to it that lanes cannot overflow.
    #[inline]
    pub fn add_levels(self, lanes: &mut [u16], levels: &[u8], weight: u16) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { add_levels_avx512(lanes, levels, weight) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { add_levels_avx2(lanes, levels, weight) },
            _ => add_levels_text(lanes, levels, weight),
        }
    }

    /// The first block of 64 values from `at` on (a multiple of 64) that has one of at least `threshold`.
    #[inline]
    pub fn next_block(self, values: &[u16], at: usize, threshold: u16) -> Option<usize> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { next_block_avx512(values, at, threshold) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { next_block_avx2(values, at, threshold) },
            _ => next_block_text(values, at, threshold),
        }
    }

    /// Which of 64 values are at least `threshold`, as bits.
    #[inline]
    pub fn reaching(self, values: &[u16; LANES], threshold: u16) -> u64 {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { reaching_avx512(values, threshold) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { reaching_avx2(values, threshold) },
            _ => reaching_text(values, threshold),
        }
    }

    /// Sets those of 64 values to 0 whose bit is not set.
    #[inline]
    pub fn keep(self, values: &mut [u16; LANES], bits: u64) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { keep_avx512(values, bits) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { keep_avx2(values, bits) },
            _ => keep_text(values, bits),
        }
    }

    /// Adds `impact * weight / 256` for each posting of a bitmap to its document's sum. Sums wrap around.
    #[inline]
    pub fn add_bitmap(self, sums: &mut ChunkSums, bits: &[u8; BITMAP_BYTES], impacts: &[u8], weight: u16) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { add_bitmap_avx512(sums, bits, impacts, weight) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { add_bitmap_avx2(sums, bits, impacts, weight) },
            _ => add_bitmap_plain(sums, bits, impacts, weight),
        }
    }

    /// Sets each sum to `zero` and its document's start.
    #[inline]
    pub fn begin_sums(self, sums: &mut [u16], norms: &[NormBytes], starts: &Starts, zero: u16) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { begin_sums_avx512(sums, norms, starts, zero) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { begin_sums_avx2(sums, norms, starts, zero) },
            _ => begin_sums_text(sums, norms, starts, zero),
        }
    }

    /// Sets each lane to the greatest start of its block's documents.
    #[inline]
    pub fn begin_lanes(self, lanes: &mut [u16], norms: &[BlockNorms], starts: &Starts) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is one that the machine has.
            Kernel::Avx512 => unsafe { begin_lanes_avx512(lanes, norms, starts) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Avx2 => unsafe { begin_lanes_avx2(lanes, norms, starts) },
            _ => begin_lanes_text(lanes, norms, starts),
        }
    }
}

/// Asks for the cache line of `bytes[at]`, which will be read soon.
#[inline]
pub fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = bytes.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is that of a byte of the slice; nothing is read from it but into the cache.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

#[inline(always)]
fn greatest(lanes: &[u16]) -> u16 {
    lanes.iter().fold(0, |a, &b| a.max(b))
}

#[inline(always)]
fn next_block_text(values: &[u16], mut at: usize, threshold: u16) -> Option<usize> {
    let (blocks, tail) = values.get(at..)?.as_chunks::<LANES>();
    for block in blocks {
        if greatest(block) >= threshold {
            return Some(at);
        }
        at += LANES;
    }
    (greatest(tail) >= threshold && !tail.is_empty()).then_some(at)
}

#[inline(always)]
fn reaching_text(values: &[u16; LANES], threshold: u16) -> u64 {
    values.iter().enumerate().fold(0, |bits, (at, &value)| bits | u64::from(value >= threshold) << at)
}

#[inline(always)]
fn keep_text(values: &mut [u16; LANES], bits: u64) {
    for (at, values) in values.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let bits = (bits >> (16 * at)) as u16;
        for (at, value) in values.iter_mut().enumerate() {
            let bit = 1u16 << at;
            *value &= if bits & bit == bit { u16::MAX } else { 0 };
        }
    }
}

#[inline(always)]
fn add_levels_text(lanes: &mut [u16], levels: &[u8], weight: u16) {
    let chunks = lanes.as_chunks_mut::<LANES>().0.iter_mut().zip(levels.as_chunks::<BYTES>().0);
    for (lanes, levels) in chunks {
        let (low, high) = lanes.split_at_mut(BYTES);
        for ((low, high), &level) in low.iter_mut().zip(high).zip(levels) {
            *low = low.wrapping_add(u16::from(level & LEVELS as u8).wrapping_mul(weight));
            *high = high.wrapping_add(u16::from(level >> 4).wrapping_mul(weight));
        }
    }
}

#[inline(always)]
fn units(impact: u8, weight: u16) -> u16 {
    (u32::from(impact) * u32::from(weight) / 256) as u16
}

fn add_bitmap_plain(sums: &mut ChunkSums, bits: &[u8; BITMAP_BYTES], impacts: &[u8], weight: u16) {
    let mut impacts = impacts.iter();
    for (sums, mut word) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(chunk::words(bits)) {
        while word != 0 {
            // Below 64: no check is left of this.
            let sum = &mut sums[word.trailing_zeros() as usize % LANES];
            *sum = sum.wrapping_add(impacts.next().map_or(0, |&impact| units(impact, weight)));
            word &= word - 1;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::*;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn next_block_avx512(values: &[u16], at: usize, threshold: u16) -> Option<usize> {
        next_block_text(values, at, threshold)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn next_block_avx2(values: &[u16], at: usize, threshold: u16) -> Option<usize> {
        next_block_text(values, at, threshold)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn reaching_avx512(values: &[u16; LANES], threshold: u16) -> u64 {
        reaching_text(values, threshold)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn reaching_avx2(values: &[u16; LANES], threshold: u16) -> u64 {
        reaching_text(values, threshold)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn keep_avx512(values: &mut [u16; LANES], bits: u64) {
        keep_text(values, bits);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn keep_avx2(values: &mut [u16; LANES], bits: u64) {
        keep_text(values, bits);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn add_levels_avx512(lanes: &mut [u16], levels: &[u8], weight: u16) {
        add_levels_text(lanes, levels, weight);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn add_levels_avx2(lanes: &mut [u16], levels: &[u8], weight: u16) {
        add_levels_text(lanes, levels, weight);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn begin_sums_avx512(sums: &mut [u16], norms: &[NormBytes], starts: &Starts, zero: u16) {
        begin_sums_text(sums, norms, starts, zero);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn begin_sums_avx2(sums: &mut [u16], norms: &[NormBytes], starts: &Starts, zero: u16) {
        begin_sums_text(sums, norms, starts, zero);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn begin_lanes_avx512(lanes: &mut [u16], norms: &[BlockNorms], starts: &Starts) {
        begin_lanes_text(lanes, norms, starts);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn begin_lanes_avx2(lanes: &mut [u16], norms: &[BlockNorms], starts: &Starts) {
        begin_lanes_text(lanes, norms, starts);
    }

    /// Impacts are spread over 64 documents by one instruction.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")]
    pub(super) fn add_bitmap_avx512(sums: &mut ChunkSums, bits: &[u8; BITMAP_BYTES], impacts: &[u8], weight: u16) {
        let weight = _mm512_set1_epi16(weight as i16);
        let mut rest = impacts;
        for (sums, word) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(chunk::words(bits)) {
            let (now, later) = rest.split_at(rest.len().min(word.count_ones() as usize));
            rest = later;
            let all = if now.len() == LANES { u64::MAX } else { (1 << now.len()) - 1 };
            // SAFETY: only the bytes of the mask are read, as many as the slice has.
            let packed = unsafe { _mm512_maskz_loadu_epi8(all, now.as_ptr().cast()) };
            let spread = _mm512_maskz_expand_epi8(word, packed);
            let halves = [_mm512_castsi512_si256(spread), _mm512_extracti64x4_epi64::<1>(spread)];
            for (sums, half) in sums.as_chunks_mut::<32>().0.iter_mut().zip(halves) {
                // The upper half of (impact x 256) x weight.
                let impacts = _mm512_slli_epi16::<8>(_mm512_cvtepu8_epi16(half));
                let units = _mm512_mulhi_epu16(impacts, weight);
                let sums = sums.as_mut_ptr().cast();
                // SAFETY: 32 sums of 16 bits are 64 bytes.
                unsafe { _mm512_storeu_si512(sums, _mm512_add_epi16(_mm512_loadu_si512(sums), units)) };
            }
        }
    }

    /// For each byte of a bitmap where its documents' impacts are among the next eight; 0x80: nowhere.
    static SPREAD: [[u8; 8]; 256] = {
        let mut table = [[0x80; 8]; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut bit, mut rank) = (0, 0);
            while bit < 8 {
                if byte >> bit & 1 != 0 {
                    table[byte][bit] = rank;
                    rank += 1;
                }
                bit += 1;
            }
            byte += 1;
        }
        table
    };

    /// Impacts are spread over eight documents at a time by a shuffle from a table.
    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn add_bitmap_avx2(sums: &mut ChunkSums, bits: &[u8; BITMAP_BYTES], impacts: &[u8], weight: u16) {
        let weight = _mm256_set1_epi16(weight as i16);
        // Eight impacts are loaded at a time: room behind the last.
        let mut padded = [0u8; CHUNK_DOCS as usize + 8];
        let n = impacts.len().min(CHUNK_DOCS as usize);
        padded[..n].copy_from_slice(&impacts[..n]);
        let mut at = 0;
        let mut spread = |byte: u8| {
            let next = padded.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, i64::from_le_bytes);
            at += byte.count_ones() as usize;
            let places = i64::from_le_bytes(SPREAD[usize::from(byte)]);
            _mm_shuffle_epi8(_mm_cvtsi64_si128(next), _mm_cvtsi64_si128(places))
        };
        for (sums, pair) in sums.as_chunks_mut::<16>().0.iter_mut().zip(bits.as_chunks::<2>().0) {
            let (low, high) = (spread(pair[0]), spread(pair[1]));
            let impacts = _mm256_slli_epi16::<8>(_mm256_cvtepu8_epi16(_mm_unpacklo_epi64(low, high)));
            let units = _mm256_mulhi_epu16(impacts, weight);
            let sums = sums.as_mut_ptr().cast();
            // SAFETY: 16 sums of 16 bits are 32 bytes.
            unsafe { _mm256_storeu_si256(sums, _mm256_add_epi16(_mm256_loadu_si256(sums), units)) };
        }
    }
}

#[cfg(target_arch = "x86_64")]
use x86::*;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every width this machine has.
    fn widths() -> Vec<Simd> {
        Kernel::ALL.into_iter().filter(|k| k.is_available()).map(Simd::new).collect()
    }

    #[test]
    fn a_width_that_the_machine_lacks_is_not_used() {
        for kernel in Kernel::ALL {
            assert!(Simd::new(kernel).0.is_available());
        }
        assert!(Kernel::Plain.is_available());
    }

    #[test]
    fn units_of_every_impact_in_every_width() {
        for weight in (0..=u16::MAX).step_by(89).chain([1, 255, 256, 257, u16::MAX]) {
            let impacts: Vec<u8> = (0..=255).collect();
            for simd in widths() {
                let mut sums = [7u16; 256];
                simd.add_bitmap(&mut sums, &[0xff; 32], &impacts, weight);
                for (impact, sum) in sums.iter().enumerate() {
                    let units = impact as u32 * u32::from(weight) / 256;
                    assert_eq!(*sum, 7u16.wrapping_add(units as u16), "{simd:?} {impact} x {weight}");
                }
            }
        }
    }

    #[test]
    fn every_level_in_every_width() {
        for weight in 0..2_000 {
            let levels: Vec<u8> = (0..=255).collect();
            for simd in widths() {
                let mut lanes = [1u16; 512];
                simd.add_levels(&mut lanes, &levels, weight);
                for (at, lane) in lanes.iter().enumerate() {
                    let byte = levels[at / LANES * BYTES + at % BYTES];
                    let level = if at % LANES < BYTES { byte & 15 } else { byte >> 4 };
                    assert_eq!(*lane, 1 + u16::from(level) * weight, "{simd:?} lane {at} x {weight}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn bitmaps_are_added_alike(
            bits in any::<[u8; 32]>(),
            thin in any::<bool>(),
            impacts in prop::collection::vec(any::<u8>(), 256),
            weight in any::<u16>(),
            missing in 0usize..3,
        ) {
            let bits = if thin { bits.map(|b| b & b.rotate_left(3)) } else { bits };
            let n = bits.iter().map(|b| b.count_ones() as usize).sum::<usize>();
            // A damaged page may hold fewer impacts than bits.
            let impacts = &impacts[..n.saturating_sub(missing)];
            let mut expected: ChunkSums = std::array::from_fn(|i| i as u16 * 257);
            let set = (0..256usize).filter(|i| bits[i / 8] >> (i % 8) & 1 != 0);
            for (doc, &impact) in set.zip(impacts) {
                expected[doc] = expected[doc].wrapping_add((u32::from(impact) * u32::from(weight) / 256) as u16);
            }
            for simd in widths() {
                let mut sums: ChunkSums = std::array::from_fn(|i| i as u16 * 257);
                simd.add_bitmap(&mut sums, &bits, impacts, weight);
                prop_assert_eq!(sums, expected);
            }
        }

        #[test]
        fn levels_are_added_alike(chunks in 0usize..5, seed in any::<u64>(), weight in 0u16..2000) {
            let bytes: Vec<u8> = (0..chunks * BYTES).map(|i| (seed >> (i % 57)) as u8 ^ i as u8).collect();
            let mut expected: Vec<u16> = (0..chunks * LANES).map(|i| i as u16).collect();
            for (lane, sum) in expected.iter_mut().enumerate() {
                let byte = bytes[lane / LANES * BYTES + lane % BYTES];
                let level = if lane % LANES < BYTES { byte & 15 } else { byte >> 4 };
                *sum += u16::from(level) * weight;
            }
            for simd in widths() {
                let mut lanes: Vec<u16> = (0..chunks * LANES).map(|i| i as u16).collect();
                simd.add_levels(&mut lanes, &bytes, weight);
                prop_assert_eq!(&lanes, &expected);
            }
        }

        #[test]
        fn blocks_are_found_by_every_width(values in prop::collection::vec(0u16..50, 0..400), threshold in 0u16..60) {
            let has = |block: &[u16]| block.iter().any(|&v| v >= threshold);
            let expected: Vec<usize> =
                values.chunks(LANES).enumerate().filter(|(_, b)| has(b)).map(|(i, _)| i * LANES).collect();
            for simd in widths() {
                for block in values.as_chunks::<LANES>().0 {
                    let bits = simd.reaching(block, threshold);
                    prop_assert!(block.iter().enumerate().all(|(i, &v)| (bits >> i & 1 != 0) == (v >= threshold)));
                }
                let (mut at, mut found) = (0, Vec::new());
                while let Some(block) = simd.next_block(&values, at, threshold) {
                    found.push(block);
                    at = block + LANES;
                }
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
