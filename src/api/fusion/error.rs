//! What is wrong with arguments of fusion and evaluation.

use crate::engine::memory;
use crate::engine::vector::error::ErrorClass;
use crate::error::Explained;

/// What is wrong with an argument, before the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Two arrays of a value belong together.
    DifferentLengths { of: &'static str, what: &'static str, ids: usize, others: usize },
    /// An element of an array is NULL.
    NullElement { function: &'static str, argument: &'static str, element: usize },
    /// An array must have a row for each topic or document.
    NotTwoDimensional { argument: &'static str, n_dims: usize },
    /// Rankings and judgements are not of the same topics.
    OtherTopics { rankings: usize, judgements: usize },
    /// A ranking has no scores.
    NoScores { function: &'static str },
    /// An id comes more than once.
    Repeated { function: &'static str },
    /// A number of rows is negative.
    Negative { function: &'static str, argument: &'static str, value: i32 },
    /// An argument of an aggregate is another one in another row.
    NotConstant { argument: &'static str },
    /// More entries than can be numbered.
    TooMany,
    /// A buffer whose size comes from data could not be had.
    OutOfMemory { bytes: usize },
}

/// The result type of this folder.
pub type Result<T> = std::result::Result<T, Refusal>;

impl Explained for Refusal {
    fn class(&self) -> ErrorClass {
        match self {
            Self::DifferentLengths { .. } | Self::NotTwoDimensional { .. } | Self::OtherTopics { .. } => {
                ErrorClass::ArraySubscript
            }
            Self::NoScores { .. } | Self::Repeated { .. } => ErrorClass::InvalidParameter,
            Self::NullElement { .. } => ErrorClass::NullNotAllowed,
            Self::Negative { .. } | Self::NotConstant { .. } => ErrorClass::InvalidParameter,
            Self::TooMany => ErrorClass::LimitExceeded,
            Self::OutOfMemory { .. } => ErrorClass::OutOfMemory,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::DifferentLengths { of, what, .. } => format!("{of} must have as many {what} as ids"),
            Self::NullElement { function, argument, .. } => format!("{function} {argument} must not contain NULL"),
            Self::NotTwoDimensional { argument, .. } => format!("{argument} must be a two-dimensional array"),
            Self::OtherTopics { .. } => "rankings and judgements must be of the same topics".into(),
            Self::NoScores { function } => format!("{function} needs a ranking with scores"),
            Self::Repeated { function } => format!("{function} needs a ranking without repeated ids"),
            Self::Negative { function, argument, .. } => format!("{function} {argument} is out of range"),
            Self::NotConstant { argument } => format!("evaluate {argument} must be the same in all rows"),
            Self::TooMany => "rankings have too many entries".into(),
            Self::OutOfMemory { .. } => "out of memory for rankings".into(),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::DifferentLengths { what, ids, others, .. } => {
                Some(format!("There are {ids} ids and {others} {what}."))
            }
            Self::NullElement { element, .. } => Some(format!("Element {element} is NULL.")),
            Self::Negative { value, .. } => Some(format!("The value given is {value}.")),
            Self::NotTwoDimensional { n_dims, .. } => Some(format!("It has {n_dims} dimensions.")),
            Self::OtherTopics { rankings, judgements } => {
                Some(format!("There are {rankings} topics with rankings and {judgements} with judgements."))
            }
            Self::NotConstant { .. } | Self::NoScores { .. } | Self::Repeated { .. } => None,
            Self::TooMany => Some(format!("All together they may have {}.", u32::MAX)),
            Self::OutOfMemory { bytes } => Some(format!("Could not allocate {bytes} bytes.")),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Negative { .. } => Some("Give a number that is not negative.".into()),
            Self::NotTwoDimensional { .. } => Some("array_agg of one-dimensional arrays makes one.".into()),
            Self::NoScores { .. } => Some("Make it by ranking(id, score).".into()),
            Self::TooMany => Some("Limit the queries that the rankings are made from.".into()),
            _ => None,
        }
    }
}

/// Room for `additional` more elements, or an error instead of an abort.
pub fn reserve<T>(list: &mut Vec<T>, additional: usize) -> Result<()> {
    memory::reserve(list, additional).map_err(|bytes| Refusal::OutOfMemory { bytes })
}

/// The items, which are at most `n`, or an error instead of an abort.
pub fn collected<T>(n: usize, items: impl Iterator<Item = T>) -> Result<Vec<T>> {
    let mut list = Vec::new();
    reserve(&mut list, n)?;
    list.extend(items.take(n));
    Ok(list)
}

/// Unwraps results in code that speaks to PostgreSQL.
pub trait OrRaise<T> {
    /// The value, or an ERROR.
    fn or_raise(self) -> T;
}

impl<T, E: Explained> OrRaise<T> for std::result::Result<T, E> {
    fn or_raise(self) -> T {
        self.unwrap_or_else(|error| crate::error::raise(&error))
    }
}
