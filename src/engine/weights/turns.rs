//! The turns of a conversation as one query: before each turn, what was said earlier fades.

use super::fold::Join;
use super::terms::Wide;
use crate::engine::vector::check::{check_same_dim, check_share};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// The turns so far. The order of rows matters, so two states cannot be combined.
#[derive(Clone, Debug)]
pub struct Turns {
    join: Join,
    dim: u32,
    decay: f64,
    weights: Option<Wide>,
}

impl Turns {
    /// No turn yet; `decay` from 0 to 1 is what one more turn leaves of a weight.
    pub fn new(join: Join, decay: f64) -> Result<Self, VectorError> {
        Ok(Self { join, dim: 0, decay: check_share("decay", decay)?, weights: None })
    }

    /// Adds a turn. A term that it does not have counts as 0 there, and so does one that only it has before; but in the
    /// first turn there is nothing before.
    pub fn add(&mut self, turn: SparseVectorRef<'_>, decay: f64) -> Result<(), VectorError> {
        if decay != self.decay {
            check_share("decay", decay)?;
            return Err(VectorError::NotConstant { argument: "decay" });
        }
        self.dim = check_same_dim(self.dim, turn.dim())?;
        let turn = Wide::scaled(turn, 1.0)?;
        let join = self.join;
        self.weights = Some(match self.weights.take() {
            None => turn,
            Some(earlier) => earlier.join(&turn, |old, new| join.join(old * decay, new))?,
        });
        Ok(())
    }

    /// All turns as one vector.
    pub fn finish(&self) -> Result<SparseVector, VectorError> {
        match &self.weights {
            Some(weights) => weights.finish(self.dim),
            None => Wide::default().finish(self.dim),
        }
    }
}
