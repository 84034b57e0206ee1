//! What every page of the index carries: PostgreSQL's header, the payload, and the special area.
//!
//! ```text
//!      0 +---------------------------+
//!        | PageHeaderData            |
//!     24 +---------------------------+
//!        | payload (8128 bytes)      |
//!   8152 +------+------+-------------+------------------+
//!        | kind | part | version     | owner            |
//!   8160 +------+------+-------------+------------------+
//!        | generation                | page number      |
//!   8168 +---------------------------+------------------+
//!        | next block                | bytes used       |
//!   8176 +---------------------------+------------------+
//!        | stamp: a transaction id of 64 bits           |
//!   8184 +---------------------------+--------+---------+
//!        | state                     |        | page id |
//!   8192 +---------------------------+--------+---------+
//! ```
//! `kind`, `part`, `owner`, `generation` and `page number` say whose page this is; whoever opens it says what it
//! expects. `stamp` is the next transaction id at the time the page was taken into use, or freed: see [`super::free`].

use std::mem::offset_of;

use pgrx::pg_sys;

use crate::engine::segment::pages::PAYLOAD;

/// Format version of every page.
pub const VERSION: u16 = 4;
/// What is said of an index that other versions of the library wrote.
pub const OTHER_FORMAT: &str = "its format is that of another version of pg_wand, which this one cannot read";
/// The last two bytes of every page, so that tools can tell access methods apart.
pub const PAGE_ID: u16 = 0xFF5A;
/// Bytes before the payload.
pub const HEADER: usize = 24;
/// "No block".
pub const NO_BLOCK: u32 = u32::MAX;

const SPECIAL: usize = size_of::<Special>();
/// No crash loses more transaction ids.
const LOST_IDS: u64 = 1 << 31;
const _: () = assert!(pg_sys::BLCKSZ as usize == HEADER + PAYLOAD + SPECIAL);
const _: () = assert!(SPECIAL == 40 && align_of::<Special>() == 8);
const _: () = assert!(size_of::<pg_sys::PageHeaderData>() == HEADER);
const _: () = assert!(size_of::<usize>() == 8, "32-bit servers are not supported");

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PageKind {
    /// Block 0.
    Meta = 1,
    /// The list of segments.
    Manifest = 2,
    /// Documents that wait to be inverted.
    Pending = 3,
    /// A pending vector too large for a page.
    Overflow = 4,
    /// A page of a segment.
    Segment = 5,
}

/// Whether a page is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Belongs to its owner.
    Used,
    /// Given up; its contents stay for those who still read them, until it is taken into use again.
    Free,
}

/// Whose page this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What it is for.
    pub kind: PageKind,
    /// The part of a segment; 0 elsewhere.
    pub part: u8,
    /// The segment; for other kinds what their module says.
    pub owner: u32,
    /// The maintenance operation that wrote it.
    pub generation: u32,
    /// Its number within the part, chain or list.
    pub page_no: u32,
}

/// The special area.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Special {
    kind: u8,
    part: u8,
    version: u16,
    owner: u32,
    generation: u32,
    page_no: u32,
    /// The following page of a chain, or [`NO_BLOCK`].
    pub next: u32,
    /// Bytes of the payload that mean something.
    pub used: u32,
    /// See the module's text.
    pub stamp: u64,
    state: u32,
    reserved: u16,
    page_id: u16,
}

impl Special {
    /// A page in use.
    pub fn new(identity: Identity, stamp: u64) -> Self {
        let Identity { kind, part, owner, generation, page_no } = identity;
        Self {
            kind: kind as u8,
            part,
            version: VERSION,
            owner,
            generation,
            page_no,
            next: NO_BLOCK,
            used: 0,
            stamp,
            state: 0,
            reserved: 0,
            page_id: PAGE_ID,
        }
    }

    /// Whether this is a page of this index format at all.
    pub fn is_ours(&self) -> bool {
        self.page_id == PAGE_ID && self.version == VERSION && self.state <= 1 && self.used as usize <= PAYLOAD
    }

