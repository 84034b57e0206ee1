//! The table `wand_encoder`, read as catalogues are: what was committed last, and this transaction's own changes.

use std::ffi::CString;

use pgrx::{FromDatum, PgSqlErrorCode, pg_sys};

use super::error::report;
use super::text;
use crate::api::call::Call;
use crate::engine::vector::SparseVector;
use crate::storage::datum::SVec;

/// The table's columns, from 1.
const NAME: i16 = 1;
const OWNER: i16 = 2;
const READERS: i16 = 3;
const TOKENIZER: i16 = 4;
const DIM: i16 = 5;
const WEIGHTS: i16 = 6;

/// Who may do what with an encoder.
#[derive(Clone, Debug)]
pub struct Access {
    /// May replace and drop it, and say who may use it.
    pub owner: pg_sys::Oid,
    /// May use it; the invalid OID stands for everybody.
    pub readers: Vec<pg_sys::Oid>,
}

impl Access {
    /// Whether the current role has the owner's rights.
    pub fn is_owner(&self) -> bool {
        has_rights_of(self.owner)
    }

    /// Whether the current role may use it.
    pub fn may_use(&self) -> bool {
        let everybody = |&role: &pg_sys::Oid| role == pg_sys::InvalidOid;
        self.readers.iter().any(everybody) || self.is_owner() || self.readers.iter().any(|&role| has_rights_of(role))
    }
}

fn has_rights_of(role: pg_sys::Oid) -> bool {
    // SAFETY: look-ups in the catalogue of roles, which need not exist.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), role) }
}

/// A row.
pub struct Row {
    /// Who may do what.
    pub access: Access,
    /// The tokenizer's JSON.
    pub tokenizer: String,
    /// The dimension of its vectors.
    pub dim: u32,
    /// Weights by token id, if there are any.
    pub weights: Option<SparseVector>,
}

/// The extension's schema is that of the function called.
pub fn schema(call: Call) -> pg_sys::Oid {
    // SAFETY: PostgreSQL's own call.
    let function = unsafe { (*(*call.raw()).flinfo).fn_oid };
    // SAFETY: a catalogue look-up.
    unsafe { pg_sys::get_func_namespace(function) }
}

/// The table; raises if somebody has dropped it.
pub fn table(call: Call) -> pg_sys::Oid {
    // SAFETY: a catalogue look-up; the name ends in NUL.
    let table = unsafe { pg_sys::get_relname_relid(c"wand_encoder".as_ptr(), schema(call)) };
    if table == pg_sys::InvalidOid {
        report(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            "the table of encoders does not exist".into(),
            String::new(),
            "Drop the extension pg_wand and create it again.".into(),
        );
    }
    table
}

/// Reads a row; `None` if there is none of this name.
pub fn read(table: pg_sys::Oid, name: &str) -> Option<Row> {
    // SAFETY: the table exists; it is closed below.
    let relation = unsafe { pg_sys::table_open(table, pg_sys::AccessShareLock as i32) };
    let name = CString::new(name).unwrap_or_default();
    let mut key = pg_sys::ScanKeyData::default();
    // SAFETY: a key on the first column, of type name: nothing is read of it beyond its NUL.
    unsafe {
        let equal = pg_sys::Oid::from(pg_sys::F_NAMEEQ);
        let name = pg_sys::Datum::from(name.as_ptr());
        pg_sys::ScanKeyInit(&raw mut key, NAME, pg_sys::BTEqualStrategyNumber as u16, equal, name);
    }
    // What was committed last, where that can be had: in a parallel query all take the query's snapshot.
    // SAFETY: the snapshot is registered until the end of the scan.
    let snapshot = unsafe {
        let latest = if pg_sys::IsInParallelMode() { pg_sys::GetActiveSnapshot() } else { pg_sys::GetLatestSnapshot() };
        pg_sys::RegisterSnapshot(latest)
    };
    // SAFETY: a scan of an open table, closed before the table; what is needed of its tuple is copied before that.
    unsafe {
        // Without the index: there are few rows.
        let scan = pg_sys::systable_beginscan(relation, pg_sys::InvalidOid, false, snapshot, 1, &raw mut key);
        let tuple = pg_sys::systable_getnext(scan);
        let row = (!tuple.is_null()).then(|| row(relation, tuple));
        pg_sys::systable_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
        row
    }
}

/// # Safety
/// - A tuple of this relation, which is the table of encoders.
unsafe fn row(relation: pg_sys::Relation, tuple: pg_sys::HeapTuple) -> Row {
    let column = |number: i16| {
        let number = std::num::NonZeroUsize::new(number.unsigned_abs().into())?;
        // SAFETY: the caller's promise.
        unsafe { pgrx::heap_getattr_raw(tuple, number, (*relation).rd_att) }
    };
    let owner = column(OWNER).map_or(pg_sys::InvalidOid, |value| pg_sys::Oid::from(value.value() as u32));
    let readers = column(READERS)
        // SAFETY: an array of oids.
        .and_then(|value| unsafe { Vec::<pg_sys::Oid>::from_datum(value, false) })
        .unwrap_or_default();
    let tokenizer = column(TOKENIZER).map_or(String::new(), |value| {
        // SAFETY: a text.
        let value = unsafe { pg_sys::pg_detoast_datum_packed(value.cast_mut_ptr()) };
        // SAFETY: detoasted.
        text::to_utf8(unsafe { pgrx::varlena::varlena_to_byte_slice(value) })
    });
    let dim = column(DIM).map_or(0, |value| value.value() as u32);
    let weights = column(WEIGHTS).map(|value| {
        // SAFETY: an svec.
        let vector = unsafe { SVec::from_datum_raw(value) };
        vector.as_ref().copied().unwrap_or_else(|error| crate::error::raise(&error))
    });
    Row { access: Access { owner, readers }, tokenizer, dim, weights }
}
