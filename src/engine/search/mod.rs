//! Exact ranking as a stream. The README beside this file tells the method and where it departs from the papers.

pub mod norm;
pub mod query;
pub mod score;
pub mod stream;

#[cfg(test)]
mod oracle_tests;
