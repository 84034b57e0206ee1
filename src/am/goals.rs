//! How many rows the last plan on each index wanted of it.
//!
//! An access method is not told the LIMIT above its scan, and need not know it: the scan is a stream. But what is
//! cheaper, bounds first or scoring everything, depends on it. The planner does know; so what it said last about an
//! index is kept here until a scan of that index begins in the same backend, usually that of the same statement. A plan
//! that is used again, or another statement between, makes the hint a wrong one; that costs time and changes no row.

use std::cell::RefCell;

use pgrx::pg_sys;

/// Indexes remembered.
const MAX_ENTRIES: usize = 32;

thread_local! {
    /// The most recently planned last.
    static GOALS: RefCell<Vec<(pg_sys::Oid, Option<usize>)>> = const { RefCell::new(Vec::new()) };
}

/// Notes what the planner knows of a scan that it considers.
pub fn note(index: pg_sys::Oid, goal: Option<usize>) {
    GOALS.with_borrow_mut(|goals| {
        goals.retain(|(known, _)| *known != index);
        if goals.len() >= MAX_ENTRIES {
            goals.remove(0);
        }
        goals.push((index, goal));
    });
}

/// What was noted last; `None` if nothing is known.
pub fn of(index: pg_sys::Oid) -> Option<usize> {
    GOALS.with_borrow(|goals| goals.iter().rfind(|(known, _)| *known == index).and_then(|(_, goal)| *goal))
}
