//! wand_check, wand_info, wand_segments, wand_merge: for the owner of an index.

use pgrx::iter::TableIterator;
use pgrx::prelude::*;
use pgrx::{PgRelation, pg_sys};

use crate::am::scan::{self, ScanCounts};
use crate::am::{check, inspect, maintain};
use crate::engine::ids::Metric;
use crate::engine::segment::pages::Part;
use crate::storage::free;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;

/// An index with its table, both open and locked; the caller owns the index.
struct OwnedIndex {
    index: PgRelation,
    heap: PgRelation,
}

impl OwnedIndex {
    /// Kind, access method and ownership are checked before anything is locked or opened.
    fn open(oid: pg_sys::Oid, mode: u32) -> Self {
        check_is_wand(oid);
        check_owner(oid);
        let mode = mode as pg_sys::LOCKMODE;
        // SAFETY: a catalogue look-up; raises if the index has gone since.
        let heap = unsafe { pg_sys::IndexGetRelation(oid, false) };
        // The table first, as everybody does, or two sessions could wait for each other.
        // SAFETY: raises if the table is gone.
        let heap = unsafe { PgRelation::with_lock(heap, mode) };
        // SAFETY: raises if the index is gone.
        let index = unsafe { PgRelation::with_lock(oid, mode) };
        Self { index, heap }
    }

    fn relation(&self) -> IndexRelation {
        // SAFETY: open and locked for as long as `self` lives.
        unsafe { IndexRelation::new(self.index.as_ptr()) }
    }
}

fn name_of(oid: pg_sys::Oid) -> String {
    // SAFETY: a catalogue look-up; NULL if there is no such relation.
    let name = unsafe { pg_sys::get_rel_name(oid) };
    if name.is_null() {
        return format!("with OID {}", u32::from(oid));
    }
    // SAFETY: a C string in the current memory context.
    let name = unsafe { std::ffi::CStr::from_ptr(name) };
    format!("\"{}\"", name.to_string_lossy())
}

/// A relation's kind and access method; zeros if there is no such relation.
fn kind_and_method(oid: pg_sys::Oid) -> (u8, pg_sys::Oid) {
    let cache = pg_sys::SysCacheIdentifier::RELOID as i32;
    // SAFETY: the cache is keyed by one oid.
    let tuple = unsafe { pg_sys::SearchSysCache1(cache, pg_sys::Datum::from(oid)) };
    if tuple.is_null() {
        return (0, pg_sys::InvalidOid);
    }
    // SAFETY: a tuple of pg_class.
    let class = unsafe { &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>() };
    let found = (class.relkind as u8, class.relam);
    // SAFETY: found above.
    unsafe { pg_sys::ReleaseSysCache(tuple) };
    found
}

fn check_is_wand(oid: pg_sys::Oid) {
    let (kind, access_method) = kind_and_method(oid);
    // SAFETY: a catalogue look-up; the extension that this library belongs to made the access method.
    let ours = unsafe { pg_sys::get_index_am_oid(c"wand".as_ptr(), false) };
    let is_index = kind == pg_sys::RELKIND_INDEX || kind == pg_sys::RELKIND_PARTITIONED_INDEX;
    if !is_index || access_method != ours {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("relation {} is not a wand index", name_of(oid)),
            "Only indexes made with USING wand can be looked at."
        );
    }
    if kind == pg_sys::RELKIND_PARTITIONED_INDEX {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("index {} is partitioned and has no pages of its own", name_of(oid)),
            "Name the index of a partition; pg_partition_tree lists them."
        );
    }
}

fn check_owner(oid: pg_sys::Oid) {
    // SAFETY: reads the session's user.
    let user = unsafe { pg_sys::GetUserId() };
    #[cfg(feature = "pg15")]
    // SAFETY: a catalogue look-up.
    let owns = unsafe { pg_sys::pg_class_ownercheck(oid, user) };
    #[cfg(not(feature = "pg15"))]
    // SAFETY: a catalogue look-up.
    let owns = unsafe { pg_sys::object_ownercheck(pg_sys::RelationRelationId, oid, user) };
    if !owns {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of index {}", name_of(oid)),
            "Its owner, members of the owner's role and superusers may look at it."
        );
    }
}

/// An index that is still being built, or whose build failed, lacks rows and must not be compared with its table.
fn check_is_valid(index: &PgRelation) {
    // SAFETY: an open index has its pg_index row.
    if unsafe { !(*(*index.as_ptr()).rd_index).indisvalid } {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("index \"{}\" is not valid and cannot be compared with its table", index.name()),
            "Its build has not finished or has failed."
        );
    }
}

/// Runs `work` as the table's owner in a restricted context: index expressions and predicates are the owner's code.
fn as_owner<T>(heap: &PgRelation, work: impl FnOnce() -> T) -> T {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: reads and writes the session's user and security context; an error restores both at abort.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
        let owner = (*(*heap.as_ptr()).rd_rel).relowner;
        pg_sys::SetUserIdAndSecContext(owner, context | pg_sys::SECURITY_RESTRICTED_OPERATION as i32);
    }
    // SAFETY: settings made by that code end with this level.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    // SAFETY: for the level just made, as the server's own maintenance commands do it.
    unsafe {
        pg_sys::RestrictSearchPath();
    }
    let result = work();
    // SAFETY: the level was made above.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    // SAFETY: what was read above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    result
}

