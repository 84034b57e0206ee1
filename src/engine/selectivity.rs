//! What part of the documents a condition on their vectors lets through, for the planner; documents without a vector
//! left out.
//!
//! The directory knows how many documents have a term; how terms go together it does not know, so they are taken to be
//! independent. For terms that are all required that is nearly always too little (words of one subject come together),
//! hence a floor. Documents of the pending list are taken for documents like the others.

use super::error::{Result, reserved};
use super::segment::pages::PartPages;
use super::segment::reader::SegmentReader;
use super::vector::matching::MatchQuery;

/// The part that shares a term with a vector that is not known.
pub const ANY: f64 = 0.5;
/// The part that has all terms of a vector that is not known.
pub const ALL: f64 = 0.01;
/// The part that a match lets through that is not known.
pub const MATCH: f64 = 0.1;
/// The part that is in a sphere: whoever asks for one wants few documents.
pub const SPHERE: f64 = 0.01;
/// The part of the documents that have a term of which nothing is known: a learned-sparse query has some 30 terms and
/// 2.5 postings for each document.
const TERM: f64 = 2.5 / 30.0;
/// All of several terms are found together in at least this part of the documents that have the rarest of them.
const TOGETHER: f64 = 0.01;

/// Terms, each with the part of the documents that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    each: Vec<f64>,
    /// How many terms there are for each of these, which are a sample of them.
    stands_for: f64,
}

impl Shares {
    /// Of terms of which nothing is known.
    pub fn unknown(n_terms: usize) -> Self {
        let each = if n_terms == 0 { Vec::new() } else { vec![TERM] };
        Self { each, stands_for: n_terms.max(1) as f64 }
    }

