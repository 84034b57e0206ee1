//! BM25 as an inner product: the document's side of the formula is in the document's vector, the IDF in the query's.

use super::error::{EncodeError, Result};
use crate::engine::vector::arith::{Collector, narrow};
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
    /// By name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "lucene" | "robertson" => Ok(Self::Lucene),
            "atire" => Ok(Self::Atire),
            _ => Err(EncodeError::BadOption { option: "variant", problem: "must be lucene, robertson or atire" }),
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

impl Parameters {
    fn check(&self) -> Result<()> {
        let bad = |option, problem| Err(EncodeError::BadOption { option, problem });
        if !(self.avgdl > 0.0 && self.avgdl.is_finite()) {
            return bad("avgdl", "must be greater than 0 and finite");
        }
        if !(self.k1 >= 0.0 && self.k1.is_finite()) {
            return bad("k1", "must be 0 or more, and finite");
        }
        if !(0.0..=1.0).contains(&self.b) {
            return bad("b", "must be between 0 and 1");
        }
        Ok(())
    }
}

/// The impacts of a document whose terms occur `counts` times; its length is their sum.
pub fn document(counts: SparseVectorRef<'_>, parameters: &Parameters) -> Result<SparseVector> {
    parameters.check()?;
    let Parameters { avgdl, k1, b, variant } = *parameters;
    if counts.weights().iter().any(|&count| count < 0.0) {
        return Err(EncodeError::BadOption { option: "counts", problem: "must not be negative" });
    }
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
