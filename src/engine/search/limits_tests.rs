//! Counters at the edges of their widths: 8, 16 and 24 bits, chunks and ranges; and what lies beyond a limit is
//! refused.
//!
//! Documents are tiny, and nobody holds them: a [`Made`] source gives them to the writer one after another. Sizes from
//! 2^24 on are tried with `PG_WAND_LARGE=1` (1 GB of memory).

use super::oracle_tests::Kept;
use super::query::Distance;
use super::ranker::{Options, Ranker, Strategy};
use super::scratch::Scratch;
use crate::engine::error::{EngineError, Result};
use crate::engine::filter::value::NoColumns;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::check::check_segment;
use crate::engine::segment::format::{CHUNK_DOCS, MAX_DOCS, RANGE_DOCS, SegmentMeta, Sign, TERMS_PER_PAGE};
use crate::engine::segment::norms::Norm;
use crate::engine::segment::pages::{MemoryPages, PAYLOAD};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::{EachNorm, EachPosting, EachTid, Input, SegmentSource, TermHead};
use crate::engine::segment::special::SpecialDocs;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;

/// Every document has the term 7; the last one alone has 9, and every `step`-th (the 0th first) has 8. Impacts are 1 to
/// 3, by document, and weights as great.
struct Made {
    first: u32,
    n_docs: u32,
    step: u32,
    at: usize,
    special: SpecialDocs,
}

impl Made {
    fn new(first: u32, n_docs: u32, step: u32) -> Self {
        Self { first, n_docs, step, at: 0, special: SpecialDocs::default() }
    }

    fn df(&self, term: u32) -> u32 {
        match term {
            7 => self.n_docs,
            8 => self.n_docs.div_ceil(self.step),
            _ => 1,
        }
    }
}

fn impact(doc: u32) -> u8 {
    (doc % 3 + 1) as u8
}

impl SegmentSource for Made {
    fn n_docs(&self) -> u32 {
        self.n_docs
    }

    fn special(&self) -> &SpecialDocs {
        &self.special
    }

    fn max_nnz(&self) -> u32 {
        3
    }

    fn for_each_tid(&mut self, each: &mut EachTid<'_>) -> Result<()> {
        (0..self.n_docs).try_for_each(|doc| each(doc, Tid { block: self.first + doc, offset: 1 }))
    }

    fn for_each_norm(&mut self, each: &mut EachNorm<'_>) -> Result<()> {
        (0..self.n_docs).try_for_each(|doc| {
            let n = 1 + usize::from(doc.is_multiple_of(self.step)) + usize::from(doc == self.n_docs - 1);
            let weights = [f32::from(impact(self.first + doc)); 3];
            each(doc, Norm::of(SparseVectorRef::from_valid_parts(0, &[7, 8, 9][..n], &weights[..n])))
        })
    }

    fn head(&self) -> Option<TermHead> {
        let term = *[7, 8, 9].get(self.at)?;
        Some(TermHead { term, exponent: 0, df: [self.df(term), 0] })
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        if sign == Sign::Negative {
            return Ok(());
        }
        let (first, n) = (self.first, self.n_docs);
        let mut give = |doc| each(doc, impact(first + doc));
        match self.at {
            0 => (0..n).try_for_each(give),
            1 => (0..n).step_by(self.step as usize).try_for_each(give),
            _ => give(n - 1),
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.at += 1;
        Ok(())
    }
}

type Written = (MemoryPages, SegmentMeta);

fn write(mut inputs: Vec<Input<'_>>) -> Written {
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut inputs, &NoColumns, &mut pages).unwrap();
    let mut problems = Vec::new();
    check_segment(&SegmentReader { pages: &pages, meta: &meta }, &NoColumns, None, &mut |p| problems.push(p)).unwrap();
    assert_eq!(problems, []);
    (pages, meta)
}

fn merge(segments: &[Written]) -> Written {
    let readers = segments.iter().map(|(pages, meta)| SegmentReader { pages, meta });
    write(readers.map(|reader| Input::all(SegmentAsSource::new(reader).unwrap())).collect())
}

