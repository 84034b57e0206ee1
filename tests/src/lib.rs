//! Shared parts of the client-side tests: everything here drives PostgreSQL from outside.
//!
//! [`cluster`] makes, kills and copies servers, [`processes`] are theirs; [`logwatch`] reads what they say, [`archive`]
//! what they log; [`ledger`] remembers what they acknowledged; [`oracle`] compares an index with a sequential scan;
//! [`operations`] are the ways to change one, with their [`boundaries`]; [`workload`] is a table for writers, and
//! [`load`] puts it under load; [`churn`] is one under the hardest, and [`witness`] reads it on a standby meanwhile;
//! [`corpus`] makes vectors; [`generate`] makes collections of real shape, [`exact`] their answers, [`collection`]
//! reads and writes collections, [`judged`] measures what is found in them; [`filtered`] is a table with a column of
//! every kind, [`conditions`] are asked of it, by an [`asker`].
//!
//! [`lottery`] draws files as a crash may leave them; [`damage`] is what happens to pages, and what then becomes of
//! statements. [`lengthy`] statements are there to be stopped, which [`watch`] and [`stops`] measure; [`statements`] is
//! one of everything that takes memory, for [`scarcity`] of it. [`session`] speaks the protocol by hand, [`raw`] sends
//! bytes as they are. [`installation`] copies a server's installation, to change it; [`script`] takes our SQL scripts
//! apart; [`roles`] have rights on a test's tables, or none; [`shapes`] are small tables that go to another version; [`pages`]
//! are those of the documentation.

pub mod archive;
pub mod asker;
pub mod boundaries;
pub mod churn;
pub mod cluster;
pub mod collection;
pub mod conditions;
pub mod corpus;
pub mod damage;
pub mod ddl;
pub mod exact;
pub mod filtered;
pub mod generate;
pub mod installation;
pub mod judged;
pub mod ledger;
pub mod lengthy;
pub mod load;
pub mod logwatch;
pub mod lottery;
pub mod operations;
pub mod oracle;
pub mod pages;
pub mod processes;
pub mod random;
pub mod raw;
pub mod roles;
pub mod scarcity;
pub mod script;
pub mod session;
pub mod shapes;
pub mod small_disk;
pub mod statements;
pub mod stops;
pub mod watch;
pub mod witness;
pub mod workload;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The project's root folder.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_path_buf()
}

/// A size that can be set in the environment, with what is used otherwise.
pub fn size(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// The seed of this run: `SEED` in the environment, or the clock. Tests print it with every failure.
pub fn seed() -> u64 {
    match std::env::var("SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("SEED={text} is not a number")),
        Err(_) => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("clock after 1970");
            u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20)
        }
    }
}

/// For tests that have several servers each: one at a time.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The seed, and how to repeat the run.
pub fn begin(test: &str, sizes: &[(&str, usize)]) -> u64 {
    let seed = seed();
    let sizes: Vec<String> = sizes.iter().map(|(name, n)| format!("{name}={n} ")).collect();
    println!("SEED={seed} {}scripts/integration.sh {test}", sizes.concat());
    seed
}
