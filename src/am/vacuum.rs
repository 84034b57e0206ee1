//! VACUUM: rows that are gone lose their live bit; postings stay until their segment is merged.

use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::flush::flush;
use super::merge::merge;
use super::short_list::ShortList;
use super::{shrink, sweep, tid_to};
use crate::engine::error::{Result, reserve};
use crate::engine::ids::Tid;
use crate::engine::segment::live;
use crate::engine::segment::pages::Part;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::policy::Effort;
use crate::engine::segment::reader;
use crate::storage::buffer::ExclusiveBuffer;
use crate::storage::fault;
use crate::storage::free;
use crate::storage::meta::{Manifest, Meta};
use crate::storage::pending::{self, Walk};
use crate::storage::raise::OrRaise;
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::SegmentPages;
use crate::storage::wal::WalBatch;

type Stats = *mut pg_sys::IndexBulkDeleteResult;

/// Asks PostgreSQL whether a heap row is to be removed from the index.
struct Reaper {
    callback: pg_sys::IndexBulkDeleteCallback,
    state: *mut c_void,
    removed: u64,
    kept: u64,
}

impl Reaper {
    fn is_gone(&mut self, tid: Tid) -> bool {
        let mut item = tid_to(tid);
        let Some(callback) = self.callback else { return false };
        let state = self.state;
        // SAFETY: PostgreSQL's own function with its own state; it may raise, hence the guard, inside which nothing of
        // ours is to be dropped.
        let gone = unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| callback(&raw mut item, state)) };
        if gone {
            self.removed += 1
        } else {
            self.kept += 1
        }
        gone
    }
}

/// Removes rows that the callback says are gone.
///
/// # Safety
/// - Called by PostgreSQL with the index open and locked.
#[pg_guard]
pub unsafe extern "C-unwind" fn ambulkdelete(
    info: *mut pg_sys::IndexVacuumInfo,
    stats: Stats,
    callback: pg_sys::IndexBulkDeleteCallback,
    state: *mut c_void,
) -> Stats {
    // SAFETY: open and locked by the caller.
    let index = unsafe { IndexRelation::new((*info).index) };
    let mut reaper = Reaper { callback, state, removed: 0, kept: 0 };
    {
        let lock = index.lock_maintenance();
        reap(index, &lock, &mut reaper).or_raise(index);
    }
    let stats = or_new(stats);
    // SAFETY: from PostgreSQL or just made.
    unsafe {
        (*stats).tuples_removed += reaper.removed as f64;
        (*stats).num_index_tuples = reaper.kept as f64;
        (*stats).num_pages = index.n_blocks();
        (*stats).estimated_count = false;
    }
    stats
}

fn or_new(stats: Stats) -> Stats {
    if stats.is_null() {
        // SAFETY: a plain struct of numbers.
        return unsafe { PgBox::<pg_sys::IndexBulkDeleteResult>::alloc0() }.into_pg();
    }
    stats
}

/// Where VACUUM pauses if it is to be gentle, and can be cancelled; never with a buffer locked.
pub fn delay_point() {
    #[cfg(feature = "pg18")]
    // SAFETY: called with no buffer locked.
    unsafe {
        pg_sys::vacuum_delay_point(false);
    }
    #[cfg(not(feature = "pg18"))]
    // SAFETY: called with no buffer locked.
    unsafe {
        pg_sys::vacuum_delay_point();
    }
}

/// The list comes first: what is flushed while the segments are looked at has been looked at before, or is newer than
/// the rows that are to go.
fn reap(index: IndexRelation, lock: &MaintenanceLock, reaper: &mut Reaper) -> Result<()> {
    fault::point!("vacuum_before_pending");
    reap_pending(index, &Meta::read(index)?, reaper)?;
    let (manifest, _) = Manifest::read(index, &Meta::read(index)?)?;
    let mut list = ShortList::beside_all(index, lock, &manifest);
    let n_blocks = index.n_blocks();
    for descriptor in manifest.segments {
        let pages = SegmentPages::new(index, descriptor, n_blocks)?;
        fault::point!("vacuum_before_segment");
        reap_segment(index, &pages, reaper, &mut list).map_err(|e| pages.locate(e))?;
    }
    Ok(())
}

