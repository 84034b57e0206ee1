//! An immutable unit of the index: an inverted file over documents numbered from 0. The README beside this file draws
//! it.

pub mod check;
pub mod chunk;
mod document_sums;
pub mod format;
pub mod frequencies;
pub mod gaps;
pub mod inputs;
pub mod inverter;
pub mod last_pages;
pub mod live;
pub mod norms;
mod packing;
pub mod page_writer;
pub mod pages;
pub mod policy;
pub mod reader;
pub mod run;
pub mod source;
pub mod special;
pub mod spill;
pub mod spill_blocks;
pub mod spill_columns;
pub mod stats;
pub mod writer;
