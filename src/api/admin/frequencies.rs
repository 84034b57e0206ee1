//! wand_df, wand_idf: in how many documents is each term, as the running statement sees them?

use pgrx::pg_sys;

use super::open::{OwnedIndex, as_owner, check_is_valid, check_snapshot_is_recent};
use super::signed;
use crate::am::frequencies;
use crate::api::call::{self, Call, Rows, pg_fn};
use crate::engine::segment::frequencies::to_vector;
use crate::engine::vector::SparseVector;
use crate::engine::vector::error::VectorError;
use crate::engine::weights::idf::{self, Frequencies, Variant};
use crate::storage::raise::OrRaise;

pg_fn! {
    /// One row: frequencies and number of documents.
    fn wand_df(call) {
        let (df, n) = count(call)?;
        let df = df.map(|df| call::svec(&df)).transpose()?;
        Rows::begin(call).put([df, Some(pg_sys::Datum::from(n))]);
        call.null()
    }

    /// IDF of every term.
    fn wand_idf(call) {
        let variant = Variant::named(call.bytes(1))?;
        match count(call)? {
            (Some(df), n) => call::svec(&idf::of_vector(Frequencies::new(df.as_ref(), n)?, variant)?),
            (None, _) => call.null(),
        }
    }
}

/// Document frequencies, none if there is no document, and their number.
fn count(call: Call) -> Result<(Option<SparseVector>, i64), VectorError> {
    let opened = OwnedIndex::open(call.oid(0), pg_sys::AccessShareLock);
    check_is_valid(&opened.index, "counted");
    check_snapshot_is_recent(&opened.index);
    let index = opened.relation();
    // SAFETY: open and locked for as long as `opened` lives.
    let count = || unsafe { frequencies::count(index, opened.heap.as_ptr()) }.or_raise(index);
    let counted = as_owner(&opened.heap, count);
    let n = signed(counted.frequencies.n_docs());
    let terms = counted.frequencies.terms().or_raise(index);
    let df = (n > 0).then(|| to_vector(&terms, counted.dim?)).transpose()?;
    Ok((df, n))
}
