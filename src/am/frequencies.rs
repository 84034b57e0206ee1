//! Document frequencies of the rows that the running statement sees: postings are counted, and the table is asked of
//! each row whether it is there, which the index does not know. So the count is right after deletions, updates and
//! rollbacks, before any VACUUM, and equal to that of a scan of the table, of whose vectors none is read.

use pgrx::pg_sys;
use roaring::RoaringBitmap;

use super::columns::vector_place;
use super::table_end::NO_SUCH_ROW;
use super::visible::VisibleRows;
use crate::engine::error::{EngineError, Result};
use crate::engine::ids::Tid;
use crate::engine::segment::format::DOCMAP_PER_PAGE;
use crate::engine::segment::frequencies::DocumentFrequencies;
use crate::engine::segment::pages::{Part, PartPages, corrupt};
use crate::engine::segment::reader;
use crate::engine::vector::check::check_same_dim;
use crate::engine::vector::error::VectorError;
use crate::storage::manifest_cache;
use crate::storage::meta::Meta;
use crate::storage::pending::{self, EntryBuffer, Walk};
use crate::storage::relation::IndexRelation;
use crate::storage::replay;
use crate::storage::segment_pages::SegmentPages;

const BEYOND: &str = "a term beyond the column's dimension";

/// What was counted.
pub struct Counted {
    /// Documents of each term.
    pub frequencies: DocumentFrequencies,
    /// The dimension of the column, or of the first vector if the column has none; 0 without either. An error if the
    /// vectors have several.
    pub dim: std::result::Result<u32, VectorError>,
}

/// Counts the whole index.
///
/// # Safety
/// - `heap` is the table of `index`, open and locked during the call.
pub unsafe fn count(index: IndexRelation, heap: pg_sys::Relation) -> Result<Counted> {
    // SAFETY: the caller's promise.
    let mut rows = unsafe { VisibleRows::begin(index, heap) };
    let dim = u32::try_from(index.column_typmod(vector_place(index))).ok().filter(|&dim| dim > 0);
    replay::retry(index, |meta| {
        let mut count = Count::new(&mut rows, dim);
        count.add_all(index, meta)?;
        let (frequencies, dim) = (count.frequencies, count.dim.unwrap_or(0));
        let is_beyond = dim > 0 && frequencies.greatest_term().is_some_and(|term| term >= dim);
        let dim = if is_beyond { common_dim(index, meta, &mut rows, dim)? } else { Ok(dim) };
        Ok(Counted { frequencies, dim })
    })
}

/// The dimension of all vectors, where one has a term that the first one's dimension, `first`, does not have: either
/// not all have that, or the index is damaged.
fn common_dim(
    index: IndexRelation,
    meta: &Meta,
    rows: &mut VisibleRows,
    first: u32,
) -> Result<std::result::Result<u32, VectorError>> {
    let mut count = Count { dims: Some(Dims { common: Ok(first), some_unbounded: false }), ..Count::new(rows, None) };
    count.add_all(index, meta)?;
    match count.dims {
        Some(dims) if dims.some_unbounded || dims.common.is_err() => Ok(dims.common),
        _ => Count::new(rows, Some(first)).add_all(index, meta).map(|()| Ok(first)),
    }
}

/// The dimensions of all vectors seen.
struct Dims {
    common: std::result::Result<u32, VectorError>,
    some_unbounded: bool,
}

struct Count<'a> {
    rows: &'a mut VisibleRows,
    frequencies: DocumentFrequencies,
    dim: Option<u32>,
    /// No term of the column is so large, if it has a dimension.
    end: u32,
    /// If they are asked for: then all vectors are read.
    dims: Option<Dims>,
}

impl<'a> Count<'a> {
    fn new(rows: &'a mut VisibleRows, dim: Option<u32>) -> Self {
        Self { rows, frequencies: DocumentFrequencies::default(), dim, end: dim.unwrap_or(u32::MAX), dims: None }
    }

    /// The metapage is read after the snapshot was taken, so every row that is seen is found from there, and once.
    fn add_all(&mut self, index: IndexRelation, meta: &Meta) -> Result<()> {
        let skip_killed = !index.is_under_replay();
        for segment in manifest_cache::open_segments(index, meta)? {
            self.add_segment(&segment, skip_killed).map_err(|e| segment.locate(e))?;
        }
        self.add_pending(index, meta, skip_killed)
    }

    fn add_segment(&mut self, pages: &SegmentPages, skip_killed: bool) -> Result<()> {
        let segment = pages.reader();
        let irregular = segment.special()?.irregular;
        let mut hidden = segment.absent(skip_killed)?;
        let mut unseen = RoaringBitmap::new();
        reader::for_each_tid(&segment, &mut |doc, tid| {
            if hidden.contains(doc) {
                return Ok(());
            }
            if !self.sees(tid).ok_or(corrupt(Part::Docmap, doc / DOCMAP_PER_PAGE, NO_SUCH_ROW))? {
                unseen.insert(doc);
            } else if irregular.contains(doc) {
                let frequencies = &mut self.frequencies;
                self.rows.with_vector(|vector| vector.map_or(Ok(()), |vector| frequencies.add_vector(vector)))?;
            }
            Ok(())
        })?;
        hidden |= unseen;
        if let Some(last) = segment.meta.n_terms.checked_sub(1)
            && segment.term_entry(last)?.term >= self.end
        {
            return Err(corrupt(Part::Terms, segment.meta.n_pages(Part::Terms) - 1, BEYOND));
        }
        self.frequencies.add_segment(segment, hidden)
    }

    fn add_pending(&mut self, index: IndexRelation, meta: &Meta, skip_killed: bool) -> Result<()> {
        let mut buffer = EntryBuffer::default();
        let mut walk = Walk::all(index, meta);
        while let Some(page) = walk.next_page()? {
            page.for_each_entry(|_, head, body| {
                let absent = head.dead || head.killed && skip_killed;
                let no_such_row = EngineError::BadPage { block: page.own.block, reason: NO_SUCH_ROW };
                if !absent && self.sees(head.tid).ok_or(no_such_row)? {
                    let vector = pending::load(index, &head, body, page.own.block, &mut buffer)?.vector;
                    if vector.and_then(|vector| vector.indices().last()).is_some_and(|&last| last >= self.end) {
                        return Err(EngineError::BadPage { block: page.own.block, reason: BEYOND });
                    }
                    vector.map_or(Ok(()), |vector| self.frequencies.add_vector(vector))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// `None` if the table cannot have such a row.
    fn sees(&mut self, tid: Tid) -> Option<bool> {
        let sees = self.rows.sees(tid)?;
        if sees && (self.dim.is_none() || self.dims.is_some()) {
            let dim = self.rows.with_vector(|vector| vector.map(|vector| vector.dim()));
            self.dim = self.dim.or(dim);
            if let (Some(dims), Some(dim)) = (&mut self.dims, dim) {
                dims.some_unbounded |= dim == 0;
                if let Ok(common) = dims.common {
                    dims.common = check_same_dim(common, dim);
                }
            }
        }
        Some(sees)
    }
}
