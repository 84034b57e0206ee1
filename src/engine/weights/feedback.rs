//! Queries moved towards documents: Rocchio (1971) and RM3 (Abdul-Jaleel et al., TREC 2004).

use super::terms::Wide;
use crate::engine::vector::check::{
    check_count, check_no_negative, check_not_negative, check_same_dim, check_share, check_weight, reserve,
};
use crate::engine::vector::error::{Place, VectorError};
use crate::engine::vector::ops::l1_norm;
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Weights of the three parts of Rocchio's query.
#[derive(Clone, Copy, Debug)]
pub struct RocchioParts {
    /// Of the query itself.
    pub alpha: f64,
    /// Of the mean of the relevant documents.
    pub beta: f64,
    /// Of the mean of the irrelevant ones, subtracted.
    pub gamma: f64,
}

/// `alpha query + beta mean(relevant) - gamma mean(irrelevant)`; terms of negative weight are dropped, and of the
/// others the best `terms` kept, all if `None`. `interrupts` is called between documents, here and in [`rm3`].
pub fn rocchio(
    query: SparseVectorRef<'_>,
    relevant: &[SparseVectorRef<'_>],
    irrelevant: &[SparseVectorRef<'_>],
    parts: RocchioParts,
    terms: Option<i32>,
    interrupts: &mut dyn FnMut(),
) -> Result<SparseVector, VectorError> {
    let alpha = check_not_negative("alpha", parts.alpha)?;
    let beta = check_not_negative("beta", parts.beta)?;
    let gamma = check_not_negative("gamma", parts.gamma)?;
    let terms = terms.map_or(Ok(usize::MAX), |terms| check_count("terms", terms))?;
    let mut dim = query.dim();
    for document in relevant.iter().chain(irrelevant) {
        dim = check_same_dim(dim, document.dim())?;
    }
    let mut result = Wide::scaled(query, alpha)?;
    for (documents, factor) in [(relevant, beta), (irrelevant, -gamma)] {
        let mut mean = mixture(documents.iter().map(|&document| (document, 1.0)), interrupts)?;
        interrupts();
        mean.scale(1.0 / count(documents.len()));
        interrupts();
        result = result.join(&mean, |own, others| own + factor * others)?;
    }
    interrupts();
    result.keep_best(terms);
    interrupts();
    result.finish(dim)
}

/// `lambda q/|q| + (1 - lambda) sum p(d) d/|d|`, where `p` are the scores' shares and `||` is the sum of the weights.
///
/// The sum over the documents is cut to its best `terms` and scaled to sum 1 before it meets the query, as in Anserini.
/// (Anserini also cuts every document to `terms` terms first; we take documents as they are given.)
pub fn rm3(
    query: SparseVectorRef<'_>,
    documents: &[SparseVectorRef<'_>],
    scores: &[f32],
    terms: i32,
    lambda: f64,
    interrupts: &mut dyn FnMut(),
) -> Result<SparseVector, VectorError> {
    let terms = check_count("terms", terms)?;
    let lambda = check_share("lambda", lambda)?;
    check_no_negative("query", query)?;
    let mut dim = query.dim();
    for &document in documents {
        dim = check_same_dim(dim, document.dim())?;
        check_no_negative("documents", document)?;
    }
    let shares = shares(documents.len(), scores)?;
    let weighted = documents.iter().zip(shares).filter(|(document, _)| document.nnz() > 0);
    let mut expansion = mixture(weighted.map(|(&document, share)| (document, share / l1_norm(document))), interrupts)?;
    interrupts();
    expansion.keep_best(terms);
    interrupts();
    let sum = expansion.sum();
    if sum > 0.0 {
        expansion.scale(1.0 / sum);
    }
    let own = Wide::scaled(query, if query.nnz() == 0 { 0.0 } else { 1.0 / l1_norm(query) })?;
    own.join(&expansion, |own, others| lambda * own + (1.0 - lambda) * others)?.finish(dim)
}

/// Each score's share of their sum.
fn shares(n_documents: usize, scores: &[f32]) -> Result<Vec<f64>, VectorError> {
    if n_documents != scores.len() {
        return Err(VectorError::BadArgument { argument: "scores", problem: "must be as many as documents" });
    }
    for (n, &score) in scores.iter().enumerate() {
        check_weight(score, Place::Element(n.saturating_add(1)))?;
        check_not_negative("score", f64::from(score))?;
    }
    let sum: f64 = scores.iter().map(|&score| f64::from(score)).sum();
    if n_documents > 0 && sum == 0.0 {
        return Err(VectorError::BadArgument { argument: "scores", problem: "must not all be 0" });
    }
    let mut shares = Vec::new();
    reserve(&mut shares, scores.len())?;
    shares.extend(scores.iter().map(|&score| f64::from(score) / sum));
    Ok(shares)
}

/// Sum of documents, each times its factor.
fn mixture<'a>(
    documents: impl Iterator<Item = (SparseVectorRef<'a>, f64)>,
    interrupts: &mut dyn FnMut(),
) -> Result<Wide, VectorError> {
    let mut sum = Wide::default();
    for (document, factor) in documents {
        interrupts();
        sum = sum.join(&Wide::scaled(document, factor)?, |a, b| a + b)?;
    }
    Ok(sum)
}

/// At least 1: the mean of nothing is nothing.
#[expect(clippy::cast_precision_loss, reason = "an array has far fewer than 2^53 elements")]
fn count(n_documents: usize) -> f64 {
    n_documents.max(1) as f64
}
