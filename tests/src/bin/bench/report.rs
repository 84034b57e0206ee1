//! What was measured, as tables (ratios first), as numbers for other programs, and as a plot.

use crate::measure::mean;
use crate::plot;
use pg_wand_tests::collection::Matrix;
use std::fmt::Write;
use std::path::Path;

/// An index and what it took to make.
pub struct Build {
    pub name: String,
    pub seconds: f64,
    pub bytes: u64,
}

/// What one way took for one k; `times` are each query's best.
pub struct Measured {
    pub k: usize,
    pub name: String,
    pub family: &'static str,
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
    collection: String,
    raw_bytes: f64,
    versions: String,
    builds: Vec<Build>,
    measured: Vec<Measured>,
    /// Settings of approximate ways that were tried.
    pub tried: Vec<Point>,
}

impl Report {
    pub fn new(name: String, docs: &Matrix, versions: String, builds: Vec<Build>) -> Self {
        let collection = format!("{} documents, {} non-zeros", docs.rows.len(), docs.nonzeros());
        let raw_bytes = 8.0 * docs.nonzeros() as f64;
        Self { name, collection, raw_bytes, versions, builds, measured: Vec::new(), tried: Vec::new() }
    }

    pub fn add(&mut self, measured: Vec<Measured>) {
        self.measured.extend(measured);
    }

    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let tables = self.tables();
        print!("{tables}");
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let tried = self.tried.iter().map(|p| Point { ..*p });
        let points: Vec<Point> = tried.chain(self.measured.iter().map(Measured::point)).collect();
        let plot = plot::draw(&self.name, &points);
        for (ending, text) in [("md", &tables), ("tsv", &self.numbers()), ("svg", &plot)] {
            let path = folder.join(format!("{}.{ending}", self.name));
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    }

    fn tables(&self) -> String {
        let mut text = format!("{}: {}; {}\n\n", self.name, self.collection, self.versions);
        self.write_builds(&mut text).expect("writing to a string");
        self.write_times(&mut text).expect("writing to a string");
        text
    }

    fn write_builds(&self, text: &mut String) -> std::fmt::Result {
        let Some(own) = self.builds.first() else { return Ok(()) };
        let width = self.builds.iter().map(|b| b.name.len()).max().unwrap_or(0);
        writeln!(text, "| {:width$} | build / wand | size / wand | size / raw | build s | size MB |", "index")?;
        writeln!(text, "| {:-<width$} | -----------: | ----------: | ---------: | ------: | ------: |", "")?;
        for build in &self.builds {
            let (bytes, own_bytes) = (build.bytes as f64, own.bytes as f64);
            let (time, size, raw) = (build.seconds / own.seconds, bytes / own_bytes, bytes / self.raw_bytes);
            write!(text, "| {:width$} | {time:>12.2} | {size:>11.2} | {raw:>10.2} ", build.name)?;
            writeln!(text, "| {:>7.1} | {:>7.1} |", build.seconds, bytes / 1e6)?;
        }
        writeln!(text)
    }

    fn write_times(&self, text: &mut String) -> std::fmt::Result {
        let width = self.measured.iter().map(|m| m.name.len()).max().unwrap_or(0);
        writeln!(text, "|    k | {:width$} | time / wand | recall | mean ms |  p50 ms |  p99 ms | queries |", "way")?;
        writeln!(text, "| ---: | {:-<width$} | ----------: | -----: | ------: | ------: | ------: | ------: |", "")?;
        for way in &self.measured {
            let (mean, p50, p99) = (mean(&way.times), way.percentile(50), way.percentile(99));
            write!(text, "| {:>4} | {:width$} | {:>11.2} | {:>6.4} ", way.k, way.name, way.ratio, way.recall)?;
            writeln!(text, "| {mean:>7.3} | {p50:>7.3} | {p99:>7.3} | {:>7} |", way.times.len())?;
        }
        writeln!(text)
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
