//! Vectors from ids and weights.

use super::call::{self, Call, Outcome, interrupts, pg_fn};
use super::casts::array_argument;
use crate::engine::vector::dense;
use crate::engine::vector::error::Numbering;

pg_fn! {
    /// Indices from 1.
    fn svec_from_indices(call) {
        from_pairs(call, Numbering::IndexFromOne, "indices")
    }

    /// Token ids from 0.
    fn svec_from_tokens(call) {
        from_pairs(call, Numbering::TokenFromZero, "token_ids")
    }
}

/// Not STRICT, for the dimension may be NULL: no ids or no weights make NULL.
fn from_pairs(call: Call, numbering: Numbering, argument: &'static str) -> Outcome {
    if call.datum(0).is_none() || call.datum(1).is_none() {
        return call.null();
    }
    let ids = array_argument::<i32>(call, 0, argument)?;
    let weights = array_argument::<f32>(call, 1, "weights")?;
    let dim = call.datum(2).map(|_| call.i32(2));
    let (ids, weights) = (Counted(ids.iter(), ids.len()), Counted(weights.iter(), weights.len()));
    call::svec(&dense::from_pairs(numbering, ids, weights, dim, &mut interrupts)?)
}

/// An iterator that knows its length.
pub struct Counted<I>(pub I, pub usize);

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.1 = self.1.saturating_sub(1);
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, Some(self.1))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}
