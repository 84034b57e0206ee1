//! `make bench`: our index beside its own other strategies, a sequential scan, pgvector's HNSW, and engines that live
//! in a Python process. One run, the same data and queries, one client, everything warm.
//!
//! usage: bench FOLDER OUTPUT    FOLDER has docs.spz, queries.spz, gt_*.zst; OUTPUT gets NAME.md, NAME.tsv, NAME.svg
//!
//! `PG_CONFIG` names a server that has the extensions. Settings in the environment: BENCH_QUERIES (200), BENCH_SLOW
//! (50, HNSW), BENCH_SCANS (10, sequential scans), BENCH_PASSES (3), HNSW=skip, BENCH_PYTHON (a Python that has the
//! engines), RIVALS ("qdrant seismic bmp", or skip).
//!
//! Every way answers all its queries once to warm up and to give the recall; then all ways take turns, pass by pass,
//! and a query's time is its best pass, so that what else the machine does hits all alike. Server times are the
//! executor's own (EXPLAIN ANALYZE with TIMING OFF); an engine's are from call to answer inside its process.

mod measure;
mod plot;
mod report;
mod rivals;
mod server;

use measure::{Bench, Way};
use pg_wand_tests::collection;
use report::{Build, Report};
use rivals::Rivals;
use server::Server;
use std::path::Path;

const LIMITS: [usize; 3] = [10, 100, 1_000];

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, output] = arguments.as_slice() else { return Err("usage: bench FOLDER OUTPUT".into()) };
    let (folder, output) = (Path::new(folder), Path::new(output));
    let name = folder.file_name().map_or("collection".into(), |name| name.to_string_lossy().into_owned());
    let docs = collection::read_matrix(&folder.join("docs.spz"))?;
    let queries = collection::read_matrix(&folder.join("queries.spz"))?;
    let truth = collection::read_truth(folder)?;

    let with_hnsw = std::env::var("HNSW").map_or(true, |word| word != "skip");
    let mut server = Server::start(&docs, with_hnsw);
    let mut builds = server.build();
    let (rivals, more) = Rivals::start(folder, &output.join("cache").join(&name))?;
    builds.extend(more);
    let strategies = server.has_setting("wand.strategy");
    let prunes = server.has_setting("wand.prune_factor");

    let mut report = Report::new(name, &docs, server.versions(), builds);
    let engines = rivals.names();
    let mut bench = Bench::new(docs, queries, truth, server, rivals);
    for k in LIMITS {
        let mut ways = vec![Way::wand("wand", &[])];
        if strategies {
            ways.push(Way::wand("wand, exhaustive", &["wand.strategy = 'exhaustive'"]));
            ways.push(Way::wand("wand, bounds", &["wand.strategy = 'bounds'"]));
        }
        if prunes {
            ways.extend(bench.best_of(k, Way::pruned(), &mut report));
        }
        for engine in &engines {
            match engine.as_str() {
                "seismic" => ways.extend(bench.best_of(k, Way::seismic(), &mut report)),
                "bmp" => ways.push(Way::rival("BMP, 8-bit weights", "bmp", "1.0")),
                _ => ways.push(Way::rival("Qdrant, exact", "qdrant", "")),
            }
        }
        if with_hnsw {
            ways.extend(Way::hnsw(k));
        }
        ways.extend(Way::scans(with_hnsw));
        report.add(bench.measure(k, ways));
    }
    bench.finish();
    report.write(output)
}

/// Seconds and bytes of an index, for the report.
fn built(name: &str, seconds: f64, bytes: u64) -> Build {
    Build { name: name.into(), seconds, bytes }
}
