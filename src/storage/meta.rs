//! The metapage (block 0) and the manifest it points to.
//!
//! The metapage is small and changes with every step; the manifest, the list of sealed segments, is written anew by
//! each maintenance operation into fresh pages and becomes valid by one change of the metapage. A reader takes both
//! once.

use pgrx::pg_sys;
use serde::{Deserialize, Serialize};

use super::buffer::{ExclusiveBuffer, SharedBuffer};
use super::free::{Allocator, OwnedPage};
use super::manifest_cache;
use super::page::{Identity, NO_BLOCK, OTHER_FORMAT, PageKind, PageMut, PageRef};
use super::relation::IndexRelation;
use super::wal::WalBatch;
use crate::engine::error::{EngineError, PARTITION, Result, reserve, with_room};
use crate::engine::ids::Metric;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::PAYLOAD;

/// The metapage's block.
pub const META_BLOCK: u32 = 0;
const MAGIC: u32 = u32::from_le_bytes(*b"WAND");
/// The first number behind PostgreSQL's last time.
const TIMES_END: i64 = 9_223_371_331_200_000_000;
/// The largest manifest that is read: far above what fits an index, far below what memory could not hold.
const MANIFEST_LIMIT: usize = 256 << 20;

fn meta_identity() -> Identity {
    Identity { kind: PageKind::Meta, part: 0, owner: 0, generation: 0, page_no: 0 }
}

fn manifest_identity(generation: u32, page_no: u32) -> Identity {
    Identity { kind: PageKind::Manifest, part: 0, owner: 0, generation, page_no }
}

/// What the metapage says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    magic: u32,
    /// What the index's operator class measures.
    pub metric: Metric,
    /// Counts maintenance operations; the next one takes this as its generation.
    pub next_generation: u32,
    /// First page of the manifest, or [`NO_BLOCK`] while there is none.
    pub manifest_block: u32,
    /// Generation the manifest was written in.
    pub manifest_generation: u32,
    /// The pending list.
    pub pending: PendingList,
    /// The page's stamp, from the time the index was made; lies outside of the payload.
    #[serde(skip)]
    pub created: u64,
    /// When segments were last merged, in PostgreSQL's microseconds. Stands behind the rest, of which libraries that do
    /// not know it read no more; they forget it when they write.
    #[serde(skip)]
    pub merged_at: Option<i64>,
}

/// The ends of the pending list; its pages are numbered on and on over the life of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingList {
    /// First page, or [`NO_BLOCK`].
    pub head: u32,
    /// Its number.
    pub head_no: u32,
    /// Last page, or [`NO_BLOCK`].
    pub tail: u32,
    /// Its number.
    pub tail_no: u32,
    /// Pages of the list and of the vectors that lie in pages of their own.
    pub n_pages: u32,
}

impl PendingList {
    const EMPTY: Self = Self { head: NO_BLOCK, head_no: 0, tail: NO_BLOCK, tail_no: 0, n_pages: 0 };

    /// Without pages it has neither end; else the numbers of its ends are in order, and the same if they are one page.
    /// (A list that seems to have no page would be forgotten by all who read it, and VACUUM would free its pages.)
    fn is_plausible(&self) -> bool {
        if self.head == NO_BLOCK || self.tail == NO_BLOCK {
            return self.head == self.tail;
        }
        let n_later = self.tail_no.wrapping_sub(self.head_no).cast_signed();
        if self.head == self.tail { n_later == 0 } else { n_later > 0 }
    }
}

impl Meta {
    /// An index without documents.
    pub fn new(metric: Metric) -> Self {
        Self {
            magic: MAGIC,
            metric,
            next_generation: 1,
            manifest_block: NO_BLOCK,
            manifest_generation: 0,
            pending: PendingList::EMPTY,
            created: 0,
            merged_at: None,
        }
    }

