//! What pg_stat_progress_create_index shows of a build.

use std::ffi::{CStr, c_char};

use pgrx::pg_sys;
use pgrx::prelude::*;

/// Phases of a build, after PostgreSQL's own "initializing", which has number 1.
#[derive(Clone, Copy)]
pub enum Phase {
    /// Reading rows.
    Scanning = 2,
    /// Writing what was read.
    Writing = 3,
    /// The leader of a parallel build is ready before its workers.
    Waiting = 4,
    /// Making the segments an index.
    Publishing = 5,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Scanning, Self::Writing, Self::Waiting, Self::Publishing];

    fn name(self) -> &'static CStr {
        match self {
            Self::Scanning => c"scanning table",
            Self::Writing => c"writing segment",
            Self::Waiting => c"waiting for workers",
            Self::Publishing => c"publishing segments",
        }
    }
}

/// The build has come to this phase.
pub fn report(phase: Phase) {
    update(pg_sys::PROGRESS_CREATEIDX_SUBPHASE, phase as i64);
}

/// This many rows are in the index, or as good as there.
pub fn report_rows(n: u64) {
    update(pg_sys::PROGRESS_CREATEIDX_TUPLES_DONE, i64::try_from(n).unwrap_or(i64::MAX));
}

fn update(what: u32, value: i64) {
    // SAFETY: writes to this backend's own slot.
    unsafe { pg_sys::pgstat_progress_update_param(what as i32, value) };
}

/// The name of a phase for pg_stat_progress_create_index.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambuildphasename(phase: i64) -> *mut c_char {
    let own = Phase::ALL.into_iter().find(|&p| p as i64 == phase).map(Phase::name);
    let initializing = (phase == i64::from(pg_sys::PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE)).then_some(c"initializing");
    own.or(initializing).map_or(std::ptr::null_mut(), |name| name.as_ptr().cast_mut())
}
