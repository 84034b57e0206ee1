//! Reading the list, page by page, and what its entries hold.

use super::{identity, overflow_identity};
use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::pending::{self, Entry, EntryHead, Overflow, VectorBuffer};
use crate::engine::segment::pages::PAYLOAD;
use crate::storage::buffer::SharedBuffer;
use crate::storage::free::OwnedPage;
use crate::storage::meta::{self, Meta};
use crate::storage::page::NO_BLOCK;
use crate::storage::relation::IndexRelation;

/// Reads the list's pages one after another.
pub struct Walk {
    index: IndexRelation,
    /// The next page and its number.
    next: (u32, u32),
    until: Until,
    /// The relation's size when last asked for: it costs a system call.
    n_blocks: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// So many pages are left.
    Left(u32),
    /// A page that has no successor.
    Tail,
}

impl Walk {
    /// The whole list as `meta` saw it.
    pub fn all(index: IndexRelation, meta: &Meta) -> Self {
        Self::to(index, meta, meta.pending.tail_no)
    }

    /// The list as far as the page with this number.
    pub fn to(index: IndexRelation, meta: &Meta, last_no: u32) -> Self {
        let list = meta.pending;
        let n = if list.head == NO_BLOCK { 0 } else { last_no.wrapping_sub(list.head_no).wrapping_add(1) };
        Self { index, next: (list.head, list.head_no), until: Until::Left(n), n_blocks: 0 }
    }

    /// The pages that never grow again: all that have a successor now. The caller keeps the list from being cut.
    pub fn completed(index: IndexRelation, meta: &Meta) -> Self {
        let list = meta.pending;
        let until = if list.head == list.tail { Until::Left(0) } else { Until::Tail };
        Self { index, next: (list.head, list.head_no), until, n_blocks: 0 }
    }

    /// Whether there is nothing to be read.
    pub fn is_empty(&self) -> bool {
        self.until == Until::Left(0)
    }

    /// The page that comes next, and its number.
    pub fn position(&self) -> (u32, u32) {
        self.next
    }

    /// Copies the next page, so that no lock is held while its entries are worked on.
    pub fn next_page(&mut self) -> Result<Option<PendingPage>> {
        if self.until == Until::Left(0) {
            return Ok(None);
        }
        pgrx::check_for_interrupts!();
        let (block, page_no) = self.next;
        let identity = identity(page_no);
        if block >= self.n_blocks {
            self.n_blocks = self.index.n_blocks();
        }
        let buffer = SharedBuffer::open_within(self.index, block, self.n_blocks)?;
        let page = meta::expect(self.index, buffer.page(), block, &identity)?;
        let next = page.special().next;
        match &mut self.until {
            Until::Tail if next == NO_BLOCK => return Ok(None),
            Until::Tail => {}
            Until::Left(n) => *n -= 1,
        }
        let used = &page.payload()[..page.special().used as usize];
        let mut entries = reserved(used.len(), "pending page")?;
        entries.extend_from_slice(used);
        self.next = (next, page_no.wrapping_add(1));
        Ok(Some(PendingPage { entries, own: OwnedPage { block, identity } }))
    }
}

/// A copy of a page of the list.
pub struct PendingPage {
    entries: Vec<u8>,
    /// The page itself.
    pub own: OwnedPage,
}

impl PendingPage {
    /// Adds the page and the overflow pages of its entries to `pages`.
    pub fn collect_pages(&self, index: IndexRelation, pages: &mut Vec<OwnedPage>) -> Result<()> {
        let mut add = |page| -> Result<()> {
            reserve(pages, 1, "list of pages")?;
            pages.push(page);
            Ok(())
        };
        add(self.own)?;
        self.for_each_entry(|_, head, _| for_each_overflow_page(index, &head, |page, _| add(page)))
    }

    /// The page and the overflow pages of its entries.
    pub fn n_pages(&self) -> Result<usize> {
        let mut n = 1;
        self.for_each_entry(|_, head, _| {
            if head.overflow.is_some() {
                n += head.body_bytes().div_ceil(PAYLOAD);
            }
            Ok(())
        })?;
        Ok(n)
    }

    /// Gives every entry: its place on the page, its head, and what follows the head.
    pub fn for_each_entry(&self, mut each: impl FnMut(usize, EntryHead, &[u8]) -> Result<()>) -> Result<()> {
        let mut at = 0;
        while at < self.entries.len() {
            let head = EntryHead::parse(&self.entries, at, self.own.block)?;
            let end = at + head.entry_bytes();
            each(at, head, &self.entries[at + pending::HEAD_BYTES..end])?;
            at = end;
        }
        Ok(())
    }
}

/// Where entries are read to; reused for one after another.
#[derive(Default)]
pub struct EntryBuffer {
    vector: VectorBuffer,
    /// The contents of overflow pages.
    body: Vec<u8>,
}

/// What an entry holds; `body` is what follows the entry's head.
pub fn load<'b>(
    index: IndexRelation,
    head: &EntryHead,
    body: &'b [u8],
    block: u32,
    buffer: &'b mut EntryBuffer,
) -> Result<Entry<'b>> {
    let Some(overflow) = head.overflow else { return Entry::read(head, body, block, &mut buffer.vector) };
    buffer.body.clear();
    for_each_overflow_page(index, head, |_, payload| {
        reserve(&mut buffer.body, payload.len(), "pending document")?;
        buffer.body.extend_from_slice(payload);
        Ok(())
    })?;
    Entry::read(head, &buffer.body, overflow.block, &mut buffer.vector)
}

/// Gives the overflow pages of an entry, if it has any, with their contents.
pub fn for_each_overflow_page(
    index: IndexRelation,
    head: &EntryHead,
    mut each: impl FnMut(OwnedPage, &[u8]) -> Result<()>,
) -> Result<()> {
    let Some(Overflow { block: first, generation }) = head.overflow else { return Ok(()) };
    let total = head.body_bytes();
    let (mut block, mut read, mut page_no) = (first, 0, 0);
    while read < total {
        pgrx::check_for_interrupts!();
        let buffer = SharedBuffer::open(index, block)?;
        let identity = overflow_identity(head.tid, generation, page_no);
        let page = meta::expect(index, buffer.page(), block, &identity)?;
        let expected = (total - read).min(PAYLOAD);
        if page.special().used as usize != expected {
            return Err(EngineError::BadPage { block, reason: "overflow page of another length" });
        }
        let next = page.special().next;
        each(OwnedPage { block, identity }, &page.payload()[..expected])?;
        read += expected;
        page_no += 1;
        block = next;
    }
    Ok(())
}
