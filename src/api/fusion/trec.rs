//! TREC's files as rows, and rows as lines of them.

use pgrx::pg_sys;

use super::error::OrRaise;
use crate::api::call::{Call, Outcome, Rows, float8, interrupts, pg_fn};
use crate::api::encoders::text;
use crate::engine::evaluate::trec::{self, Judgement, RunLine};

pg_fn! {
    /// trec_run(file): rows of (topic, id, rank, score, tag)
    fn fusion_trec_run(call) {
        run(call)
    }

    /// trec_qrels(file): rows of (topic, id, grade)
    fn fusion_trec_qrels(call) {
        qrels(call)
    }

    /// to_trec_run(topic, id, rank, score, tag)
    fn fusion_to_trec_run(call) {
        let [topic, docno, tag] = [0, 1, 4].map(|n| text::argument(call, n));
        let line = RunLine { topic: &topic, docno: &docno, rank: call.i64(2), score: call.f64(3), tag: &tag };
        Ok(text::datum(&trec::format_run_line(&line).or_raise()))
    }

    /// to_trec_qrels(topic, id, grade)
    fn fusion_to_trec_qrels(call) {
        let [topic, docno] = [0, 1].map(|n| text::argument(call, n));
        let line = Judgement { topic: &topic, docno: &docno, grade: call.i32(2) };
        Ok(text::datum(&trec::format_judgement(&line).or_raise()))
    }
}

fn run(call: Call) -> Outcome {
    let file = text::argument(call, 0);
    let rows = Rows::begin(call);
    for (at, line) in trec::run_lines(&file).enumerate() {
        if at % 1024 == 0 {
            interrupts();
        }
        let RunLine { topic, docno, rank, score, tag } = line.or_raise();
        rows.put([
            Some(text::datum(topic)),
            Some(text::datum(docno)),
            Some(pg_sys::Datum::from(rank)),
            Some(float8(score)),
            Some(text::datum(tag)),
        ]);
    }
    call.null()
}

fn qrels(call: Call) -> Outcome {
    let file = text::argument(call, 0);
    let rows = Rows::begin(call);
    for (at, line) in trec::judgements(&file).enumerate() {
        if at % 1024 == 0 {
            interrupts();
        }
        let line = line.or_raise();
        let grade = Some(pg_sys::Datum::from(line.grade));
        rows.put([Some(text::datum(line.topic)), Some(text::datum(line.docno)), grade]);
    }
    call.null()
}
