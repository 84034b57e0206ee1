//! Growing the list, ending it, and marking its entries.

use super::{identity, overflow_identity};
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::filter::value::Value;
use crate::engine::ids::Tid;
use crate::engine::pending::{self, EntryHead, Overflow};
use crate::engine::segment::pages::PAYLOAD;
use crate::engine::vector::SparseVectorRef;
use crate::storage::buffer::ExclusiveBuffer;
use crate::storage::fault;
use crate::storage::free::{Allocator, OwnedPage};
use crate::storage::meta::{self, Meta};
use crate::storage::page::{NO_BLOCK, PageKind, PageRef, PageState};
use crate::storage::relation::IndexRelation;
use crate::storage::wal::{self, WalBatch};

/// Adds a document with the values of the filter columns. Returns the number of pages the list has now.
pub fn append(
    index: IndexRelation,
    tid: Tid,
    vector: Option<SparseVectorRef<'_>>,
    values: &[Option<Value<'_>>],
) -> Result<u32> {
    let mut allocator = Allocator::new(index);
    let (head, body) = pending::body_bytes(tid, vector, values)?;
    let (entry, overflow_pages) = write_entry(index, &mut allocator, head, &body)?;
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
    head: EntryHead,
    body: &[u8],
) -> Result<(Vec<u8>, u32)> {
    if head.entry_bytes() <= PAYLOAD {
        let mut entry = head.to_bytes();
        reserve(&mut entry, body.len(), "pending document")?;
        entry.extend_from_slice(body);
        return Ok((entry, 0));
    }
    let generation = wal::next_stamp() as u32;
    let mut next = NO_BLOCK;
    for (page_no, payload) in body.chunks(PAYLOAD).enumerate().rev() {
        let buffer = allocator.take()?;
        let mut batch = WalBatch::begin(index);
        batch.write(&buffer, overflow_identity(head.tid, generation, page_no as u32), |page| {
            page.set_payload(payload);
            page.edit_special(|s| s.next = next);
        });
        batch.commit();
        next = buffer.block();
        pgrx::check_for_interrupts!();
    }
    let entry = EntryHead { overflow: Some(Overflow { block: next, generation }), ..head };
    Ok((entry.to_bytes(), body.len().div_ceil(PAYLOAD) as u32))
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
    // Outlives the lock of the last page: it has work to do when it is dropped.
    let mut allocator = Allocator::new(index);
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
        extend_list(index, &mut allocator, &tail, &[], 0)?;
        return Ok(Some(list.tail_no));
    }
}

/// Moves the list of one empty page at or behind `boundary` into a hole: where it is to begin then, and the page that
/// is given up. `None` if the list is something else. The caller holds the maintenance lock.
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
