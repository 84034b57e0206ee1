//! Who may see what a scan did: its counts tell how many documents have a term, also those that a policy hides.

use pgrx::pg_sys::{self, ffi::pg_guard_ffi_boundary};

// SAFETY: as the server declares it; pgrx does not.
unsafe extern "C-unwind" {
    fn get_partition_ancestors(relid: pg_sys::Oid) -> *mut pg_sys::List;
}

/// Whether the current role may read every row of the index's table, by itself or as a part of a partitioned one. An
/// index that has gone has nothing to hide.
pub fn sees_all_rows(index: pg_sys::Oid) -> bool {
    // SAFETY: a catalogue look-up; no valid oid if there is no such index.
    let table = unsafe { pg_sys::IndexGetRelation(index, true) };
    table == pg_sys::InvalidOid || may_read(table) || ancestors(table).into_iter().any(may_read)
}

/// The partitioned tables that a table is a part of.
fn ancestors(table: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: a catalogue look-up.
    if !unsafe { pg_sys::get_rel_relispartition(table) } {
        return Vec::new();
    }
    // SAFETY: as above; its errors must not jump over Rust frames. The list has so many elements.
    unsafe {
        let list = pg_guard_ffi_boundary(|| get_partition_ancestors(table));
        let n = if list.is_null() { 0 } else { (*list).length };
        (0..n).map(|at| pg_sys::list_nth_oid(list, at)).collect()
    }
}

/// The right to read all columns, and no policy in the way.
fn may_read(table: pg_sys::Oid) -> bool {
    let select = pg_sys::ACL_SELECT as pg_sys::AclMode;
    let ok = pg_sys::AclResult::ACLCHECK_OK;
    // SAFETY: catalogue look-ups for the session's user; the table is there, or was a moment ago.
    unsafe {
        let user = pg_sys::GetUserId();
        let may = pg_sys::pg_class_aclcheck(table, user, select) == ok
            || pg_sys::pg_attribute_aclcheck_all(table, user, select, pg_sys::AclMaskHow::ACLMASK_ALL) == ok;
        may && pg_sys::check_enable_rls(table, pg_sys::InvalidOid, true)
            != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
    }
}
