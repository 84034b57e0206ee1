//! What scans did, for those who ask: wand_last_scan and EXPLAIN.

use pgrx::pg_sys;

use crate::engine::search::ranker::RankCounts;

/// What a scan did.
#[derive(Clone, Copy, Debug)]
pub struct ScanCounts {
    /// The index.
    pub index: pg_sys::Oid,
    /// Sealed segments it read.
    pub segments: u32,
    /// Documents of the pending list.
    pub pending: u64,
    /// Pages of segments it opened; one that was opened twice counts twice.
    pub pages: u64,
    /// The ranking's counts.
    pub rank: RankCounts,
    /// Rows whose true distance the executor had to compute.
    pub rechecked: u64,
    /// Rows that the executor found dead to everybody.
    pub killed: u64,
    /// How often it began anew because replay had taken a page away.
    pub restarts: u32,
    /// Nanoseconds spent on the pending list.
    pub pending_time: u64,
    /// And on conditions.
    pub filter_time: u64,
}

/// How a ranking found its rows, in words.
pub fn strategy_name(rank: &RankCounts) -> &'static str {
    match (rank.rounds, rank.exhaustive) {
        (0, false) if rank.few => "few",
        (0, false) => "unranked",
        (0, true) => "exhaustive",
        (_, true) => "bounds, then exhaustive",
        (_, false) => "bounds",
    }
}

/// What a scan did from its beginning on, all rescans together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Rankings begun.
    pub rankings: u64,
    /// Segments that the last one read.
    pub segments: u32,
    /// Pages opened.
    pub pages: u64,
    /// Their counts, added up.
    pub rank: RankCounts,
    /// Rows whose true distance the executor had to compute.
    pub rechecked: u64,
    /// Rows that the executor found dead to everybody.
    pub killed: u64,
    /// Rankings begun anew because of replay.
    pub restarts: u64,
}

impl Totals {
    /// Adds one ranking.
    pub fn add(&mut self, counts: &ScanCounts) {
        let (sum, one) = (&mut self.rank, &counts.rank);
        self.rankings += 1;
        self.segments = counts.segments;
        self.pages += counts.pages;
        self.rechecked += counts.rechecked;
        self.killed += counts.killed;
        self.restarts += u64::from(counts.restarts);
        sum.terms += one.terms;
        sum.lists += one.lists;
        sum.postings += one.postings;
        sum.bounded += one.bounded;
        sum.blocks.scored += one.blocks.scored;
        sum.blocks.dropped += one.blocks.dropped;
        sum.blocks.lookups += one.blocks.lookups;
        sum.rounds = sum.rounds.saturating_add(one.rounds);
        sum.exhaustive |= one.exhaustive;
        sum.few |= one.few;
        sum.within += one.within;
        sum.delivered += one.delivered;
    }
}
