//! The two inner loops over bounds, each one text compiled for several widths and picked at run time.
//!
//! The text is plain Rust that compilers vectorise; the wrappers only allow them wider instructions. So every width
//! computes the same integers; a test compares them all the same.

use crate::engine::codec::impact::LEVELS;

/// Lanes of a chunk of bounds.
const LANES: usize = 64;
/// Bytes of a chunk of bounds: the low halves are its first lanes, the high halves the others.
const BYTES: usize = LANES / 2;

/// Adds `weight` times each 4-bit level to its lane. The caller sees to it that lanes cannot overflow.
pub fn add_levels(lanes: &mut [u16], levels: &[u8], weight: u16) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: the instructions were just found.
            return unsafe { add_levels_avx512(lanes, levels, weight) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the instructions were just found.
            return unsafe { add_levels_avx2(lanes, levels, weight) };
        }
    }
    add_levels_text(lanes, levels, weight);
}

#[inline(always)]
fn greatest(lanes: &[u16]) -> u16 {
    lanes.iter().fold(0, |a, &b| a.max(b))
}

/// The first block of 64 values from `at` on (a multiple of 64) that has one of at least `threshold`.
pub fn next_block(values: &[u16], at: usize, threshold: u16) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: the instructions were just found.
            return unsafe { next_block_avx512(values, at, threshold) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the instructions were just found.
            return unsafe { next_block_avx2(values, at, threshold) };
        }
    }
    next_block_text(values, at, threshold)
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn next_block_avx512(values: &[u16], at: usize, threshold: u16) -> Option<usize> {
    next_block_text(values, at, threshold)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn next_block_avx2(values: &[u16], at: usize, threshold: u16) -> Option<usize> {
    next_block_text(values, at, threshold)
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn add_levels_avx512(lanes: &mut [u16], levels: &[u8], weight: u16) {
    add_levels_text(lanes, levels, weight);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_levels_avx2(lanes: &mut [u16], levels: &[u8], weight: u16) {
    add_levels_text(lanes, levels, weight);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type AddLevels = fn(&mut [u16], &[u8], u16);

    /// Every width this machine has.
    fn widths() -> Vec<AddLevels> {
        let mut found: Vec<AddLevels> = vec![add_levels, add_levels_text];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the instructions were just found.
                found.push(|a, b, c| unsafe { add_levels_avx2(a, b, c) });
            }
            if is_x86_feature_detected!("avx512bw") {
                // SAFETY: the instructions were just found.
                found.push(|a, b, c| unsafe { add_levels_avx512(a, b, c) });
            }
        }
        found
    }

    proptest! {
        #[test]
        fn all_widths_equal_the_definition(
            chunks in 0usize..5,
            seed in any::<u64>(),
            weight in 0u16..2000,
        ) {
            let bytes: Vec<u8> = (0..chunks * BYTES).map(|i| (seed >> (i % 57)) as u8 ^ i as u8).collect();
            let mut expected: Vec<u16> = (0..chunks * LANES).map(|i| i as u16).collect();
            for (lane, sum) in expected.iter_mut().enumerate() {
                let byte = bytes[lane / LANES * BYTES + lane % BYTES];
                let level = if lane % LANES < BYTES { byte & 15 } else { byte >> 4 };
                *sum += u16::from(level) * weight;
            }
            for add in widths() {
                let mut lanes: Vec<u16> = (0..chunks * LANES).map(|i| i as u16).collect();
                add(&mut lanes, &bytes, weight);
                prop_assert_eq!(&lanes, &expected);
            }
        }

        #[test]
        fn blocks_are_found_by_every_width(values in prop::collection::vec(0u16..50, 0..400), threshold in 0u16..60) {
            let has = |block: &[u16]| block.iter().any(|&v| v >= threshold);
            let expected: Vec<usize> =
                values.chunks(LANES).enumerate().filter(|(_, b)| has(b)).map(|(i, _)| i * LANES).collect();
            for next in [next_block, next_block_text] {
                let (mut at, mut found) = (0, Vec::new());
                while let Some(block) = next(&values, at, threshold) {
                    found.push(block);
                    at = block + LANES;
                }
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
