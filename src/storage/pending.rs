//! The pending list on pages.
//!
//! Pages are linked from the oldest to the newest and numbered without gaps over the life of the index. Entries are
//! appended to the last page; a page that has a successor never grows again, so cutting the list ([`seal`]) needs no
//! lock on anything but its end. Vectors too large for a page lie in overflow pages, written before the entry that
//! names them.
//!
//! Lock order: the last page, then a new page, then the metapage. Nobody waits for a page of the list while holding the
//! metapage, except for the first page of an empty list, which nobody else can know.

use super::buffer::{ExclusiveBuffer, SharedBuffer};
use super::fault;
use super::free::{Allocator, OwnedPage};
use super::meta::{self, Meta};
use super::page::{Identity, NO_BLOCK, PageKind, PageRef, PageState};
use super::relation::IndexRelation;
use super::wal::{self, WalBatch};
use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::ids::Tid;
use crate::engine::pending::{self, Body, EntryHead, VectorBuffer};
use crate::engine::segment::pages::PAYLOAD;
use crate::engine::vector::SparseVectorRef;

fn identity(page_no: u32) -> Identity {
    Identity { kind: PageKind::Pending, part: 0, owner: 0, generation: 0, page_no }
}

/// Overflow pages name the table's block of their row, and a generation: the low half of the next transaction id when
/// the vector was written. Their entry keeps it too, so that a reader under replay notices a page that was recycled.
///
/// A row's TID would not do, since rows come and go in the same place. Transaction ids do, because no block is an
/// overflow page of the same generation twice:
/// - a page in use is stamped with an id that is not below its generation, and freed with one that is not below that
///   stamp ([`super::free`]);
/// - it is taken again only when that id is below every snapshot, that of the next writer too, who chooses its generation
///   under this snapshot: above the id, and so above the old generation;
/// - no crash turns this back: then all transactions up to that id have ended, and the log says so before it says that
///   the page was taken;
/// - the low half is enough, since no server lets a snapshot live through 2^31 transactions.
fn overflow_identity(tid: Tid, generation: u32, page_no: u32) -> Identity {
    Identity { kind: PageKind::Overflow, part: 0, owner: tid.block, generation, page_no }
}

/// Adds a document. Returns the number of pages the list has now.
pub fn append(index: IndexRelation, tid: Tid, vector: Option<SparseVectorRef<'_>>) -> Result<u32> {
    let mut allocator = Allocator::new(index);
    let (entry, overflow_pages) = write_entry(index, &mut allocator, tid, vector)?;
    if overflow_pages > 0 {
        fault::point!("overflow_written");
    }
    loop {
        let meta = Meta::read(index)?;
        let done = if meta.pending.tail == NO_BLOCK {
            append_first(index, &mut allocator, &entry, overflow_pages)?
        } else {
            append_to_tail(index, &mut allocator, &meta, &entry, overflow_pages)?
        };
        if let Some(n_pages) = done {
            return Ok(n_pages);
        }
        // The list was cut or grew between the two looks; look again.
        pgrx::check_for_interrupts!();
    }
}

/// The entry's bytes, with its overflow pages already written.
fn write_entry(
    index: IndexRelation,
    allocator: &mut Allocator,
    tid: Tid,
    vector: Option<SparseVectorRef<'_>>,
) -> Result<(Vec<u8>, u32)> {
    let head = |body| EntryHead { tid, dead: false, killed: false, body };
    let Some(vector) = vector else { return Ok((head(Body::Null).to_bytes(), 0)) };
    let nnz = vector.nnz() as u32;
    let bytes = pending::vector_bytes(vector)?;
    let inline = head(Body::Inline(nnz));
    if inline.entry_bytes() <= PAYLOAD {
        let mut entry = inline.to_bytes();
        entry.extend_from_slice(&bytes);
        return Ok((entry, 0));
    }
    let generation = wal::next_stamp() as u32;
    let mut next = NO_BLOCK;
    for (page_no, payload) in bytes.chunks(PAYLOAD).enumerate().rev() {
        let buffer = allocator.take()?;
        let mut batch = WalBatch::begin(index);
        batch.write(&buffer, overflow_identity(tid, generation, page_no as u32), |page| {
            page.set_payload(payload);
            page.edit_special(|s| s.next = next);
        });
        batch.commit();
        next = buffer.block();
        pgrx::check_for_interrupts!();
    }
    let entry = head(Body::Overflow { block: next, generation, nnz });
    Ok((entry.to_bytes(), bytes.len().div_ceil(PAYLOAD) as u32))
}

