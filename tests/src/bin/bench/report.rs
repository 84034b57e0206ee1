//! What was measured, as tables (ratios first), as numbers for other programs, and as a plot.

use crate::measure::{Collection, mean};
use crate::plot;
use crate::table::{Table, megabytes, ratio};
use std::fmt::Write;
use std::path::Path;

/// An index and what it took to make.
pub struct Index {
    pub name: String,
    pub seconds: f64,
    pub bytes: u64,
}

/// What one way took for one k; `times` are each query's best.
pub struct Measured {
    pub k: usize,
    pub name: String,
    pub family: &'static str,
    pub exact: bool,
    pub recall: f64,
    pub times: Vec<f64>,
    /// Mean time through that of the default strategy, over the same queries.
    pub ratio: f64,
}

/// A place in the plot.
pub struct Point {
    pub k: usize,
    pub family: &'static str,
    pub mean_ms: f64,
    pub recall: f64,
}

pub struct Report {
    name: String,
    head: String,
    raw_bytes: f64,
    indexes: Vec<Index>,
    measured: Vec<Measured>,
    /// Settings of approximate ways that were tried.
    pub tried: Vec<Point>,
    more: Vec<Table>,
}

impl Report {
    pub fn new(data: &Collection, versions: &str, indexes: Vec<Index>) -> Self {
        let (name, docs) = (data.name.clone(), &data.docs);
        let head = format!("{name}: {} documents, {} non-zeros; {versions}\n", docs.rows.len(), docs.nonzeros());
        let (measured, tried, more) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, head, raw_bytes: data.raw_bytes(), indexes, measured, tried, more }
    }

    pub fn add_indexes(&mut self, indexes: Vec<Index>) {
        self.indexes.extend(indexes);
    }

    pub fn add(&mut self, measured: Vec<Measured>) {
        self.measured.extend(measured);
    }

    pub fn add_table(&mut self, table: Table) {
        self.more.push(table);
    }

    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let tables = self.tables();
        print!("{tables}");
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut files = vec![("md", tables)];
        if !self.measured.is_empty() {
            let tried = self.tried.iter().map(|p| Point { ..*p });
            let points: Vec<Point> = tried.chain(self.measured.iter().map(Measured::point)).collect();
            files.extend([("tsv", self.numbers()), ("svg", plot::draw(&self.name, &points))]);
        }
        for (ending, text) in files {
            let path = folder.join(format!("{}.{ending}", self.name));
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    }

    fn tables(&self) -> String {
        let mut tables = vec![self.table_of_indexes()];
        tables.push(self.table_of_times("Exact answers", true));
        tables.push(self.table_of_times("Approximate answers", false));
        let all = tables.iter().chain(&self.more).map(Table::to_string);
        std::iter::once(format!("{}\n", self.head)).chain(all).collect()
    }

    fn table_of_indexes(&self) -> Table {
        let columns = ["index", "build / wand", "size / wand", "size / raw", "build s", "size MB"];
        let mut table = Table::new("Indexes; raw: 8 bytes for each non-zero", &columns);
        for index in &self.indexes {
            let (own, bytes) = (&self.indexes[0], index.bytes as f64);
            let ratios = [index.seconds / own.seconds, bytes / own.bytes as f64, bytes / self.raw_bytes].map(ratio);
            let mut cells = vec![index.name.clone()];
            cells.extend(ratios);
            cells.extend([format!("{:.1}", index.seconds), megabytes(bytes)]);
            table.row(cells);
        }
        table
    }

    /// All are compared with the default strategy, which is exact.
    fn table_of_times(&self, title: &str, exact: bool) -> Table {
        let columns = ["k", "way", "time / wand", "recall", "mean ms", "p50 ms", "p99 ms", "queries"];
        let mut table = Table::new(title, &columns);
        for way in self.measured.iter().filter(|way| way.exact == exact) {
            let mut cells = vec![way.k.to_string(), way.name.clone(), ratio(way.ratio), format!("{:.4}", way.recall)];
            cells.extend([mean(&way.times), way.percentile(50), way.percentile(99)].map(|ms| format!("{ms:.3}")));
            cells.push(way.times.len().to_string());
            table.row(cells);
        }
        table
    }

    /// Every query's time, one line a way.
    fn numbers(&self) -> String {
        let mut text = String::from("k\tway\trecall\tmilliseconds by query\n");
        for way in &self.measured {
            let times: Vec<String> = way.times.iter().map(|time| format!("{time:.4}")).collect();
            writeln!(text, "{}\t{}\t{:.5}\t{}", way.k, way.name, way.recall, times.join(" ")).expect("a string");
        }
        text
    }
}

impl Measured {
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[((sorted.len() * percent).div_ceil(100)).clamp(1, sorted.len()) - 1]
    }

    fn point(&self) -> Point {
        Point { k: self.k, family: self.family, mean_ms: mean(&self.times), recall: self.recall }
    }
}
