//! The right operands of the match and sphere operators as the engine's conditions.

use pgrx::pg_sys;

use super::composite::Composite;
use super::datum::SVec;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::matching::MatchQuery;
use crate::engine::vector::sphere::Sphere;

/// An `svec_match`.
///
/// # Safety
/// - `row` is a value of that type.
pub unsafe fn match_query(row: &Composite) -> Result<MatchQuery, VectorError> {
    let [must, must_not, should, minimum] = row.columns::<4>();
    // SAFETY: the caller's promise: these columns are vectors. The server's memory outlives this call.
    let [must, must_not, should] =
        [must, must_not, should].map(|part| part.map(|datum| unsafe { SVec::from_datum_raw(datum) }));
    let query = MatchQuery::new(
        must.as_ref().map(SVec::as_ref),
        must_not.as_ref().map(SVec::as_ref),
        should.as_ref().map(SVec::as_ref),
        minimum.map(int4),
    );
    [must, must_not, should].into_iter().flatten().for_each(SVec::free);
    query
}

/// An `svec_sphere`; `None` if its centre or its radius is NULL.
///
/// # Safety
/// - `row` is a value of that type.
pub unsafe fn sphere(row: &Composite) -> Result<Option<Sphere>, VectorError> {
    let [Some(center), Some(radius)] = row.columns::<2>() else { return Ok(None) };
    // SAFETY: the caller's promise: a vector. The server's memory outlives this call.
    let center = unsafe { SVec::from_datum_raw(center) };
    let sphere = Sphere::new(center.as_ref(), f64::from_bits(radius.value() as u64));
    center.free();
    sphere.map(Some)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "an int4 datum is its low 32 bits")]
fn int4(datum: pg_sys::Datum) -> i32 {
    datum.value() as i32
}
