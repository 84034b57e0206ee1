//! Distinct byte strings, numbered as they come. So a column with few values is sorted by few comparisons, each of
//! which may be a call into a collation.

use std::hash::{BuildHasher, RandomState};

use crate::engine::error::{Result, filled, reserve};

/// Bytes of memory of a string besides its own bytes: its end, in a vector that doubles when it grows, and the slots.
const STRING_BYTES: usize = 2 * size_of::<usize>() + 4 * size_of::<u32>();

/// See the module's text.
#[derive(Default)]
pub struct Interner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Open addressing: the number of a string and 1, or 0. At most half of the slots are taken.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Interner {
    /// How many strings there are.
    pub fn n_strings(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all strings.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory it takes.
    pub fn memory(&self) -> usize {
        2 * self.bytes.len() + self.ends.len() * STRING_BYTES
    }

    /// String number `no`.
    pub fn get(&self, no: u32) -> &[u8] {
        let no = no as usize;
        let begin = no.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[no]]
    }

    /// The number of a string, a new one if it is new.
    pub fn number(&mut self, string: &[u8]) -> Result<u32> {
        if self.slots.len() <= 2 * self.ends.len() {
            self.grow()?;
        }
        let mut at = self.slot(string);
        while let Some(no) = self.slots[at].checked_sub(1) {
            if self.get(no) == string {
                return Ok(no);
            }
            at = (at + 1) % self.slots.len();
        }
        reserve(&mut self.bytes, string.len(), "filter values")?;
        reserve(&mut self.ends, 1, "filter values")?;
        let no = self.ends.len() as u32;
        self.bytes.extend_from_slice(string);
        self.ends.push(self.bytes.len());
        self.slots[at] = no + 1;
        Ok(no)
    }

    fn slot(&self, string: &[u8]) -> usize {
        // The length is a power of two.
        self.hasher.hash_one(string) as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) -> Result<()> {
        self.slots = filled((4 * self.ends.len()).next_power_of_two().max(64), 0, "filter values")?;
        for no in 0..self.ends.len() as u32 {
            let mut at = self.slot(self.get(no));
            while self.slots[at] != 0 {
                at = (at + 1) % self.slots.len();
            }
            self.slots[at] = no + 1;
        }
        Ok(())
    }

    /// Forgets all strings and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.slots.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn numbers_are_given_once(strings in prop::collection::vec("[ab]{0,6}", 0..400)) {
            let mut interner = Interner::default();
            for _ in 0..2 {
                let mut numbers: HashMap<&str, u32> = HashMap::new();
                for string in &strings {
                    let next = numbers.len() as u32;
                    let expected = *numbers.entry(string).or_insert(next);
                    prop_assert_eq!(interner.number(string.as_bytes()).unwrap(), expected);
                }
                prop_assert_eq!(interner.n_strings(), numbers.len());
                prop_assert!(numbers.iter().all(|(string, &no)| interner.get(no) == string.as_bytes()));
                interner.clear();
            }
        }
    }
}
