//! Several ranked lists into one: fusion by ranks, by normalised scores, by votes, and by what was learned.

mod arith;
mod combine;
mod condorcet;
mod decay;
mod error;
mod fused;
mod interleave;
mod mmr;
mod model;
mod names;
mod normalise;
mod options;
mod ranks;
mod settings;
mod smooth;
mod table;
mod train;

#[cfg(test)]
mod tests;

pub use decay::Decay;
pub use error::FusionError;
pub use fused::{Fused, fuse};
pub use mmr::mmr;
pub use settings::{Given, Settings};
pub use train::{Topic, train};

/// More lists than anybody fuses; it keeps what is known of one item small.
pub const MAX_LISTS: usize = 32;

/// Ranks on either side that SlideFuse looks at, at most: time is proportional to it.
pub const MAX_WINDOW: u64 = 1000;

/// A ranked list, best first; no item twice.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Numbers of items, in rank order.
    pub items: &'a [u32],
    /// Their scores, greater is better. Methods of ranks need none.
    pub scores: Option<&'a [f64]>,
}
