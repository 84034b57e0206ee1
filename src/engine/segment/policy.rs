//! Which segments to merge, by their pages: what a merge costs, whatever the documents look like.
//!
//! *An INSERT* may be charged with little ([`Effort::Bounded`]). Segments are sorted into tiers by size, each tier
//! [`TIER_RATIO`] times the one below; [`FAN_IN`] of one tier are merged, unless that touches more than
//! [`BOUNDED_PAGES`]. What comes out is less than the sum, because each segment has a directory of its terms.
//!
//! *VACUUM* ([`Effort::Full`]) leaves each segment more than [`RATIO`] times as large as all smaller ones together, and
//! with less than a tenth of its documents dead: whatever is due to be written anew takes all smaller ones with it. So
//! there are few segments, and a query costs little more than after a fresh build; and a document is written
//! `1 + RATIO` times at most for each time that its surroundings have grown by that factor.

use super::format::MAX_DOCS;

/// Segments of a tier that an INSERT merges into one.
pub const FAN_IN: usize = 4;
/// Pages of all segments that a merge on behalf of an INSERT may touch.
pub const BOUNDED_PAGES: u64 = 1024;
/// Pages of the lowest tier, about what a flush makes.
const FIRST_TIER: u64 = 64;
/// From a tier to the next.
const TIER_RATIO: u64 = 3;
/// VACUUM merges the smaller segments with one that has no more than this many times their pages.
const RATIO: u64 = 10;
/// Dead documents, one in so many, for which a segment is written anew by an INSERT, and by VACUUM.
const DEAD_ONE_IN: [u64; 2] = [5, 10];

/// On whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// An INSERT's.
    Bounded,
    /// VACUUM's.
    Full,
}

/// A segment as the policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Documents, dead ones included.
    pub n_docs: u64,
    /// Dead documents.
    pub n_dead: u64,
    /// Pages of all its parts.
    pub n_pages: u64,
}

impl Size {
    /// Pages that the living documents would take, about.
    fn live_pages(&self) -> u64 {
        let live = self.n_docs.saturating_sub(self.n_dead);
        (u128::from(self.n_pages) * u128::from(live)).div_ceil(u128::from(self.n_docs.max(1))) as u64
    }

    fn tier(&self) -> u32 {
        (self.live_pages() / FIRST_TIER).max(1).ilog(TIER_RATIO)
    }

    fn is_stale(&self, effort: Effort) -> bool {
        self.n_dead > 0 && self.n_dead * DEAD_ONE_IN[effort as usize] >= self.n_docs
    }
}

/// The segments to merge next, as ascending positions in `sizes`; `None` if all is well.
pub fn choose(sizes: &[Size], effort: Effort) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (sizes[i].live_pages(), i));
    let mut group = match effort {
        Effort::Bounded => bounded(sizes, &order),
        Effort::Full => full(sizes, &order),
    }?;
    group.sort_unstable();
    Some(group)
}

/// The lowest full tier, as far as the limit allows: the smallest first, and no fewer than half of [`FAN_IN`]. If there
/// is none, a stale segment.
fn bounded(sizes: &[Size], order: &[usize]) -> Option<Vec<usize>> {
    for tier in order.chunk_by(|&a, &b| sizes[a].tier() == sizes[b].tier()).filter(|tier| tier.len() >= FAN_IN) {
        let mut pages = 0;
        let fits = |&&i: &&usize| {
            pages += sizes[i].n_pages;
            pages <= BOUNDED_PAGES
        };
        let group: Vec<usize> = tier.iter().take_while(fits).copied().collect();
        if group.len() >= FAN_IN / 2 {
            return Some(group);
        }
    }
    let stale = |&&i: &&usize| sizes[i].is_stale(Effort::Bounded) && sizes[i].n_pages <= BOUNDED_PAGES;
    order.iter().find(stale).map(|&i| vec![i])
}

