//! What happens to pages, and what then becomes of statements.
//!
//! [`pages`] reads and writes an index's pages behind its back, [`ways`] are those in which they are damaged. A
//! [`patient`] is a table whose index suffers it, an [`examiner`] runs statements and judges how they end, [`scans`]
//! are the questions with their right answers, and the [`ward`] is where all of it happens, round by round.

pub mod examiner;
pub mod pages;
pub mod patient;
pub mod scans;
pub mod tally;
pub mod ward;
pub mod ways;
