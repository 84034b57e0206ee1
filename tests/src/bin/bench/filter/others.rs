//! Other ways to answer under conditions, each in turns with ours: Qdrant with its payload indexes, B-trees and a sort,
//! pgvector's HNSW with iterative scans.

use super::Filtered;
use super::columns::{Condition, NAMES, Values};
use super::times::ordered;
use crate::measure::{in_turns, mean};
use crate::rivals::{self, Rivals};
use crate::server::nearest;
use crate::table::Table;
use crate::ways::INDEX_ONLY;
use pg_wand_tests::size;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const QDRANT: &str = "qdrant_filtered";
/// An approximate way is given more to do until it has this recall.
const RECALL: f64 = 0.95;
const EF_SEARCH: [usize; 6] = [40, 100, 200, 400, 800, 1_000];
/// Orders of iterative scans.
const ORDERS: [&str; 2] = ["strict_order", "relaxed_order"];

/// A way to answer, and what of.
struct Way {
    name: String,
    /// The first so many documents of the collection.
    documents: usize,
    queries: usize,
    how: How,
}

enum How {
    Qdrant,
    Server { table: &'static str, kind: &'static str, settings: Vec<String> },
}

impl Way {
    fn ours(table: &'static str, documents: usize, queries: usize) -> Self {
        Self { name: "wand".into(), documents, queries, how: How::Server { table, kind: "svec", settings: ordered() } }
    }
}

/// All of them in one table.
pub struct Others<'a> {
    of: &'a mut Filtered<'a>,
    rivals: Rivals,
    k: usize,
    table: Table,
}

impl<'a> Others<'a> {
    pub fn new(of: &'a mut Filtered<'a>, k: usize) -> Self {
        let title = format!("Filters, others: our time against theirs, k = {k}; the same queries in turns, means");
        let columns = ["condition", "way", "ours / theirs", "recall", "theirs ms", "ours ms", "documents", "queries"];
        Self { of, rivals: Rivals::none(), k, table: Table::new(&title, &columns) }
    }

    pub fn finish(self) -> Table {
        self.rivals.finish();
        self.table
    }

    /// In its process; nothing if there is no such engine.
    pub fn qdrant(&mut self, folder: &Path, cache: &Path) -> Result<(), String> {
        if !rivals::wanted().split_whitespace().any(|engine| engine == "qdrant") {
            return Ok(());
        }
        fs::create_dir_all(cache).map_err(|e| format!("{}: {e}", cache.display()))?;
        let file = cache.join("payload.tsv");
        fs::write(&file, payload(&self.of.values)).map_err(|e| format!("{}: {e}", file.display()))?;
        let (rivals, indexes) = Rivals::start(folder, cache, QDRANT)?;
        self.rivals = rivals;
        if !indexes.is_empty() {
            let (documents, queries) = (self.of.values.len(), self.of.data.n_asked());
            let ours = Way::ours("filtered", documents, queries);
            let way = Way { name: "Qdrant, exact".into(), documents, queries, how: How::Qdrant };
            (0..self.of.conditions.len()).for_each(|at| self.compare(at, &ours, std::slice::from_ref(&way)));
        }
        Ok(())
    }

    /// What PostgreSQL does without our index: it finds the rows by B-trees and sorts them by their distances.
    pub fn b_trees(&mut self) {
        eprintln!("filters: making B-trees");
        self.of.server.set(&[]);
        self.of.server.run("CREATE TABLE plain AS TABLE filtered");
        NAMES.iter().for_each(|name| self.of.server.run(&format!("CREATE INDEX ON plain ({name})")));
        self.of.server.run("VACUUM ANALYZE plain");
        let (documents, queries) = (self.of.values.len(), self.few_queries());
        let ours = Way::ours("filtered", documents, queries);
        let how = How::Server { table: "plain", kind: "svec", settings: vec![INDEX_ONLY.into()] };
        let way = Way { name: "B-trees and sort".into(), documents, queries, how };
        for at in 0..self.of.conditions.len() {
            if !self.of.conditions[at].is_empty() {
                self.compare(at, &ours, std::slice::from_ref(&way));
            }
        }
        self.of.server.run("DROP TABLE plain");
    }

    /// pgvector, on so many documents that its index is built in bearable time.
    pub fn hnsw(&mut self) {
        let documents = size("FILTER_HNSW_DOCS", 50_000).min(self.of.values.len());
        eprintln!("filters: building HNSW of {documents} documents");
        self.of.server.set(&[]);
        self.of.server.run(&format!(
            "CREATE EXTENSION IF NOT EXISTS vector;
             CREATE TABLE few AS SELECT * FROM filtered WHERE id < {documents};
             CREATE TABLE theirs_few AS
                 SELECT id, emb::text::sparsevec({}) AS emb, flag, ten, zipf, ts FROM few;
             CREATE INDEX few_emb ON few USING wand (emb, flag, ten, zipf, ts);
             CREATE INDEX theirs_few_emb ON theirs_few USING hnsw (emb sparsevec_ip_ops)",
            self.of.data.docs.columns
        ));
        ["few", "theirs_few"].iter().for_each(|table| self.of.server.run(&format!("VACUUM ANALYZE {table}")));
        let ours = Way::ours("few", documents, self.few_queries());
        for at in 0..self.of.conditions.len() {
            let tuned = ORDERS.map(|order| self.tuned(at, &ours, order));
            self.compare(at, &ours, &tuned);
        }
        self.of.server.set(&[]);
        self.of.server.run("DROP TABLE few, theirs_few");
    }

