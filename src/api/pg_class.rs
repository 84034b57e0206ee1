//! What the catalogue says of a relation, by its oid.

use pgrx::pg_sys;

/// What `of` takes from the relation's row of pg_class; `None` if there is no such relation.
pub fn look_up<T>(relation: pg_sys::Oid, of: impl FnOnce(&pg_sys::FormData_pg_class) -> T) -> Option<T> {
    let cache = pg_sys::SysCacheIdentifier::RELOID as i32;
    // SAFETY: the cache is keyed by one oid.
    let tuple = unsafe { pg_sys::SearchSysCache1(cache, pg_sys::Datum::from(relation)) };
    if tuple.is_null() {
        return None;
    }
    // SAFETY: a tuple of pg_class, until it is given back.
    let found = of(unsafe { &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>() });
    // SAFETY: found above.
    unsafe { pg_sys::ReleaseSysCache(tuple) };
    Some(found)
}
