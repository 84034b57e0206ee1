//! What an encoder sees of a text, and why a document matches.

use super::error::raise;
use super::{cache, text};
use crate::api::call::{Call, Outcome, Rows, float8, interrupts, pg_fn};
use crate::engine::encode::encoder::Encoder;
use crate::engine::pace::Pace;
use crate::engine::vector::check::{check_same_dim, reserve};
use crate::engine::vector::error::VectorError;
use pgrx::pg_sys;

pg_fn! {
    /// encode_tokens(encoder, text): rows of (position, token_id, token, weight, special, start, length)
    fn wand_encode_tokens(call) {
        tokens(call)
    }

    /// explain_match(query, document, encoder): rows of (token_id, token, query_weight, document_weight, product, share)
    fn wand_explain_match(call) {
        explain(call)
    }
}

fn int4(value: usize) -> Option<pg_sys::Datum> {
    Some(pg_sys::Datum::from(i32::try_from(value).unwrap_or(i32::MAX)))
}

fn float4(value: f32) -> Option<pg_sys::Datum> {
    Some(pg_sys::Datum::from(value.to_bits()))
}

fn tokens(call: Call) -> Outcome {
    let name = text::argument(call, 0);
    let words = text::argument(call, 1);
    let rows = Rows::begin(call);
    cache::with(call, &name, |encoder| {
        let found = encoder.tokenizer().tokens(&words, &mut interrupts).unwrap_or_else(|error| raise(&name, error));
        // Places in characters, as substr() counts them; tokens come in the order of their places.
        let (mut byte, mut characters) = (0, 0);
        for (position, token) in found.into_iter().enumerate() {
            interrupts();
            characters += words.get(byte..token.range.start).map_or(0, |passed| passed.chars().count());
            byte = byte.max(token.range.start);
            rows.put([
                int4(position.saturating_add(1)),
                int4(token.id as usize),
                Some(text::datum(&token.token)),
                float4(encoder.weight(token.id)),
                Some(pg_sys::Datum::from(token.is_special)),
                int4(characters.saturating_add(1)),
                int4(words.get(token.range).map_or(0, |own| own.chars().count())),
            ]);
        }
    });
    call.null()
}

fn explain(call: Call) -> Outcome {
    let (Some(_), Some(_)) = (call.datum(0), call.datum(1)) else {
        Rows::begin(call);
        return call.null();
    };
    let (query, document) = (call.svec(0), call.svec(1));
    let (query, document) = (query.as_ref(), document.as_ref());
    check_same_dim(query.dim(), document.dim())?;
    let rows = Rows::begin(call);
    let put = |encoder: Option<&Encoder>| -> Result<(), VectorError> {
        let mut common: Vec<(u32, f32, f32)> = Vec::new();
        reserve(&mut common, query.nnz().min(document.nnz()))?;
        common.extend(query.iter().filter_map(|(term, weight)| {
            interrupts();
            let at = document.indices().binary_search(&term).ok()?;
            Some((term, weight, document.weights()[at]))
        }));
        let product = |&(_, q, d): &(u32, f32, f32)| f64::from(q) * f64::from(d);
        let total: f64 = common.iter().map(product).sum();
        let mut interrupts = interrupts;
        let mut pace = Pace::new(&mut interrupts);
        common.sort_unstable_by(|a, b| {
            pace.step(1);
            product(b).total_cmp(&product(a)).then(a.0.cmp(&b.0))
        });
        for term in &common {
            interrupts();
            let token = encoder.and_then(|encoder| encoder.tokenizer().token_of(term.0));
            rows.put([
                int4(term.0 as usize),
                token.map(|token| text::datum(&token)),
                float4(term.1),
                float4(term.2),
                Some(float8(product(term))),
                Some(float8(product(term) / total)).filter(|_| total != 0.0),
            ]);
        }
        Ok(())
    };
    match call.datum(2) {
        None => put(None)?,
        Some(_) => cache::with(call, &text::argument(call, 2), |encoder| put(Some(encoder)))?,
    }
    call.null()
}
