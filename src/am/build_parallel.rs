//! A build by several processes: PostgreSQL's parallel workers and the process that builds the index, the leader.
//!
//! All of them take part in one parallel scan of the table, and each writes a segment of its own; so scan, inversion,
//! merge and the writing of pages all run side by side. Nobody can see the segments until the leader, when all workers
//! have ended well, publishes them together.
//!
//! What a worker may do in parallel mode is limited: it must not need a transaction id or change the catalog. Writing
//! pages of the index with generic log records needs neither. The processes share their locks, so the relations' locks
//! do not keep them apart; the extension lock does, which is how they get different blocks.

use std::ffi::{CStr, c_char};
use std::mem::{align_of, size_of};

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::build_part::{Part, Task, build_part};
use super::maintain;
use super::progress::{self, Phase};
use super::settings::maintenance_budget;
use crate::engine::error::{EngineError, Result};
use crate::storage::exchange::Exchange;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;

/// Name of the library and of the function in it that workers begin with.
const LIBRARY: &CStr = c"pg_wand";
const WORKER: &CStr = c"pg_wand_build_worker";

/// What lies in the build's shared memory. Small numbers belong to PostgreSQL's executor, large ones to the server's
/// own parallel operations.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Key {
    Shared = 0x5A4E_0000_0000_0001,
    Scan,
    Reports,
    BufferUsage,
    WalUsage,
    Query,
}

/// What all participants must know. Written by the leader before any worker runs; `files` has a lock of its own.
#[repr(C)]
struct Shared {
    heap: pg_sys::Oid,
    index: pg_sys::Oid,
    concurrent: bool,
    budget: usize,
    /// Generation of the first worker's segment; the others' follow.
    generation: u32,
    files: pg_sys::SharedFileSet,
}

/// What a worker reports, in a place of its own that the leader reads when the worker has ended.
#[derive(Clone, Copy)]
#[repr(C)]
struct Report {
    finished: bool,
    broken_hot_chain: bool,
    has_segment: bool,
    heap_tuples: f64,
    index_tuples: u64,
}

impl Report {
    const NONE: Self =
        Self { finished: false, broken_hot_chain: false, has_segment: false, heap_tuples: 0.0, index_tuples: 0 };
}

// The table of contents aligns what it holds to ALIGNOF_BUFFER.
const _: () = assert!(align_of::<Shared>() <= pg_sys::ALIGNOF_BUFFER as usize);
const _: () = assert!(align_of::<Report>() <= pg_sys::ALIGNOF_BUFFER as usize);

/// Builds with workers, as many as PostgreSQL thinks worth it. `None` if there are none: then nothing has been done.
///
/// # Safety
/// - The relations are open and locked as for `ambuild`, and `info` is the index's.
pub unsafe fn build(
    heap: pg_sys::Relation,
    index: IndexRelation,
    info: *mut pg_sys::IndexInfo,
) -> Result<Option<Vec<Part>>> {
    // SAFETY: by the caller's promise.
    let n_workers = unsafe { n_workers(heap, index, info) };
    if n_workers == 0 {
        return Ok(None);
    }
    let budget = maintenance_budget() / (n_workers as usize + 1);
    let generation = maintain::begin_operations(index, n_workers + 1)?;
    // SAFETY: by the caller's promise.
    let Some(team) = (unsafe { Team::launch(heap, index, info, n_workers, budget, generation + 1) }) else {
        return Ok(None);
    };
    // SAFETY: the scan is the team's, of this table; each participant begins it once.
    let scan = unsafe { pg_sys::table_beginscan_parallel(heap, team.scan) };
    // SAFETY: by the caller's promise.
    let own = unsafe { build_part(Task { heap, index, info, scan, budget, generation, leads: true }) }?;
    progress::report(Phase::Waiting);
    let mut parts = vec![own];
    // SAFETY: `info` is the caller's.
    unsafe { team.finish(info, &mut parts)? };
    Ok(Some(parts))
}

/// How many workers the build is to have.
///
/// # Safety
/// - As for `build`.
unsafe fn n_workers(heap: pg_sys::Relation, index: IndexRelation, info: *mut pg_sys::IndexInfo) -> u32 {
    // SAFETY: the table is open.
    if unsafe { pg_sys::RelationGetNumberOfBlocksInFork(heap, pg_sys::ForkNumber::MAIN_FORKNUM) } == 0 {
        return 0;
    }
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    let n = {
        let _ = index;
        // SAFETY: by the caller's promise; PostgreSQL has asked its planner.
        unsafe { (*info).ii_ParallelWorkers }
    };
    // These versions ask the planner for B-trees only. It knows of settings, sizes, and what must not run in a worker.
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    let n = {
        let _ = info;
        // SAFETY: open relations have numbers; both are locked.
        unsafe { pg_sys::plan_create_index_workers((*heap).rd_id, (*index.raw()).rd_id) }
    };
    u32::try_from(n).unwrap_or(0)
}

