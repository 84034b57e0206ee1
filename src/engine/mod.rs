//! Every algorithm of pg_wand, without PostgreSQL: no pages of its server, no clock, no I/O, no global state
//! (but that of [`memory`]).
//!
//! [`vector`] is the value; [`codec`] turns numbers into bytes; [`segment`] is the immutable inverted file and its one
//! writer; [`filter`] finds the documents that conditions on other columns leave; [`pending`] is the form of a document
//! that waits to be inverted; [`search`] ranks documents exactly, as a stream; [`survey`] tells beforehand what that
//! will take, and [`selectivity`] what a condition lets through; [`space`] when the index file is worth making smaller;
//! [`weights`] makes, prunes and measures vectors by the formulas of learned sparse retrieval; [`encode`] makes them
//! from text; [`fusion`] makes one ranked list of several; [`evaluate`] tells how good a ranking is; [`tune`] finds the
//! fusion that makes it best. Long work counts its steps ([`pace`]), so that it can be interrupted; [`memory`] is for
//! those who allocate without asking.

pub mod codec;
pub mod encode;
pub mod error;
pub mod evaluate;
pub mod filter;
pub mod fusion;
pub mod ids;
pub mod memory;
pub mod pace;
pub mod pending;
#[cfg(test)]
mod pending_tests;
mod random;
pub mod search;
pub mod segment;
pub mod selectivity;
pub mod space;
pub mod survey;
#[cfg(test)]
mod survey_tests;
#[cfg(test)]
mod tests;
pub mod tune;
pub mod vector;
pub mod weights;
