//! Exact ranking as a stream. The README beside this file tells the method and where it departs from the papers.

pub mod block_lookups;
pub mod blocks;
pub mod candidates;
pub mod choice;
pub mod foreign;
pub mod mask;
pub mod matching;
pub mod norm;
pub mod query;
pub mod ranker;
pub mod rare_lists;
pub mod resume;
pub mod rounds;
pub mod score;
pub mod scratch;
pub mod simd;
pub mod starts;
pub mod stream;
pub mod top;
pub mod unranked;

#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod grid_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod shapes_tests;
#[cfg(test)]
mod starts_tests;
#[cfg(test)]
mod strategy_tests;
