//! Rows with filter columns, segments made of them, and what is true of them.

use std::cmp::Ordering;

use roaring::RoaringBitmap;

use crate::engine::error::Result;
use crate::engine::filter::condition::{Condition, Filter, IntegerProbe, IntegerSet, Probe, Relation, Test};
use crate::engine::filter::value::{Columns, Value, ValueKind};
use crate::engine::ids::{Metric, Tid};
use crate::engine::random::Random;
use crate::engine::segment::check::check_segment;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::MemoryPages;
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::spill::{MemoryRun, SpilledRun, spill};
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;

/// A value of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    Integer(i64),
    Bytes(Vec<u8>),
}

impl Owned {
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

pub type Row = Vec<Option<Owned>>;

/// Columns whose bytes are compared without regard to case.
pub struct CaseBlind(pub Vec<ValueKind>);

pub fn compare_blind(a: &[u8], b: &[u8]) -> Ordering {
    a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
}

impl Columns for CaseBlind {
    fn kinds(&self) -> &[ValueKind] {
        &self.0
    }

    fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<Ordering> {
        Ok(compare_blind(a, b))
    }
}

pub fn compare(a: &Owned, b: &Owned) -> Ordering {
    match (a, b) {
        (Owned::Integer(a), Owned::Integer(b)) => a.cmp(b),
        (Owned::Bytes(a), Owned::Bytes(b)) => compare_blind(a, b),
        _ => panic!("values of two kinds"),
    }
}

/// What the values of a column look like.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Up to so many integers, all over the place.
    Few(u32),
    /// As many distinct integers as rows, all over the place.
    Unique,
    /// Ascending with the rows.
    Serial,
    /// Half of the rows have one value, half of the others the next ...
    Skewed,
    /// Up to so many strings, each in several spellings.
    Words(u32),
    /// Strings that hardly repeat, some of them long.
    Texts,
    /// NULL alone.
    Nulls,
}

impl Profile {
    pub fn random(rng: &mut Random) -> Self {
        match rng.below(12) {
            0 => Self::Few(2),
            1 => Self::Few(10),
            2 => Self::Few(250 + rng.below(12) as u32),
            3 => Self::Few(1),
            4 | 5 => Self::Unique,
            6 => Self::Serial,
            7 => Self::Skewed,
            8 => Self::Words(6),
            9 => Self::Words(300),
            10 => Self::Texts,
            _ => Self::Nulls,
        }
    }

    pub fn kind(self) -> ValueKind {
        match self {
            Self::Words(_) | Self::Texts => ValueKind::Bytes,
            _ => ValueKind::Integer,
        }
    }

    pub fn value(self, rng: &mut Random, row: u32) -> Option<Owned> {
        let scattered = |n: usize| (n as i64).wrapping_mul(0x6a09_e667_f3bc_c909);
        let spelt = |rng: &mut Random, word: String| {
            let spell = |b: u8| if rng.below(8) == 0 { b.to_ascii_uppercase() } else { b };
            Owned::Bytes(word.bytes().map(spell).collect())
        };
        Some(match self {
            Self::Few(n) => Owned::Integer(scattered(rng.below(n as usize))),
            Self::Unique => Owned::Integer(rng.next() as i64),
            Self::Serial => Owned::Integer(i64::from(row / 3 * 5) - 100),
            Self::Skewed => Owned::Integer(i64::from(rng.next().trailing_zeros()) * 1_000),
            Self::Words(n) => {
                let word = format!("w{}", rng.below(n as usize));
                spelt(rng, word)
            }
            Self::Texts => {
                let len = if rng.below(50) == 0 { 500 + rng.below(2_000) } else { rng.below(12) };
                let text = format!("{:05}{}", rng.below(90_000), "x".repeat(len));
                spelt(rng, text)
            }
            Self::Nulls => return None,
        })
    }
}

