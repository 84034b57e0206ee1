//! Integers and weights as bytes.

pub mod impact;
pub mod varint;
