//! An open index relation.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::fault;

/// The lock that flush, merge and vacuum take, each alone: that of a tuple of the metapage which is none, and which
/// nobody else locks. A lock of the page, as GIN takes it, must not be held while others are taken (before 17 the
/// server asserts that), and an operation takes some: for temporary files, or to cut the file.
#[derive(Debug)]
pub struct MaintenanceLock(IndexRelation);

impl Drop for MaintenanceLock {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the relation is open while a lock on it is held, and this value was made by taking the lock.
            unsafe { pg_sys::UnlockTuple(self.0.raw(), &mut maintenance_tag(), pg_sys::ExclusiveLock as i32) }
        }
    }
}

/// Block 0, item 1.
fn maintenance_tag() -> pg_sys::ItemPointerData {
    pg_sys::ItemPointerData { ip_blkid: pg_sys::BlockIdData { bi_hi: 0, bi_lo: 0 }, ip_posid: 1 }
}

/// Nobody else has the index open (`AccessExclusiveLock`, which standbys are told of).
#[derive(Debug)]
pub struct SoleUse(IndexRelation);

impl SoleUse {
    /// Ends the file before block `end`. Pages from there on must be in nobody's use.
    pub fn cut(&self, end: u32) {
        // SAFETY: the relation is open and locked against everybody; this process holds no pin of it.
        unsafe { pg_sys::RelationTruncate(self.0.raw(), end) };
        // SAFETY: a variable of this process: where its last log record ends.
        let lsn = unsafe { pg_sys::XactLastRecEnd };
        fault::record!(lsn);
    }
}

impl Drop for SoleUse {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: this value was made by taking the lock.
            unsafe { pg_sys::UnlockRelation(self.0.raw(), pg_sys::AccessExclusiveLock as i32) }
        }
    }
}

/// The file of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysicalId {
    tablespace: pg_sys::Oid,
    database: pg_sys::Oid,
    number: u32,
    /// Of a temporary relation the session it belongs to: its files are numbered apart.
    session: i32,
}

impl PhysicalId {
    /// The file's number in its database and tablespace.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// The session of a relation that is not temporary.
const NO_SESSION: i32 = -1;

/// An index that is open and locked by the caller for as long as this value is used.
#[derive(Clone, Copy, Debug)]
pub struct IndexRelation {
    raw: pg_sys::Relation,
    /// Whether replay may have changed pages under the work that this value serves.
    under_replay: bool,
}

impl IndexRelation {
    /// # Safety
    /// - `raw` is an open relation, locked at least in `AccessShareLock`, and stays so while the value is in use.
    pub unsafe fn new(raw: pg_sys::Relation) -> Self {
        Self { raw, under_replay: in_recovery() }
    }

    /// The same index for a scan that may have begun before this server was promoted.
    pub fn for_scan(self, began_in_recovery: bool) -> Self {
        Self { under_replay: self.under_replay || began_in_recovery, ..self }
    }

    /// Whether a page that is not what it should be may have been recycled by replay, and is not damaged.
    pub fn is_under_replay(self) -> bool {
        self.under_replay
    }

    /// PostgreSQL's handle.
    pub fn raw(self) -> pg_sys::Relation {
        self.raw
    }

    /// The index's object id.
    pub fn oid(self) -> pg_sys::Oid {
        // SAFETY: the relation is open.
        unsafe { (*self.raw).rd_id }
    }

    /// The handler function of its access method.
    pub fn handler(self) -> pg_sys::Oid {
        // SAFETY: an open index knows it.
        unsafe { (*self.raw).rd_amhandler }
    }

    /// The index's name.
    pub fn name(self) -> String {
        // SAFETY: an open relation has its pg_class row.
        let name = unsafe { CStr::from_ptr((*(*self.raw).rd_rel).relname.data.as_ptr()) };
        name.to_string_lossy().into_owned()
    }

    /// Columns of the index.
    pub fn n_columns(self) -> usize {
        self.descriptor().len()
    }

    fn descriptor(self) -> pgrx::PgTupleDesc<'static> {
        // SAFETY: an open index has a tuple descriptor.
        unsafe { pgrx::PgTupleDesc::from_pg_unchecked((*self.raw).rd_att) }
    }

    /// The type modifier of a column, counted from 0 here as everywhere; -1 if it has none.
    pub fn column_typmod(self, place: usize) -> i32 {
        self.descriptor().get(place).map_or(-1, |column| column.atttypmod)
    }

    /// What `typlen` and `typbyval` of a column's type are.
    pub fn column_layout(self, place: usize) -> (i16, bool) {
        self.descriptor().get(place).map_or((-1, false), |column| (column.attlen, column.attbyval))
    }

