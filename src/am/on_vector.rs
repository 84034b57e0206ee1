//! Conditions on the vector: its terms, and its distance from others.

use pgrx::pg_sys;

use super::rank_pending::true_distance;
use crate::engine::error::{Result, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::ids::Metric;
use crate::engine::search::choice::Floor;
use crate::engine::search::matching::{self, Terms};
use crate::engine::search::query::Distance;
use crate::engine::search::simd::Simd;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::SegmentReader;
use crate::engine::segment::special::SpecialDocs;
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::matching::MatchQuery;
use crate::engine::vector::prepared::Prepared;
use crate::engine::vector::sphere::Sphere;
use crate::storage::composite::Composite;
use crate::storage::conditions;
use crate::storage::datum::SVec;
use crate::storage::segment_pages::SegmentPages;

/// Strategy numbers of a vector's operator class; 1 is the order by distance.
pub mod strategy {
    /// `&&`: shares a term.
    pub const OVERLAPS: u16 = 2;
    /// `@>`: has all terms.
    pub const CONTAINS: u16 = 3;
    /// `@@`: an svec_match.
    pub const MATCHES: u16 = 4;
    /// Within an svec_sphere.
    pub const WITHIN: u16 = 5;
}

/// A condition on the vector.
pub enum OnVector {
    /// It is NULL.
    Null,
    /// It is not.
    NotNull,
    /// Its terms.
    Terms(MatchQuery),
    /// Its distance from a centre, by the index's metric.
    Within(Sphere, Box<Prepared>),
    /// Any of several; none of an empty list.
    AnyOf(Vec<Self>),
}

impl OnVector {
    /// The condition `vector operator argument`; nothing meets it if the argument, or what counts of it, is NULL. `None`
    /// if there is no such operator.
    ///
    /// # Safety
    /// - The argument is of the operator's right type.
    pub unsafe fn of(number: u16, argument: pg_sys::Datum) -> std::result::Result<Option<Self>, VectorError> {
        // SAFETY: of these two operators it is an svec; used within this call only.
        let vector = || unsafe { SVec::from_datum_raw(argument) };
        // SAFETY: of the other two it is a composite value.
        let composite = || unsafe { Composite::from_datum(argument) };
        Ok(Some(match number {
            strategy::OVERLAPS => Self::Terms(MatchQuery::new(None, None, Some(vector().as_ref()), Some(1))?),
            strategy::CONTAINS => Self::Terms(MatchQuery::new(Some(vector().as_ref()), None, None, None)?),
            // SAFETY: of this type.
            strategy::MATCHES => Self::Terms(unsafe { conditions::match_query(&composite())? }),
            // SAFETY: of this type.
            strategy::WITHIN => match unsafe { conditions::sphere(&composite())? } {
                Some(sphere) => {
                    let prepared = Box::new(Prepared::new(sphere.center())?);
                    Self::Within(sphere, prepared)
                }
                None => Self::AnyOf(Vec::new()),
            },
            _ => return Ok(None),
        }))
    }

    /// Whether a vector meets it.
    pub fn accepts(&self, metric: Metric, vector: Option<SparseVectorRef<'_>>) -> bool {
        let Some(own) = vector else { return matches!(self, Self::Null) };
        match self {
            Self::Null => false,
            Self::NotNull => true,
            // Vectors in an index have lost their dimension, so it cannot differ from the query's.
            Self::Terms(query) => query.accepts(own).unwrap_or(false),
            Self::Within(sphere, prepared) => match true_distance(metric, vector, Some((sphere.center(), prepared))) {
                Distance::Value(distance) => sphere.holds(distance),
                Distance::Null => false,
            },
            Self::AnyOf(conditions) => conditions.iter().any(|condition| condition.accepts(metric, vector)),
        }
    }

    /// Where a ranking by `query` may end because of it, if that is all it asks for.
    pub fn floor(&self, query: SparseVectorRef<'_>) -> Option<Floor> {
        match self {
            Self::Terms(terms) => {
                let shares = terms.must().is_empty() && terms.must_not().is_empty() && terms.minimum() == 1;
                (shares && terms.should() == query.indices()).then_some(Floor::Sharing)
            }
            Self::Within(sphere, _) => {
                let center = sphere.center();
                let same = center.indices() == query.indices() && center.weights() == query.weights();
                same.then(|| Floor::Distance(sphere.radius()))
            }
            _ => None,
        }
    }

    /// Whether rows that are found may not meet it after all.
    pub fn needs_recheck(&self, segments: &[SegmentReader<'_, SegmentPages>]) -> Result<bool> {
        match self {
            Self::Null | Self::NotNull => Ok(false),
            Self::Within(..) => Ok(true),
            Self::Terms(_) => {
                for segment in segments {
                    if matching::needs_recheck(segment)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::AnyOf(conditions) => {
                for condition in conditions {
                    if condition.needs_recheck(segments)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// For each segment the documents that meet it, or may.
    pub fn sets(
        &self,
        segments: &[SegmentReader<'_, SegmentPages>],
        metric: Metric,
        simd: Simd,
    ) -> Result<Vec<DocSet>> {
        if let Self::Within(sphere, _) = self {
            return matching::near(segments, metric, sphere.center(), sphere.radius(), simd);
        }
        let mut sets = reserved(segments.len(), "segments")?;
        for segment in segments {
            let n_docs = segment.meta.n_docs;
            sets.push(match self {
                Self::Null => {
                    let mut set = DocSet::none(n_docs)?;
                    special(segment)?.null.iter().for_each(|doc| set.insert(doc));
                    set
                }
                Self::Terms(query) => {
                    let (must, must_not, should) = (query.must(), query.must_not(), query.should());
                    matching::with_terms(segment, &Terms { must, must_not, should, minimum: query.minimum() })?
                }
                Self::AnyOf(_) => DocSet::none(n_docs)?,
                Self::NotNull | Self::Within(..) => {
                    let mut set = DocSet::all(n_docs)?;
                    set.remove_all(&special(segment)?.null);
                    set
                }
            });
        }
        if let Self::AnyOf(conditions) = self {
            for condition in conditions {
                pgrx::check_for_interrupts!();
                let found = condition.sets(segments, metric, simd)?;
                sets.iter_mut().zip(&found).for_each(|(set, found)| set.or(found));
            }
        }
        Ok(sets)
    }
}

fn special(segment: &SegmentReader<'_, SegmentPages>) -> Result<SpecialDocs> {
    segment.special().map_err(|e| segment.pages.locate(e))
}
