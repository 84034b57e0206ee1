//! Whatever the pages of filter columns hold, reading, merging and checking them ends in an answer or an error.

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::made::{Asked, CaseBlind, Made, Profile, Row, filter, rows};
use crate::engine::random::Random;
use crate::engine::segment::check::check_segment;
use crate::engine::segment::pages::{MemoryPages, PAYLOAD, Part};
use crate::engine::segment::reader::SegmentAsSource;
use crate::engine::segment::source::Input;
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