/// Makes the list's first page; `None` if somebody else did.
fn append_first(index: IndexRelation, allocator: &mut Allocator, entry: &[u8], overflow: u32) -> Result<Option<u32>> {
    let meta_buffer = meta::open_for_change(index)?;
    let mut meta = Meta::read_locked(&meta_buffer)?;
    if meta.pending.tail != NO_BLOCK {
        return Ok(None);
    }
    let buffer = allocator.take()?;
    let no = meta.pending.tail_no.wrapping_add(1);
    meta.pending.head = buffer.block();
    meta.pending.tail = buffer.block();
    (meta.pending.head_no, meta.pending.tail_no) = (no, no);
    meta.pending.n_pages = 1 + overflow;
    let mut batch = WalBatch::begin(index);
    batch.write(&buffer, identity(no), |page| page.set_payload(entry));
    meta.write(&meta_buffer, &mut batch)?;
    batch.commit();
    Ok(Some(meta.pending.n_pages))
}

/// Adds to the last page, or a new last page; `None` if it was not the last any more.
fn append_to_tail(
    index: IndexRelation,
    allocator: &mut Allocator,
    seen: &Meta,
    entry: &[u8],
    overflow: u32,
) -> Result<Option<u32>> {
    let tail = ExclusiveBuffer::open(index, seen.pending.tail)?;
    if !is_open_tail(tail.page(), seen.pending.tail_no) {
        return expect_moved(index, seen).map(|()| None);
    }
    let used = tail.page().special().used as usize;
    if used + entry.len() <= PAYLOAD && overflow == 0 {
        let mut batch = WalBatch::begin(index);
        batch.edit(&tail, |page| page.append(entry))?;
        batch.commit();
        return Ok(Some(seen.pending.n_pages));
    }
    extend_list(index, allocator, &tail, entry, overflow).map(Some)
}

/// The page the metapage called last is not: fine if the metapage has changed since, damage if not. Called with that
/// page locked, so the list cannot move meanwhile.
fn expect_moved(index: IndexRelation, seen: &Meta) -> Result<()> {
    let block = seen.pending.tail;
    if Meta::read(index)?.pending.tail != block {
        return Ok(());
    }
    Err(EngineError::BadPage { block, reason: "not the last page of the pending list" })
}

fn is_open_tail(page: PageRef<'_>, page_no: u32) -> bool {
    let special = page.special();
    page.matches(&identity(page_no)) && special.state() == PageState::Used && special.next == NO_BLOCK
}

/// Links a new last page holding `entry` behind `tail`, which is locked and the last one.
fn extend_list(
    index: IndexRelation,
    allocator: &mut Allocator,
    tail: &ExclusiveBuffer,
    entry: &[u8],
    overflow: u32,
) -> Result<u32> {
    let buffer = allocator.take()?;
    let meta_buffer = meta::open_for_change(index)?;
    let mut meta = Meta::read_locked(&meta_buffer)?;
    let no = meta.pending.tail_no.wrapping_add(1);
    meta.pending.tail = buffer.block();
    meta.pending.tail_no = no;
    meta.pending.n_pages = meta.pending.n_pages.saturating_add(1 + overflow);
    let mut batch = WalBatch::begin(index);
    batch.write(&buffer, identity(no), |page| page.set_payload(entry));
    batch.edit(tail, |page| page.edit_special(|s| s.next = buffer.block()))?;
    meta.write(&meta_buffer, &mut batch)?;
    batch.commit();
    Ok(meta.pending.n_pages)
}

/// What is left of the list when its beginning has been flushed.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The new first page and its number.
    pub head: (u32, u32),
    /// Pages before it that are gone, overflow pages included.
    pub n_pages: u32,
}

/// Puts an empty page behind the last entry, so that all others are completed. Returns the number of the last page that
/// holds entries; `None` if there is none. The caller holds the maintenance lock.
pub fn seal(index: IndexRelation) -> Result<Option<u32>> {
    loop {
        let seen = Meta::read(index)?;
        let list = seen.pending;
        if list.tail == NO_BLOCK {
            return Ok(None);
        }
        let tail = ExclusiveBuffer::open(index, list.tail)?;
        if !is_open_tail(tail.page(), list.tail_no) {
            expect_moved(index, &seen)?;
            drop(tail);
            pgrx::check_for_interrupts!();
            continue;
        }
        if list.head == list.tail && tail.page().special().used == 0 {
            return Ok(None);
        }
        extend_list(index, &mut Allocator::new(index), &tail, &[], 0)?;
        return Ok(Some(list.tail_no));
    }
}