/// `wand_check(index regclass, heap boolean)`: what is wrong, one row for each finding; no row if the index is sound.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_check(
    index: pg_sys::Oid,
    heap: bool,
) -> TableIterator<
    'static,
    (name!(segment, Option<i64>), name!(part, String), name!(block, Option<i64>), name!(problem, String)),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    if heap {
        check_is_valid(&opened.index);
    }
    let findings = if heap {
        as_owner(&opened.heap, || check::check(opened.relation(), Some(opened.heap.as_ptr())))
    } else {
        check::check(opened.relation(), None)
    };
    let rows = findings.into_iter().map(|f| (f.segment.map(i64::from), f.part, f.block.map(i64::from), f.problem));
    TableIterator::new(rows.collect::<Vec<_>>())
}

const BLOCK_BYTES: i64 = pg_sys::BLCKSZ as i64;

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn bytes(pages: u64) -> i64 {
    signed(pages).saturating_mul(BLOCK_BYTES)
}

/// `wand_info(index regclass)`: one row.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_info(
    index: pg_sys::Oid,
) -> TableIterator<
    'static,
    (
        name!(metric, &'static str),
        name!(segments, i32),
        name!(documents, i64),
        name!(live, i64),
        name!(dead, i64),
        name!(pending, i64),
        name!(postings, i64),
        name!(terms_bytes, i64),
        name!(postings_bytes, i64),
        name!(docmap_bytes, i64),
        name!(pending_bytes, i64),
        name!(meta_bytes, i64),
        name!(free_bytes, i64),
        name!(orphaned_bytes, i64),
        name!(total_bytes, i64),
    ),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    let info = inspect::inspect(opened.relation()).or_raise(opened.relation());
    let metric = match info.metric {
        Metric::InnerProduct => "inner product",
        Metric::Cosine => "cosine",
    };
    let documents: u64 = info.segments.iter().map(|s| u64::from(s.meta.n_docs)).sum();
    let live: u64 = info.segments.iter().map(|s| s.live).sum();
    let parts = |parts: &[Part]| bytes(info.segments.iter().map(|s| s.pages(parts)).sum());
    TableIterator::once((
        metric,
        i32::try_from(info.segments.len()).unwrap_or(i32::MAX),
        signed(documents),
        signed(live),
        signed(documents - live),
        signed(info.pending),
        signed(info.segments.iter().map(|s| s.meta.n_postings).sum()),
        parts(&[Part::Terms, Part::Fences]),
        parts(&[Part::Postings, Part::Chunks]),
        parts(&[Part::Docmap, Part::Live, Part::Special]),
        bytes(info.pending_pages),
        bytes(info.manifest_pages + 1),
        bytes(u64::from(info.unowned.reusable) + u64::from(info.unowned.waiting)),
        bytes(u64::from(info.unowned.orphaned) + u64::from(info.unowned.in_doubt)),
        bytes(info.pages),
    ))
}

/// `wand_segments(index regclass)`: one row for each sealed segment.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_segments(
    index: pg_sys::Oid,
) -> TableIterator<
    'static,
    (
        name!(segment, i64),
        name!(documents, i64),
        name!(live, i64),
        name!(null_vectors, i64),
        name!(terms, i64),
        name!(postings, i64),
        name!(max_nnz, i64),
        name!(bytes, i64),
    ),
> {
    let opened = OwnedIndex::open(index, pg_sys::AccessShareLock);
    let info = inspect::inspect(opened.relation()).or_raise(opened.relation());
    let rows = info.segments.into_iter().map(|s| {
        (
            i64::from(s.id),
            i64::from(s.meta.n_docs),
            signed(s.live),
            i64::from(s.meta.n_null),
            i64::from(s.meta.n_terms),
            signed(s.meta.n_postings),
            i64::from(s.meta.max_nnz),
            bytes(s.pages(&Part::ALL)),
        )
    });
    TableIterator::new(rows.collect::<Vec<_>>())
}

/// `wand_last_scan()`: what the last ordered scan of a wand index in this session did; no row before the first.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn wand_last_scan() -> TableIterator<
    'static,
    (
        name!(index, pg_sys::Oid),
        name!(strategy, &'static str),
        name!(segments, i32),
        name!(lists, i64),
        name!(postings, i64),
        name!(rounds, i32),
        name!(blocks_bounded, i64),
        name!(blocks_scored, i64),
        name!(blocks_dropped, i64),
        name!(block_lookups, i64),
        name!(rows, i64),
    ),
> {
    let row = scan::last_scan().map(|ScanCounts { index, segments, rank }| {
        let strategy = match (rank.rounds, rank.exhaustive) {
            (0, _) => "exhaustive",
            (_, true) => "bounds, then exhaustive",
            (_, false) => "bounds",
        };
        (
            index,
            strategy,
            i32::try_from(segments).unwrap_or(i32::MAX),
            signed(rank.lists),
            signed(rank.postings),
            i32::try_from(rank.rounds).unwrap_or(i32::MAX),
            signed(rank.bounded),
            signed(rank.blocks.scored),
            signed(rank.blocks.dropped),
            signed(rank.blocks.lookups),
            signed(rank.delivered),
        )
    });
    TableIterator::new(row)
}

/// `wand_merge(index regclass)`: flushes the pending list and merges segments as VACUUM would; the number of merges.
#[pg_extern(sql = false)]
fn wand_merge(index: pg_sys::Oid) -> i32 {
    let opened = OwnedIndex::open(index, pg_sys::ShareUpdateExclusiveLock);
    let relation = opened.relation();
    let lock = relation.lock_maintenance();
    maintain::flush(relation, &lock).or_raise(relation);
    let merges = maintain::merge(relation, &lock, maintain::Effort::Full).or_raise(relation);
    free::publish_free(relation);
    i32::try_from(merges).unwrap_or(i32::MAX)
}
