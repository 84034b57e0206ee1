//! Whatever the pages of filter columns hold, reading, merging and checking them ends in an answer or an error.

use std::cell::RefCell;
use std::cmp::Ordering;

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::made::{Asked, CaseBlind, Made, Profile, Row, filter, rows};
use crate::engine::error::{EngineError, Result};
use crate::engine::filter::value::{Columns, Value, ValueKind};
use crate::engine::ids::{Metric, Tid};
use crate::engine::random::Random;
use crate::engine::segment::check::check_segment;
use crate::engine::segment::pages::{MemoryPages, PAYLOAD, Part};
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::spill::{MemoryRun, SpilledRun, spill};
use crate::engine::segment::writer::write_segment;

const PARTS: [Part; 3] = [Part::FilterValues, Part::FilterCodes, Part::FilterLists];
const PROFILES: [Profile; 4] = [Profile::Few(10), Profile::Unique, Profile::Words(300), Profile::Skewed];

fn made(rng: &mut Random) -> (CaseBlind, Vec<Row>, Made) {
    let columns = CaseBlind(PROFILES.iter().map(|profile| profile.kind()).collect());
    let rows = rows(rng, &PROFILES, 3_000);
    let made = Made::build(rng, &columns, 0, &rows);
    (columns, rows, made)
}

