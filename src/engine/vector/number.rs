//! Weights as decimal text: read as C's `strtof` reads them, written as PostgreSQL's `real` writes them.
//!
//! Read: sign, digits with an optional point on either side, exponent; `nan` and `inf` are recognised so that they can
//! be refused by name. Hexadecimal floats are not read.
//!
//! Written: the shortest digits that read back as the same float4, in exponent form below 1e-4 and from 1e+06. Rust's
//! formatter finds such digits too, but of two as near it takes the upper where PostgreSQL takes the even, and it lets
//! digits lie half-way between two floats where PostgreSQL wants them strictly nearer. See `shortest_digits`.

use std::fmt::Write;

/// A decimal number at the start of some text.
#[derive(Debug, PartialEq)]
pub enum Scan {
    /// The value and the bytes it took; NaN and infinities only where they were spelled out.
    Number(f32, usize),
    /// A number of so many bytes that is too great or too small for float4.
    OutOfRange(usize),
    /// No number.
    Nothing,
}

/// Reads the longest number at the start of `text`, in linear time.
pub fn scan_float(text: &[u8]) -> Scan {
    let sign_len = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let unsigned = text.get(sign_len..).unwrap_or_default();
    if let Some((word, len)) = scan_word(unsigned) {
        return Scan::Number(word, sign_len.saturating_add(len));
    }
    let (mantissa_len, has_nonzero) = scan_mantissa(unsigned);
    if mantissa_len == 0 {
        return Scan::Nothing;
    }
    let (exponent_len, is_extreme) = scan_exponent(unsigned.get(mantissa_len..).unwrap_or_default());
    let len = sign_len.saturating_add(mantissa_len).saturating_add(exponent_len);
    if is_extreme && has_nonzero {
        return Scan::OutOfRange(len);
    }
    let parsed = text.get(..len).and_then(|token| str::from_utf8(token).ok()).and_then(|token| token.parse().ok());
    match parsed {
        None => Scan::Nothing,
        Some(value) if f32::is_infinite(value) || (value == 0.0 && has_nonzero) => Scan::OutOfRange(len),
        Some(value) => Scan::Number(value, len),
    }
}

fn scan_word(text: &[u8]) -> Option<(f32, usize)> {
    let words: [(&[u8], f32); 3] = [(b"infinity", f32::INFINITY), (b"inf", f32::INFINITY), (b"nan", f32::NAN)];
    words.into_iter().find_map(|(word, value)| {
        let head = text.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then_some((value, word.len()))
    })
}

/// Length of the digits and the point, and whether a digit other than 0 is among them.
fn scan_mantissa(text: &[u8]) -> (usize, bool) {
    let (mut len, mut n_digits, mut has_point, mut has_nonzero) = (0usize, 0usize, false, false);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                n_digits = n_digits.saturating_add(1);
                has_nonzero |= *byte != b'0';
            }
            b'.' if !has_point => has_point = true,
            _ => break,
        }
        len = len.saturating_add(1);
    }
    if n_digits == 0 { (0, false) } else { (len, has_nonzero) }
}

/// Length of `e`, sign and digits, 0 unless all that must be there is; and whether the exponent has more than five
/// digits. Rust's reader does not tell such exponents apart, so they are refused, even where a mantissa of 100 kB would
/// bring the number back into range.
fn scan_exponent(text: &[u8]) -> (usize, bool) {
    if !matches!(text.first(), Some(b'e' | b'E')) {
        return (0, false);
    }
    let digits_at = 1usize.saturating_add(usize::from(matches!(text.get(1), Some(b'+' | b'-'))));
    let digits = text.get(digits_at..).unwrap_or_default();
    let n_digits = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if n_digits == 0 {
        return (0, false);
    }
    let n_zeros = digits.iter().take_while(|&&b| b == b'0').count();
    (digits_at.saturating_add(n_digits), n_digits.saturating_sub(n_zeros) > 5)
}

/// Appends a finite weight as PostgreSQL prints a `real`.
pub fn write_float(out: &mut String, value: f32) {
    if value.is_sign_negative() {
        out.push('-');
    }
    if value == 0.0 {
        out.push('0');
        return;
    }
    let scientific = shortest_digits(value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        write_fixed(out, mantissa, exponent);
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a String cannot fail.
        let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
}

/// `mantissa` is `d` or `d.ddd`; moves its point by `exponent` places.
fn write_fixed(out: &mut String, mantissa: &str, exponent: i32) {
    let digits = || mantissa.chars().filter(|&c| c != '.');
    if exponent < 0 {
        out.push_str("0.");
        out.extend((1..exponent.unsigned_abs()).map(|_| '0'));
        out.extend(digits());
        return;
    }
    let whole = usize::try_from(exponent).unwrap_or(0).saturating_add(1);
    out.extend(digits().chain(std::iter::repeat('0')).take(whole));
    if digits().count() > whole {
        out.push('.');
        out.extend(digits().skip(whole));
    }
}

/// The shortest digits strictly nearer to `value` than to any other float4, as `d.ddde-7`; of two as near, the even.
fn shortest_digits(value: f32) -> String {
    let shortest = format!("{value:e}");
    // Both cases need a number whose exact expansion has at most ten digits. m / 2^n with an odd m has those of m *
    // 5^n, so n is at most 14 for the value itself, 15 for the middle between it and a neighbour.
    let may_differ = value >= 16_777_216.0 || (value * 32_768.0).fract() == 0.0;
    if !may_differ {
        return shortest;
    }
    // The value rounded to that many digits, ties to even; where that is another number (possible at powers of two,
    // whose lower neighbour is nearer) the digits as they are; else one digit more. Nine tell any float4 apart.
    let n_digits = shortest.bytes().take_while(|&b| b != b'e').filter(u8::is_ascii_digit).count();
    let rounded = |places: usize| format!("{value:.places$e}");
    let is_good = |text: &String| text.parse() == Ok(value) && !is_half_way(text, value);
    let first = n_digits.saturating_sub(1);
    std::iter::once(rounded(first))
        .chain(std::iter::once(shortest.clone()))
        .chain((n_digits..9).map(rounded))
        .find(is_good)
        .unwrap_or(shortest)
}

/// Is this decimal exactly half-way between `value` and a neighbour?
fn is_half_way(decimal: &str, value: f32) -> bool {
    let Ok(wide) = decimal.parse::<f64>() else { return false };
    let bits = value.to_bits();
    let neighbours = [f32::from_bits(bits.saturating_sub(1)), f32::from_bits(bits.saturating_add(1))];
    neighbours.into_iter().any(|neighbour| {
        // Exact: the middle of two float4 has 25 significant bits.
        let middle = f64::midpoint(f64::from(neighbour), f64::from(value));
        // At most 9 digits are compared, and a float8 tells any two decimals of 15 digits apart; whether that one
        // decimal is the middle itself is told by the exact expansion, which ends in zeros if it is.
        middle == wide && {
            let exact = format!("{middle:.120e}");
            let same_digits = |text: &str| text.split('e').next().unwrap_or("").trim_end_matches('0').to_owned();
            same_digits(&exact).trim_end_matches('.') == same_digits(decimal).trim_end_matches('.')
        }
    })
}
