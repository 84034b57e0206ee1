//! Counts what became of rounds, by the kind of the damaged page and by the way of the damage.

use super::ways::Damage;
use std::collections::BTreeMap;

/// What became of rounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub rounds: usize,
    /// Some scan ended with an error.
    pub refused: usize,
    /// Some scan gave wrong rows.
    pub wrong: usize,
    pub by_structure: usize,
    pub by_check: usize,
}

#[derive(Default)]
pub struct Tally {
    pub all: Count,
    pub by_kind: BTreeMap<&'static str, Count>,
    pub by_way: BTreeMap<&'static str, Count>,
    /// One bit of the header or the special area of a page in use, checksum and stamp left out: how many, and how many
    /// of them the check of the structure found.
    pub bits: (usize, usize),
}

impl Tally {
    pub fn add(&mut self, damage: &Damage, count: &Count) {
        let mut to = vec![&mut self.all];
        // Only damage of one page says what comes of it.
        if let ([kind], [way]) = (damage.kinds.as_slice(), damage.ways.as_slice()) {
            to.push(self.by_kind.entry(kind).or_default());
            to.push(self.by_way.entry(way).or_default());
            if damage.is_of_structure {
                self.bits.0 += 1;
                self.bits.1 += count.by_structure;
            }
        }
        for sum in to {
            sum.rounds += count.rounds;
            sum.refused += count.refused;
            sum.wrong += count.wrong;
            sum.by_structure += count.by_structure;
            sum.by_check += count.by_check;
        }
    }

    pub fn show(&self) {
        println!("damage of one page: rounds, scans refused, wrong rows, found by the structure, with the table");
        for (name, count) in self.by_kind.iter().chain(&self.by_way) {
            let Count { rounds, refused, wrong, by_structure, by_check } = count;
            println!("  {name:24} {rounds:6} {refused:6} {wrong:6} {by_structure:6} {by_check:6}");
        }
    }
}
