//! What can be wrong with a sparse vector, as a value: one enum for every door, told to the user in one place.

use super::limits::{EXCERPT_BYTES, MAX_DIM, MAX_INDEX, MAX_NNZ, SPARSEVEC_MAX_DIM, SPARSEVEC_MAX_NNZ};

/// Where in the user's input a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Character of a literal, from 1.
    Character(usize),
    /// Element of an array, of a binary value or of an argument list, from 1.
    Element(usize),
    /// Weight of a term id, from 0.
    Term(u32),
}

impl Place {
    fn describe(self, numbering: Numbering) -> String {
        match self {
            Self::Character(n) => format!("at character {n}"),
            Self::Element(n) => format!("in element {n}"),
            Self::Term(index) => format!("at {}", numbering.describe(i64::from(index))),
        }
    }
}

/// How the user counts terms: indices from 1 (text form), token ids from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    IndexFromOne,
    TokenFromZero,
}

impl Numbering {
    /// The user's number for a term counted from 0.
    fn number(self, index: i64) -> i64 {
        match self {
            Self::IndexFromOne => index.saturating_add(1),
            Self::TokenFromZero => index,
        }
    }

    fn describe(self, index: i64) -> String {
        let number = self.number(index);
        match self {
            Self::IndexFromOne => format!("index {number}"),
            Self::TokenFromZero => format!("token id {number}"),
        }
    }
}

/// Kind of error, from which the SQLSTATE follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    InvalidText,
    InvalidBinary,
    NumericOutOfRange,
    DataException,
    InvalidParameter,
    NullNotAllowed,
    ArraySubscript,
    LimitExceeded,
    OutOfMemory,
    Corrupted,
}

/// Why a sparse vector was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VectorError {
    /// The literal breaks the grammar; `problem` is a sentence's beginning ("Expected ...").
    Syntax {
        excerpt: String,
        position: usize,
        problem: &'static str,
    },
    /// A weight's literal is beyond float4.
    WeightOutOfRange {
        literal: String,
        place: Place,
    },
    NotANumber {
        place: Place,
    },
    Infinite {
        place: Place,
    },
    /// `index` counts from 0; `dim` 0 means unbounded.
    IndexOutOfBounds {
        index: i64,
        dim: u32,
        numbering: Numbering,
    },
    Duplicate {
        index: u32,
        numbering: Numbering,
    },
    NotAscending {
        element: usize,
    },
    ZeroWeight {
        element: usize,
    },
    DimTooSmall {
        dim: i64,
    },
    DimTooLarge {
        dim: i64,
    },
    TooManyNonZeros {
        nnz: usize,
    },
    MoreElementsThanDims {
        nnz: usize,
        dim: u32,
    },
    BinaryLength {
        expected: usize,
        actual: usize,
    },
    BinaryNegative {
        field: &'static str,
        value: i32,
    },
    BinaryFlags {
        flags: i32,
    },
    DifferentDims {
        left: u32,
        right: u32,
    },
    UnexpectedDim {
        expected: u32,
        actual: u32,
    },
    /// An arithmetic result is beyond float4; `what` is "overflow" or "underflow".
    ResultOutOfRange {
        what: &'static str,
        index: u32,
    },
    DifferentLengths {
        ids: usize,
        weights: usize,
    },
    NullElement {
        argument: &'static str,
        element: usize,
    },
    NotOneDimensional {
        argument: &'static str,
        n_dims: usize,
    },
    BadArgument {
        argument: &'static str,
        problem: &'static str,
    },
    /// A number beyond its range; `range` tells the user what to give instead.
    ArgumentOutOfRange {
        argument: &'static str,
        value: String,
        range: &'static str,
    },
    /// A choice by name that does not exist; `names` tells which do.
    UnknownName {
        argument: &'static str,
        given: String,
        names: &'static str,
    },
    NullArgument {
        argument: &'static str,
    },
    /// An argument of an aggregate changed from one row to another.
    NotConstant {
        argument: &'static str,
    },
    /// A negative weight where only masses make sense.
    NegativeWeight {
        argument: &'static str,
        index: u32,
    },
    /// More documents have the term than there are documents.
    FrequencyTooGreat {
        index: u32,
        df: String,
        n_docs: i64,
    },
    /// The JSON value is not an object from token ids to numbers.
    JsonShape {
        problem: &'static str,
        key: String,
    },
    /// A dense array was asked of an unbounded vector.
    UnboundedToArray,
    ArrayTooLarge {
        dim: u32,
    },
    /// pgvector's type has no unbounded values.
    UnboundedToSparsevec,
    DimTooLargeForSparsevec {
        dim: u32,
    },
    TooManyForSparsevec {
        nnz: usize,
    },
    OutOfMemory {
        bytes: usize,
    },
    /// The stored value breaks its own layout.
    Corrupted {
        problem: &'static str,
    },
}

