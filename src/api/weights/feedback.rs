//! Queries from a query and documents.

use pgrx::pg_sys;

use crate::api::call::{self, Call, interrupts, pg_fn};
use crate::api::casts::{array_argument, one_dimensional};
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::check::reserve;
use crate::engine::vector::error::VectorError;
use crate::engine::weights::feedback::{RocchioParts, rm3, rocchio};
use crate::storage::datum::SVec;

pg_fn! {
    /// Rocchio's query. Not STRICT, for the number of terms may be NULL.
    fn weights_rocchio(call) {
        if call.has_null(6) {
            return call.null();
        }
        let (relevant, irrelevant) = (vectors(call, 1, "relevant")?, vectors(call, 2, "irrelevant")?);
        let parts = RocchioParts { alpha: call.f64(3), beta: call.f64(4), gamma: call.f64(5) };
        let terms = call.i32_or_null(6);
        let (query, relevant, irrelevant) = (call.svec(0), refs(&relevant)?, refs(&irrelevant)?);
        call::svec(&rocchio(query.as_ref(), &relevant, &irrelevant, parts, terms, &mut interrupts)?)
    }

    /// RM3's query.
    fn weights_rm3(call) {
        let documents = vectors(call, 1, "documents")?;
        let list = array_argument::<f32>(call, 2, "scores")?;
        let mut scores = Vec::new();
        reserve(&mut scores, list.len())?;
        for (n, score) in list.iter().enumerate() {
            let element = n.saturating_add(1);
            scores.push(score.ok_or(VectorError::NullElement { argument: "scores", element })?);
        }
        call::svec(&rm3(call.svec(0).as_ref(), &refs(&documents)?, &scores, call.i32(3), call.f64(4), &mut interrupts)?)
    }
}

fn refs(vectors: &[SVec]) -> Result<Vec<SparseVectorRef<'_>>, VectorError> {
    let mut list = Vec::new();
    reserve(&mut list, vectors.len())?;
    list.extend(vectors.iter().map(SVec::as_ref));
    Ok(list)
}

/// The elements of an `svec[]` argument.
fn vectors(call: Call, n: usize, argument: &'static str) -> Result<Vec<SVec>, VectorError> {
    let array = one_dimensional(call, n, argument)?;
    // SAFETY: detoasted, so the fixed part can be read.
    let element_type = unsafe { (*array).elemtype };
    let (mut values, mut nulls, mut len) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: an array of svec: varlena (-1), not by value, aligned as int4 is.
    unsafe {
        let align = pg_sys::TYPALIGN_INT as std::ffi::c_char;
        let (values, nulls) = (&raw mut values, &raw mut nulls);
        pg_sys::deconstruct_array(array, element_type, -1, false, align, values, nulls, &raw mut len);
    }
    let len = usize::try_from(len).unwrap_or(0);
    let mut list = Vec::new();
    reserve(&mut list, len)?;
    for n in 0..len {
        // SAFETY: `deconstruct_array` made `len` values and flags.
        let (value, is_null) = unsafe { (*values.add(n), *nulls.add(n)) };
        if is_null {
            return Err(VectorError::NullElement { argument, element: n.saturating_add(1) });
        }
        // SAFETY: an element of an svec array, which outlives this call.
        list.push(unsafe { SVec::from_datum_raw(value) });
    }
    Ok(list)
}