    /// Whether it is a page of ours that another version of the library wrote, in a format that this one cannot read.
    pub fn is_of_another_format(&self) -> bool {
        self.page_id == PAGE_ID && self.version != VERSION
    }

    /// Whether the page is what `identity` says.
    pub fn matches(&self, identity: &Identity) -> bool {
        self.is_ours()
            && self.is_kind(identity.kind)
            && self.part == identity.part
            && self.owner == identity.owner
            && self.generation == identity.generation
            && self.page_no == identity.page_no
    }

    /// Whether the page is of this kind.
    pub fn is_kind(&self, kind: PageKind) -> bool {
        self.kind == kind as u8
    }

    /// Whose the page says that it is, if there is such a kind.
    pub fn identity(&self) -> Option<Identity> {
        let Self { part, owner, generation, page_no, .. } = *self;
        let kinds = [PageKind::Meta, PageKind::Manifest, PageKind::Pending, PageKind::Overflow, PageKind::Segment];
        let kind = kinds.into_iter().find(|&kind| self.is_kind(kind))?;
        Some(Identity { kind, part, owner, generation, page_no })
    }

    /// Whether it is in use.
    pub fn state(&self) -> PageState {
        if self.state == 0 { PageState::Used } else { PageState::Free }
    }

    /// Puts the page into another state.
    pub fn set_state(&mut self, state: PageState) {
        self.state = u32::from(state == PageState::Free);
    }
}

/// A page that is locked at least for reading.
#[derive(Clone, Copy)]
pub struct PageRef<'a> {
    bytes: &'a [u8],
}

impl<'a> PageRef<'a> {
    /// # Safety
    /// - `page` points to a whole page. Nobody changes during `'a` what is read of it: its buffer is locked, or it is a
    ///   private
    ///   copy, or only payload and identity of a sealed page are read.
    pub unsafe fn new(page: pg_sys::Page) -> Self {
        // SAFETY: a page is BLCKSZ bytes; the caller keeps what is read of it from changing during 'a.
        Self { bytes: unsafe { std::slice::from_raw_parts(page.cast::<u8>(), pg_sys::BLCKSZ as usize) } }
    }

    /// Whether the page has never been initialised (PostgreSQL leaves such pages after a crash).
    pub fn is_zero(&self) -> bool {
        // pd_upper is zero exactly for these.
        self.bytes[14] == 0 && self.bytes[15] == 0
    }

    /// Whether header and special area are those of a page of this index format. The log writer clears what lies
    /// between
    /// `pd_lower` and `pd_upper`, so these must be right before anything is changed.
    pub fn is_sound(&self) -> bool {
        self.is_sound_with(&self.special())
    }

    fn is_sound_with(&self, special: &Special) -> bool {
        let field = |at: usize| u16::from_ne_bytes([self.bytes[at], self.bytes[at + 1]]);
        let end = (HEADER + PAYLOAD) as u16;
        special.is_ours()
            && usize::from(field(12)) == HEADER + special.used as usize
            && field(14) == end
            && field(16) == end
    }

    /// Whether what nobody looks at is as it was written, for a check: the rest of the header, but for LSN and
    /// checksum, which are the server's, and of the special area what the kind of the page does not use. `now` is the
    /// next stamp; a page may be ahead of it, since a crash loses ids that were given out and not used.
    pub fn is_clean(&self, now: u64) -> bool {
        let special = self.special();
        let is_chained =
            [PageKind::Manifest, PageKind::Pending, PageKind::Overflow].iter().any(|&k| special.is_kind(k));
        // Flags, then size and version of the layout, then the oldest id to be pruned.
        let layout = (pg_sys::BLCKSZ | pg_sys::PG_PAGE_LAYOUT_VERSION) as u16;
        self.bytes[10..12] == [0; 2]
            && self.bytes[18..20] == layout.to_ne_bytes()
            && self.bytes[20..24] == [0; 4]
            && special.reserved == 0
            && special.stamp <= now.saturating_add(LOST_IDS)
            && (is_chained || special.next == NO_BLOCK)
    }

