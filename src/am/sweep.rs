//! Whose is every page? Finds the pages that nothing refers to: free ones for the free-space map, and orphans of
//! operations that were aborted or cut short by a crash.

use roaring::RoaringBitmap;

use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::memory;
use crate::engine::segment::pages::Part;
use crate::storage::buffer::SharedBuffer;
use crate::storage::fault;
use crate::storage::free;
use crate::storage::meta::{META_BLOCK, Manifest, Meta, expect};
use crate::storage::page::{Identity, PageKind, PageRef, PageState};
use crate::storage::pending::Walk;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentPages;
use crate::storage::wal;

/// An error if there is no memory for a bitmap of all blocks, whose pieces are small allocations that are not asked for.
fn room_for_bitmap(index: IndexRelation) -> Result<()> {
    let bytes = memory::bitmap_bytes(index.n_blocks()).saturating_mul(2);
    memory::with_room(bytes, || ()).map_err(|bytes| EngineError::OutOfMemory { what: "set of blocks", bytes })
}

/// Every block that the metapage, the manifest and the pending list refer to; `twice` is told of a block that two of
/// them claim.
pub fn owned_blocks(index: IndexRelation, twice: &mut dyn FnMut(u32)) -> Result<RoaringBitmap> {
    let meta = Meta::read(index)?;
    let (manifest, manifest_pages) = Manifest::read(index, &meta)?;
    room_for_bitmap(index)?;
    let mut owned = RoaringBitmap::new();
    let mut claim = |block: u32| {
        if !owned.insert(block) {
            twice(block);
        }
    };
    claim(META_BLOCK);
    manifest_pages.into_iter().map(|p| p.block).for_each(&mut claim);
    manifest.segments.iter().flat_map(|s| s.blocks()).for_each(&mut claim);
    let mut walk = Walk::all(index, &meta);
    while let Some(page) = walk.next_page()? {
        let mut pages = Vec::new();
        page.collect_pages(index, &mut pages)?;
        pages.into_iter().map(|p| p.block).for_each(&mut claim);
    }
    Ok(owned)
}

/// What lies outside every structure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unowned {
    /// Pages that can be reused now.
    pub reusable: u32,
    /// Freed pages that somebody may still read.
    pub waiting: u32,
    /// Pages of operations that are under way or were aborted not long ago.
    pub in_doubt: u32,
    /// Pages of aborted operations.
    pub orphaned: u32,
}

enum Standing {
    Reusable,
    Waiting,
    InDoubt,
    Orphaned,
}

/// Whose the pages are.
#[derive(Debug, Default)]
pub struct Census {
    /// Blocks that a structure refers to.
    pub owned: RoaringBitmap,
    /// Blocks that can be taken into use now.
    pub reusable: RoaringBitmap,
    /// Counts of those that nothing refers to.
    pub unowned: Unowned,
    /// Blocks there were.
    pub n_blocks: u32,
}

/// Looks at every page that no structure refers to, and frees orphans (if `repair`): all of them, or none if one of them
/// is missed.
pub fn sweep(index: IndexRelation, repair: bool) -> Result<Census> {
    // Pages that inserters take into use from here on may not be among those counted as owned.
    let limit = wal::next_stamp();
    let owned = owned_blocks(index, &mut |_| {})?;
    let n_blocks = index.n_blocks_settled();
    let mut found = Census { owned, n_blocks, ..Census::default() };
    let mut orphans = Vec::new();
    for block in (0..n_blocks).filter(|&b| !found.owned.contains(b)) {
        let (standing, identity) = {
            let buffer = SharedBuffer::open(index, block)?;
            (standing(buffer.page(), limit), buffer.page().special().identity())
        };
        match standing {
            Standing::Reusable => {
                found.unowned.reusable += 1;
                found.reusable.insert(block);
            }
            Standing::Waiting => found.unowned.waiting += 1,
            Standing::InDoubt => found.unowned.in_doubt += 1,
            Standing::Orphaned => {
                found.unowned.orphaned += 1;
                if repair {
                    reserve(&mut orphans, 1, "orphans")?;
                    orphans.push((block, identity));
                }
            }
        }
        pgrx::check_for_interrupts!();
    }
    if !orphans.is_empty() {
        let listed = Listed::read(index)?;
        for identity in orphans.iter().filter_map(|(_, identity)| identity.as_ref()) {
            listed.expect_not_missed(index, identity)?;
        }
    }
    for (block, _) in orphans {
        fault::point!("sweep_before_free");
        free::free_orphan(index, block, limit)?;
        pgrx::check_for_interrupts!();
    }
    Ok(found)
}

/// What metapage and manifest know, as it is on their pages now, not as a session remembers it.
struct Listed {
    meta: Meta,
    segments: Vec<SegmentPages>,
}

impl Listed {
    fn read(index: IndexRelation) -> Result<Self> {
        let meta = Meta::read(index)?;
        let (manifest, _) = Manifest::read(index, &meta)?;
        let n_blocks = index.n_blocks();
        let mut segments = reserved(manifest.segments.len(), "segments")?;
        for descriptor in manifest.segments {
            segments.push(SegmentPages::new(index, descriptor, n_blocks)?);
        }
        Ok(Self { meta, segments })
    }

    /// Fails if a page that nothing refers to shows that not it is wrong, but what should refer to it: to free it would
    /// spread the damage.
    ///
    /// - A generation is logged before the first page of its operation is written, and a page of the list together with
    ///   the metapage: neither can be ahead of the metapage, unless that is of another time.
    /// - A page may say that it belongs to a segment that the manifest lists if it is a copy that was moved, or was to
    ///   be (`shrink.rs`), before a crash; then the segment has a sound page where the manifest says this one is.
    fn expect_not_missed(&self, index: IndexRelation, identity: &Identity) -> Result<()> {
        let Identity { kind, part, owner, generation, page_no } = *identity;
        let bad = |reason| Err(EngineError::BadPage { block: META_BLOCK, reason });
        let is_ahead = |number: u32, of: u32| number.wrapping_sub(of).cast_signed() >= 0;
        match kind {
            PageKind::Pending if is_ahead(page_no, self.meta.pending.head_no) => {
                return bad("the metapage is older than a page of the pending list");
            }
            PageKind::Manifest | PageKind::Segment if is_ahead(generation, self.meta.next_generation) => {
                return bad("the metapage is older than a page of a segment");
            }
            PageKind::Segment => {}
            _ => return Ok(()),
        }
        let is_its = |pages: &&SegmentPages| {
            let descriptor = pages.descriptor();
            (descriptor.id, descriptor.generation) == (owner, generation)
        };
        let Some(pages) = self.segments.iter().find(is_its) else { return Ok(()) };
        let part = Part::ALL.get(usize::from(part)).copied();
        let Some(listed) = part.and_then(|part| pages.block(part, page_no)) else {
            return bad("the manifest lacks a page of a segment");
        };
        let buffer = SharedBuffer::open(index, listed)?;
        expect(index, buffer.page(), listed, identity).map(|_| ())
    }
}

/// What a page is that nothing refers to; `limit` is a stamp from before it was known that nothing does.
fn standing(page: PageRef<'_>, limit: u64) -> Standing {
    let special = page.special();
    if free::is_reusable(page) {
        Standing::Reusable
    } else if page.is_sound() && special.state() == PageState::Free {
        Standing::Waiting
    } else if page.is_sound() && (special.stamp >= limit || !free::is_past(special.stamp)) {
        Standing::InDoubt
    } else {
        Standing::Orphaned
    }
}
