//! Diversification: maximal marginal relevance. Carbonell, Goldstein, SIGIR 1998.

use super::arith::{extremes, finite, share};
use super::error::{FusionError, Result, collected, filled, reserved};

/// Picks up to `k` items one after another, each time the one with the greatest
/// lambda relevance - (1 - lambda) (greatest similarity to those picked), of equal ones the first. The first pick is
/// the most relevant one. Lambda 1: by relevance; 0: the first, then whatever is unlike it. Qdrant's default is 1/2.
///
/// Asks for at most `k` similarities of each item: (item, item just picked). One that is not finite counts as 0.
pub fn mmr(
    relevance: &[f64],
    lambda: f64,
    k: usize,
    similarity: &mut dyn FnMut(usize, usize) -> f64,
) -> Result<Vec<usize>> {
    if !(0.0..=1.0).contains(&lambda) {
        return Err(FusionError::out_of_range("lambda", lambda, "Give a number from 0 to 1."));
    }
    if let Some(at) = relevance.iter().position(|value| !value.is_finite()) {
        return Err(FusionError::NotFinite { list: 1, position: at + 1 });
    }
    let k = k.min(relevance.len());
    let mut picked = reserved(k)?;
    // Of each item the greatest similarity to those picked; `None` once it is picked itself.
    let mut greatest = filled(relevance.len(), Some(None::<f64>))?;
    while picked.len() < k {
        let worth = |(at, similar): (usize, &Option<Option<f64>>)| {
            let relevance = relevance.get(at).copied().unwrap_or(0.0);
            // Before the first pick nothing is similar, and lambda 0 must not make all equal.
            similar.map(|similar| match similar {
                Some(similar) => (finite(lambda * relevance - (1.0 - lambda) * similar), at),
                None => (relevance, at),
            })
        };
        let better = |a: (f64, usize), b: (f64, usize)| if b.0 > a.0 { b } else { a };
        let Some((_, best)) = greatest.iter().enumerate().filter_map(worth).reduce(better) else { break };
        picked.push(best);
        if let Some(similar) = greatest.get_mut(best) {
            *similar = None;
        }
        if picked.len() == k {
            break;
        }
        for (at, similar) in greatest.iter_mut().enumerate() {
            if let Some(similar) = similar {
                let new = similarity(at, best);
                let new = if new.is_finite() { new } else { 0.0 };
                *similar = Some(similar.map_or(new, |old| old.max(new)));
            }
        }
    }
    Ok(picked)
}

/// Scores from 0 to 1, as cosines of vectors without negative weights are; equal ones become 1. What is not finite makes
/// relevance that [`mmr`] refuses.
pub fn min_max(scores: &[f64]) -> Result<Vec<f64>> {
    let Some((low, high)) = extremes(scores) else { return Ok(Vec::new()) };
    collected(scores.iter().map(|&score| if high > low { share(score, low, high) } else { 1.0 }))
}
