//! The pending list's part of a ranking: every document is compared with the query.

use super::killed::Place;
use super::ranking::Found;
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::ids::Metric;
use crate::engine::pending::VectorBuffer;
use crate::engine::search::query::Distance;
use crate::engine::vector::error::VectorError;
use crate::engine::vector::prepared::Prepared;
use crate::engine::vector::{SparseVectorRef, ops};
use crate::storage::free::OwnedPage;
use crate::storage::meta::Meta;
use crate::storage::pending::{self, Walk};
use crate::storage::relation::IndexRelation;

/// The documents of the pending list with distances as the operator gives them, best last; `skip_killed`: but for those
/// that are dead to everybody.
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
    let query = query.filter(|_| !walk.is_empty()).map(Query::new).transpose();
    let query = query.map_err(|_| EngineError::OutOfMemory { what: "query", bytes })?;
    let mut buffer = VectorBuffer::default();
    while let Some(page) = walk.next_page()? {
        let OwnedPage { block, identity } = page.own;
        page.for_each_entry(|at, head, body| {
            let absent = head.dead || head.killed && skip_killed;
            if !absent {
                let vector = pending::load(index, &head, body, block, &mut buffer)?;
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

/// A query, ready for every metric.
struct Query<'q> {
    vector: SparseVectorRef<'q>,
    prepared: Prepared,
}

impl<'q> Query<'q> {
    fn new(vector: SparseVectorRef<'q>) -> std::result::Result<Self, VectorError> {
        Ok(Self { vector, prepared: Prepared::new(vector)? })
    }
}

fn true_distance(metric: Metric, doc: Option<SparseVectorRef<'_>>, query: Option<&Query<'_>>) -> Distance {
    let (Some(doc), Some(query)) = (doc, query) else { return Distance::Null };
    Distance::Value(match metric {
        Metric::InnerProduct => query.prepared.negative_inner_product(doc),
        Metric::Cosine => query.prepared.cosine_distance(doc),
        // Of either order of the operands, whose last bits may differ: which the statement has is not known here, and
        // the executor takes no distance above the true one.
        Metric::L2 => ops::l2_distance(doc, query.vector).min(ops::l2_distance(query.vector, doc)),
    })
}
