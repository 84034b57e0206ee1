//! What can be wrong with an encoder or with the text it is given.

use crate::engine::vector::error::VectorError;

/// Why something was not encoded. The caller knows the encoder's name and puts it in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The tokenizer's JSON is not one; `reason` is the library's.
    BadTokenizer {
        /// What the library says.
        reason: String,
    },
    /// The table of weights does not fit; `problem` is a sentence without its full stop.
    BadWeights {
        /// What is wrong.
        problem: String,
    },
    /// Vectors of this dimension have no place for some tokens.
    BadDim {
        /// The dimension.
        dim: i32,
        /// The tokenizer's ids are below this.
        n_ids: u32,
    },
    /// The tokenizer could not cope with this text.
    Unencodable {
        /// What the library says.
        reason: String,
    },
    /// There is no place within [`super::pieces::MAX_PIECE`] bytes where the text could be divided.
    IndivisibleText {
        /// Where the piece begins, in bytes.
        at: usize,
    },
    /// A number that an option cannot have, or the vector could not be made.
    Vector(VectorError),
}

impl From<VectorError> for EncodeError {
    fn from(error: VectorError) -> Self {
        Self::Vector(error)
    }
}

/// The module's result type.
pub type Result<T> = std::result::Result<T, EncodeError>;
