//! Small segments that have everything a segment can have, with what is true of their rows.
//!
//! *Whole* ones: 600 documents, lists of every form (bitmaps, arrays, rare ones with fillers, both signs), three filter
//! columns (numbers that repeat, numbers that do not, words), documents without a score, dead and killed ones. *Wide*:
//! frequent lists that go over pages. *Large*: two ranges of documents.

use std::cmp::Ordering;
use std::sync::OnceLock;

use super::image::Image;
use crate::engine::error::Result;
use crate::engine::filter::value::{Columns, Value, ValueKind};
use crate::engine::ids::{Metric, Tid};
use crate::engine::search::query::Distance;
use crate::engine::segment::live;
use crate::engine::segment::pages::{MemoryPages, Part};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::{SparseVector, ops};

/// Columns whose bytes have the order of bytes.
pub struct Plain(Vec<ValueKind>);

impl Columns for Plain {
    fn kinds(&self) -> &[ValueKind] {
        &self.0
    }

    fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<Ordering> {
        Ok(a.cmp(b))
    }
}

/// A value of a filter column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A number.
    Integer(i64),
    /// A word.
    Bytes(Vec<u8>),
}

impl Owned {
    /// As the engine takes it.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// A row of the table: its number is the block of its TID.
pub struct Row {
    /// `None` is NULL.
    pub vector: Option<SparseVector>,
    /// One for each filter column.
    pub values: Vec<Option<Owned>>,
    /// Nobody sees it.
    pub is_gone: bool,
}

impl Row {
    /// The values as the engine takes them.
    pub fn values(&self) -> Vec<Option<Value<'_>>> {
        self.values.iter().map(|value| value.as_ref().map(Owned::value)).collect()
    }
}

/// A segment, and what is true of it.
pub struct Made {
    /// What the distance is.
    pub metric: Metric,
    /// The filter columns.
    pub columns: Plain,
    /// The rows.
    pub rows: Vec<Row>,
    /// The segment.
    pub image: Image,
    /// A segment of other rows: where pages of another time come from.
    pub older: Image,
    /// Queries, and the true distance of every row to each.
    pub queries: Vec<(SparseVector, Vec<Distance>)>,
}

/// What a segment is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Wide,
    Large,
}

/// Spreads numbers, always the same way.
fn hash(a: u32, b: u32, c: u32) -> u32 {
    let mut x = u64::from(a) << 40 ^ u64::from(b) << 20 ^ u64::from(c);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as u32
}

impl Form {
    fn n_rows(self) -> u32 {
        match self {
            Self::Whole | Self::Wide => 600,
            Self::Large => 66_000,
        }
    }

    fn terms(self) -> Vec<u32> {
        match self {
            Self::Whole => (0..28).chain([1_000_000]).collect(),
            Self::Wide => (0..20).collect(),
            Self::Large => vec![0, 1, 5, 9, 1_000_000],
        }
    }

    fn has(self, time: u32, doc: u32, term: u32) -> bool {
        let by_chance = |one_in| hash(time, doc, term).is_multiple_of(one_in);
        match (self, term) {
            (_, 0) => true,
            // The last chunk is an array.
            (Self::Whole, 1) => doc < 520,
            (Self::Whole, 2 | 3) => !by_chance(12),
            (Self::Wide, 1..16) => !by_chance(10),
            // Gaps that need fillers.
            (_, 1_000_000) => doc < 6 || doc + 5 > self.n_rows(),
            (_, term) => by_chance(term * term / 3 + 2),
        }
    }

    fn weight(time: u32, doc: u32, term: u32) -> f32 {
        let weight = (hash(doc, term, time) % 1_000 + 1) as f32 / 300.0;
        let negative = match term {
            2 => hash(time, term, doc).is_multiple_of(2),
            3 => true,
            _ => term % 9 == 8,
        };
        if negative { -weight } else { weight }
    }