/// The leader's view of the workers and of what they share.
struct Team {
    context: *mut pg_sys::ParallelContext,
    snapshot: Snapshot,
    shared: *const Shared,
    exchange: Exchange,
    scan: pg_sys::ParallelTableScanDesc,
    reports: *const Report,
    buffer_usage: *mut pg_sys::BufferUsage,
    wal_usage: *mut pg_sys::WalUsage,
}

impl Team {
    /// Starts workers, and parallel mode with them. `None` if not a single one could be had; then parallel mode is
    /// over.
    ///
    /// # Safety
    /// - As for `build`.
    unsafe fn launch(
        heap: pg_sys::Relation,
        index: IndexRelation,
        info: *mut pg_sys::IndexInfo,
        n_workers: u32,
        budget: usize,
        generation: u32,
    ) -> Option<Self> {
        let n = n_workers as usize;
        // SAFETY: by the caller's promise.
        let concurrent = unsafe { (*info).ii_Concurrent };
        // SAFETY: left in `leave`, or by the abort of the transaction.
        unsafe { pg_sys::EnterParallelMode() };
        // SAFETY: in parallel mode; the names are static.
        let context = unsafe { pg_sys::CreateParallelContext(LIBRARY.as_ptr(), WORKER.as_ptr(), n_workers as i32) };
        let snapshot = Snapshot::for_build(concurrent);
        // SAFETY: the table is open.
        let scan_bytes = unsafe { pg_sys::table_parallelscan_estimate(heap, snapshot.raw) };
        // SAFETY: null or a string that lasts as long as the statement.
        let query = unsafe { pg_sys::debug_query_string.as_ref().map(|q| CStr::from_ptr(q).to_bytes_with_nul()) };

        let sizes = [size_of::<Shared>(), scan_bytes, bytes_of::<Report>(n)];
        let usage_sizes = [bytes_of::<pg_sys::BufferUsage>(n), bytes_of::<pg_sys::WalUsage>(n)];
        for bytes in sizes.into_iter().chain(usage_sizes).chain(query.map(<[u8]>::len)) {
            // SAFETY: the context is new and its memory not yet made.
            unsafe { estimate(context, bytes) };
        }
        // SAFETY: the context is new.
        unsafe { pg_sys::InitializeParallelDSM(context) };
        // SAFETY: as above.
        if unsafe { (*context).seg }.is_null() {
            // SAFETY: no worker was started.
            unsafe { leave(context, &snapshot) };
            return None;
        }

        // SAFETY: the context's memory is there, and room for each of these was estimated; nobody else sees it yet.
        let team = unsafe {
            let shared: *mut Shared = allocate(context, Key::Shared, sizes[0]);
            let files = &raw mut (*shared).files;
            (&raw mut (*shared).heap).write((*heap).rd_id);
            (&raw mut (*shared).index).write((*index.raw()).rd_id);
            (&raw mut (*shared).concurrent).write(concurrent);
            (&raw mut (*shared).budget).write(budget);
            (&raw mut (*shared).generation).write(generation);
            let exchange = Exchange::create(files, (*context).seg);
            let scan: pg_sys::ParallelTableScanDesc = allocate(context, Key::Scan, sizes[1]);
            pg_sys::table_parallelscan_initialize(heap, scan, snapshot.raw);
            let reports: *mut Report = allocate(context, Key::Reports, sizes[2]);
            (0..n).for_each(|i| reports.add(i).write(Report::NONE));
            let buffer_usage = allocate(context, Key::BufferUsage, usage_sizes[0]);
            let wal_usage = allocate(context, Key::WalUsage, usage_sizes[1]);
            if let Some(query) = query {
                let place: *mut u8 = allocate(context, Key::Query, query.len());
                place.copy_from_nonoverlapping(query.as_ptr(), query.len());
            }
            Self { context, snapshot, shared, exchange, scan, reports, buffer_usage, wal_usage }
        };
        // SAFETY: everything that workers look for is in place.
        unsafe { pg_sys::LaunchParallelWorkers(context) };
        if team.n_launched() == 0 {
            // SAFETY: no worker runs.
            unsafe { leave(context, &team.snapshot) };
            return None;
        }
        Some(team)
    }

