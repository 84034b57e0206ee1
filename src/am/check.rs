//! Is the index sound? The page ledger, the structure of every segment, and (if asked) the heap: every visible row is
//! indexed exactly once, with the right weights and values.

use pgrx::pg_sys;
use roaring::RoaringBitmap;

use super::check_heap::{self, Indexed, PendingRow, Place};
use super::columns::IndexColumns;
use super::table_end::{NO_SUCH_ROW, TableEnd};
use super::{metric_of, sweep};
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::ids::Tid;
use crate::engine::segment::check::{DocumentSums, check_segment, repeated_tids};
use crate::engine::segment::format::DOCMAP_PER_PAGE;
use crate::engine::segment::pages::Part;
use crate::engine::segment::reader;
use crate::storage::buffer::SharedBuffer;
use crate::storage::meta::{META_BLOCK, Manifest, Meta};
use crate::storage::page::{NO_BLOCK, PageState};
use crate::storage::pending::{self, EntryBuffer, Walk};
use crate::storage::raise::OrRaise;
use crate::storage::relation::{self, IndexRelation};
use crate::storage::replay::{self, MAX_RESTARTS};
use crate::storage::segment_pages::SegmentPages;
use crate::storage::wal;

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The segment it is about.
    pub segment: Option<u32>,
    /// The part of the index.
    pub part: String,
    /// The block, if one can be named.
    pub block: Option<u32>,
    /// What is wrong.
    pub problem: String,
}

/// Checks the index; with `heap` also against its table, under a snapshot of its own.
pub fn check(index: IndexRelation, heap: Option<pg_sys::Relation>) -> Vec<Finding> {
    // The snapshot comes first: what it sees is then in the index that is read afterwards.
    // SAFETY: a transaction is running.
    let snapshot = heap.map(|_| unsafe { pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot()) });
    // Killed documents may still be seen by a snapshot from before a promotion.
    // SAFETY: registered above.
    let is_old = snapshot.is_some_and(|snapshot| unsafe { (*snapshot).takenDuringRecovery });
    let index = index.for_scan(is_old);
    let mut checker = if relation::in_recovery() {
        check_under_replay(index, heap.is_some())
    } else {
        // Nothing is flushed, merged or freed meanwhile.
        let _lock = index.lock_maintenance();
        Checker::run(index, heap.is_some())
    }
    .or_raise(index);
    if let (Some(heap), Some(snapshot)) = (heap, snapshot) {
        let rows = check_heap::check_rows(&checker.columns, heap, snapshot, &checker.indexed);
        checker.findings.extend(rows);
        // SAFETY: registered above.
        unsafe { pg_sys::UnregisterSnapshot(snapshot) };
    }
    checker.findings
}

/// On a standby nothing keeps replay away while the check reads, so a finding may be of two states of the index: it is
/// believed if the next check makes it as well.
fn check_under_replay(index: IndexRelation, with_heap: bool) -> Result<Checker> {
    let first = check_whole(index, with_heap)?;
    if first.findings.is_empty() {
        return Ok(first);
    }
    let mut second = check_whole(index, with_heap)?;
    second.findings.retain(|finding| first.findings.contains(finding));
    Ok(second)
}

/// A check during which replay takes no page away.
fn check_whole(index: IndexRelation, with_heap: bool) -> Result<Checker> {
    for _ in 0..MAX_RESTARTS {
        match Checker::run(index, with_heap) {
            Err(EngineError::Recycled { .. }) => {
                pgrx::check_for_interrupts!();
            }
            done => return done,
        }
    }
    Checker::run(index, with_heap)
}

struct Checker {
    index: IndexRelation,
    columns: IndexColumns,
    /// As it was when the check began.
    meta: Option<Meta>,
    findings: Vec<Finding>,
    indexed: Indexed,
    table_end: TableEnd,
}

