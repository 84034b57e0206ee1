//! Conditions on other columns than the vector: values beside the documents, and which documents have which. The
//! README beside this file says why they are stored as they are.

pub mod check;
pub mod collect;
pub mod column;
pub mod condition;
pub mod cursor;
pub mod dictionary;
pub mod docset;
pub mod evaluate;
pub mod finder;
pub mod float;
pub mod intern;
pub mod list;
pub mod merge;
pub mod meta;
pub mod order;
pub mod planes;
pub mod row;
pub mod selection;
pub mod value;
pub mod writer;

#[cfg(test)]
mod tests;