    /// A column's name in the index.
    pub fn column_name(self, place: usize) -> String {
        self.descriptor().get(place).map_or_else(String::new, |column| column.name().to_owned())
    }

    /// A column's operator family, the type its operator class is for, and its collation.
    pub fn column_class(self, place: usize) -> (pg_sys::Oid, pg_sys::Oid, pg_sys::Oid) {
        if place >= self.n_columns() {
            return (pg_sys::InvalidOid, pg_sys::InvalidOid, pg_sys::InvalidOid);
        }
        // SAFETY: the arrays of an open index have a place for each column.
        unsafe {
            let index = &*self.raw;
            (*index.rd_opfamily.add(place), *index.rd_opcintype.add(place), *index.rd_indcollation.add(place))
        }
    }

    /// Support function `number` of a column's operator class; no valid oid if it has none.
    pub fn support_function(self, place: usize, number: u16) -> pg_sys::Oid {
        // SAFETY: the relation is open and has this column.
        unsafe { pg_sys::index_getprocid(self.raw, place as i16 + 1, number) }
    }

    /// The same, ready to be called; an ERROR if there is none. It lives as long as the relation is open.
    pub fn support(self, place: usize, number: u16) -> *mut pg_sys::FmgrInfo {
        // SAFETY: the relation is open and has this column.
        unsafe { pg_sys::index_getprocinfo(self.raw, place as i16 + 1, number) }
    }

    /// The index's file.
    pub fn physical_id(self) -> PhysicalId {
        // SAFETY: the relation is open.
        let relation = unsafe { &*self.raw };
        #[cfg(feature = "pg15")]
        let (tablespace, database, number) =
            (relation.rd_node.spcNode, relation.rd_node.dbNode, u32::from(relation.rd_node.relNode));
        #[cfg(not(feature = "pg15"))]
        let (tablespace, database, number) =
            (relation.rd_locator.spcOid, relation.rd_locator.dbOid, u32::from(relation.rd_locator.relNumber));
        PhysicalId { tablespace, database, number, session: relation.rd_backend }
    }

    /// Whether it is a temporary index, which is in buffers of this session.
    pub fn is_temporary(self) -> bool {
        // SAFETY: the relation is open.
        unsafe { (*self.raw).rd_backend != NO_SESSION }
    }

    /// Pins `buffer`, which the server has named for a block of an index that is not temporary, if it still has that
    /// block: true then. The access is counted as any other.
    pub fn pin_recent(self, block: u32, buffer: pg_sys::Buffer) -> bool {
        // SAFETY: the relation is open.
        let relation = unsafe { &*self.raw };
        #[cfg(feature = "pg15")]
        let file = relation.rd_node;
        #[cfg(not(feature = "pg15"))]
        let file = relation.rd_locator;
        // SAFETY: a buffer's number; the server looks whether the block is there.
        if unsafe { !pg_sys::ReadRecentBuffer(file, pg_sys::ForkNumber::MAIN_FORKNUM, block, buffer) } {
            return false;
        }
        // SAFETY: null, or this session's counts of the relation.
        if let Some(info) = unsafe { relation.pgstat_info.as_mut() } {
            #[cfg(feature = "pg15")]
            let (read, hit) = (&mut info.t_counts.t_blocks_fetched, &mut info.t_counts.t_blocks_hit);
            #[cfg(not(feature = "pg15"))]
            let (read, hit) = (&mut info.counts.blocks_fetched, &mut info.counts.blocks_hit);
            *read += 1;
            *hit += 1;
        }
        true
    }

    /// Blocks of the main fork.
    pub fn n_blocks(self) -> u32 {
        // SAFETY: the relation is open.
        unsafe { pg_sys::RelationGetNumberOfBlocksInFork(self.raw, pg_sys::ForkNumber::MAIN_FORKNUM) }
    }

    /// The same, counting no block that somebody is just adding and has not locked yet (nbtree's way).
    pub fn n_blocks_settled(self) -> u32 {
        let mode = pg_sys::ExclusiveLock as i32;
        if in_recovery() {
            return self.n_blocks();
        }
        // SAFETY: the relation is open.
        unsafe { pg_sys::LockRelationForExtension(self.raw, mode) };
        let n = self.n_blocks();
        // SAFETY: taken above.
        unsafe { pg_sys::UnlockRelationForExtension(self.raw, mode) };
        n
    }

    /// Blocks of the table's main fork.
    pub fn table_blocks(self) -> u32 {
        // SAFETY: an open index has its pg_index row; whoever has it open has its table open and locked, too.
        let table = unsafe { pg_sys::RelationIdGetRelation((*(*self.raw).rd_index).indrelid) };
        if table.is_null() {
            return 0;
        }
        let blocks = n_blocks(table);
        // SAFETY: opened above.
        unsafe { pg_sys::RelationClose(table) };
        blocks
    }

