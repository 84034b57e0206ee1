//! The encoders' errors as PostgreSQL's.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::engine::encode::error::EncodeError;
use crate::engine::encode::pieces::MAX_PIECE;

/// Raises an error, with the encoder's name in front.
pub fn raise(encoder: &str, error: EncodeError) -> ! {
    let about = |what: &str| format!("encoder \"{encoder}\" {what}");
    let (code, message, detail, hint) = match error {
        EncodeError::Vector(error) => crate::error::raise(&error),
        EncodeError::BadTokenizer { reason } => (
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            about("needs a tokenizer in Hugging Face's format"),
            reason,
            "Give the contents of the model's tokenizer.json.".into(),
        ),
        EncodeError::BadWeights { problem } => (
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            about("needs weights of its tokenizer's tokens"),
            format!("{problem}."),
            "Give an object from tokens, written as in the vocabulary, to numbers.".into(),
        ),
        EncodeError::BadDim { dim, n_ids } => (
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            about("needs a dimension for each of its tokenizer's ids"),
            format!("The dimension given is {dim}, the ids need {n_ids}."),
            "Give the size of the model's vocabulary, or leave it out.".into(),
        ),
        EncodeError::Unencodable { reason } => (
            PgSqlErrorCode::ERRCODE_DATA_EXCEPTION,
            about("cannot tokenize the text"),
            reason,
            "Its tokenizer has no token for a part of the text, and none that stands for unknown words.".into(),
        ),
        EncodeError::IndivisibleText { at } => (
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            about("cannot tokenize so long a text"),
            format!("From byte {at} on there are more than {MAX_PIECE} bytes without a place to divide them."),
            "Divide the text yourself and take the greatest or the sum of the vectors.".into(),
        ),
    };
    report(code, message, detail, hint)
}

/// Raises an error with what there is of detail and hint.
pub fn report(code: PgSqlErrorCode, message: String, detail: String, hint: String) -> ! {
    let mut report = ErrorReport::new(code, message, "encoder");
    if !detail.is_empty() {
        report = report.set_detail(detail);
    }
    if !hint.is_empty() {
        report = report.set_hint(hint);
    }
    report.report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}
