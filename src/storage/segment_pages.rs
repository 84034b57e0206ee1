//! A segment's pages: reading for scans and merges, writing for the one segment writer.

use std::cell::Cell;
use std::ops::{Deref, Range};
use std::rc::Rc;

use super::buffer::{ExclusiveBuffer, SealedBuffer, SharedBuffer};
use super::free::{self, Allocator, OwnedPage};
use super::memory;
use super::meta::{Extent, SegmentDescriptor, expect, unexpected};
use super::page::{Identity, PageKind, PageRef};
use super::relation::IndexRelation;
use super::wal::WalBatch;
use crate::engine::error::{EngineError, Result, reserve, reserved};
use crate::engine::search::ranker::Segment;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::live;
use crate::engine::segment::pages::{Part, PartPages, PartSink};
use crate::engine::segment::reader::SegmentReader;

fn identity(descriptor_id: u32, generation: u32, part: Part, page_no: u32) -> Identity {
    Identity { kind: PageKind::Segment, part: part as u8, owner: descriptor_id, generation, page_no }
}

/// What the manifest says of one segment, prepared for finding pages. Holds no relation, so it can outlive a query.
#[derive(Debug)]
pub struct SegmentLayout {
    descriptor: SegmentDescriptor,
    /// For each part the number of the first page of each extent.
    firsts: Vec<Vec<u32>>,
}

impl SegmentLayout {
    /// Takes the manifest's word for where the pages are, once it has been compared with the size of the relation.
    pub fn new(descriptor: SegmentDescriptor, n_blocks: u32) -> Result<Self> {
        let mut firsts = Vec::with_capacity(descriptor.extents.len());
        for extents in &descriptor.extents {
            let mut at = 0u32;
            let mut of_part = reserved(extents.len(), "manifest")?;
            for extent in extents {
                if extent.len == 0 || extent.start.checked_add(extent.len).is_none_or(|end| end > n_blocks) {
                    let reason = "the manifest places a segment beyond the end of the index";
                    return Err(EngineError::BadPage { block: extent.start, reason });
                }
                of_part.push(at);
                at = at.saturating_add(extent.len);
            }
            firsts.push(of_part);
        }
        Ok(Self { descriptor, firsts })
    }

    /// Its entry in the manifest.
    pub fn descriptor(&self) -> &SegmentDescriptor {
        &self.descriptor
    }

    /// Memory it takes, about.
    pub fn bytes(&self) -> usize {
        let extents: usize = self.firsts.iter().map(Vec::len).sum();
        size_of::<Self>() + extents * (size_of::<Extent>() + size_of::<u32>()) + self.firsts.len() * 64
    }
}

/// The pages of one segment of an open index. Cheap to clone.
#[derive(Clone)]
pub struct SegmentPages {
    index: IndexRelation,
    layout: Rc<SegmentLayout>,
    opened: Cell<u64>,
}

impl SegmentPages {
    /// For a segment just read from the manifest of a relation of `n_blocks`.
    pub fn new(index: IndexRelation, descriptor: SegmentDescriptor, n_blocks: u32) -> Result<Self> {
        Ok(Self::bind(index, Rc::new(SegmentLayout::new(descriptor, n_blocks)?)))
    }

    /// For a layout of the same index that is known already.
    pub fn bind(index: IndexRelation, layout: Rc<SegmentLayout>) -> Self {
        Self { index, layout, opened: Cell::new(0) }
    }

