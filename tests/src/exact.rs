//! Exact answers over a collection in memory, and how well bounds would prune it: no index, only lists.

use crate::collection::{Matrix, Truth};

/// Document and weight by term.
pub struct Lists {
    pub documents: usize,
    lists: Vec<Vec<(u32, f32)>>,
}

/// A bound over so many documents in a row, 15 levels of the term's greatest weight, rounded up.
const LEVELS: f32 = 15.0;

impl Lists {
    pub fn new(docs: &Matrix) -> Self {
        let mut lists = vec![Vec::new(); docs.columns as usize];
        for (number, row) in (0u32..).zip(&docs.rows) {
            for (term, weight) in row {
                lists[*term as usize].push((number, *weight));
            }
        }
        Self { documents: docs.rows.len(), lists }
    }

    pub fn lengths(&self) -> Vec<usize> {
        self.lists.iter().map(Vec::len).collect()
    }

    /// How many postings a query that leaves nothing out reads.
    pub fn postings(&self, query: &[(u32, f32)]) -> usize {
        query.iter().map(|(term, _)| self.lists[*term as usize].len()).sum()
    }

    /// Every document's score; 0 where it shares no term.
    pub fn scores(&self, query: &[(u32, f32)]) -> Vec<f64> {
        let mut scores = vec![0.0; self.documents];
        for (term, factor) in query {
            for (document, weight) in &self.lists[*term as usize] {
                scores[*document as usize] += f64::from(*factor) * f64::from(*weight);
            }
        }
        scores
    }

    /// The best `k`, ties by number.
    pub fn best(&self, query: &[(u32, f32)], k: usize) -> Vec<(u32, f64)> {
        let scores = self.scores(query);
        let mut found: Vec<(u32, f64)> = (0u32..).zip(scores).filter(|(_, score)| *score > 0.0).collect();
        let better = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if found.len() > k {
            found.select_nth_unstable_by(k, better);
            found.truncate(k);
        }
        found.sort_unstable_by(better);
        found
    }

    pub fn truth(&self, queries: &[Vec<(u32, f32)>]) -> Truth {
        let mut truth = Truth { ids: Vec::new(), scores: Vec::new() };
        for query in queries {
            let best = self.best(query, Truth::COLUMNS);
            let filler = std::iter::repeat_n((Truth::NONE, 0.0), Truth::COLUMNS - best.len());
            for (id, score) in best.into_iter().chain(filler) {
                truth.ids.push(id);
                truth.scores.push(score as f32);
            }
        }
        truth
    }

    /// The share of the blocks of `width` documents whose bound, a sum of greatest weights kept in 4 bits, reaches
    /// `threshold`: what must be scored once the last score of the answer is known.
    pub fn reaching(&self, query: &[(u32, f32)], width: usize, threshold: f64) -> f64 {
        let blocks = self.documents.div_ceil(width);
        let mut bounds = vec![0.0; blocks];
        for (term, factor) in query {
            let list = &self.lists[*term as usize];
            let greatest = list.iter().map(|(_, weight)| *weight).fold(0.0, f32::max);
            let level = |weight: f32| f64::from((weight / greatest * LEVELS).ceil() / LEVELS * greatest);
            let mut at = 0;
            while at < list.len() {
                let block = list[at].0 as usize / width;
                let mut most = 0.0f32;
                while at < list.len() && list[at].0 as usize / width == block {
                    most = most.max(list[at].1);
                    at += 1;
                }
                bounds[block] += f64::from(*factor) * level(most);
            }
        }
        bounds.iter().filter(|bound| **bound >= threshold).count() as f64 / blocks as f64
    }
}