impl VectorError {
    /// The message, one line, with the type's name.
    pub fn message(&self) -> String {
        match self {
            Self::Syntax { excerpt, .. } => format!("invalid input syntax for type svec: \"{excerpt}\""),
            Self::WeightOutOfRange { literal, .. } => format!("\"{literal}\" is out of range for type svec"),
            Self::NotANumber { .. } => "NaN not allowed in svec".into(),
            Self::Infinite { .. } => "infinite value not allowed in svec".into(),
            Self::IndexOutOfBounds { .. } => "svec index out of bounds".into(),
            Self::Duplicate { .. } => "svec indices must not contain duplicates".into(),
            Self::NotAscending { .. } => "svec indices must be in ascending order".into(),
            Self::ZeroWeight { .. } => "binary representation of svec cannot contain zero values".into(),
            Self::DimTooSmall { .. } => "svec must have at least 1 dimension".into(),
            Self::DimTooLarge { .. } => format!("svec cannot have more than {MAX_DIM} dimensions"),
            Self::TooManyNonZeros { .. } => format!("svec cannot have more than {MAX_NNZ} non-zero elements"),
            Self::MoreElementsThanDims { .. } => "svec cannot have more elements than dimensions".into(),
            Self::BinaryLength { .. } | Self::BinaryNegative { .. } => "invalid binary representation of svec".into(),
            Self::BinaryFlags { flags } => format!("expected flags of svec to be 0, not {flags}"),
            Self::DifferentDims { left, right } => format!("different svec dimensions {left} and {right}"),
            Self::UnexpectedDim { expected, actual } => format!("expected {expected} dimensions in svec, not {actual}"),
            Self::ResultOutOfRange { what, .. } => format!("svec weight out of range: {what}"),
            Self::DifferentLengths { .. } => "svec needs as many weights as ids".into(),
            Self::NullElement { argument, .. } => format!("svec cannot be made from NULL: {argument} contains one"),
            Self::NotOneDimensional { argument, .. } => format!("svec needs a one-dimensional array: {argument}"),
            Self::BadArgument { argument, problem } => format!("svec {argument} {problem}"),
            Self::ArgumentOutOfRange { argument, .. } => format!("svec {argument} is out of range"),
            Self::UnknownName { argument, given, .. } => format!("svec {argument} \"{given}\" is not known"),
            Self::NullArgument { argument } => format!("svec {argument} must not be NULL"),
            Self::NotConstant { argument } => format!("svec {argument} must be the same in every row"),
            Self::NegativeWeight { argument, .. } => format!("svec {argument} must not have negative weights"),
            Self::FrequencyTooGreat { .. } => "svec df must not exceed the number of documents".into(),
            Self::JsonShape { .. } => "svec needs a JSON object of token ids and weights".into(),
            Self::UnboundedToArray => "svec without a dimension cannot become an array".into(),
            Self::ArrayTooLarge { .. } => "svec has too many dimensions to become an array".into(),
            Self::UnboundedToSparsevec => "svec without a dimension cannot become a sparsevec".into(),
            Self::DimTooLargeForSparsevec { .. } => "svec has too many dimensions to become a sparsevec".into(),
            Self::TooManyForSparsevec { .. } => "svec has too many non-zero elements to become a sparsevec".into(),
            Self::OutOfMemory { .. } => "out of memory for svec".into(),
            Self::Corrupted { .. } => "svec value is corrupted".into(),
        }
    }

