//! Several ranked lists into one: by ranks, by normalised scores, by votes, and by what judged queries taught.
//!
//! [`Settings::new`] checks all that a user can say, [`fuse`] does it, [`Fused`] tells every item's score and, for each
//! list, its rank, normalised score and contribution. [`train`] makes the models of the trained methods. [`mmr`] makes
//! a list more diverse, [`Decay`] lets scores fall with a distance.
//!
//! ## Methods
//!
//! `m` lists; `r` an item's rank in a list, from 1; `s` its normalised score, `w` the list's weight, `n` the number of
//! lists that have the item, `C` the number of items that any list has, `L` a list's length. Sums are over the lists
//! that have the item, unless `missing` says otherwise.
//!
//! | name (others' names) | score | weights | normaliser | missing | options | source |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | `rrf` | sum w/(k + r), k 60 | 1 | | skip | `rank_base`, `variant` | Cormack et al., SIGIR 2009 |
//! | `rrf_qdrant` (`qdrant`) | sum 1/(r/w + k - 1), k 2 | 1 | | skip | | Qdrant |
//! | `srrf` | sum w/(k + smooth rank), k 60: `smooth.rs` | 1 | min_max | skip | `beta` 10 | arXiv 2210.11934 |
//! | `comb_min` (`min`) | least s | none | min_max | skip | | Fox, Shaw, TREC-2 |
//! | `comb_max` (`max`) | greatest s | none | min_max | skip | | Fox, Shaw |
//! | `comb_med` (`med`) | median s | none | min_max | skip | | Fox, Shaw |
//! | `comb_sum` (`sum`) | sum w s | 1 | min_max | skip | | Fox, Shaw |
//! | `comb_anz` (`anz`) | (sum w s)/n | 1 | min_max | skip | | Fox, Shaw |
//! | `comb_mnz` (`mnz`) | n sum w s | 1 | min_max | skip | | Fox, Shaw |
//! | `comb_gmnz` (`gmnz`) | n^gamma sum w s | 1 | min_max | skip | `gamma` 1 | Lee, SIGIR 1997 |
//! | `weighted_sum` (`convex`, `linear`, `wsum`) | sum w s | 1/m | min_max | skip | `alpha` | |
//! | `relative_score` | sum w s | 1/m | min_max | skip | `alpha` | Weaviate |
//! | `tm2c2` | sum w s | 1/m | theoretical | skip | `alpha`, `lower` | arXiv 2210.11934 |
//! | `dbsf` | sum w s | 1 | dbsf | skip | | Qdrant |
//! | `arithmetic_mean` | (sum w s)/(sum w) | 1 | min_max | zero | | OpenSearch |
//! | `geometric_mean` | exp((sum w ln s)/(sum w)) | 1 | min_max | skip | `zeros` | OpenSearch |
//! | `harmonic_mean` | (sum w)/(sum w/s) | 1 | min_max | skip | `zeros` | OpenSearch |
//! | `wmnz` | (sum s)(sum w) | 1 | min_max | skip | | Wu, Crestani, CIKM 2002 |
//! | `mixed` | sqrt(n) sum w s | 1 | min_max | skip | | Wu, Crestani |
//! | `isr` | n sum w/r^2 | 1 | | skip | | Mourao et al. 2015 |
//! | `log_isr` | ln(n) sum w/r^2: 0 for items of one list | 1 | | skip | | Mourao et al. |
//! | `logn_isr` | ln(n + sigma) sum w/r^2 | 1 | | skip | `sigma` 0.01 | Mourao et al. |
//! | `rbc` | sum w (1 - phi) phi^(r - 1) | 1 | | skip | `phi` 0.8 | Bailey et al., SIGIR 2017 |
//! | `borda`, `weighted_borda` | sum w (C - r + 1) | 1 | | share | | Aslam, Montague, SIGIR 2001 |
//! | `condorcet`, `weighted_condorcet` | `condorcet.rs`; C for the first, 1 for the last | 1 | | | | Montague, Aslam |
//! | `interleave`, `team_draft` | `interleave.rs`; C for the first, 1 for the last | none | | | `seed` 0 | Radlinski |
//! | `bayes` | sum w p, p of a model: `model.rs` | 1 | | floor | `model` | `model.rs` |
//! | `pos`, `prob`, `slide`, `map` | the same | 1 | | skip | `model`, `window` | `model.rs` |
//! | `seg` | sum w p (s + 1) | 1 | min_max | skip | `model` | Shokouhi, ECIR 2007 |
//!
//! Options: `alpha` in place of the weights of two lists, (alpha, 1 - alpha). `rank_base` 0 counts ranks from 0, as
//! Chroma does; `variant` is `paper`, `chroma` (rank base 0) or `qdrant`. `zeros` says what a score that is not
//! positive does to a geometric or harmonic mean: `skip` leaves it out, as OpenSearch does; `count` makes the mean 0.
//! `lower`, `upper`, `bounds`, `slope` and `intercept` belong to normalisers, an array with one number for each list
//! (null: none) or one number for all: `normalise.rs`.
//!
//! What does nothing is an error: a normaliser for a method of ranks, a `k` for one without, weights where the method
//! is no sum, an unknown option. A parameter that is silently ignored costs its user an afternoon.
//!
//! ## Weights
//!
//! Finite and not negative; they need not sum to 1. A list of weight 0 gives no points; its items are in the result
//! all the same, with 0 if no other list has them, and it counts in `n`.
//!
//! ## An item that a list does not have: `missing`
//!
//! | policy | its part | for |
//! | --- | --- | --- |
//! | `skip` | none: the list does not count | all but borda's default |
//! | `zero` | 0 | all |
//! | `min` | the list's least normalised score; an empty list: none | methods of scores |
//! | `rank_after` | that of rank L + 1; an empty list: none | rrf, srrf, isr, rbc |
//! | `share` | the mean of the points not given away, (C - L + 1)/2; normaliser borda: 1/2 - (L - 1)/(2C) | borda |
//! | `floor` | ln(0.001/0.999) | bayes |
//!
//! A part given in place of a missing one counts like any other, in `n` and in sums of weights too. The default is
//! what the method's definition says. For plain sums `skip` and `zero` are the same. `arithmetic_mean` counts zeros as
//! OpenSearch's code does: an item found by one list of three must not be as good as one found by all with that score.
//! For condorcet, items come after all that a list has; for interleaving the question does not arise.
//!
//! ## Ties, numbers, size
//!
//! Order: falling score, then the best rank in any list, then the item's number. All arithmetic is float8, sums run in
//! the order of the lists. Scores must be finite; results are: what would be beyond float8 becomes its greatest number.
//! Memory: 13 bytes for each element of a list (21 with srrf and seg), 28 for each item, in all some 130 MB for three
//! lists of a million items each that have none in common. Time is n log n at most.
//!
//! ## Deviations from ranx
//!
//! Compared with ranx 0.3.21, through SQL, by `tests/reference/fusion.py`: the same to 1e-9 but for these.
//!
//! - *Constant lists* get 0 there, the same as absent items. Ours is `on_equal` (`normalise.rs`); with `zero` they
//!   agree. Its z-score of a constant list is rounding noise divided by 1e-9, ours exactly 0.
//! - *Denominators* of less than 1e-9 become 1e-9 there, so lists of tiny scores lose their scale. Ours are as they
//!   are, so that scores times a factor give the same.
//! - *max* of a list without positive scores is divided by 1e-9 there; ours by the greatest magnitude.
//! - *comb_min and comb_max* take absent scores for 1e9 and -1e9 there, wrong for scores beyond. Ours leave them out.
//! - *z-score of an empty list* fails there inside a parallel loop, and other queries lose their lists. Ours is empty.
//! - *Ties*: there a sort that is not stable decides, within lists and in the result. Ours keeps the order of the list,
//!   and the result's rule is above.
//! - *Inverted min-max* re-sorts the list there, so a method of ranks after it sees it backwards. Ours takes no
//!   normaliser; whoever has distances gives the list in the order of falling quality.
//! - *borda as a normaliser* gives there every list all items, in the order of a hash set; methods that read ranks or
//!   lengths afterwards (seg) see that order. Ours gives absent items a part and no rank; combinations of scores agree.
//! - *Condorcet*: a list that has neither of two items votes there for whichever stands second in the comparison, and
//!   the result of a sort by a relation that runs in circles depends on the order of a hash set. Ours does not vote,
//!   and `condorcet.rs` says what is promised. Where majorities leave no choice, they agree.
//! - *bayes* reads beyond its table for ranks over 1,000 there. Ours takes the last bucket.
//! - *Weights* have no default there; weighted_borda and weighted_condorcet are ours with weights.

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
pub mod tests;

pub use decay::Decay;
pub use error::FusionError;
pub use fused::{Fused, fuse};
pub use mmr::{min_max, mmr};
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
