//! The aggregates sum, avg and max: a state on Rust's side, owned by the aggregate's memory context.

use super::call::{self, Call, Outcome, interrupts, pg_fn};
use super::state::{adopt, combine, pointer, state};
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
        combine(call, |own: &mut State, other| own.combine(other, &mut interrupts), State::copied)
    }

    /// A state for the leader of a parallel query.
    fn svec_agg_serialize(call) {
        match state::<State>(call, 0) {
            Some(state) => call::bytea(&state.serialize(&mut interrupts)?),
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
        match state::<State>(call, 0) {
            Some(state) => call::svec(&state.sum(&mut interrupts)?),
            None => call.null(),
        }
    }

    /// Mean.
    fn svec_avg_final(call) {
        match state::<State>(call, 0) {
            Some(state) => call::svec(&state.avg(&mut interrupts)?),
            None => call.null(),
        }
    }

    /// Maximum.
    fn svec_max_final(call) {
        match state::<State>(call, 0) {
            Some(state) => call::svec(&state.max(&mut interrupts)?),
            None => call.null(),
        }
    }
}

fn accumulate(call: Call, kind: Kind) -> Outcome {
    // Raises when called outside an aggregate, before the argument is trusted.
    call.aggregate_context();
    let old = state::<State>(call, 0);
    if call.datum(1).is_none() {
        return old.map_or_else(|| call.null(), pointer);
    }
    let state = old.unwrap_or_else(|| adopt(call, State::new(kind)));
    state.add(call.svec(1).as_ref(), &mut interrupts)?;
    pointer(state)
}

fn deserialize(call: Call, kind: Kind) -> Outcome {
    pointer(adopt(call, State::deserialize(kind, call.bytes(0), &mut interrupts)?))
}
