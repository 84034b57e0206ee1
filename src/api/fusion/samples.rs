//! What means over topics are worth: aggregates over the values of a metric.

use pgrx::pg_sys;

use super::error::{OrRaise, Refusal, collected, reserve};
use crate::api::call::{self, Call, Outcome, float8, interrupts, pg_fn};
use crate::api::state::{adopt, pointer, state};
use crate::engine::evaluate::statistics::{self, Comparison, Interval};

pg_fn! {
    /// bootstrap_mean(value [, level, resamples, seed])
    fn fusion_bootstrap_accum(call) {
        accumulate(call, 1)
    }

    /// compare_runs(a, b [, level, resamples, seed])
    fn fusion_compare_accum(call) {
        accumulate(call, 2)
    }

    /// A row of (n, mean, low, high).
    fn fusion_bootstrap_final(call) {
        let Some(sample) = state::<Sample>(call, 0).filter(|sample| !sample.pairs.is_empty()) else { return call.null() };
        let Plan { level, resamples, seed } = sample.plan;
        let values = sample.sorted(|pair| pair[0]);
        let found = statistics::bootstrap(&values, level, resamples, seed, &mut interrupts).or_raise();
        let Interval { mean, low, high, n } = found;
        Ok(call::record(call, [integer(n), Some(float8(mean)), Some(float8(low)), Some(float8(high))]))
    }

    /// A row of (n, mean_a, mean_b, difference, low, high, t, p_t, p_randomisation, wins, ties, losses).
    fn fusion_compare_final(call) {
        let Some(sample) = state::<Sample>(call, 0).filter(|sample| !sample.pairs.is_empty()) else { return call.null() };
        let Plan { level, resamples, seed } = sample.plan;
        let (a, b) = (sample.sorted(|pair| pair[0]), sample.sorted(|pair| pair[1]));
        let found = statistics::compare(&a, &b, level, resamples, seed, &mut interrupts).or_raise();
        let Comparison { n, mean_a, mean_b, difference, low, high, t, p_t, p_randomisation, wins, ties, losses } = found;
        let row = [
            integer(n),
            Some(float8(mean_a)),
            Some(float8(mean_b)),
            Some(float8(difference)),
            Some(float8(low)),
            Some(float8(high)),
            t.map(float8),
            p_t.map(float8),
            Some(float8(p_randomisation)),
            integer(wins),
            integer(ties),
            integer(losses),
        ];
        Ok(call::record(call, row))
    }
}

/// How a sample is drawn from again.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    level: f64,
    resamples: u32,
    seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { level: 0.95, resamples: 10_000, seed: 1 }
    }
}

/// Values, one or a pair for each topic.
struct Sample {
    plan: Plan,
    pairs: Vec<[f64; 2]>,
}

impl Sample {
    /// One of both values of each topic. Topics stand in the order of their values, so that the result does not depend
    /// on that of the rows.
    fn sorted(&self, of: impl Fn(&[f64; 2]) -> f64) -> Vec<f64> {
        let mut pairs = collected(self.pairs.len(), self.pairs.iter().copied()).or_raise();
        pairs.sort_unstable_by(|x, y| x[0].total_cmp(&y[0]).then(x[1].total_cmp(&y[1])));
        collected(pairs.len(), pairs.iter().map(of)).or_raise()
    }
}

/// A topic without a value is passed over; of a pair, one without either.
fn accumulate(call: Call, n_values: usize) -> Outcome {
    call.aggregate_context();
    let plan = plan(call, n_values + 1);
    let sample = state::<Sample>(call, 0).unwrap_or_else(|| adopt(call, Sample { plan, pairs: Vec::new() }));
    if sample.plan != plan {
        Err(Refusal::NotConstant { argument: "level, resamples and seed" }).or_raise()
    }
    if !(1..=n_values).any(|n| call.datum(n).is_none()) {
        let second = if n_values == 2 { call.f64(2) } else { 0.0 };
        reserve(&mut sample.pairs, 1).or_raise();
        sample.pairs.push([call.f64(1), second]);
    }
    pointer(sample)
}

/// What the arguments from `first` on say; those that are missing or NULL say nothing.
fn plan(call: Call, first: usize) -> Plan {
    let default = Plan::default();
    Plan {
        level: call.datum(first).map_or(default.level, |_| call.f64(first)),
        // A negative number is one that is refused.
        resamples: call.i32_or_null(first + 1).map_or(default.resamples, |n| u32::try_from(n).unwrap_or(0)),
        seed: call.datum(first + 2).map_or(default.seed, |_| call.i64(first + 2).cast_unsigned()),
    }
}

fn integer(n: u64) -> Option<pg_sys::Datum> {
    Some(pg_sys::Datum::from(i64::try_from(n).unwrap_or(i64::MAX)))
}
