//! Levels instead of weights.

use crate::api::call::{self, pg_fn};
use crate::engine::weights::quantise;

pg_fn! {
    /// Levels. Not STRICT, for the greatest weight may be NULL.
    fn weights_quantise(call) {
        if call.has_null(2) {
            return call.null();
        }
        let max_weight = call.datum(2).map(|_| call.f32(2));
        call::svec(&quantise::quantise(call.svec(0).as_ref(), call.i32(1), max_weight)?)
    }

    /// The weight of one level.
    fn weights_quantisation_step(call) {
        call::f64(quantise::step(call.f32(0), call.i32(1))?)
    }

    /// Weights from levels.
    fn weights_dequantise(call) {
        call::svec(&quantise::dequantise(call.svec(0).as_ref(), call.f64(1))?)
    }

    /// How far a score can be off.
    fn weights_quantisation_error(call) {
        call::f64(quantise::error_bound(call.svec(0).as_ref(), call.f64(1))?)
    }
}
