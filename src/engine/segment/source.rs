//! What a segment is written from: a run in memory, a run on disk, or another segment. All three give their documents
//! once and then their lists, term by term in ascending order, so that one writer serves build, flush and merge.

use roaring::RoaringBitmap;

use super::format::Sign;
use super::norms::Norm;
use super::pages::{Part, corrupt};
use super::special::SpecialDocs;
use crate::engine::error::{EngineError, Result};
use crate::engine::filter::value::Value;
use crate::engine::ids::Tid;

/// A term as a source announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermHead {
    /// The term id.
    pub term: u32,
    /// The scale its impacts count in.
    pub exponent: i16,
    /// Postings in the list of each sign.
    pub df: [u32; 2],
}

/// Called with each document and its TID.
pub type EachTid<'a> = dyn FnMut(u32, Tid) -> Result<()> + 'a;
/// Called with each document and its norm.
pub type EachNorm<'a> = dyn FnMut(u32, Norm) -> Result<()> + 'a;
/// Called with each posting: document, impact.
pub type EachPosting<'a> = dyn FnMut(u32, u8) -> Result<()> + 'a;
/// Called with each document of a value.
pub type EachDoc<'a> = dyn FnMut(u32) -> Result<()> + 'a;

/// Documents, filter columns and lists in order. Calls come in this order: `for_each_tid` once, `for_each_norm` once;
/// for each filter column `begin_column`, then while there is a `value`: `for_each_doc_of_value`, `advance_value`; then
/// `begin_terms`, and for each term `head`, `for_each_posting` for the positive and then for the negative list,
/// `advance`.
pub trait SegmentSource {
    /// Number of documents, dead ones included.
    fn n_docs(&self) -> u32;
    /// Documents without a regular score.
    fn special(&self) -> &SpecialDocs;
    /// The most non-zeros of a document.
    fn max_nnz(&self) -> u32;
    /// Gives every document's TID, in order.
    fn for_each_tid(&mut self, each: &mut EachTid<'_>) -> Result<()>;
    /// Gives every document's norm, in order, if they have any.
    fn for_each_norm(&mut self, _each: &mut EachNorm<'_>) -> Result<()> {
        Ok(())
    }
    /// Moves to the first value of a filter column, all of which come in turn.
    fn begin_column(&mut self, _column: usize) -> Result<()> {
        Ok(())
    }
    /// How many values the current column has at most.
    fn n_values(&self) -> u32 {
        0
    }
    /// The current value of the column; `None` behind the last. Values ascend in the order of the column; documents
    /// whose value is NULL have none.
    fn value(&self) -> Option<Value<'_>> {
        None
    }
    /// Gives the documents of the current value, ascending.
    fn for_each_doc_of_value(&mut self, _each: &mut EachDoc<'_>) -> Result<()> {
        Ok(())
    }
    /// The error that the current value is not above the one before, or equal to one that was given already.
    fn value_out_of_order(&self) -> EngineError {
        corrupt(Part::FilterValues, 0, "values do not ascend")
    }
    /// Moves to the next value of the column.
    fn advance_value(&mut self) -> Result<()> {
        Ok(())
    }
    /// Moves to the first term.
    fn begin_terms(&mut self) -> Result<()> {
        Ok(())
    }
    /// The current term; `None` behind the last.
    fn head(&self) -> Option<TermHead>;
    /// Gives the current term's postings of one sign, documents ascending.
    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()>;
    /// Moves to the next term.
    fn advance(&mut self) -> Result<()>;
}

/// A source and those of its documents that are not to be copied.
pub struct Input<'a> {
    /// Where documents and lists come from.
    pub source: Box<dyn SegmentSource + 'a>,
    /// Documents to drop.
    pub dead: RoaringBitmap,
}

impl<'a> Input<'a> {
    /// An input of which everything is copied.
    pub fn all(source: impl SegmentSource + 'a) -> Self {
        Self { source: Box::new(source), dead: RoaringBitmap::new() }
    }
}
