//! Which segments to merge.
//!
//! Segments are sorted into tiers by size, each tier eight times the one below; eight of one tier are merged. So a
//! document is rewritten once for each tier, and an index of n documents has about `7 * log8(n)` segments at most.

/// Segments of a tier that are merged into one.
pub const FAN_IN: usize = 8;
/// Documents of the lowest tier.
const FIRST_TIER: u64 = 4096;

/// A segment as the policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Documents, dead ones included.
    pub n_docs: u64,
    /// Dead documents.
    pub n_dead: u64,
}

fn tier(live: u64) -> u32 {
    (live / FIRST_TIER).max(1).ilog2() / 3
}

/// The segments to merge next, as positions in `sizes`: a full tier (the lowest first), or a single segment of which a
/// fifth is dead; `None` if all is well. No more than `limit` documents are to be touched.
pub fn choose(sizes: &[Size], limit: u64) -> Option<Vec<usize>> {
    let live = |i: usize| sizes[i].n_docs.saturating_sub(sizes[i].n_dead);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (live(i), i));
    let mut start = 0;
    while start < order.len() {
        let this = tier(live(order[start]));
        let end = start + order[start..].iter().take_while(|&&i| tier(live(i)) == this).count();
        if end - start >= FAN_IN {
            // As many as the limit allows, the smallest first; fewer than half a tier are not worth a merge.
            let mut sum = 0;
            let fits = |&&i: &&usize| {
                sum += sizes[i].n_docs;
                sum <= limit
            };
            let mut group: Vec<usize> = order[start..end].iter().take_while(fits).copied().collect();
            if group.len() >= FAN_IN / 2 {
                group.sort_unstable();
                return Some(group);
            }
        }
        start = end;
    }
    (0..sizes.len()).find(|&i| sizes[i].n_dead * 5 > sizes[i].n_docs && sizes[i].n_docs <= limit).map(|i| vec![i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_and_stays_logarithmic() {
        let mut sizes: Vec<Size> = Vec::new();
        for _ in 0..5_000 {
            sizes.push(Size { n_docs: 1_000, n_dead: 0 });
            while let Some(group) = choose(&sizes, u64::MAX) {
                let merged = group.iter().map(|&i| sizes[i].n_docs).sum();
                let mut at = 0;
                sizes.retain(|_| {
                    at += 1;
                    !group.contains(&(at - 1))
                });
                sizes.push(Size { n_docs: merged, n_dead: 0 });
            }
            assert!(sizes.len() <= 40, "{sizes:?}");
        }
    }

    #[test]
    fn rewrites_what_is_mostly_dead_and_respects_the_limit() {
        let dead = [Size { n_docs: 100, n_dead: 10 }, Size { n_docs: 100, n_dead: 30 }];
        assert_eq!(choose(&dead, 1_000), Some(vec![1]));
        assert_eq!(choose(&dead, 99), None);
        assert_eq!(choose(&[Size { n_docs: 100, n_dead: 0 }; 7], 1_000), None);
        assert_eq!(choose(&[Size { n_docs: 100, n_dead: 0 }; 8], 799), Some((0..7).collect()));
        assert_eq!(choose(&[Size { n_docs: 100, n_dead: 0 }; 8], 399), None);
        assert_eq!(choose(&[Size { n_docs: 100, n_dead: 0 }; 8], 800), Some((0..8).collect()));
    }
}
