//! Ways to answer the queries, and how they are measured.

use crate::report::{Measured, Point, Report};
use crate::rivals::Rivals;
use crate::server::Server;
use pg_wand_tests::collection::{Matrix, Truth};
use pg_wand_tests::size;
use std::collections::BTreeSet;

const EF_SEARCH: [usize; 6] = [40, 100, 200, 400, 800, 1_000];
const PRUNE_FACTORS: [f64; 10] = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4];
const QUERY_CUTS: [usize; 6] = [5, 7, 10, 14, 20, 100];
const HEAP_FACTORS: [f64; 5] = [1.0, 0.9, 0.8, 0.7, 0.6];
/// Approximate ways are tuned to these.
const RECALLS: [f64; 2] = [0.95, 0.99];

/// One way to answer the queries.
#[derive(Clone)]
pub struct Way {
    pub name: String,
    /// What the plot joins by a line.
    pub family: &'static str,
    how: How,
    speed: Speed,
}

#[derive(Clone)]
enum How {
    Server { table: &'static str, kind: &'static str, settings: Vec<String> },
    Rival { engine: &'static str, parameters: String },
}

/// How many queries a way can be asked in bearable time.
#[derive(Clone, Copy)]
enum Speed {
    Fast,
    Slow,
    Scan,
}

impl Way {
    pub fn wand(name: &str, settings: &[&str]) -> Self {
        let mut all = vec!["enable_seqscan = off".to_string()];
        all.extend(settings.iter().map(ToString::to_string));
        let how = How::Server { table: "ours", kind: "svec", settings: all };
        Self { name: name.into(), family: "wand", how, speed: Speed::Fast }
    }

    pub fn pruned() -> Vec<Self> {
        let way = |factor| {
            let name = format!("wand, prune_factor {factor}");
            Self { family: "wand, pruned", ..Self::wand(&name, &[&format!("wand.prune_factor = {factor}")]) }
        };
        PRUNE_FACTORS.map(way).into()
    }

    pub fn rival(name: &str, engine: &'static str, parameters: &str) -> Self {
        let how = How::Rival { engine, parameters: parameters.into() };
        Self { name: name.into(), family: engine, how, speed: Speed::Fast }
    }

    pub fn seismic() -> Vec<Self> {
        let settings = QUERY_CUTS.iter().flat_map(|cut| HEAP_FACTORS.iter().map(move |factor| (cut, factor)));
        let way = |(cut, factor)| {
            Self::rival(&format!("Seismic, cut {cut}, heap {factor}"), "seismic", &format!("{cut} {factor}"))
        };
        settings.map(way).collect()
    }

    /// HNSW returns at most `ef_search` rows.
    pub fn hnsw(k: usize) -> Vec<Self> {
        let way = |ef: usize| {
            let settings = vec!["enable_seqscan = off".into(), format!("hnsw.ef_search = {ef}")];
            let how = How::Server { table: "theirs", kind: "sparsevec", settings };
            Self { name: format!("pgvector HNSW, ef_search {ef}"), family: "hnsw", how, speed: Speed::Slow }
        };
        EF_SEARCH.into_iter().filter(|ef| *ef >= k).map(way).collect()
    }

    pub fn scans(with_pgvector: bool) -> Vec<Self> {
        let way = |name: &str, family, table, kind| {
            let how = How::Server { table, kind, settings: vec!["enable_indexscan = off".into()] };
            Self { name: name.into(), family, how, speed: Speed::Scan }
        };
        let mut ways = vec![way("sequential scan", "scan", "ours", "svec")];
        if with_pgvector {
            ways.push(way("pgvector sequential scan", "pgvector scan", "theirs", "sparsevec"));
        }
        ways
    }
}

/// The collection, and everything that answers.
pub struct Bench {
    docs: Matrix,
    queries: Matrix,
    truth: Truth,
    server: Server,
    rivals: Rivals,
}

impl Bench {
    pub fn new(docs: Matrix, queries: Matrix, truth: Truth, server: Server, rivals: Rivals) -> Self {
        Self { docs, queries, truth, server, rivals }
    }

