//! Conditions on other columns than the vector: values beside the documents, and which documents have which.

pub mod docset;
pub mod float;
pub mod row;
pub mod value;
