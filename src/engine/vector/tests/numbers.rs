//! Weights as text, and the edges of float4.

use proptest::prelude::*;

use super::super::number::{Scan, scan_float, write_float};
use super::super::ops;
use super::vector;

fn printed(value: f32) -> String {
    let mut out = String::new();
    write_float(&mut out, value);
    out
}

#[test]
fn prints_as_postgresql_does() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (123_456.0, "123456"),
        (100_000.0, "100000"),
        (1_234_567.0, "1.234567e+06"),
        (1e38, "1e+38"),
        (f32::MAX, "3.4028235e+38"),
        (f32::MIN_POSITIVE, "1.1754944e-38"),
        (f32::from_bits(1), "1e-45"),
        (16_777_216.0, "1.6777216e+07"),
        // 2^90: the nearest decimal of eight digits lies beyond the lower neighbour.
        (1.237_94e27, "1.23794e+27"),
        (f32::from_bits(0x6c80_0000), "1.2379401e+27"),
        // Two decimals are as near: the even one.
        (2.0f32.powi(-12), "0.00024414062"),
        (18_222.562, "18222.562"),
        // 33554450 lies half-way between this float4 and the next.
        (33_554_448.0, "3.3554448e+07"),
    ] {
        assert_eq!(printed(value), text);
    }
}

#[test]
fn reads_what_strtof_reads() {
    for (text, value, len) in [
        ("2.", 2.0, 2),
        (".5", 0.5, 2),
        ("1e3x", 1e3, 3),
        ("+1", 1.0, 2),
        ("1e", 1.0, 1),
        ("1e+", 1.0, 1),
        ("1..2", 1.0, 2),
        ("0x1", 0.0, 1),
        ("-0", -0.0, 2),
        ("0e999999999999", 0.0, 14),
        ("INFINITYx", f32::INFINITY, 8),
        ("info", f32::INFINITY, 3),
    ] {
        assert_eq!(scan_float(text.as_bytes()), Scan::Number(value, len), "{text}");
    }
    for text in ["", "+", ".", "e5", "-.e1", "x"] {
        assert_eq!(scan_float(text.as_bytes()), Scan::Nothing, "{text}");
    }
    for text in ["1e39", "-3.4028236e38", "1e-46", "1e99999999999999999999", "0.1e-99999999999999999999"] {
        assert_eq!(scan_float(text.as_bytes()), Scan::OutOfRange(text.len()), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200_000))]

    #[test]
    fn reads_back_what_it_prints(bits in any::<u32>()) {
        let value = f32::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = printed(value);
        prop_assert!(text.len() <= 15);
        match scan_float(text.as_bytes()) {
            Scan::Number(read, len) => prop_assert_eq!((read.to_bits(), len), (bits, text.len())),
            other => prop_assert!(false, "{} gave {:?}", text, other),
        }
    }
}

#[test]
fn extreme_exponents_are_not_misread() {
    // About 1e-900000, which Rust's reader takes for 1.
    let text = format!("1{}e-1000000", "0".repeat(100_000));
    assert_eq!(scan_float(text.as_bytes()), Scan::OutOfRange(text.len()));
    assert_eq!(scan_float(b"1e0000000000001"), Scan::Number(10.0, 15));
    let text = format!("1{}e-99999", "0".repeat(99_999));
    assert_eq!(scan_float(text.as_bytes()), Scan::Number(1.0, text.len()));
}

#[test]
fn reading_is_linear() {
    let seconds = |n: usize| {
        let literal = format!("{{1:0.{}}}", "1".repeat(n));
        let start = std::time::Instant::now();
        assert!(super::super::text::parse(literal.as_bytes(), &mut || {}).is_ok());
        start.elapsed().as_secs_f64()
    };
    let (short, long) = (seconds(100_000), seconds(3_200_000));
    assert!(long < short.max(0.001) * 32.0 * 8.0, "{short} s for 100 kB, {long} s for 3.2 MB");
}

#[test]
fn distances_at_the_edges() {
    let (empty, one, huge) = (vector("{}/3"), vector("{1:1}/3"), vector("{1:3e38,2:3e38}/3"));
    assert!(ops::cosine_distance(empty.as_ref(), one.as_ref()).is_nan());
    assert!(ops::cosine_distance(empty.as_ref(), empty.as_ref()).is_nan());
    assert_eq!(ops::negative_inner_product(huge.as_ref(), huge.as_ref()), f64::NEG_INFINITY);
    assert_eq!(ops::l2_distance(huge.as_ref(), empty.as_ref()), f64::INFINITY);
    // The norm is accumulated in float8, so it does not overflow.
    assert!(ops::l2_norm(huge.as_ref()).is_finite());
    assert_eq!(ops::inner_product(empty.as_ref(), one.as_ref()), 0.0);
    assert!(ops::negative_inner_product(empty.as_ref(), one.as_ref()).is_sign_negative());
    let tiny = vector("{1:1e-45}/3");
    assert_eq!(ops::inner_product(tiny.as_ref(), tiny.as_ref()), 0.0);
    assert_eq!(ops::l1_distance(tiny.as_ref(), empty.as_ref()), f64::from(f32::from_bits(1)));
}
