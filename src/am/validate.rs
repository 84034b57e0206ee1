//! Is this operator class one that the access method can work with?

use pgrx::pg_sys;
use pgrx::prelude::*;

/// Checks an operator class: a distance operator giving float8, and the support function that names the metric.
#[pg_guard]
pub unsafe extern "C-unwind" fn amvalidate(opclass: pg_sys::Oid) -> bool {
    // SAFETY: catalogue look-ups by oid; unknown oids give InvalidOid.
    let (family, input) = unsafe { (pg_sys::get_opclass_family(opclass), pg_sys::get_opclass_input_type(opclass)) };
    // SAFETY: as above.
    let operator = unsafe { pg_sys::get_opfamily_member(family, input, input, 1) };
    // SAFETY: as above.
    let support = unsafe { pg_sys::get_opfamily_proc(family, input, input, super::METRIC_PROC as i16) };
    let name = u32::from(opclass);
    if operator == pg_sys::InvalidOid {
        info!("wand operator class {name} lacks its distance operator");
        return false;
    }
    // SAFETY: as above.
    if unsafe { pg_sys::get_op_rettype(operator) } != pg_sys::FLOAT8OID {
        info!("wand operator class {name} has a distance operator that does not return double precision");
        return false;
    }
    if support == pg_sys::InvalidOid {
        info!("wand operator class {name} lacks the support function that names its metric");
        return false;
    }
    true
}

/// Whether an operator class is that of a vector: it has the support function that names the metric.
pub fn is_vector_class(class: pg_sys::Oid) -> bool {
    // SAFETY: catalogue look-ups by oid; unknown oids give InvalidOid.
    unsafe {
        let (family, input) = (pg_sys::get_opclass_family(class), pg_sys::get_opclass_input_type(class));
        pg_sys::get_opfamily_proc(family, input, input, super::METRIC_PROC as i16) != pg_sys::InvalidOid
    }
}
