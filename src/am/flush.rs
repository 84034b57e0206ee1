//! Flush: documents of the pending list become a segment. Runs under the maintenance lock.

use super::invert::{Inverter, maintenance_budget};
use super::maintain::{begin_operation, expect_documents, publish};
use crate::engine::error::{Result, reserve};
use crate::engine::pending::{Body, VectorBuffer};
use crate::storage::free::{self, Allocator, OwnedPage};
use crate::storage::meta::{Manifest, Meta};
use crate::storage::pending::{self, PendingPage, Walk};
use crate::storage::relation::{IndexRelation, MaintenanceLock};
use crate::storage::segment_pages::SegmentSink;

/// Turns the pending list into a segment.
pub fn flush(index: IndexRelation, _lock: &MaintenanceLock) -> Result<()> {
    let Some(sealed) = pending::seal(index)? else { return Ok(()) };
    let meta = Meta::read(index)?;
    let (mut manifest, _) = Manifest::read(index, &meta)?;
    let generation = begin_operation(index)?;

    let mut inverter = Inverter::new(meta.metric, maintenance_budget());
    let mut pages = Vec::new();
    let mut walk = Walk::new(index, sealed.head.0, sealed.head.1, sealed.end.0);
    let mut buffer = VectorBuffer::default();
    while let Some(page) = walk.next_page()? {
        collect_pages(index, &page, &mut pages)?;
        page.for_each_entry(|_, head, body| {
            if head.dead {
                return Ok(());
            }
            let vector = pending::load(index, &head, body, page.own.block, &mut buffer)?;
            inverter.add(head.tid, vector)
        })?;
    }
    if inverter.n_docs() > 0 {
        let mut sink = SegmentSink::new(index, Allocator::new(index), generation, generation);
        let n_docs = inverter.n_docs();
        let meta = inverter.finish(&mut sink)?;
        expect_documents(&meta, n_docs)?;
        manifest.segments.push(sink.finish(meta));
    }
    publish(index, generation, &manifest, Some(&sealed))?;
    free::free_pages(index, pages)
}

/// A page of the pending list and the overflow pages of its entries.
pub fn collect_pages(index: IndexRelation, page: &PendingPage, pages: &mut Vec<OwnedPage>) -> Result<()> {
    let mut add = |page| -> Result<()> {
        reserve(pages, 1, "list of pages")?;
        pages.push(page);
        Ok(())
    };
    add(page.own)?;
    page.for_each_entry(|_, head, _| match head.body {
        Body::Overflow { block, nnz } => {
            pending::for_each_overflow_page(index, head.tid, block, nnz, |page, _| add(page))
        }
        _ => Ok(()),
    })
}
