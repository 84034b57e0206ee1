//! Long work that can be interrupted: somebody is asked now and then, and does not come back if the work is to end.

/// Between two questions are so many steps, of a nanosecond to a microsecond each.
const STEPS: usize = 1 << 13;

/// Counts steps, and calls `interrupts` now and then.
pub struct Pace<'a> {
    interrupts: &'a mut dyn FnMut(),
    steps: usize,
}

impl<'a> Pace<'a> {
    pub fn new(interrupts: &'a mut dyn FnMut()) -> Self {
        Self { interrupts, steps: 0 }
    }

    /// So many steps were done.
    pub fn step(&mut self, n: usize) {
        self.steps = self.steps.saturating_add(n);
        if self.steps >= STEPS {
            self.steps = 0;
            (self.interrupts)();
        }
    }

    /// Sorts by `key`; equal ones may change places.
    pub fn sort_unstable_by_key<T, K: Ord>(&mut self, list: &mut [T], key: impl Fn(&T) -> K) {
        list.sort_unstable_by(|a, b| {
            self.step(1);
            key(a).cmp(&key(b))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, STEPS};

    #[test]
    fn asks_once_in_so_many_steps() {
        let mut asked = 0;
        let mut interrupts = || asked += 1;
        let mut pace = Pace::new(&mut interrupts);
        (1..STEPS).for_each(|_| pace.step(1));
        pace.step(5);
        pace.step(STEPS - 1);
        pace.step(1);
        assert_eq!(asked, 2);
    }

    #[test]
    fn asks_while_it_sorts() {
        let mut list: Vec<u32> = (0..100_000u32).map(|n| n.wrapping_mul(2_654_435_761)).collect();
        let mut sorted = list.clone();
        sorted.sort_unstable();
        let mut asked = 0;
        let mut interrupts = || asked += 1;
        Pace::new(&mut interrupts).sort_unstable_by_key(&mut list, |n| *n);
        assert_eq!(list, sorted);
        assert!(asked > 100, "{asked}");
    }
}