/// Every document comes once, in the order of its distance, which is exact: the weights are as great as their impacts.
/// Documents have the score 1 to 3 from term 7, twice that if they have 8; term 9 (of `nines`) is not asked for.
fn check_stream((pages, meta): &Written, step: u32, nines: &[u32], strategy: Strategy, metric: Metric) {
    let n_docs = meta.n_docs;
    let (indices, weights) = ([7, 8], [1.0, 1.0]);
    let query = SparseVectorRef::from_valid_parts(0, &indices, &weights);
    let options = Options { strategy, ..Options::default() };
    let segments = vec![Kept { pages, meta, steps: None }];
    let mut ranker = Ranker::new(segments, metric, Some(query), options, Scratch::default()).unwrap();
    let truth = |doc: u32| {
        let weight = |has: bool| if has { f64::from(impact(doc)) } else { 0.0 };
        let [seven, eight, nine] = [true, doc.is_multiple_of(step), nines.contains(&doc)].map(weight);
        match metric {
            Metric::L2 => ((seven - 1.0).powi(2) + (eight - 1.0).powi(2) + nine.powi(2)).sqrt(),
            _ => -(seven + eight),
        }
    };
    let mut seen = roaring::RoaringBitmap::new();
    let mut before = f64::NEG_INFINITY;
    while let Some(ranked) = ranker.next_best().unwrap() {
        assert!(ranked.doc < n_docs && seen.insert(ranked.doc), "document {} of {n_docs}", ranked.doc);
        let Distance::Value(bound) = ranked.distance else { panic!("a number") };
        assert!(before <= bound && bound <= truth(ranked.doc), "{metric:?}, document {}: {bound}", ranked.doc);
        before = bound;
    }
    assert_eq!(seen.len(), u64::from(n_docs), "{strategy:?}");
}

/// Builds `n_docs` documents in one piece, and in two that are merged.
fn check_documents(n_docs: u32, step: u32) {
    let whole = write(vec![Input::all(Made::new(0, n_docs, step))]);
    // The halves' documents with term 8 must be those of the whole.
    let half = (n_docs / 2 / step * step).max(step);
    let halves = [(0, half), (half, n_docs - half)];
    let merged = merge(&halves.map(|(first, n)| write(vec![Input::all(Made::new(first, n, step))])));
    for (written, nines) in [(&whole, &[n_docs - 1][..]), (&merged, &[half - 1, n_docs - 1])] {
        let (pages, meta) = written;
        let reader = SegmentReader { pages, meta };
        assert_eq!(meta.n_docs, n_docs);
        let df = |term| reader.find_term(term).unwrap().unwrap().lists[0].df;
        assert_eq!((df(7), df(8), df(9)), (n_docs, n_docs.div_ceil(step), nines.len() as u32), "{n_docs} documents");
        assert_eq!(meta.n_postings, u64::from(df(7)) + u64::from(df(8)) + u64::from(df(9)));
        assert_eq!(reader.tid(n_docs - 1).unwrap().block, n_docs - 1);
        for strategy in [Strategy::Blocks, Strategy::Exhaustive] {
            for metric in [Metric::InnerProduct, Metric::L2] {
                check_stream(written, step, nines, strategy, metric);
            }
        }
    }
}

fn is_large() -> bool {
    std::env::var_os("PG_WAND_LARGE").is_some()
}

fn around(n: u32) -> [u32; 3] {
    [n - 1, n, n + 1]
}

#[test]
fn documents_at_the_edges_of_chunks_ranges_and_counters() {
    for n_docs in [256, 512, RANGE_DOCS, 1 << 16, 2 * RANGE_DOCS, 1 << 17].into_iter().flat_map(around) {
        // One in 2 is a frequent list, one in 100 a rare one with gaps of a byte.
        check_documents(n_docs, 2);
        check_documents(n_docs, 100);
    }
    // Gaps of one byte, two and four, at their widest and just above.
    for step in [1 << 8, 1 << 16].into_iter().flat_map(around) {
        check_documents(400_000, step);
    }
    if is_large() {
        for n_docs in around(1 << 24) {
            check_documents(n_docs, 3);
            check_documents(n_docs, 1 << 16);
        }
    }
}

/// Directory pages hold 254 terms and fence pages 2,032 directory pages.
#[test]
fn terms_at_the_edges_of_directory_pages_and_counters() {
    let fences = (PAYLOAD / 4) as u32 * TERMS_PER_PAGE;
    let mut sizes: Vec<u32> = [256, TERMS_PER_PAGE, 1 << 16, fences].into_iter().flat_map(around).collect();
    if is_large() {
        sizes.extend(around(1 << 24));
    }
    for n_terms in sizes {
        // One document has all terms: as many non-zeros.
        let indices: Vec<u32> = (0..n_terms).map(|i| i * 3 + 1).collect();
        let weights = vec![1.0; n_terms as usize];
        let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
        let vector = SparseVectorRef::from_valid_parts(0, &indices, &weights);
        run.add(Tid { block: 5, offset: 1 }, Some(vector), &[]).unwrap();
        let (pages, meta) = write(vec![Input::all(run.finish(&NoColumns).unwrap())]);
        assert_eq!((meta.n_terms, meta.max_nnz, meta.n_postings), (n_terms, n_terms, u64::from(n_terms)));
        let reader = SegmentReader { pages: &pages, meta: &meta };
        for no in [0, n_terms / 2, n_terms - 1] {
            assert_eq!(reader.find_term(no * 3 + 1).unwrap().unwrap().term, no * 3 + 1);
            assert_eq!(reader.find_term(no * 3 + 2).unwrap(), None);
        }
    }
}

