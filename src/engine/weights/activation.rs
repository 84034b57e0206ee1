//! Activations: from what a model's head puts out to weights, element by element.

use super::terms::map;
use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::check::{check_dim, check_weight};
use crate::engine::vector::error::{Place, VectorError};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Which function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// max(0, x)
    Relu,
    /// ln(1 + relu(x + bias)): SPLADE, with a bias SPARTA.
    LogSaturation { bias: f32 },
    /// ln(1 + ln(1 + relu(x))): the l0-sparsified inference-free encoders.
    DoubleLogSaturation,
    /// ln(1 + e^x)
    Softplus,
    /// ln(1 + softplus(x)): EPIC.
    LogSoftplus,
}

impl Activation {
    /// The function itself, in float8.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Relu => x.max(0.0),
            Self::LogSaturation { bias } => (x + f64::from(bias)).max(0.0).ln_1p(),
            Self::DoubleLogSaturation => x.max(0.0).ln_1p().ln_1p(),
            Self::Softplus => softplus(x),
            Self::LogSoftplus => softplus(x).ln_1p(),
        }
    }

    fn check(self) -> Result<(), VectorError> {
        match self {
            Self::LogSaturation { bias } if !bias.is_finite() => {
                Err(VectorError::BadArgument { argument: "bias", problem: "must be finite" })
            }
            _ => Ok(()),
        }
    }
}

/// ln(1 + e^x) without an overflow for great x or a loss of digits for small.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Of the stored terms only: a term that is absent stays absent, whatever the function makes of 0.
pub fn of_vector(vector: SparseVectorRef<'_>, activation: Activation) -> Result<SparseVector, VectorError> {
    activation.check()?;
    map(vector, |weight| activation.at(f64::from(weight)))
}

/// Of a dense list of logits; its length is the dimension, its first element belongs to token id 0.
pub fn of_logits(
    mut logits: impl ExactSizeIterator<Item = Option<f32>>,
    activation: Activation,
) -> Result<SparseVector, VectorError> {
    activation.check()?;
    let dim = check_dim(i64::try_from(logits.len()).unwrap_or(i64::MAX))?;
    let mut result = Collector::new(dim, 0)?;
    (0..dim).try_for_each(|index| {
        let element = usize::try_from(index).unwrap_or(usize::MAX).saturating_add(1);
        let logit = logits.next().flatten().ok_or(VectorError::NullElement { argument: "logits", element })?;
        check_weight(logit, Place::Element(element))?;
        result.push(index, narrow(activation.at(f64::from(logit))))
    })?;
    Ok(result.finish())
}
