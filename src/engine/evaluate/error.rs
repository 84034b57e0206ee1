//! What can be wrong with a metric's name, a sample of values or a line of a TREC file.

use crate::engine::memory;
use crate::engine::vector::error::ErrorClass;

/// Why something was not evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationError {
    /// No metric of this name.
    UnknownMetric {
        /// The beginning of what was given.
        given: String,
    },
    /// The metric is known, but not with this parameter or cutoff; `problem` is a sentence without its full stop.
    BadMetric {
        /// The beginning of what was given.
        given: String,
        /// What is wrong.
        problem: String,
    },
    /// A number beyond its range; `range` tells the user what to give instead.
    ArgumentOutOfRange {
        /// Its name in SQL.
        argument: &'static str,
        /// The value given.
        value: String,
        /// The range, as an order.
        range: &'static str,
    },
    /// A value of a metric is NaN, or beyond what sums of squares can hold.
    BadValue {
        /// Its place, from 1.
        element: usize,
    },
    /// Two runs to compare do not have a value each for every topic.
    DifferentLengths {
        /// Topics of the first run.
        a: usize,
        /// Topics of the second run.
        b: usize,
    },
    /// A line of a run or of judgements; `problem` is a sentence without its full stop.
    BadLine {
        /// "run" or "qrels".
        what: &'static str,
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// What is to be written into a TREC file would not read back; `problem` is a sentence without its full stop.
    BadField {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A buffer whose size comes from data could not be had.
    OutOfMemory {
        /// Its size.
        bytes: usize,
    },
}

impl EvaluationError {
    /// The message, one line.
    pub fn message(&self) -> String {
        match self {
            Self::UnknownMetric { given } => format!("evaluate metric \"{given}\" is not known"),
            Self::BadMetric { given, .. } => format!("evaluate metric \"{given}\" is not valid"),
            Self::ArgumentOutOfRange { argument, .. } => format!("evaluate {argument} is out of range"),
            Self::BadValue { .. } => "evaluate needs numbers between -1e100 and 1e100".into(),
            Self::DifferentLengths { .. } => "evaluate needs a value of both runs for every topic".into(),
            Self::BadLine { what, line, .. } => format!("line {line} of the TREC {what} is not valid"),
            Self::BadField { field, .. } => format!("a TREC file cannot hold this {field}"),
            Self::OutOfMemory { .. } => "out of memory for evaluate".into(),
        }
    }

    /// What exactly is wrong, where the message does not say it.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::UnknownMetric { .. } => None,
            Self::BadMetric { problem, .. } | Self::BadLine { problem, .. } => Some(format!("{problem}.")),
            Self::BadField { problem, .. } => Some(format!("{problem}.")),
            Self::ArgumentOutOfRange { value, .. } => Some(format!("The value given is {value}.")),
            Self::BadValue { element } => Some(format!("Value {element} is not one.")),
            Self::DifferentLengths { a, b } => Some(format!("The first has {a}, the second {b}.")),
            Self::OutOfMemory { bytes } => Some(format!("Could not allocate {bytes} bytes.")),
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownMetric { .. } => Some(
                "Write nDCG, RR, AP, P, R, F1, Success, hits, Judged, Rprec, Bpref or RBP, \
                 with a cutoff where wanted: nDCG@10.",
            ),
            Self::BadMetric { .. } => Some("Write for example nDCG@10, nDCG(gains=exp)@10, RR(rel=2)@10, RBP(p=0.95)."),
            Self::ArgumentOutOfRange { range, .. } => Some(range),
            Self::DifferentLengths { .. } => {
                Some("Leave out topics that only one run has, or count them as 0 in the other.")
            }
            Self::BadLine { what: "run", .. } => Some("A line is: topic Q0 docno rank score tag."),
            Self::BadLine { .. } => Some("A line is: topic 0 docno grade."),
            Self::BadValue { .. } | Self::BadField { .. } | Self::OutOfMemory { .. } => None,
        }
    }

    /// The kind of error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownMetric { .. }
            | Self::BadMetric { .. }
            | Self::ArgumentOutOfRange { .. }
            | Self::BadField { .. } => ErrorClass::InvalidParameter,
            Self::BadValue { .. } => ErrorClass::NumericOutOfRange,
            Self::DifferentLengths { .. } => ErrorClass::ArraySubscript,
            Self::BadLine { .. } => ErrorClass::InvalidText,
            Self::OutOfMemory { .. } => ErrorClass::OutOfMemory,
        }
    }
}

/// An empty list with room for `n` elements, or an error instead of an abort.
pub(in crate::engine) fn reserved<T>(n: usize) -> Result<Vec<T>, EvaluationError> {
    let mut list = Vec::new();
    memory::reserve_exact(&mut list, n).map_err(|bytes| EvaluationError::OutOfMemory { bytes })?;
    Ok(list)
}
