//! BM25 as an inner product: the document's side of the formula is in the document's vector, the IDF in the query's.

use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::check::{check_no_negative, check_not_negative, check_positive, check_share};
use crate::engine::vector::error::{VectorError, excerpt};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Which formula, by the names of Kamphuis et al., "Which BM25 do you mean?" (ECIR 2020).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// `tf / (tf + k1 (1 - b + b dl / avgdl))`: Lucene 8 and later; Robertson's original differs in the IDF alone.
    Lucene,
    /// The same times `k1 + 1`: ATIRE, and most textbooks.
    Atire,
}

impl Variant {
    /// By the name that a user gives.
    pub fn named(name: &[u8]) -> Result<Self, VectorError> {
        match name {
            b"lucene" | b"robertson" => Ok(Self::Lucene),
            b"atire" => Ok(Self::Atire),
            _ => Err(VectorError::UnknownName {
                argument: "variant",
                given: excerpt(name),
                names: "Write lucene, robertson or atire.",
            }),
        }
    }
}

/// The formula's constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Mean length of the documents, in tokens; above 0.
    pub avgdl: f64,
    /// How slowly a term's repetition saturates; 0 or more.
    pub k1: f64,
    /// How much a document's length counts; from 0 to 1.
    pub b: f64,
    /// Which formula.
    pub variant: Variant,
}

/// The impacts of a document whose terms occur `counts` times; its length is their sum.
pub fn document(counts: SparseVectorRef<'_>, parameters: &Parameters) -> Result<SparseVector, VectorError> {
    let Parameters { avgdl, k1, b, variant } = *parameters;
    check_positive("avgdl", avgdl)?;
    check_not_negative("k1", k1)?;
    check_share("b", b)?;
    check_no_negative("counts", counts)?;
    let length: f64 = counts.weights().iter().map(|&count| f64::from(count)).sum();
    let norm = k1 * (1.0 - b + b * length / avgdl);
    let factor = if variant == Variant::Atire { k1 + 1.0 } else { 1.0 };
    let mut impacts = Collector::new(counts.dim(), counts.nnz())?;
    for (term, count) in counts.iter() {
        let tf = f64::from(count);
        impacts.push(term, narrow(factor * tf / (tf + norm)))?;
    }
    Ok(impacts.finish())
}
