//! Faults on purpose, for tests: the server dies or an operation fails right after a chosen log record, or fails in the
//! middle of making one, and backends wait at named points.
//!
//! All of it exists only with the cargo feature `faults`, which no release has: without it both macros are nothing. The
//! settings are described in the README beside this folder.

#[cfg(feature = "faults")]
mod armed;
#[cfg(feature = "faults")]
mod damage;
#[cfg(feature = "faults")]
mod memory;
#[cfg(feature = "faults")]
pub use armed::{number_of, page_registered, pause, record_written, register};
#[cfg(feature = "faults")]
pub use memory::{refuses, reserve_given, returned};

/// `fault::point!("name")`: a backend that has `wand.pause_at` set to this name waits here while somebody holds the
/// point's advisory lock. Only where no page is locked; the names are in the table of `armed.rs`.
macro_rules! point {
    ($name:literal) => {
        #[cfg(feature = "faults")]
        {
            const NUMBER: i32 = $crate::storage::fault::number_of($name);
            $crate::storage::fault::pause(NUMBER);
        }
    };
}

/// `fault::record!(lsn)`: a log record was written; zero is the answer for relations that are not logged.
macro_rules! record {
    ($lsn:ident) => {
        #[cfg(feature = "faults")]
        $crate::storage::fault::record_written($lsn);
        #[cfg(not(feature = "faults"))]
        let _ = $lsn;
    };
}

/// `fault::page!()`: a page has become part of a log record that is not written yet.
macro_rules! page {
    () => {
        #[cfg(feature = "faults")]
        $crate::storage::fault::page_registered();
    };
}

/// `fault::allocation!(size, take)`: what the system's allocator says, or null if this allocation is to fail.
macro_rules! allocation {
    ($size:expr, $take:expr) => {{
        #[cfg(feature = "faults")]
        {
            if $crate::storage::fault::refuses($size) { std::ptr::null_mut() } else { $take }
        }
        #[cfg(not(feature = "faults"))]
        {
            let _ = $size;
            $take
        }
    }};
}

/// `fault::deallocation!(size)`: a block was given back.
macro_rules! deallocation {
    ($size:expr) => {
        #[cfg(feature = "faults")]
        $crate::storage::fault::returned($size);
    };
}

/// `fault::given_back!(size)`: the reserve was.
macro_rules! given_back {
    ($size:expr) => {
        #[cfg(feature = "faults")]
        $crate::storage::fault::reserve_given($size);
    };
}

pub(crate) use {allocation, deallocation, given_back, page, point, record};
