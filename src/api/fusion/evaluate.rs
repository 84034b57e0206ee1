//! Metrics of rankings, and what their means are worth.

use pgrx::pg_sys;

use super::arrays::{self, OF_FLOAT8};
use super::error::{OrRaise, Result, reserve};
use super::fuse::texts;
use super::ids::{Id, Text, Uuid};
use super::ranked::{Collection, Judgements, Ranking};
use crate::api::call::{self, Call, Outcome, pg_fn};
use crate::engine::evaluate::{Metric, Topic};

pg_fn! {
    /// evaluate(ranking, judgements, metric text)
    fn fusion_evaluate_bigint(call) {
        one::<i64>(call)
    }

    /// The same of uuids.
    fn fusion_evaluate_uuid(call) {
        one::<Uuid>(call)
    }

    /// The same of text.
    fn fusion_evaluate_text(call) {
        one::<Text>(call)
    }

    /// evaluate(ranking, judgements, metrics text[])
    fn fusion_evaluate_all_bigint(call) {
        several::<i64>(call)
    }

    /// The same of uuids.
    fn fusion_evaluate_all_uuid(call) {
        several::<Uuid>(call)
    }

    /// The same of text.
    fn fusion_evaluate_all_text(call) {
        several::<Text>(call)
    }
}

/// A ranking's grades and all grades of its topic.
struct Graded {
    retrieved: Vec<Option<i32>>,
    grades: Vec<i32>,
}

impl Graded {
    fn measure(&self, metric: Metric) -> f64 {
        metric.of(&Topic { retrieved: &self.retrieved, grades: &self.grades })
    }
}

/// Not STRICT: no ranking is an empty one, which measures 0; without judgements there is nothing to measure.
fn graded<I: Id>(call: Call) -> Option<Graded> {
    let judgements = call.datum(1)?;
    let ranking = match call.datum(0) {
        // SAFETY: declared as a ranking of this id type.
        Some(row) => unsafe { Ranking::<I>::read(row) }.or_raise(),
        None => Ranking::default(),
    };
    // SAFETY: declared as judgements of this id type.
    let judgements = unsafe { Judgements::<I>::read(judgements) }.or_raise();
    Some(grade(&ranking, &judgements).or_raise())
}

/// A document that was judged more than once has the greatest of its grades.
fn grade<I: Id>(ranking: &Ranking<I>, judgements: &Judgements<I>) -> Result<Graded> {
    let mut judged: Vec<(I::Key<'_>, i32)> = Vec::new();
    reserve(&mut judged, judgements.ids.len())?;
    judged.extend(judgements.ids.iter().map(Id::key).zip(judgements.grades.iter().copied()));
    judged.sort_unstable();
    // The last of several is the greatest; from behind it is the first.
    judged.reverse();
    judged.dedup_by(|next, kept| next.0 == kept.0);
    judged.reverse();

    let rankings = std::slice::from_ref(ranking);
    let collection = Collection::new(rankings)?;
    let items = collection.lists.first().map_or(&[][..], |list| list.items());
    let mut retrieved = Vec::new();
    reserve(&mut retrieved, items.len())?;
    retrieved.extend(items.iter().map(|&item| {
        let key = collection.ids[item as usize].key();
        let found = judged.binary_search_by(|pair| pair.0.cmp(&key)).ok()?;
        Some(judged[found].1)
    }));
    Ok(Graded { retrieved, grades: judged.into_iter().map(|pair| pair.1).collect() })
}

fn one<I: Id>(call: Call) -> Outcome {
    if call.datum(2).is_none() {
        return call.null();
    }
    let metric = Metric::parse(&String::from_utf8_lossy(call.bytes(2))).or_raise();
    match graded::<I>(call) {
        Some(graded) => call::f64(graded.measure(metric)),
        None => call.null(),
    }
}

/// An array with a value for each metric.
fn several<I: Id>(call: Call) -> Outcome {
    let Some(names) = call.datum(2) else { return call.null() };
    let names = texts(names, "evaluate", "metrics").or_raise();
    let metrics: Vec<Metric> = names.iter().map(|name| Metric::parse(name).or_raise()).collect();
    let Some(graded) = graded::<I>(call) else { return call.null() };
    let values = metrics.iter().map(|&metric| pg_sys::Datum::from(graded.measure(metric).to_bits()));
    Ok(arrays::list(OF_FLOAT8, values).or_raise())
}