impl Checker {
    /// Checks everything but the heap.
    fn run(index: IndexRelation, with_heap: bool) -> Result<Self> {
        let (columns, indexed) = (IndexColumns::of(index), Indexed::default());
        let mut checker =
            Self { index, columns, meta: None, findings: Vec::new(), indexed, table_end: TableEnd::of(index) };
        if let Err(error) = checker.check_index(with_heap) {
            checker.damage(None, error)?;
        }
        Ok(checker)
    }

    fn find(&mut self, segment: Option<u32>, part: &str, block: Option<u32>, problem: impl Into<String>) {
        reserve(&mut self.findings, 1, "findings").or_raise(self.index);
        self.findings.push(Finding { segment, part: part.into(), block, problem: problem.into() });
    }

    /// Damage is a finding; what is not damage ends the check.
    fn damage(&mut self, segment: Option<u32>, error: EngineError) -> Result<()> {
        let error = match (error, &self.meta) {
            (EngineError::Recycled { block }, Some(meta)) => match replay::read_again(self.index, meta, block) {
                Err(damage) => damage,
                Ok(_) => EngineError::Recycled { block },
            },
            (error, _) => error,
        };
        match error {
            EngineError::BadPage { block, reason } => self.find(segment, "page", Some(block), reason),
            EngineError::Corrupt { part, page, reason } => {
                self.find(segment, part, None, format!("page {page}: {reason}"));
            }
            other => return Err(other),
        }
        Ok(())
    }

    fn check_index(&mut self, with_heap: bool) -> Result<()> {
        let meta = Meta::read(self.index)?;
        self.meta = Some(meta.clone());
        let mut twice = Vec::new();
        let owned = sweep::owned_blocks(self.index, &mut |block| {
            reserve(&mut twice, 1, "findings").or_raise(self.index);
            twice.push(block);
        })?;
        for block in twice {
            self.find(None, "ledger", Some(block), "block has two owners");
        }
        let n_blocks = self.index.n_blocks();
        if owned.max().is_some_and(|last| last >= n_blocks) {
            self.find(None, "ledger", owned.max(), "block lies beyond the end of the index");
        }
        self.check_in_use(&owned)?;

        let (manifest, _) = Manifest::read(self.index, &meta)?;
        self.check_manifest(&meta, &manifest);
        let mut tids = Vec::new();
        for descriptor in manifest.segments {
            let id = descriptor.id;
            let checked = SegmentPages::new(self.index, descriptor, n_blocks)
                .and_then(|pages| self.check_one_segment(pages, with_heap, &mut tids));
            if let Err(error) = checked {
                self.damage(Some(id), error)?;
            }
        }
        self.check_pending(&meta, with_heap, &mut tids)?;
        for tid in repeated_tids(&mut tids) {
            let problem = format!("row ({},{}) is indexed more than once", tid.block, tid.offset);
            self.find(None, "docmap", None, problem);
        }
        Ok(())
    }

