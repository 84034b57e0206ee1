//! The check's second half: every visible row of the table is indexed exactly once, with the right weights.

use std::collections::HashMap;
use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::check::Finding;
use super::tid_from;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::check::DocumentSums;
use crate::engine::vector::SparseVectorRef;
use crate::storage::datum::SVec;
use crate::storage::meta::Meta;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentPages;

/// Where the check finds a row indexed.
pub enum Place {
    /// Segment (as position in the list) and document.
    Segment(usize, u32),
    /// A fingerprint of the pending vector.
    Pending(u64),
}

/// Compares the rows of `heap` that `snapshot` sees with where the index has them, and says what is wrong.
pub fn check_rows(
    index: IndexRelation,
    heap: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    segments: &[(SegmentPages, DocumentSums)],
    places: &HashMap<Tid, Place>,
) -> Vec<Finding> {
    let metric = Meta::read(index).map_or(Metric::InnerProduct, |meta| meta.metric);
    let mut state = HeapCheck { metric, segments, places, findings: Vec::new() };
    // SAFETY: the relations are open; `amcheck` scans the same way. The callback gets the state it expects. The table
    // scan is ended by the build scan.
    unsafe {
        let info = pg_sys::BuildIndexInfo(index.raw());
        // Do not wait for transactions whose rows are in doubt, and accept rows by the snapshot.
        (*info).ii_Concurrent = true;
        let scan = pg_sys::table_beginscan_strat(heap, snapshot, 0, std::ptr::null_mut(), true, true);
        let state = (&raw mut state).cast::<c_void>();
        pg_sys::table_index_build_scan(heap, index.raw(), info, true, false, Some(check_row), state, scan);
    }
    state.findings
}

struct HeapCheck<'a> {
    metric: Metric,
    segments: &'a [(SegmentPages, DocumentSums)],
    places: &'a HashMap<Tid, Place>,
    findings: Vec<Finding>,
}

/// One visible row of the table.
///
/// # Safety
/// - Called by PostgreSQL's table scan with the state that [`check_rows`] passes.
#[pg_guard]
unsafe extern "C-unwind" fn check_row(
    _index: pg_sys::Relation,
    tid: pg_sys::ItemPointer,
    values: *mut pg_sys::Datum,
    isnull: *mut bool,
    _alive: bool,
    state: *mut c_void,
) {
    // SAFETY: `check_rows` passes its state, PostgreSQL one value and one flag for the one column.
    let (state, tid, value, is_null) =
        unsafe { (&mut *state.cast::<HeapCheck<'_>>(), tid_from(tid), *values, *isnull) };
    // SAFETY: the column's type is the operator class's, an svec.
    let vector = (!is_null).then(|| unsafe { SVec::from_datum_raw(value) });
    let problem = state.compare(tid, vector.as_ref().map(SVec::as_ref));
    if let Some(vector) = vector {
        vector.free();
    }
    if let Some((segment, problem)) = problem {
        let problem = format!("row ({},{}) {problem}", tid.block, tid.offset);
        state.findings.push(Finding { segment, part: "heap".into(), block: None, problem });
    }
}

impl HeapCheck<'_> {
    fn compare(&self, tid: Tid, vector: Option<SparseVectorRef<'_>>) -> Option<(Option<u32>, &'static str)> {
        match self.places.get(&tid) {
            None => Some((None, "is not in the index")),
            Some(Place::Pending(stored)) if *stored != fingerprint(vector) => {
                Some((None, "is in the pending list with another vector"))
            }
            Some(Place::Pending(_)) => None,
            Some(&Place::Segment(at, doc)) => {
                let (pages, sums) = &self.segments[at];
                let id = Some(pages.descriptor().id);
                (!sums.matches(doc, self.metric, vector)).then_some((id, "is indexed with other weights"))
            }
        }
    }
}

/// A 64-bit digest of a vector's terms and weights (FNV-1a); NULL has its own.
pub fn fingerprint(vector: Option<SparseVectorRef<'_>>) -> u64 {
    let Some(vector) = vector else { return 1 };
    vector.iter().fold(0xcbf2_9ce4_8422_2325, |hash, (term, weight)| {
        let word = u64::from(term) << 32 | u64::from(weight.to_bits());
        word.to_le_bytes().iter().fold(hash, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    })
}
