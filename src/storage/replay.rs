//! Reading while replay changes the index: what a page means that is not what it should be, and trying again.
//!
//! On a standby nothing keeps replay from giving a page to somebody else while it is being read. Whoever changes the
//! index on the primary keeps an order: what the metapage leads to, by the manifest or by the beginning of the pending
//! list, is freed only after a change of the metapage that leads there no more, and replay keeps the order of the log.
//! So a reader that finds a page recycled finds the metapage changed as well, if it looks again: it begins anew. If the
//! metapage still leads to the same manifest and to the same beginning of the list, nobody has freed the page: it is
//! damaged. Neither names a former state again: generations and numbers of pending pages are used once.

use super::meta::Meta;
use super::relation::IndexRelation;
use crate::engine::error::{EngineError, Result};

/// How often a reader begins anew without having come any further.
pub const MAX_RESTARTS: u32 = 8;

/// What became of the index since `seen` was read: the metapage as it is now, or an error if it is the same, which
/// makes `block`, found to be recycled, a damaged one.
pub fn read_again(index: IndexRelation, seen: &Meta, block: u32) -> Result<Meta> {
    let now = Meta::read(index)?;
    if now.leads_where(seen) {
        return Err(EngineError::BadPage { block, reason: "the page belongs to somebody else" });
    }
    Ok(now)
}

/// Runs `work`, which reads what the metapage leads to and changes nothing; again if replay has recycled a page of it.
pub fn retry<T>(index: IndexRelation, mut work: impl FnMut(&Meta) -> Result<T>) -> Result<T> {
    let mut meta = Meta::read(index)?;
    let mut restarts = 0;
    loop {
        match work(&meta) {
            Err(EngineError::Recycled { block }) if restarts < MAX_RESTARTS => {
                meta = read_again(index, &meta, block)?;
                restarts += 1;
                pgrx::check_for_interrupts!();
            }
            done => return done,
        }
    }
}