    /// Whether the page is sound and what `identity` says.
    pub fn matches(&self, identity: &Identity) -> bool {
        let special = self.special();
        self.is_sound_with(&special) && special.matches(identity)
    }

    /// The same without a look at what a free mark changes, for pages that are read without a lock.
    pub fn is_sealed(&self, identity: &Identity) -> bool {
        let special = &self.bytes[HEADER + PAYLOAD..];
        let word = |at: usize| u32::from_ne_bytes([special[at], special[at + 1], special[at + 2], special[at + 3]]);
        let half = |at: usize| u16::from_ne_bytes([special[at], special[at + 1]]);
        special[offset_of!(Special, kind)] == identity.kind as u8
            && special[offset_of!(Special, part)] == identity.part
            && half(offset_of!(Special, version)) == VERSION
            && word(offset_of!(Special, owner)) == identity.owner
            && word(offset_of!(Special, generation)) == identity.generation
            && word(offset_of!(Special, page_no)) == identity.page_no
            && half(offset_of!(Special, page_id)) == PAGE_ID
    }

    /// The payload.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[HEADER..HEADER + PAYLOAD]
    }

    /// A copy of the special area.
    pub fn special(&self) -> Special {
        // SAFETY: the slice is BLCKSZ bytes, so SPECIAL bytes lie there; every bit pattern is a valid `Special`.
        unsafe { self.bytes.as_ptr().add(HEADER + PAYLOAD).cast::<Special>().read_unaligned() }
    }
}

/// A page being changed: the copy that the log writer compares with the original.
pub struct PageMut<'a> {
    bytes: &'a mut [u8],
}

impl<'a> PageMut<'a> {
    /// # Safety
    /// - `page` points to a whole page that nobody else looks at during `'a`.
    pub unsafe fn new(page: pg_sys::Page) -> Self {
        // SAFETY: a page is BLCKSZ bytes; the caller has it for itself.
        Self { bytes: unsafe { std::slice::from_raw_parts_mut(page.cast::<u8>(), pg_sys::BLCKSZ as usize) } }
    }

    /// Makes it an empty page of `identity`.
    pub fn init(&mut self, identity: Identity, stamp: u64) {
        // SAFETY: the page is BLCKSZ bytes and ours; PageInit writes its header and zeroes the rest.
        unsafe { pg_sys::PageInit(self.bytes.as_mut_ptr().cast(), pg_sys::BLCKSZ as usize, SPECIAL) };
        self.set_special(Special::new(identity, stamp));
    }

    /// A copy of the special area.
    pub fn special(&self) -> Special {
        PageRef { bytes: self.bytes }.special()
    }

    /// Replaces the special area and moves `pd_lower` behind the bytes used: what lies between it and the special area
    /// is a hole that is neither logged nor kept.
    pub fn set_special(&mut self, special: Special) {
        let lower = (HEADER + (special.used as usize).min(PAYLOAD)) as u16;
        self.bytes[12..14].copy_from_slice(&lower.to_ne_bytes());
        // SAFETY: the slice is BLCKSZ bytes, so SPECIAL bytes lie there.
        unsafe { self.bytes.as_mut_ptr().add(HEADER + PAYLOAD).cast::<Special>().write_unaligned(special) };
    }

    /// The payload, to be changed.
    pub fn payload_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[HEADER..HEADER + PAYLOAD]
    }

    /// Replaces the payload's beginning and notes its length; at most a page.
    pub fn set_payload(&mut self, payload: &[u8]) {
        self.payload_mut()[..payload.len()].copy_from_slice(payload);
        self.edit_special(|s| s.used = payload.len() as u32);
    }

    /// Adds to the used bytes; the caller has checked that they fit.
    pub fn append(&mut self, bytes: &[u8]) {
        let used = self.special().used as usize;
        self.payload_mut()[used..used + bytes.len()].copy_from_slice(bytes);
        self.edit_special(|s| s.used += bytes.len() as u32);
    }

    /// Changes the special area.
    pub fn edit_special(&mut self, edit: impl FnOnce(&mut Special)) {
        let mut special = self.special();
        edit(&mut special);
        self.set_special(special);
    }
}
