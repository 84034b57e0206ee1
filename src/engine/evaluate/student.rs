//! Student's t distribution: how likely a t of at least this size is by chance.
//!
//! The two-sided probability is the regularised incomplete beta function I_x(nu/2, 1/2) at x = nu/(nu + t^2)
//! (Abramowitz and Stegun 26.7.1 and 26.5.27), here by its continued fraction (26.5.8) in Lentz's form, on whichever
//! side of its middle it converges fast. Degrees of freedom are whole here, so the beta function in it is a product and
//! needs no gamma function, hence no crate.

/// The chance of |T| >= |t| with `nu` degrees of freedom, at least 1.
pub(super) fn two_sided(t: f64, nu: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^53 topics")]
    let degrees = nu.max(1) as f64;
    let ratio = t * t / degrees;
    if !ratio.is_finite() {
        return 0.0;
    }
    // x and 1 - x, neither by a difference.
    let (x, rest) = (1.0 / (1.0 + ratio), ratio / (1.0 + ratio));
    let (a, b) = (degrees / 2.0, 0.5);
    if rest <= 0.0 {
        return 1.0;
    }
    // x^a by ln_1p: for a million degrees of freedom, the rounding of x itself would show in its power.
    let front = (-a * ratio.ln_1p() + b * rest.ln()).exp() / beta_half(nu.max(1));
    let share = if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(rest, b, a) / b
    };
    share.clamp(0.0, 1.0)
}

/// B(nu/2, 1/2), from B(1/2, 1/2) = pi or B(1, 1/2) = 2 and B(a + 1, b) = B(a, b) a/(a + b).
fn beta_half(nu: u64) -> f64 {
    let (mut at, mut beta) = if nu % 2 == 1 { (1, std::f64::consts::PI) } else { (2, 2.0) };
    let mut twice = if nu % 2 == 1 { 1.0 } else { 2.0 };
    while at < nu {
        beta *= twice / (twice + 1.0);
        twice += 2.0;
        at += 2;
    }
    beta
}

/// The continued fraction of the incomplete beta function: 1/(1 + d1/(1 + d2/(1 + ...))), with
/// d(2m + 1) = -(a + m)(a + b + m)x/((a + 2m)(a + 2m + 1)) and d(2m) = m(b - m)x/((a + 2m - 1)(a + 2m)).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    // Stands for 0 where a divisor would be 0.
    const TINY: f64 = 1e-300;
    // About the square root of a is needed; a million topics need a thousand.
    const MAX_TERMS: u32 = 100_000;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut result = d;
    for term in 1..=MAX_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for step in [even, odd] {
            d = 1.0 / nonzero(1.0 + step * d);
            c = nonzero(1.0 + step / c);
            factor = c * d;
            result *= factor;
        }
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    result
}