/// Moves the list of one empty page at or behind `boundary` into a hole: where it is to begin then, and the page that is given up.
/// `None` if the list is something else. The caller holds the maintenance lock.
pub fn replace_empty(index: IndexRelation, holes: &mut Allocator, boundary: u32) -> Result<Option<(Cut, OwnedPage)>> {
    let list = Meta::read(index)?.pending;
    if list.tail == NO_BLOCK || list.head != list.tail || list.tail < boundary {
        return Ok(None);
    }
    let tail = ExclusiveBuffer::open(index, list.tail)?;
    // An inserter may have been faster.
    if !is_open_tail(tail.page(), list.tail_no) || tail.page().special().used > 0 {
        return Ok(None);
    }
    extend_list(index, holes, &tail, &[], 0)?;
    let head = (tail.page().special().next, list.tail_no.wrapping_add(1));
    let page = OwnedPage { block: list.tail, identity: identity(list.tail_no) };
    Ok(Some((Cut { head, n_pages: 1 }, page)))
}

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
        let until = if list.head == NO_BLOCK { Until::Left(0) } else { Until::Tail };
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
            if let Body::Overflow { nnz, .. } = head.body {
                n += (nnz as usize * 8).div_ceil(PAYLOAD);
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

/// The vector of an entry; `body` is what follows the entry's head.
pub fn load<'b>(
    index: IndexRelation,
    head: &EntryHead,
    body: &[u8],
    block: u32,
    buffer: &'b mut VectorBuffer,
) -> Result<Option<SparseVectorRef<'b>>> {
    match head.body {
        Body::Null => Ok(None),
        Body::Inline(_) => buffer.load(body, block).map(Some),
        Body::Overflow { block: first, .. } => {
            let mut bytes = Vec::new();
            for_each_overflow_page(index, head, |_, payload| {
                reserve(&mut bytes, payload.len(), "pending vector")?;
                bytes.extend_from_slice(payload);
                Ok(())
            })?;
            buffer.load(&bytes, first).map(Some)
        }
    }
}

/// Gives the overflow pages of an entry, if it has any, with their contents.
pub fn for_each_overflow_page(
    index: IndexRelation,
    head: &EntryHead,
    mut each: impl FnMut(OwnedPage, &[u8]) -> Result<()>,
) -> Result<()> {
    let Body::Overflow { block: first, generation, nnz } = head.body else { return Ok(()) };
    let total = nnz as usize * 8;
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

/// Marks entries of a page as dead.
pub fn mark_dead(index: IndexRelation, block: u32, entries: &[usize]) -> Result<()> {
    let buffer = ExclusiveBuffer::open(index, block)?;
    if !buffer.page().is_sound() || !buffer.page().special().is_kind(PageKind::Pending) {
        return Err(EngineError::BadPage { block, reason: "not a page of the pending list" });
    }
    let mut batch = WalBatch::begin(index);
    batch.edit(&buffer, |page| {
        entries.iter().for_each(|&at| page.payload_mut()[at + pending::STATE_AT] = pending::DEAD);
    })?;
    batch.commit();
    Ok(())
}

/// Marks entries of page number `page_no` as killed, if the page can be had at once and is still part of the list: a
/// hint, and by the time it is given the page may have been flushed and belong to somebody else. Entries do not move
/// and the number of a page is used once, so a place on it is one row's for ever.
pub fn mark_killed(index: IndexRelation, block: u32, page_no: u32, entries: &[usize]) -> Result<()> {
    let Some(buffer) = ExclusiveBuffer::try_open_owned(index, block, &identity(page_no))? else { return Ok(()) };
    let used = buffer.page().special().used as usize;
    let at = |entry: usize| entry + pending::STATE_AT;
    let unmarked = |&&entry: &&usize| at(entry) < used && buffer.page().payload()[at(entry)] == 0;
    if entries.iter().filter(unmarked).count() == 0 {
        return Ok(());
    }
    let mut batch = WalBatch::begin(index);
    batch.edit(&buffer, |page| {
        entries.iter().filter(unmarked).for_each(|&entry| page.payload_mut()[at(entry)] = pending::KILLED);
    })?;
    batch.commit();
    Ok(())
}
