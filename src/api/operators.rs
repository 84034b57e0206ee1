//! The functions behind the operators.

use std::cmp::Ordering;

use pgrx::pg_sys;

use super::call::{self, Call, Outcome, pg_fn};
use crate::engine::vector::check::check_same_dim;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::prepared::{Prepared, Repeated};
use crate::engine::vector::{SparseVector, SparseVectorRef, arith, compare, ops};

pg_fn! {
    /// Inner product.
    fn svec_inner_product(call) {
        distance(call, |p, doc| f64::from(p.inner_product(doc)), |a, b| f64::from(ops::inner_product(a, b)))
    }

    /// `<#>`
    fn svec_negative_inner_product(call) {
        distance(call, Prepared::negative_inner_product, ops::negative_inner_product)
    }

    /// `<=>`
    fn svec_cosine_distance(call) {
        distance(call, Prepared::cosine_distance, ops::cosine_distance)
    }

    /// `<->`
    fn svec_l2_distance(call) {
        plain_distance(call, ops::l2_distance)
    }

    /// `<+>`
    fn svec_l1_distance(call) {
        plain_distance(call, ops::l1_distance)
    }

    /// `+`
    fn svec_add(call) {
        arithmetic(call, arith::add)
    }

    /// `-`
    fn svec_subtract(call) {
        arithmetic(call, arith::subtract)
    }

    /// `*` of two vectors, element-wise
    fn svec_multiply(call) {
        arithmetic(call, arith::multiply)
    }

    /// `*` by a number on the right
    fn svec_multiply_real(call) {
        call::svec(&arith::scale(call.svec(0).as_ref(), call.f32(1))?)
    }

    /// `*` by a number on the left
    fn svec_real_multiply(call) {
        call::svec(&arith::scale(call.svec(1).as_ref(), call.f32(0))?)
    }

    /// `&&`
    fn svec_overlaps(call) {
        call::bool(compare::overlaps(call.svec(0).as_ref(), call.svec(1).as_ref())?)
    }

    /// `@>`
    fn svec_contains(call) {
        call::bool(compare::contains(call.svec(0).as_ref(), call.svec(1).as_ref())?)
    }

    /// `<@`
    fn svec_contained(call) {
        call::bool(compare::contains(call.svec(1).as_ref(), call.svec(0).as_ref())?)
    }

    /// `<`
    fn svec_lt(call) {
        call::bool(order(call).is_lt())
    }

    /// `<=`
    fn svec_le(call) {
        call::bool(order(call).is_le())
    }

    /// `=`
    fn svec_eq(call) {
        call::bool(order(call).is_eq())
    }

    /// `<>`
    fn svec_ne(call) {
        call::bool(order(call).is_ne())
    }

    /// `>=`
    fn svec_ge(call) {
        call::bool(order(call).is_ge())
    }

    /// `>`
    fn svec_gt(call) {
        call::bool(order(call).is_gt())
    }

    /// Order for btree.
    fn svec_cmp(call) {
        call::i32(match order(call) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })
    }

    /// Hash for hash joins, hash aggregates and hash indexes.
    fn svec_hash(call) {
        hash(pg_sys::hashvarlena, &[call.datum(0)])
    }

    /// Hash with a seed, for hash partitions.
    fn svec_hash_extended(call) {
        hash(pg_sys::hashvarlenaextended, &[call.datum(0), call.datum(1)])
    }
}

/// A distance that is computed faster from an operand that was there at the last call: nearly always a scan's query.
fn distance(
    call: Call,
    fast: impl Fn(&Prepared, SparseVectorRef<'_>) -> f64,
    plain: impl Fn(SparseVectorRef<'_>, SparseVectorRef<'_>) -> f64,
) -> Outcome {
    let (a, b) = (call.svec(0), call.svec(1));
    let (a, b) = (a.as_ref(), b.as_ref());
    check_same_dim(a.dim(), b.dim())?;
    // SAFETY: distances keep nothing else, and this is the only reference during the call.
    if let Some(repeated) = unsafe { call.kept::<Repeated>() }
        && let Some((prepared, other)) = repeated.recognise(a, b)?
    {
        return call::f64(fast(prepared, other));
    }
    call::f64(plain(a, b))
}

fn plain_distance(call: Call, f: impl Fn(SparseVectorRef<'_>, SparseVectorRef<'_>) -> f64) -> Outcome {
    let (a, b) = (call.svec(0), call.svec(1));
    check_same_dim(a.as_ref().dim(), b.as_ref().dim())?;
    call::f64(f(a.as_ref(), b.as_ref()))
}

fn arithmetic(
    call: Call,
    f: impl Fn(SparseVectorRef<'_>, SparseVectorRef<'_>) -> Result<SparseVector, VectorError>,
) -> Outcome {
    call::svec(&f(call.svec(0).as_ref(), call.svec(1).as_ref())?)
}

/// Order of the arguments; copies are freed at once, for a sort compares many in one memory context.
fn order(call: Call) -> Ordering {
    let (a, b) = (call.svec(0), call.svec(1));
    let order = compare::compare(a.as_ref(), b.as_ref());
    a.free();
    b.free();
    order
}

/// The server's hash of the bytes behind the varlena header, whichever header that is. Equal vectors have equal bytes:
/// there is no zero to have a sign, no NaN to have a payload and no padding.
fn hash(
    function: unsafe fn(pg_sys::FunctionCallInfo) -> pg_sys::Datum,
    arguments: &[Option<pg_sys::Datum>],
) -> Outcome {
    // SAFETY: both functions take a varlena, the extended one a seed after it.
    let datum = unsafe { pgrx::direct_function_call_as_datum(function, arguments) };
    Ok(datum.unwrap_or(pg_sys::Datum::null()))
}
