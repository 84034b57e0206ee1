//! Who may look at an index, and with which locks: every function of this folder opens it here.

use pgrx::prelude::*;
use pgrx::{PgRelation, pg_sys};

use crate::api::pg_class;
use crate::storage::relation::IndexRelation;

/// An index with its table, both open and locked; the caller owns the index.
pub struct OwnedIndex {
    /// The index.
    pub index: PgRelation,
    /// Its table.
    pub heap: PgRelation,
}

/// An index that is to be watched.
pub enum Watched {
    /// It is there.
    Open(OwnedIndex),
    /// Another session has it for itself, or its table: it is being rebuilt, for example.
    Locked,
    /// It was dropped.
    Gone,
}

impl OwnedIndex {
    /// Kind, access method and ownership are checked before anything is locked or opened.
    pub fn open(oid: pg_sys::Oid, mode: u32) -> Self {
        check_is_wand(oid);
        check_owner(oid);
        let name = name_of(oid);
        Self::open_checked(oid, mode).unwrap_or_else(|| {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
                format!("index {name} does not exist"),
                "It was dropped or built anew after this statement had looked it up."
            );
        })
    }

    /// For whoever watches many indexes, and is not to wait for any. Also for members of pg_stat_scan_tables, who may learn
    /// how large any table is and how many dead rows it has.
    pub fn open_to_watch(oid: pg_sys::Oid) -> Watched {
        if pg_class::look_up(oid, |_| ()).is_none() {
            return Watched::Gone;
        }
        check_is_wand(oid);
        // SAFETY: a catalogue look-up for the session's user.
        if !unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), pg_sys::ROLE_PG_STAT_SCAN_TABLES.into()) } {
            check_owner(oid);
        }
        // SAFETY: a catalogue look-up; no valid oid if the index has gone since.
        let heap = unsafe { pg_sys::IndexGetRelation(oid, true) };
        let mode = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
        // The table first, as everybody does. Both are held until the transaction ends.
        // SAFETY: takes a lock or does not; nothing is opened.
        if ![heap, oid].into_iter().all(|oid| unsafe { pg_sys::ConditionalLockRelationOid(oid, mode) }) {
            return Watched::Locked;
        }
        Self::open_checked(oid, pg_sys::AccessShareLock).map_or(Watched::Gone, Watched::Open)
    }

    /// `None` if the index has gone since it was looked up.
    fn open_checked(oid: pg_sys::Oid, mode: u32) -> Option<Self> {
        let mode = mode as pg_sys::LOCKMODE;
        // SAFETY: a catalogue look-up; no valid oid if the index has gone since.
        let heap = unsafe { pg_sys::IndexGetRelation(oid, true) };
        // The table first, as everybody does, or two sessions could wait for each other.
        lock(heap, mode).and_then(|heap| lock(oid, mode).map(|index| Self { index, heap }))
    }

    /// For the layers below.
    pub fn relation(&self) -> IndexRelation {
        // SAFETY: open and locked for as long as `self` lives.
        unsafe { IndexRelation::new(self.index.as_ptr()) }
    }
}

/// Opens a relation, unless it is gone: it may be dropped while this session waits for the lock.
fn lock(oid: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> Option<PgRelation> {
    // SAFETY: locks, then looks whether there is such a relation.
    let opened = unsafe { pg_sys::try_relation_open(oid, mode) };
    if opened.is_null() {
        return None;
    }
    // Once more, by what gives the lock back when it is dropped.
    // SAFETY: exists and is locked.
    let relation = unsafe { PgRelation::with_lock(oid, mode) };
    // SAFETY: opened above, with this lock.
    unsafe { pg_sys::relation_close(opened, mode) };
    Some(relation)
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

fn check_is_wand(oid: pg_sys::Oid) {
    let found = pg_class::look_up(oid, |class| (class.relkind as u8, class.relam));
    let (kind, access_method) = found.unwrap_or((0, pg_sys::InvalidOid));
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

/// An index that is still being built, or whose build failed, lacks rows or belongs to the session that builds it.
pub fn check_is_valid(index: &PgRelation, what: &str) {
    // SAFETY: an open index has its pg_index row.
    if unsafe { !(*(*index.as_ptr()).rd_index).indisvalid } {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("index \"{}\" is not valid and cannot be {what}", index.name()),
            "Its build has not finished or has failed."
        );
    }
}

/// An index that was built while rows changed may lack versions of rows that only older snapshots see (`indcheckxmin`):
/// the snapshot of this transaction must not be one of them. `amcheck` asks the same.
pub fn check_snapshot_is_recent(index: &PgRelation) {
    // SAFETY: an open index has its pg_index row, and the tuple it was read from.
    let (check_xmin, made_by) = unsafe {
        let relation = &*index.as_ptr();
        let xmin = pg_sys::htup::HeapTupleHeaderGetXmin((*relation.rd_indextuple).t_data);
        ((*relation.rd_index).indcheckxmin, xmin)
    };
    // SAFETY: reads this transaction's state; it has a snapshot, whose oldest transaction id this is.
    let is_old = unsafe {
        pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32
            && !pg_sys::TransactionIdPrecedes(made_by, pg_sys::TransactionXmin)
    };
    if check_xmin && is_old {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
            format!("index \"{}\" cannot be compared with its table under this transaction's snapshot", index.name()),
            "It was built while rows changed. Try again in a new transaction."
        );
    }
}

/// Runs `work` as the table's owner in a restricted context: index expressions and predicates are the owner's code.
pub fn as_owner<T>(heap: &PgRelation, work: impl FnOnce() -> T) -> T {
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
