//! What a query will touch, before it is run: for the planner and for whoever asks.
//!
//! The directory knows for each term how many documents have it. A survey looks the query's terms up there, in the
//! largest segments first and within a budget; beyond it, it reckons that the rest is like what it saw.

use super::error::{Result, filled, reserved};
use super::search::blocks::FEW_BLOCKS_ONE_IN;
use super::segment::format::{BLOCK_DOCS, ListEntry, SegmentMeta};
use super::segment::pages::PartPages;
use super::segment::reader::SegmentReader;
use super::vector::SparseVectorRef;

/// Nanoseconds, measured on one machine: good for comparing plans, not for promises.
mod cost {
    /// Adding one frequent list to the sums, for each document of its segment: a chunk of 256 takes 16 to 30.
    pub const FREQUENT: f64 = 0.11;
    /// Adding a rare posting to its document's sum.
    pub const RARE: f64 = 0.95;
    /// Looking at a document's sum.
    pub const DOCUMENT: f64 = 0.05;
    /// The bound that one frequent list gives a document: one for several documents.
    pub const BOUND: f64 = 0.012;
    /// Adding a rare posting to the bounds, and keeping it.
    pub const RARE_BOUND: f64 = 1.2;
    /// Scoring a block, or dropping it: look-ups in several lists, most of them on pages of their own.
    pub const BLOCK: f64 = 550.0;
    /// Finding a list.
    pub const LOOK_UP: f64 = 500.0;
    /// The bound that one frequent list gives a block, looked up for this block alone.
    pub const LEVEL: f64 = 4.0;
    /// Reading a rare posting and passing over it.
    pub const RARE_PASSED: f64 = 0.9;
    /// Looking one document up in a frequent list.
    pub const FEW: f64 = 25.0;
}

/// Blocks that a first round scores or drops for each document it wants, measured for 16, 160 and 1,600 documents.
const BLOCKS_PER_DOCUMENT: f64 = 18.0;
/// So many times more where conditions leave a tenth or a half, and many blocks with them: a block's bound is that of
/// all its documents.
const BLOCKS_UNDER_CONDITIONS: f64 = 1.25;
/// With bounds believed to a part only, blocks become fewer by about this power of it.
const PRUNE_POWER: i32 = 4;

/// What a search is asked for, as far as it decides the cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Documents.
    pub documents: usize,
    /// How far bounds are believed; 1: exact.
    pub prune_factor: f64,
    /// The part of all documents that conditions leave.
    pub kept: f64,
}

impl Wish {
    /// The part of the blocks that have a document which conditions leave, if those are scattered.
    fn kept_blocks(&self) -> f64 {
        1.0 - (1.0 - self.kept).powi(BLOCK_DOCS as i32)
    }
}

/// Postings of a learned-sparse query for each document of the table, when the query is not known: 2.2 to 2.8 measured.
const POSTINGS_PER_DOCUMENT: f64 = 2.5;
/// How many of its lists are then frequent, for each document: terms that every document has count 1.
const FREQUENT_LISTS: f64 = 8.0;
/// The part of its postings that is in rare lists.
const RARE_PART: f64 = 0.1;
/// And its lists in each segment.
const LISTS: f64 = 30.0;

/// What a query touches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Survey {
    /// Documents of the segments, dead ones included.
    pub documents: f64,
    /// Segments.
    pub segments: usize,
    /// Terms of the query that some segment has.
    pub terms: f64,
    /// Their lists.
    pub lists: f64,
    /// The postings of these lists.
    pub postings: f64,
    /// Those of rare lists.
    pub rare: f64,
    /// For each frequent list the documents of its segment.
    pub bounded: f64,
}

/// How the rows will be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By bounds for blocks of documents first.
    Bounds,
    /// By scoring every posting.
    Exhaustive,
}

