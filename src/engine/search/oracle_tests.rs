//! The index against the oracle: for generated collections, queries and deletions, the stream gives every live document
//! exactly once, in the order of bounds that are never above the true distance; reordered as the executor does it, the
//! distances equal those of a scan over the vectors, bit for bit.

use std::cell::Cell;
use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::choice::Choice;
use super::query::Distance;
use super::ranker::{Options, Ranked, Ranker, Segment, Strategy};
use super::scratch::Scratch;
use super::shapes_tests;
use super::simd::Kernel;
use crate::engine::filter::value::NoColumns;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::check::{DocumentSums, check_segment};
use crate::engine::segment::format::{SegmentMeta, Sign, is_frequent};
use crate::engine::segment::frequencies::DocumentFrequencies;
use crate::engine::segment::live;
use crate::engine::segment::pages::{MemoryPages, Part, PartPages};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::{Run, RunBuilder};
use crate::engine::segment::source::Input;
use crate::engine::segment::spill::{SpillRead, SpillWrite, SpilledRun, write_run};
use crate::engine::segment::writer::write_segment;
use crate::engine::tests::trials;
use crate::engine::vector::{SparseVectorRef, ops};

/// A small, fast, seeded generator (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Vector {
    pub(super) indices: Vec<u32>,
    pub(super) weights: Vec<f32>,
}

impl Vector {
    pub(super) fn as_ref(&self) -> SparseVectorRef<'_> {
        SparseVectorRef::from_valid_parts(0, &self.indices, &self.weights)
    }
}

/// What kind of numbers a case is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Weights {
    Learned,
    Ties,
    Signed,
    Wild,
}

fn weight(rng: &mut Random, kind: Weights) -> f32 {
    match kind {
        Weights::Learned => (rng.below(2900) + 1) as f32 / 1000.0,
        Weights::Ties => [0.5, 1.0, 2.0][rng.below(3) as usize],
        Weights::Signed => {
            let w = (rng.below(2000) + 1) as f32 / 1000.0;
            if rng.chance(40) { -w } else { w }
        }
        Weights::Wild => loop {
            let w = f32::from_bits(rng.next() as u32);
            if w.is_finite() && w != 0.0 {
                return w;
            }
        },
    }
}

pub(super) fn vector(rng: &mut Random, kind: Weights, max_nnz: u64, vocabulary: u64) -> Vector {
    let mut indices: Vec<u32> = (0..rng.below(max_nnz + 1))
        .map(|_| {
            // Few head terms in most documents, many rare ones, now and then a huge id.
            let r = rng.below(vocabulary);
            match rng.below(20) {
                0 => u32::MAX - 1 - r as u32,
                1..=12 => (r * r / vocabulary) as u32,
                _ => r as u32,
            }
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    let weights = indices.iter().map(|_| weight(rng, kind)).collect();
    Vector { indices, weights }
}

/// Makes some documents far longer or shorter than the others.
pub(super) fn stretch(rng: &mut Random, docs: &mut [Option<Vector>]) {
    let percent = [1, 5, 50][rng.below(3) as usize];
    for doc in docs.iter_mut().flatten() {
        if !rng.chance(percent) {
            continue;
        }
        let factor = [1e-12, 1e-3, 30.0, 1e6, 1e18][rng.below(5) as usize];
        let possible = |w: &f32| (w * factor).is_finite() && w * factor != 0.0;
        if doc.weights.iter().all(possible) {
            doc.weights.iter_mut().for_each(|w| *w *= factor);
        }
    }
}

pub(super) struct Case {
    pub(super) metric: Metric,
    pub(super) docs: Vec<Option<Vector>>,
    pub(super) segments: Vec<(MemoryPages, SegmentMeta)>,
    pub(super) dead: RoaringBitmap,
    /// Rows that a hint says are dead to everybody; some of them are dead by their live bit, too.
    pub(super) killed: RoaringBitmap,
}

#[derive(Default)]
struct Spill {
    bytes: Vec<u8>,
    at: usize,
}

impl SpillWrite for Spill {
    fn write(&mut self, bytes: &[u8]) -> crate::engine::error::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl SpillRead for Spill {
    fn read(&mut self, bytes: &mut [u8]) -> crate::engine::error::Result<()> {
        bytes.copy_from_slice(&self.bytes[self.at..self.at + bytes.len()]);
        self.at += bytes.len();
        Ok(())
    }
}

fn run_of(metric: Metric, docs: &[Option<Vector>], first: u32) -> Run {
    let mut builder = RunBuilder::new(metric, usize::MAX);
    for (i, doc) in docs.iter().enumerate() {
        let tid = Tid { block: first + i as u32, offset: 1 };
        builder.add(tid, doc.as_ref().map(Vector::as_ref), &[]).unwrap();
    }
    builder.finish(&NoColumns).unwrap()
}

/// A segment as the ranker keeps it.
pub struct Kept<'a> {
    pub pages: &'a MemoryPages,
    pub meta: &'a SegmentMeta,
    /// Pages opened.
    pub steps: Option<&'a Cell<u64>>,
}

impl PartPages for Kept<'_> {
    type Page<'b>
        = &'b [u8]
    where
        Self: 'b;

    fn page(&self, part: Part, no: u32) -> crate::engine::error::Result<&[u8]> {
        self.steps.inspect(|steps| steps.set(steps.get() + 1));
        self.pages.page(part, no)
    }
}

impl Segment for Kept<'_> {
    fn meta(&self) -> &SegmentMeta {
        self.meta
    }
}

