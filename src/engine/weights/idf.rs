//! Document frequencies and what follows from them: how rare a term is.

use super::terms::{Lookup, map, total};
use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::check::{check_no_negative, check_range, check_same_dim};
use crate::engine::vector::error::{VectorError, excerpt};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Checked document frequencies of so many documents.
#[derive(Clone, Copy, Debug)]
pub struct Frequencies<'a> {
    vector: SparseVectorRef<'a>,
    n_docs: f64,
}

impl<'a> Frequencies<'a> {
    /// None negative, none above `n_docs`. A frequency beyond 2^24 has been rounded to float4, maybe up, so it is
    /// compared with the rounded number.
    pub fn new(vector: SparseVectorRef<'a>, n_docs: i64) -> Result<Self, VectorError> {
        let exact = check_n_docs(n_docs)?;
        check_no_negative("df", vector)?;
        if let Some((index, df)) = vector.iter().find(|pair| pair.1 > narrow(exact)) {
            return Err(VectorError::FrequencyTooGreat { index, df: df.to_string(), n_docs });
        }
        Ok(Self { vector, n_docs: exact })
    }

    pub fn vector(self) -> SparseVectorRef<'a> {
        self.vector
    }

    pub fn n_docs(self) -> f64 {
        self.n_docs
    }

    /// Mean over the terms that occur, 0 if none does.
    #[expect(clippy::cast_precision_loss, reason = "a vector has fewer than 2^27 terms")]
    pub fn average(self) -> f64 {
        total(self.vector.weights().iter().map(|&df| f64::from(df))) / self.vector.nnz().max(1) as f64
    }
}

/// A number of documents, as float8.
#[expect(clippy::cast_precision_loss, reason = "float4 rounds frequencies more coarsely anyhow")]
fn check_n_docs(n_docs: i64) -> Result<f64, VectorError> {
    check_range("n", n_docs as f64, (0.0, f64::MAX), "Give a number of documents.")
}

/// Which logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Lucene,
    Robertson,
    Plain,
    Bm25L,
    Bm25Plus,
}

impl Variant {
    /// By the name that a user gives.
    pub fn named(name: &[u8]) -> Result<Self, VectorError> {
        match name {
            b"lucene" => Ok(Self::Lucene),
            b"robertson" => Ok(Self::Robertson),
            b"plain" | b"atire" => Ok(Self::Plain),
            b"bm25l" => Ok(Self::Bm25L),
            b"bm25plus" => Ok(Self::Bm25Plus),
            _ => Err(VectorError::UnknownName {
                argument: "variant",
                given: excerpt(name),
                names: "Write lucene, robertson, plain, atire, bm25l or bm25plus.",
            }),
        }
    }

    /// Some divide by the frequency.
    fn check_unseen(self) -> Result<(), VectorError> {
        match self {
            Self::Plain | Self::Bm25Plus => {
                Err(VectorError::BadArgument { argument: "df", problem: "must not be 0 for this variant" })
            }
            Self::Lucene | Self::Robertson | Self::Bm25L => Ok(()),
        }
    }

    /// The IDF of a term that `df` of `n` documents have.
    fn at(self, df: f64, n: f64) -> f64 {
        match self {
            Self::Lucene => ((n - df + 0.5) / (df + 0.5)).ln_1p(),
            Self::Robertson => ((n - df + 0.5) / (df + 0.5)).ln(),
            Self::Plain => (n / df).ln(),
            Self::Bm25L => ((n + 1.0) / (df + 0.5)).ln(),
            Self::Bm25Plus => ((n + 1.0) / df).ln(),
        }
    }
}

/// The IDF of every term that occurs; one of exactly 0 cannot be stored.
pub fn of_vector(df: Frequencies<'_>, variant: Variant) -> Result<SparseVector, VectorError> {
    map(df.vector, |frequency| variant.at(f64::from(frequency).min(df.n_docs), df.n_docs))
}

/// The same of all terms of the vector's dimension, those too that no document has.
pub fn of_all_terms(df: Frequencies<'_>, variant: Variant) -> Result<SparseVector, VectorError> {
    if df.vector.dim() == 0 {
        return Err(VectorError::BadArgument {
            argument: "df",
            problem: "must have a dimension, or no end of terms is unseen",
        });
    }
    variant.check_unseen()?;
    let mut idf = Collector::new(df.vector.dim(), df.vector.dim() as usize)?;
    let mut lookup = Lookup::new(df.vector);
    for index in 0..df.vector.dim() {
        idf.push(index, narrow(variant.at(f64::from(lookup.at(index)).min(df.n_docs), df.n_docs)))?;
    }
    Ok(idf.finish())
}

/// The IDF of one term.
pub fn of_term(df: f64, n_docs: i64, variant: Variant) -> Result<f64, VectorError> {
    let n = check_n_docs(n_docs)?;
    check_range("df", df, (0.0, n), "Give a number from 0 to the number of documents.")?;
    if df == 0.0 {
        variant.check_unseen()?;
    }
    Ok(variant.at(df, n))
}

/// Each weight of the query times its term's IDF; a term without a positive IDF is dropped.
pub fn apply(query: SparseVectorRef<'_>, idf: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    let mut result = Collector::new(check_same_dim(query.dim(), idf.dim())?, query.nnz())?;
    let mut idf = Lookup::new(idf);
    for (index, weight) in query.iter() {
        let factor = idf.at(index).max(0.0);
        if factor > 0.0 {
            result.push(index, narrow(f64::from(factor) * f64::from(weight)))?;
        }
    }
    Ok(result.finish())
}

/// The postings that a query touches: the sum of its terms' document frequencies.
pub fn postings_touched(query: SparseVectorRef<'_>, df: SparseVectorRef<'_>) -> Result<f64, VectorError> {
    check_same_dim(query.dim(), df.dim())?;
    check_no_negative("df", df)?;
    let mut df = Lookup::new(df);
    Ok(total(query.indices().iter().map(|&index| f64::from(df.at(index)))))
}

/// Terms that a query and a document share, on average over all pairs: the sum of the products of both shares.
pub fn retrieval_flops(queries: Frequencies<'_>, documents: Frequencies<'_>) -> Result<f64, VectorError> {
    check_same_dim(queries.vector.dim(), documents.vector.dim())?;
    let mut lookup = Lookup::new(documents.vector);
    let products = queries.vector.iter().map(|(index, n_queries)| match lookup.at(index) {
        0.0 => 0.0,
        df => f64::from(n_queries) / queries.n_docs * (f64::from(df) / documents.n_docs),
    });
    Ok(total(products))
}
