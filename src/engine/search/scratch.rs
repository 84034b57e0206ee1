//! Working memory that searches hand on to one another: a fresh allocation of this size is cleared page by page by the
//! operating system, which takes longer than many a search.

use crate::engine::error::{Result, filled, reserve};

/// Buffers that nobody uses at the moment.
#[derive(Debug, Default)]
pub struct Scratch {
    words: Vec<Vec<u16>>,
    postings: Vec<Vec<u32>>,
}

/// More buffers than this are not kept: segments of an index are few.
const MAX_BUFFERS: usize = 16;

impl Scratch {
    /// A buffer of `n` zeros.
    pub fn words(&mut self, n: usize) -> Result<Vec<u16>> {
        let Some(mut words) = self.words.pop() else { return filled(n, 0, "document scores") };
        words.clear();
        reserve(&mut words, n, "document scores")?;
        words.resize(n, 0);
        Ok(words)
    }

    /// An empty buffer.
    pub fn postings(&mut self) -> Vec<u32> {
        self.postings.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub fn take_words(&mut self, words: Vec<u16>) {
        if self.words.len() < MAX_BUFFERS {
            self.words.push(words);
        }
    }

    /// Takes a buffer back.
    pub fn take_postings(&mut self, mut postings: Vec<u32>) {
        postings.clear();
        if self.postings.len() < MAX_BUFFERS {
            self.postings.push(postings);
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> usize {
        let words: usize = self.words.iter().map(|b| b.capacity() * 2).sum();
        words + self.postings.iter().map(|b| b.capacity() * 4).sum::<usize>()
    }
}
