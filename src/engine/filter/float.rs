//! Floating-point numbers as integers in PostgreSQL's order of them: NaN equals itself and is the greatest, and there
//! is one zero.

/// An integer that is less, equal or greater as the number is.
pub fn to_ordered(number: f64) -> i64 {
    let number = if number.is_nan() {
        f64::NAN.abs()
    } else if number == 0.0 {
        0.0
    } else {
        number
    };
    let bits = number.to_bits() as i64;
    // Numbers below zero have a set sign bit, and the greater the other bits the less they are.
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The number that [`to_ordered`] made `integer` of.
pub fn from_ordered(integer: i64) -> f64 {
    f64::from_bits((if integer < 0 { integer ^ i64::MAX } else { integer }) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    /// As `float8_cmp_internal` has it.
    fn naive(a: f64, b: f64) -> Ordering {
        match (a.is_nan(), b.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => a.partial_cmp(&b).unwrap(),
        }
    }

    fn number() -> impl Strategy<Value = f64> {
        let chosen =
            [f64::NAN, -f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 5e-324, -5e-324];
        prop_oneof![prop::sample::select(chosen.to_vec()), any::<f64>(), any::<u64>().prop_map(f64::from_bits)]
    }

    proptest! {
        #[test]
        fn the_order_is_postgresqls(a in number(), b in number()) {
            prop_assert_eq!(to_ordered(a).cmp(&to_ordered(b)), naive(a, b));
            prop_assert_eq!(naive(from_ordered(to_ordered(a)), a), Ordering::Equal);
        }
    }
}
