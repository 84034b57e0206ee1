//! Lines of TREC's files: runs, `topic Q0 docno rank score tag`, and judgements (qrels), `topic 0 docno grade`.
//!
//! Fields stand between ASCII white space; empty lines and lines that begin with `#` are passed over, as trec_eval
//! does. Unlike it, further fields are an error (a document number with a space in it would lose its end unseen), and
//! so is a number that is none (trec_eval reads it as 0).
//!
//! The rank of a run is not used by trec_eval, which sorts by score; so what is written should have scores that
//! differ, for of equal ones it puts the greater document number first.

use super::error::EvaluationError;
use crate::engine::vector::error::excerpt;

/// A line of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunLine<'a> {
    /// Which topic.
    pub topic: &'a str,
    /// Which document.
    pub docno: &'a str,
    /// As it stands there: some programs count from 0, others from 1.
    pub rank: i64,
    /// Finite; the greater, the better.
    pub score: f64,
    /// Which run.
    pub tag: &'a str,
}

/// A line of the judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// Which topic.
    pub topic: &'a str,
    /// Which document.
    pub docno: &'a str,
    /// How relevant.
    pub grade: i32,
}

/// The lines of a run.
pub fn run_lines(text: &str) -> impl Iterator<Item = Result<RunLine<'_>, EvaluationError>> {
    numbered(text).filter_map(|(number, line)| run_line(line, number).transpose())
}

/// The lines of a file of judgements.
pub fn judgements(text: &str) -> impl Iterator<Item = Result<Judgement<'_>, EvaluationError>> {
    numbered(text).filter_map(|(number, line)| judgement(line, number).transpose())
}

/// A line of a run; `None` if there is nothing in it. Errors say which `number` it has.
pub fn run_line(line: &str, number: u64) -> Result<Option<RunLine<'_>>, EvaluationError> {
    let bad = |problem| EvaluationError::BadLine { what: "run", line: number, problem };
    let Some(fields) = fields(line).map_err(bad)? else { return Ok(None) };
    let [topic, _, docno, rank, score, tag] = fields;
    let rank = rank.parse().map_err(|_| bad(not_a("rank", "a whole number", rank)))?;
    let score = score
        .parse()
        .ok()
        .filter(|score: &f64| score.is_finite())
        .ok_or_else(|| bad(not_a("score", "a finite number", score)))?;
    Ok(Some(RunLine { topic, docno, rank, score, tag }))
}

/// A line of the judgements; `None` if there is nothing in it. Errors say which `number` it has.
pub fn judgement(line: &str, number: u64) -> Result<Option<Judgement<'_>>, EvaluationError> {
    let bad = |problem| EvaluationError::BadLine { what: "qrels", line: number, problem };
    let Some(fields) = fields(line).map_err(bad)? else { return Ok(None) };
    let [topic, _, docno, grade] = fields;
    let grade = grade.parse().map_err(|_| bad(not_a("grade", "a whole number of four bytes", grade)))?;
    Ok(Some(Judgement { topic, docno, grade }))
}

/// The line without its end, the score with as many digits as it takes to read the same number.
pub fn format_run_line(line: &RunLine<'_>) -> Result<String, EvaluationError> {
    check_field("topic", line.topic)?;
    check_field("docno", line.docno)?;
    check_field("tag", line.tag)?;
    if !line.score.is_finite() {
        return Err(EvaluationError::BadField { field: "score", problem: "It is not finite" });
    }
    Ok(format!("{} Q0 {} {} {:?} {}", line.topic, line.docno, line.rank, line.score, line.tag))
}

/// The line without its end.
pub fn format_judgement(line: &Judgement<'_>) -> Result<String, EvaluationError> {
    check_field("topic", line.topic)?;
    check_field("docno", line.docno)?;
    Ok(format!("{} 0 {} {}", line.topic, line.docno, line.grade))
}

/// Lines with their numbers from 1, the mark at a file's beginning that says UTF-8 taken off.
fn numbered(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1u64..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines())
}

/// The fields, `N` of them; `None` if the line is empty or a comment. The error is a sentence without its full stop.
fn fields<const N: usize>(line: &str) -> Result<Option<[&str; N]>, String> {
    let mut fields = [""; N];
    let mut n = 0usize;
    for field in line.split_ascii_whitespace() {
        if n == 0 && field.starts_with('#') {
            return Ok(None);
        }
        if let Some(slot) = fields.get_mut(n) {
            *slot = field;
        }
        n = n.saturating_add(1);
    }
    match n {
        0 => Ok(None),
        _ if n == N => Ok(Some(fields)),
        _ => Err(format!("It has {n} fields instead of {N}")),
    }
}

fn not_a(field: &str, what: &str, given: &str) -> String {
    format!("The {field} is not {what}: \"{}\"", excerpt(given.as_bytes()))
}

/// What can be read back as one field.
fn check_field(field: &'static str, text: &str) -> Result<(), EvaluationError> {
    let problem = if text.is_empty() {
        "It is empty"
    } else if text.bytes().any(|b| b.is_ascii_whitespace()) {
        "It contains white space"
    } else if field == "topic" && (text.starts_with('#') || text.starts_with('\u{feff}')) {
        "It begins like a comment or like a mark of the file's encoding"
    } else {
        return Ok(());
    };
    Err(EvaluationError::BadField { field, problem })
}