/// Cuts the documents into segments; some are written from several runs, spilled or not.
pub(super) fn build(
    rng: &mut Random,
    metric: Metric,
    docs: &[Option<Vector>],
    n_segments: usize,
) -> Vec<(MemoryPages, SegmentMeta)> {
    let per_segment = docs.len().div_ceil(n_segments).max(1);
    let mut first = 0;
    let mut segments = Vec::new();
    for part in docs.chunks(per_segment) {
        let per_run = part.len().div_ceil(1 + rng.below(3) as usize).max(1);
        let mut inputs = Vec::new();
        for piece in part.chunks(per_run) {
            let run = run_of(metric, piece, first);
            first += piece.len() as u32;
            if rng.chance(50) {
                let mut spill = Spill::default();
                write_run(run, &mut spill).unwrap();
                inputs.push(Input::all(SpilledRun::open(spill).unwrap()));
            } else {
                inputs.push(Input::all(run));
            }
        }
        let mut pages = MemoryPages::default();
        let meta = write_segment(&mut inputs, &NoColumns, &mut pages).unwrap();
        segments.push((pages, meta));
    }
    segments
}

impl Case {
    pub(super) fn generate(rng: &mut Random, max_docs: u64) -> Self {
        let metric = [Metric::InnerProduct, Metric::Cosine, Metric::L2][rng.below(3) as usize];
        let docs = shapes_tests::documents(rng, max_docs);
        let n_segments = if rng.chance(30) { 1 + rng.below(40) as usize } else { 1 + rng.below(3) as usize };
        let segments = build(rng, metric, &docs, n_segments);
        let mut case = Self { metric, docs, segments, dead: RoaringBitmap::new(), killed: RoaringBitmap::new() };
        if rng.chance(50) {
            let percent = rng.below(101);
            case.delete(rng, percent);
        }
        if rng.chance(30) {
            case.kill(rng);
        }
        if rng.chance(30) {
            case.merge(rng);
        }
        case
    }

    /// Clears live bits of some documents.
    pub(super) fn delete(&mut self, rng: &mut Random, percent: u64) {
        for (pages, meta) in &mut self.segments {
            for doc in 0..meta.n_docs {
                if rng.chance(percent) {
                    let (no, byte, bit) = live::place(doc);
                    pages.part_mut(Part::Live)[no as usize][byte] &= !bit;
                    let row = SegmentReader { pages: &*pages, meta }.tid(doc).unwrap().block;
                    self.dead.insert(row);
                }
            }
        }
    }

    /// Sets killed bits of some documents.
    fn kill(&mut self, rng: &mut Random) {
        let percent = rng.below(101);
        for (pages, meta) in &mut self.segments {
            for doc in (0..meta.n_docs).filter(|_| rng.chance(percent)) {
                let (no, byte, bit) = live::place(doc);
                pages.part_mut(Part::Killed)[no as usize][byte] |= bit;
                self.killed.insert(SegmentReader { pages: &*pages, meta }.tid(doc).unwrap().block);
            }
        }
    }

    /// Merges neighbouring segments, dropping the dead; the killed stay, and it is forgotten that they were killed.
    fn merge(&mut self, rng: &mut Random) {
        self.killed.clear();
        let old = std::mem::take(&mut self.segments);
        for group in old.chunks(1 + rng.below(5) as usize) {
            let mut inputs: Vec<Input<'_>> = group
                .iter()
                .map(|(pages, meta)| {
                    let reader = SegmentReader { pages, meta };
                    let dead = reader.dead().unwrap();
                    Input { source: Box::new(SegmentAsSource::new(reader).unwrap()), dead }
                })
                .collect();
            let mut pages = MemoryPages::default();
            let meta = write_segment(&mut inputs, &NoColumns, &mut pages).unwrap();
            self.segments.push((pages, meta));
        }
    }

