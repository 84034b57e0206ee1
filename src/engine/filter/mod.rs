//! Conditions on other columns than the vector: values beside the documents, and which documents have which.

pub mod condition;
pub mod docset;
pub mod evaluate;
pub mod float;
pub mod meta;
pub mod row;
pub mod value;
