//! Which terms a vector must have, must not have and should have; weights do not matter.

use super::SparseVectorRef;
use super::check::{check_count, check_same_dim, reserve};
use super::error::VectorError;

/// A condition on a vector's terms, as SQL's `svec_match` states it. Terms are distinct and ascend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchQuery {
    dim: u32,
    must: Vec<u32>,
    must_not: Vec<u32>,
    should: Vec<u32>,
    minimum: usize,
}

impl MatchQuery {
    /// From its parts; `None` is a part that asks for nothing. `minimum` says how many terms of `should` a vector needs
    /// at least: unless it is given, 1 if nothing else is required of a vector, else 0. That there are fewer terms is
    /// no error, but nothing is accepted then.
    pub fn new(
        must: Option<SparseVectorRef<'_>>,
        must_not: Option<SparseVectorRef<'_>>,
        should: Option<SparseVectorRef<'_>>,
        minimum: Option<i32>,
    ) -> Result<Self, VectorError> {
        let mut dim = 0;
        let mut terms = |part: Option<SparseVectorRef<'_>>| {
            let Some(part) = part else { return Ok(Vec::new()) };
            dim = check_same_dim(dim, part.dim())?;
            let mut terms = Vec::new();
            reserve(&mut terms, part.nnz())?;
            terms.extend_from_slice(part.indices());
            Ok(terms)
        };
        let (must, must_not, should) = (terms(must)?, terms(must_not)?, terms(should)?);
        let minimum = match minimum {
            Some(given) => check_count("minimum_should_match", given)?,
            None => usize::from(must.is_empty() && !should.is_empty()),
        };
        Ok(Self { dim, must, must_not, should, minimum })
    }

    /// The dimension that some part has, 0 if none has any.
    pub fn dim(&self) -> u32 {
        self.dim
    }

    /// Terms of which none may be missing.
    pub fn must(&self) -> &[u32] {
        &self.must
    }

    /// Terms of which none may be there.
    pub fn must_not(&self) -> &[u32] {
        &self.must_not
    }

    /// Terms of which [`MatchQuery::minimum`] must be there.
    pub fn should(&self) -> &[u32] {
        &self.should
    }

    /// How many of `should` a vector needs at least; perhaps more than there are.
    pub fn minimum(&self) -> usize {
        self.minimum
    }

    /// Is this such a vector?
    pub fn accepts(&self, vector: SparseVectorRef<'_>) -> Result<bool, VectorError> {
        check_same_dim(vector.dim(), self.dim)?;
        let terms = vector.indices();
        Ok(has(terms, &self.must, self.must.len())
            && has(terms, &self.should, self.minimum)
            && (self.must_not.is_empty() || !has(terms, &self.must_not, 1)))
    }
}

/// Have two ascending lists at least `least` terms in common? Each term of the shorter one is searched for in the rest
/// of the other, until the answer is known.
fn has(a: &[u32], b: &[u32], least: usize) -> bool {
    let (mut few, mut rest) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut wanted = least;
    while wanted > 0 {
        if wanted > few.len().min(rest.len()) {
            return false;
        }
        let Some((term, others)) = few.split_first() else { return false };
        few = others;
        rest = rest.get(rest.partition_point(|other| other < term)..).unwrap_or_default();
        wanted -= usize::from(rest.first() == Some(term));
    }
    true
}