    pub(super) fn readers(&self) -> Vec<SegmentReader<'_, MemoryPages>> {
        self.segments.iter().map(|(pages, meta)| SegmentReader { pages, meta }).collect()
    }

    pub(super) fn true_distance(&self, row: u32, query: Option<&Vector>) -> Distance {
        match (&self.docs[row as usize], query) {
            (Some(doc), Some(query)) => Distance::Value(match self.metric {
                Metric::InnerProduct => ops::negative_inner_product(doc.as_ref(), query.as_ref()),
                Metric::Cosine => ops::cosine_distance(doc.as_ref(), query.as_ref()),
                // Not above either: the operands may stand the other way round.
                Metric::L2 => {
                    let (doc, query) = (doc.as_ref(), query.as_ref());
                    ops::l2_distance(doc, query).min(ops::l2_distance(query, doc))
                }
            }),
            _ => Distance::Null,
        }
    }

    /// (row, bound) in the order of the stream.
    fn stream(&self, query: Option<&Vector>, options: Options) -> Vec<(u32, Distance)> {
        self.stream_of(Choice::default(), query, options)
    }

    /// The same for the documents that conditions leave.
    pub(super) fn stream_of(&self, choice: Choice, query: Option<&Vector>, options: Options) -> Vec<(u32, Distance)> {
        let steps = Cell::new(0);
        let segments = self.segments.iter().map(|(pages, meta)| Kept { pages, meta, steps: Some(&steps) }).collect();
        let query = query.map(Vector::as_ref);
        let scratch = Scratch::default();
        let mut ranker = Ranker::among(choice, segments, self.metric, query, options, scratch).unwrap();
        let mut out = Vec::new();
        // A round is ten times the one before, and looks at each list's pages again.
        let bound = 10_000 + 200 * self.docs.len() as u64 * (1 + self.segments.len() as u64);
        while let Some(Ranked { segment, doc, distance }) = ranker.next_best().unwrap() {
            assert!(out.len() < self.docs.len(), "every live row once, and no more: {options:?}");
            assert!(steps.get() < bound, "it goes on and on: {options:?}");
            let row = self.readers()[segment].tid(doc).unwrap().block;
            out.push((row, distance));
        }
        out
    }

    fn check_structure(&self) {
        for reader in self.readers() {
            let mut problems = Vec::new();
            let mut sums = DocumentSums::new(reader.meta.n_docs).unwrap();
            check_segment(&reader, &NoColumns, Some(&mut sums), &mut |p| problems.push(p)).unwrap();
            assert_eq!(problems, []);
            let dead = reader.dead().unwrap();
            for doc in (0..reader.meta.n_docs).filter(|&d| !dead.contains(d)) {
                let row = reader.tid(doc).unwrap().block;
                let vector = self.docs[row as usize].as_ref().map(Vector::as_ref);
                assert!(sums.matches(doc, self.metric, vector), "document {doc}, row {row}");
            }
        }
    }
}

/// Document frequencies from the lists, of the rows that somebody sees, against counting the vectors.
fn check_frequencies(case: &Case, rng: &mut Random) {
    let percent = [0, 10, 90][rng.below(3) as usize];
    let unseen: RoaringBitmap = (0..case.docs.len() as u32).filter(|_| rng.chance(percent)).collect();
    let mut counted = DocumentFrequencies::default();
    for reader in case.readers() {
        let dead = reader.dead().unwrap();
        let row = |doc| reader.tid(doc).unwrap().block;
        let hidden = (0..reader.meta.n_docs).filter(|&doc| dead.contains(doc) || unseen.contains(row(doc))).collect();
        // Their vectors are in the table only.
        for doc in &reader.special().unwrap().irregular - &hidden {
            counted.add_vector(case.docs[row(doc) as usize].as_ref().unwrap().as_ref()).unwrap();
        }
        counted.add_segment(reader, hidden).unwrap();
    }
    let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
    let mut n_docs = 0;
    for (row, doc) in case.docs.iter().enumerate() {
        let Some(doc) = doc.as_ref().filter(|_| !case.dead.contains(row as u32) && !unseen.contains(row as u32)) else {
            continue;
        };
        n_docs += 1;
        doc.indices.iter().for_each(|&term| *expected.entry(term).or_default() += 1);
    }
    assert_eq!(counted.n_docs(), n_docs);
    assert_eq!(counted.terms().unwrap(), expected.into_iter().collect::<Vec<_>>());
}