    fn parse(page: PageRef<'_>) -> Result<Self> {
        let bad = |reason| EngineError::BadPage { block: META_BLOCK, reason };
        if !page.matches(&meta_identity()) {
            let is_foreign = page.special().is_of_another_format();
            return Err(bad(if is_foreign { OTHER_FORMAT } else { "not a metapage of this version" }));
        }
        let used = &page.payload()[..page.special().used as usize];
        let (mut meta, read) =
            bincode::serde::decode_from_slice::<Self, _>(used, fixed()).map_err(|_| bad("metapage cannot be read"))?;
        meta.created = page.special().stamp;
        let merged_at = used.get(read..).and_then(|rest| rest.first_chunk()).map(|bytes| i64::from_le_bytes(*bytes));
        // A damaged one need not be a time at all.
        meta.merged_at = merged_at.filter(|at| (0..TIMES_END).contains(at));
        if meta.magic != MAGIC {
            return Err(bad("metapage has another magic number"));
        }
        // Who locks the list's last page looks at the metapage next: it would wait for itself, where nothing can be
        // cancelled.
        if [meta.pending.head, meta.pending.tail, meta.manifest_block].contains(&META_BLOCK) {
            return Err(bad("metapage names itself"));
        }
        if !meta.pending.is_plausible() {
            return Err(bad("metapage has an impossible pending list"));
        }
        Ok(meta)
    }

    /// Reads the metapage.
    pub fn read(index: IndexRelation) -> Result<Self> {
        Self::parse(SharedBuffer::open(index, META_BLOCK)?.page())
    }

    /// Whether both lead to the same manifest and to the same beginning of the pending list.
    pub fn leads_where(&self, other: &Self) -> bool {
        let manifest = |meta: &Self| (meta.created, meta.manifest_block, meta.manifest_generation);
        let list = |meta: &Self| (meta.pending.head, meta.pending.head_no);
        manifest(self) == manifest(other) && list(self) == list(other)
    }

    /// Reads the metapage under the lock that `buffer` holds.
    pub fn read_locked(buffer: &ExclusiveBuffer) -> Result<Self> {
        Self::parse(buffer.page())
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let bad = |_| EngineError::BadPage { block: META_BLOCK, reason: "metapage cannot be written" };
        let mut bytes = bincode::serde::encode_to_vec(self, fixed()).map_err(bad)?;
        bytes.extend(self.merged_at.into_iter().flat_map(i64::to_le_bytes));
        Ok(bytes)
    }

    /// Puts the metapage into a batch.
    pub fn write(&self, buffer: &ExclusiveBuffer, batch: &mut WalBatch) -> Result<()> {
        let bytes = self.bytes()?;
        batch.edit(buffer, |page| page.set_payload(&bytes))
    }

    /// Makes the metapage of a new index: the relation's first block.
    pub fn create(&self, index: IndexRelation) -> Result<()> {
        manifest_cache::forget(index);
        let bytes = self.bytes()?;
        let buffer = Allocator::fresh(index).take()?;
        if buffer.block() != META_BLOCK {
            return Err(EngineError::BadPage { block: buffer.block(), reason: "the index is not empty" });
        }
        let mut batch = WalBatch::begin(index);
        batch.write(&buffer, meta_identity(), |page| page.set_payload(&bytes));
        batch.commit();
        Ok(())
    }

    /// Makes the init fork of an unlogged index.
    pub fn create_init_fork(&self, index: IndexRelation) -> Result<()> {
        let bytes = self.bytes()?;
        super::wal::write_init_fork(index, meta_identity(), |page: &mut PageMut<'_>| page.set_payload(&bytes));
        Ok(())
    }
}

/// The metapage has a fixed shape: fixed-width little-endian integers.
fn fixed() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<PAYLOAD>()
}

/// Consecutive blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// First block.
    pub start: u32,
    /// Number of blocks.
    pub len: u32,
}

/// A segment as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentDescriptor {
    /// Unique in the index, never used again.
    pub id: u32,
    /// The maintenance operation that wrote it.
    pub generation: u32,
    /// Totals.
    pub meta: SegmentMeta,
    /// Where the pages of each part are, in order.
    pub extents: Vec<Vec<Extent>>,
}

impl SegmentDescriptor {
    /// All its blocks.
    pub fn blocks(&self) -> impl Iterator<Item = u32> + '_ {
        self.extents.iter().flatten().flat_map(|e| e.start..e.start.saturating_add(e.len))
    }
}

/// The sealed segments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// In no particular order.
    pub segments: Vec<SegmentDescriptor>,
}