/// Rows of some profiles, and NULLs among them.
pub fn rows(rng: &mut Random, profiles: &[Profile], n: u32) -> Vec<Row> {
    let nulls: Vec<usize> = profiles.iter().map(|_| [0, 0, 3, 50][rng.below(4)]).collect();
    let value = |rng: &mut Random, (profile, &nulls): (&Profile, &usize), row| {
        if rng.below(100) < nulls { None } else { profile.value(rng, row) }
    };
    (0..n).map(|row| profiles.iter().zip(&nulls).map(|column| value(rng, column, row)).collect()).collect()
}

/// A segment, and the rows that its documents are, by their numbers.
pub struct Made {
    pub pages: MemoryPages,
    pub meta: SegmentMeta,
    pub rows: Vec<u32>,
}

impl Made {
    pub fn reader(&self) -> SegmentReader<'_, MemoryPages> {
        SegmentReader { pages: &self.pages, meta: &self.meta }
    }

    fn write(mut inputs: Vec<Input<'_>>, columns: &CaseBlind) -> Self {
        let mut pages = MemoryPages::default();
        let meta = write_segment(&mut inputs, columns, &mut pages).unwrap();
        assert!(meta.n_docs == 0 || meta.is_plausible(), "{meta:?}");
        let reader = SegmentReader { pages: &pages, meta: &meta };
        if meta.n_docs > 0 {
            check_segment(&reader, columns, None, &mut |problem| panic!("{problem:?}")).unwrap();
        }
        let rows = (0..meta.n_docs).map(|doc| reader.tid(doc).unwrap().block).collect();
        Self { pages, meta, rows }
    }

    /// Writes rows from `first` on as one segment, by way of some runs.
    pub fn build(rng: &mut Random, columns: &CaseBlind, first: u32, rows: &[Row]) -> Self {
        let mut builder = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(columns.kinds());
        let (n_runs, mut inputs) = (1 + rng.below(4), Vec::new());
        for (row, no) in rows.iter().zip(first..) {
            if rng.below(rows.len()) < n_runs - 1 {
                let mut run = MemoryRun::default();
                spill(&mut builder, columns, &mut run).unwrap();
                inputs.push(Input::all(SpilledRun::open(run).unwrap()));
            }
            let (indices, weights) = ([no % 3], [1.0]);
            let vector = SparseVectorRef::from_valid_parts(0, &indices, &weights);
            let values: Vec<Option<Value<'_>>> = row.iter().map(|value| value.as_ref().map(Owned::value)).collect();
            builder.add(Tid { block: no, offset: 1 }, Some(vector), &values).unwrap();
        }
        inputs.push(Input::all(builder.finish(columns).unwrap()));
        Self::write(inputs, columns)
    }

    /// Merges segments without some of their documents.
    pub fn merge(rng: &mut Random, columns: &CaseBlind, parts: &[Self]) -> Self {
        let inputs = parts.iter().map(|part| {
            let percent = [0, 0, 30, 95, 100][rng.below(5)];
            let dead: RoaringBitmap = (0..part.meta.n_docs).filter(|_| rng.below(100) < percent).collect();
            Input { source: Box::new(SegmentAsSource::new(part.reader()).unwrap()), dead }
        });
        Self::write(inputs.collect(), columns)
    }

    /// A segment of up to `n` rows, come about in some way.
    pub fn random(rng: &mut Random, columns: &CaseBlind, rows: &[Row]) -> Self {
        let n_parts = if rng.below(2) == 0 { 1 } else { 1 + rng.below(4) };
        let mut first = 0;
        let mut parts: Vec<Self> = Vec::new();
        for part in rows.chunks(rows.len().div_ceil(n_parts).max(1)) {
            parts.push(Self::build(rng, columns, first, part));
            first += part.len() as u32;
        }
        parts.retain(|part| part.meta.n_docs > 0);
        if parts.len() == 1 && rng.below(4) > 0 { parts.remove(0) } else { Self::merge(rng, columns, &parts) }
    }
}

