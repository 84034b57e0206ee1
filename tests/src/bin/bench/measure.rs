//! How ways are measured: recall and warming up first, then all in turns.

use crate::report::{Measured, Point, Report};
use crate::rivals::Rivals;
use crate::server::{Server, nearest};
use crate::ways::{How, Speed, Way};
use pg_wand_tests::collection::{self, Matrix, Truth};
use pg_wand_tests::size;
use std::collections::BTreeSet;
use std::path::Path;

/// Approximate ways are tuned to these.
const RECALLS: [f64; 2] = [0.95, 0.99];

/// Documents, queries, and the answers.
pub struct Collection {
    pub name: String,
    pub docs: Matrix,
    pub queries: Matrix,
    truth: Truth,
}

impl Collection {
    pub fn read(folder: &Path) -> Result<Self, String> {
        let name = folder.file_name().map_or("collection".into(), |name| name.to_string_lossy().into_owned());
        let docs = collection::read_matrix(&folder.join("docs.spz"))?;
        let queries = collection::read_matrix(&folder.join("queries.spz"))?;
        Ok(Self { name, docs, queries, truth: collection::read_truth(folder)? })
    }

    /// 8 bytes for each non-zero.
    pub fn raw_bytes(&self) -> f64 {
        8.0 * self.docs.nonzeros() as f64
    }

    /// How many queries are asked of what is fast.
    pub fn n_asked(&self) -> usize {
        size("BENCH_QUERIES", 200).min(self.truth.queries())
    }

    /// The first `count` queries as statements.
    pub fn statements(&self, table: &str, kind: &str, k: usize, count: usize) -> Vec<String> {
        (0..count).map(|query| nearest(table, kind, &self.queries.literal(query), k)).collect()
    }

    fn recall(&self, answers: &[Vec<u32>], k: usize) -> f64 {
        let (mut right, mut wanted) = (0, 0);
        for (query, ids) in answers.iter().enumerate() {
            let best = self.truth.ids_of(query, k);
            let there = best.iter().take_while(|id| **id != Truth::NONE).count();
            let least = f64::from(self.truth.scores_of(query, k)[there.max(1) - 1]) * (1.0 - 1e-5);
            let ids: BTreeSet<u32> = ids.iter().copied().collect();
            right += ids.into_iter().filter(|id| self.score(query, *id) >= least).count().min(there);
            wanted += there;
        }
        right as f64 / wanted.max(1) as f64
    }

    pub fn score(&self, query: usize, id: u32) -> f64 {
        let row = &self.docs.rows[id as usize];
        let weight = |term: &u32| row.binary_search_by_key(term, |(term, _)| *term).map_or(0.0, |at| row[at].1);
        self.queries.rows[query].iter().map(|(term, factor)| f64::from(*factor) * f64::from(weight(term))).sum()
    }
}

/// The collection, and everything that answers.
pub struct Bench<'a> {
    pub data: &'a Collection,
    pub server: &'a mut Server,
    pub rivals: Rivals,
}

impl Bench<'_> {
    /// Of the settings of an approximate way the fastest for each recall that any of them reaches; if none is reached,
    /// the one that comes nearest.
    pub fn best_of(&mut self, k: usize, settings: Vec<Way>, report: &mut Report) -> Vec<Way> {
        eprintln!("k={k}: tuning {}", settings[0].family);
        let mut tried = Vec::new();
        for way in settings {
            let count = self.count(&way);
            let recall = self.warm(&way, k, count);
            let mean_ms = mean(&self.times(&way, k, count));
            report.tried.push(Point { k, family: way.family, mean_ms, recall });
            tried.push((mean_ms, recall, way));
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let most = tried.iter().map(|(_, recall, _)| *recall).fold(0.0, f64::max);
        let mut chosen: Vec<Way> = Vec::new();
        for wanted in [RECALLS[0].min(most), RECALLS[1]] {
            if let Some((.., way)) = tried.iter().find(|(_, recall, _)| *recall >= wanted)
                && chosen.iter().all(|other| other.name != way.name)
            {
                chosen.push(way.clone());
            }
        }
        chosen
    }

    /// All ways in turns; the first is what the others are compared with.
    pub fn measure(&mut self, k: usize, ways: &[Way]) -> Vec<Measured> {
        let mut recalls = Vec::new();
        for way in ways {
            eprintln!("k={k}: {}", way.name);
            let count = self.count(way);
            recalls.push(self.warm(way, k, count));
        }
        let times = in_turns(ways.len(), |at| self.times(&ways[at], k, self.count(&ways[at])));
        let own = times[0].clone();
        let measured = ways.iter().zip(recalls).zip(times).map(|((way, recall), times)| {
            let ratio = mean(&times) / mean(&own[..times.len().min(own.len())]);
            let Way { name, family, exact, .. } = way.clone();
            Measured { k, name, family, exact, recall, times, ratio }
        });
        measured.collect()
    }

    fn count(&self, way: &Way) -> usize {
        let most = self.data.n_asked();
        match way.speed {
            Speed::Fast => most,
            Speed::Slow => size("BENCH_SLOW", 50).min(most),
            Speed::Scan => size("BENCH_SCANS", 10).min(most),
        }
    }

    /// Runs the queries once, for the caches' sake and for the recall.
    fn warm(&mut self, way: &Way, k: usize, count: usize) -> f64 {
        let answers = match &way.how {
            How::Server { table, kind, settings } => {
                self.server.answers(settings, &self.data.statements(table, kind, k, count))
            }
            How::Rival { engine, parameters } => self.rivals.run(engine, k, count, parameters).1,
        };
        self.data.recall(&answers, k)
    }

    fn times(&mut self, way: &Way, k: usize, count: usize) -> Vec<f64> {
        match &way.how {
            How::Server { table, kind, settings } => {
                self.server.times(settings, &self.data.statements(table, kind, k, count))
            }
            How::Rival { engine, parameters } => self.rivals.run(engine, k, count, parameters).0,
        }
    }
}

/// Every way's times, each the best of the passes. The ways take turns: what else the machine does hits all alike.
pub fn in_turns(ways: usize, mut times_of: impl FnMut(usize) -> Vec<f64>) -> Vec<Vec<f64>> {
    let mut best = vec![Vec::new(); ways];
    for _ in 0..size("BENCH_PASSES", 3).max(1) {
        for (way, best) in best.iter_mut().enumerate() {
            let times = times_of(way);
            best.resize(times.len(), f64::INFINITY);
            best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(time));
        }
    }
    best
}

pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

pub fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len().max(1) as f64
}
