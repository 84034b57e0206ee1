//! Smooth ranks: 1/2 + the sum over all of the list's scores s' of sigma(beta (s' - s)). arXiv 2210.11934.

use super::error::{Result, reserved};
use super::table::STEPS;

/// The smooth rank of each score.
pub fn ranks(scores: &[f64], beta: f64, interrupts: &mut dyn FnMut()) -> Result<Vec<f64>> {
    let mut ranks = reserved(scores.len())?;
    let mut steps = 0usize;
    for &s in scores {
        let mut rank = 0.5;
        for &other in scores {
            if steps.is_multiple_of(STEPS) {
                interrupts();
            }
            steps = steps.wrapping_add(1);
            rank += sigmoid(beta * (other - s));
        }
        ranks.push(rank);
    }
    Ok(ranks)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