    /// The detail: the place in the input and what stands there.
    pub fn detail(&self) -> Option<String> {
        Some(match self {
            Self::Syntax { position, problem, .. } => format!("{problem} at character {position}."),
            Self::WeightOutOfRange { place, .. } => {
                format!("Weight {} does not fit float4.", place.describe(Numbering::TokenFromZero))
            }
            Self::NotANumber { place } | Self::Infinite { place } => {
                format!("Weight {} must be finite.", place.describe(Numbering::TokenFromZero))
            }
            Self::IndexOutOfBounds { index, dim, numbering } => bounds_detail(*index, *dim, *numbering),
            Self::Duplicate { index, numbering } => {
                format!("The {} occurs more than once.", numbering.describe(i64::from(*index)))
            }
            Self::NotAscending { element } => format!("Element {element} does not come after the one before it."),
            Self::ZeroWeight { element } => format!("The weight of element {element} is zero."),
            Self::DimTooSmall { dim } | Self::DimTooLarge { dim } => format!("The dimension given is {dim}."),
            Self::TooManyNonZeros { nnz } => format!("There are {nnz}; one value must fit in 1 GB."),
            Self::MoreElementsThanDims { nnz, dim } => format!("There are {nnz} elements and {dim} dimensions."),
            Self::BinaryLength { expected, actual } => format!("Expected {expected} bytes, got {actual}."),
            Self::BinaryNegative { field, value } => format!("The {field} is {value}."),
            Self::ResultOutOfRange { index, .. } => {
                format!("The result at {} does not fit float4.", Numbering::IndexFromOne.describe(i64::from(*index)))
            }
            Self::DifferentLengths { ids, weights } => format!("There are {ids} ids and {weights} weights."),
            Self::NullElement { element, .. } => format!("Element {element} is NULL."),
            Self::NotOneDimensional { n_dims, .. } => format!("The array has {n_dims} dimensions."),
            Self::ArgumentOutOfRange { value, .. } => format!("The value given is {value}."),
            Self::NegativeWeight { index, .. } => {
                format!("The weight at {} is negative.", Numbering::IndexFromOne.describe(i64::from(*index)))
            }
            Self::FrequencyTooGreat { index, df, n_docs } => {
                let place = Numbering::IndexFromOne.describe(i64::from(*index));
                format!("The frequency at {place} is {df}, the number of documents {n_docs}.")
            }
            Self::JsonShape { problem, key } if key.is_empty() => format!("{problem}."),
            Self::JsonShape { problem, key } => format!("{problem} at key \"{key}\"."),
            Self::ArrayTooLarge { dim } => format!("There are {dim}; one array must fit in 1 GB."),
            Self::DimTooLargeForSparsevec { dim } => {
                format!("There are {dim}; a sparsevec has at most {SPARSEVEC_MAX_DIM}.")
            }
            Self::TooManyForSparsevec { nnz } => {
                format!("There are {nnz}; a sparsevec has at most {SPARSEVEC_MAX_NNZ}.")
            }
            Self::OutOfMemory { bytes } => format!("Could not allocate {bytes} bytes."),
            Self::Corrupted { problem } => format!("{problem}."),
            Self::BinaryFlags { .. }
            | Self::DifferentDims { .. }
            | Self::UnexpectedDim { .. }
            | Self::BadArgument { .. }
            | Self::UnknownName { .. }
            | Self::NullArgument { .. }
            | Self::NotConstant { .. }
            | Self::UnboundedToArray
            | Self::UnboundedToSparsevec => return None,
        })
    }

