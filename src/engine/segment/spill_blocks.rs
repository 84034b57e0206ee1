//! Blocks of a run put aside: records, none of which crosses a block, and strings, which may. Writer and reader hold
//! one block each.

use super::spill::{SpillRead, SpillWrite, damaged};
use crate::engine::codec::varint;
use crate::engine::error::{Result, filled, reserve};

/// Bytes of a block.
pub const BLOCK: usize = 8192;
const POSTING_BYTES: usize = varint::MAX_BYTES + 1;

/// Fills blocks with records.
pub struct BlockWriter<'a, W> {
    out: &'a mut W,
    block: [u8; BLOCK],
    at: usize,
}

impl<'a, W: SpillWrite> BlockWriter<'a, W> {
    /// Begins with a block.
    pub fn new(out: &'a mut W) -> Self {
        Self { out, block: [0; BLOCK], at: 0 }
    }

    /// Adds a record of up to [`BLOCK`] bytes.
    pub fn put(&mut self, record: &[u8]) -> Result<()> {
        if BLOCK - self.at < record.len() {
            self.flush()?;
        }
        self.block[self.at..self.at + record.len()].copy_from_slice(record);
        self.at += record.len();
        Ok(())
    }

    /// Adds a posting.
    #[inline]
    pub fn put_posting(&mut self, gap: u32, impact: u8) -> Result<()> {
        if BLOCK - self.at < POSTING_BYTES {
            self.flush()?;
        }
        self.push_varint(gap);
        self.block[self.at] = impact;
        self.at += 1;
        Ok(())
    }

    /// Adds bytes that may cross blocks.
    pub fn put_stream(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            if self.at == BLOCK {
                self.flush()?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.at));
            self.block[self.at..self.at + now.len()].copy_from_slice(now);
            self.at += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// Adds a number of variable length.
    #[inline]
    pub fn put_varint(&mut self, value: u32) -> Result<()> {
        if BLOCK - self.at < varint::MAX_BYTES {
            self.flush()?;
        }
        self.push_varint(value);
        Ok(())
    }

    #[inline]
    fn push_varint(&mut self, mut rest: u32) {
        while rest >= 0x80 {
            self.block[self.at] = rest as u8 | 0x80;
            self.at += 1;
            rest >>= 7;
        }
        self.block[self.at] = rest as u8;
        self.at += 1;
    }

    /// See [`SpillWrite::check_interrupts`].
    pub fn check_interrupts(&self) {
        self.out.check_interrupts();
    }

    fn flush(&mut self) -> Result<()> {
        self.at = 0;
        self.out.write(&self.block)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<()> {
        if self.at > 0 { self.flush() } else { Ok(()) }
    }
}

/// Reads records from blocks.
pub struct BlockReader<R> {
    input: R,
    block: Vec<u8>,
    at: usize,
}

impl<R: SpillRead> BlockReader<R> {
    /// No block is read yet.
    pub fn new(input: R) -> Self {
        Self { input, block: Vec::new(), at: 0 }
    }

    /// Sees to it that a record of up to `n` bytes can be read at `at`.
    #[inline]
    fn want(&mut self, n: usize) -> Result<()> {
        if self.block.len() - self.at < n { self.next_block() } else { Ok(()) }
    }

    fn next_block(&mut self) -> Result<()> {
        if self.block.is_empty() {
            self.block = filled(BLOCK, 0, "block of a run")?;
        }
        self.at = 0;
        self.input.read(&mut self.block)
    }

    /// The next record, of `n` bytes.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&[u8]> {
        self.want(n)?;
        let record = self.block.get(self.at..self.at + n).ok_or_else(|| damaged("record is too long"))?;
        self.at += n;
        Ok(record)
    }

    /// Adds the next `n` bytes, which may cross blocks, to `bytes`.
    pub fn take_stream(&mut self, n: usize, bytes: &mut Vec<u8>) -> Result<()> {
        reserve(bytes, n, "bytes of a run")?;
        let end = bytes.len() + n;
        while bytes.len() < end {
            self.want(1)?;
            let here = self.block.len().min(self.at + end - bytes.len());
            bytes.extend_from_slice(&self.block[self.at..here]);
            self.at = here;
        }
        Ok(())
    }

    /// The next number of variable length.
    #[inline]
    pub fn varint(&mut self) -> Result<u32> {
        self.want(varint::MAX_BYTES)?;
        varint::read(&self.block, &mut self.at).ok_or_else(|| damaged("number is too large"))
    }

    /// Gives the next `n` postings, which are one list.
    #[inline]
    pub fn postings(&mut self, n: u32, mut each: impl FnMut(u32, u8) -> Result<()>) -> Result<()> {
        let mut doc = 0u32;
        for _ in 0..n {
            self.want(POSTING_BYTES)?;
            let gap = varint::read(&self.block, &mut self.at).ok_or_else(|| damaged("gap is too large"))?;
            let impact = *self.block.get(self.at).ok_or_else(|| damaged("list is cut short"))?;
            self.at += 1;
            doc = doc.wrapping_add(gap);
            each(doc, impact)?;
        }
        Ok(())
    }
}
