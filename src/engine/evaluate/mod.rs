//! How good is a ranking? Metrics against judgements, what their means are worth, and the files of TREC.
//!
//! [`metric`] measures one topic; [`name`] reads and writes the metrics' names; [`statistics`] has intervals of a mean
//! and the comparison of two runs; [`trec`] reads and writes lines of runs and judgements.
//!
//! A *topic* is a query with its information need, a *run* one ranking for each topic, a *grade* the judgement of a
//! document: the greater, the more relevant. What trec_eval decides about edge cases is decided here in the same way,
//! for those are the numbers in papers:
//!
//! - A document that was not judged counts as not relevant; it still takes its rank. Bpref and `judged_only` pass over
//!   it.
//! - A negative grade is never relevant and its gain is 0. trec_eval reads it as "in the pool but not judged", so Bpref
//!   and `judged_only` pass over it too; only Judged counts it as judged, as ir-measures does.
//! - A topic without relevant documents measures 0 in everything but Judged. Callers who would rather leave such topics
//!   out of the mean do so before.
//! - An empty ranking measures 0. A topic of the judgements that the run lacks is an empty ranking.
//! - The order of the ranking is final. trec_eval sorts by score and breaks ties by document number, descending, as
//!   text; whoever needs that sorts so before.
//! - A list shorter than the cutoff: P@k still divides by k; Judged@k divides by the length of the list.
//!
//! # Deviations from other programs
//!
//! `tests/reference/evaluation.py` compares, through SQL, with ir-measures 0.4.3 (over pytrec_eval) and ranx 0.3.21.
//!
//! - ir-measures wants a cutoff for P, R and Success; without one they are of the whole list here. Its RBP asks for
//!   `rel`, which is 1 here unless said; its map of gains is not read.
//! - ranx multiplies RBP by the grade, so that it exceeds 1; it is binary here, as its paper has it. ranx's nDCG, F1,
//!   hits and hit rate are ours.
//! - Programs leave out topics without any judgement, and ranx cannot have topics without a relevant one; they
//!   measure 0 here. trec_eval's table of grades is empty for a topic with negative ones only; not compared.

pub mod error;
pub mod metric;
pub mod name;
pub mod statistics;
mod student;
pub mod trec;

#[cfg(test)]
mod tests;

pub use error::EvaluationError;
pub use metric::Metric;
pub use statistics::{Comparison, Interval, bootstrap, compare, holm};

/// What was found for one topic, and what there was to be found.
#[derive(Clone, Copy, Debug)]
pub struct Topic<'a> {
    /// In rank order, the grade of each document; `None`: not judged.
    pub retrieved: &'a [Option<i32>],
    /// The grades of all judged documents of the topic, retrieved or not, in any order.
    pub grades: &'a [i32],
}
