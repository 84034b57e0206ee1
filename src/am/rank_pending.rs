//! The pending list's part of a ranking: every document is compared with the query.

use super::killed::Place;
use super::ranking::Found;
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::ids::Metric;
use crate::engine::search::query::Distance;
use crate::engine::vector::SparseVectorRef;
use crate::engine::vector::prepared::Prepared;
use crate::storage::free::OwnedPage;
use crate::storage::meta::Meta;
use crate::storage::pending::{self, EntryBuffer, Walk};
use crate::storage::relation::IndexRelation;

/// The documents of the pending list with their true distances, best last; `skip_killed`: but for those that are dead
/// to everybody.
pub fn rank_pending(
    index: IndexRelation,
    meta: &Meta,
    query: Option<SparseVectorRef<'_>>,
    skip_killed: bool,
) -> Result<Vec<Found>> {
    let mut ranked = Vec::new();
    let mut walk = Walk::all(index, meta);
    // Most lists have many documents; that of an index just made or vacuumed has none.
    let bytes = query.map_or(0, |query| query.nnz().saturating_mul(8));
    let query = query.filter(|_| !walk.is_empty()).map(Prepared::new).transpose();
    let query = query.map_err(|_| EngineError::OutOfMemory { what: "query", bytes })?;
    let mut buffer = EntryBuffer::default();
    while let Some(page) = walk.next_page()? {
        let OwnedPage { block, identity } = page.own;
        page.for_each_entry(|at, head, body| {
            let absent = head.dead || head.killed && skip_killed;
            if !absent {
                let vector = pending::load(index, &head, body, block, &mut buffer)?.vector;
                let place = Place::Pending { block, page_no: identity.page_no, at: at as u32 };
                reserve(&mut ranked, 1, "pending documents")?;
                ranked.push((true_distance(meta.metric, vector, query.as_ref()), head.tid, place));
            }
            Ok(())
        })?;
    }
    ranked.sort_by(|a, b| b.0.compare(&a.0));
    Ok(ranked)
}

fn true_distance(metric: Metric, doc: Option<SparseVectorRef<'_>>, query: Option<&Prepared>) -> Distance {
    let (Some(doc), Some(query)) = (doc, query) else { return Distance::Null };
    Distance::Value(match metric {
        Metric::InnerProduct => query.negative_inner_product(doc),
        Metric::Cosine => query.cosine_distance(doc),
    })
}
