//! Document frequencies and IDF.

use pgrx::pg_sys;

use crate::api::call::{self, interrupts, pg_fn};
use crate::api::state::state;
use crate::engine::vector::aggregate::State;
use crate::engine::weights::idf::{self, Frequencies, Variant};

pg_fn! {
    /// Document frequencies, from the state of a sum.
    fn weights_df_final(call) {
        match state::<State>(call, 0) {
            Some(state) => call::svec(&state.frequencies(&mut interrupts)?),
            None => call.null(),
        }
    }

    /// Document frequencies, number of documents and mean length, from the state of a sum.
    fn weights_corpus_final(call) {
        let Some(state) = state::<State>(call, 0) else { return call.null() };
        let n = i64::try_from(state.n_rows()).unwrap_or(i64::MAX);
        let (df, length) = (state.frequencies(&mut interrupts)?, state.mean_total(&mut interrupts)?);
        let row = [call::svec(&df)?, pg_sys::Datum::from(n), call::f64(length)?];
        Ok(call::record(call, row.map(Some)))
    }

    /// IDF of every term.
    fn weights_idf(call) {
        let variant = Variant::named(call.bytes(2))?;
        let df = call.svec(0);
        let frequencies = Frequencies::new(df.as_ref(), call.i64(1))?;
        let of = if call.bool(3) { idf::of_all_terms } else { idf::of_vector };
        call::svec(&of(frequencies, variant)?)
    }

    /// IDF of one term.
    fn weights_idf_of_term(call) {
        call::f64(idf::of_term(call.f64(0), call.i64(1), Variant::named(call.bytes(2))?)?)
    }

    /// A query times IDF.
    fn weights_apply_idf(call) {
        call::svec(&idf::apply(call.svec(0).as_ref(), call.svec(1).as_ref())?)
    }

    /// Sum of the frequencies of a query's terms.
    fn weights_postings_touched(call) {
        call::f64(idf::postings_touched(call.svec(0).as_ref(), call.svec(1).as_ref())?)
    }

    /// Mean number of shared terms.
    fn weights_retrieval_flops(call) {
        let (queries, documents) = (call.svec(0), call.svec(2));
        let queries = Frequencies::new(queries.as_ref(), call.i64(1))?;
        call::f64(idf::retrieval_flops(queries, Frequencies::new(documents.as_ref(), call.i64(3))?)?)
    }
}
