//! Parts that depend on an item's rank alone. `r` is the rank from 1, `w` the list's weight.

use super::arith::finite;

/// Which formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RankPart {
    /// 1/(k + first + r - 1): reciprocal rank fusion, Cormack, Clarke, Buettcher, SIGIR 2009.
    Reciprocal {
        /// From 0; above 0 where ranks count from 0.
        k: f64,
        /// What the first rank is called: 1, or 0 as Chroma counts.
        first: f64,
    },
    /// 1/(r/w + k - 1): Qdrant's, where a weight stretches the ranks instead of multiplying the part.
    Stretched {
        /// From 1.
        k: f64,
    },
    /// 1/r^2: Mourao, Martins, Magalhaes 2015.
    InverseSquare,
    /// (1 - phi) phi^(r - 1): Bailey, Moffat, Scholer, Thomas, SIGIR 2017.
    Geometric {
        /// Between 0 and 1.
        phi: f64,
    },
}

impl RankPart {
    /// The part of a rank; [`Self::weight`] is still to be applied.
    pub fn at(self, rank: u32, weight: f64) -> f64 {
        let rank = f64::from(rank);
        finite(match self {
            Self::Reciprocal { k, first } => 1.0 / (k + (first + (rank - 1.0))),
            // Without weight ranks are stretched without end.
            Self::Stretched { k } => 1.0 / (rank / weight + (k - 1.0)),
            Self::InverseSquare => 1.0 / (rank * rank),
            Self::Geometric { phi } => (1.0 - phi) * phi.powf(rank - 1.0),
        })
    }

    /// By what the part is multiplied.
    pub fn weight(self, weight: f64) -> f64 {
        if matches!(self, Self::Stretched { .. }) { 1.0 } else { weight }
    }
}
