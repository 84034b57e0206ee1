//! Damaged pages: whatever the pages of a segment hold, every reader ends in an answer or in an error that names part
//! and page; none panics, none goes on for ever. What changes an answer is found by the check, if it compares the
//! segment with the table.
//!
//! Sizes: `PG_WAND_IMAGES`, damaged images (20,000; before a release 10 million).

use super::targets::damage::{KINDS, Kind, Source, damage};
use super::targets::made;
use super::targets::readers::{Outcome, Readers, read_all};
use super::trials::{self, Tally};
use crate::engine::random::Random;
use crate::engine::segment::pages::Part;

impl Source for Random {
    fn take(&mut self, bytes: u32) -> u64 {
        self.next() >> (64 - 8 * bytes)
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// What became of images.
#[derive(Clone, Copy, Default)]
struct Counts {
    images: u64,
    /// The check finds it in the pages alone.
    found: u64,
    /// Some reader ended in an error.
    refused: u64,
    /// Some search gave other rows than a scan of the table.
    wrong: u64,
    /// Of these, those that the check finds in the pages alone ...
    wrong_found: u64,
    /// ... and those that it does not find even in comparing with the table.
    wrong_unseen: u64,
}

impl Counts {
    fn count(&mut self, outcome: Outcome) {
        self.images += 1;
        self.found += u64::from(outcome.found);
        self.refused += u64::from(outcome.errors > 0);
        if outcome.wrong > 0 {
            self.wrong += 1;
            self.wrong_found += u64::from(outcome.found);
            self.wrong_unseen += u64::from(!outcome.found_with_table && outcome.errors == 0);
        }
    }

    fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.found += other.found;
        self.refused += other.refused;
        self.wrong += other.wrong;
        self.wrong_found += other.wrong_found;
        self.wrong_unseen += other.wrong_unseen;
    }

    fn line(&self) -> String {
        let Self { images, found, refused, wrong, wrong_found, wrong_unseen } = self;
        format!(
            "{images} images, {refused} refused by a reader, {found} found in the pages; {wrong} gave wrong rows, \
             {wrong_found} of them found in the pages, {wrong_unseen} not found beside the table"
        )
    }
}

/// By part, where there was one change, and of all.
#[derive(Default)]
struct Found {
    parts: [Counts; Part::ALL.len()],
    all: Counts,
}

impl Tally for Found {
    fn add(&mut self, other: Self) {
        self.all.add(&other.all);
        self.parts.iter_mut().zip(&other.parts).for_each(|(to, from)| to.add(from));
    }
}

#[test]
fn damaged_images_end_in_answers_or_errors() {
    let n = trials::size("PG_WAND_IMAGES", 20_000);
    let case = |random: &mut Random, found: &mut Found| {
        let small = made::small();
        let made = if random.below(8_000) == 0 { made::large() } else { &small[random.below(small.len())] };
        let mut image = made.image.clone();
        let n = if random.below(4) == 0 { 2 + random.below(4) } else { 1 };
        let mut only = None;
        for _ in 0..n {
            let kind = KINDS[random.below(KINDS.len())];
            let part = damage(&mut image, &made.older, &Part::ALL, kind, random);
            only = part.filter(|_| n == 1 && kind != Kind::Totals);
        }
        let choice = random.next();
        let outcome = read_all(made, &image, choice, Readers::ByTurns);
        if outcome.wrong > 0 && outcome.errors == 0 {
            assert!(outcome.found_with_table, "wrong rows, and the check sees nothing: {:?} {only:?}", made.metric);
        }
        found.all.count(outcome);
        if let Some(part) = only {
            found.parts[part.index()].count(outcome);
        }
    };
    let found: Found = trials::run("scripts/unit.sh damaged_images", n, 1, case);
    for (part, counts) in Part::ALL.iter().zip(&found.parts) {
        println!("  {}: {}", part.name(), counts.line());
    }
    println!("damaged_images: {}; SEED={}", found.all.line(), trials::seed(1));
    if found.all.images > 1_000 {
        assert!(found.all.found * 2 > found.all.images, "most damage is found");
        assert!(found.all.wrong > 0 && found.all.refused * 10 > found.all.images, "readers see it");
    }
}

/// Otherwise the test above would say nothing.
#[test]
fn undamaged_segments_give_the_rows_of_a_scan() {
    for made in made::small() {
        for choice in (0..1 << 17).step_by(977) {
            let outcome = read_all(made, &made.image, choice, Readers::All);
            assert_eq!(outcome, Outcome::default(), "{:?}, choice {choice}", made.metric);
        }
    }
    let large = made::large();
    for choice in [0, 0b1100, 0x7c] {
        assert_eq!(read_all(large, &large.image, choice, Readers::All), Outcome::default());
    }
}
