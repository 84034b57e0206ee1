//! Input and output of `svec`: text, binary, type modifier.

use std::slice;

use pgrx::pg_sys;

use super::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::engine::vector::check::{check_dim, check_sparsevec};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, binary, check_fits, text};
use crate::error::save_or_raise;

pg_fn! {
    /// Text input; errors are soft where the caller wants that.
    fn svec_in(call) {
        match text::parse(call.cstring(0), &mut interrupts).and_then(|vector| apply_typmod(vector, call.i32(2))) {
            Ok(vector) => call::svec(&vector),
            Err(error) => {
                // SAFETY: the context of this very call.
                unsafe { save_or_raise(call.context(), &error) };
                call.null()
            }
        }
    }

    /// Text output.
    fn svec_out(call) {
        let vector = call.svec(0);
        call::cstring(&text::format(vector.as_ref(), &mut interrupts)?)
    }

    /// Binary input. The message is one value, so all of it is taken.
    fn svec_recv(call) {
        let vector = binary::parse(rest_of_message(&call))?;
        call::svec(&apply_typmod(vector, call.i32(2))?)
    }

    /// Binary output.
    fn svec_send(call) {
        let vector = call.svec(0);
        call::bytea(&binary::format(vector.as_ref())?)
    }

    /// The `n` of `svec(n)`.
    fn svec_typmod_in(call) {
        let mut n_modifiers = 0;
        // SAFETY: declared as cstring[]; raises unless they are integers.
        let modifiers = unsafe { pg_sys::ArrayGetIntegerTypmods(call.pointer(0), &raw mut n_modifiers) };
        if n_modifiers != 1 {
            let problem = "takes one dimension, as in svec(30522)";
            return Err(VectorError::BadArgument { argument: "type modifier", problem });
        }
        // SAFETY: there is one.
        let dim = unsafe { *modifiers };
        let problem = "must be at least 1";
        check_dim(i64::from(dim)).map_err(|_| VectorError::BadArgument { argument: "type modifier", problem })?;
        call::i32(dim)
    }

    /// The cast that PostgreSQL adds where a column has a type modifier. Leaves a value that fits as it is.
    fn svec_typmod_cast(call) {
        cast_to_typmod(call)
    }

    /// svec to pgvector's sparsevec, which has the same form and narrower limits.
    fn svec_to_sparsevec(call) {
        let vector = call.svec(0);
        let vector = vector.as_ref();
        check_sparsevec(typmod_dim(call.i32(1)).unwrap_or(vector.dim()), vector.nnz())?;
        cast_to_typmod(call)
    }
}

fn cast_to_typmod(call: Call) -> Outcome {
    let vector = call.svec(0);
    let Some(dim) = typmod_dim(call.i32(1)) else { return Ok(call.datum(0).unwrap_or(pg_sys::Datum::null())) };
    let parts = vector.as_ref();
    check_fits(parts, dim)?;
    if parts.dim() == dim {
        return Ok(call.datum(0).unwrap_or(pg_sys::Datum::null()));
    }
    let bounded = crate::engine::vector::SparseVectorRef::from_valid_parts(dim, parts.indices(), parts.weights());
    crate::storage::datum::to_datum(bounded)
}

/// The dimension that a type modifier stands for; -1 is "none".
fn typmod_dim(typmod: i32) -> Option<u32> {
    u32::try_from(typmod).ok().filter(|&dim| dim > 0)
}

/// A value for a column with this type modifier.
pub fn apply_typmod(vector: SparseVector, typmod: i32) -> Result<SparseVector, VectorError> {
    match typmod_dim(typmod) {
        Some(dim) => vector.into_dim(dim),
        None => Ok(vector),
    }
}

fn rest_of_message(call: &Call) -> &[u8] {
    let buffer: pg_sys::StringInfo = call.pointer(0);
    // SAFETY: declared as internal, where a receive function gets its message; pq_getmsgbytes raises if it is short.
    unsafe {
        let len = (*buffer).len.saturating_sub((*buffer).cursor).max(0);
        let bytes = pg_sys::pq_getmsgbytes(buffer, len);
        slice::from_raw_parts(bytes.cast(), usize::try_from(len).unwrap_or(0))
    }
}
