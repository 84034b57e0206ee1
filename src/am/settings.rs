//! Settings (`wand.*`).

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};
use pgrx::pg_sys;

use crate::engine::search::ranker::Strategy;
use crate::engine::search::simd::Kernel;

/// How rows are found. Every choice gives the same rows in the same order of distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum StrategySetting {
    #[name = c"auto"]
    Auto,
    #[name = c"exhaustive"]
    Exhaustive,
    #[name = c"bounds"]
    Bounds,
    #[name = c"candidates"]
    Candidates,
}

/// Which instructions the inner loops use. Every choice computes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum KernelSetting {
    #[name = c"auto"]
    Auto,
    #[name = c"plain"]
    Plain,
    #[name = c"avx2"]
    Avx2,
    #[name = c"avx512"]
    Avx512,
}

static STRATEGY: GucSetting<StrategySetting> = GucSetting::<StrategySetting>::new(StrategySetting::Auto);
static KERNEL: GucSetting<KernelSetting> = GucSetting::<KernelSetting>::new(KernelSetting::Auto);
static RECHECK: GucSetting<bool> = GucSetting::<bool>::new(true);
static PRUNE_FACTOR: GucSetting<f64> = GucSetting::<f64>::new(1.0);
static MAX_QUERY_TERMS: GucSetting<i32> = GucSetting::<i32>::new(0);

/// Declares the settings; once, when the library is loaded.
pub fn register() {
    GucRegistry::define_enum_guc(
        c"wand.strategy",
        c"How an ordered scan of a wand index finds its rows.",
        c"auto: by estimated cost; bounds: upper bounds for blocks of four documents first; exhaustive: every posting; \
          candidates: each row that the conditions on other columns leave, one by one. The rows are the same.",
        &STRATEGY,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"wand.kernel",
        c"Which instructions scans of wand indexes use.",
        c"auto: the widest that the processor has; one that it lacks counts as auto. The rows are the same.",
        &KERNEL,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"wand.recheck",
        c"Whether rows of a wand index are put in order by their true distances.",
        c"off: in the order of the index's 8-bit weights, which is approximate; it saves computing every row's distance.",
        &RECHECK,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_float_guc(
        c"wand.prune_factor",
        c"How far a scan of a wand index believes its upper bounds.",
        c"1: exact. Below, a block of documents is passed over when its bound times this is under the threshold, and \
          rows may be missing.",
        &PRUNE_FACTOR,
        0.01,
        1.0,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"wand.max_query_terms",
        c"How many of a query's terms a scan of a wand index looks up, those with the greatest weights.",
        c"0: all. With fewer, rows come in the order of the distance to these terms, which is approximate.",
        &MAX_QUERY_TERMS,
        0,
        i32::MAX,
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
        StrategySetting::Candidates => Strategy::Candidates,
    }
}

/// The instructions to use.
pub fn kernel() -> Kernel {
    match KERNEL.get() {
        KernelSetting::Auto => Kernel::best(),
        KernelSetting::Plain => Kernel::Plain,
        KernelSetting::Avx2 => Kernel::Avx2,
        KernelSetting::Avx512 => Kernel::Avx512,
    }
}

/// Whether rows are put in order by their true distances.
pub fn recheck() -> bool {
    RECHECK.get()
}

/// How far bounds are believed; 1: exact.
pub fn prune_factor() -> f64 {
    PRUNE_FACTOR.get()
}

/// How many terms of a query are looked up.
pub fn max_query_terms() -> usize {
    match usize::try_from(MAX_QUERY_TERMS.get()) {
        Ok(n @ 1..) => n,
        _ => usize::MAX,
    }
}

/// Bytes that `maintenance_work_mem` allows.
pub fn maintenance_budget() -> usize {
    // SAFETY: a setting of this backend.
    let kilobytes = unsafe { pg_sys::maintenance_work_mem };
    usize::try_from(kilobytes).unwrap_or(64 << 10) << 10
}
