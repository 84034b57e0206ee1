//! pg_wand: learned sparse retrieval for PostgreSQL.
//!
//! The modules, in the order in which they may use one another (never back):
//! `api` (SQL) -> `am` (executor) -> `storage` (pages) -> `engine` (every algorithm).
//! `engine` knows nothing of PostgreSQL and is all that is built without a `pgNN` feature.

#[cfg(not(target_pointer_width = "64"))]
compile_error!("pg_wand needs a 64-bit target: sizes of vectors, segments and builds are computed in usize");

pub mod engine;

#[cfg(feature = "pg")]
mod am;
#[cfg(feature = "pg")]
mod api;
#[cfg(feature = "pg")]
mod error;
#[cfg(feature = "pg")]
mod storage;

#[cfg(feature = "pg")]
pgrx::pg_module_magic!(name, version);

/// Called once when a backend loads the library.
#[cfg(feature = "pg")]
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    storage::memory::prepare();
    am::options::register();
    // Before the prefix of all settings is reserved.
    #[cfg(feature = "faults")]
    storage::fault::register();
    am::settings::register();
    #[cfg(feature = "pg18")]
    am::explain::register();
}