    fn n_launched(&self) -> usize {
        // SAFETY: the context lives as long as the team.
        usize::try_from(unsafe { (*self.context).nworkers_launched }).unwrap_or(0)
    }

    /// Waits for the workers, collects what they have done, and ends parallel mode. A worker's ERROR becomes the
    /// leader's.
    ///
    /// # Safety
    /// - `info` is the index's.
    unsafe fn finish(self, info: *mut pg_sys::IndexInfo, parts: &mut Vec<Part>) -> Result<()> {
        // SAFETY: the context lives as long as the team. A worker that never came to life is an ERROR here.
        unsafe { pg_sys::WaitForParallelWorkersToAttach(self.context) };
        // SAFETY: as above.
        unsafe { pg_sys::WaitForParallelWorkersToFinish(self.context) };
        for i in 0..self.n_launched() {
            // SAFETY: there is a place for each worker, and the worker is done with it.
            let report = unsafe { self.reports.add(i).read() };
            if !report.finished {
                let reason = "a worker has ended without a report";
                return Err(EngineError::Corrupt { part: "build", page: 0, reason });
            }
            // SAFETY: there is a place for each worker, and the worker has filled it.
            unsafe { pg_sys::InstrAccumParallelQuery(self.buffer_usage.add(i), self.wal_usage.add(i)) };
            // SAFETY: by the caller's promise.
            unsafe { (*info).ii_BrokenHotChain |= report.broken_hot_chain };
            // SAFETY: written before the workers ran.
            let generation = unsafe { (*self.shared).generation } + i as u32;
            let segment = if report.has_segment { Some(self.exchange.take(generation)?) } else { None };
            parts.push(Part { heap_tuples: report.heap_tuples, index_tuples: report.index_tuples, segment });
        }
        // SAFETY: the workers have ended, and nothing of the shared memory is needed any more.
        unsafe { leave(self.context, &self.snapshot) };
        Ok(())
    }
}

/// What the parallel scan sees: everything, or for a concurrent build what one snapshot sees (as in a serial build).
struct Snapshot {
    raw: pg_sys::Snapshot,
    registered: bool,
}

impl Snapshot {
    fn for_build(concurrent: bool) -> Self {
        let raw = if concurrent {
            // SAFETY: in a transaction; unregistered in `leave`, or by the abort of the transaction.
            unsafe { pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot()) }
        } else {
            &raw mut pg_sys::SnapshotAnyData
        };
        Self { raw, registered: concurrent }
    }
}

/// Ends parallel mode.
///
/// # Safety
/// - The workers of `context` have ended, or there were none.
unsafe fn leave(context: *mut pg_sys::ParallelContext, snapshot: &Snapshot) {
    if snapshot.registered {
        // SAFETY: registered in `Snapshot::for_build`.
        unsafe { pg_sys::UnregisterSnapshot(snapshot.raw) };
    }
    // SAFETY: by the caller's promise; entered in `Team::launch`.
    unsafe {
        pg_sys::DestroyParallelContext(context);
        pg_sys::ExitParallelMode();
    }
}

/// Bytes of `n` values in shared memory; raises if that is more than there can be.
fn bytes_of<T>(n: usize) -> usize {
    // SAFETY: arithmetic that raises instead of wrapping.
    unsafe { pg_sys::mul_size(n, size_of::<T>()) }
}

/// Counts in something that shared memory is to hold.
///
/// # Safety
/// - `context` is new and its memory not yet made.
unsafe fn estimate(context: *mut pg_sys::ParallelContext, bytes: usize) {
    let bytes = bytes.next_multiple_of(pg_sys::ALIGNOF_BUFFER as usize);
    // SAFETY: by the caller's promise.
    unsafe {
        let estimator = &mut (*context).estimator;
        estimator.space_for_chunks = pg_sys::add_size(estimator.space_for_chunks, bytes);
        estimator.number_of_keys = pg_sys::add_size(estimator.number_of_keys, 1);
    }
}

