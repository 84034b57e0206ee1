//! Sparsity and the FLOPS measures. The aggregates skip rows whose vector is NULL.

use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::state::{adopt, combine, pointer, state};
use crate::engine::vector::error::VectorError;
use crate::engine::weights::measures::{self, Flops, Weighing};

pg_fn! {
    /// Share of zeros. Not STRICT, for the dimension may be NULL.
    fn weights_sparsity(call) {
        if call.has_null(1) {
            return call.null();
        }
        call::f64(measures::sparsity(call.svec(0).as_ref(), call.i32_or_null(1))?)
    }

    /// Adds a row to FLOPS.
    fn weights_flops_accum(call) {
        accumulate(call, "weight", |_| Ok(Weighing::Plain))
    }

    /// Adds a row to FLOPS of long rows.
    fn weights_flops_min_nnz_accum(call) {
        accumulate(call, "min_nnz", |call| Weighing::min_nnz(call.i32(2)))
    }

    /// Adds a row to FLOPS by IDF.
    fn weights_idf_flops_accum(call) {
        accumulate(call, "idf", |call| Weighing::idf(call.svec(2).as_ref()))
    }

    /// Adds a row to FLOPS by document frequency.
    fn weights_df_flops_accum(call) {
        accumulate(call, "alpha and beta", |call| Weighing::df(call.f64(2), call.f64(3)))
    }

    /// Adds one state to another.
    fn weights_flops_combine(call) {
        combine(call, |own: &mut Flops, other| own.combine(other, &mut interrupts), Flops::copied)
    }

    /// A state for the leader of a parallel query.
    fn weights_flops_serialize(call) {
        match state::<Flops>(call, 0) {
            Some(state) => call::bytea(&state.serialize(&mut interrupts)?),
            None => call.null(),
        }
    }

    /// A state from a worker.
    fn weights_flops_deserialize(call) {
        pointer(adopt(call, Flops::deserialize(call.bytes(0), &mut interrupts)?))
    }

    /// The measure.
    fn weights_flops_final(call) {
        match state::<Flops>(call, 0) {
            Some(state) => call::f64(state.finish(&mut interrupts)?),
            None => call.null(),
        }
    }
}

fn accumulate(call: Call, argument: &'static str, weighing: impl Fn(Call) -> Result<Weighing, VectorError>) -> Outcome {
    // Raises when called outside an aggregate, before the argument is trusted.
    call.aggregate_context();
    let old = state::<Flops>(call, 0);
    if call.datum(1).is_none() {
        return old.map_or_else(|| call.null(), pointer);
    }
    if (2..call.n_args()).any(|n| call.datum(n).is_none()) {
        return Err(VectorError::NullArgument { argument });
    }
    let state = match old {
        Some(state) => {
            // A table of IDF is compared, not copied, for every row.
            if !matches!(state.weighing(), Weighing::Idf(_)) || !state.weighing().has_idf(call.svec(2).as_ref()) {
                state.check_constant(&weighing(call)?)?;
            }
            state
        }
        None => adopt(call, Flops::new(weighing(call)?)),
    };
    state.add(call.svec(1).as_ref(), &mut interrupts)?;
    pointer(state)
}
