//! How sparse vectors are and what they cost: the regularisers of training, over the rows of a table.

use super::terms::{Lookup, total};
use crate::engine::vector::aggregate::{Kind, State};
use crate::engine::vector::check::{check_count, check_dim, check_positive, check_range, check_same_dim};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, SparseVectorRef, binary, check_fits};

/// The share of a vector's dimensions that hold no term.
#[expect(clippy::cast_precision_loss, reason = "a vector has fewer than 2^27 terms")]
pub fn sparsity(vector: SparseVectorRef<'_>, dim: Option<i32>) -> Result<f64, VectorError> {
    let dim = match dim {
        Some(dim) => {
            let dim = check_dim(i64::from(dim))?;
            check_fits(vector, dim)?;
            dim
        }
        None if vector.dim() == 0 => {
            return Err(VectorError::BadArgument { argument: "dim", problem: "must be given for a value without one" });
        }
        None => vector.dim(),
    };
    Ok(1.0 - vector.nnz() as f64 / f64::from(dim))
}

/// What weighs the terms or the rows of a FLOPS measure.
#[derive(Clone, Debug, PartialEq)]
pub enum Weighing {
    Plain,
    /// Rows of at most so many terms count as empty ones.
    MinNnz(i32),
    /// Terms are divided by their IDF; one without is taken as it is.
    Idf(SparseVector),
    /// Terms are multiplied by a function of their share of rows: 1/2 at `alpha`, steeper with `beta`.
    Df {
        alpha: f64,
        beta: f64,
    },
}

impl Weighing {
    pub fn min_nnz(min_nnz: i32) -> Result<Self, VectorError> {
        check_count("min_nnz", min_nnz)?;
        Ok(Self::MinNnz(min_nnz))
    }

    pub fn idf(idf: SparseVectorRef<'_>) -> Result<Self, VectorError> {
        if let Some((index, _)) = idf.iter().find(|pair| pair.1 < 0.0) {
            return Err(VectorError::NegativeWeight { argument: "idf", index });
        }
        Ok(Self::Idf(idf.copied()?))
    }

    pub fn df(alpha: f64, beta: f64) -> Result<Self, VectorError> {
        let inside = (f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
        let alpha = check_range("alpha", alpha, inside, "Give a number between 0 and 1.")?;
        Ok(Self::Df { alpha, beta: check_positive("beta", beta)? })
    }

    /// Is a state for this weighing one for a row with that IDF too?
    pub fn has_idf(&self, idf: SparseVectorRef<'_>) -> bool {
        matches!(self, Self::Idf(own) if own.as_ref() == idf)
    }

    fn argument(&self) -> &'static str {
        match self {
            Self::Plain | Self::MinNnz(_) => "min_nnz",
            Self::Idf(_) => "idf",
            Self::Df { .. } => "alpha and beta",
        }
    }
}

/// 1 / (1 + (x^(log_alpha 2) - 1)^beta): grows from 0 at x = 0 to 1 at x = 1.
pub fn df_activation(x: f64, alpha: f64, beta: f64) -> f64 {
    // Rounding must not make the base negative, whose power would be NaN.
    let base = (x.powf(std::f64::consts::LN_2 / alpha.ln()) - 1.0).max(0.0);
    1.0 / (1.0 + base.powf(beta))
}

/// The sum over all terms of the squared mean of their magnitudes, in the making.
pub struct Flops {
    weighing: Weighing,
    sums: State,
}

impl Flops {
    pub fn new(weighing: Weighing) -> Self {
        Self { weighing, sums: State::new(Kind::Sum) }
    }

    /// An owned copy, or an error instead of an abort.
    pub fn copied(&self) -> Result<Self, VectorError> {
        let weighing = match &self.weighing {
            Weighing::Idf(idf) => Weighing::Idf(idf.as_ref().copied()?),
            other => other.clone(),
        };
        Ok(Self { weighing, sums: self.sums.copied()? })
    }

    pub fn weighing(&self) -> &Weighing {
        &self.weighing
    }

    /// Fails if a row comes with another weighing than the first.
    pub fn check_constant(&self, weighing: &Weighing) -> Result<(), VectorError> {
        if self.weighing == *weighing {
            return Ok(());
        }
        Err(VectorError::NotConstant { argument: weighing.argument() })
    }

