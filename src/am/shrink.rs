//! Makes the file smaller: moves pages from its end into free pages before them, and cuts off what is then unused.
//!
//! Moving writes copies, which nobody can see, then changes the metapage once, then gives up the old pages; so a scan that
//! knows the old places reads on there, and a crash leaves the old state or the new. A page keeps its identity when it is
//! moved. Cutting needs the index for itself for a moment (as VACUUM does with a table) and does not wait for it: then
//! nobody holds a pointer to any page, and what no structure refers to can go, whenever it was freed.

use super::sweep::{self, Census};
use super::vacuum::delay_point;
use super::{maintain, options};
use crate::engine::error::{Result, reserve};
use crate::engine::segment::pages::Part;
use crate::engine::space;
use crate::storage::free::{self, Allocator, OwnedPage};
use crate::storage::meta::{Extent, Manifest, Meta};
use crate::storage::pending;
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::{self, SegmentPages};

/// Moves pages forward if that would make the file much smaller. Returns how many pages were moved.
pub fn move_forward(index: IndexRelation, _lock: &MaintenanceLock, census: Census) -> Result<u32> {
    let Some(boundary) = space::moving_boundary(&census.owned, &census.reusable, census.n_blocks) else { return Ok(0) };
    let mut holes = census.reusable;
    holes.remove_range(boundary..);
    let mut holes = Allocator::in_holes(index, holes);
    let generation = maintain::begin_operation(index)?;
    let (mut manifest, _) = Manifest::read(index, &Meta::read(index)?)?;
    let mut old_pages = Vec::new();
    for descriptor in &mut manifest.segments {
        if descriptor.blocks().all(|block| block < boundary) {
            continue;
        }
        let pages = SegmentPages::new(index, descriptor.clone(), index.n_blocks())?;
        for part in Part::ALL {
            descriptor.extents[part.index()] = move_part(index, &pages, part, boundary, &mut holes, &mut old_pages)?;
        }
    }
    // The list's one page, if it holds nothing; a longer list is the next flush's.
    let emptied = pending::replace_empty(index, &mut holes, boundary)?;
    maintain::publish_with(&mut holes, generation, &manifest, emptied.as_ref().map(|(cut, _)| cut))?;
    old_pages.extend(emptied.map(|(_, page)| page));
    let n_moved = old_pages.len() as u32;
    free::free_pages(index, old_pages)?;
    Ok(n_moved)
}

/// Copies the pages of a part that lie at or behind `boundary` into holes, as long as there are any. Returns where the
/// part's pages are now, and adds those that were moved to `old_pages`.
fn move_part(
    index: IndexRelation,
    pages: &SegmentPages,
    part: Part,
    boundary: u32,
    holes: &mut Allocator,
    old_pages: &mut Vec<OwnedPage>,
) -> Result<Vec<Extent>> {
    let mut extents = Vec::new();
    for page in pages.owned_pages_of(part) {
        let mut block = page.block;
        if block >= boundary {
            delay_point();
            if let Some(copy) = segment_pages::copy_page(index, &page, holes)? {
                reserve(old_pages, 1, "list of pages")?;
                old_pages.push(page);
                block = copy;
            }
        }
        reserve(&mut extents, 1, "manifest")?;
        segment_pages::push_block(&mut extents, block);
    }
    Ok(extents)
}

/// Cuts the file behind the last page in use, if that is worth it and nobody else has the index open. Returns by how many
/// pages it became shorter.
pub fn cut(index: IndexRelation, _lock: &MaintenanceLock) -> Result<u32> {
    let end = |index: IndexRelation| -> Result<u32> {
        let owned = sweep::owned_blocks(index, &mut |_| {})?;
        Ok(owned.max().map_or(1, |last| last.saturating_add(1)))
    };
    if !options::vacuum_truncate(index) || !space::is_worth_cutting(index.n_blocks(), end(index)?) {
        return Ok(0);
    }
    let Some(alone) = index.try_lock_alone() else {
        pgrx::debug1!("index \"{}\" is not made shorter: it is in use", index.name());
        return Ok(0);
    };
    // Inserters may have been at it until now.
    let (n_blocks, end) = (index.n_blocks(), end(index)?);
    if !space::is_worth_cutting(n_blocks, end) {
        return Ok(0);
    }
    alone.cut(end);
    pgrx::debug1!("index \"{}\" became shorter: {n_blocks} to {end} pages", index.name());
    Ok(n_blocks - end)
}