    /// How many pages were opened by way of this value.
    pub fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// The engine's view of it.
    pub fn reader(&self) -> SegmentReader<'_, Self> {
        SegmentReader { pages: self, meta: &self.layout.descriptor.meta }
    }

    /// Its entry in the manifest.
    pub fn descriptor(&self) -> &SegmentDescriptor {
        &self.layout.descriptor
    }

    /// The block of page `no` of `part`.
    pub fn block(&self, part: Part, no: u32) -> Option<u32> {
        let firsts = self.layout.firsts.get(part.index())?;
        let at = firsts.partition_point(|&first| first <= no).checked_sub(1)?;
        let extent = self.layout.descriptor.extents.get(part.index())?.get(at)?;
        let within = no - firsts[at];
        (within < extent.len).then(|| extent.start + within)
    }

    /// All its pages.
    pub fn owned_pages(&self) -> impl Iterator<Item = OwnedPage> + '_ {
        Part::ALL.into_iter().flat_map(|part| self.owned_pages_of(part))
    }

    /// The pages of one part, in order.
    pub fn owned_pages_of(&self, part: Part) -> impl Iterator<Item = OwnedPage> + '_ {
        (0..self.layout.descriptor.meta.n_pages(part)).filter_map(move |no| {
            let block = self.block(part, no)?;
            Some(OwnedPage { block, identity: self.identity(part, no) })
        })
    }

    /// Marks documents of one page of killed docs, if it can be had at once and is still this segment's: a hint, and by
    /// the time it is given the segment may have been merged. Its id is used once, so a document is one row's for ever.
    pub fn mark_killed(&self, docs: &[u32]) -> Result<()> {
        let Some(&first) = docs.first() else { return Ok(()) };
        let (no, ..) = live::place(first);
        let Some(block) = self.block(Part::Killed, no) else { return Ok(()) };
        let identity = self.identity(Part::Killed, no);
        let Some(buffer) = ExclusiveBuffer::try_open_owned(self.index, block, &identity)? else { return Ok(()) };
        let places = || docs.iter().map(|&doc| live::place(doc)).filter(|place| place.0 == no);
        if places().all(|(_, byte, bit)| buffer.page().payload()[byte] & bit != 0) {
            return Ok(());
        }
        let mut batch = WalBatch::begin(self.index);
        batch.edit(&buffer, |page| {
            for (_, byte, bit) in places() {
                page.payload_mut()[byte] |= bit;
                page.edit_special(|special| special.used = special.used.max(byte as u32 + 1));
            }
        })?;
        batch.commit();
        Ok(())
    }

    /// Refuses a page of bits that is not the one it must be, or that says it has another number of live bits than there
    /// are documents: what lies beyond what it says is lost when it is changed, for it is not logged.
    pub fn expect_bits(&self, part: Part, no: u32, page: PageRef<'_>, block: u32) -> Result<()> {
        let page = expect(self.index, page, block, &self.identity(part, no))?;
        let n_bytes = live::docs_on_page(no, self.layout.descriptor.meta.n_docs).div_ceil(8);
        if part == Part::Live && page.special().used != n_bytes {
            return Err(EngineError::BadPage { block, reason: "it has bits for another number of documents" });
        }
        Ok(())
    }

    /// What the page must say of itself.
    pub fn identity(&self, part: Part, no: u32) -> Identity {
        identity(self.layout.descriptor.id, self.layout.descriptor.generation, part, no)
    }
}

impl Segment for SegmentPages {
    fn meta(&self) -> &SegmentMeta {
        &self.layout.descriptor.meta
    }
}

/// A segment page held open.
pub enum OpenPage {
    /// Nobody changes it.
    Sealed(SealedBuffer),
    /// Vacuum clears bits of it, or scans set some.
    Bits(SharedBuffer),
}

impl Deref for OpenPage {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Sealed(buffer) => buffer.page().payload(),
            Self::Bits(buffer) => buffer.page().payload(),
        }
    }
}

impl PartPages for SegmentPages {
    type Page<'a> = OpenPage;

    fn locate(&self, error: EngineError) -> EngineError {
        if let EngineError::Corrupt { part, page, reason } = error
            && let Some(part) = Part::ALL.into_iter().find(|p| p.name() == part)
            && let Some(block) = self.block(part, page)
        {
            return EngineError::BadPage { block, reason };
        }
        error
    }

    fn page(&self, part: Part, no: u32) -> Result<OpenPage> {
        memory::check()?;
        let missing = EngineError::Corrupt { part: part.name(), page: no, reason: "no such page" };
        let block = self.block(part, no).ok_or(missing)?;
        self.opened.set(self.opened.get() + 1);
        if matches!(part, Part::Live | Part::Killed) {
            let buffer = SharedBuffer::open_existing(self.index, block);
            self.expect_bits(part, no, buffer.page(), block)?;
            return Ok(OpenPage::Bits(buffer));
        }
        let buffer = SealedBuffer::open(self.index, block);
        if !buffer.page().is_sealed(&self.identity(part, no)) {
            return Err(unexpected(self.index, block));
        }
        Ok(OpenPage::Sealed(buffer))
    }

