//! Weights as 8-bit impacts on a fixed grid of scales.
//!
//! A list has one scale, a power of two: `2^exponent`. The impact of a weight `w` is `ceil(|w| / 2^exponent)`, 1 to
//! 255, so that `(impact - 1) * scale < |w| <= impact * scale`. Dividing a float by a power of two is exact, hence the
//! rounding is exact too.
//!
//! Why powers of two and not a finer grid: merging segments brings lists of different scales under the larger one, and
//! only for integer ratios is rounding up twice the same as rounding up once (`ceil(ceil(x) / n) = ceil(x / n)`). So no
//! number of merges ever loosens a bound; the price is between 7 and 8 bits of resolution instead of 8.

/// The exponent range that covers every positive finite `f32` (from 2^-149 to just under 2^128).
pub const MIN_EXPONENT: i16 = -157;
/// See [`MIN_EXPONENT`].
pub const MAX_EXPONENT: i16 = 121;

/// `2^exponent` as a double; exact for every exponent of the grid and its negation.
pub fn scale(exponent: i16) -> f64 {
    let biased = (1023 + i64::from(exponent)).clamp(1, 2046);
    f64::from_bits((biased as u64) << 52)
}

/// The least exponent of the grid under which `weight` (a positive, finite magnitude) has an impact of at most 255.
pub fn exponent_for(weight: f32) -> i16 {
    let w = f64::from(weight);
    // The biased exponent of w gives 2^k <= w < 2^(k+1); then 255 * 2^(k-7) is either enough or one step short.
    let k = ((w.to_bits() >> 52) as i16) - 1023;
    let guess = (k - 7).clamp(MIN_EXPONENT, MAX_EXPONENT);
    if 255.0 * scale(guess) >= w { guess } else { guess + 1 }
}

/// The impact of a magnitude under a scale that [`exponent_for`] (of this or a larger weight) gave.
pub fn quantise(weight: f32, exponent: i16) -> u8 {
    quantise_by(weight, scale(-exponent))
}

/// The same for many weights of one list: `steps` is `scale(-exponent)`, the number of steps in 1.
#[inline]
pub fn quantise_by(weight: f32, steps: f64) -> u8 {
    let exact = f64::from(weight) * steps;
    // Rounding up by hand: without SSE 4.1, which the build does not presuppose, `ceil` is a call into the C library.
    let whole = exact as u32;
    let level = whole + u32::from(f64::from(whole) < exact);
    debug_assert!((1..=255).contains(&level), "{weight} {steps} {level}");
    level.clamp(1, 255) as u8
}

/// An impact moved from one scale to a larger one, rounded up; exact in the sense of the module's text.
pub fn requantise(impact: u8, from: i16, to: i16) -> u8 {
    debug_assert!(to >= from);
    let steps = u32::from(to.wrapping_sub(from).max(0) as u16).min(15);
    let up = (u32::from(impact) + (1 << steps) - 1) >> steps;
    up.max(1) as u8
}

/// Steps of a bound: 4 bits.
pub const LEVELS: u32 = 15;

/// The least level whose bound under the greatest impact `max` is at least `impact` (which is at most `max`).
pub fn level(impact: u8, max: u8) -> u8 {
    (u32::from(impact) * LEVELS).div_ceil(u32::from(max).max(1)).min(LEVELS) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn magnitude() -> impl Strategy<Value = f32> {
        (1u32..0x7f80_0000).prop_map(f32::from_bits)
    }

    #[test]
    fn every_level_bounds_its_impacts() {
        for max in 1..=255u8 {
            for impact in 1..=max {
                let level = u32::from(level(impact, max));
                assert!((1..=LEVELS).contains(&level));
                assert!(level * u32::from(max) >= u32::from(impact) * LEVELS, "{impact} of {max}");
                assert!((level - 1) * u32::from(max) < u32::from(impact) * LEVELS, "{impact} of {max}");
            }
        }
    }

    #[test]
    fn extremes_fit_the_grid() {
        for w in [f32::from_bits(1), f32::MIN_POSITIVE, 1.0, 255.0, 255.5, 256.0, f32::MAX] {
            let e = exponent_for(w);
            assert!((MIN_EXPONENT..=MAX_EXPONENT).contains(&e), "{w} {e}");
            assert!(quantise(w, e) > 0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn impact_encloses_the_weight(w in magnitude()) {
            let e = exponent_for(w);
            let i = f64::from(quantise(w, e));
            prop_assert!(i * scale(e) >= f64::from(w) && (i - 1.0) * scale(e) < f64::from(w));
            prop_assert!(e == MIN_EXPONENT || 255.0 * scale(e - 1) < f64::from(w));
        }

        #[test]
        fn two_roundings_are_one(w in magnitude(), a in 0i16..12, b in 0i16..12) {
            let e = exponent_for(w);
            let a = a.min(MAX_EXPONENT - e);
            let b = b.min(MAX_EXPONENT - e - a);
            let twice = requantise(requantise(quantise(w, e), e, e + a), e + a, e + a + b);
            prop_assert_eq!(twice, quantise(w, e + a + b));
        }
    }
}
