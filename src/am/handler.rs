//! The routine that tells PostgreSQL what `wand` can do.

use std::ffi::c_char;

use pgrx::{PgBox, pg_guard, pg_sys};

use super::{build, cost, insert, options, progress, scan, vacuum, validate};

/// Fills the routine.
pub fn routine() -> *mut pg_sys::IndexAmRoutine {
    // SAFETY: the node tag belongs to the struct.
    let mut am = unsafe { PgBox::<pg_sys::IndexAmRoutine>::alloc_node(pg_sys::NodeTag::T_IndexAmRoutine) };
    // A vector's operator class has the ordering by the distance and a support function that names the metric, that of
    // a filter column the strategies of a B-tree and its comparison.
    am.amstrategies = 5;
    am.amsupport = 2;
    am.amcanorderbyop = true;
    am.amcanmulticol = true;
    // Every row is in the index, NULL vectors too, so that an ordered scan may stand for the whole table.
    am.amoptionalkey = true;
    am.amsearcharray = true;
    am.amsearchnulls = true;
    // No predicate locks of our own: PostgreSQL then locks the whole index, which is right for ranked scans.
    am.ampredlocks = false;
    am.amkeytype = pg_sys::InvalidOid;
    // Before 17 the server asks nobody: there the build decides by itself.
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    {
        am.amcanbuildparallel = true;
    }
    am.ambuild = Some(build::ambuild);
    am.ambuildempty = Some(build::ambuildempty);
    am.aminsert = Some(insert::aminsert);
    am.ambulkdelete = Some(vacuum::ambulkdelete);
    am.amvacuumcleanup = Some(vacuum::amvacuumcleanup);
    am.amcostestimate = Some(cost::amcostestimate);
    am.amoptions = Some(options::amoptions);
    am.ambuildphasename = Some(progress::ambuildphasename);
    am.amproperty = Some(amproperty);
    am.amvalidate = Some(validate::amvalidate);
    am.ambeginscan = Some(scan::ambeginscan);
    am.amrescan = Some(scan::amrescan);
    am.amgettuple = Some(scan::amgettuple);
    am.amgetbitmap = Some(scan::amgetbitmap);
    am.amendscan = Some(scan::amendscan);
    am.into_pg()
}

/// Properties that PostgreSQL cannot derive: a column can be ordered by distance if it is the vector, and there are no
/// exclusion constraints.
///
/// # Safety
/// - Called by PostgreSQL with places for the answer.
#[pg_guard]
unsafe extern "C-unwind" fn amproperty(
    index: pg_sys::Oid,
    column: i32,
    property: pg_sys::IndexAMProperty::Type,
    _name: *const c_char,
    answer: *mut bool,
    is_null: *mut bool,
) -> bool {
    let (value, known) = match (column, property) {
        (0, pg_sys::IndexAMProperty::AMPROP_CAN_EXCLUDE) => (false, true),
        (1.., pg_sys::IndexAMProperty::AMPROP_DISTANCE_ORDERABLE) => {
            // SAFETY: a catalogue look-up; no valid oid if there is no such column.
            let class = unsafe { pg_sys::get_index_column_opclass(index, column) };
            let known = class != pg_sys::InvalidOid;
            (known && validate::is_vector_class(class), known)
        }
        _ => return false,
    };
    // SAFETY: places for the answer.
    unsafe { (*answer, *is_null) = (value, !known) };
    true
}
