//! The pending list's part of a ranking: every document is compared with the query.

use super::conditions::Conditions;
use super::killed::Place;
use super::opfamily;
use super::ranking::{Found, Manner};
use crate::engine::error::{EngineError, Result, reserve};
use crate::engine::ids::Metric;
use crate::engine::search::foreign::least_distance;
use crate::engine::search::query::Distance;
use crate::engine::vector::prepared::Prepared;
use crate::engine::vector::{SparseVectorRef, ops};
use crate::storage::free::OwnedPage;
use crate::storage::meta::Meta;
use crate::storage::pending::{self, EntryBuffer, Walk};
use crate::storage::relation::IndexRelation;

/// The documents of the pending list that meet the conditions, best last: with distances as the operator gives them if
/// it is ours, else with lower bounds of them.
pub fn rank_pending(
    index: IndexRelation,
    meta: &Meta,
    query: Option<SparseVectorRef<'_>>,
    conditions: &mut Option<Conditions>,
    manner: Manner,
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut walk = Walk::all(index, meta);
    // Most lists have many documents; that of an index just made or vacuumed has none.
    let bytes = query.map_or(0, |query| query.nnz().saturating_mul(8));
    let query = query.filter(|_| !walk.is_empty());
    let prepared = query.map(Prepared::new).transpose();
    let prepared = prepared.map_err(|_| EngineError::OutOfMemory { what: "query", bytes })?;
    let query = query.zip(prepared.as_ref());
    let is_foreign = query.is_some() && manner.distance.is_some_and(|function| !opfamily::is_ours(index, function));
    let mut buffer = EntryBuffer::default();
    while let Some(page) = walk.next_page()? {
        let OwnedPage { block, identity } = page.own;
        page.for_each_entry(|at, head, body| {
            if head.dead || head.killed && manner.skip_killed {
                return Ok(());
            }
            let entry = pending::load(index, &head, body, block, &mut buffer)?;
            if let Some(conditions) = conditions {
                let values = entry.values_of(conditions.columns())?;
                if !conditions.accept(meta.metric, entry.vector, &values)? {
                    return Ok(());
                }
            }
            let distance = match (entry.vector, query) {
                _ if manner.distance.is_none() => Distance::Value(0.0),
                (Some(doc), Some((query, _))) if is_foreign => Distance::Value(least_distance(meta.metric, doc, query)),
                _ => true_distance(meta.metric, entry.vector, query),
            };
            let place = Place::Pending { block, page_no: identity.page_no, at: at as u32 };
            reserve(&mut found, 1, "pending documents")?;
            found.push((distance, head.tid, place));
            Ok(())
        })?;
    }
    found.sort_by(|a, b| b.0.compare(&a.0));
    Ok(found)
}

/// The distance that the operator gives, of a query and the same prepared.
pub fn true_distance(
    metric: Metric,
    doc: Option<SparseVectorRef<'_>>,
    query: Option<(SparseVectorRef<'_>, &Prepared)>,
) -> Distance {
    let (Some(doc), Some((query, prepared))) = (doc, query) else { return Distance::Null };
    Distance::Value(match metric {
        Metric::InnerProduct => prepared.negative_inner_product(doc),
        Metric::Cosine => prepared.cosine_distance(doc),
        // Of either order of the operands, whose last bits may differ: which the statement has is not known here, and
        // the executor takes no distance above the true one.
        Metric::L2 => ops::l2_distance(doc, query).min(ops::l2_distance(query, doc)),
    })
}