    /// Ids and generations are from operations that have begun, no two segments share an id, and documents can be
    /// counted.
    fn check_manifest(&mut self, meta: &Meta, manifest: &Manifest) {
        if meta.metric != metric_of(self.index) {
            self.find(None, "metapage", Some(META_BLOCK), "the metric is not that of the operator class");
        }
        let mut ids: Vec<u32> = manifest.segments.iter().map(|s| s.id).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            self.find(Some(pair[0]), "manifest", None, "two segments have this id");
        }
        for segment in &manifest.segments {
            if segment.id >= meta.next_generation || segment.generation >= meta.next_generation {
                self.find(Some(segment.id), "manifest", None, "the segment is of an operation that never was");
            }
            if segment.meta.n_docs == 0 {
                self.find(Some(segment.id), "manifest", None, "the segment has no documents");
            }
        }
    }

    /// Every page that a structure refers to is in use.
    fn check_in_use(&mut self, owned: &RoaringBitmap) -> Result<()> {
        let (n_blocks, now) = (self.index.n_blocks(), wal::next_stamp());
        for block in owned.iter().take_while(|&b| b < n_blocks) {
            let standing = {
                let buffer = SharedBuffer::open(self.index, block)?;
                let page = buffer.page();
                (page.is_sound() && page.is_clean(now), page.special().state())
            };
            match standing {
                (false, _) => self.find(None, "page", Some(block), "page header is damaged"),
                (true, PageState::Free) => self.find(None, "page", Some(block), "page in use is marked free"),
                (true, PageState::Used) => {}
            }
            pgrx::check_for_interrupts!();
        }
        Ok(())
    }

    fn check_one_segment(&mut self, pages: SegmentPages, with_heap: bool, tids: &mut Vec<Tid>) -> Result<()> {
        let id = pages.descriptor().id;
        self.check_identities(&pages)?;
        let segment = pages.reader();
        let mut sums = DocumentSums::new(segment.meta.n_docs)?;
        let mut problems = Vec::new();
        let mut note = |problem| {
            reserve(&mut problems, 1, "findings").or_raise(self.index);
            problems.push(problem);
        };
        check_segment(&segment, &self.columns, with_heap.then_some(&mut sums), &mut note)?;
        for p in problems {
            let part = Part::ALL.into_iter().find(|part| part.name() == p.part);
            let block = part.zip(p.page).and_then(|(part, page)| pages.block(part, page));
            self.find(Some(id), p.part, block, p.text);
        }
        let dead = segment.dead()?;
        let at = self.indexed.segments.len();
        reader::for_each_tid(&segment, &mut |doc, tid| {
            if !dead.contains(doc) {
                if !self.table_end.has(tid) {
                    let block = pages.block(Part::Docmap, doc / DOCMAP_PER_PAGE);
                    self.find(Some(id), Part::Docmap.name(), block, NO_SUCH_ROW);
                }
                reserve(tids, 1, "row list of the check")?;
                tids.push(tid);
                if with_heap {
                    self.indexed.place(tid, Place::Segment(at, doc))?;
                }
            }
            Ok(())
        })?;
        self.indexed.segments.push((pages, sums));
        Ok(())
    }

    /// Every page of the segment says whose it is.
    fn check_identities(&mut self, pages: &SegmentPages) -> Result<()> {
        use crate::engine::segment::pages::PartPages;
        for part in Part::ALL {
            for no in 0..pages.descriptor().meta.n_pages(part) {
                if let Err(error) = pages.page(part, no).map(drop) {
                    self.damage(Some(pages.descriptor().id), error)?;
                }
                pages.check_interrupts();
            }
        }
        Ok(())
    }

    /// The list's pages and entries; entries that inserters add meanwhile are checked as far as they are met.
    fn check_pending(&mut self, meta: &Meta, with_heap: bool, tids: &mut Vec<Tid>) -> Result<()> {
        let mut buffer = EntryBuffer::default();
        let mut walk = Walk::all(self.index, meta);
        let mut pages = Vec::new();
        let mut last = NO_BLOCK;
        while let Some(page) = walk.next_page()? {
            last = page.own.block;
            page.collect_pages(self.index, &mut pages)?;
            page.for_each_entry(|_, head, body| {
                let entry = pending::load(self.index, &head, body, page.own.block, &mut buffer)?;
                entry.values_of(&self.columns)?;
                if !head.dead {
                    if !self.table_end.has(head.tid) {
                        self.find(None, "pending list", Some(page.own.block), NO_SUCH_ROW);
                    }
                    reserve(tids, 1, "row list of the check")?;
                    tids.push(head.tid);
                    if with_heap {
                        let killed = head.killed && !self.index.is_under_replay();
                        let row = PendingRow::of(&entry, killed)?;
                        self.indexed.place_pending(head.tid, row)?;
                    }
                }
                Ok(())
            })?;
        }
        if last != meta.pending.tail {
            self.find(None, "pending list", Some(last), "the list does not end where the metapage says");
        }
        // An entry with pages of its own always begins a new page of the list, so the count up to there is settled.
        let (found, noted) = (pages.len(), meta.pending.n_pages);
        if found != noted as usize {
            self.find(None, "pending list", None, format!("has {found} pages, the metapage says {noted}"));
        }
        Ok(())
    }
}
