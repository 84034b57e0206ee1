//! Whole passes: bounds, scores, rankings, a merge. Each iteration takes the next query.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use pg_wand::engine::filter::docset::DocSet;
use pg_wand::engine::ids::Metric;
use pg_wand::engine::search::blocks::SegmentBlocks;
use pg_wand::engine::search::choice::{Choice, Floor};
use pg_wand::engine::search::query::{Plan, plan};
use pg_wand::engine::search::ranker::{Options, Ranker, Strategy};
use pg_wand::engine::search::score::{n_codes, score_segment};
use pg_wand::engine::search::scratch::Scratch;
use pg_wand::engine::segment::reader::SegmentAsSource;
use pg_wand::engine::segment::source::Input;
use pg_wand::engine::vector::{SparseVector, SparseVectorRef};

use crate::corpus::{Corpus, Mem};
use crate::kernels::kernels;

/// Documents that are taken from a ranking, as LIMIT does; the executor takes a few more than the limit.
const LIMITS: [(usize, usize); 2] = [(10, 11), (1_000, 1_050)];
/// Conditions leave one document in so many.
const ONE_IN: [u32; 5] = [1, 2, 10, 100, 1_000];
/// Documents of each of the two segments that are merged.
const MERGED: usize = 10_000;

pub fn benches(c: &mut Criterion, corpus: &Corpus, segment: &Mem) {
    passes(c, corpus, segment);
    rankings(c, corpus, segment);
    filtered(c, corpus, segment);
    merge(c, corpus);
}

fn passes(c: &mut Criterion, corpus: &Corpus, segment: &Mem) {
    let planned =
        |query: &SparseVector| plan(Some(query.as_ref()), Metric::InnerProduct, &[segment.reader()]).expect("a plan");
    let plans: Vec<Plan> = corpus.queries.iter().map(planned).collect();
    let mut group = c.benchmark_group("bounds pass");
    for (simd, name) in kernels() {
        let (mut scratch, mut plans) = (Scratch::default(), plans.iter().cycle());
        group.bench_function(name, |b| {
            b.iter(|| {
                let lists = &plans.next().expect("a plan").segments[0];
                let absent = segment.reader().absent(true).expect("live docs");
                let present = (absent, None);
                let blocks =
                    SegmentBlocks::new(&segment.reader(), lists, present, None, simd, &mut scratch).expect("bounds");
                black_box(blocks.lanes());
                blocks.recycle(&mut scratch);
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("score_segment");
    let mut codes = vec![0u16; n_codes(segment.reader().meta.n_docs)];
    for (simd, name) in kernels() {
        let mut plans = plans.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let Plan { ranking, segments, .. } = plans.next().expect("a plan");
                let absent = segment.reader().absent(true).expect("live docs");
                score_segment(&segment.reader(), ranking, &segments[0], (&absent, None), simd, &mut codes)
                    .expect("scores");
                black_box(&codes);
            });
        });
    }
    group.finish();
}

fn rankings(c: &mut Criterion, corpus: &Corpus, segment: &Mem) {
    let mut group = c.benchmark_group("ranker");
    for (k, rows) in LIMITS {
        for strategy in [Strategy::Auto, Strategy::Exhaustive, Strategy::Blocks] {
            let options = Options { strategy, ..Options::default() };
            let (mut scratch, mut queries) = (Scratch::default(), corpus.queries.iter().cycle());
            group.bench_function(BenchmarkId::new(format!("{strategy:?}"), k), |b| {
                b.iter(|| {
                    let query = queries.next().map(SparseVector::as_ref);
                    scratch = rank(segment, Choice::default(), query, rows, options, std::mem::take(&mut scratch));
                });
            });
        }
    }
    group.finish();
}

/// Ten documents of those that a condition leaves: one in so many.
fn filtered(c: &mut Criterion, corpus: &Corpus, segment: &Mem) {
    let mut group = c.benchmark_group("ranker, filtered");
    let n_docs = segment.reader().meta.n_docs;
    for one_in in ONE_IN {
        let mut set = DocSet::none(n_docs).expect("memory");
        (0..n_docs).filter(|doc| doc.wrapping_mul(0x9e37_79b1) / 7 % one_in == 0).for_each(|doc| set.insert(doc));
        for strategy in [Strategy::Auto, Strategy::Exhaustive, Strategy::Blocks] {
            let options = Options { strategy, ..Options::default() };
            let (mut scratch, mut queries) = (Scratch::default(), corpus.queries.iter().cycle());
            group.bench_function(BenchmarkId::new(format!("{strategy:?}, one in"), one_in), |b| {
                b.iter(|| {
                    let query = queries.next().map(SparseVector::as_ref);
                    let choice = Choice { within: vec![Some(set.clone())], floor: Floor::None };
                    scratch = rank(segment, choice, query, LIMITS[0].1, options, std::mem::take(&mut scratch));
                });
            });
        }
    }
    group.finish();
}

fn rank(
    segment: &Mem,
    choice: Choice,
    query: Option<SparseVectorRef<'_>>,
    rows: usize,
    options: Options,
    scratch: Scratch,
) -> Scratch {
    let segments = vec![segment.clone()];
    let mut ranker = Ranker::among(choice, segments, Metric::InnerProduct, query, options, scratch).expect("a ranking");
    for _ in 0..rows {
        black_box(ranker.next_best().expect("a document"));
    }
    ranker.into_scratch()
}

fn merge(c: &mut Criterion, corpus: &Corpus) {
    let (first, rest) = corpus.docs.split_at(MERGED);
    let segments = [first, &rest[..MERGED]].map(Mem::new);
    let mut group = c.benchmark_group("write_segment");
    group.sample_size(10);
    group.bench_function("a run of 10,000 documents", |b| b.iter(|| Mem::new(first)));
    group.bench_function("a merge of 2 x 10,000 documents", |b| {
        b.iter(|| {
            let mut inputs =
                segments.each_ref().map(|s| Input::all(SegmentAsSource::new(s.reader()).expect("a source")));
            Mem::write(&mut inputs)
        });
    });
    group.finish();
}
