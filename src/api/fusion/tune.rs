//! tune_fusion: which fusion is best for judged topics?

use pgrx::pg_sys;

use super::arrays::{self, OF_FLOAT8};
use super::error::{OrRaise, Refusal, Result, collected};
use super::fuse::{floats, texts};
use super::ids::{Id, Text, Uuid};
use super::topics::{Given, Numbers};
use crate::api::call::{self, Call, Outcome, Rows, float8, interrupts, pg_fn};
use crate::api::encoders::text;
use crate::engine::evaluate::Metric;
use crate::engine::tune::{Gain, Grid, Setting, TuneTopic, Tuned, tune};

pg_fn! {
    /// tune_fusion(ranking[], judgements[], metric, methods, normalisers, weight_steps, ks, phis, gammas, folds, seed)
    fn fusion_tune_bigint(call) {
        search::<i64>(call)
    }

    /// The same of uuids.
    fn fusion_tune_uuid(call) {
        search::<Uuid>(call)
    }

    /// The same of text.
    fn fusion_tune_text(call) {
        search::<Text>(call)
    }
}

/// Rows; none without rankings or judgements.
fn search<I: Id>(call: Call) -> Outcome {
    let rows = Rows::begin(call);
    let (Some(rankings), Some(judgements)) = (call.datum(0), call.datum(1)) else { return call.null() };
    let metric = match call.datum(2) {
        Some(_) => Metric::parse(&text::argument(call, 2)).or_raise(),
        None => return call.null(),
    };
    let grid = grid(call).or_raise();
    // SAFETY: declared as arrays of rankings and judgements of this id type.
    let given = unsafe { Given::<I>::read(rankings, judgements) }.or_raise();
    let numbers = given.numbers().or_raise();
    let topics = collected(numbers.len(), numbers.iter().map(|numbers| topic(numbers).or_raise())).or_raise();
    let folds = u32::try_from(call.i32(9)).unwrap_or(0);
    let found = tune(&topics, &metric, &grid, folds, call.i64(10).cast_unsigned(), &mut interrupts).or_raise();

    put(&rows, "cross-validated", &found.cross_validated);
    put_baseline(&rows, "best list", &format!("list {}", found.best_list + 1), found.best_list_mean);
    put_baseline(&rows, "rrf", "method => 'rrf'", found.rrf_mean);
    found.settings.iter().for_each(|tuned| put(&rows, "setting", tuned));
    call.null()
}

fn topic(numbers: &Numbers) -> Result<TuneTopic<'_>> {
    let own = numbers.n_items as usize;
    Ok(TuneTopic {
        lists: numbers.lists()?,
        n_items: numbers.n_items,
        grades: collected(own.min(numbers.grades.len()), numbers.grades.iter().copied())?,
        all_grades: numbers.all_grades()?,
    })
}

/// What is not said is as in the engine's own grid.
fn grid(call: Call) -> Result<Grid> {
    let names = |n, argument| call.datum(n).map(|array| texts(array, "tune_fusion", argument)).transpose();
    let numbers = |n, argument| call.datum(n).map(|array| floats(array, "tune_fusion", argument)).transpose();
    let steps = |steps: i32| {
        u32::try_from(steps).map_err(|_| Refusal::Negative {
            function: "tune_fusion",
            argument: "weight_steps",
            value: steps,
        })
    };
    let default = Grid::default();
    Ok(Grid {
        methods: names(3, "methods")?.unwrap_or(default.methods),
        normalisers: names(4, "normalisers")?.unwrap_or(default.normalisers),
        weight_steps: call.i32_or_null(5).map(steps).transpose()?.unwrap_or(default.weight_steps),
        ks: numbers(6, "ks")?.unwrap_or(default.ks),
        phis: numbers(7, "phis")?.unwrap_or(default.phis),
        gammas: numbers(8, "gammas")?.unwrap_or(default.gammas),
    })
}

/// Columns: what, arguments, method, weights, k, normaliser, options, mean, low, high, folds, over_best_list,
/// over_best_list_p, over_rrf, over_rrf_p, is_significant.
fn put(rows: &Rows, what: &str, tuned: &Tuned) {
    let Tuned { setting, interval, over_best_list, over_rrf, n_folds } = tuned;
    let [arguments, method, weights, k, normaliser, options] = setting.as_ref().map_or([None; 6], columns);
    let Gain { is_significant, .. } = *over_rrf;
    rows.put([
        Some(call::text(what)),
        arguments,
        method,
        weights,
        k,
        normaliser,
        options,
        Some(float8(interval.mean)),
        Some(float8(interval.low)),
        Some(float8(interval.high)),
        Some(pg_sys::Datum::from(i32::try_from(*n_folds).unwrap_or(i32::MAX))),
        Some(float8(over_best_list.difference)),
        Some(float8(over_best_list.p)),
        Some(float8(over_rrf.difference)),
        Some(float8(over_rrf.p)),
        Some(pg_sys::Datum::from(is_significant && over_best_list.is_significant)),
    ]);
}

fn columns(setting: &Setting) -> [Option<pg_sys::Datum>; 6] {
    let weights = setting
        .weights
        .as_ref()
        .map(|weights| arrays::list(OF_FLOAT8, weights.iter().map(|weight| float8(*weight))).or_raise());
    [
        Some(call::text(&setting.arguments())),
        Some(call::text(&setting.method)),
        weights,
        setting.k.map(float8),
        setting.normaliser.as_deref().map(call::text),
        setting.options.as_deref().map(|options| call::jsonb(options).or_raise()),
    ]
}

fn put_baseline(rows: &Rows, what: &str, arguments: &str, mean: f64) {
    let mut row = [None; 16];
    row[0] = Some(call::text(what));
    row[1] = Some(call::text(arguments));
    row[7] = Some(float8(mean));
    rows.put(row);
}
