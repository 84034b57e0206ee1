//! The vectors that are not further from a centre than a radius.

use super::check::{check_radius, reserve};
use super::error::VectorError;
use super::{SparseVector, SparseVectorRef};

/// A centre and a radius, as SQL's `svec_sphere` states them. Which distance is meant is the operator's to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Sphere {
    center: SparseVector,
    radius: f64,
}

impl Sphere {
    /// A copy of the centre, with a radius that is a number; infinities are.
    pub fn new(center: SparseVectorRef<'_>, radius: f64) -> Result<Self, VectorError> {
        let radius = check_radius(radius)?;
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        reserve(&mut indices, center.nnz())?;
        reserve(&mut weights, center.nnz())?;
        indices.extend_from_slice(center.indices());
        weights.extend_from_slice(center.weights());
        Ok(Self { center: SparseVector::from_valid_parts(center.dim(), indices, weights), radius })
    }

    /// The centre.
    pub fn center(&self) -> SparseVectorRef<'_> {
        self.center.as_ref()
    }

    /// The greatest distance inside.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Is a vector at this distance from the centre inside? One whose distance is NaN is not.
    pub fn holds(&self, distance: f64) -> bool {
        distance <= self.radius
    }
}