pub(super) fn compare(a: &Distance, b: &Distance) -> std::cmp::Ordering {
    a.compare(b)
}

/// With bounds believed in part rows may be missing; those that come come once, in order, with bounds.
fn check_pruned(case: &Case, query: Option<&Vector>, prune_factor: f64) {
    let got = case.stream(query, Options { strategy: Strategy::Blocks, prune_factor, ..Options::default() });
    let rows: RoaringBitmap = got.iter().map(|&(row, _)| row).collect();
    assert_eq!(rows.len(), got.len() as u64, "a row came twice");
    assert!(got.windows(2).all(|pair| compare(&pair[0].1, &pair[1].1).is_le()), "bounds ascend");
    assert!(got.iter().all(|(row, bound)| compare(bound, &case.true_distance(*row, query)).is_le()), "bounds");
}

/// Every strategy with a width of the kernels and a number of wanted documents that chance picks for it.
fn check_query(rng: &mut Random, case: &Case, query: Option<&Vector>, skip_killed: bool) {
    let kernels: Vec<Kernel> = Kernel::ALL.into_iter().filter(|k| k.is_available()).collect();
    let mut first = None;
    for strategy in [Strategy::Exhaustive, Strategy::Blocks, Strategy::Auto] {
        let kernel = kernels[rng.below(kernels.len() as u64) as usize];
        let goal = shapes_tests::goal(rng, case.docs.len());
        let options = Options { strategy, kernel, goal, skip_killed, ..Options::default() };
        let got = case.stream(query, options);
        match &first {
            None => {
                check_stream(case, query, options, &got);
                first = Some(got);
            }
            // Same sums, hence the same stream, whatever the strategy and the width.
            Some(first) => {
                let is_same = |(a, b): (&(u32, Distance), &(u32, Distance))| a.0 == b.0 && compare(&a.1, &b.1).is_eq();
                assert!(got.len() == first.len() && got.iter().zip(first).all(is_same), "{options:?}");
            }
        }
    }
}

fn check_stream(case: &Case, query: Option<&Vector>, options: Options, got: &[(u32, Distance)]) {
    let mut rows: Vec<u32> = got.iter().map(|&(row, _)| row).collect();
    rows.sort_unstable();
    let absent = |row| case.dead.contains(row) || options.skip_killed && case.killed.contains(row);
    let expected_rows: Vec<u32> = (0..case.docs.len() as u32).filter(|&row| !absent(row)).collect();
    assert_eq!(rows, expected_rows, "every live row once");
    for pair in got.windows(2) {
        assert!(compare(&pair[0].1, &pair[1].1).is_le(), "bounds ascend: {pair:?}");
    }
    for (row, bound) in got {
        let truth = case.true_distance(*row, query);
        assert!(compare(bound, &truth).is_le(), "row {row}: bound {bound:?} above {truth:?}");
        assert_eq!(matches!(bound, Distance::Null), matches!(truth, Distance::Null), "NULL only where NULL");
    }
    check_reordered(case, query, got, &expected_rows);
}

/// What the executor makes of the stream, against sorting all rows.
fn check_reordered(case: &Case, query: Option<&Vector>, got: &[(u32, Distance)], rows: &[u32]) {
    let mut queue: Vec<Distance> = Vec::new();
    let mut delivered: Vec<Distance> = Vec::new();
    for (row, bound) in got {
        while let Some(at) = (0..queue.len()).min_by(|&a, &b| compare(&queue[a], &queue[b])) {
            if compare(&queue[at], bound).is_gt() {
                break;
            }
            delivered.push(queue.swap_remove(at));
        }
        queue.push(case.true_distance(*row, query));
    }
    queue.sort_by(compare);
    delivered.append(&mut queue);
    let mut expected: Vec<Distance> = rows.iter().map(|&row| case.true_distance(row, query)).collect();
    expected.sort_by(compare);
    for (a, b) in delivered.iter().zip(&expected) {
        assert!(compare(a, b).is_eq(), "delivered {a:?}, expected {b:?}");
    }
}

