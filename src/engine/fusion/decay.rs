//! Decay: a factor that falls with the distance of a number from where it should be, as in Elasticsearch, Qdrant and
//! Milvus: prices, ages, distances in space.
//!
//! With d = max(0, |x - origin| - offset), the factor is 1 up to the offset and `decay` one `scale` beyond it:
//!
//! | shape | factor |
//! | --- | --- |
//! | `linear` (`lin`) | max(0, 1 - (1 - decay) d/scale) |
//! | `exp` | decay^(d/scale) |
//! | `gauss` | decay^((d/scale)^2) |

use super::error::{FusionError, Result};
use super::names::choice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Linear,
    Exp,
    Gauss,
}

/// A checked decay function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    shape: Shape,
    origin: f64,
    scale: f64,
    offset: f64,
    decay: f64,
}

impl Decay {
    /// `scale` is positive, `offset` not negative, `decay` between 0 and 1 (everybody's default is 1/2).
    pub fn new(shape: &str, origin: f64, scale: f64, offset: f64, decay: f64) -> Result<Self> {
        let shapes = [("linear", Shape::Linear), ("exp", Shape::Exp), ("gauss", Shape::Gauss), ("lin", Shape::Linear)];
        let shape = choice("shape", shape, &shapes)?;
        let check = |argument: &str, value: f64, is_good: bool, range| {
            if is_good { Ok(value) } else { Err(FusionError::out_of_range(argument, value, range)) }
        };
        Ok(Self {
            shape,
            origin: check("origin", origin, origin.is_finite(), "Give a finite number.")?,
            scale: check("scale", scale, scale.is_finite() && scale > 0.0, "Give a finite number greater than 0.")?,
            offset: check(
                "offset",
                offset,
                offset.is_finite() && offset >= 0.0,
                "Give a finite number that is not negative.",
            )?,
            decay: check("decay", decay, decay > 0.0 && decay < 1.0, "Give a number between 0 and 1.")?,
        })
    }

    /// The factor at `x`: from 0 to 1, or NaN of NaN.
    pub fn at(&self, x: f64) -> f64 {
        let distance = (x - self.origin).abs() - self.offset;
        let steps = if distance <= 0.0 { 0.0 } else { distance / self.scale };
        match self.shape {
            Shape::Linear => (1.0 - (1.0 - self.decay) * steps).clamp(0.0, 1.0),
            Shape::Exp => self.decay.powf(steps),
            Shape::Gauss => self.decay.powf(steps * steps),
        }
    }
}
