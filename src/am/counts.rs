//! What scans did, for those who ask: wand_last_scan and EXPLAIN.

use super::scan::ScanCounts;
use crate::engine::search::ranker::RankCounts;

/// How a ranking found its rows, in words.
pub fn strategy_name(rank: &RankCounts) -> &'static str {
    match (rank.rounds, rank.exhaustive) {
        (0, _) => "exhaustive",
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
    /// Their counts, added up.
    pub rank: RankCounts,
}

impl Totals {
    /// Adds one ranking.
    pub fn add(&mut self, counts: &ScanCounts) {
        let (sum, one) = (&mut self.rank, &counts.rank);
        self.rankings += 1;
        self.segments = counts.segments;
        sum.lists += one.lists;
        sum.postings += one.postings;
        sum.bounded += one.bounded;
        sum.blocks.scored += one.blocks.scored;
        sum.blocks.dropped += one.blocks.dropped;
        sum.blocks.lookups += one.blocks.lookups;
        sum.rounds = sum.rounds.saturating_add(one.rounds);
        sum.exhaustive |= one.exhaustive;
        sum.delivered += one.delivered;
    }
}
