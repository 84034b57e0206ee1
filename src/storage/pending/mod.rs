//! The pending list on pages.
//!
//! Pages are linked from the oldest to the newest and numbered without gaps over the life of the index. Entries are
//! appended to the last page; a page that has a successor never grows again, so cutting the list ([`seal`]) needs no
//! lock on anything but its end. Documents too large for a page lie in overflow pages, written before the entry that
//! names them.
//!
//! Lock order: the last page, then a new page, then the metapage. Nobody waits for a page of the list while holding the
//! metapage, except for the first page of an empty list, which nobody else can know.

mod read;
mod write;

pub use read::{EntryBuffer, Walk, load};
pub use write::{Cut, append, mark_dead, mark_killed, replace_empty, seal};

use super::page::{Identity, PageKind};
use crate::engine::ids::Tid;

fn identity(page_no: u32) -> Identity {
    Identity { kind: PageKind::Pending, part: 0, owner: 0, generation: 0, page_no }
}

/// Overflow pages name the table's block of their row, and a generation: the low half of the next transaction id when
/// the document was written. Their entry keeps it too, so that a reader under replay notices a page that was recycled.
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