/// Below, at and above every number of lists at which the arithmetic changes; and more terms than 16 bits count.
#[test]
fn queries_of_many_terms() {
    let most = (1 << 16) + 1;
    let indices: Vec<u32> = (0..most).collect();
    let weights = vec![1.0f32; most as usize];
    let vector = SparseVectorRef::from_valid_parts(0, &indices, &weights);
    let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
    // Documents with all terms, half of them, none.
    let half = most as usize / 2;
    let small = SparseVectorRef::from_valid_parts(0, &indices[half..], &weights[half..]);
    for (block, vector) in [(0, vector), (1, small)] {
        run.add(Tid { block, offset: 1 }, Some(vector), &[]).unwrap();
    }
    run.add(Tid { block: 2, offset: 1 }, Some(SparseVectorRef::from_valid_parts(0, &[], &[])), &[]).unwrap();
    let (pages, meta) = write(vec![Input::all(run.finish(&NoColumns).unwrap())]);
    for n in [64, 128, 16_384, 1 << 16].into_iter().flat_map(around) {
        let (from, n) = (most as usize - n as usize, f64::from(n));
        let query = SparseVectorRef::from_valid_parts(0, &indices[from..], &weights[from..]);
        for strategy in [Strategy::Blocks, Strategy::Exhaustive] {
            let options = Options { strategy, ..Options::default() };
            let segments = vec![Kept { pages: &pages, meta: &meta, steps: None }];
            let ranker = Ranker::new(segments, Metric::InnerProduct, Some(query), options, Scratch::default());
            let mut ranker = ranker.unwrap();
            let mut docs = Vec::new();
            while let Some(ranked) = ranker.next_best().unwrap() {
                let Distance::Value(bound) = ranked.distance else { panic!("a number") };
                let score = [n, n.min(half as f64 + 1.0), 0.0][ranked.doc as usize];
                assert!(bound <= -score, "{n} terms, document {}: {bound}", ranked.doc);
                docs.push(ranked.doc);
            }
            docs.sort_unstable();
            assert_eq!(docs, [0, 1, 2], "{n} terms");
        }
    }
}

/// More segments than 16 bits count, all over the same pages.
#[test]
fn an_index_of_many_segments() {
    let (pages, meta) = write(vec![Input::all(Made::new(0, 3, 2))]);
    for n in around(1 << 16) {
        let segments: Vec<_> = (0..n).map(|_| Kept { pages: &pages, meta: &meta, steps: None }).collect();
        let (indices, weights) = ([9], [1.0]);
        let query = SparseVectorRef::from_valid_parts(0, &indices, &weights);
        let ranker = Ranker::new(segments, Metric::InnerProduct, Some(query), Options::default(), Scratch::default());
        let mut ranker = ranker.unwrap();
        let mut seen = vec![0u8; n as usize];
        while let Some(ranked) = ranker.next_best().unwrap() {
            seen[ranked.segment] += 1 << ranked.doc;
        }
        assert!(seen.iter().all(|&docs| docs == 0b111), "{n} segments");
    }
}

#[test]
fn too_many_documents_are_refused() {
    let limit = |result: Result<()>| matches!(result, Err(EngineError::Limit { .. }));
    // Of a segment: refused before anything is written.
    let mut inputs = [MAX_DOCS, 1].map(|n| Input::all(Made::new(0, n, 1)));
    assert!(limit(write_segment(&mut inputs, &NoColumns, &mut MemoryPages::default()).map(drop)));
    // Of an index: refused before any page is read.
    let meta = SegmentMeta { n_docs: MAX_DOCS, ..SegmentMeta::default() };
    let pages = MemoryPages::default();
    let open = |n: usize| {
        let segments: Vec<_> = (0..n).map(|_| Kept { pages: &pages, meta: &meta, steps: None }).collect();
        Ranker::new(segments, Metric::InnerProduct, None, Options::default(), Scratch::default()).map(drop)
    };
    assert!(limit(open(2)));
    // Of a run: it says before that it is full.
    if is_large() {
        let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
        let vector = SparseVectorRef::from_valid_parts(0, &[4], &[1.0]);
        for block in 0..1 << 24 {
            assert!(!run.is_full(), "full after {block} documents");
            run.add(Tid { block, offset: 1 }, Some(vector), &[]).unwrap();
        }
        assert!(run.is_full() && limit(run.add(Tid::default(), Some(vector), &[])));
        let (pages, meta) =
            write(vec![Input::all(run.finish(&NoColumns).unwrap()), Input::all(Made::new(1 << 24, CHUNK_DOCS, 1))]);
        let reader = SegmentReader { pages: &pages, meta: &meta };
        assert_eq!(reader.find_term(4).unwrap().unwrap().lists[0].df, 1 << 24);
        assert_eq!(reader.tid(meta.n_docs - 1).unwrap().block, (1 << 24) + CHUNK_DOCS - 1);
    }
}