    pub fn finish(self) {
        self.rivals.finish();
        self.server.finish();
    }

    /// Of the settings of an approximate way the fastest for each recall that any of them reaches.
    pub fn best_of(&mut self, k: usize, settings: Vec<Way>, report: &mut Report) -> Vec<Way> {
        let mut tried = Vec::new();
        for way in settings {
            let count = self.count(&way);
            let recall = self.warm(&way, k, count);
            let mean_ms = mean(&self.times(&way, k, count));
            report.tried.push(Point { k, family: way.family, mean_ms, recall });
            tried.push((mean_ms, recall, way));
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut chosen: Vec<Way> = Vec::new();
        for wanted in RECALLS {
            if let Some((.., way)) = tried.iter().find(|(_, recall, _)| *recall >= wanted)
                && chosen.iter().all(|other| other.name != way.name)
            {
                chosen.push(way.clone());
            }
        }
        chosen
    }

    /// All ways in turns; the first is what the others are compared with.
    pub fn measure(&mut self, k: usize, ways: Vec<Way>) -> Vec<Measured> {
        let mut measured = Vec::new();
        for way in &ways {
            eprintln!("k={k}: {}", way.name);
            let count = self.count(way);
            let recall = self.warm(way, k, count);
            let (name, family) = (way.name.clone(), way.family);
            measured.push(Measured { k, name, family, recall, times: vec![f64::INFINITY; count], ratio: 0.0 });
        }
        for _ in 0..size("BENCH_PASSES", 3) {
            for (way, result) in ways.iter().zip(&mut measured) {
                let times = self.times(way, k, result.times.len());
                for (best, time) in result.times.iter_mut().zip(times) {
                    *best = best.min(time);
                }
            }
        }
        let own = measured[0].times.clone();
        for result in &mut measured {
            result.ratio = mean(&result.times) / mean(&own[..result.times.len().min(own.len())]);
        }
        measured
    }

    fn count(&self, way: &Way) -> usize {
        let most = size("BENCH_QUERIES", 200).min(self.truth.queries());
        match way.speed {
            Speed::Fast => most,
            Speed::Slow => size("BENCH_SLOW", 50).min(most),
            Speed::Scan => size("BENCH_SCANS", 10).min(most),
        }
    }

    /// Runs the queries once, for the caches' sake and for the recall.
    fn warm(&mut self, way: &Way, k: usize, count: usize) -> f64 {
        let answers = match &way.how {
            How::Server { settings, .. } => {
                let statements = self.statements(way, k, count);
                self.server.answers(settings, &statements)
            }
            How::Rival { engine, parameters } => self.rivals.run(engine, k, count, parameters).1,
        };
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

    fn score(&self, query: usize, id: u32) -> f64 {
        let row = &self.docs.rows[id as usize];
        let weight = |term: &u32| row.binary_search_by_key(term, |(term, _)| *term).map_or(0.0, |at| row[at].1);
        self.queries.rows[query].iter().map(|(term, factor)| f64::from(*factor) * f64::from(weight(term))).sum()
    }

    fn times(&mut self, way: &Way, k: usize, count: usize) -> Vec<f64> {
        match &way.how {
            How::Server { settings, .. } => {
                let statements = self.statements(way, k, count);
                self.server.times(settings, &statements)
            }
            How::Rival { engine, parameters } => self.rivals.run(engine, k, count, parameters).0,
        }
    }

    fn statements(&self, way: &Way, k: usize, count: usize) -> Vec<String> {
        let How::Server { table, kind, .. } = &way.how else { return Vec::new() };
        let statement = |query| {
            let literal = self.queries.literal(query);
            format!("SELECT id FROM {table} ORDER BY emb <#> '{literal}'::{kind} LIMIT {k}")
        };
        (0..count).map(statement).collect()
    }
}

pub fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len().max(1) as f64
}
