//! Metrics of rankings, and what their means are worth.

use super::arrays::{self, OF_FLOAT8};
use super::error::{OrRaise, collected};
use super::fuse::texts;
use super::ids::{Id, Text, Uuid};
use super::ranked::{Judgements, Ranking};
use super::topics::number;
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::encoders::text;
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

/// What a ranking found, and all that there was to be found.
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
    let numbers = number(std::slice::from_ref(&ranking), &judgements).or_raise();
    let lists = numbers.lists().or_raise();
    let n = lists.iter().map(|list| list.items.len()).sum();
    let items = lists.into_iter().flat_map(|list| list.items);
    let retrieved = collected(n, items.map(|&item| numbers.grades[item as usize])).or_raise();
    Some(Graded { retrieved, grades: numbers.all_grades().or_raise() })
}

fn one<I: Id>(call: Call) -> Outcome {
    if call.datum(2).is_none() {
        return call.null();
    }
    let metric = Metric::parse(&text::argument(call, 2)).or_raise();
    match graded::<I>(call) {
        Some(graded) => call::f64(graded.measure(metric)),
        None => call.null(),
    }
}

/// An array with a value for each metric.
fn several<I: Id>(call: Call) -> Outcome {
    let Some(names) = call.datum(2) else { return call.null() };
    let names = texts(names, "evaluate", "metrics").or_raise();
    let metrics = collected(names.len(), names.iter().map(|name| Metric::parse(name).or_raise())).or_raise();
    let Some(graded) = graded::<I>(call) else { return call.null() };
    let values = metrics.iter().map(|&metric| call::float8(graded.measure(metric))).inspect(|_| interrupts());
    Ok(arrays::list(OF_FLOAT8, values).or_raise())
}
