//! A set of a segment's documents as one bit a document: what conditions on columns leave of them.
//!
//! Dense, because it is combined word by word with others and then masks scores: a roaring bitmap of a tenth of the
//! documents would take as much, and a look-up in it ten times as long.

use roaring::RoaringBitmap;

use crate::engine::error::{Result, filled};

/// See the module's text. No bit is set at or beyond the number of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocSet {
    words: Vec<u64>,
    n_docs: u32,
}

impl DocSet {
    /// No document of `n_docs`.
    pub fn none(n_docs: u32) -> Result<Self> {
        Ok(Self { words: filled(n_docs.div_ceil(64) as usize, 0, "filtered documents")?, n_docs })
    }

    /// All of `n_docs` documents.
    pub fn all(n_docs: u32) -> Result<Self> {
        let mut set = Self { words: filled(n_docs.div_ceil(64) as usize, u64::MAX, "filtered documents")?, n_docs };
        set.trim();
        Ok(set)
    }

    /// Clears the bits beyond the last document.
    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.n_docs % 64) {
            *last &= (1 << rest) - 1;
        }
    }

    /// Documents of the segment.
    pub fn n_docs(&self) -> u32 {
        self.n_docs
    }

    /// The bits, the first document in the lowest of the first word.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Gives the words to be changed; bits beyond the last document are cleared afterwards.
    pub fn change(&mut self, with: impl FnOnce(&mut [u64])) {
        with(&mut self.words);
        self.trim();
    }

    /// Adds a document; one beyond the last is not.
    #[inline]
    pub fn insert(&mut self, doc: u32) {
        if doc < self.n_docs {
            self.words[(doc / 64) as usize] |= 1 << (doc % 64);
        }
    }

    /// Takes a document out.
    #[inline]
    pub fn remove(&mut self, doc: u32) {
        if doc < self.n_docs {
            self.words[(doc / 64) as usize] &= !(1 << (doc % 64));
        }
    }

    /// Whether a document is in it.
    #[inline]
    pub fn contains(&self, doc: u32) -> bool {
        self.words.get((doc / 64) as usize).is_some_and(|word| word >> (doc % 64) & 1 != 0)
    }

    /// Keeps what `other`, of the same segment, has too.
    pub fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Adds what `other`, of the same segment, has.
    pub fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes out what `other`, of the same segment, has.
    pub fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Takes `docs` out.
    pub fn remove_all(&mut self, docs: &RoaringBitmap) {
        docs.iter().for_each(|doc| self.remove(doc));
    }

    /// How many documents it has.
    pub fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Its documents, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.words).filter(|(_, word)| **word != 0).flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn is_a_set(
            n in 1u32..700,
            a in prop::collection::btree_set(0u32..700, 0..200),
            b in prop::collection::btree_set(0u32..700, 0..200),
        ) {
            let of = |docs: &BTreeSet<u32>| {
                let mut set = DocSet::none(n).unwrap();
                docs.iter().for_each(|&doc| set.insert(doc));
                set
            };
            let within = |docs: &BTreeSet<u32>| docs.iter().copied().filter(|&d| d < n).collect::<BTreeSet<u32>>();
            let (sa, sb, a, b) = (of(&a), of(&b), within(&a), within(&b));
            let same = |set: &DocSet, docs: BTreeSet<u32>| {
                set.iter().eq(docs.iter().copied()) && set.count() as usize == docs.len()
                    && (0..n + 70).all(|doc| set.contains(doc) == docs.contains(&doc))
                    && set.is_empty() == docs.is_empty()
            };
            prop_assert!(same(&sa, a.clone()));
            let with = |f: fn(&mut DocSet, &DocSet)| { let mut set = sa.clone(); f(&mut set, &sb); set };
            prop_assert!(same(&with(DocSet::and), &a & &b));
            prop_assert!(same(&with(DocSet::or), &a | &b));
            prop_assert!(same(&with(DocSet::and_not), &a - &b));
            let mut rest = DocSet::all(n).unwrap();
            prop_assert_eq!(rest.count(), n);
            rest.remove_all(&b.iter().copied().collect());
            prop_assert!(same(&rest, (0..n).filter(|d| !b.contains(d)).collect()));
            rest.change(|words| words.fill(u64::MAX));
            prop_assert_eq!(rest, DocSet::all(n).unwrap());
        }
    }
}
