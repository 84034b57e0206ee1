//! From text to vectors, without a model: a tokenizer as Hugging Face's library stores it, and one weight for each of
//! its tokens.
//!
//! The inference-free query side of learned sparse retrieval (arXiv 2411.04403): a token's weight in a query is its IDF,
//! or whatever the table says, whether it comes once or more often. Documents were encoded elsewhere by the model, or
//! get BM25 impacts ([`bm25`]). Term ids are the tokenizer's token ids.

pub mod bm25;
pub mod divide;
pub mod encoder;
pub mod error;
pub mod hash;
pub mod pieces;
pub mod table;
pub mod tokenizer;

#[cfg(test)]
mod tests;
