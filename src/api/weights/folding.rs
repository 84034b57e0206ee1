//! Terms joined or masked. Not STRICT where a dimension may be NULL: NULL for another argument makes NULL.

use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::casts::array_argument;
use crate::api::constructors::Counted;
use crate::engine::weights::fold::{Join, fold_terms, lexical_mask, presence, unicoil};

pg_fn! {
    /// Weight 1 for every positive one.
    fn weights_presence(call) {
        call::svec(&presence(call.svec(0).as_ref())?)
    }

    /// The terms that the second vector has too.
    fn weights_lexical_mask(call) {
        call::svec(&lexical_mask(call.svec(0).as_ref(), call.svec(1).as_ref())?)
    }

    /// Token weights, the greatest of each token.
    fn weights_unicoil_document(call) {
        from_tokens(call, Join::Max)
    }

    /// Token weights, the sum of each token.
    fn weights_unicoil_query(call) {
        from_tokens(call, Join::Sum)
    }

    /// Terms renamed and joined.
    fn weights_fold_terms(call) {
        if call.has_null(3) {
            return call.null();
        }
        let words = array_argument::<i32>(call, 1, "words")?;
        let join = Join::named(call.bytes(2))?;
        let words = Counted(words.iter().inspect(|_| interrupts()), words.len());
        call::svec(&fold_terms(call.svec(0).as_ref(), words, join, call.i32_or_null(3))?)
    }
}

fn from_tokens(call: Call, join: Join) -> Outcome {
    if call.has_null(2) {
        return call.null();
    }
    let ids = array_argument::<i32>(call, 0, "token_ids")?;
    let weights = array_argument::<f32>(call, 1, "weights")?;
    let (ids, weights) =
        (Counted(ids.iter().inspect(|_| interrupts()), ids.len()), Counted(weights.iter(), weights.len()));
    call::svec(&unicoil(ids, weights, join, call.i32_or_null(2))?)
}
