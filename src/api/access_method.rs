//! The functions that CREATE ACCESS METHOD and CREATE OPERATOR CLASS name.

use pgrx::pg_sys;

use super::call::pg_fn;
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
}