    /// Looks `terms` up, in the largest segments first and at most `budget` times, or once. `None` if the segments have
    /// no vectors.
    pub fn look_up<P: PartPages>(
        terms: &[u32],
        segments: &[SegmentReader<'_, P>],
        budget: usize,
    ) -> Result<Option<Self>> {
        let step = terms.len().div_ceil(budget.max(1)).max(1);
        let mut each = reserved(terms.len().div_ceil(step), "query plan")?;
        each.extend(terms.iter().step_by(step).map(|_| 0.0));
        let mut order = reserved(segments.len(), "segments")?;
        order.extend(segments);
        order.sort_by_key(|segment| std::cmp::Reverse(segment.meta.n_docs));

        let (mut n_docs, mut look_ups) = (0.0, 0);
        for segment in order {
            if look_ups > 0 && look_ups + each.len() > budget {
                break;
            }
            n_docs += f64::from(segment.meta.n_docs.saturating_sub(segment.meta.n_null));
            look_ups += each.len();
            for (&term, n_found) in terms.iter().step_by(step).zip(&mut each) {
                let found = segment.find_term(term)?;
                *n_found += found.iter().flat_map(|entry| &entry.lists).map(|list| f64::from(list.df)).sum::<f64>();
            }
            segment.pages.check_interrupts();
        }
        if n_docs == 0.0 {
            return Ok(None);
        }
        each.iter_mut().for_each(|n_found: &mut f64| *n_found = (*n_found / n_docs).clamp(0.0, 1.0));
        let stands_for = if each.is_empty() { 1.0 } else { terms.len() as f64 / each.len() as f64 };
        Ok(Some(Self { each, stands_for }))
    }

    /// The part of the documents that have one of the terms or more.
    pub fn any(&self) -> f64 {
        1.0 - self.each.iter().map(|share| 1.0 - share).product::<f64>().powf(self.stands_for)
    }

    /// The part that have all of them.
    pub fn all(&self) -> f64 {
        let independent = self.each.iter().product::<f64>().powf(self.stands_for);
        let rarest = self.each.iter().copied().reduce(f64::min);
        rarest.map_or(1.0, |rarest| independent.max(rarest * TOGETHER))
    }

    /// The part that have `least` of them or more.
    pub fn at_least(&self, least: usize) -> f64 {
        let n_terms = self.each.len() as f64 * self.stands_for;
        if least <= 1 || least as f64 > n_terms {
            return match least {
                0 => 1.0,
                1 => self.any(),
                _ => 0.0,
            };
        }
        // Of a sample so many less.
        let wanted = ((least as f64 / self.stands_for).round() as usize).clamp(1, self.each.len());
        // The part of the documents that have so many of the terms up to here; in the last place, so many or more.
        let mut parts = vec![0.0; wanted + 1];
        parts[0] = 1.0;
        for share in &self.each {
            parts[wanted] += parts[wanted - 1] * share;
            for n in (1..wanted).rev() {
                parts[n] = parts[n] * (1.0 - share) + parts[n - 1] * share;
            }
            parts[0] *= 1.0 - share;
        }
        parts[wanted].max(self.all())
    }
}

/// The part of the documents that `query` accepts; `shares_of` looks a part's terms up.
pub fn of_match(query: &MatchQuery, mut shares_of: impl FnMut(&[u32]) -> Result<Shares>) -> Result<f64> {
    if query.minimum() > query.should().len() {
        return Ok(0.0);
    }
    let mut part = 1.0;
    if !query.must().is_empty() {
        part *= shares_of(query.must())?.all();
    }
    if !query.must_not().is_empty() {
        part *= 1.0 - shares_of(query.must_not())?.any();
    }
    if query.minimum() > 0 {
        part *= shares_of(query.should())?.at_least(query.minimum());
    }
    Ok(part)
}

/// The part of the documents in a sphere. Those without a term of its centre, all but `sharing`, are at the distance
/// `apart`, if there is one for them all; few are further than that, for weights are seldom negative.
pub fn of_sphere(radius: f64, apart: Option<f64>, sharing: f64) -> f64 {
    match apart {
        Some(apart) if radius >= apart => 1.0,
        Some(_) => sharing.min(SPHERE),
        None => SPHERE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::vector::text;

    fn shares(each: &[f64]) -> Shares {
        Shares { each: each.to_vec(), stands_for: 1.0 }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    proptest! {
        /// By every combination of terms, each there or not.
        #[test]
        fn independent_terms(each in proptest::collection::vec(0.0f64..=1.0, 0..8), least in 0usize..9) {
            let (mut any, mut at_least) = (0.0, 0.0);
            for there in 0u32..1 << each.len() {
                let has = |n: usize| there >> n & 1 == 1;
                let part: f64 = each.iter().enumerate().map(|(n, p)| if has(n) { *p } else { 1.0 - p }).product();
                any += if there > 0 { part } else { 0.0 };
                at_least += if there.count_ones() as usize >= least { part } else { 0.0 };
            }
            let shares = shares(&each);
            if least > 1 && least <= each.len() {
                at_least = at_least.max(shares.all());
            }
            prop_assert!(near(shares.any(), any));
            prop_assert!(near(shares.at_least(least), at_least));
            prop_assert!(shares.all() >= each.iter().product::<f64>() - 1e-9);
        }
    }

    #[test]
    fn a_sample_stands_for_all() {
        let sample = Shares { each: vec![0.1, 0.1], stands_for: 10.0 };
        let all = shares(&[0.1; 20]);
        assert!(near(sample.any(), all.any()) && near(sample.all(), all.all()));
        assert!((0.0..=1.0).contains(&sample.at_least(10)) && sample.at_least(21) == 0.0);
        assert!(near(Shares::unknown(3).any(), shares(&[TERM; 3]).any()));
        assert_eq!((Shares::unknown(0).any(), Shares::unknown(0).all()), (0.0, 1.0));
    }

    #[test]
    fn terms_that_are_required_go_together() {
        assert!(near(shares(&[0.5, 0.4]).all(), 0.2));
        assert!(near(shares(&[0.001, 0.001, 0.001]).all(), 0.001 * TOGETHER));
    }

    #[test]
    fn parts_of_a_match_are_multiplied() {
        let part = |literal: &str| text::parse(literal.as_bytes(), &mut || {}).unwrap();
        let (must, not, should) = (part("{1:1}"), part("{2:1,3:1}"), part("{4:1,5:1,6:1}"));
        let query =
            |minimum| MatchQuery::new(Some(must.as_ref()), Some(not.as_ref()), Some(should.as_ref()), minimum).unwrap();
        let estimate = |minimum| of_match(&query(minimum), |terms| Ok(shares(&vec![0.5; terms.len()]))).unwrap();
        assert!(near(estimate(None), 0.5 * 0.25));
        assert!(near(estimate(Some(1)), 0.5 * 0.25 * 0.875));
        assert!(near(estimate(Some(3)), 0.5 * 0.25 * 0.125));
        assert_eq!(estimate(Some(4)), 0.0);
    }

    #[test]
    fn spheres_reach_to_what_shares_no_term_or_not() {
        assert_eq!(of_sphere(-2.0, Some(0.0), 0.3), SPHERE);
        assert_eq!(of_sphere(-2.0, Some(0.0), 0.001), 0.001);
        assert_eq!(of_sphere(0.0, Some(0.0), 0.3), 1.0);
        assert_eq!(of_sphere(5.0, None, 0.3), SPHERE);
    }
}
