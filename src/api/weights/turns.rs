//! The aggregates over turns. They skip rows whose vector is NULL.

use crate::api::call::{self, Call, Outcome, pg_fn};
use crate::api::state::{adopt, pointer, state};
use crate::engine::vector::error::VectorError;
use crate::engine::weights::fold::Join;
use crate::engine::weights::turns::Turns;

pg_fn! {
    /// Adds a turn to a sum.
    fn weights_sum_decayed_accum(call) {
        accumulate(call, Join::Sum)
    }

    /// Adds a turn to a maximum.
    fn weights_max_decayed_accum(call) {
        accumulate(call, Join::Max)
    }

    /// All turns as one vector.
    fn weights_decayed_final(call) {
        match state::<Turns>(call, 0) {
            Some(state) => call::svec(&state.finish()?),
            None => call.null(),
        }
    }
}

fn accumulate(call: Call, join: Join) -> Outcome {
    // Raises when called outside an aggregate, before the argument is trusted.
    call.aggregate_context();
    let old = state::<Turns>(call, 0);
    if call.datum(1).is_none() {
        return old.map_or_else(|| call.null(), pointer);
    }
    if call.datum(2).is_none() {
        return Err(VectorError::NullArgument { argument: "decay" });
    }
    let decay = call.f64(2);
    let state = match old {
        Some(state) => state,
        None => adopt(call, Turns::new(join, decay)?),
    };
    state.add(call.svec(1).as_ref(), decay)?;
    pointer(state)
}
