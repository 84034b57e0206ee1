//! wand_cost: what will this query do?

use pgrx::pg_sys;

use super::open::OwnedIndex;
use super::signed;
use crate::am::{cost, inspect};
use crate::api::call::{Call, Outcome, Rows, pg_fn, text};
use crate::engine::survey::Way;
use crate::storage::raise::OrRaise;

pg_fn! {
    /// One row.
    fn wand_cost(call) {
        query_cost(call)
    }
}

fn query_cost(call: Call) -> Outcome {
    let opened = OwnedIndex::open(call.oid(0), pg_sys::AccessShareLock);
    let index = opened.relation();
    let query = call.svec(1);
    let (survey, pending) = inspect::survey(index, query.as_ref()).or_raise(index);
    let strategy = match cost::way(&survey, cost::wish(None)) {
        Way::Bounds => "bounds",
        Way::Exhaustive => "exhaustive",
    };
    // Counts, exact for a query that was looked up whole.
    let count = |n: f64| Some(pg_sys::Datum::from(n as i64));
    Rows::begin(call).put([
        count(survey.documents),
        Some(pg_sys::Datum::from(signed(pending))),
        Some(pg_sys::Datum::from(i32::try_from(survey.segments).unwrap_or(i32::MAX))),
        count(survey.terms),
        count(survey.lists),
        count(survey.postings),
        Some(text(strategy)),
    ]);
    call.null()
}
