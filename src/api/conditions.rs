//! The match and sphere operators, and what makes their right operands.

use super::call::{self, Call, Outcome, pg_fn};
use crate::engine::vector::check::{check_radius, check_same_dim, reserve};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::matching::MatchQuery;
use crate::engine::vector::prepared::{MAX_TERMS, Prepared};
use crate::engine::vector::sphere::Sphere;
use crate::engine::vector::{SparseVectorRef, ops};
use crate::storage::composite::Composite;
use crate::storage::conditions;
use crate::storage::datum::SVec;

pg_fn! {
    /// svec_match(must, must_not, should, minimum_should_match)
    fn svec_make_match(call) {
        make_match(call)
    }

    /// sphere(center, radius)
    fn svec_make_sphere(call) {
        check_radius(call.f64(1))?;
        Ok(call::record(call, [call.datum(0), call.datum(1)]))
    }

    /// `@@`
    fn svec_matches(call) {
        matches(call)
    }

    /// `<<#>>`
    fn svec_negative_inner_product_within(call) {
        within(call, Some(Prepared::negative_inner_product), ops::negative_inner_product)
    }

    /// `<<=>>`
    fn svec_cosine_distance_within(call) {
        within(call, Some(Prepared::cosine_distance), ops::cosine_distance)
    }

    /// `<<->>`
    fn svec_l2_distance_within(call) {
        within(call, None, ops::l2_distance)
    }
}

/// What was read from a composite value, for as long as the same bytes come again: nearly always a query's condition.
struct Remembered<T> {
    bytes: Vec<u8>,
    value: Option<Box<T>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { bytes: Vec::new(), value: None }
    }
}

impl<T> Remembered<T> {
    /// What was or is now read from `row`, and whether it was there at the last call.
    fn of(
        &mut self,
        row: &Composite,
        read: impl FnOnce(&Composite) -> Result<T, VectorError>,
    ) -> Result<(&mut T, bool), VectorError> {
        let (value, again) = match self.value.take() {
            Some(value) if self.bytes == row.bytes() => (value, true),
            _ => {
                self.bytes.clear();
                reserve(&mut self.bytes, row.bytes().len())?;
                self.bytes.extend_from_slice(row.bytes());
                (Box::new(read(row)?), false)
            }
        };
        Ok((self.value.insert(value), again))
    }
}

/// Refuses at once what would be refused for every row.
fn make_match(call: Call) -> Outcome {
    let part = |n: usize| call.datum(n).map(|_| call.svec(n));
    let parts = [part(0), part(1), part(2)];
    let [must, must_not, should] = parts.each_ref().map(|part| part.as_ref().map(SVec::as_ref));
    MatchQuery::new(must, must_not, should, call.i32_or_null(3))?;
    Ok(call::record(call, std::array::from_fn::<_, 4, _>(|n| call.datum(n))))
}

/// The composite value on the right of a STRICT operator.
fn condition(call: Call) -> Composite {
    let datum = call.datum(1).unwrap_or_else(|| pgrx::error!("svec function called with NULL"));
    // SAFETY: declared as a composite type.
    unsafe { Composite::from_datum(datum) }
}

fn matches(call: Call) -> Outcome {
    let (vector, row) = (call.svec(0), condition(call));
    let mut at_once = Remembered::default();
    // SAFETY: this function keeps nothing else, and this is the only reference during the call.
    let remembered = unsafe { call.kept::<Remembered<MatchQuery>>() }.unwrap_or(&mut at_once);
    // SAFETY: declared as svec_match.
    let (query, _) = remembered.of(&row, |row| unsafe { conditions::match_query(row) })?;
    row.free();
    call::bool(query.accepts(vector.as_ref())?)
}

/// A sphere, with its centre prepared once it was there twice.
struct Centered {
    sphere: Sphere,
    prepared: Option<Prepared>,
}

fn within(
    call: Call,
    fast: Option<fn(&Prepared, SparseVectorRef<'_>) -> f64>,
    plain: fn(SparseVectorRef<'_>, SparseVectorRef<'_>) -> f64,
) -> Outcome {
    let (vector, row) = (call.svec(0), condition(call));
    let vector = vector.as_ref();
    let mut at_once = Remembered::default();
    // SAFETY: these functions keep nothing else, and this is the only reference during the call.
    let remembered = unsafe { call.kept::<Remembered<Option<Centered>>>() }.unwrap_or(&mut at_once);
    let (centered, again) = remembered.of(&row, |row| {
        // SAFETY: declared as svec_sphere.
        let sphere = unsafe { conditions::sphere(row) }?;
        Ok(sphere.map(|sphere| Centered { sphere, prepared: None }))
    })?;
    row.free();
    let Some(Centered { sphere, prepared }) = centered else { return call.null() };
    check_same_dim(vector.dim(), sphere.center().dim())?;
    if again && prepared.is_none() && fast.is_some() && sphere.center().nnz() <= MAX_TERMS {
        *prepared = Some(Prepared::new(sphere.center())?);
    }
    let distance = match (fast, prepared) {
        (Some(fast), Some(prepared)) => fast(prepared, vector),
        _ => plain(vector, sphere.center()),
    };
    call::bool(sphere.holds(distance))
}
