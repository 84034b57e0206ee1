//! The sealed segments of a few recently used indexes, kept by this backend.
//!
//! A scan needs the manifest whenever it begins: for the inner side of a join that is once for each outer row; the
//! planner needs it too. The manifest is immutable, so what was read of it serves for as long as the metapage, which is
//! read every time, names the same one.
//!
//! An entry is found by
//! - the file: tablespace, database, number, and whether it is a temporary relation's. REINDEX, TRUNCATE, CLUSTER and
//!   their rollback change the number;
//! - the metapage's stamp, a transaction id of 64 bits from the time it was made: the server may use a file's number
//!   again, but no transaction id;
//! - the manifest's first block and generation. A generation is logged before the first page of its operation is
//!   written (`am::maintain::begin_operation`), so none is used twice, neither after an error nor after a crash.
//!
//! That leaves one case: an index emptied in place and within one transaction, as TRUNCATE does it to a table made in
//! the same transaction, and ON COMMIT DELETE ROWS at every commit. Nobody else can see such an index, and it is this
//! backend that makes the new metapage, which forgets the file ([`forget`]).
//!
//! Entries hold no relation, only what the manifest says; it is bound to the open relation on use
//! ([`SegmentPages::bind`]).

use std::cell::RefCell;
use std::rc::Rc;

use super::meta::{Manifest, Meta};
use super::relation::{IndexRelation, PhysicalId};
use super::segment_pages::{SegmentLayout, SegmentPages};
use crate::engine::error::{Result, reserved};

/// Indexes remembered.
const MAX_ENTRIES: usize = 64;
/// Bytes that they may take together; a manifest that is larger is read every time.
const MAX_BYTES: usize = 4 << 20;

/// Which manifest an entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    created: u64,
    block: u32,
    generation: u32,
}

struct Entry {
    file: PhysicalId,
    version: Version,
    bytes: usize,
    layouts: Rc<[Rc<SegmentLayout>]>,
}

thread_local! {
    /// The most recently used last.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// The segments that `meta`, just read, points to, ready to be read.
pub fn open_segments(index: IndexRelation, meta: &Meta) -> Result<Vec<SegmentPages>> {
    let layouts = layouts(index, meta)?;
    let mut segments = reserved(layouts.len(), "segments")?;
    segments.extend(layouts.iter().map(|layout| SegmentPages::bind(index, Rc::clone(layout))));
    Ok(segments)
}

/// The same without the pages. Nothing is borrowed while the server is called, which may end in an error.
pub fn layouts(index: IndexRelation, meta: &Meta) -> Result<Rc<[Rc<SegmentLayout>]>> {
    let file = index.physical_id();
    let version = Version { created: meta.created, block: meta.manifest_block, generation: meta.manifest_generation };
    if let Some(known) = ENTRIES.with_borrow_mut(|entries| find(entries, file, version)) {
        return Ok(known);
    }
    let (manifest, _) = Manifest::read(index, meta)?;
    let n_blocks = index.n_blocks();
    let mut layouts = reserved(manifest.segments.len(), "segments")?;
    for descriptor in manifest.segments {
        layouts.push(Rc::new(SegmentLayout::new(descriptor, n_blocks)?));
    }
    let layouts: Rc<[Rc<SegmentLayout>]> = layouts.into();
    let bytes = layouts.iter().map(|layout| layout.bytes()).sum::<usize>() + size_of::<Entry>();
    let entry = Entry { file, version, bytes, layouts: Rc::clone(&layouts) };
    ENTRIES.with_borrow_mut(|entries| remember(entries, entry));
    Ok(layouts)
}

/// Drops what is remembered of an index that is being made anew.
pub fn forget(index: IndexRelation) {
    let file = index.physical_id();
    ENTRIES.with_borrow_mut(|entries| entries.retain(|e| e.file != file));
}

/// Moves the entry to the end; one of the same file that is stale is dropped.
fn find(entries: &mut Vec<Entry>, file: PhysicalId, version: Version) -> Option<Rc<[Rc<SegmentLayout>]>> {
    let at = entries.iter().rposition(|e| e.file == file)?;
    let entry = entries.remove(at);
    if entry.version != version {
        return None;
    }
    let layouts = Rc::clone(&entry.layouts);
    entries.push(entry);
    Some(layouts)
}

/// Adds an entry and drops the least recently used ones that are too many.
fn remember(entries: &mut Vec<Entry>, entry: Entry) {
    if entry.bytes > MAX_BYTES {
        return;
    }
    entries.retain(|e| e.file != entry.file);
    entries.push(entry);
    let mut bytes: usize = entries.iter().map(|e| e.bytes).sum();
    let mut drop_first = 0;
    while entries.len() - drop_first > MAX_ENTRIES || bytes > MAX_BYTES {
        bytes -= entries[drop_first].bytes;
        drop_first += 1;
    }
    entries.drain(..drop_first);
}
