//! fuse: rankings to one list.

use pgrx::pg_sys;

use super::arrays::{OF_FLOAT8, Refilled, for_each_element, of_ids};
use super::error::{OrRaise, Refusal, Result, collected, reserve};
use super::ids::{Id, Text, Uuid};
use super::ranked::{Collection, Numbered, Ranking};
use crate::api::call::{Call, Outcome, Rows, float8, interrupts, pg_fn};
use crate::api::casts::jsonb_text;
use crate::api::encoders::text;
use crate::engine::fusion::{self, Fused, Given, Settings};

pg_fn! {
    /// fuse(ranking[], method, weights, k, normaliser, missing, on_equal, options, top_k)
    fn fusion_fuse_bigint(call) {
        fuse::<i64>(call)
    }

    /// The same of uuid_ranking[].
    fn fusion_fuse_uuid(call) {
        fuse::<Uuid>(call)
    }

    /// The same of text_ranking[].
    fn fusion_fuse_text(call) {
        fuse::<Text>(call)
    }
}

/// Not STRICT, for most arguments may be NULL. No rankings: no rows.
fn fuse<I: Id>(call: Call) -> Outcome {
    let rows = Rows::begin(call);
    let Some(array) = call.datum(0) else { return call.null() };
    // SAFETY: declared as an array of rankings of this id type.
    let rankings = unsafe { Ranking::<I>::read_all(array) }.or_raise();
    let settings = settings(call, rankings.len());
    let top = call.i32_or_null(8).map(|top| count("fuse", "top_k", top).or_raise());
    let collection = Collection::new(&rankings).or_raise();
    let lists = collected(collection.lists.len(), collection.lists.iter().map(Numbered::as_list)).or_raise();
    let n_items = u32::try_from(collection.ids.len()).unwrap_or(u32::MAX);
    let fused = fusion::fuse(&lists, n_items, &settings, top, &mut interrupts).or_raise();
    put_all(&rows, &collection, &fused).or_raise();
    call.null()
}

/// What the arguments from the second on say.
pub fn settings(call: Call, n_lists: usize) -> Settings {
    let weights = call.datum(2).map(|array| floats(array, "fuse", "weights").or_raise());
    let name = |n| call.datum(n).map(|_| text::argument(call, n));
    let (method, normaliser, missing, on_equal) = (name(1), name(4), name(5), name(6));
    let options = call.datum(7).map(|_| text::to_utf8(jsonb_text(&call, 7)));
    let given = Given {
        weights: weights.as_deref(),
        k: call.datum(3).map(|_| call.f64(3)),
        normaliser: normaliser.as_deref(),
        missing: missing.as_deref(),
        on_equal: on_equal.as_deref(),
        options: options.as_deref(),
    };
    Settings::new(method.as_deref().unwrap_or("rrf"), n_lists, given).or_raise()
}

/// A float8 array without NULLs.
pub fn floats(array: pg_sys::Datum, function: &'static str, argument: &'static str) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    // SAFETY: declared as an array of float8.
    unsafe {
        for_each_element(array, OF_FLOAT8, |at, value| {
            let value = value.ok_or(Refusal::NullElement { function, argument, element: at + 1 })?;
            reserve(&mut values, 1)?;
            values.push(f64::from_bits(value.value() as u64));
            Ok(())
        })?;
    }
    Ok(values)
}

/// A text array without NULLs.
pub fn texts(array: pg_sys::Datum, function: &'static str, argument: &'static str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    // SAFETY: declared as an array of text.
    unsafe {
        for_each_element(array, of_ids::<Text>(), |at, element| {
            let element = element.ok_or(Refusal::NullElement { function, argument, element: at + 1 })?;
            reserve(&mut texts, 1)?;
            texts.push(text::to_utf8(Text::from_datum(element).key()));
            Ok(())
        })?;
    }
    Ok(texts)
}

/// A number of rows.
pub fn count(function: &'static str, argument: &'static str, value: i32) -> Result<usize> {
    usize::try_from(value).map_err(|_| Refusal::Negative { function, argument, value })
}

fn put_all<I: Id>(rows: &Rows, collection: &Collection<'_, I>, fused: &Fused) -> Result<()> {
    let n_lists = collection.lists.len();
    let mut ranks = Refilled::new(pg_sys::INT4OID, n_lists)?;
    let new = || Refilled::new(pg_sys::FLOAT8OID, n_lists);
    let (mut scores, mut normalised, mut contributions) = (new()?, new()?, new()?);
    let float = |value: f64| value.to_ne_bytes();
    for &item in fused.order() {
        interrupts();
        let lists = || 0..n_lists;
        let raw = |list: usize| fused.rank(list, item).and_then(|rank| collection.lists[list].score(rank - 1));
        let id = collection.ids[item as usize].to_datum();
        rows.put([
            Some(id),
            Some(float8(fused.score(item))),
            Some(ranks.fill(lists().map(|list| fused.rank(list, item).map(u32::to_ne_bytes)))),
            Some(scores.fill(lists().map(|list| raw(list).map(float)))),
            Some(normalised.fill(lists().map(|list| fused.normalised(list, item).map(float)))),
            Some(contributions.fill(lists().map(|list| fused.contribution(list, item).map(float)))),
        ]);
        if !I::BY_VALUE {
            // SAFETY: made for this row, which has been copied.
            unsafe { pg_sys::pfree(id.cast_mut_ptr()) };
        }
    }
    Ok(())
}
