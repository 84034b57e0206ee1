//! What can be wrong with lists to be fused, or with how they are to be fused.

use crate::engine::memory;
use crate::engine::vector::error::{ErrorClass, excerpt};

use super::MAX_LISTS;

/// Why lists were not fused. Lists and positions count from 1, as users count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FusionError {
    /// More than [`MAX_LISTS`] lists.
    TooManyLists {
        /// How many there are.
        lists: usize,
    },
    /// Not the lists that the settings were made for.
    OtherLists {
        /// How many there are.
        lists: usize,
        /// How many the settings expect.
        expected: usize,
    },
    /// An argument that has one element for each list has another number of them.
    WrongCount {
        /// Which argument.
        argument: &'static str,
        /// Its elements.
        given: usize,
        /// The lists.
        lists: usize,
    },
    /// A number beyond its range.
    OutOfRange {
        /// Which argument or option.
        argument: String,
        /// What was given.
        value: String,
        /// What to give instead.
        range: &'static str,
    },
    /// A choice by name that does not exist.
    UnknownName {
        /// Which argument or option.
        argument: &'static str,
        /// What was given, fit for a message.
        given: String,
        /// The names that exist.
        names: String,
    },
    /// An argument that does nothing here: rather an error than a surprise.
    NotApplicable {
        /// Which argument.
        argument: &'static str,
        /// With what it does nothing: a method, a normaliser.
        with: String,
        /// What would do.
        hint: &'static str,
    },
    /// The options are not such a JSON object; `problem` is a sentence without its full stop.
    Options {
        /// What is wrong.
        problem: String,
    },
    /// An option that this method and this normaliser do not have.
    UnknownOption {
        /// The key, fit for a message.
        key: String,
        /// The keys that they have.
        known: String,
    },
    /// A trained method's model is missing or does not fit; `problem` is a sentence without its full stop.
    Model {
        /// What is wrong.
        problem: String,
    },
    /// The method reads scores and a list has none.
    NeedsScores {
        /// Which list.
        list: usize,
        /// What reads them.
        by: &'static str,
    },
    /// A list with another number of scores than items.
    DifferentLengths {
        /// Which list.
        list: usize,
        /// Its items.
        items: usize,
        /// Its scores.
        scores: usize,
    },
    /// An infinite score, or NaN.
    NotFinite {
        /// Which list.
        list: usize,
        /// Where in it.
        position: usize,
    },
    /// An item that occurs twice in a list, or that does not exist. The caller prevents both.
    BadItem {
        /// Which list.
        list: usize,
        /// Where in it.
        position: usize,
        /// What is wrong, as the end of a sentence.
        problem: &'static str,
    },
    /// Lists too long for numbers of 32 bits.
    TooLong {
        /// The elements of all lists.
        elements: usize,
    },
    /// Memory that could not be had.
    OutOfMemory {
        /// How much.
        bytes: usize,
    },
}

impl FusionError {
    /// A name that does not exist.
    pub(super) fn unknown(argument: &'static str, given: &str, names: String) -> Self {
        Self::UnknownName { argument, given: excerpt(given.as_bytes()), names }
    }

    /// A number beyond its range.
    pub(super) fn out_of_range(argument: impl Into<String>, value: f64, range: &'static str) -> Self {
        // As PostgreSQL writes it.
        let value = value.to_string().replace("inf", "Infinity");
        Self::OutOfRange { argument: argument.into(), value, range }
    }

    /// One line.
    pub fn message(&self) -> String {
        match self {
            Self::TooManyLists { .. } => format!("fuse cannot take more than {MAX_LISTS} lists"),
            Self::OtherLists { .. } => "fuse got another number of lists than it was set up for".into(),
            Self::WrongCount { argument, .. } => format!("fuse needs as many {argument} as lists"),
            Self::OutOfRange { argument, .. } => format!("fuse {argument} is out of range"),
            Self::UnknownName { argument, given, .. } => format!("fuse {argument} \"{given}\" is not known"),
            Self::NotApplicable { argument, with, .. } => format!("fuse {argument} does nothing with {with}"),
            Self::Options { .. } => "fuse options are invalid".into(),
            Self::UnknownOption { key, .. } => format!("fuse option \"{key}\" is not known"),
            Self::Model { .. } => "fuse model is invalid".into(),
            Self::NeedsScores { by, .. } => format!("fuse needs scores for {by}"),
            Self::DifferentLengths { .. } => "fuse needs as many scores as items".into(),
            Self::NotFinite { .. } => "fuse scores must be finite".into(),
            Self::BadItem { .. } => "fuse got a wrong item".into(),
            Self::TooLong { .. } => "fuse got lists that are too long".into(),
            Self::OutOfMemory { .. } => "fuse is out of memory".into(),
        }
    }