    fn row(self, metric: Metric, time: u32, doc: u32) -> Row {
        let terms: Vec<u32> = self.terms().into_iter().filter(|&term| self.has(time, doc, term)).collect();
        let mut weights: Vec<f32> = terms.iter().map(|&term| Self::weight(time, doc, term)).collect();
        if metric != Metric::InnerProduct && doc % 83 == 82 {
            weights.iter_mut().for_each(|w| *w *= 1e30);
        }
        let vector = match () {
            () if doc % 97 == 96 => None,
            () if doc % 89 == 88 => Some(SparseVector::default()),
            () => Some(SparseVector::from_valid_parts(0, terms, weights)),
        };
        let values = match self {
            Self::Whole => vec![
                (!doc.is_multiple_of(7)).then(|| Owned::Integer(i64::from(hash(time, 1, doc) % 10) * 1_000)),
                Some(Owned::Integer((i64::from(hash(time, 2, doc)) << 20) + i64::from(doc))),
                Some(Owned::Bytes(format!("word{:03}", hash(time, 3, doc) % 300).into_bytes())),
            ],
            Self::Wide => Vec::new(),
            Self::Large => vec![Some(Owned::Integer(i64::from(doc / 3)))],
        };
        Row { vector, values, is_gone: doc % 19 == 4 || doc % 23 == 5 }
    }

    fn kinds(self) -> Vec<ValueKind> {
        match self {
            Self::Whole => vec![ValueKind::Integer, ValueKind::Integer, ValueKind::Bytes],
            Self::Wide => Vec::new(),
            Self::Large => vec![ValueKind::Integer],
        }
    }
}

fn write(metric: Metric, columns: &Plain, rows: &[Row]) -> Image {
    let mut run = RunBuilder::new(metric, usize::MAX).with_columns(columns.kinds());
    for (block, row) in (0..).zip(rows) {
        let vector = row.vector.as_ref().map(SparseVector::as_ref);
        run.add(Tid { block, offset: 1 }, vector, &row.values()).expect("a row");
    }
    let mut pages = MemoryPages::default();
    let mut inputs = [Input::all(run.finish(columns).expect("a run"))];
    let meta = write_segment(&mut inputs, columns, &mut pages).expect("a segment");
    for doc in (0..rows.len() as u32).filter(|doc| rows[*doc as usize].is_gone) {
        let (no, byte, bit) = live::place(doc);
        if doc % 19 == 4 {
            pages.part_mut(Part::Live)[no as usize][byte] &= !bit;
        } else {
            pages.part_mut(Part::Killed)[no as usize][byte] |= bit;
        }
    }
    Image::new(pages, meta)
}

fn distance(metric: Metric, row: &Row, query: &SparseVector) -> Distance {
    let Some(vector) = &row.vector else { return Distance::Null };
    let (vector, query) = (vector.as_ref(), query.as_ref());
    Distance::Value(match metric {
        Metric::InnerProduct => ops::negative_inner_product(vector, query),
        Metric::Cosine => ops::cosine_distance(vector, query),
        Metric::L2 => ops::l2_distance(vector, query).min(ops::l2_distance(query, vector)),
    })
}

fn make(form: Form, metric: Metric) -> Made {
    let rows = |time| -> Vec<Row> { (0..form.n_rows()).map(|doc| form.row(metric, time, doc)).collect() };
    let columns = Plain(form.kinds());
    let (rows, older) = (rows(1), rows(2));
    let query = |terms: &[u32], weight: fn(u32) -> f32| {
        let weights = terms.iter().map(|&term| weight(term)).collect();
        SparseVector::from_valid_parts(0, terms.to_vec(), weights)
    };
    let all = form.terms();
    let queries = [
        query(&all, |term| (term % 7 + 1) as f32 / 4.0),
        query(&[0, 5, 1_000_000], |_| 1.0),
        query(&all[..all.len() / 2], |term| if term % 2 == 0 { 0.75 } else { -0.5 }),
    ];
    let of_rows = |query: SparseVector| {
        let distances = rows.iter().map(|row| distance(metric, row, &query)).collect();
        (query, distances)
    };
    let queries = queries.map(of_rows).into();
    let (image, older) = (write(metric, &columns, &rows), write(metric, &columns, &older));
    Made { metric, columns, rows, image, older, queries }
}

/// The small ones: whole ones of each distance, and a wide one.
pub fn small() -> &'static [Made] {
    static SMALL: OnceLock<Vec<Made>> = OnceLock::new();
    SMALL.get_or_init(|| {
        let whole = [Metric::InnerProduct, Metric::Cosine, Metric::L2].map(|metric| make(Form::Whole, metric));
        whole.into_iter().chain([make(Form::Wide, Metric::InnerProduct)]).collect()
    })
}

/// The large one: it takes a while to make.
pub fn large() -> &'static Made {
    static LARGE: OnceLock<Made> = OnceLock::new();
    LARGE.get_or_init(|| make(Form::Large, Metric::L2))
}