impl Survey {
    /// Of a query that is not known, in segments with these totals.
    pub fn average<'a>(segments: impl Iterator<Item = &'a SegmentMeta>) -> Self {
        let (mut n, mut documents, mut postings) = (0, 0.0, 0.0);
        for meta in segments {
            n += 1;
            documents += f64::from(meta.n_docs);
            postings += meta.n_postings as f64;
        }
        Self { segments: n, ..Self::of_unknown(documents, postings) }
    }

    /// Of a query that is not known, in an index of which nothing is known but its documents.
    pub fn of_unknown(documents: f64, all_postings: f64) -> Self {
        let postings = (documents * POSTINGS_PER_DOCUMENT).min(all_postings);
        Self {
            documents,
            segments: 1,
            terms: LISTS,
            lists: LISTS,
            postings,
            rare: postings * RARE_PART,
            bounded: documents * FREQUENT_LISTS,
        }
    }

    /// Of `query`, with at most `budget` look-ups; `None` stands for a NULL.
    pub fn take<P: PartPages>(
        query: Option<SparseVectorRef<'_>>,
        segments: &[SegmentReader<'_, P>],
        budget: usize,
    ) -> Result<Self> {
        let documents = segments.iter().map(|s| f64::from(s.meta.n_docs)).sum();
        let terms = query.map_or(&[][..], |query| query.indices());
        let step = terms.len().div_ceil(budget.max(1)).max(1);
        let sample = terms.len().div_ceil(step);
        let mut order = reserved(segments.len(), "segments")?;
        order.extend(segments);
        order.sort_by_key(|s| std::cmp::Reverse(s.meta.n_docs));

        let mut seen = Self::default();
        let mut found = filled(sample, false, "query plan")?;
        for segment in order {
            if seen.segments > 0 && (seen.segments + 1).saturating_mul(sample) > budget {
                break;
            }
            seen.segments += 1;
            seen.documents += f64::from(segment.meta.n_docs);
            for (at, (&term, found)) in terms.iter().step_by(step).zip(&mut found).enumerate() {
                if at % 1024 == 1023 {
                    segment.pages.check_interrupts();
                }
                let entry = segment.find_term(term).map_err(|e| segment.pages.locate(e))?;
                let Some(entry) = entry else { continue };
                *found = true;
                entry.lists.iter().filter(|l| l.df > 0).for_each(|list| seen.add(list, segment.meta));
            }
            segment.pages.check_interrupts();
        }
        seen.terms = found.iter().filter(|&&f| f).count() as f64;
        Ok(seen.extrapolate(terms.len(), sample, segments.len(), documents))
    }

    /// From a sample of the terms in the largest segments to all terms in all segments.
    fn extrapolate(self, n_terms: usize, sample: usize, segments: usize, documents: f64) -> Self {
        let terms = if sample == 0 { 1.0 } else { n_terms as f64 / sample as f64 };
        let by_documents = if self.documents > 0.0 { documents / self.documents } else { 1.0 };
        let by_segments = if self.segments > 0 { segments as f64 / self.segments as f64 } else { 1.0 };
        Self {
            documents,
            segments,
            terms: self.terms * terms,
            lists: self.lists * terms * by_segments,
            postings: self.postings * terms * by_documents,
            rare: self.rare * terms * by_documents,
            bounded: self.bounded * terms * by_documents,
        }
    }

    /// Adds a list of a segment.
    pub fn add(&mut self, list: &ListEntry, meta: &SegmentMeta) {
        self.lists += 1.0;
        self.postings += f64::from(list.df);
        if list.frequent {
            self.bounded += f64::from(meta.n_docs);
        } else {
            self.rare += f64::from(list.df);
        }
    }

    /// Nanoseconds before the first row, the look-ups included.
    pub fn nanoseconds(&self, way: Way, wish: Wish) -> f64 {
        let look_ups = self.lists * cost::LOOK_UP;
        look_ups
            + match way {
                Way::Exhaustive => {
                    self.bounded * cost::FREQUENT + self.rare * cost::RARE + self.documents * cost::DOCUMENT
                }
                Way::Bounds => {
                    let kept = wish.kept_blocks();
                    let n_blocks = self.documents / f64::from(BLOCK_DOCS) * kept;
                    let bounds = if kept * FEW_BLOCKS_ONE_IN as f64 > 1.0 {
                        self.bounded * cost::BOUND + self.rare * cost::RARE_BOUND + n_blocks * cost::DOCUMENT
                    } else {
                        let levels = self.bounded / f64::from(BLOCK_DOCS) * kept;
                        levels * cost::LEVEL + self.rare * cost::RARE_PASSED
                    };
                    let looser = if (0.03..1.0).contains(&wish.kept) { BLOCKS_UNDER_CONDITIONS } else { 1.0 };
                    let per_document = BLOCKS_PER_DOCUMENT * looser * wish.prune_factor.powi(PRUNE_POWER);
                    let blocks = (wish.documents as f64 * per_document).min(n_blocks);
                    bounds + blocks * cost::BLOCK
                }
            }
    }

    /// Whether it is cheaper than anything else to look `n` documents up in every list.
    pub fn is_few(&self, n: u64) -> bool {
        let frequent = if self.documents > 0.0 { self.bounded / self.documents } else { 0.0 };
        let alone = n as f64 * frequent * cost::FEW + self.rare * cost::RARE_PASSED;
        let exhaustive = self.bounded * cost::FREQUENT + self.rare * cost::RARE + self.documents * cost::DOCUMENT;
        alone < exhaustive * 0.7
    }

    /// How many blocks are scored one by one before scoring everything is the better way on: as many as take twice its
    /// time, since the last ones are the quickest, and what was done is lost then.
    pub fn blocks_for_all(&self) -> usize {
        (2.0 * self.nanoseconds_for_all() / cost::BLOCK) as usize
    }

    /// Nanoseconds that scoring everything takes.
    pub fn nanoseconds_for_all(&self) -> f64 {
        self.nanoseconds(Way::Exhaustive, Wish { documents: 0, prune_factor: 1.0, kept: 1.0 })
    }

    /// Bytes read before the first row.
    pub fn bytes(&self, way: Way) -> f64 {
        match way {
            Way::Exhaustive => self.postings * 2.0,
            Way::Bounds => self.rare * 2.0 + self.bounded / 8.0,
        }
    }

    /// The cheaper way.
    pub fn way(&self, wish: Wish) -> Way {
        let cheaper = self.nanoseconds(Way::Bounds, wish) < self.nanoseconds(Way::Exhaustive, wish);
        if cheaper { Way::Bounds } else { Way::Exhaustive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_stands_for_the_rest() {
        let seen = Survey {
            documents: 100.0,
            segments: 1,
            terms: 2.0,
            lists: 2.0,
            postings: 50.0,
            rare: 10.0,
            bounded: 100.0,
        };
        let all = seen.extrapolate(8, 4, 3, 200.0);
        assert_eq!((all.documents, all.segments, all.terms, all.lists), (200.0, 3, 4.0, 12.0));
        assert_eq!((all.postings, all.rare, all.bounded), (200.0, 40.0, 400.0));
        let nothing = Survey::default().extrapolate(0, 0, 0, 0.0);
        assert_eq!(nothing, Survey::default());
    }
}
