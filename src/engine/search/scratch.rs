//! Working memory that searches hand on to one another: a fresh allocation of this size is cleared page by page by the
//! operating system, which takes longer than many a search.
//!
//! A search gets buffers that fit what it asks for. Were any buffer good for anything, all would sooner or later have
//! grown to the greatest size that was ever asked for, and a session would keep many times what its searches need.

use crate::engine::error::{Result, reserve};

/// Buffers that nobody uses at the moment.
#[derive(Debug, Default)]
pub struct Scratch {
    words: Pool<u16>,
    postings: Pool<u32>,
}

impl Scratch {
    /// A buffer of `n` zeros.
    pub fn words(&mut self, n: usize) -> Result<Vec<u16>> {
        let mut words = self.words.take(n);
        reserve(&mut words, n, "document scores")?;
        words.resize(n, 0);
        Ok(words)
    }

    /// An empty buffer for about `n` postings.
    pub fn postings(&mut self, n: usize) -> Vec<u32> {
        self.postings.take(n)
    }

    /// Takes a buffer back.
    pub fn take_words(&mut self, words: Vec<u16>) {
        self.words.give(words);
    }

    /// Takes a buffer back.
    pub fn take_postings(&mut self, postings: Vec<u32>) {
        self.postings.give(postings);
    }

    /// Its bytes.
    pub fn bytes(&self) -> usize {
        self.words.bytes() + self.postings.bytes()
    }
}

/// Empty buffers of one kind.
#[derive(Debug)]
struct Pool<T>(Vec<Vec<T>>);

/// More buffers than this are not kept: segments of an index are few.
const MAX_BUFFERS: usize = 16;
/// A buffer of so many times the size, or of one part in so many, is another's.
const FAR: usize = 4;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pool<T> {
    /// The smallest that has room for `n`, else the largest, which is to grow; a new one if all are far from that.
    fn take(&mut self, n: usize) -> Vec<T> {
        let sizes = self.0.iter().map(Vec::capacity).enumerate();
        let near = sizes.filter(|&(_, size)| size <= n.saturating_mul(FAR) && n <= size.saturating_mul(FAR));
        let best = near.min_by_key(|&(_, size)| if size >= n { (false, size) } else { (true, n - size) });
        best.map(|(at, _)| self.0.swap_remove(at)).unwrap_or_default()
    }

    fn give(&mut self, mut buffer: Vec<T>) {
        buffer.clear();
        self.0.push(buffer);
        if self.0.len() > MAX_BUFFERS {
            let smallest = self.0.iter().map(Vec::capacity).enumerate().min_by_key(|&(_, size)| size);
            smallest.map(|(at, _)| self.0.swap_remove(at));
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|buffer| buffer.capacity() * size_of::<T>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacities(scratch: &Scratch) -> Vec<usize> {
        let mut sizes: Vec<usize> = scratch.words.0.iter().map(Vec::capacity).collect();
        sizes.sort_unstable();
        sizes
    }

    /// As a search does: all buffers at once, then all back.
    fn search(scratch: &mut Scratch, sizes: &[usize]) {
        let taken: Vec<Vec<u16>> = sizes.iter().map(|&n| scratch.words(n).unwrap()).collect();
        for (mut words, &n) in taken.into_iter().zip(sizes) {
            assert!(words.len() == n && words.iter().all(|&word| word == 0));
            words.fill(7);
            scratch.take_words(words);
        }
    }

    #[test]
    fn what_fits_is_used_again() {
        let mut scratch = Scratch::default();
        search(&mut scratch, &[1_000, 100_000, 10]);
        assert_eq!(capacities(&scratch), [10, 1_000, 100_000]);
        // In any order, a little smaller, and as far as four times.
        search(&mut scratch, &[9, 99_999, 999]);
        search(&mut scratch, &[25_000, 250]);
        assert_eq!(capacities(&scratch), [10, 1_000, 100_000]);
        // The smaller of those with room; beyond, one of its own.
        search(&mut scratch, &[24_999]);
        search(&mut scratch, &[20_000, 99_999]);
        assert_eq!(capacities(&scratch), [10, 1_000, 24_999, 100_000]);
        assert_eq!(scratch.bytes(), 2 * 126_009);
    }

    #[test]
    fn what_grows_a_little_grows_its_buffer() {
        let mut scratch = Scratch::default();
        for n in (1_000..100_000).step_by(100) {
            search(&mut scratch, &[n, 10]);
        }
        let sizes = capacities(&scratch);
        assert!(sizes.len() == 2 && sizes[1] < 200_000, "{sizes:?}");
    }

    /// Searches of one session under load: a large segment and some small ones, all scored now and then.
    #[test]
    fn no_more_is_kept_than_searches_need() {
        let mut scratch = Scratch::default();
        let mut state = 1u64;
        for round in 0..5_000usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let small = (state >> 33) as usize;
            let mut sizes: Vec<usize> = (0..small % 12).map(|at| 100 + (small >> at) % 3_000).collect();
            sizes.insert(small % (sizes.len() + 1), 250_000 + round);
            search(&mut scratch, &sizes);
            if round % 50 == 0 {
                search(&mut scratch, &[1_100_000]);
            }
        }
        let sizes = capacities(&scratch);
        let large = sizes.iter().filter(|&&size| size > 20_000).count();
        assert!(large <= 2 && sizes.len() <= MAX_BUFFERS, "{sizes:?}");
    }

    #[test]
    fn the_largest_are_kept() {
        let mut scratch = Scratch::default();
        let sizes: Vec<usize> = (1..=MAX_BUFFERS + 3).map(|n| n * 1_000).collect();
        search(&mut scratch, &sizes);
        assert_eq!(capacities(&scratch), sizes[3..]);
        // Nothing is asked for, nothing is there.
        assert_eq!(Scratch::default().postings(0).capacity(), 0);
        assert!(Scratch::default().words(0).unwrap().is_empty());
    }

    #[test]
    fn postings_come_back_empty() {
        let mut scratch = Scratch::default();
        scratch.take_postings((0..1_000).collect());
        let postings = scratch.postings(900);
        assert!(postings.is_empty() && postings.capacity() >= 1_000);
        assert_eq!(scratch.bytes(), 0);
    }
}