fn use_it(rng: &mut Random, columns: &CaseBlind, rows: &[Row], made: &Made) {
    for _ in 0..30 {
        let column = rng.below(PROFILES.len());
        let asked = [(column, Asked::random(rng, PROFILES[column], column, rows))];
        if let Ok(Some(found)) = filter(&asked).evaluate(&made.reader()) {
            assert!(found.iter().all(|doc| doc < made.meta.n_docs));
        }
    }
    for doc in (0..made.meta.n_docs + 2).step_by(97) {
        for column in 0..PROFILES.len() {
            let _ = made.reader().column(column).unwrap().value_of(doc, |_| Ok(()));
        }
    }
    check_segment(&made.reader(), columns, None, &mut |_| {}).unwrap();
    let source = Box::new(SegmentAsSource::new(made.reader()).unwrap());
    let _ = write_segment(&mut [Input { source, dead: RoaringBitmap::new() }], columns, &mut MemoryPages::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_columns_harm_nobody(
        seed: u64,
        damage in prop::collection::vec((0usize..3, any::<prop::sample::Index>(), 0..PAYLOAD, any::<u8>()), 1..12),
        near_the_start in any::<bool>(),
    ) {
        let rng = &mut Random::from_state(seed);
        let (columns, rows, mut made) = made(rng);
        for (part, page, at, byte) in damage {
            let part = made.pages.part_mut(PARTS[part]);
            let page = page.index(part.len());
            part[page][if near_the_start { at % 24 } else { at }] = byte;
        }
        use_it(rng, &columns, &rows, &made);
    }
}

/// What is flipped where something is stored is found by the check: nothing is stored twice without being compared.
#[test]
fn flipped_codes_and_lists_are_found() {
    let rng = &mut Random::from_state(7);
    let (columns, _, mut made) = made(rng);
    for part in [Part::FilterCodes, Part::FilterLists] {
        for at in [0, 1, 100, 1_000] {
            made.pages.part_mut(part)[0][at] ^= 4;
            let mut n = 0;
            check_segment(&made.reader(), &columns, None, &mut |_| n += 1).unwrap();
            assert!(n > 0, "{part:?}, byte {at}");
            made.pages.part_mut(part)[0][at] ^= 4;
        }
    }
    check_segment(&made.reader(), &columns, None, &mut |problem| panic!("{problem:?}")).unwrap();
}

/// A merge names the page: what it writes tells it only that something is wrong.
#[test]
fn merges_say_which_page_is_damaged() {
    const PROFILES: [Profile; 2] = [Profile::Unique, Profile::Words(300)];
    let rng = &mut Random::from_state(9);
    let columns = CaseBlind(PROFILES.iter().map(|profile| profile.kind()).collect());
    let rows = rows(rng, &PROFILES, 10_000);
    let mut made = Made::build(rng, &columns, 0, &rows);
    let merge = |made: &Made| {
        let source = SegmentAsSource::new(made.reader()).unwrap();
        write_segment(&mut [Input::all(source)], &columns, &mut MemoryPages::default()).map(drop)
    };
    merge(&made).unwrap();
    // An integer that is the first of its page, and a document that is the last there can be, in the midst of others.
    let [unique, words] = [0, 1].map(|no| made.meta.columns[no].clone());
    let (values, lists) = (unique.values_page + 1, words.lists_page + 1);
    let docs = (made.meta.n_docs - 1).to_le_bytes().repeat(2);
    for (part, page, at, bytes) in [
        (Part::FilterValues, values, 20 + 8, &[0; 8][..]),
        (Part::FilterLists, lists, 1_000, &[docs[0], docs[1], docs[0], docs[1]]),
    ] {
        let bytes_there = &mut made.pages.part_mut(part)[page as usize][at..at + bytes.len()];
        let before = bytes_there.to_vec();
        bytes_there.copy_from_slice(bytes);
        match merge(&made) {
            Err(EngineError::Corrupt { part: named, page: on, .. }) => assert_eq!((named, on), (part.name(), page)),
            other => panic!("{part:?}: {other:?}"),
        }
        made.pages.part_mut(part)[page as usize][at..at + bytes.len()].copy_from_slice(&before);
    }
    merge(&made).unwrap();
}

/// Columns whose comparison says anything, and fails now and then if it is to.
struct Whimsical {
    rng: RefCell<Random>,
    fails: bool,
}

impl Columns for Whimsical {
    fn kinds(&self) -> &[ValueKind] {
        &[ValueKind::Bytes]
    }

    fn compare_bytes(&self, _column: usize, _a: &[u8], _b: &[u8]) -> Result<Ordering> {
        let rng = &mut *self.rng.borrow_mut();
        if self.fails && rng.below(1_000) == 0 {
            return Err(EngineError::BadPage { block: 7, reason: "for a test" });
        }
        Ok([Ordering::Less, Ordering::Equal, Ordering::Greater, Ordering::Less][rng.below(4)])
    }
}

/// Builds a segment from two runs, and merges it with itself.
fn build(columns: &Whimsical) -> Result<()> {
    let mut builder = RunBuilder::new(Metric::InnerProduct, usize::MAX).with_columns(columns.kinds());
    let mut run = MemoryRun::default();
    for doc in 0..2_000u32 {
        let text = format!("{}", doc % 700);
        builder.add(Tid::default(), None, &[Some(Value::Bytes(text.as_bytes()))])?;
        if doc == 900 {
            spill(&mut builder, columns, &mut run)?;
        }
    }
    let mut pages = MemoryPages::default();
    let mut inputs = [Input::all(SpilledRun::open(run)?), Input::all(builder.finish(columns)?)];
    let meta = write_segment(&mut inputs, columns, &mut pages)?;
    let reader = || SegmentReader { pages: &pages, meta: &meta };
    check_segment(&reader(), columns, None, &mut |_| {})?;
    let mut inputs = [Input::all(SegmentAsSource::new(reader())?), Input::all(SegmentAsSource::new(reader())?)];
    write_segment(&mut inputs, columns, &mut MemoryPages::default()).map(drop)
}

/// An operator class of a user's may contradict itself, and its functions may fail.
#[test]
fn comparisons_may_be_wrong_and_fail() {
    let mut n_failed = 0;
    for seed in 0..40 {
        let columns = Whimsical { rng: RefCell::new(Random::from_state(seed)), fails: seed % 2 == 0 };
        match build(&columns) {
            Ok(()) | Err(EngineError::Corrupt { .. }) => {}
            Err(EngineError::BadPage { block: 7, .. }) => n_failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(n_failed > 10);
}
