//! States of aggregates: values on Rust's side, owned by the aggregate's memory context.

use pgrx::pg_sys;

use super::call::{Call, Outcome};
use crate::engine::vector::error::VectorError;

/// A state argument; `None` before the first row that is not NULL. `T` is the type that the aggregate's own functions
/// `adopt`.
pub fn state<'a, T>(call: Call, n: usize) -> Option<&'a mut T> {
    // SAFETY: declared as internal, and only `adopt` makes such values, of the type that an aggregate's functions
    // share; the two arguments of a combine function are different states.
    unsafe { call.pointer::<T>(n).as_mut() }
}

/// Leaves a state to the aggregate's memory context, which drops it at the end, also after an error.
pub fn adopt<'a, T: 'static>(call: Call, state: T) -> &'a mut T {
    let pointer = call.aggregate_context().leak_and_drop_on_delete(state);
    // SAFETY: just made, not null; the context outlives this call.
    unsafe { &mut *pointer }
}

pub fn pointer<T>(state: &mut T) -> Outcome {
    Ok(pg_sys::Datum::from(std::ptr::from_mut(state)))
}

/// The combine function of an aggregate, from that of its states.
pub fn combine<T: 'static>(
    call: Call,
    add: impl Fn(&mut T, &T) -> Result<(), VectorError>,
    copied: impl Fn(&T) -> Result<T, VectorError>,
) -> Outcome {
    match (state::<T>(call, 0), state::<T>(call, 1)) {
        (Some(left), Some(right)) => {
            add(left, right)?;
            pointer(left)
        }
        (Some(only), None) => pointer(only),
        // The right one may belong to a shorter-lived context.
        (None, Some(only)) => pointer(adopt(call, copied(only)?)),
        (None, None) => call.null(),
    }
}
