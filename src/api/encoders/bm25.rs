//! BM25 from counts.

use super::error::{raise, report};
use super::query::interrupts;
use super::{cache, text};
use crate::api::call::{self, Call, Outcome, pg_fn};
use crate::api::casts::array_argument;
use crate::engine::encode::bm25::{self, Parameters, Variant};
use crate::engine::encode::error::EncodeError;
use crate::engine::encode::hash;
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::error::VectorError;
use pgrx::PgSqlErrorCode;

pg_fn! {
    /// bm25_document(counts, avgdl, k1, b, variant)
    fn wand_bm25_document(call) {
        let counts = call.svec(0);
        impacts(call, counts.as_ref(), 1)
    }

    /// encode_bm25_document(encoder, text, avgdl, k1, b, variant)
    fn wand_encode_bm25_document(call) {
        let name = text::argument(call, 0);
        let words = text::argument(call, 1);
        let counts = cache::with(call, &name, |encoder| encoder.counts(&words, &mut interrupts));
        impacts(call, counts.unwrap_or_else(|error| raise(&name, error)).as_ref(), 2)
    }

    /// hash_terms(words, counts, dim)
    fn wand_hash_terms(call) {
        hash_terms(call)
    }
}

fn impacts(call: Call, counts: SparseVectorRef<'_>, first: usize) -> Outcome {
    let variant = Variant::parse(&text::argument(call, first + 3)).unwrap_or_else(|error| refuse(error));
    let parameters = Parameters { avgdl: call.f64(first), k1: call.f64(first + 1), b: call.f64(first + 2), variant };
    call::svec(&bm25::document(counts, &parameters).unwrap_or_else(|error| refuse(error)))
}

fn hash_terms(call: Call) -> Outcome {
    let words = array_argument::<&[u8]>(call, 0, "words")?;
    let counts = array_argument::<i32>(call, 1, "counts")?;
    if words.len() != counts.len() {
        return Err(VectorError::DifferentLengths { ids: words.len(), weights: counts.len() });
    }
    let dim = u32::try_from(call.i32(2)).unwrap_or(0);
    let mut pairs = Vec::new();
    for (at, (word, count)) in words.iter().zip(counts.iter()).enumerate() {
        let element = at.saturating_add(1);
        let word = word.ok_or(VectorError::NullElement { argument: "words", element })?;
        let count = count.ok_or(VectorError::NullElement { argument: "counts", element })?;
        let count = u32::try_from(count)
            .map_err(|_| VectorError::BadArgument { argument: "counts", problem: "must not be negative" })?;
        pairs.push((text::to_utf8(word), count));
    }
    let pairs = pairs.iter().map(|(word, count)| (word.as_bytes(), *count));
    call::svec(&hash::counts(pairs, dim).unwrap_or_else(|error| refuse(error)))
}

/// An error without an encoder.
fn refuse(error: EncodeError) -> ! {
    match error {
        EncodeError::Vector(error) => crate::error::raise(&error),
        EncodeError::BadOption { option, problem } => report(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("svec {option} {problem}"),
            String::new(),
            String::new(),
        ),
        other => raise("", other),
    }
}