    /// What the user can do about it, where that is not plain from the detail.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::DifferentDims { .. } => {
                Some("Give both values the same dimension; a value without a dimension goes with every other.")
            }
            Self::UnboundedToArray => Some("Cast to svec(n) first."),
            Self::UnboundedToSparsevec => Some("Cast to sparsevec(n), which gives it the dimension n."),
            Self::TooManyForSparsevec { .. } => Some("Keep the heaviest with prune_top_k()."),
            Self::ArgumentOutOfRange { range: hint, .. } | Self::UnknownName { names: hint, .. } => Some(hint),
            Self::NotConstant { .. } => Some("Write a constant, or group the rows by it."),
            Self::NegativeWeight { .. } => Some("Negative weights can be dropped with relu()."),
            Self::FrequencyTooGreat { .. } => Some("Count documents and frequencies over the same rows."),
            Self::JsonShape { .. } => Some("Write {\"7592\": 1.2}: token ids count from 0."),
            _ => None,
        }
    }

    /// The kind of error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Syntax { .. } => ErrorClass::InvalidText,
            Self::WeightOutOfRange { .. } | Self::ResultOutOfRange { .. } => ErrorClass::NumericOutOfRange,
            Self::BinaryLength { .. } | Self::BinaryNegative { .. } => ErrorClass::InvalidBinary,
            Self::DimTooLarge { .. }
            | Self::TooManyNonZeros { .. }
            | Self::ArrayTooLarge { .. }
            | Self::DimTooLargeForSparsevec { .. }
            | Self::TooManyForSparsevec { .. }
            | Self::MoreElementsThanDims { .. } => ErrorClass::LimitExceeded,
            Self::BadArgument { .. }
            | Self::ArgumentOutOfRange { .. }
            | Self::UnknownName { .. }
            | Self::NotConstant { .. }
            | Self::NegativeWeight { .. }
            | Self::FrequencyTooGreat { .. }
            | Self::JsonShape { .. } => ErrorClass::InvalidParameter,
            Self::NullElement { .. } | Self::NullArgument { .. } => ErrorClass::NullNotAllowed,
            Self::NotOneDimensional { .. } | Self::DifferentLengths { .. } => ErrorClass::ArraySubscript,
            Self::OutOfMemory { .. } => ErrorClass::OutOfMemory,
            Self::Corrupted { .. } => ErrorClass::Corrupted,
            Self::NotANumber { .. }
            | Self::Infinite { .. }
            | Self::IndexOutOfBounds { .. }
            | Self::Duplicate { .. }
            | Self::NotAscending { .. }
            | Self::ZeroWeight { .. }
            | Self::DimTooSmall { .. }
            | Self::BinaryFlags { .. }
            | Self::DifferentDims { .. }
            | Self::UnexpectedDim { .. }
            | Self::UnboundedToArray
            | Self::UnboundedToSparsevec => ErrorClass::DataException,
        }
    }
}

fn bounds_detail(index: i64, dim: u32, numbering: Numbering) -> String {
    let last = if dim == 0 { MAX_INDEX } else { dim.saturating_sub(1) };
    let mut text = numbering.describe(index);
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{text} is not between {} and {}.", numbering.number(0), numbering.number(i64::from(last)))
}

/// The beginning of refused input, fit for a message in any server encoding: what is not printable ASCII becomes `?`.
pub fn excerpt(input: &[u8]) -> String {
    let (head, rest) = match input.get(..EXCERPT_BYTES) {
        Some(head) if input.len() > EXCERPT_BYTES => (head, "..."),
        _ => (input, ""),
    };
    let mut text: String =
        head.iter().map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '?' }).collect();
    text.push_str(rest);
    text
}
