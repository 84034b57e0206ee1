//! Looking at an index and looking after it: for its owner.

mod check;
mod frequencies;
mod info;
mod merge;
mod open;
mod query;
mod scan;
mod terms;

/// A count as SQL has it.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
