//! Engine errors as PostgreSQL errors: the one place that gives them SQLSTATE, index name and hint.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::relation::IndexRelation;
use crate::engine::error::EngineError;

/// Reports `error` about `index` and does not return.
pub fn raise(index: IndexRelation, error: EngineError) -> ! {
    report(index, error).report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// Reports `error` about `index` as something that others will have to see to.
pub fn warn(index: IndexRelation, error: EngineError) {
    report(index, error).report(PgLogLevel::WARNING);
}

fn report(index: IndexRelation, error: EngineError) -> ErrorReport {
    let name = index.name();
    match error {
        EngineError::Recycled { block } => ErrorReport::new(
            PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
            format!("index \"{name}\" was reorganised by replay while it was being read"),
            "raise",
        )
        .set_detail(format!("Block {block} was recycled."))
        .set_hint("Run the query again."),
        EngineError::OutOfMemory { what, bytes } => ErrorReport::new(
            PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY,
            format!("out of memory in index \"{name}\""),
            "raise",
        )
        .set_detail(format!("Failed on request of {bytes} bytes for {what}.")),
        EngineError::Limit { what, limit, remedy } => ErrorReport::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("index \"{name}\" is full: {what} cannot exceed {limit}"),
            "raise",
        )
        .set_hint(remedy),
        damage @ (EngineError::BadPage { .. } | EngineError::Corrupt { .. }) => {
            ErrorReport::new(PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED, format!("index \"{name}\" is damaged"), "raise")
                .set_detail(format!("In {damage}."))
                .set_hint("REINDEX rebuilds it; wand_check lists what is wrong.")
        }
    }
}

/// Unwraps engine results in code that speaks to PostgreSQL.
pub trait OrRaise<T> {
    /// The value, or an ERROR about `index`.
    fn or_raise(self, index: IndexRelation) -> T;
}

impl<T> OrRaise<T> for Result<T, EngineError> {
    fn or_raise(self, index: IndexRelation) -> T {
        self.unwrap_or_else(|error| raise(index, error))
    }
}
