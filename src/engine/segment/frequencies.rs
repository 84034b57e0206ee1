//! Document frequencies of the documents that somebody sees, counted from the lists.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use roaring::RoaringBitmap;

use super::format::Sign;
use super::live::LiveRank;
use super::pages::PartPages;
use super::reader::{SegmentAsSource, SegmentReader};
use super::source::SegmentSource;
use crate::engine::error::{EngineError, Result, reserved};
use crate::engine::vector::aggregate::TermHasher;
use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::error::VectorError;
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// How many documents have each term.
#[derive(Debug, Default)]
pub struct DocumentFrequencies {
    counts: HashMap<u32, u64, BuildHasherDefault<TermHasher>>,
    n_docs: u64,
}

impl DocumentFrequencies {
    /// Documents counted: those that have a vector, an empty one too.
    pub fn n_docs(&self) -> u64 {
        self.n_docs
    }

    /// The greatest term of all.
    pub fn greatest_term(&self) -> Option<u32> {
        self.counts.keys().copied().max()
    }

    /// Counts a document.
    pub fn add_vector(&mut self, vector: SparseVectorRef<'_>) -> Result<()> {
        self.n_docs += 1;
        vector.indices().iter().try_for_each(|&term| self.add(term, 1))
    }

    /// Counts the documents of a segment that are not `hidden` and have a vector. Irregular ones have no postings:
    /// whoever knows their vectors adds them.
    pub fn add_segment<P: PartPages>(
        &mut self,
        segment: SegmentReader<'_, P>,
        mut hidden: RoaringBitmap,
    ) -> Result<()> {
        let pages = segment.pages;
        let mut source = SegmentAsSource::new(segment)?;
        let without_postings = &source.special().null | &source.special().irregular;
        hidden |= &without_postings;
        let seen = LiveRank::new(source.n_docs(), &hidden, 0)?;
        self.n_docs += u64::from(seen.n_live());
        // Then the directory has the answer: most segments, and those of a table that only grows, need no list read.
        let all_seen = hidden == without_postings;
        let mut n_terms = 0u32;
        while let Some(head) = source.head() {
            let mut df = 0;
            if all_seen {
                df = head.df.iter().map(|&df| u64::from(df)).sum();
            } else {
                for sign in Sign::BOTH {
                    source.for_each_posting(sign, &mut |doc, _| {
                        df += u64::from(seen.new_doc(doc).is_some());
                        Ok(())
                    })?;
                }
            }
            if df > 0 {
                self.add(head.term, df)?;
            }
            source.advance()?;
            n_terms += 1;
            if n_terms.is_multiple_of(1024) {
                pages.check_interrupts();
            }
        }
        Ok(())
    }

    fn add(&mut self, term: u32, n: u64) -> Result<()> {
        let bytes = self.counts.len().saturating_mul(size_of::<(u32, u64)>());
        self.counts.try_reserve(1).map_err(|_| EngineError::OutOfMemory { what: "document frequencies", bytes })?;
        *self.counts.entry(term).or_default() += n;
        Ok(())
    }

    /// The terms, ascending, each with its number of documents.
    pub fn terms(&self) -> Result<Vec<(u32, u64)>> {
        let mut counts = reserved(self.counts.len(), "document frequencies")?;
        counts.extend(self.counts.iter().map(|(&term, &n)| (term, n)));
        counts.sort_unstable();
        Ok(counts)
    }
}

/// Such terms as a vector of dimension `dim` (0: unbounded), which none of them is to exceed.
#[expect(clippy::cast_precision_loss, reason = "float4 rounds the count more coarsely anyhow")]
pub fn to_vector(terms: &[(u32, u64)], dim: u32) -> std::result::Result<SparseVector, VectorError> {
    let mut vector = Collector::new(dim, terms.len())?;
    terms.iter().try_for_each(|&(term, n)| vector.push(term, narrow(n as f64)))?;
    Ok(vector.finish())
}
