//! Terms left out.

use crate::api::call::{self, pg_fn};
use crate::engine::weights::idf::Frequencies;
use crate::engine::weights::prune::{self, Crossing};

pg_fn! {
    /// The heaviest terms.
    fn weights_prune_top_k(call) {
        call::svec(&prune::top_k(call.svec(0).as_ref(), call.i32(1))?)
    }

    /// The terms of at least a weight.
    fn weights_prune_below(call) {
        call::svec(&prune::below(call.svec(0).as_ref(), call.f32(1))?)
    }

    /// The terms of at least a share of the greatest weight.
    fn weights_prune_max_ratio(call) {
        call::svec(&prune::max_ratio(call.svec(0).as_ref(), call.f64(1))?)
    }

    /// The heaviest terms that reach a share of the mass.
    fn weights_prune_mass_keep(call) {
        call::svec(&prune::mass(call.svec(0).as_ref(), call.f64(1), Crossing::Kept)?)
    }

    /// The heaviest terms that stay within a share of the mass.
    fn weights_prune_mass_drop(call) {
        call::svec(&prune::mass(call.svec(0).as_ref(), call.f64(1), Crossing::Dropped)?)
    }

    /// Without the lightest terms that stay within a share of the mass.
    fn weights_prune_mass_share(call) {
        call::svec(&prune::mass_share(call.svec(0).as_ref(), call.f64(1))?)
    }

    /// Without frequent terms of little weight.
    fn weights_prune_frequent(call) {
        let (query, df) = (call.svec(0), call.svec(1));
        let df = Frequencies::new(df.as_ref(), call.i64(2))?;
        call::svec(&prune::frequent(query.as_ref(), df, call.f64(3), call.f64(4))?)
    }

    /// Without frequent terms.
    fn weights_prune_stop_words(call) {
        let (query, df) = (call.svec(0), call.svec(1));
        let df = Frequencies::new(df.as_ref(), call.i64(2))?;
        call::svec(&prune::stop_words(query.as_ref(), df, call.f64(3))?)
    }

    /// Without terms of a small IDF.
    fn weights_prune_min_idf(call) {
        call::svec(&prune::min_idf(call.svec(0).as_ref(), call.svec(1).as_ref(), call.f32(2))?)
    }
}
