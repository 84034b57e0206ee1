//! What columns take on disk.

use super::made::{CaseBlind, Made, Owned, Profile, Row};
use crate::engine::random::Random;
use crate::engine::segment::pages::{PAYLOAD, Part};

const DOCS: u32 = 200_000;

/// Bytes a document of the three parts, whole pages counted.
fn bytes_per_doc(value: impl Fn(&mut Random, u32) -> Owned, profile: Profile) -> [f64; 3] {
    let rng = &mut Random::from_state(3);
    let columns = CaseBlind(vec![profile.kind()]);
    let rows: Vec<Row> = (0..DOCS).map(|row| vec![Some(value(rng, row))]).collect();
    let made = Made::build(rng, &columns, 0, &rows);
    let bytes = |part| f64::from(made.meta.n_pages(part)) * PAYLOAD as f64 / f64::from(DOCS);
    [Part::FilterValues, Part::FilterCodes, Part::FilterLists].map(bytes)
}

#[test]
fn columns_are_small() {
    for (profile, most) in [
        // One page of values, and the planes: one bit, four bits. A last range that is not full rounds up to a page.
        (Profile::Few(2), [0.041, 0.17, 0.0]),
        (Profile::Few(10), [0.041, 0.55, 0.0]),
        // 64 random bits: eight bytes of value, 18 bits, three bytes of list.
        (Profile::Unique, [8.1, 2.3, 3.05]),
        // Values that grow by little.
        (Profile::Serial, [1.1, 2.2, 3.05]),
    ] {
        let bytes = bytes_per_doc(|rng, row| profile.value(rng, row).unwrap(), profile);
        assert!(bytes.iter().zip(most).all(|(&bytes, most)| bytes <= most), "{profile:?}: {bytes:?}, at most {most:?}");
        println!("{profile:?}: {bytes:?}");
    }
}