    /// Adds a row; `interrupts` is called now and then, as in whatever takes it here.
    pub fn add(&mut self, vector: SparseVectorRef<'_>, interrupts: &mut dyn FnMut()) -> Result<(), VectorError> {
        match &self.weighing {
            Weighing::MinNnz(least) if i32::try_from(vector.nnz()).is_ok_and(|nnz| nnz <= *least) => {
                return self.sums.add_row(vector.dim());
            }
            Weighing::Idf(idf) => {
                check_same_dim(vector.dim(), idf.as_ref().dim())?;
            }
            _ => (),
        }
        self.sums.add_as(vector, |weight| f64::from(weight.abs()), interrupts)
    }

    /// Adds the rows of another state.
    pub fn combine(&mut self, other: &Self, interrupts: &mut dyn FnMut()) -> Result<(), VectorError> {
        self.check_constant(&other.weighing)?;
        self.sums.combine(&other.sums, interrupts)
    }

    /// The measure.
    #[expect(clippy::cast_precision_loss, reason = "the rounding of a count beyond 2^53 does not matter")]
    pub fn finish(&self, interrupts: &mut dyn FnMut()) -> Result<f64, VectorError> {
        let n_rows = self.sums.n_rows().max(1) as f64;
        let empty = SparseVector::default();
        let mut idf = Lookup::new(if let Weighing::Idf(idf) = &self.weighing { idf.as_ref() } else { empty.as_ref() });
        let squares = self.sums.terms(interrupts)?.map(|(index, sum, df)| {
            let mean = sum / n_rows;
            let weighed = match self.weighing {
                Weighing::Plain | Weighing::MinNnz(_) => mean,
                Weighing::Idf(_) => match f64::from(idf.at(index)) {
                    0.0 => mean,
                    idf => mean / idf,
                },
                Weighing::Df { alpha, beta } => mean * df_activation(df as f64 / n_rows, alpha, beta),
            };
            weighed * weighed
        });
        Ok(total(squares))
    }

    /// The state as bytes, for a parallel worker to send to its leader.
    pub fn serialize(&self, interrupts: &mut dyn FnMut()) -> Result<Vec<u8>, VectorError> {
        let (kind, body) = match &self.weighing {
            Weighing::Plain => (0, Vec::new()),
            Weighing::MinNnz(least) => (1, least.to_le_bytes().to_vec()),
            Weighing::Idf(idf) => (2, binary::format(idf.as_ref())?),
            Weighing::Df { alpha, beta } => (3, [alpha.to_le_bytes(), beta.to_le_bytes()].concat()),
        };
        let len = u32::try_from(body.len()).map_err(|_| VectorError::OutOfMemory { bytes: body.len() })?;
        let mut out = vec![kind];
        out.extend(len.to_le_bytes());
        out.extend(body);
        out.extend(self.sums.serialize(interrupts)?);
        Ok(out)
    }

    /// The state back from bytes.
    pub fn deserialize(bytes: &[u8], interrupts: &mut dyn FnMut()) -> Result<Self, VectorError> {
        let broken = || VectorError::Corrupted { problem: "An aggregate state has a wrong length" };
        let (&[kind, a, b, c, d], rest) = bytes.split_first_chunk::<5>().ok_or_else(broken)?;
        let len = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let (body, sums) = rest.split_at_checked(len).ok_or_else(broken)?;
        let weighing = match (kind, body) {
            (0, []) => Weighing::Plain,
            (1, _) => Weighing::min_nnz(i32::from_le_bytes(body.try_into().map_err(|_| broken())?))?,
            (2, _) => Weighing::Idf(binary::parse(body)?),
            (3, _) => {
                let (alpha, beta) = body.split_first_chunk::<8>().ok_or_else(broken)?;
                let beta = f64::from_le_bytes(beta.try_into().map_err(|_| broken())?);
                Weighing::df(f64::from_le_bytes(*alpha), beta)?
            }
            _ => return Err(broken()),
        };
        Ok(Self { weighing, sums: State::deserialize(Kind::Sum, sums, interrupts)? })
    }
}
