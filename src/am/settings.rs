//! Settings (`wand.*`).

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};
use pgrx::pg_sys;

use crate::engine::search::ranker::Strategy;

/// How rows are found. Every choice gives the same rows in the same order of distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum StrategySetting {
    #[name = c"auto"]
    Auto,
    #[name = c"exhaustive"]
    Exhaustive,
    #[name = c"bounds"]
    Bounds,
}

static STRATEGY: GucSetting<StrategySetting> = GucSetting::<StrategySetting>::new(StrategySetting::Auto);

/// Declares the settings; once, when the library is loaded.
pub fn register() {
    GucRegistry::define_enum_guc(
        c"wand.strategy",
        c"How an ordered scan of a wand index finds its rows.",
        c"auto: by estimated cost; bounds: upper bounds for blocks of four documents first; exhaustive: every posting. \
          The rows are the same.",
        &STRATEGY,
        GucContext::Userset,
        GucFlags::default(),
    );
    // SAFETY: called while the library is loaded, as PostgreSQL wants it; the string is static.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"wand".as_ptr()) };
}

/// How scans find rows in this session.
pub fn strategy() -> Strategy {
    match STRATEGY.get() {
        StrategySetting::Auto => Strategy::Auto,
        StrategySetting::Exhaustive => Strategy::Exhaustive,
        StrategySetting::Bounds => Strategy::Blocks,
    }
}
