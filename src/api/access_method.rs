//! The functions that CREATE ACCESS METHOD and CREATE OPERATOR CLASS name, and the estimators of CREATE OPERATOR.

use pgrx::pg_sys;

use super::call::{self, Call, pg_fn};
use crate::am::selectivity::{self, Clause};
use crate::am::{handler, metric_number};
use crate::engine::ids::Metric;

pg_fn! {
    /// `wand_handler(internal) -> index_am_handler`
    fn wand_handler(_call) {
        Ok(pg_sys::Datum::from(handler::routine()))
    }

    /// `wand_metric_inner_product(internal) -> int4`: support function 1 of `svec_ip_ops`.
    fn wand_metric_inner_product(_call) {
        Ok(pg_sys::Datum::from(metric_number(Metric::InnerProduct)))
    }

    /// `wand_metric_cosine(internal) -> int4`: support function 1 of `svec_cosine_ops`.
    fn wand_metric_cosine(_call) {
        Ok(pg_sys::Datum::from(metric_number(Metric::Cosine)))
    }

    /// `wand_metric_l2(internal) -> int4`: support function 1 of `svec_l2_ops`.
    fn wand_metric_l2(_call) {
        Ok(pg_sys::Datum::from(metric_number(Metric::L2)))
    }

    /// `wand_matchsel(internal, oid, internal, int4) -> float8`
    fn wand_matchsel(call) {
        // SAFETY: the planner's own call.
        call::f64(unsafe { selectivity::of_match(&clause(call)) })
    }

    /// `wand_spheresel(internal, oid, internal, int4) -> float8`
    fn wand_spheresel(call) {
        // SAFETY: the planner's own call.
        call::f64(unsafe { selectivity::of_sphere(&clause(call)) })
    }
}

/// What the planner asks an estimator about.
fn clause(call: Call) -> Clause {
    Clause { root: call.pointer(0), operator: call.oid(1), args: call.pointer(2), var_relid: call.i32(3) }
}