fn reap_segment(
    index: IndexRelation,
    pages: &SegmentPages,
    reaper: &mut Reaper,
    list: &mut ShortList<'_>,
) -> Result<()> {
    let segment = pages.reader();
    let dead = segment.dead()?;
    let mut gone = Vec::new();
    // TIDs of a page are copied out first: the callback must not run under a buffer lock.
    for first in (0..segment.meta.n_docs).step_by(TIDS_AT_ONCE as usize) {
        delay_point();
        list.turn()?;
        let n = (segment.meta.n_docs - first).min(TIDS_AT_ONCE);
        for (doc, tid) in reader::tids(&segment, first, n)? {
            if !dead.contains(doc) && reaper.is_gone(tid) {
                reserve(&mut gone, 1, "dead documents")?;
                gone.push(doc);
            }
        }
    }
    clear_live_bits(index, pages, &gone)
}

/// TIDs copied out of the docmap together.
const TIDS_AT_ONCE: u32 = crate::engine::segment::format::DOCMAP_PER_PAGE;

fn clear_live_bits(index: IndexRelation, pages: &SegmentPages, docs: &[u32]) -> Result<()> {
    for group in docs.chunk_by(|&a, &b| live::place(a).0 == live::place(b).0) {
        let (page_no, ..) = live::place(group[0]);
        let missing = crate::engine::segment::pages::corrupt(Part::Live, page_no, "no such page");
        let block = pages.block(Part::Live, page_no).ok_or(missing)?;
        let buffer = ExclusiveBuffer::open(index, block)?;
        pages.expect_bits(Part::Live, page_no, buffer.page(), block)?;
        let mut batch = WalBatch::begin(index);
        batch.edit(&buffer, |page| {
            for &doc in group {
                let (_, byte, bit) = live::place(doc);
                page.payload_mut()[byte] &= !bit;
            }
        })?;
        batch.commit();
    }
    Ok(())
}

fn reap_pending(index: IndexRelation, meta: &Meta, reaper: &mut Reaper) -> Result<()> {
    let mut walk = Walk::all(index, meta);
    loop {
        delay_point();
        let mut entries = Vec::new();
        let block = {
            let Some(page) = walk.next_page()? else { return Ok(()) };
            page.for_each_entry(|at, head, _| {
                if !head.dead {
                    entries.push((at, head.tid));
                }
                Ok(())
            })?;
            page.own.block
        };
        entries.retain(|&(_, tid)| reaper.is_gone(tid));
        if !entries.is_empty() {
            let places: Vec<usize> = entries.into_iter().map(|(at, _)| at).collect();
            pending::mark_dead(index, block, &places)?;
        }
    }
}

/// Ends a VACUUM: flushes, merges, gives pages back.
///
/// # Safety
/// - Called by PostgreSQL with the index open and locked.
#[pg_guard]
pub unsafe extern "C-unwind" fn amvacuumcleanup(info: *mut pg_sys::IndexVacuumInfo, stats: Stats) -> Stats {
    // SAFETY: open and locked by the caller.
    let (index, analyze_only) = unsafe { (IndexRelation::new((*info).index), (*info).analyze_only) };
    if analyze_only {
        return stats;
    }
    let counted = !stats.is_null();
    let stats = or_new(stats);
    let (live, reusable) = clean_up(index).or_raise(index);
    // SAFETY: from PostgreSQL or just made.
    unsafe {
        if !counted {
            (*stats).num_index_tuples = live as f64;
            (*stats).estimated_count = false;
        }
        (*stats).num_pages = index.n_blocks();
        (*stats).pages_free = reusable;
    }
    stats
}

fn clean_up(index: IndexRelation) -> Result<(u64, u32)> {
    let lock = index.lock_maintenance();
    // What operations that were cut short left behind comes first: the merge needs room, and may be cut short again.
    let left_behind = sweep::sweep(index, true)?;
    free::offer(index, left_behind.reusable.iter());
    flush(index, &lock, Effort::Full)?;
    merge(index, &lock)?;
    fault::point!("cleanup_before_sweep");
    ShortList::beside(index, &lock, []).look()?;
    let n_free = shrink::shrink(index, &lock, sweep::sweep(index, true)?)?;
    Ok((count_live(index)?, n_free))
}

/// Live documents of segments and pending list.
pub fn count_live(index: IndexRelation) -> Result<u64> {
    let meta = Meta::read(index)?;
    let (manifest, _) = Manifest::read(index, &meta)?;
    let n_blocks = index.n_blocks();
    let mut n = 0;
    for descriptor in manifest.segments {
        let pages = SegmentPages::new(index, descriptor, n_blocks)?;
        let dead = pages.reader().dead().map_err(|e| pages.locate(e))?;
        n += u64::from(pages.descriptor().meta.n_docs) - dead.len();
    }
    let mut walk = Walk::all(index, &meta);
    while let Some(page) = walk.next_page()? {
        page.for_each_entry(|_, head, _| {
            n += u64::from(!head.dead);
            Ok(())
        })?;
    }
    Ok(n)
}
