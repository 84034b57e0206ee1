//! Filter columns: what writing them adds to a build, a merge of them, and conditions on them. The documents have no
//! vectors.

use std::hint::black_box;

use criterion::Criterion;
use pg_wand::engine::error::Result;
use pg_wand::engine::filter::condition::{Condition, Filter, IntegerProbe, IntegerSet, Relation, Test};
use pg_wand::engine::filter::value::{Columns, Value, ValueKind};
use pg_wand::engine::ids::{Metric, Tid};
use pg_wand::engine::segment::pages::MemoryPages;
use pg_wand::engine::segment::reader::{SegmentAsSource, SegmentReader};
use pg_wand::engine::segment::run::RunBuilder;
use pg_wand::engine::segment::source::Input;
use pg_wand::engine::segment::spill::{MemoryRun, SpilledRun, spill};
use pg_wand::engine::segment::writer::write_segment;

use crate::corpus::Random;

const N_DOCS: u32 = 200_000;
/// Documents of a run: as many as fit into 16 MB with 110 postings each.
const RUN_DOCS: u32 = 12_000;

/// A flag, ten values, one for each document, and a word.
const KINDS: [ValueKind; 4] = [ValueKind::Integer, ValueKind::Integer, ValueKind::Integer, ValueKind::Bytes];
const FLAG: usize = 0;
const TEN: usize = 1;
const UNIQUE: usize = 2;

struct Of<'a>(&'a [ValueKind]);

impl Columns for Of<'_> {
    fn kinds(&self) -> &[ValueKind] {
        self.0
    }

    fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<std::cmp::Ordering> {
        Ok(a.cmp(b))
    }
}

type Row = ([i64; 3], String);

fn rows() -> Vec<Row> {
    let mut random = Random::new(5);
    (0..N_DOCS)
        .map(|_| {
            let unique = (random.next() * 9e18) as i64;
            let integers = [i64::from(random.below(20) == 0), random.below(10) as i64, unique];
            (integers, format!("word {}", random.below(5_000)))
        })
        .collect()
}

/// Writes the columns from `from` on.
fn write(rows: &[Row], which: std::ops::Range<usize>) -> (MemoryPages, pg_wand::engine::segment::format::SegmentMeta) {
    let columns = Of(&KINDS[which.clone()]);
    let mut builder = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(columns.0);
    let mut inputs = Vec::new();
    for (block, (integers, word)) in (0..).zip(rows) {
        let [a, b, c] = integers.map(|integer| Some(Value::Integer(integer)));
        let values = [a, b, c, Some(Value::Bytes(word.as_bytes()))];
        builder.add(Tid { block, offset: 1 }, None, &values[which.clone()]).expect("a document");
        if builder.n_docs() == RUN_DOCS {
            let mut run = MemoryRun::default();
            spill(&mut builder, &columns, &mut run).expect("a run");
            inputs.push(Input::all(SpilledRun::open(run).expect("a run")));
        }
    }
    inputs.push(Input::all(builder.finish(&columns).expect("a run")));
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut inputs, &columns, &mut pages).expect("a segment");
    (pages, meta)
}

pub fn benches(c: &mut Criterion) {
    let rows = rows();
    let mut group = c.benchmark_group("filter columns, 200,000 documents");
    group.sample_size(10);
    for (name, which) in
        [("none", 0..0), ("a flag", 0..1), ("ten", 1..2), ("unique", 2..3), ("words", 3..4), ("all", 0..4)]
    {
        group.bench_function(format!("build/{name}"), |b| b.iter(|| write(&rows, which.clone())));
    }
    let (pages, meta) = write(&rows, 0..4);
    let reader = SegmentReader { pages: &pages, meta: &meta };
    group.bench_function("merge/all", |b| {
        b.iter(|| {
            let reader = SegmentReader { pages: &pages, meta: &meta };
            let source = SegmentAsSource::new(reader).expect("a source");
            write_segment(&mut [Input::all(source)], &Of(&KINDS), &mut MemoryPages::default()).expect("a segment")
        });
    });
    group.sample_size(100);
    for (name, mut filter) in conditions(&rows) {
        group.bench_function(format!("evaluate/{name}"), |b| {
            b.iter(|| black_box(filter.evaluate(&reader).expect("documents")));
        });
    }
    group.finish();
}

fn conditions(rows: &[Row]) -> Vec<(&'static str, Filter)> {
    let compare = |column, relation, argument| {
        let test = Test::Compare(relation, Box::new(IntegerProbe(argument)));
        Condition { column, test }
    };
    let of = |conditions| Filter { conditions };
    let percent = |percent: i64| 90_000_000_000_000_000 * percent;
    let some = rows[77].0[UNIQUE];
    let hundred = rows.iter().step_by(2_000).map(|row| row.0[UNIQUE]).collect();
    vec![
        ("a flag", of(vec![compare(FLAG, Relation::Equal, 1)])),
        ("one of ten", of(vec![compare(TEN, Relation::Equal, 4)])),
        ("four of ten", of(vec![compare(TEN, Relation::Less, 4)])),
        ("one document", of(vec![compare(UNIQUE, Relation::Equal, some)])),
        ("1 %", of(vec![compare(UNIQUE, Relation::Less, percent(1))])),
        ("5 %", of(vec![compare(UNIQUE, Relation::Less, percent(5))])),
        ("9 %", of(vec![compare(UNIQUE, Relation::Less, percent(9))])),
        ("30 %", of(vec![compare(UNIQUE, Relation::Less, percent(30))])),
        ("100 documents", of(vec![Condition { column: UNIQUE, test: Test::In(IntegerSet::new(hundred)) }])),
        (
            "a flag, one of ten, 30 %",
            of(vec![
                compare(FLAG, Relation::Equal, 1),
                compare(TEN, Relation::Equal, 4),
                compare(UNIQUE, Relation::Less, percent(30)),
            ]),
        ),
    ]
}
