//! How an index is doing, from what costs little to read: the metapage, the manifest, which documents are dead, and the
//! pending list, which is short unless nobody flushes it. Whoever watches many indexes may ask often.

use super::inspect::count_pending;
use super::options;
use crate::engine::error::Result;
use crate::engine::ids::Metric;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::policy::{self, Effort, Size};
use crate::storage::manifest_cache;
use crate::storage::meta::Meta;
use crate::storage::relation::IndexRelation;
use crate::storage::replay;

/// See the module's text. Documents of segments; those of the pending list are counted apart.
#[derive(Clone, Debug)]
pub struct Health {
    /// What it measures.
    pub metric: Metric,
    /// Segments.
    pub segments: u64,
    /// Their documents, dead ones included.
    pub documents: u64,
    /// Those of them that VACUUM has found dead.
    pub dead: u64,
    /// Documents that wait in the pending list, dead ones left out.
    pub pending: u64,
    /// Pages of the pending list.
    pub pending_pages: u64,
    /// Pages that it is meant to have at most.
    pub pending_limit: u64,
    /// When segments were last merged, in PostgreSQL's microseconds.
    pub merged_at: Option<i64>,
    /// What its owner should do, if anything.
    pub advice: Option<Advice>,
}

/// What an index needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The pending list is some times as long as it is meant to be.
    Flush {
        /// So many times.
        times: u64,
        /// Whether writers are to keep it short.
        autoflush: bool,
    },
    /// VACUUM would merge segments.
    Merge {
        /// How many.
        segments: u64,
        /// Dead documents that it would drop.
        dead: u64,
    },
}

/// From so many times its limit on the length of the pending list is worth a word: a writer flushes a little at a time.
const LONG: u64 = 2;

/// Looks at the index.
pub fn examine(index: IndexRelation) -> Result<Health> {
    replay::retry(index, |meta| examine_once(index, meta))
}

fn examine_once(index: IndexRelation, meta: &Meta) -> Result<Health> {
    let segments = manifest_cache::open_segments(index, meta)?;
    let mut sizes = Vec::with_capacity(segments.len());
    for segment in &segments {
        let of = &segment.descriptor().meta;
        let n_dead = segment.reader().dead().map_err(|e| segment.locate(e))?.len();
        sizes.push(Size { n_docs: u64::from(of.n_docs), n_dead, n_pages: of.all_pages() });
    }
    let (pages, limit) = (u64::from(meta.pending.n_pages), u64::from(options::pending_limit(index)).max(1));
    let advice = match policy::choose(&sizes, Effort::Full) {
        _ if pages / limit >= LONG => {
            Some(Advice::Flush { times: pages / limit, autoflush: options::autoflush(index) })
        }
        Some(chosen) => {
            Some(Advice::Merge { segments: chosen.len() as u64, dead: chosen.iter().map(|&i| sizes[i].n_dead).sum() })
        }
        None => None,
    };
    Ok(Health {
        metric: meta.metric,
        segments: sizes.len() as u64,
        documents: sizes.iter().map(|size| size.n_docs).sum(),
        dead: sizes.iter().map(|size| size.n_dead).sum(),
        pending: count_pending(index, meta)?,
        pending_pages: pages,
        pending_limit: limit,
        merged_at: meta.merged_at,
        advice,
    })
}

impl Advice {
    /// For its owner, on a standby or not.
    pub fn text(self, standby: bool) -> String {
        let vacuum = if standby { "VACUUM the table on the primary" } else { "VACUUM the table" };
        match self {
            Self::Flush { times, autoflush } => {
                let or = if autoflush { "" } else { " more often, or set autoflush on" };
                format!("{vacuum}{or}: the pending list, which every query reads, is {times} times its limit")
            }
            Self::Merge { segments: 1, dead } => {
                format!("{vacuum}: it would write a segment anew, without {dead} dead documents")
            }
            Self::Merge { segments, dead: 0 } => format!("{vacuum}: it would merge {segments} segments"),
            Self::Merge { segments, dead } => {
                format!("{vacuum}: it would merge {segments} segments and drop {dead} dead documents")
            }
        }
    }
}