impl Manifest {
    /// Reads the manifest that `meta` points to, and the pages it lies in.
    pub fn read(index: IndexRelation, meta: &Meta) -> Result<(Self, Vec<OwnedPage>)> {
        if meta.manifest_block == NO_BLOCK {
            return Ok((Self::default(), Vec::new()));
        }
        let (mut bytes, mut blocks) = (Vec::new(), Vec::new());
        let mut block = meta.manifest_block;
        while block != NO_BLOCK {
            let identity = manifest_identity(meta.manifest_generation, blocks.len() as u32);
            let buffer = SharedBuffer::open(index, block)?;
            let page = expect(index, buffer.page(), block, &identity)?;
            let used = &page.payload()[..page.special().used as usize];
            if used.is_empty() || bytes.len() + used.len() > MANIFEST_LIMIT {
                return Err(EngineError::BadPage { block, reason: "manifest page of impossible length" });
            }
            reserve(&mut bytes, used.len(), "manifest")?;
            bytes.extend_from_slice(used);
            blocks.push(OwnedPage { block, identity });
            block = page.special().next;
        }
        let config = bincode::config::standard().with_limit::<MANIFEST_LIMIT>();
        let bad = |reason| EngineError::BadPage { block: meta.manifest_block, reason };
        let decode = || bincode::serde::decode_from_slice::<Self, _>(&bytes, config);
        let decoded = with_room(room_to_read(bytes.len()), "manifest", decode)?;
        let (manifest, read) = decoded.map_err(|_| bad("manifest cannot be read"))?;
        let parts = manifest.segments.iter().all(SegmentDescriptor::is_consistent);
        if read == bytes.len() && parts { Ok((manifest, blocks)) } else { Err(bad("manifest is inconsistent")) }
    }

    /// Writes the manifest into fresh pages; nobody refers to them yet. Returns the first block.
    pub fn write(&self, allocator: &mut Allocator, generation: u32) -> Result<u32> {
        let bad = |_| EngineError::BadPage { block: NO_BLOCK, reason: "manifest cannot be written" };
        let room = self.segments.iter().map(SegmentDescriptor::room_to_write).sum();
        let encode = || bincode::serde::encode_to_vec(self, bincode::config::standard());
        let bytes = with_room(room, "manifest", encode)?.map_err(bad)?;
        if bytes.len() > MANIFEST_LIMIT {
            let limit = MANIFEST_LIMIT as u64;
            return Err(EngineError::Limit { what: "size of the manifest in bytes", limit, remedy: PARTITION });
        }
        let mut next = NO_BLOCK;
        // Back to front, so that each page can name the one behind it.
        for (page_no, payload) in bytes.chunks(PAYLOAD).enumerate().rev() {
            let buffer = allocator.take()?;
            let mut batch = WalBatch::begin(allocator.index());
            batch.write(&buffer, manifest_identity(generation, page_no as u32), |page| {
                page.set_payload(payload);
                page.edit_special(|s| s.next = next);
            });
            batch.commit();
            next = buffer.block();
        }
        Ok(next)
    }
}

/// What reading so many bytes of descriptors may take: an extent is two of them and eight in memory, in lists that grow
/// by doubling. Three lists lie within one another, and for each the library believes a megabyte of what it says of
/// its length.
pub fn room_to_read(bytes: usize) -> usize {
    bytes.saturating_mul(16).saturating_add(4 << 20)
}

impl SegmentDescriptor {
    /// What writing it may take: five bytes a number at most, in a list that grows by doubling.
    pub fn room_to_write(&self) -> usize {
        let n_extents: usize = self.extents.iter().map(Vec::len).sum();
        n_extents.saturating_mul(40).saturating_add(self.meta.columns.len() * 128 + 2048)
    }

    /// Whether extents and totals agree.
    fn is_consistent(&self) -> bool {
        let pages = |extents: &Vec<Extent>| extents.iter().map(|e| u64::from(e.len)).sum::<u64>();
        self.meta.is_plausible()
            && self.extents.len() == self.meta.pages.len()
            && self.extents.iter().zip(self.meta.pages).all(|(e, n)| pages(e) == u64::from(n))
    }
}

/// The page, if it is what `identity` says. If not: on a standby it may have been recycled (see [`super::replay`]),
/// elsewhere it is damaged.
pub fn expect<'a>(index: IndexRelation, page: PageRef<'a>, block: u32, identity: &Identity) -> Result<PageRef<'a>> {
    if page.matches(identity) {
        return Ok(page);
    }
    Err(unexpected(index, block))
}

/// What it means that a page is not what it should be.
pub fn unexpected(index: IndexRelation, block: u32) -> EngineError {
    if index.is_under_replay() {
        return EngineError::Recycled { block };
    }
    EngineError::BadPage { block, reason: "the page belongs to somebody else" }
}

/// Opens the metapage for changing.
pub fn open_for_change(index: IndexRelation) -> Result<ExclusiveBuffer> {
    const _: () = assert!(pg_sys::BLCKSZ == 8192);
    ExclusiveBuffer::open(index, META_BLOCK)
}
