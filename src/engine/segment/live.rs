//! Live docs: on the page a bit per document (set while it is live), in memory the set of the dead. And killed docs: on
//! the page a bit per document, set if a scan was told that its row is dead to everybody.
//!
//! Live bits are VACUUM's word, killed bits a hint: scans may pass over killed documents, and everybody else takes them
//! for what their live bit says. On a standby an older snapshot may still see the row of a killed document, but not
//! that of a dead one, whose removal from the table came before and waited for the snapshot.

use roaring::RoaringBitmap;

use super::format::RANGE_DOCS;
use super::pages::{PAYLOAD, Part, PartPages, corrupt};
use crate::engine::error::{Result, filled};
use crate::engine::filter::docset::DocSet;

/// The documents of page `no` of `part` whose live bit is cleared, or whose killed bit is set, added to `docs`.
fn collect(part: Part, payload: &[u8], no: u32, n_docs: u32, docs: &mut RoaringBitmap) -> Result<()> {
    let flip = if part == Part::Live { u8::MAX } else { 0 };
    let first = no.checked_mul(RANGE_DOCS).ok_or_else(|| corrupt(part, no, "page beyond the documents"))?;
    let on_page = docs_on_page(no, n_docs);
    let mut bits = [0; PAYLOAD];
    // Whole words at once, which the compiler makes of it; bit by bit a tenth of dead documents would cost as much as a
    // query.
    bits.iter_mut().zip(payload).for_each(|(to, from)| *to = from ^ flip);
    let (whole, rest) = ((on_page / 8) as usize, on_page % 8);
    if rest > 0 {
        bits[whole] &= (1 << rest) - 1;
    }
    let bits = &bits[..whole + usize::from(rest > 0)];
    if bits.iter().fold(0, |any, byte| any | byte) != 0 {
        *docs |= RoaringBitmap::from_lsb0_bytes(first, bits);
    }
    Ok(())
}

/// Adds a segment's dead documents to `docs`, or its killed ones, as `part` says.
pub fn read(part: Part, pages: &impl PartPages, n_pages: u32, n_docs: u32, docs: &mut RoaringBitmap) -> Result<()> {
    (0..n_pages).try_for_each(|no| collect(part, &pages.page(part, no)?, no, n_docs, docs))
}

/// Keeps in `set` the documents whose live bit is set, or whose killed bit is not.
pub fn keep(part: Part, pages: &impl PartPages, n_pages: u32, set: &mut DocSet) -> Result<()> {
    let flip = if part == Part::Live { 0 } else { u64::MAX };
    for no in 0..n_pages {
        let payload = pages.page(part, no)?;
        let bits = payload.as_chunks::<8>().0;
        let first = no as usize * bits.len();
        set.change(|words| {
            let words = words.iter_mut().skip(first);
            words.zip(bits).for_each(|(word, bits)| *word &= u64::from_le_bytes(*bits) ^ flip);
        });
    }
    Ok(())
}

/// The page and bit of a document, of both parts.
pub fn place(doc: u32) -> (u32, usize, u8) {
    let bit = doc % RANGE_DOCS;
    (doc / RANGE_DOCS, (bit / 8) as usize, 1 << (bit % 8))
}

/// How many documents of a segment of `n_docs` page `no` has bits for.
pub fn docs_on_page(no: u32, n_docs: u32) -> u32 {
    n_docs.saturating_sub(no.saturating_mul(RANGE_DOCS)).min(RANGE_DOCS)
}

/// The payload of live page `no` of a new segment: every document live.
pub fn new_page(no: u32, n_docs: u32) -> Vec<u8> {
    let on_page = docs_on_page(no, n_docs);
    let mut payload = vec![0xff; (on_page / 8) as usize];
    if !on_page.is_multiple_of(8) {
        payload.push((1 << (on_page % 8)) - 1);
    }
    payload
}

/// New numbers for the documents that stay when the dead are dropped: a rank structure, two words of 32 bits for 64
/// documents, so that a merge need not hold a table of all documents.
pub struct LiveRank {
    base: u32,
    n_live: u32,
    /// Empty when nobody is dead.
    words: Vec<(u64, u32)>,
}