    /// What stands where.
    pub fn detail(&self) -> Option<String> {
        Some(match self {
            Self::TooManyLists { lists } => format!("There are {lists}."),
            Self::OtherLists { lists, expected } => format!("There are {lists}, expected were {expected}."),
            Self::WrongCount { argument, given, lists } => format!("There are {given} {argument} and {lists} lists."),
            Self::OutOfRange { value, .. } => format!("The value given is {value}."),
            Self::Options { problem } | Self::Model { problem } => format!("{problem}."),
            Self::NeedsScores { list, .. } => format!("List {list} has none."),
            Self::DifferentLengths { list, items, scores } => {
                format!("List {list} has {items} items and {scores} scores.")
            }
            Self::NotFinite { list, position } => format!("The score at position {position} of list {list} is not."),
            Self::BadItem { list, position, problem } => format!("Position {position} of list {list} {problem}."),
            Self::TooLong { elements } => format!("They have {elements} elements together."),
            Self::OutOfMemory { bytes } => format!("Could not allocate {bytes} bytes."),
            Self::UnknownName { .. } | Self::NotApplicable { .. } | Self::UnknownOption { .. } => return None,
        })
    }

    /// What the user can do about it, where that is not plain from the detail.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OutOfRange { range: hint, .. } | Self::NotApplicable { hint, .. } => (*hint).into(),
            Self::UnknownName { names, .. } => format!("Write {names}."),
            Self::UnknownOption { known, .. } if known.is_empty() => "This method has no options.".into(),
            Self::UnknownOption { known, .. } => format!("Known here: {known}."),
            Self::NeedsScores { .. } => {
                "Give every list scores, or use a method or a normaliser of ranks: rrf, borda, normaliser rank.".into()
            }
            Self::Model { .. } => "Make one from judged queries and give it as the option \"model\".".into(),
            _ => return None,
        })
    }

    /// The kind of error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyLists { .. } | Self::TooLong { .. } => ErrorClass::LimitExceeded,
            Self::DifferentLengths { .. } | Self::WrongCount { .. } | Self::OtherLists { .. } => {
                ErrorClass::ArraySubscript
            }
            Self::OutOfRange { .. }
            | Self::UnknownName { .. }
            | Self::NotApplicable { .. }
            | Self::Options { .. }
            | Self::UnknownOption { .. }
            | Self::Model { .. }
            | Self::NeedsScores { .. } => ErrorClass::InvalidParameter,
            Self::NotFinite { .. } | Self::BadItem { .. } => ErrorClass::DataException,
            Self::OutOfMemory { .. } => ErrorClass::OutOfMemory,
        }
    }
}

/// The module's result type.
pub type Result<T> = std::result::Result<T, FusionError>;

/// An empty list with room for `n` elements, or an error instead of an abort.
pub(super) fn reserved<T>(n: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    memory::reserve_exact(&mut list, n).map_err(|bytes| FusionError::OutOfMemory { bytes })?;
    Ok(list)
}

/// `n` copies of a value, or an error instead of an abort.
pub(super) fn filled<T: Clone>(n: usize, value: T) -> Result<Vec<T>> {
    let mut list = reserved(n)?;
    list.resize(n, value);
    Ok(list)
}

/// The items, which tell how many they are, or an error instead of an abort.
pub(super) fn collected<T>(items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>> {
    let mut list = reserved(items.len())?;
    list.extend(items);
    Ok(list)
}

/// One more element, or an error instead of an abort.
pub(super) fn push<T>(list: &mut Vec<T>, element: T) -> Result<()> {
    memory::reserve(list, 1).map_err(|bytes| FusionError::OutOfMemory { bytes })?;
    list.push(element);
    Ok(())
}

/// Runs code of others that takes at most `bytes`; see [`memory::with_room`].
pub(super) fn with_room<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T> {
    memory::with_room(bytes, work).map_err(|bytes| FusionError::OutOfMemory { bytes })
}
