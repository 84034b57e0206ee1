//! The engine's errors as PostgreSQL's: the one place that knows SQLSTATEs.

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::engine::evaluate::EvaluationError;
use crate::engine::fusion::FusionError;
use crate::engine::tune::TuneError;
use crate::engine::vector::error::{ErrorClass, VectorError};

fn sqlstate(class: ErrorClass) -> PgSqlErrorCode {
    match class {
        ErrorClass::InvalidText => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
        ErrorClass::InvalidBinary => PgSqlErrorCode::ERRCODE_INVALID_BINARY_REPRESENTATION,
        ErrorClass::NumericOutOfRange => PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
        ErrorClass::DataException => PgSqlErrorCode::ERRCODE_DATA_EXCEPTION,
        ErrorClass::InvalidParameter => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        ErrorClass::NullNotAllowed => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        ErrorClass::ArraySubscript => PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
        ErrorClass::LimitExceeded => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        ErrorClass::OutOfMemory => PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY,
        ErrorClass::Corrupted => PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
    }
}

/// An error that tells what happened, to a user, in the server's form.
pub trait Explained {
    /// From which the SQLSTATE follows.
    fn class(&self) -> ErrorClass;
    /// One line.
    fn message(&self) -> String;
    /// What exactly is wrong, where the message does not say it.
    fn detail(&self) -> Option<String>;
    /// What to do about it.
    fn hint(&self) -> Option<String>;
}

/// The engine knows no such trait, but its errors have the methods.
macro_rules! explained {
    ($($error:ty),*) => { $(
        impl Explained for $error {
            fn class(&self) -> ErrorClass {
                self.class()
            }

            fn message(&self) -> String {
                self.message()
            }

            fn detail(&self) -> Option<String> {
                self.detail()
            }

            fn hint(&self) -> Option<String> {
                self.hint().map(Into::into)
            }
        }
    )* };
}

explained!(VectorError, FusionError, EvaluationError, TuneError);

/// Raises an error.
pub fn raise(error: &impl Explained) -> ! {
    let mut report = ErrorReport::new(sqlstate(error.class()), error.message(), "pg_wand");
    if let Some(detail) = error.detail() {
        report = report.set_detail(detail);
    }
    if let Some(hint) = error.hint() {
        report = report.set_hint(hint);
    }
    report.report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// Hands an error of an input function to a caller who wants to go on (PostgreSQL 16 and later), or raises it.
///
/// # Safety
/// `context` is the `context` field of a function call that PostgreSQL made.
pub unsafe fn save_or_raise(context: *mut pg_sys::Node, error: &VectorError) {
    // SAFETY: the caller's promise.
    if !unsafe { save(context, error) } {
        raise(error)
    }
}

/// PostgreSQL 15 has no soft errors.
///
/// # Safety
/// None needed; the signature follows that of the later versions.
#[cfg(feature = "pg15")]
unsafe fn save(_context: *mut pg_sys::Node, _error: &VectorError) -> bool {
    false
}

/// What `ereturn` does in C.
///
/// # Safety
/// As for `save_or_raise`.
#[cfg(not(feature = "pg15"))]
unsafe fn save(context: *mut pg_sys::Node, error: &VectorError) -> bool {
    unsafe extern "C-unwind" {
        fn errcode(sqlstate: std::ffi::c_int) -> std::ffi::c_int;
        fn errmsg(format: *const std::ffi::c_char, ...) -> std::ffi::c_int;
        fn errdetail(format: *const std::ffi::c_char, ...) -> std::ffi::c_int;
        fn errhint(format: *const std::ffi::c_char, ...) -> std::ffi::c_int;
    }

    // SAFETY: the context is null or a node, by the caller's promise.
    if context.is_null() || unsafe { (*context).type_ } != pg_sys::NodeTag::T_ErrorSaveContext {
        return false;
    }
    // SAFETY: the context is an ErrorSaveContext.
    if !unsafe { pg_sys::errsave_start(context, std::ptr::null()) } {
        return true;
    }
    let message = c_text(Some(error.message()));
    let detail = c_text(error.detail());
    let hint = c_text(error.hint().map(str::to_owned));
    let code = sqlstate(error.class()) as std::ffi::c_int;
    let fill = || {
        // SAFETY: errsave_start has begun a report; all strings end in NUL and outlive it; nothing here needs dropping.
        unsafe {
            errcode(code);
            errmsg(c"%s".as_ptr(), message.as_ptr());
            if !detail.is_empty() {
                errdetail(c"%s".as_ptr(), detail.as_ptr());
            }
            if !hint.is_empty() {
                errhint(c"%s".as_ptr(), hint.as_ptr());
            }
        }
    };
    // SAFETY: the closure owns nothing and does not panic.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(fill) };
    // SAFETY: closes the report that errsave_start began; the names are static.
    unsafe { pg_sys::errsave_finish(context, c"svec".as_ptr(), 0, c"svec".as_ptr()) };
    true
}

#[cfg(not(feature = "pg15"))]
fn c_text(text: Option<String>) -> std::ffi::CString {
    std::ffi::CString::new(text.unwrap_or_default()).unwrap_or_default()
}
