//! Encoders: kept in a table of the extension, used by name.
//!
//! `catalog.rs` reads the table and knows who may do what, `cache.rs` keeps parsed encoders for the session, `admin.rs`
//! makes and drops them, `query.rs` and `tokens.rs` use them, `bm25.rs` makes impacts from counts.

mod admin;
mod bm25;
mod cache;
mod catalog;
mod error;
mod query;
pub mod text;
mod tokens;