/// A condition that can be put to the engine more than once, and to a row.
#[derive(Clone, Debug)]
pub enum Asked {
    Compare(Relation, Owned),
    AnyOf(Relation, Vec<Owned>),
    In(Vec<i64>),
    IsNull,
    IsNotNull,
    Nothing,
}

struct BlindProbe(Vec<u8>);

impl Probe for BlindProbe {
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering> {
        let Value::Bytes(value) = value else { panic!("bytes") };
        Ok(compare_blind(value, &self.0))
    }
}

fn probe(argument: &Owned) -> Box<dyn Probe> {
    match argument {
        Owned::Integer(integer) => Box::new(IntegerProbe(*integer)),
        Owned::Bytes(bytes) => Box::new(BlindProbe(bytes.clone())),
    }
}

impl Asked {
    /// Something about a column of this profile, whose rows serve as arguments.
    pub fn random(rng: &mut Random, profile: Profile, column: usize, rows: &[Row]) -> Self {
        const RELATIONS: [Relation; 7] = [
            Relation::Less,
            Relation::LessOrEqual,
            Relation::Equal,
            Relation::Equal,
            Relation::Equal,
            Relation::GreaterOrEqual,
            Relation::Greater,
        ];
        let relation = RELATIONS[rng.below(RELATIONS.len())];
        let argument = |rng: &mut Random| {
            let stored = rows[rng.below(rows.len())][column].clone();
            let beside = |rng: &mut Random| match profile.kind() {
                ValueKind::Integer => Owned::Integer((rng.next() as i64) >> rng.below(60)),
                ValueKind::Bytes => Owned::Bytes(format!("w{}", rng.below(99)).into_bytes()),
            };
            match stored {
                Some(Owned::Integer(n)) if rng.below(4) == 0 => Owned::Integer(n.wrapping_add(1)),
                Some(stored) if rng.below(8) > 0 => stored,
                _ => beside(rng),
            }
        };
        match rng.below(10) {
            0 => Self::IsNull,
            1 => Self::IsNotNull,
            2 => [Self::Nothing, Self::IsNotNull][rng.below(2)].clone(),
            3 | 4 => Self::AnyOf(relation, (0..rng.below(30)).map(|_| argument(rng)).collect()),
            5 | 6 if profile.kind() == ValueKind::Integer => {
                let most = [9, 9, 9, 2_000][rng.below(4)];
                let n = rng.below(most);
                let integers = (0..n).map(|_| argument(rng)).map(|argument| match argument {
                    Owned::Integer(integer) => integer,
                    Owned::Bytes(_) => 0,
                });
                Self::In(integers.collect())
            }
            _ => Self::Compare(relation, argument(rng)),
        }
    }

    pub fn is_true_of(&self, value: Option<&Owned>) -> bool {
        match (self, value) {
            (Self::IsNull, None) => true,
            (_, None) | (Self::Nothing | Self::IsNull, _) => false,
            (Self::IsNotNull, _) => true,
            (Self::Compare(relation, argument), Some(value)) => relation.holds(compare(value, argument)),
            (Self::AnyOf(relation, arguments), Some(value)) => {
                arguments.iter().any(|argument| relation.holds(compare(value, argument)))
            }
            (Self::In(integers), Some(value)) => integers.iter().any(|&n| *value == Owned::Integer(n)),
        }
    }

    fn test(&self) -> Test {
        match self {
            Self::Compare(relation, argument) => Test::Compare(*relation, probe(argument)),
            Self::AnyOf(relation, arguments) => Test::AnyOf(*relation, arguments.iter().map(probe).collect()),
            Self::In(integers) => Test::In(IntegerSet::new(integers.clone())),
            Self::IsNull => Test::IsNull,
            Self::IsNotNull => Test::IsNotNull,
            Self::Nothing => Test::Nothing,
        }
    }
}

/// Conditions on columns, as the engine takes them.
pub fn filter(asked: &[(usize, Asked)]) -> Filter {
    Filter {
        conditions: asked.iter().map(|(column, asked)| Condition { column: *column, test: asked.test() }).collect(),
    }
}
