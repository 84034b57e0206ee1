//! Why a fusion was not tuned.

use super::grid::MAX_SETTINGS;
use crate::engine::evaluate::EvaluationError;
use crate::engine::fusion::FusionError;
use crate::engine::vector::error::ErrorClass;

/// Why a fusion was not tuned. Topics count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TuneError {
    /// Of the grid, or of the numbers that were measured.
    Evaluation(EvaluationError),
    /// A setting of the grid that `fuse` does not take.
    Setting(FusionError),
    /// The lists of a topic that `fuse` does not take.
    Topic {
        /// Which topic.
        topic: usize,
        /// What `fuse` says.
        error: FusionError,
    },
    /// A topic with another number of lists than the first one.
    OtherLists {
        /// Which topic.
        topic: usize,
        /// Its lists.
        lists: usize,
        /// Those of the first.
        expected: usize,
    },
    /// A topic without a place for the grade of each item. The caller prevents it.
    WrongGrades {
        /// Which topic.
        topic: usize,
    },
    /// Fewer than two of something.
    TooFew {
        /// Topics or lists.
        what: &'static str,
        /// How many there are.
        n: usize,
    },
    /// Cross-validation needs at least two parts.
    BadFolds {
        /// What was given.
        folds: u32,
    },
    /// More settings than are tried.
    TooManySettings {
        /// How many, or as many as were counted.
        settings: u64,
    },
    /// Nothing to try.
    NoSettings,
}

impl TuneError {
    /// The message, one line.
    pub fn message(&self) -> String {
        match self {
            Self::Evaluation(error) => error.message(),
            Self::Setting(error) | Self::Topic { error, .. } => error.message(),
            Self::OtherLists { .. } => "tune_fusion needs the same lists for every topic".into(),
            Self::WrongGrades { .. } => "tune_fusion needs a grade, or NULL, for every item".into(),
            Self::TooFew { what, .. } => format!("tune_fusion needs at least two {what}"),
            Self::BadFolds { .. } => "tune_fusion folds is out of range".into(),
            Self::TooManySettings { .. } => format!("tune_fusion cannot try more than {MAX_SETTINGS} settings"),
            Self::NoSettings => "tune_fusion has no settings to try".into(),
        }
    }

    /// What exactly is wrong, where the message does not say it.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Evaluation(error) => error.detail(),
            Self::Setting(error) => error.detail(),
            Self::Topic { topic, error } => {
                Some(error.detail().map_or(format!("Topic {topic}."), |detail| format!("Topic {topic}: {detail}")))
            }
            Self::OtherLists { topic, lists, expected } => {
                Some(format!("Topic {topic} has {lists} lists, the first has {expected}."))
            }
            Self::WrongGrades { topic } => Some(format!("Topic {topic} has not.")),
            Self::TooFew { n: 1, .. } => Some("There is 1.".into()),
            Self::TooFew { n, .. } => Some(format!("There are {n}.")),
            Self::BadFolds { folds } => Some(format!("The value given is {folds}.")),
            Self::TooManySettings { settings } => Some(format!("The grid has at least {settings}.")),
            Self::NoSettings => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Evaluation(error) => error.hint().map(str::to_owned),
            Self::Setting(error) | Self::Topic { error, .. } => error.hint(),
            Self::OtherLists { .. } => Some("Give an empty list where one found nothing.".into()),
            Self::BadFolds { .. } => Some("Give a number from 2 to 1000, such as 5.".into()),
            Self::TooManySettings { .. } => Some(
                "Give fewer weight steps (the more lists, the fewer), methods, normalisers, k, phi or gamma.".into(),
            ),
            Self::NoSettings => Some(
                "Name a method; those that read scores are left out where a list has none, and weights of less than 2 \
                 steps are those of single lists."
                    .into(),
            ),
            Self::WrongGrades { .. } | Self::TooFew { .. } => None,
        }
    }

    /// The kind of error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Evaluation(error) => error.class(),
            Self::Setting(error) | Self::Topic { error, .. } => error.class(),
            Self::OtherLists { .. } | Self::WrongGrades { .. } => ErrorClass::ArraySubscript,
            Self::TooManySettings { .. } => ErrorClass::LimitExceeded,
            Self::TooFew { .. } | Self::BadFolds { .. } | Self::NoSettings => ErrorClass::InvalidParameter,
        }
    }
}

impl From<EvaluationError> for TuneError {
    fn from(error: EvaluationError) -> Self {
        Self::Evaluation(error)
    }
}