    /// What the table's own parameter `vacuum_truncate` says, and from 18 on the setting of that name: VACUUM obeys
    /// them for the table, and whoever turned them off, mostly for the sake of standbys, means its indexes too.
    pub fn table_lets_vacuum_truncate(self) -> bool {
        // SAFETY: an open index has its pg_index row; the table is open and locked by VACUUM, so it is found.
        let table = unsafe { pg_sys::RelationIdGetRelation((*(*self.raw).rd_index).indrelid) };
        if table.is_null() {
            return true;
        }
        // SAFETY: a table's options are of this type, or absent.
        let own = unsafe { (*table).rd_options.cast::<pg_sys::StdRdOptions>().as_ref() };
        #[cfg(not(feature = "pg18"))]
        let lets = own.is_none_or(|options| options.vacuum_truncate);
        #[cfg(feature = "pg18")]
        let lets = match own {
            Some(options) if options.vacuum_truncate_set => options.vacuum_truncate,
            // SAFETY: the setting exists; its value is a string that lives until the next call.
            _ => unsafe { CStr::from_ptr(pg_sys::GetConfigOption(c"vacuum_truncate".as_ptr(), false, false)) == c"on" },
        };
        // SAFETY: opened above.
        unsafe { pg_sys::RelationClose(table) };
        lets
    }

    /// Waits until no flush, merge or vacuum runs, and keeps others from starting.
    pub fn lock_maintenance(self) -> MaintenanceLock {
        // SAFETY: the relation is open.
        unsafe { pg_sys::LockTuple(self.raw, &mut maintenance_tag(), pg_sys::ExclusiveLock as i32) };
        MaintenanceLock(self)
    }

    /// The same without waiting; `None` if somebody else is at it.
    pub fn try_lock_maintenance(self) -> Option<MaintenanceLock> {
        let mode = pg_sys::ExclusiveLock as i32;
        #[cfg(not(feature = "pg18"))]
        // SAFETY: the relation is open.
        let taken = unsafe { pg_sys::ConditionalLockTuple(self.raw, &mut maintenance_tag(), mode) };
        #[cfg(feature = "pg18")]
        // SAFETY: the relation is open.
        let taken = unsafe { pg_sys::ConditionalLockTuple(self.raw, &mut maintenance_tag(), mode, false) };
        taken.then(|| MaintenanceLock(self))
    }

    /// Takes the index for oneself without waiting; `None` if somebody else has it open, or while PostgreSQL vacuums
    /// other indexes of the table in parallel: the lock needs a transaction id, for standbys.
    pub fn try_lock_alone(self) -> Option<SoleUse> {
        let mode = pg_sys::AccessExclusiveLock as i32;
        // SAFETY: the relation is open.
        let taken = !in_parallel_mode() && unsafe { pg_sys::ConditionalLockRelation(self.raw, mode) };
        taken.then(|| SoleUse(self))
    }
}

/// Whether this process is part of a parallel operation, in which no transaction id can be had.
fn in_parallel_mode() -> bool {
    // SAFETY: reads this process's state.
    unsafe { pg_sys::IsInParallelMode() }
}

/// How many pages of a table are worth asking for ahead of time: what the settings say of its tablespace, 16 at most.
pub fn io_concurrency(table: pg_sys::Relation) -> usize {
    // SAFETY: an open relation has its pg_class row.
    let tablespace = unsafe { (*(*table).rd_rel).reltablespace };
    // SAFETY: a catalogue look-up.
    let n = unsafe { pg_sys::get_tablespace_io_concurrency(tablespace) };
    usize::try_from(n).unwrap_or(0).min(16)
}

/// Blocks of a table's main fork.
pub fn n_blocks(table: pg_sys::Relation) -> u32 {
    // SAFETY: the relation is open.
    unsafe { pg_sys::RelationGetNumberOfBlocksInFork(table, pg_sys::ForkNumber::MAIN_FORKNUM) }
}

/// Asks for a page of a table that will be read soon; it must exist.
pub fn prefetch(table: pg_sys::Relation, block: u32) {
    // SAFETY: the relation is open.
    unsafe { pg_sys::PrefetchBuffer(table, pg_sys::ForkNumber::MAIN_FORKNUM, block) };
}

/// Whether this server replays somebody else's log.
pub fn in_recovery() -> bool {
    // SAFETY: reads a flag in shared memory; legal anywhere in a backend.
    unsafe { pg_sys::RecoveryInProgress() }
}
