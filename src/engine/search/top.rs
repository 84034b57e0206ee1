//! The places of the greatest values of a long array, without sorting it.

use super::simd::{LANES, Simd};
use crate::engine::error::{Result, reserve};

/// At least one value in this many is sampled for a first guess of the threshold ...
const SAMPLE: usize = 61;
/// ... as long as that is not more than this many values.
const MOST_SAMPLES: usize = 1024;

/// Orders places: higher values first, then lower places. Unique for each place.
pub fn key(value: u16, place: u32) -> u64 {
    u64::from(value) << 32 | u64::from(u32::MAX - place)
}

/// The value of a key.
pub fn value_of(key: u64) -> u16 {
    (key >> 32) as u16
}

/// The place of a key.
pub fn place_of(key: u64) -> u32 {
    u32::MAX - key as u32
}

/// The keys of the `n` greatest values among those whose key lies in `least..below`, in no order, into `kept`, which is
/// empty. One pass with a running threshold that starts from a guess; a second pass if the guess was too high.
pub fn greatest_keys(values: &[u16], n: usize, least: u64, below: u64, simd: Simd, kept: &mut Vec<u64>) -> Result<()> {
    let n = n.min(values.len());
    reserve(kept, 2 * n + LANES, "ranking round")?;
    let guess = guess(values, n, below)?.max(least);
    collect(values, n, guess, below, simd, kept);
    if kept.len() < n && guess > least {
        kept.clear();
        collect(values, n, least, below, simd, kept);
    }
    keep_greatest(kept, n);
    Ok(())
}

/// A threshold that about twice as many values reach as are wanted.
fn guess(values: &[u16], n: usize, below: u64) -> Result<u64> {
    let stride = SAMPLE.max(values.len() / MOST_SAMPLES);
    let rank = 2 * n / stride + 4;
    if values.len() / stride < 4 * rank {
        return Ok(0);
    }
    let mut sample = Vec::new();
    reserve(&mut sample, values.len() / stride + 1, "ranking sample")?;
    let highest = value_of(below);
    sample.extend(values.iter().step_by(stride).copied().filter(|&v| v <= highest));
    if sample.len() <= rank {
        return Ok(0);
    }
    let at = sample.len() - 1 - rank;
    let (_, &mut value, _) = sample.select_nth_unstable(at);
    Ok(key(value, u32::MAX))
}

fn collect(values: &[u16], n: usize, mut least: u64, below: u64, simd: Simd, kept: &mut Vec<u64>) {
    let mut at = 0;
    while let Some(first) = simd.next_block(values, at, value_of(least)) {
        at = first + LANES;
        let mut reaching = match values[first..].first_chunk() {
            Some(block) => simd.reaching(block, value_of(least)),
            // The last few: all of them are looked at.
            None => (1 << (values.len() - first)) - 1,
        };
        while reaching != 0 {
            let place = first + reaching.trailing_zeros() as usize;
            reaching &= reaching - 1;
            let key = key(values[place], place as u32);
            if key >= least && key < below {
                kept.push(key);
            }
        }
        if kept.len() > 2 * n {
            keep_greatest(kept, n);
            least = kept.iter().copied().min().unwrap_or(least);
        }
    }
}

fn keep_greatest(keys: &mut Vec<u64>, n: usize) {
    if keys.len() > n {
        let cut = keys.len() - n;
        keys.select_nth_unstable(cut);
        keys.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Kernel;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_sorting(
            values in prop_oneof![
                prop::collection::vec(0u16..6, 0..3000),
                prop::collection::vec(any::<u16>(), 0..3000),
            ],
            n in 1usize..200,
            least in 0u16..5,
            below in any::<u16>(),
        ) {
            let (least, below) = (key(least, u32::MAX), key(below, 7));
            let mut expected: Vec<u64> = values.iter().enumerate().map(|(i, &v)| key(v, i as u32))
                .filter(|k| (least..below).contains(k)).collect();
            expected.sort_unstable();
            expected.drain(..expected.len().saturating_sub(n));
            let mut kept = Vec::new();
            greatest_keys(&values, n, least, below, Simd::new(Kernel::best()), &mut kept).unwrap();
            kept.sort_unstable();
            prop_assert_eq!(kept, expected);
        }
    }
}
