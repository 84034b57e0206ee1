//! When an index file is worth making smaller, and how far.
//!
//! Merges write new pages before they give up the old ones, so free pages collect between those in use. Pages at the
//! end of the file can be moved into free ones before them; then the end of the file can be cut off.

use roaring::RoaringBitmap;

/// Pages are moved when this share of the file is in nobody's use: one page in five.
const UNUSED_ONE_IN: u64 = 5;
/// The file is cut when this share of it lies behind the last page in use: one page in sixteen.
const CUT_ONE_IN: u32 = 16;
/// No file is cut for fewer pages.
const CUT_AT_LEAST: u32 = 16;
/// So many pages are worth a cut, however large the file is (8 MB).
const CUT_ENOUGH: u32 = 1024;

/// Free pages that are left before the boundary, one for so many in use, and some more: whoever needs a page meanwhile
/// must not settle behind it.
const LEFT_ONE_IN: u64 = 32;
const LEFT_AT_LEAST: u64 = 8;

/// The block from which on pages are to be moved forward, so that the file can end there: the first one for which the
/// free blocks before it can take all pages in use from it on, and some are left. `None` if that would not shorten the
/// file by much.
///
/// At most as many pages are moved as the file becomes shorter.
pub fn moving_boundary(owned: &RoaringBitmap, reusable: &RoaringBitmap, n_blocks: u32) -> Option<u32> {
    if (u64::from(n_blocks)).saturating_sub(owned.len()) * UNUSED_ONE_IN < u64::from(n_blocks) {
        return None;
    }
    let left = owned.len() / LEFT_ONE_IN + LEFT_AT_LEAST;
    let fits = |end: u32| before(reusable, end) >= owned.len() - before(owned, end) + left;
    let (mut low, mut high) = (1, n_blocks);
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    (fits(high) && is_worth_cutting(n_blocks, high)).then_some(high)
}

/// How many members are below `end`.
fn before(set: &RoaringBitmap, end: u32) -> u64 {
    end.checked_sub(1).map_or(0, |last| set.rank(last))
}

/// Whether it is worth it to shorten a file of `n_blocks` to `end` blocks, for which it has to be locked for a moment.
pub fn is_worth_cutting(n_blocks: u32, end: u32) -> bool {
    let gain = n_blocks.saturating_sub(end);
    gain >= CUT_AT_LEAST && (gain >= CUT_ENOUGH || gain >= n_blocks / CUT_ONE_IN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Blocks as a string: `u` in use, `f` free, `w` waiting.
    fn sets(blocks: &str) -> (RoaringBitmap, RoaringBitmap, u32) {
        let of = |kind| (0u32..).zip(blocks.chars()).filter(|&(_, c)| c == kind).map(|(n, _)| n).collect();
        (of('u'), of('f'), blocks.len() as u32)
    }

    #[test]
    fn a_fresh_copy_behind_its_predecessor_moves_forward() {
        let (owned, reusable, n) = sets(&format!("u{}{}", "f".repeat(100), "u".repeat(100)));
        assert_eq!(moving_boundary(&owned, &reusable, n), Some(112));
        // Pages that wait cannot be used.
        let (owned, reusable, n) = sets(&format!("u{}{}", "w".repeat(100), "u".repeat(100)));
        assert_eq!(moving_boundary(&owned, &reusable, n), None);
    }

    #[test]
    fn little_is_left_alone() {
        let (owned, reusable, n) = sets(&format!("{}{}{}", "u".repeat(400), "f".repeat(90), "u".repeat(10)));
        assert_eq!(moving_boundary(&owned, &reusable, n), None);
        assert!(!is_worth_cutting(15, 0));
        assert!(!is_worth_cutting(1_000, 950));
        assert!(is_worth_cutting(1_000, 930));
        assert!(is_worth_cutting(1 << 31, (1 << 31) - CUT_ENOUGH));
    }

    #[test]
    fn all_free_but_the_metapage() {
        let (owned, reusable, n) = sets(&format!("u{}", "f".repeat(99)));
        assert_eq!(moving_boundary(&owned, &reusable, n), Some(9));
    }

    proptest! {
        #[test]
        fn the_boundary_is_the_first_that_fits(kinds in prop::collection::vec(0u8..3, 1..300)) {
            let text: String = std::iter::once('u').chain(kinds.iter().map(|&k| ['u', 'f', 'w'][usize::from(k)])).collect();
            let (owned, reusable, n) = sets(&text);
            let count = |kind, range: std::ops::Range<usize>| text[range].chars().filter(|&c| c == kind).count();
            let in_use = count('u', 0..text.len());
            let left = in_use / 32 + 8;
            let first = (1..=text.len()).find(|&end| count('f', 0..end) >= count('u', end..text.len()) + left);
            let first = first.filter(|&first| is_worth_cutting(n, first as u32));
            let expected = first.filter(|_| (text.len() - in_use) * 5 >= text.len()).map(|first| first as u32);
            prop_assert_eq!(moving_boundary(&owned, &reusable, n), expected);
            if let Some(end) = expected {
                prop_assert!(count('u', end as usize..text.len()) <= text.len() - end as usize);
            }
        }
    }
}
