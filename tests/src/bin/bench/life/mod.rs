//! An index that lives: `make bench LIFE=1000000` changes that many rows of the collection's table, autovacuum on, and
//! compares the index with one just made.
//!
//! Everything is the server's default but: fsync off (as in all tests, so a commit costs nothing and the index's share
//! of a row seems greater than it is), 2 GB of shared buffers, autovacuum looking every 10 s instead of every minute,
//! because the run is short. Changes come at LIFE_RATE a second: autovacuum is slowed down by its own defaults, and a
//! client that does nothing else outruns it on any index. One client, every change a transaction of its own, vectors
//! sent in binary form.

mod churn;
mod cost;
mod vector;
mod wal;

use crate::clock::Clock;
use crate::measure::Collection;
use crate::server::Server;
use crate::table::Table;
use pg_wand_tests::size;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

const SETTINGS: [&str; 6] = [
    "shared_buffers = 2GB",
    "autovacuum_naptime = 10s",
    "jit = off",
    "max_parallel_workers_per_gather = 0",
    "max_parallel_maintenance_workers = 0",
    // The log of a few thousand changes must be there until it is counted.
    "wal_keep_size = 2GB",
];

/// Row changes, if this part is wanted.
pub fn wanted() -> Option<usize> {
    Some(size("LIFE", 0)).filter(|changes| *changes > 0)
}

pub fn run(folder: &Path, output: &Path, changes: usize) -> Result<(), String> {
    let data = Collection::read(folder)?;
    let mut server = Server::start_with(&SETTINGS);
    let mut inserts = Latencies::default();
    let rows = size("LIFE_ROWS", 20_000);
    let cost = cost::measure(&mut server, &data, rows, &mut inserts);
    eprintln!("{cost}");
    let mut tables = vec![cost];
    tables.extend(churn::measure(&mut server, &data, changes, inserts));
    let head = format!(
        "{}, life: {} documents, {changes} row changes; {}\n",
        data.name,
        data.docs.rows.len(),
        server.versions()
    );
    server.finish();
    let text = std::iter::once(format!("{head}\n")).chain(tables.iter().map(Table::to_string)).collect::<String>();
    print!("{text}");
    std::fs::create_dir_all(output).map_err(|e| format!("{}: {e}", output.display()))?;
    let path = output.join(format!("{}-life.md", data.name));
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Single statements in milliseconds: from call to answer, and of those how many the server's process had a processor.
/// Where the machine does other things beside, only the latter tells what a statement was charged with.
#[derive(Default)]
pub struct Latencies {
    elapsed: Vec<f64>,
    processor: Vec<f64>,
}

impl Latencies {
    fn add(&mut self, begin: Moment) {
        let now = Moment::now(&begin.clock);
        self.elapsed.push((now.time - begin.time).as_secs_f64() * 1e3);
        self.processor.push((now.processor - begin.processor) * 1e3);
    }

    /// Median, 99th and 99.9th percentile and greatest of the time that passed; the same of processor time; number.
    fn cells(self) -> Vec<String> {
        let n = self.elapsed.len();
        let mut cells = Vec::new();
        for mut times in [self.elapsed, self.processor] {
            times.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| times[((n as f64 * share) as usize).min(n - 1)];
            cells.extend([at(0.5), at(0.99), at(0.999), at(1.0)].map(|ms| format!("{ms:.3}")));
        }
        cells.push(n.to_string());
        cells
    }
}

/// When a statement began.
pub struct Moment {
    clock: Rc<Clock>,
    time: Instant,
    processor: f64,
}

impl Moment {
    fn now(clock: &Rc<Clock>) -> Self {
        let time = Instant::now();
        Self { clock: Rc::clone(clock), time, processor: clock.seconds() }
    }
}
