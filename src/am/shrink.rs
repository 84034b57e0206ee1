//! Makes the file smaller: moves pages from its end into free pages before them, and cuts off what is then unused.
//!
//! Moving writes copies, which nobody can see, then changes the metapage once, then gives up the old pages; so a scan
//! that knows the old places reads on there, and a crash leaves the old state or the new. A page keeps its identity
//! when it is moved. Cutting needs the index for itself for a moment (as VACUUM does with a table) and does not wait
//! for it: then nobody holds a pointer to any page, and what no structure refers to can go, whenever it was freed.

use std::collections::HashMap;

use pgrx::pg_sys;
use roaring::RoaringBitmap;

use super::maintain::{self, Step};
use super::options;
use super::short_list::ShortList;
use super::sweep::{self, Census};
use super::vacuum::delay_point;
use crate::engine::error::{Result, reserve};
use crate::engine::segment::pages::Part;
use crate::engine::space;
use crate::storage::free::{self, Allocator, OwnedPage};
use crate::storage::meta::{Extent, Manifest, Meta};
use crate::storage::pending;
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::{self, SegmentPages};

/// Makes the file smaller if it is worth it, and tells the free-space map of free pages. Returns how many of those
/// there are.
pub fn shrink(index: IndexRelation, lock: &MaintenanceLock, census: Census) -> Result<u32> {
    let Census { owned, reusable, n_blocks, .. } = census;
    let boundary = space::moving_boundary(&owned, &reusable, n_blocks);
    let end = boundary.unwrap_or(n_blocks);
    // Nobody is to settle where the file is to end.
    let behind: RoaringBitmap = (end..n_blocks).filter(|&block| !owned.contains(block)).collect();
    behind.iter().for_each(|block| free::record_used(index, block));
    free::offer(index, reusable.range(..end));
    let n_free = reusable.len() as u32;
    let mut n_moved = 0;
    if let Some(boundary) = boundary {
        let mut holes = reusable;
        holes.remove_range(boundary..);
        let moved = move_forward(index, lock, Allocator::in_holes(index, holes), boundary)?;
        n_moved = moved.len() as u32;
        moved.into_iter().for_each(|page| free::record_used(index, page.block));
    }
    let n_cut = cut(index, lock)?;
    if n_cut == 0 {
        free::offer(index, behind.iter());
    }
    Ok(n_free.saturating_sub(n_moved).saturating_sub(n_cut))
}

/// Moves pages that lie at or behind `boundary` into holes. Returns what was given up for it.
fn move_forward(
    index: IndexRelation,
    lock: &MaintenanceLock,
    mut holes: Allocator,
    boundary: u32,
) -> Result<Vec<OwnedPage>> {
    let generation = maintain::begin_operation(index)?;
    let (manifest, _) = Manifest::read(index, &Meta::read(index)?)?;
    let mut list = ShortList::beside_all(index, lock, &manifest);
    let mut moving = Moving { index, boundary, holes: &mut holes, list: &mut list, old_pages: Vec::new() };
    let mut moved = HashMap::new();
    for descriptor in manifest.segments {
        if descriptor.blocks().all(|block| block < boundary) {
            continue;
        }
        let id = descriptor.id;
        let pages = SegmentPages::new(index, descriptor, index.n_blocks())?;
        let extents = Part::ALL.into_iter().map(|part| moving.move_part(&pages, part)).collect::<Result<Vec<_>>>()?;
        moved.insert(id, extents);
    }
    let mut old_pages = moving.old_pages;
    let place = |manifest: &mut Manifest| {
        for descriptor in &mut manifest.segments {
            if let Some(extents) = moved.remove(&descriptor.id) {
                descriptor.extents = extents;
            }
        }
    };
    // The list's one page, if it holds nothing; a longer list is the next flush's.
    let emptied = pending::replace_empty(index, &mut holes, boundary)?;
    let step = emptied.as_ref().map_or(Step::Other, |(cut, _)| Step::Flush(cut));
    maintain::publish_with(&mut holes, generation, place, step)?;
    old_pages.extend(emptied.map(|(_, page)| page));
    free::free_pages(index, old_pages.iter().copied())?;
    Ok(old_pages)
}

/// Pages on their way to the front.
struct Moving<'m, 'l> {
    index: IndexRelation,
    boundary: u32,
    holes: &'m mut Allocator,
    list: &'m mut ShortList<'l>,
    /// What will be given up for the copies.
    old_pages: Vec<OwnedPage>,
}

impl Moving<'_, '_> {
    /// Copies the pages of a part that lie at or behind the boundary into holes, as long as there are any. Returns where
    /// the part's pages are now.
    fn move_part(&mut self, pages: &SegmentPages, part: Part) -> Result<Vec<Extent>> {
        let mut extents = Vec::new();
        for page in pages.owned_pages_of(part) {
            let mut block = page.block;
            if block >= self.boundary {
                delay_point();
                self.list.turn()?;
                if let Some(copy) = segment_pages::copy_page(self.index, &page, self.holes)? {
                    reserve(&mut self.old_pages, 1, "list of pages")?;
                    self.old_pages.push(page);
                    block = copy;
                }
            }
            reserve(&mut extents, 1, "manifest")?;
            segment_pages::push_block(&mut extents, block);
        }
        Ok(extents)
    }
}

/// How often the lock for a cut is asked for, and how long it is waited between: inserters hold theirs for short times.
const TRIES: u32 = 100;
const WAIT_MICROSECONDS: i64 = 10_000;

/// Cuts the file behind the last page in use, if that is worth it and nobody else has the index open for a moment.
/// Returns by how many pages it became shorter.
fn cut(index: IndexRelation, lock: &MaintenanceLock) -> Result<u32> {
    if !options::vacuum_truncate(index) || !index.table_lets_vacuum_truncate() {
        return Ok(0);
    }
    let mut list = ShortList::beside(index, lock, []);
    for _ in 0..TRIES {
        let before = Meta::read(index)?;
        let last = sweep::owned_blocks(index, &mut |_| {})?.max();
        let (n_blocks, end) = (index.n_blocks(), last.map_or(1, |last| last.saturating_add(1)));
        if !space::is_worth_cutting(n_blocks, end) {
            return Ok(0);
        }
        if let Some(alone) = index.try_lock_alone() {
            // Everybody waits now, so nothing is read anew: if the list has grown since, another look is taken.
            if Meta::read(index)? == before {
                alone.cut(end);
                pgrx::debug1!("wand index \"{}\": became shorter, {n_blocks} to {end} pages", index.name());
                return Ok(n_blocks - end);
            }
        }
        // SAFETY: a pause of this process, with no page locked.
        unsafe { pg_sys::pg_usleep(WAIT_MICROSECONDS) };
        pgrx::check_for_interrupts!();
        list.look()?;
    }
    pgrx::debug1!("wand index \"{}\": did not become shorter, it is in use", index.name());
    Ok(0)
}
