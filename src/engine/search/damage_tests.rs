//! Damaged pages: whatever a segment's bytes are, searching, merging and checking it ends in an answer or an error,
//! never in a panic, and takes no more memory than the segment's own totals allow.

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::ranker::{Options, Ranked, Ranker, Segment, Strategy as Way};
use super::scratch::Scratch;
use super::simd::Kernel;
use crate::engine::error::Result;
use crate::engine::filter::value::NoColumns;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::check::{DocumentSums, check_segment};
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::{MemoryPages, PAYLOAD, Part, PartPages};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;

const DOCS: u32 = 1_200;
const TERMS: u32 = 60;

/// Lists of every form: term 0 in all documents, others in ever fewer.
fn segment(metric: Metric) -> (MemoryPages, SegmentMeta) {
    let mut run = RunBuilder::new(metric, usize::MAX);
    for doc in 0..DOCS {
        let terms: Vec<u32> = (0..TERMS).filter(|&t| (doc * 31 + t * 17) % (t * t / 4 + 1) == 0).collect();
        let weight = |&t: &u32| ((doc * 7 + t * 13) % 50 + 1) as f32 / if t % 9 == 8 { -25.0 } else { 25.0 };
        let weights: Vec<f32> = terms.iter().map(weight).collect();
        let vector = SparseVectorRef::from_valid_parts(0, &terms, &weights);
        run.add(Tid { block: doc, offset: 1 }, (doc % 97 != 96).then_some(vector), &[]).unwrap();
    }
    let mut pages = MemoryPages::default();
    let meta = write_segment(&mut [Input::all(run.finish(&NoColumns).unwrap())], &NoColumns, &mut pages).unwrap();
    (pages, meta)
}

struct Kept<'a>(&'a MemoryPages, &'a SegmentMeta);

impl PartPages for Kept<'_> {
    type Page<'b>
        = &'b [u8]
    where
        Self: 'b;

    fn page(&self, part: Part, no: u32) -> Result<&[u8]> {
        self.0.page(part, no)
    }
}

impl Segment for Kept<'_> {
    fn meta(&self) -> &SegmentMeta {
        self.1
    }
}

fn search(metric: Metric, pages: &MemoryPages, meta: &SegmentMeta, strategy: Way, kernel: Kernel) -> Result<usize> {
    let terms: Vec<u32> = (0..TERMS).collect();
    let weights: Vec<f32> = terms.iter().map(|&t| (t % 7 + 1) as f32 / 4.0).collect();
    let query = SparseVectorRef::from_valid_parts(0, &terms, &weights);
    let options = Options { strategy, kernel, ..Options::default() };
    let mut ranker = Ranker::new(vec![Kept(pages, meta)], metric, Some(query), options, Scratch::default())?;
    let (mut docs, mut last) = (RoaringBitmap::new(), None);
    while let Some(Ranked { doc, distance, .. }) = ranker.next_best()? {
        assert!(doc < DOCS && docs.insert(doc), "document {doc} comes twice");
        assert!(last.is_none_or(|last| distance.compare(&last).is_ge()), "bounds ascend");
        last = Some(distance);
    }
    Ok(docs.len() as usize)
}

/// Searches, merges and checks; whatever comes out.
fn use_it(metric: Metric, pages: &MemoryPages, meta: &SegmentMeta) {
    for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
        for strategy in [Way::Exhaustive, Way::Blocks] {
            if let Ok(n) = search(metric, pages, meta, strategy, kernel) {
                assert!(n <= DOCS as usize, "no document twice");
            }
        }
    }
    let reader = SegmentReader { pages, meta };
    let mut sums = DocumentSums::new(meta.n_docs).unwrap();
    check_segment(&reader, &NoColumns, Some(&mut sums), &mut |_| {}).unwrap();
    let dead = reader.dead();
    if let (Ok(source), Ok(dead)) = (SegmentAsSource::new(reader), dead) {
        let _ = write_segment(&mut [Input { source: Box::new(source), dead }], &NoColumns, &mut MemoryPages::default());
    }
}

#[test]
fn the_undamaged_segment_is_whole() {
    for metric in [Metric::InnerProduct, Metric::L2] {
        let (pages, meta) = segment(metric);
        for strategy in [Way::Exhaustive, Way::Blocks] {
            assert_eq!(search(metric, &pages, &meta, strategy, Kernel::best()), Ok(DOCS as usize));
        }
    }
}

/// A document that a damaged page calls NULL comes once, though it has postings.
#[test]
fn damaged_special_documents_come_once() {
    let metric = Metric::InnerProduct;
    let (whole, meta) = segment(metric);
    for (at, flip) in (0..160).flat_map(|at| [1u8, 0x80, 0xff].map(|flip| (at, flip))) {
        let mut pages = whole.clone();
        pages.part_mut(Part::Special)[0][at] ^= flip;
        for strategy in [Way::Exhaustive, Way::Blocks] {
            if let Ok(n) = search(metric, &pages, &meta, strategy, Kernel::best()) {
                assert!(n <= DOCS as usize, "byte {at}, {strategy:?}: {n} documents");
            }
        }
    }
}

/// Bounds that are too low let documents come late: that is an error if it is noticed, and never puts rows out of order
/// or lets them come twice.
#[test]
fn low_bounds_do_not_change_the_order() {
    let (mut n_refused, mut n) = (0, 0);
    for metric in [Metric::InnerProduct, Metric::L2] {
        let (whole, meta) = segment(metric);
        for at in 0..128 {
            let mut pages = whole.clone();
            // The least level above none: of a list without a level the postings are not looked at either.
            pages.part_mut(Part::Bounds)[0][at] = 0x11;
            n_refused += u32::from(search(metric, &pages, &meta, Way::Blocks, Kernel::best()).is_err());
            n += 1;
        }
    }
    assert!(n_refused > 0 && n_refused < n, "{n_refused} of {n} refused");
}

/// A chunk with impacts that a look-up does not see as a scan does: what rounds have delivered does not come again.
#[test]
fn damaged_chunks_do_not_repeat_documents() {
    let metric = Metric::InnerProduct;
    let (whole, meta) = segment(metric);
    let used = whole.page(Part::Postings, 0).unwrap().iter().rposition(|&byte| byte != 0).unwrap();
    for at in (0..used).step_by(7) {
        for byte in [0xff, 0x55] {
            let mut pages = whole.clone();
            pages.part_mut(Part::Postings)[0][at] ^= byte;
            let _ = search(metric, &pages, &meta, Way::Blocks, Kernel::best());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_bytes_harm_nobody(
        damage in prop::collection::vec((0usize..Part::ALL.len(), any::<prop::sample::Index>(), 0..PAYLOAD, any::<u8>()), 1..12),
        near_the_start in any::<bool>(),
        metric in prop_oneof![Just(Metric::InnerProduct), Just(Metric::L2)],
    ) {
        let (mut pages, meta) = segment(metric);
        for (part, page, at, byte) in damage {
            let part = pages.part_mut(Part::ALL[part]);
            if !part.is_empty() {
                let page = page.index(part.len());
                // Most parts fill but the beginning of a page.
                part[page][if near_the_start { at % 600 } else { at }] = byte;
            }
        }
        use_it(metric, &pages, &meta);
    }
}
