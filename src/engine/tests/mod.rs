//! Tests of the whole engine with bytes that no sane writer has made: values from clients, pages from a bad disk.
//!
//! [`targets`] says what must hold of any bytes; [`mutator`] makes such bytes from good ones, [`trials`] tries very many
//! on all processors, and the files in `fuzz/corpus` are tried every time ([`corpora`]).

mod corpora;
mod headers;
mod images;
mod malformed;
mod mutator;
pub mod targets;
pub mod trials;
