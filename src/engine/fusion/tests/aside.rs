//! Diversification and decay.

use proptest::prelude::*;

use super::super::{Decay, mmr};

/// Each pick from the definition: all candidates against all picked.
fn naive(relevance: &[f64], lambda: f64, k: usize, similar: &[Vec<f64>]) -> Vec<usize> {
    let mut picked: Vec<usize> = Vec::new();
    while picked.len() < k.min(relevance.len()) {
        let worth = |i: usize| match picked.iter().map(|&j| similar[i][j]).reduce(f64::max) {
            Some(most) => lambda * relevance[i] - (1.0 - lambda) * most,
            None => relevance[i],
        };
        let rest: Vec<usize> = (0..relevance.len()).filter(|i| !picked.contains(i)).collect();
        let best = rest.iter().map(|&i| worth(i)).fold(f64::MIN, f64::max);
        picked.extend(rest.into_iter().find(|&i| worth(i) == best));
    }
    picked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn diversity(
        relevance in proptest::collection::vec((0..8u8).prop_map(|n| f64::from(n) / 8.0), 0..12),
        similar in proptest::collection::vec(proptest::collection::vec(0.0..1.0f64, 12), 12),
        lambda in (0..9u8).prop_map(|n| f64::from(n) / 8.0),
        k in 0..15usize,
    ) {
        let mut asked = 0;
        let picked = mmr(&relevance, lambda, k, &mut |i, j| { asked += 1; similar[i][j] }).unwrap();
        prop_assert_eq!(picked, naive(&relevance, lambda, k, &similar));
        prop_assert!(asked <= k * relevance.len());
        let by_relevance = mmr(&relevance, 1.0, k, &mut |_, _| 0.5).unwrap();
        prop_assert!(by_relevance.windows(2).all(|pair| relevance[pair[0]] >= relevance[pair[1]]));
    }

    #[test]
    fn decays(
        origin in -9.0..9.0f64,
        scale in 0.1..9.0f64,
        offset in 0.0..4.0f64,
        decay in 0.01..0.99f64,
        x in -60.0..60.0f64,
    ) {
        let distance = ((x - origin).abs() - offset).max(0.0);
        let expected = [
            ("linear", (1.0 - (1.0 - decay) / scale * distance).max(0.0)),
            ("exp", (decay.ln() / scale * distance).exp()),
            ("gauss", (decay.ln() / (scale * scale) * distance * distance).exp()),
        ];
        for (shape, expected) in expected {
            let function = Decay::new(shape, origin, scale, offset, decay).unwrap();
            prop_assert!((function.at(x) - expected).abs() < 1e-9);
            prop_assert!((function.at(origin + offset + scale) - decay).abs() < 1e-9);
            prop_assert_eq!(function.at(origin), 1.0);
        }
    }
}

#[test]
fn what_is_refused() {
    let message = |result: Result<Vec<usize>, super::super::FusionError>| result.unwrap_err().message();
    assert_eq!(message(mmr(&[1.0], 1.5, 1, &mut |_, _| 0.0)), "fuse lambda is out of range");
    assert_eq!(message(mmr(&[1.0, f64::NAN], 0.5, 1, &mut |_, _| 0.0)), "fuse scores must be finite");
    assert_eq!(mmr(&[1.0, 0.9, 0.8], 0.5, 3, &mut |_, _| f64::NAN).unwrap(), [0, 1, 2]);
    for (scale, offset, decay) in [(0.0, 0.0, 0.5), (1.0, -1.0, 0.5), (1.0, 0.0, 0.0), (1.0, 0.0, 1.0)] {
        assert!(Decay::new("exp", 0.0, scale, offset, decay).is_err());
    }
    assert!(Decay::new("cubic", 0.0, 1.0, 0.0, 0.5).is_err());
    assert!(Decay::new("exp", f64::INFINITY, 1.0, 0.0, 0.5).is_err());
}

#[test]
fn extreme_decays() {
    for shape in ["linear", "exp", "gauss"] {
        let function = Decay::new(shape, f64::MIN, 5e-324, f64::MAX, 0.5).unwrap();
        assert_eq!(function.at(f64::MAX), 0.0, "{shape}");
        assert_eq!(function.at(f64::MIN), 1.0, "{shape}");
        assert_eq!(function.at(f64::INFINITY), 0.0, "{shape}");
        assert!(function.at(f64::NAN).is_nan(), "{shape}");
    }
}