    /// HNSW with the least `ef_search` that reaches the recall; if none does, with the greatest. Its scans may go on
    /// until they have found what is wanted: otherwise few documents meeting a condition are not found at all.
    fn tuned(&mut self, at: usize, ours: &Way, order: &str) -> Way {
        let truth = self.answers(ours, at);
        let ladder = EF_SEARCH.map(|ef| {
            let settings = vec![
                INDEX_ONLY.into(),
                format!("hnsw.iterative_scan = {order}"),
                format!("hnsw.ef_search = {ef}"),
                format!("hnsw.max_scan_tuples = {}", ours.documents),
                "hnsw.scan_mem_multiplier = 100".into(),
            ];
            let how = How::Server { table: "theirs_few", kind: "sparsevec", settings };
            Way {
                name: format!("HNSW, {order}, ef_search {ef}"),
                documents: ours.documents,
                queries: ours.queries,
                how,
            }
        });
        let enough = ladder.iter().position(|way| {
            let answers = self.answers(way, at);
            self.recall(at, &answers, &truth) >= RECALL
        });
        ladder.into_iter().nth(enough.unwrap_or(EF_SEARCH.len() - 1)).expect("a step of the ladder")
    }

    fn few_queries(&self) -> usize {
        size("BENCH_SLOW", 50).min(self.of.data.n_asked())
    }

    /// These ways and ours in turns, after everybody has answered once; a row for each.
    fn compare(&mut self, at: usize, ours: &Way, ways: &[Way]) {
        let name = self.of.conditions[at].name.clone();
        let truth = self.answers(ours, at);
        let recalls: Vec<f64> = ways
            .iter()
            .map(|way| {
                eprintln!("filters: {name}, {}", way.name);
                let answers = self.answers(way, at);
                self.recall(at, &answers, &truth)
            })
            .collect();
        let all: Vec<&Way> = std::iter::once(ours).chain(ways).collect();
        let times = in_turns(all.len(), |way| self.times(all[way], at));
        let own = mean(&times[0]);
        for ((way, recall), times) in ways.iter().zip(recalls).zip(&times[1..]) {
            let theirs = mean(times);
            let mut cells = vec![name.clone(), way.name.clone(), format!("{:.3}", own / theirs)];
            cells.extend([format!("{recall:.4}"), format!("{theirs:.3}"), format!("{own:.3}")]);
            cells.extend([way.documents, way.queries].map(|n| n.to_string()));
            self.table.row(cells);
        }
    }

    fn statements(&self, table: &str, kind: &str, at: usize, queries: usize) -> Vec<String> {
        let Filtered { data, conditions, .. } = &*self.of;
        let rows = conditions[at].rows_of(table);
        (0..queries).map(|query| nearest(&rows, kind, &data.queries.literal(query), self.k)).collect()
    }

    fn answers(&mut self, way: &Way, at: usize) -> Vec<Vec<u32>> {
        match &way.how {
            How::Qdrant => self.rivals.run(QDRANT, self.k, way.queries, &self.of.conditions[at].parameters()).1,
            How::Server { table, kind, settings } => {
                let statements = self.statements(table, kind, at, way.queries);
                self.of.server.answers(settings, &statements)
            }
        }
    }

    fn times(&mut self, way: &Way, at: usize) -> Vec<f64> {
        match &way.how {
            How::Qdrant => self.rivals.run(QDRANT, self.k, way.queries, &self.of.conditions[at].parameters()).0,
            How::Server { table, kind, settings } => {
                let statements = self.statements(table, kind, at, way.queries);
                self.of.server.times(settings, &statements)
            }
        }
    }

    /// The part of the true answers that is found; of equal scores any will do. Documents that share no term with the
    /// query are no answers: Qdrant does not return them.
    fn recall(&self, at: usize, answers: &[Vec<u32>], truth: &[Vec<u32>]) -> f64 {
        let Filtered { data, conditions, values, .. } = &*self.of;
        let condition: &Condition = &conditions[at];
        let (mut right, mut wanted) = (0, 0);
        for (query, (found, best)) in answers.iter().zip(truth).enumerate() {
            let scores: Vec<f64> = best.iter().map(|id| data.score(query, *id)).filter(|score| *score > 0.0).collect();
            let least = scores.iter().copied().fold(f64::INFINITY, f64::min) * (1.0 - 1e-5);
            let found: BTreeSet<u32> = found.iter().copied().collect();
            let meets = |id: &u32| condition.holds(&values[*id as usize]) && data.score(query, *id) >= least;
            right += found.iter().filter(|id| meets(id)).count().min(scores.len());
            wanted += scores.len();
        }
        right as f64 / wanted.max(1) as f64
    }
}

/// The filter columns for `scripts/bench_rivals.py`, a document a line.
fn payload(values: &[Values]) -> String {
    let mut text = NAMES.join("\t") + "\n";
    for Values { flag, ten, zipf, ts } in values {
        writeln!(text, "{}\t{ten}\t{zipf}\t{ts}", u8::from(*flag)).expect("a string");
    }
    text
}