/// The largest segment that is stale, or not much larger than all smaller ones together, and those; as far as a segment
/// can hold their documents. A stale one that is too large to be joined by others is written anew alone.
fn full(sizes: &[Size], order: &[usize]) -> Option<Vec<usize>> {
    let (mut smaller, mut n_docs) = (0u64, 0u64);
    let mut n_due = 0;
    for (at, &i) in order.iter().enumerate() {
        n_docs += sizes[i].n_docs.saturating_sub(sizes[i].n_dead);
        if n_docs > u64::from(MAX_DOCS) {
            break;
        }
        let own = sizes[i].live_pages();
        if sizes[i].is_stale(Effort::Full) || at > 0 && smaller.saturating_mul(RATIO) >= own {
            n_due = at + 1;
        }
        smaller += own;
    }
    if n_due > 0 {
        return Some(order[..n_due].to_vec());
    }
    order.iter().find(|&&i| sizes[i].is_stale(Effort::Full)).map(|&i| vec![i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sized(n_pages: u64) -> Size {
        Size { n_docs: n_pages * 10, n_dead: 0, n_pages }
    }

    /// A merge's result: pages go with documents here.
    fn apply(sizes: &mut Vec<Size>, group: &[usize]) {
        let merged: u64 = group.iter().map(|&i| sizes[i].live_pages()).sum();
        let mut at = 0;
        sizes.retain(|_| {
            at += 1;
            !group.contains(&(at - 1))
        });
        if merged > 0 {
            sizes.push(sized(merged));
        }
    }

    fn settle(sizes: &mut Vec<Size>, effort: Effort) -> u32 {
        let mut n = 0;
        while let Some(group) = choose(sizes, effort) {
            apply(sizes, &group);
            n += 1;
            assert!(n <= 1_000, "no end: {sizes:?}");
        }
        n
    }

    fn any_sizes() -> impl Strategy<Value = Vec<Size>> {
        let pages = prop_oneof![4 => 1u64..200, 2 => 200u64..5_000, 1 => 5_000u64..1 << 20];
        let size = (pages, 1u64..50, 0u64..=100).prop_map(|(n_pages, docs, dead)| {
            let n_docs = n_pages * docs;
            Size { n_docs, n_dead: n_docs * dead / 100, n_pages }
        });
        prop::collection::vec(size, 0..40)
    }

    proptest! {
        #[test]
        fn an_insert_is_charged_with_little(sizes in any_sizes()) {
            if let Some(group) = choose(&sizes, Effort::Bounded) {
                prop_assert!(group.iter().map(|&i| sizes[i].n_pages).sum::<u64>() <= BOUNDED_PAGES);
                prop_assert!(group.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(group.len() > 1 || sizes[group[0]].n_dead * 5 >= sizes[group[0]].n_docs);
            }
        }

        #[test]
        fn one_merge_by_vacuum_settles_it(mut sizes in any_sizes()) {
            let live: u64 = sizes.iter().map(Size::live_pages).sum();
            prop_assert!(settle(&mut sizes, Effort::Full) <= 1);
            let mut pages: Vec<u64> = sizes.iter().map(Size::live_pages).collect();
            pages.sort_unstable();
            let mut smaller = 0;
            for (at, own) in pages.into_iter().enumerate() {
                prop_assert!(at == 0 || own > RATIO * smaller);
                smaller += own;
            }
            prop_assert_eq!(smaller, live);
            prop_assert!(sizes.iter().all(|s| s.n_dead * 10 < s.n_docs));
        }
    }

    #[test]
    fn inserts_alone_leave_few_small_segments() {
        let mut sizes: Vec<Size> = Vec::new();
        let mut written = 0;
        for _ in 0..2_000 {
            sizes.push(sized(50));
            // As an INSERT does it: one merge with each flush.
            if let Some(group) = choose(&sizes, Effort::Bounded) {
                written += group.iter().map(|&i| sizes[i].n_pages).sum::<u64>();
                apply(&mut sizes, &group);
            }
            let small = sizes.iter().filter(|s| s.n_pages <= BOUNDED_PAGES / 2).count();
            assert!(small <= 3 * FAN_IN, "{sizes:?}");
        }
        assert!(sizes.len() <= 2_000 * 50 / (BOUNDED_PAGES as usize / 2) + 3 * FAN_IN, "{} segments", sizes.len());
        assert!(written <= 3 * 2_000 * 50, "{written} pages written");
    }

    #[test]
    fn vacuum_now_and_then_writes_a_page_few_times() {
        let mut sizes = vec![sized(10_000)];
        let mut written = 0;
        for _ in 0..200 {
            sizes.push(sized(100));
            if let Some(group) = choose(&sizes, Effort::Full) {
                written += group.iter().map(|&i| sizes[i].n_pages).sum::<u64>();
                apply(&mut sizes, &group);
            }
            assert!(sizes.len() <= 5, "{sizes:?}");
        }
        assert!(written <= 20 * 200 * 100, "{written} pages written");
    }

    #[test]
    fn what_is_partly_dead_is_written_anew() {
        let with = |n_dead, n_pages| Size { n_docs: 1_000, n_dead, n_pages };
        assert_eq!(choose(&[with(100, 500), with(200, 400)], Effort::Bounded), Some(vec![1]));
        assert_eq!(choose(&[with(199, 500), with(1_000, BOUNDED_PAGES + 1)], Effort::Bounded), None);
        assert_eq!(choose(&[with(99, 500)], Effort::Full), None);
        assert_eq!(choose(&[with(100, 500)], Effort::Full), Some(vec![0]));
        // It takes the smaller ones with it.
        assert_eq!(choose(&[with(100, 50_000), with(0, 10), with(0, 10_000_000)], Effort::Full), Some(vec![0, 1]));
    }

    #[test]
    fn no_segment_gets_more_documents_than_it_can_hold() {
        let of = |n_docs: u64, n_dead| Size { n_docs, n_dead, n_pages: n_docs / 100 };
        let third = u64::from(MAX_DOCS) / 3;
        assert_eq!(choose(&[of(third, 0); 3], Effort::Full), Some(vec![0, 1, 2]));
        assert_eq!(choose(&[of(third + 1, 0); 3], Effort::Full), Some(vec![0, 1]));
        assert_eq!(choose(&[of(third * 2, 0); 2], Effort::Full), None);
        assert_eq!(choose(&[of(third * 2, 0), of(third * 2 - 300, third)], Effort::Full), Some(vec![0, 1]));
        assert_eq!(choose(&[of(third * 2, 0), of(third * 3, third / 2)], Effort::Full), Some(vec![1]));
    }

    #[test]
    fn a_tier_is_merged_as_far_as_the_limit_allows() {
        assert_eq!(choose(&[sized(50); 3], Effort::Bounded), None);
        assert_eq!(choose(&[sized(50); 4], Effort::Bounded), Some(vec![0, 1, 2, 3]));
        assert_eq!(choose(&[sized(300); 4], Effort::Bounded), Some(vec![0, 1, 2]));
        assert_eq!(choose(&[sized(600); 4], Effort::Bounded), None);
    }
}
