//! The aggregates that make rankings and judgements of rows.

use std::collections::BTreeMap;

use pgrx::pg_sys;

use super::arrays::{self, OF_FLOAT8, OF_INT4, of_ids, of_rows};
use super::error::{OrRaise, Refusal, Result, reserve};
use super::ids::{Id, Text, Uuid, boxed};
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::state::{adopt, pointer, state};
use crate::engine::pace::Pace;

pg_fn! {
    /// ranking(id bigint [, score])
    fn fusion_rank_bigint(call) {
        rank::<i64>(call)
    }

    /// ranking(id uuid [, score])
    fn fusion_rank_uuid(call) {
        rank::<Uuid>(call)
    }

    /// ranking(id text [, score])
    fn fusion_rank_text(call) {
        rank::<Text>(call)
    }

    /// Its end, for bigint.
    fn fusion_ranked_bigint(call) {
        ranked::<i64>(call)
    }

    /// Its end, for uuid.
    fn fusion_ranked_uuid(call) {
        ranked::<Uuid>(call)
    }

    /// Its end, for text.
    fn fusion_ranked_text(call) {
        ranked::<Text>(call)
    }

    /// rankings(list, id bigint, score)
    fn fusion_sort_bigint(call) {
        sort::<i64>(call)
    }

    /// rankings(list, id uuid, score)
    fn fusion_sort_uuid(call) {
        sort::<Uuid>(call)
    }

    /// rankings(list, id text, score)
    fn fusion_sort_text(call) {
        sort::<Text>(call)
    }

    /// Its end, for bigint.
    fn fusion_sorted_bigint(call) {
        sorted::<i64>(call)
    }

    /// Its end, for uuid.
    fn fusion_sorted_uuid(call) {
        sorted::<Uuid>(call)
    }

    /// Its end, for text.
    fn fusion_sorted_text(call) {
        sorted::<Text>(call)
    }

    /// judgements(id bigint, grade)
    fn fusion_judge_bigint(call) {
        judge::<i64>(call)
    }

    /// judgements(id uuid, grade)
    fn fusion_judge_uuid(call) {
        judge::<Uuid>(call)
    }

    /// judgements(id text, grade)
    fn fusion_judge_text(call) {
        judge::<Text>(call)
    }

    /// Its end, for bigint.
    fn fusion_judged_bigint(call) {
        judged::<i64>(call)
    }

    /// Its end, for uuid.
    fn fusion_judged_uuid(call) {
        judged::<Uuid>(call)
    }

    /// Its end, for text.
    fn fusion_judged_text(call) {
        judged::<Text>(call)
    }
}

/// Ids as they came, each with a value.
struct Gathered<I, V> {
    ids: Vec<I>,
    values: Vec<V>,
    /// Whether no row brought a value: the aggregate has one argument.
    bare: bool,
}

impl<I, V> Default for Gathered<I, V> {
    fn default() -> Self {
        Self { ids: Vec::new(), values: Vec::new(), bare: false }
    }
}

impl<I: Id, V: Copy> Gathered<I, V> {
    fn add(&mut self, id: pg_sys::Datum, value: V) -> Result<()> {
        if self.ids.len() == self.ids.capacity() {
            let more = self.ids.len().max(64);
            reserve(&mut self.ids, more)?;
            reserve(&mut self.values, more)?;
        }
        // SAFETY: the argument that the caller names is declared as this type.
        self.ids.push(unsafe { I::from_datum(id) });
        self.values.push(value);
        Ok(())
    }

    /// Two arrays as a row of two columns.
    fn row(
        &self,
        shape: pg_sys::TupleDesc,
        order: Option<&[u32]>,
        of_values: (pg_sys::Oid, i16, bool, u8),
        datum: impl Fn(V) -> pg_sys::Datum,
    ) -> Result<pg_sys::Datum> {
        let place = |at: usize| order.map_or(at, |order| order[at] as usize);
        let n = self.ids.len();
        let ids = arrays::list(of_ids::<I>(), (0..n).map(|at| self.ids[place(at)].to_datum()))?;
        let values = match self.bare {
            true => None,
            false => Some(arrays::list(of_values, (0..n).map(|at| datum(self.values[place(at)])))?),
        };
        Ok(call::form_row(shape, [Some(ids), values]))
    }
}

