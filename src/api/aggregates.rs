//! The aggregates sum, avg and max: a state on Rust's side, owned by the aggregate's memory context.

use pgrx::pg_sys;

use super::call::{self, Call, Outcome, pg_fn};
use crate::engine::vector::aggregate::{Kind, State};

pg_fn! {
    /// Adds a row to a sum.
    fn svec_sum_accum(call) {
        accumulate(call, Kind::Sum)
    }

    /// Adds a row to a maximum.
    fn svec_max_accum(call) {
        accumulate(call, Kind::Max)
    }

    /// Adds one state to another.
    fn svec_agg_combine(call) {
        match (state(call, 0), state(call, 1)) {
            (Some(left), Some(right)) => {
                left.combine(right)?;
                pointer(left)
            }
            (Some(only), None) => pointer(only),
            // The right one may belong to a shorter-lived context.
            (None, Some(only)) => pointer(adopt(call, only.clone())),
            (None, None) => call.null(),
        }
    }

    /// A state for the leader of a parallel query.
    fn svec_agg_serialize(call) {
        match state(call, 0) {
            Some(state) => call::bytea(&state.serialize()?),
            None => call.null(),
        }
    }

    /// A sum's state from a worker.
    fn svec_sum_deserialize(call) {
        deserialize(call, Kind::Sum)
    }

    /// A maximum's state from a worker.
    fn svec_max_deserialize(call) {
        deserialize(call, Kind::Max)
    }

    /// Sum.
    fn svec_sum_final(call) {
        match state(call, 0) {
            Some(state) => call::svec(&state.sum()?),
            None => call.null(),
        }
    }

    /// Mean.
    fn svec_avg_final(call) {
        match state(call, 0) {
            Some(state) => call::svec(&state.avg()?),
            None => call.null(),
        }
    }

    /// Maximum.
    fn svec_max_final(call) {
        match state(call, 0) {
            Some(state) => call::svec(&state.max()?),
            None => call.null(),
        }
    }
}

/// A state argument; `None` before the first row that is not NULL.
fn state<'a>(call: Call, n: usize) -> Option<&'a mut State> {
    // SAFETY: declared as internal, and only `adopt` makes such values; the two arguments of a combine function are
    // different states.
    unsafe { call.pointer::<State>(n).as_mut() }
}

/// Leaves a state to the aggregate's memory context, which drops it at the end, also after an error.
fn adopt<'a>(call: Call, state: State) -> &'a mut State {
    let pointer = call.aggregate_context().leak_and_drop_on_delete(state);
    // SAFETY: just made, not null; the context outlives this call.
    unsafe { &mut *pointer }
}

fn pointer(state: &mut State) -> Outcome {
    Ok(pg_sys::Datum::from(std::ptr::from_mut(state)))
}

fn accumulate(call: Call, kind: Kind) -> Outcome {
    // Raises when called outside an aggregate, before the argument is trusted.
    call.aggregate_context();
    let old = state(call, 0);
    if call.datum(1).is_none() {
        return old.map_or_else(|| call.null(), pointer);
    }
    let state = old.unwrap_or_else(|| adopt(call, State::new(kind)));
    state.add(call.svec(1).as_ref())?;
    pointer(state)
}

fn deserialize(call: Call, kind: Kind) -> Outcome {
    // SAFETY: declared as bytea.
    let bytes = unsafe { pg_sys::pg_detoast_datum(call.pointer(0)) };
    // SAFETY: detoasted.
    let bytes = unsafe { pgrx::varlena::varlena_to_byte_slice(bytes) };
    pointer(adopt(call, State::deserialize(kind, bytes)?))
}
