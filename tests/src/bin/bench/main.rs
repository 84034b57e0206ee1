//! `make bench`: our index beside its own other strategies, a sequential scan, pgvector's HNSW, and engines that live
//! in a Python process. One run, the same data and queries, one client, everything warm; then what building, growing,
//! batches and an empty cache cost.
//!
//! usage: bench FOLDER OUTPUT [SMALL LARGE]    FOLDER has docs.spz, queries.spz, gt_*.zst; OUTPUT gets NAME.md,
//!                                             NAME.tsv, NAME.svg; growth is from SMALL to LARGE, folders like FOLDER
//!
//! `PG_CONFIG` names a server that has the extensions. Settings in the environment:
//!
//! ```text
//! sizes       BENCH_QUERIES (200), BENCH_SLOW (50, HNSW), BENCH_SCANS (10, sequential scans), BENCH_PASSES (3),
//!             BENCH_BATCH (1,000, queries of a batch)
//! left out    COMPARE=skip (all ways to answer), HNSW=skip, RIVALS=skip, GROWTH=skip, BATCH=skip, BUILD=skip,
//!             TEXT=skip (questions, document frequencies), FUSION=skip, MEMORY=skip (of a scan), COLD=skip,
//!             FILTER=skip (searches under conditions)
//! nothing but ONLY="FILTER HNSW": the parts that are named
//! filters     FILTER_HNSW_DOCS (50,000, documents of pgvector's index)
//! life        LIFE=row changes: this part alone; LIFE_ROWS (20,000, inserted each way), LIFE_RATE (2,000 changes a second)
//! engines     RIVALS ("qdrant seismic bmp"), BENCH_PYTHON (a Python that has them)
//! ```
//!
//! Every way answers all its queries once to warm up and to give the recall; then all ways take turns, pass by pass,
//! and a query's time is its best pass, so that what else the machine does hits all alike. Server times are the
//! executor's own (EXPLAIN ANALYZE with TIMING OFF); an engine's are from call to answer inside its process.

mod batch;
mod builds;
mod clock;
mod cold;
mod filter;
mod fuse;
mod growth;
mod life;
mod measure;
mod memory;
mod plot;
mod report;
mod rivals;
mod scan_memory;
mod server;
mod table;
mod text;
mod ways;

use measure::{Bench, Collection};
use report::Report;
use rivals::Rivals;
use server::{Server, strategies};
use std::path::Path;
use ways::Way;

const LIMITS: [usize; 3] = [10, 100, 1_000];

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, output, grown) = match arguments.as_slice() {
        [folder, output] => (folder, output, None),
        [folder, output, small, large] => (folder, output, Some((small, large))),
        _ => return Err("usage: bench FOLDER OUTPUT [SMALL LARGE]".into()),
    };
    let (folder, output) = (Path::new(folder), Path::new(output));
    if let Some(changes) = life::wanted() {
        return life::run(folder, output, changes);
    }
    let data = Collection::read(folder)?;
    let cache = output.join("cache").join(&data.name);
    let mut server = Server::start();
    let indexes = server.set_up(&data, wanted("HNSW") && wanted("COMPARE"));
    let mut report = Report::new(&data, &server.versions(), indexes);
    if wanted("COMPARE") {
        let (rivals, indexes) = Rivals::start(folder, &cache, &rivals::wanted())?;
        report.add_indexes(indexes);
        compare(Bench { data: &data, server: &mut server, rivals }, &mut report);
    }
    if let Some((small, large)) = grown.filter(|_| wanted("GROWTH")) {
        let (small, large) = (Collection::read(Path::new(small))?, Collection::read(Path::new(large))?);
        growth::measure(&small, &large, &LIMITS).into_iter().for_each(|table| report.add_table(table));
    }
    if wanted("FILTER") {
        let tables = filter::measure(&mut server, &data, folder, &cache, wanted("HNSW"))?;
        tables.into_iter().for_each(|table| report.add_table(table));
    }
    resources(server, &data, &mut report);
    report.write(output)
}

/// Whether a part is to be run.
fn wanted(part: &str) -> bool {
    match std::env::var("ONLY") {
        Ok(parts) if !parts.is_empty() => parts.split_whitespace().any(|named| named == part),
        _ => std::env::var(part).map_or(true, |word| word != "skip"),
    }
}

/// Every way to answer the queries.
fn compare(mut bench: Bench<'_>, report: &mut Report) {
    let engines = bench.rivals.names();
    let with_hnsw = wanted("HNSW");
    let settings = ["wand.recheck", "wand.prune_factor", "wand.max_query_terms"].map(|s| bench.server.has_setting(s));
    for k in LIMITS {
        let exact = strategies(bench.server).into_iter();
        let mut ways: Vec<Way> = exact.map(|(name, settings)| Way::wand(name, settings)).collect();
        if settings[0] {
            ways.push(Way::unchecked());
        }
        if settings[1] {
            ways.extend(bench.best_of(k, Way::pruned(), report));
        }
        if settings[2] {
            ways.extend(bench.best_of(k, Way::fewer_terms(), report));
        }
        for engine in &engines {
            match engine.as_str() {
                "seismic" => ways.extend(bench.best_of(k, Way::seismic(), report)),
                "bmp" => ways.push(Way::rival("BMP, 8-bit weights", "bmp", "1.0")),
                _ => ways.push(Way::rival("Qdrant, exact", "qdrant", "")),
            }
        }
        if with_hnsw {
            ways.push(Way::on_sparsevec());
            ways.extend(Way::hnsw(k));
        }
        ways.extend(Way::scans(with_hnsw));
        report.add(bench.measure(k, &ways));
    }
    bench.rivals.finish();
}

/// Batches and building in the server as it is; memory and buffers with a small cache.
fn resources(mut server: Server, data: &Collection, report: &mut Report) {
    if wanted("TEXT") {
        report.add_table(text::encoding(&mut server));
        report.add_table(text::statistics(&mut server));
    }
    if wanted("FUSION") {
        report.add_table(fuse::measure(&mut server));
    }
    if wanted("BATCH") {
        report.add_table(batch::measure(&mut server, data));
    }
    if wanted("BUILD") {
        report.add_table(builds::times(&mut server));
    }
    let setting = cold::shared_buffers(&mut server);
    server.restart(&setting);
    if wanted("BUILD") {
        report.add_table(builds::memory(&mut server));
    }
    if wanted("MEMORY") {
        report.add_table(scan_memory::measure(&mut server, data));
    }
    if wanted("COLD") {
        report.add_table(cold::measure(&mut server, data));
    }
    server.finish();
}