impl<I: Id> Gathered<I, f64> {
    /// A ranking: greatest score first, equal ones as they came.
    fn ranking(&self, shape: pg_sys::TupleDesc) -> Result<pg_sys::Datum> {
        let scores = &self.values;
        let mut order = Vec::new();
        if !self.bare && !scores.is_sorted_by(|a, b| a >= b) {
            let n = u32::try_from(scores.len()).map_err(|_| Refusal::TooMany)?;
            reserve(&mut order, scores.len())?;
            order.extend(0..n);
            // Equal scores are told apart by when they came, so that no memory is taken for a stable sort.
            let mut interrupts = interrupts;
            let mut pace = Pace::new(&mut interrupts);
            order.sort_unstable_by(|&a, &b| {
                pace.step(1);
                scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b))
            });
        }
        let order = (!order.is_empty()).then_some(&*order);
        self.row(shape, order, OF_FLOAT8, call::float8)
    }
}

/// A row of a ranking. Without an id, or without a score where there should be one, a row is not ranked.
fn rank<I: Id>(call: Call) -> Outcome {
    call.aggregate_context();
    let gathered = state::<Gathered<I, f64>>(call, 0).unwrap_or_else(|| adopt(call, Gathered::default()));
    gathered.bare = call.n_args() == 2;
    let score = if gathered.bare { Some(0.0) } else { call.datum(2).map(|_| call.f64(2)) };
    if let (Some(id), Some(score)) = (call.datum(1), score.filter(|score| !score.is_nan())) {
        // Plus zero makes one zero of both.
        gathered.add(id, score + 0.0).or_raise();
    }
    pointer(gathered)
}

fn ranked<I: Id>(call: Call) -> Outcome {
    match state::<Gathered<I, f64>>(call, 0) {
        Some(gathered) => Ok(gathered.ranking(call::row_shape(call)).or_raise()),
        None => call.null(),
    }
}

/// Rankings by the name of their list.
type Lists<I> = BTreeMap<Box<[u8]>, Gathered<I, f64>>;

/// A row of one of several rankings. A row without an id makes its list one of them, with no entry.
fn sort<I: Id>(call: Call) -> Outcome {
    call.aggregate_context();
    let lists = state::<Lists<I>>(call, 0).unwrap_or_else(|| adopt(call, Lists::<I>::new()));
    if call.datum(1).is_some() {
        let name = call.bytes(1);
        if !lists.contains_key(name) {
            lists.insert(boxed(name), Gathered::default());
        }
        let score = call.datum(3).map(|_| call.f64(3)).filter(|score| !score.is_nan());
        if let (Some(id), Some(score), Some(gathered)) = (call.datum(2), score, lists.get_mut(name)) {
            gathered.add(id, score + 0.0).or_raise();
        }
    }
    pointer(lists)
}

/// An array of them, in the order of the names' bytes.
fn sorted<I: Id>(call: Call) -> Outcome {
    let Some(lists) = state::<Lists<I>>(call, 0) else { return call.null() };
    let row_type = call::element_of_result(call);
    let shape = call::shape_of(row_type);
    let mut rows = Vec::new();
    reserve(&mut rows, lists.len()).or_raise();
    rows.extend(lists.values().map(|gathered| gathered.ranking(shape).or_raise()));
    Ok(arrays::list(of_rows(row_type), rows.into_iter()).or_raise())
}

/// A judgement; one without an id or a grade is none.
fn judge<I: Id>(call: Call) -> Outcome {
    call.aggregate_context();
    let gathered = state::<Gathered<I, i32>>(call, 0).unwrap_or_else(|| adopt(call, Gathered::default()));
    if let (Some(id), Some(grade)) = (call.datum(1), call.i32_or_null(2)) {
        gathered.add(id, grade).or_raise();
    }
    pointer(gathered)
}

fn judged<I: Id>(call: Call) -> Outcome {
    match state::<Gathered<I, i32>>(call, 0) {
        Some(gathered) => Ok(gathered.row(call::row_shape(call), None, OF_INT4, pg_sys::Datum::from).or_raise()),
        None => call.null(),
    }
}
