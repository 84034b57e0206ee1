//! PostgreSQL's pages as what the engine asks for; the only place that reads or writes a buffer.
//!
//! The README beside this file tells the kinds of page, their life, the order of locks and what is logged.

pub mod array;
pub mod buffer;
pub mod composite;
pub mod conditions;
pub mod datum;
pub mod exchange;
pub mod fault;
pub mod free;
pub mod image;
pub mod manifest_cache;
pub mod memory;
pub mod meta;
pub mod page;
pub mod pending;
pub mod raise;
pub mod recent;
pub mod relation;
pub mod replay;
pub mod segment_pages;
mod shape;
pub mod tempfile;
pub mod value;
pub mod wal;