fn run_cases(test: &str, cases: u64, max_docs: u64, seed: u64) {
    trials::run(&format!("scripts/unit.sh {test}"), cases, seed, |random, (): &mut ()| {
        let mut rng = Random(random.next());
        let case = Case::generate(&mut rng, max_docs);
        case.check_structure();
        check_frequencies(&case, &mut rng);
        for _ in 0..10 {
            let query = shapes_tests::query(&mut rng, &case.docs);
            let (query, skip_killed) = ((!rng.chance(2)).then_some(&query), rng.chance(50));
            check_query(&mut rng, &case, query, skip_killed);
            check_pruned(&case, query, [0.05, 0.5, 0.9][rng.below(3) as usize]);
        }
    });
    println!(
        "oracle: {cases} collections of up to {max_docs} documents, ten queries each; SEED={}",
        trials::seed(seed)
    );
}

/// Number of cases times ten queries; `PG_WAND_CASES` sets another size: 10,000, and before a release 2 million, which
/// are 20 million queries of small collections and a million of larger ones.
pub(super) fn cases(default: u64) -> u64 {
    trials::size("PG_WAND_CASES", default)
}

#[test]
fn small_collections_equal_the_oracle() {
    run_cases("small_collections", cases(10_000), 40, 0x5eed_0001);
}

#[test]
fn larger_collections_equal_the_oracle() {
    run_cases("larger_collections", cases(10_000) / 20, 3_000, 0x5eed_0002);
}

/// More than one range, with frequent lists that skip ranges.
#[test]
fn several_ranges_equal_the_oracle() {
    let mut rng = Random(0x5eed_0003);
    let docs: Vec<Option<Vector>> = (0..140_000)
        .map(|i| {
            let mut v = vector(&mut rng, Weights::Signed, 6, 50);
            if !(60_000..135_000).contains(&i) && !v.indices.contains(&7) {
                v.indices.push(1_000_000);
                v.weights.push(1.0 + (i % 7) as f32);
                let mut order: Vec<usize> = (0..v.indices.len()).collect();
                order.sort_by_key(|&j| v.indices[j]);
                v = Vector {
                    indices: order.iter().map(|&j| v.indices[j]).collect(),
                    weights: order.iter().map(|&j| v.weights[j]).collect(),
                };
            }
            Some(v)
        })
        .collect();
    for metric in [Metric::InnerProduct, Metric::Cosine, Metric::L2] {
        let segments = build(&mut rng, metric, &docs, 1);
        let mut case =
            Case { metric, docs: docs.clone(), segments, dead: RoaringBitmap::new(), killed: RoaringBitmap::new() };
        case.check_structure();
        for _ in 0..3 {
            let query = vector(&mut rng, Weights::Learned, 20, 50);
            let of = |strategy| case.stream(Some(&query), Options { strategy, ..Options::default() });
            let (got, all) = (of(Strategy::Blocks), of(Strategy::Exhaustive));
            assert!(got.iter().zip(&all).all(|(a, b)| a.0 == b.0 && compare(&a.1, &b.1).is_eq()), "strategies differ");
            assert_eq!(got.len(), docs.len());
            for (row, bound) in &got {
                assert!(compare(bound, &case.true_distance(*row, Some(&query))).is_le());
            }
        }
        case.delete(&mut rng, 30);
        case.merge(&mut rng);
        case.check_structure();
    }
}

#[test]
fn the_dead_do_not_decide_the_form_of_a_list() {
    let mut rng = Random(5);
    let metric = Metric::InnerProduct;
    let docs: Vec<_> = (0..6_000).map(|_| Some(vector(&mut rng, Weights::Learned, 8, 40))).collect();
    let segments = build(&mut rng, metric, &docs, 1);
    let mut case = Case { metric, docs, segments, dead: RoaringBitmap::new(), killed: RoaringBitmap::new() };
    let frequent = |case: &Case| {
        let mut n = 0;
        for reader in case.readers() {
            for no in 0..reader.meta.n_terms {
                let list = reader.term_entry(no).unwrap().lists[Sign::Positive.index()];
                let df = u64::from(list.df);
                // Far from where the form changes the estimate must be right.
                let n_docs = u64::from(reader.meta.n_docs);
                if is_frequent(df * 3 / 4, n_docs) == is_frequent(df * 5 / 4, n_docs) {
                    assert_eq!(list.frequent, is_frequent(df, n_docs), "{df} of {n_docs}");
                }
                n += u32::from(list.frequent);
            }
        }
        n
    };
    let before = frequent(&case);
    case.delete(&mut rng, 75);
    case.merge(&mut rng);
    assert!(frequent(&case) < before, "{before} lists were frequent");
}
