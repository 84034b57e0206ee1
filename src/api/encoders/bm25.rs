//! BM25 from counts.

use super::error::raise;
use super::{cache, text};
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::casts::array_argument;
use crate::engine::encode::bm25::{self, Parameters, Variant};
use crate::engine::encode::hash;
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::check::{check_count, reserve};
use crate::engine::vector::error::VectorError;

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
    let variant = Variant::named(call.bytes(first + 3))?;
    let parameters = Parameters { avgdl: call.f64(first), k1: call.f64(first + 1), b: call.f64(first + 2), variant };
    call::svec(&bm25::document(counts, &parameters)?)
}

fn hash_terms(call: Call) -> Outcome {
    let words = array_argument::<&[u8]>(call, 0, "words")?;
    let counts = array_argument::<i32>(call, 1, "counts")?;
    if words.len() != counts.len() {
        return Err(VectorError::DifferentLengths { ids: words.len(), weights: counts.len() });
    }
    let mut pairs = Vec::new();
    for (at, (word, count)) in words.iter().zip(counts.iter()).enumerate() {
        interrupts();
        let element = at.saturating_add(1);
        let word = word.ok_or(VectorError::NullElement { argument: "words", element })?;
        let count = count.ok_or(VectorError::NullElement { argument: "counts", element })?;
        reserve(&mut pairs, 1)?;
        pairs.push((text::to_utf8(word), check_count("counts", count)? as u64));
    }
    let pairs = pairs.iter().map(|(word, count)| (word.as_bytes(), *count));
    call::svec(&hash::counts(pairs, call.i32(2), &mut interrupts)?)
}
