//! A collection in memory with the shape of learned-sparse vectors.
//!
//! Terms follow Zipf's law, flattened at its head: the most frequent one is in half of the documents, not in all. Every
//! document has a topic, which half of its terms come from and which knows their weights; queries have one, too.

use std::rc::Rc;

use pg_wand::engine::error::Result;
use pg_wand::engine::filter::value::NoColumns;
use pg_wand::engine::ids::{Metric, Tid};
use pg_wand::engine::search::ranker::Segment;
use pg_wand::engine::segment::format::SegmentMeta;
use pg_wand::engine::segment::pages::{MemoryPages, Part, PartPages};
use pg_wand::engine::segment::reader::SegmentReader;
use pg_wand::engine::segment::run::RunBuilder;
use pg_wand::engine::segment::source::Input;
use pg_wand::engine::segment::writer::write_segment;
use pg_wand::engine::vector::SparseVector;

const N_TERMS: f64 = 30_000.0;
const FLAT: f64 = 30.0;
/// Some of these fall together: 181 are left.
const DOC_DRAWS: usize = 207;
const QUERY_DRAWS: usize = 19;
const TOPIC_TERMS: usize = 300;
const DOCS_A_TOPIC: usize = 60;

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Between 0 and 1.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }

    fn term(&mut self) -> u32 {
        (FLAT * (1.0 + N_TERMS / FLAT).powf(self.next()) - FLAT) as u32
    }

    /// Most are small.
    fn weight(&mut self) -> f32 {
        (0.02 + 2.0 * self.next() * self.next()) as f32
    }
}

/// Terms with the weights that documents of the topic give them, more or less.
type Topic = Vec<(u32, f32)>;

pub struct Corpus {
    pub docs: Vec<SparseVector>,
    pub queries: Vec<SparseVector>,
}

impl Corpus {
    pub fn new(n_docs: usize, n_queries: usize) -> Self {
        let mut random = Random::new(1);
        let topic = |random: &mut Random| (0..TOPIC_TERMS).map(|_| (random.term(), random.weight())).collect();
        let topics: Vec<Topic> = (0..n_docs.div_ceil(DOCS_A_TOPIC)).map(|_| topic(&mut random)).collect();
        let mut some = |n, draws| (0..n).map(|_| vector(&mut random, &topics, draws)).collect();
        Self { docs: some(n_docs, DOC_DRAWS), queries: some(n_queries, QUERY_DRAWS) }
    }
}

fn vector(random: &mut Random, topics: &[Topic], n_draws: usize) -> SparseVector {
    let topic = &topics[random.below(topics.len())];
    let mut pairs: Vec<(u32, f32)> = Vec::new();
    for at in 0..n_draws {
        pairs.push(match topic[random.below(TOPIC_TERMS)] {
            (term, weight) if at % 2 == 0 => (term, weight * (0.5 + random.next() as f32)),
            _ => (random.term(), random.weight()),
        });
    }
    pairs.sort_unstable_by_key(|pair| pair.0);
    pairs.dedup_by_key(|pair| pair.0);
    let (terms, weights) = pairs.into_iter().unzip();
    SparseVector::from_valid_parts(0, terms, weights)
}

/// A segment in memory that a ranker can keep.
#[derive(Clone)]
pub struct Mem(Rc<(MemoryPages, SegmentMeta)>);

impl Mem {
    pub fn new(docs: &[SparseVector]) -> Self {
        let mut run = RunBuilder::new(Metric::InnerProduct, usize::MAX);
        for (block, doc) in (0..).zip(docs) {
            run.add(Tid { block, offset: 1 }, Some(doc.as_ref()), &[]).expect("a document");
        }
        Self::write(&mut [Input::all(run.finish(&NoColumns).expect("a run"))])
    }

    pub fn write(inputs: &mut [Input<'_>]) -> Self {
        let mut pages = MemoryPages::default();
        let meta = write_segment(inputs, &NoColumns, &mut pages).expect("a segment");
        Self(Rc::new((pages, meta)))
    }

    pub fn reader(&self) -> SegmentReader<'_, Self> {
        SegmentReader { pages: self, meta: self.meta() }
    }
}

impl PartPages for Mem {
    type Page<'a> = &'a [u8];

    fn page(&self, part: Part, no: u32) -> Result<&[u8]> {
        self.0.0.page(part, no)
    }
}

impl Segment for Mem {
    fn meta(&self) -> &SegmentMeta {
        &self.0.1
    }
}
