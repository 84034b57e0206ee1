//! Functions about one vector.

use pgrx::pg_sys;

use super::call::{self, Call, Outcome, Rows, interrupts, pg_fn};
use super::casts::array;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{arith, ops, select};

pg_fn! {
    /// Number of dimensions, NULL if unbounded.
    fn svec_dims(call) {
        match call.svec(0).as_ref().dim() {
            0 => call.null(),
            dim => call::i32(i32::try_from(dim).unwrap_or(i32::MAX)),
        }
    }

    /// Number of non-zeros.
    fn svec_nnz(call) {
        call::count(call.svec(0).as_ref().nnz())
    }

    /// Taxicab norm.
    fn svec_l1_norm(call) {
        call::f64(ops::l1_norm(call.svec(0).as_ref()))
    }

    /// Euclidean norm.
    fn svec_l2_norm(call) {
        call::f64(ops::l2_norm(call.svec(0).as_ref()))
    }

    /// Maximum norm.
    fn svec_max_norm(call) {
        call::f64(ops::max_norm(call.svec(0).as_ref()))
    }

    /// Divided by its Euclidean norm.
    fn svec_l2_normalize(call) {
        call::svec(&arith::l2_normalize(call.svec(0).as_ref())?)
    }

    /// Indices from 1.
    fn svec_indices(call) {
        ids(call, 1)
    }

    /// Token ids from 0.
    fn svec_token_ids(call) {
        ids(call, 0)
    }

    /// Weights, beside the indices.
    fn svec_weights(call) {
        array(pg_sys::FLOAT4OID, call.svec(0).as_ref().weights(), |weight| weight.to_ne_bytes())
    }

    /// Rows of (index from 1, weight).
    fn svec_unnest(call) {
        rows(call, 1)
    }

    /// Rows of (token id from 0, weight).
    fn svec_unnest_tokens(call) {
        rows(call, 0)
    }

    /// The terms of greatest weight.
    fn svec_top_terms(call) {
        call::svec(&select::top_terms(call.svec(0).as_ref(), call.i32(1))?)
    }

    /// The terms whose weight is greater than a threshold.
    fn svec_above(call) {
        call::svec(&select::above(call.svec(0).as_ref(), call.f32(1))?)
    }
}

fn ids(call: Call, first: u32) -> Outcome {
    array(pg_sys::INT4OID, call.svec(0).as_ref().indices(), |id| id.saturating_add(first).to_ne_bytes())
}

fn rows(call: Call, first: u32) -> Outcome {
    let vector = call.svec(0);
    let rows = Rows::begin(call);
    for (index, weight) in vector.as_ref().iter() {
        interrupts();
        let id =
            i32::try_from(index.saturating_add(first)).map_err(|_| VectorError::DimTooLarge { dim: index.into() })?;
        rows.put([Some(pg_sys::Datum::from(id)), Some(pg_sys::Datum::from(weight.to_bits()))]);
    }
    call.null()
}
