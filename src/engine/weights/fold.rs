//! Terms joined into one: the duplicates of a token sequence, the sub-words of a word; and what an own bag of words
//! allows.

use super::terms::{Lookup, Wide, filter, map};
use crate::engine::vector::check::{check_dim, check_index, check_nnz, check_same_dim, check_weight, reserve};
use crate::engine::vector::error::{Numbering, Place, VectorError, excerpt};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// How several weights become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Sum,
    Max,
}

impl Join {
    /// By the name that a user gives.
    pub fn named(name: &[u8]) -> Result<Self, VectorError> {
        match name {
            b"sum" => Ok(Self::Sum),
            b"max" => Ok(Self::Max),
            _ => Err(VectorError::UnknownName { argument: "how", given: excerpt(name), names: "Write sum or max." }),
        }
    }

    pub fn join(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum => a + b,
            Self::Max => a.max(b),
        }
    }
}

/// Weight 1 for every term of positive weight: the query of SPLADE-doc.
pub fn presence(vector: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    map(vector, |weight| if weight > 0.0 { 1.0 } else { 0.0 })
}

/// The terms that `tokens` has too, with their own weights: weighting without expansion.
pub fn lexical_mask(vector: SparseVectorRef<'_>, tokens: SparseVectorRef<'_>) -> Result<SparseVector, VectorError> {
    let dim = check_same_dim(vector.dim(), tokens.dim())?;
    let mut tokens = Lookup::new(tokens);
    let kept = filter(vector, |index, _| tokens.at(index) != 0.0)?;
    if dim == 0 { Ok(kept) } else { kept.into_dim(dim) }
}

/// relu of one weight for each token of a sequence, those of the same token joined.
pub fn unicoil(
    token_ids: impl ExactSizeIterator<Item = Option<i32>>,
    weights: impl ExactSizeIterator<Item = Option<f32>>,
    join: Join,
    dim: Option<i32>,
) -> Result<SparseVector, VectorError> {
    let dim = dim.map_or(Ok(0), |dim| check_dim(i64::from(dim)))?;
    if token_ids.len() != weights.len() {
        return Err(VectorError::DifferentLengths { ids: token_ids.len(), weights: weights.len() });
    }
    let mut pairs = Vec::new();
    reserve(&mut pairs, weights.len())?;
    for (n, (id, weight)) in token_ids.zip(weights).enumerate() {
        let element = n.saturating_add(1);
        let id = id.ok_or(VectorError::NullElement { argument: "token_ids", element })?;
        let weight = weight.ok_or(VectorError::NullElement { argument: "weights", element })?;
        check_weight(weight, Place::Element(element))?;
        let index = check_index(i64::from(id), dim, Numbering::TokenFromZero)?;
        if weight > 0.0 {
            pairs.push((index, f64::from(weight)));
        }
    }
    Wide::from_pairs(pairs, |a, b| join.join(a, b))?.finish(dim)
}

/// Term `t` becomes the word `words[t]`, NULL drops it; what falls on the same word is joined.
pub fn fold_terms(
    vector: SparseVectorRef<'_>,
    words: impl ExactSizeIterator<Item = Option<i32>>,
    join: Join,
    dim: Option<i32>,
) -> Result<SparseVector, VectorError> {
    let dim = dim.map_or(Ok(0), |dim| check_dim(i64::from(dim)))?;
    let n_words = u32::try_from(words.len()).unwrap_or(u32::MAX);
    if vector.indices().last().is_some_and(|&last| last >= n_words) {
        return Err(VectorError::BadArgument { argument: "words", problem: "must have an element for every term" });
    }
    let mut pairs = Vec::new();
    reserve(&mut pairs, vector.nnz())?;
    let mut terms = vector.iter().peekable();
    for (index, word) in (0u32..).zip(words) {
        // All words are checked, not only those that occur: a broken table shows at once.
        let word = word.map(|word| check_index(i64::from(word), dim, Numbering::TokenFromZero)).transpose()?;
        if let (Some((_, weight)), Some(word)) = (terms.next_if(|term| term.0 == index), word) {
            pairs.push((word, f64::from(weight)));
        }
    }
    check_nnz(pairs.len())?;
    Wide::from_pairs(pairs, |a, b| join.join(a, b))?.finish(dim)
}
