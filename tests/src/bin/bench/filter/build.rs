//! What filter columns cost where an index is made: time and bytes.

use super::columns::{NAMES, Values, entropy};
use crate::clock::Clock;
use crate::measure::median;
use crate::server::Server;
use crate::table::{Table, ratio};
use pg_wand_tests::size;
use std::time::Instant;

const PASSES: usize = 3;

/// `emb` and these filter columns.
fn create(server: &mut Server, filters: &[&str]) {
    let columns: String = filters.iter().map(|name| format!(", {name}")).collect();
    server.run(&format!("CREATE INDEX filtered_emb ON filtered USING wand (emb{columns})"));
}

fn drop(server: &mut Server) {
    server.run("DROP INDEX IF EXISTS filtered_emb");
}

/// With all filter columns and with none, in turns; medians, since a build on a busy machine has no best time that is
/// worth more than others.
pub fn times(server: &mut Server) -> Table {
    let ways: [(&str, &[&str]); 2] = [("(emb)", &[]), ("(emb, flag, ten, zipf, ts)", &NAMES)];
    let passes = size("BENCH_PASSES", PASSES).max(PASSES);
    server.set(&[]);
    let clock = Clock::of_session(server.client());
    let (mut seconds, mut processor) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for pass in 0..passes {
        for (at, (name, filters)) in ways.iter().enumerate() {
            eprintln!("filters, build {} of {passes}: wand {name}", pass + 1);
            drop(server);
            let (begin, had) = (Instant::now(), clock.seconds());
            create(server, filters);
            seconds[at].push(begin.elapsed().as_secs_f64());
            processor[at].push(clock.seconds() - had);
        }
    }
    let title =
        format!("Filters, build: the index with four filter columns against the vector alone; medians of {passes}");
    let mut table = Table::new(&title, &["wand", "time / (emb)", "processor / (emb)", "seconds", "processor s"]);
    for (at, (name, _)) in ways.iter().enumerate() {
        let [own, alone] = [at, 0].map(|way| [median(&seconds[way]), median(&processor[way])]);
        let mut cells = vec![(*name).to_string(), ratio(own[0] / alone[0]), ratio(own[1] / alone[1])];
        cells.extend(own.map(|seconds| format!("{seconds:.3}")));
        table.row(cells);
    }
    table
}

/// Bytes a document of each column, by an index with this column alone. Leaves the index with all columns.
pub fn sizes(server: &mut Server, all: &[Values]) -> Table {
    let title = "Filters, size: bytes a document; entropy is what no code of single values can be below";
    let mut table = Table::new(title, &["filter column", "bytes", "entropy", "index grows by", "index"]);
    let n = all.len() as f64;
    let mut made = |filters: &[&str]| {
        eprintln!("filters, size: {filters:?}");
        drop(server);
        create(server, filters);
        let row = server.row("SELECT sum(filter_bytes)::float8, sum(bytes)::float8 FROM wand_segments('filtered_emb')");
        [row.get::<_, f64>(0), row.get(1)].map(|bytes| bytes / n)
    };
    let [_, alone] = made(&[]);
    let entropies = [
        Some(entropy(all.iter().map(|values| usize::from(values.flag)))),
        Some(entropy(all.iter().map(|values| values.ten as usize))),
        Some(entropy(all.iter().map(|values| values.zipf as usize))),
        None,
    ];
    let mut row = |name: &str, entropy: Option<f64>, [filter, total]: [f64; 2]| {
        let entropy = entropy.map_or_else(|| "-".into(), |bytes| format!("{bytes:.3}"));
        let sizes = [filter, total - alone, total].map(|bytes| format!("{bytes:.3}"));
        let [filter, grown, total] = sizes;
        table.row(vec![name.into(), filter, entropy, grown, total]);
    };
    row("none", None, [0.0, alone]);
    for (name, entropy) in NAMES.into_iter().zip(entropies) {
        row(name, entropy, made(&[name]));
    }
    row("all four", None, made(&NAMES));
    table
}
