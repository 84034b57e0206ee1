//! The pages of an index from outside: read and overwritten through the functions that only a library with the feature
//! `faults` has (`src/storage/fault/damage.rs`), and what a page says it is (`src/storage/page.rs`).

use crate::oracle;
use postgres::Client;
use std::collections::BTreeMap;

pub const PAGE: usize = 8192;
pub const HEADER: usize = 24;
pub const SPECIAL: usize = 8152;
/// The LSN, with which a page begins: nobody's to damage.
pub const LSN: usize = 8;

/// Everything that a page of an index can be.
pub const KINDS: [&str; 19] = [
    "metapage",
    "manifest",
    "pending",
    "overflow",
    "terms",
    "fences",
    "postings",
    "chunks",
    "docmap",
    "live docs",
    "special docs",
    "bounds",
    "killed docs",
    "filter values",
    "filter codes",
    "filter lists",
    "norms",
    "free",
    "unused",
];

pub const FUNCTIONS: &str = "
    CREATE FUNCTION page_read(regclass, int8) RETURNS bytea AS 'pg_wand', 'wand_fault_page_read' LANGUAGE c STRICT;
    CREATE FUNCTION page_write(regclass, int8, bytea) RETURNS void
        AS 'pg_wand', 'wand_fault_page_write' LANGUAGE c STRICT";

#[derive(Clone, PartialEq, Eq)]
pub struct Page(pub Vec<u8>);

impl Page {
    pub fn zero() -> Self {
        Self(vec![0; PAGE])
    }

    fn half(&self, at: usize) -> usize {
        usize::from(u16::from_le_bytes([self.0[at], self.0[at + 1]]))
    }

    pub fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    pub fn set_word(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Bytes of the payload that mean something, by the special area.
    pub fn used(&self) -> usize {
        (self.word(SPECIAL + 20) as usize).min(SPECIAL - HEADER)
    }

    /// Another number of bytes used, in the header and in the special area.
    pub fn set_used(&mut self, used: usize) {
        self.0[12..14].copy_from_slice(&((HEADER + used) as u16).to_le_bytes());
        self.set_word(SPECIAL + 20, used as u32);
    }

    /// Whether header and special area go together, as for every page that the index has written.
    pub fn is_sound(&self) -> bool {
        self.half(12) == HEADER + self.word(SPECIAL + 20) as usize
            && self.half(14) == SPECIAL
            && self.half(16) == SPECIAL
            && self.half(8190) == 0xFF5A
            && self.word(8184) <= 1
    }

    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// One of [`KINDS`], as far as the page can be believed.
    pub fn kind(&self) -> &'static str {
        if self.is_zero() {
            return "unused";
        }
        if self.word(8184) == 1 {
            return "free";
        }
        match (self.0[SPECIAL], self.0[SPECIAL + 1]) {
            (kind @ 1..=4, _) => KINDS[usize::from(kind) - 1],
            (5, part @ 0..=12) => PARTS[usize::from(part)],
            _ => "unused",
        }
    }

    /// Whether they are the same but for the LSN.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0[LSN..] == other.0[LSN..]
    }
}

/// By the number of the part.
const PARTS: [&str; 13] = [
    "terms",
    "fences",
    "postings",
    "chunks",
    "docmap",
    "live docs",
    "special docs",
    "bounds",
    "killed docs",
    "filter values",
    "filter codes",
    "filter lists",
    "norms",
];

/// All pages of a relation, by their blocks.
pub fn read_all(client: &mut Client, relation: &str) -> Vec<Page> {
    let sql = format!(
        "SELECT page_read('{relation}', b) FROM generate_series(0, pg_relation_size('{relation}') / {PAGE} - 1) AS b
         ORDER BY b"
    );
    let rows = client.query(&sql, &[]).unwrap_or_else(|e| panic!("pages of {relation}: {}", oracle::describe(&e)));
    rows.iter().map(|row| Page(row.get(0))).collect()
}

pub fn write(client: &mut Client, relation: &str, block: usize, page: &Page) {
    let sql = format!("SELECT page_write('{relation}', $1, $2)");
    client
        .execute(&sql, &[&(block as i64), &page.0])
        .unwrap_or_else(|e| panic!("block {block} of {relation}, {} bytes: {}", page.0.len(), oracle::describe(&e)));
}

/// The blocks of each kind.
pub fn by_kind(pages: &[Page]) -> BTreeMap<&'static str, Vec<usize>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (block, page) in pages.iter().enumerate() {
        found.entry(page.kind()).or_default().push(block);
    }
    found
}
