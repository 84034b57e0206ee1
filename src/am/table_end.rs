//! Which rows the table of an index can have. The server trusts an index that a row's page exists: it would look for a
//! file that is not there, and complain of that.

use pgrx::pg_sys;

use crate::engine::ids::Tid;
use crate::storage::relation::IndexRelation;

/// What is wrong with a document of such a row.
pub const NO_SUCH_ROW: &str = "a document is of a row that the table cannot have";

/// No page has more rows, and the server's bitmaps take no greater offset (its MaxHeapTuplesPerPage).
const ROWS_PER_PAGE: u16 = ((pg_sys::BLCKSZ - 24) / (24 + 4)) as u16;

/// Where the table ends.
pub struct TableEnd {
    index: IndexRelation,
    /// Blocks that the table has at least.
    n_blocks: u32,
}

impl TableEnd {
    /// Of the table of `index`.
    pub fn of(index: IndexRelation) -> Self {
        Self { index, n_blocks: 0 }
    }

    /// Whether the table can have the row. Whoever put a row into the index found it in the table before, so one beyond
    /// the end is damage.
    pub fn has(&mut self, tid: Tid) -> bool {
        if tid.block >= self.n_blocks {
            self.n_blocks = self.index.table_blocks();
        }
        tid.block < self.n_blocks && (1..=ROWS_PER_PAGE).contains(&tid.offset)
    }
}