/// A place of shared memory that workers find by its key.
///
/// # Safety
/// - The place was counted in with [`estimate`], and `T` needs no more than ALIGNOF_BUFFER's alignment.
unsafe fn allocate<T>(context: *mut pg_sys::ParallelContext, key: Key, bytes: usize) -> *mut T {
    // SAFETY: by the caller's promise there is room.
    unsafe {
        let place = pg_sys::shm_toc_allocate((*context).toc, bytes);
        pg_sys::shm_toc_insert((*context).toc, key as u64, place);
        place.cast()
    }
}

/// What the leader has put there.
///
/// # Safety
/// - `toc` is a build's, and `T` is what the leader allocated under this key.
unsafe fn look_up<T>(toc: *mut pg_sys::shm_toc, key: Key) -> *mut T {
    let may_lack = matches!(key, Key::Query);
    // SAFETY: by the caller's promise; a missing key is an ERROR.
    unsafe { pg_sys::shm_toc_lookup(toc, key as u64, may_lack).cast() }
}

/// Where a worker begins. PostgreSQL finds it by its name.
///
/// # Safety
/// - Called by PostgreSQL in a worker that `Team::launch` has started.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pg_wand_build_worker(segment: *mut pg_sys::dsm_segment, toc: *mut pg_sys::shm_toc) {
    // SAFETY: by the caller's promise these are what the leader put there. Worker n has the nth place of each array.
    let (shared, scan, report, buffer_usage, wal_usage, query) = unsafe {
        let n = usize::try_from(pg_sys::ParallelWorkerNumber).unwrap_or(0);
        let shared = look_up::<Shared>(toc, Key::Shared);
        let scan: pg_sys::ParallelTableScanDesc = look_up(toc, Key::Scan);
        let report = look_up::<Report>(toc, Key::Reports).add(n);
        let buffer_usage = look_up::<pg_sys::BufferUsage>(toc, Key::BufferUsage).add(n);
        let wal_usage = look_up::<pg_sys::WalUsage>(toc, Key::WalUsage).add(n);
        (shared, scan, report, buffer_usage, wal_usage, look_up::<c_char>(toc, Key::Query))
    };
    // SAFETY: the text lies in shared memory, which outlives the worker's work; null if there is none.
    unsafe {
        pg_sys::debug_query_string = query;
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, query);
    }
    // SAFETY: the leader wrote them before this process began, and nobody changes them.
    let (heap, index, concurrent, budget, first) =
        unsafe { ((*shared).heap, (*shared).index, (*shared).concurrent, (*shared).budget, (*shared).generation) };
    // SAFETY: made by the leader in this segment.
    let exchange = unsafe { Exchange::attach(&raw mut (*shared).files, segment) };
    // SAFETY: a worker has a number.
    let generation = first + unsafe { pg_sys::ParallelWorkerNumber }.unsigned_abs();

    // The leader's locks, which a worker may take beside it.
    let (heap_lock, index_lock) = if concurrent {
        (pg_sys::ShareUpdateExclusiveLock as i32, pg_sys::RowExclusiveLock as i32)
    } else {
        (pg_sys::ShareLock as i32, pg_sys::AccessExclusiveLock as i32)
    };
    // SAFETY: the leader holds both relations, so they exist.
    let (heap, raw_index) = unsafe { (pg_sys::table_open(heap, heap_lock), pg_sys::index_open(index, index_lock)) };
    // SAFETY: opened above, closed below.
    let index = unsafe { IndexRelation::new(raw_index) };
    // SAFETY: the index is open.
    let info = unsafe { pg_sys::BuildIndexInfo(raw_index) };
    // SAFETY: made above; then the scan of this table, begun once by each participant.
    let scan = unsafe {
        (*info).ii_Concurrent = concurrent;
        pg_sys::InstrStartParallelQuery();
        pg_sys::table_beginscan_parallel(heap, scan)
    };
    // SAFETY: all of it belongs together, by the above.
    let part = unsafe { build_part(Task { heap, index, info, scan, budget, generation, leads: false }) };
    let part = part.or_raise(index);
    if let Some(descriptor) = &part.segment {
        exchange.put(descriptor).or_raise(index);
    }
    // SAFETY: this worker's own places; `info` was made above.
    unsafe {
        report.write(Report {
            finished: true,
            broken_hot_chain: (*info).ii_BrokenHotChain,
            has_segment: part.segment.is_some(),
            heap_tuples: part.heap_tuples,
            index_tuples: part.index_tuples,
        });
        pg_sys::InstrEndParallelQuery(buffer_usage, wal_usage);
        pg_sys::index_close(raw_index, index_lock);
        pg_sys::table_close(heap, heap_lock);
    }
}