    fn check_interrupts(&self) {
        pgrx::check_for_interrupts!();
    }
}

/// Adds the block of a part's next page to where its pages are.
pub fn push_block(extents: &mut Vec<Extent>, block: u32) {
    match extents.last_mut() {
        Some(last) if last.start + last.len == block => last.len += 1,
        _ => extents.push(Extent { start: block, len: 1 }),
    }
}

/// Copies a page of a segment into a hole; `None` if there is none left. Until a manifest names the copy it belongs to
/// nobody. The caller holds the maintenance lock, so no live bit is cleared in the page meanwhile.
pub fn copy_page(index: IndexRelation, page: &OwnedPage, holes: &mut Allocator) -> Result<Option<u32>> {
    let payload = {
        let buffer = SharedBuffer::open(index, page.block)?;
        let source = expect(index, buffer.page(), page.block, &page.identity)?;
        let used = &source.payload()[..source.special().used as usize];
        let mut payload = reserved(used.len(), "page")?;
        payload.extend_from_slice(used);
        payload
    };
    let Some(hole) = holes.take_hole()? else { return Ok(None) };
    let mut batch = WalBatch::begin(index);
    batch.write(&hole, page.identity, |copy| copy.set_payload(&payload));
    batch.commit();
    Ok(Some(hole.block()))
}

/// Writes a new segment; its pages belong to nobody until the manifest names them.
pub struct SegmentSink {
    index: IndexRelation,
    allocator: Allocator,
    id: u32,
    generation: u32,
    extents: Vec<Vec<Extent>>,
    n_pages: [u32; Part::ALL.len()],
    /// For each part, blocks taken and not yet written.
    taken: Vec<Range<u32>>,
}

/// A build takes pages of a part up to this many at a time: parts grow side by side, and the manifest names every
/// stretch of consecutive blocks.
const TAKEN_AT_ONCE: u32 = 256;
/// But no more than one for this many that the part has already, since those taken last may not be needed.
const TAKEN_OF_WRITTEN: u32 = 32;

impl SegmentSink {
    /// For segment `id`, written by the operation `generation`.
    pub fn new(index: IndexRelation, allocator: Allocator, id: u32, generation: u32) -> Self {
        let extents = vec![Vec::new(); Part::ALL.len()];
        let taken = vec![0..0; Part::ALL.len()];
        Self { index, allocator, id, generation, extents, n_pages: [0; Part::ALL.len()], taken }
    }

    /// The next page for a part, locked.
    ///
    /// Only a build takes pages ahead. Elsewhere the free-space map may offer one page to two who ask at the same time;
    /// the lock decides, so a page must be written before its lock is let go.
    fn next_page(&mut self, part: Part) -> Result<ExclusiveBuffer> {
        if !self.allocator.is_fresh() {
            return self.allocator.take();
        }
        let taken = &mut self.taken[part.index()];
        if taken.start >= taken.end {
            let n = (self.n_pages[part.index()] / TAKEN_OF_WRITTEN).clamp(1, TAKEN_AT_ONCE);
            *taken = self.allocator.take_ahead(n);
        }
        let block = taken.start;
        taken.start += 1;
        Ok(ExclusiveBuffer::open_new(self.index, block))
    }

    /// The segment as the manifest lists it. Blocks that were taken and not needed are free.
    pub fn finish(self, meta: SegmentMeta) -> SegmentDescriptor {
        let unused = self.taken.into_iter().chain([self.allocator.left_over()]).flatten();
        unused.for_each(|block| free::record_free(self.index, block));
        SegmentDescriptor { id: self.id, generation: self.generation, meta, extents: self.extents }
    }
}

impl PartSink for SegmentSink {
    fn append(&mut self, part: Part, payload: &[u8]) -> Result<()> {
        let buffer = self.next_page(part)?;
        let block = buffer.block();
        let no = self.n_pages[part.index()];
        let mut batch = WalBatch::begin(self.index);
        batch.write(&buffer, identity(self.id, self.generation, part, no), |page| page.set_payload(payload));
        batch.commit();
        self.n_pages[part.index()] += 1;
        let extents = &mut self.extents[part.index()];
        reserve(extents, 1, "manifest")?;
        push_block(extents, block);
        Ok(())
    }

    fn check_interrupts(&self) {
        pgrx::check_for_interrupts!();
    }
}
