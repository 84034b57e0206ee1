//! Text to vectors.

use super::error::raise;
use super::{cache, text};
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::engine::encode::encoder::QueryOptions;
use crate::engine::vector::check::check_count;

pg_fn! {
    /// encode_query(encoder, text, counts, max_length, special_tokens, min_weight)
    fn wand_encode_query(call) {
        query(call)
    }

    /// encode_counts(encoder, text)
    fn wand_encode_counts(call) {
        let name = text::argument(call, 0);
        let words = text::argument(call, 1);
        let counts = cache::with(call, &name, |encoder| encoder.counts(&words, &mut interrupts));
        call::svec(&counts.unwrap_or_else(|error| raise(&name, error)))
    }
}

/// Not STRICT, for most options may be NULL: no encoder or no text makes NULL.
fn query(call: Call) -> Outcome {
    if call.datum(0).is_none() || call.datum(1).is_none() {
        return call.null();
    }
    let name = text::argument(call, 0);
    let words = text::argument(call, 1);
    let max_length = match call.i32(3) {
        _ if call.datum(3).is_none() => usize::MAX,
        n => check_count("max_length", n)?,
    };
    let options = QueryOptions {
        counts: call.bool(2),
        max_length,
        special_tokens: call.bool(4),
        min_weight: if call.datum(5).is_some() { call.f32(5) } else { f32::NEG_INFINITY },
    };
    let vector = cache::with(call, &name, |encoder| encoder.query(&words, &options, &mut interrupts));
    call::svec(&vector.unwrap_or_else(|error| raise(&name, error)))
}