impl LiveRank {
    /// Ranks `n_docs` documents less `dead`; the first that stays becomes `base`.
    pub fn new(n_docs: u32, dead: &RoaringBitmap, base: u32) -> Result<Self> {
        let n_dead = dead.range_cardinality(..n_docs) as u32;
        let mut words = Vec::new();
        if n_dead > 0 {
            words = filled(n_docs.div_ceil(64) as usize, (u64::MAX, 0), "live documents of a merge")?;
            for doc in dead.range(..n_docs) {
                words[(doc / 64) as usize].0 &= !(1 << (doc % 64));
            }
            let mut before = base;
            for (word, rank) in &mut words {
                *rank = before;
                before = before.wrapping_add(word.count_ones());
            }
        }
        Ok(Self { base, n_live: n_docs - n_dead, words })
    }

    /// How many documents stay.
    pub fn n_live(&self) -> u32 {
        self.n_live
    }

    /// The new number of `doc`, `None` if it is dead.
    #[inline]
    pub fn new_doc(&self, doc: u32) -> Option<u32> {
        if self.words.is_empty() {
            return Some(self.base + doc);
        }
        let (word, rank) = *self.words.get((doc / 64) as usize)?;
        let bit = 1u64 << (doc % 64);
        (word & bit != 0).then(|| rank + (word & (bit - 1)).count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct MemoryStore(Vec<Vec<u8>>);

    impl PartPages for MemoryStore {
        type Page<'a> = &'a [u8];

        fn page(&self, part: Part, no: u32) -> Result<&[u8]> {
            self.0.get(no as usize).map(Vec::as_slice).ok_or_else(|| corrupt(part, no, "no such page"))
        }
    }

    proptest! {
        #[test]
        fn rank_counts_the_living(n in 1u32..2000, dead in prop::collection::btree_set(0u32..2000, 0..300), base in 0u32..99) {
            let dead: RoaringBitmap = dead.into_iter().filter(|&d| d < n).collect();
            let rank = LiveRank::new(n, &dead, base).unwrap();
            let mut next = base;
            for doc in 0..n {
                let expected = (!dead.contains(doc)).then(|| { next += 1; next - 1 });
                prop_assert_eq!(rank.new_doc(doc), expected);
            }
            prop_assert_eq!(rank.n_live(), next - base);
        }

        #[test]
        fn pages_round_trip(n in 1u32..140_000, dead in prop::collection::btree_set(0u32..140_000, 0..300)) {
            let dead: RoaringBitmap = dead.into_iter().filter(|&d| d < n).collect();
            let n_pages = n.div_ceil(RANGE_DOCS);
            let mut pages: Vec<_> = (0..n_pages).map(|no| { let mut p = new_page(no, n); p.resize(8128, 0); p }).collect();
            for doc in &dead {
                let (no, byte, bit) = place(doc);
                pages[no as usize][byte] &= !bit;
            }
            let mut found = RoaringBitmap::new();
            for (no, page) in pages.iter_mut().enumerate() {
                collect(Part::Live, page, no as u32, n, &mut found).unwrap();
                page.iter_mut().for_each(|byte| *byte = !*byte);
            }
            prop_assert_eq!(&found, &dead);
            let store = MemoryStore(pages.clone());
            let mut set = DocSet::all(n).unwrap();
            keep(Part::Live, &store, n_pages, &mut set).unwrap();
            prop_assert!((0..n).all(|doc| set.contains(doc) == dead.contains(doc)), "the pages are turned over");
            let mut set = DocSet::all(n).unwrap();
            keep(Part::Killed, &store, n_pages, &mut set).unwrap();
            prop_assert!((0..n).all(|doc| set.contains(doc) != dead.contains(doc)));
            let mut killed = RoaringBitmap::new();
            for (no, page) in pages.iter().enumerate() {
                collect(Part::Killed, page, no as u32, n, &mut killed).unwrap();
            }
            prop_assert_eq!(killed, dead, "the other way round");
        }
    }
}
