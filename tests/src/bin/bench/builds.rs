//! CREATE INDEX by one process and by two, with much memory and with little: seconds, and the memory it takes.

use crate::measure::{in_turns, mean};
use crate::memory;
use crate::server::{Server, run};
use crate::table::{Table, megabytes, ratio};
use std::time::Instant;

/// maintenance_work_mem and its bytes. With the lesser one a large table does not fit, and runs are spilled.
const MEMORY: [(&str, f64); 2] = [("2GB", 2_147_483_648.0), ("64MB", 67_108_864.0)];
/// max_parallel_maintenance_workers; the leader works, too.
const WORKERS: [usize; 2] = [0, 1];

fn settings(memory: &str, workers: usize) -> Vec<String> {
    vec![
        format!("maintenance_work_mem = '{memory}'"),
        format!("max_parallel_maintenance_workers = {workers}"),
        "client_min_messages = warning".into(),
    ]
}

fn cases() -> Vec<(&'static str, f64, usize)> {
    MEMORY.iter().flat_map(|(name, bytes)| WORKERS.map(|workers| (*name, *bytes, workers))).collect()
}

const DROP: &str = "DROP INDEX IF EXISTS ours_emb";
const CREATE: &str = "CREATE INDEX ours_emb ON ours USING wand (emb)";

/// The index as it was before: several processes leave several segments, which what comes after would measure.
fn restore(server: &mut Server) {
    server.set(&[]);
    server.run(DROP);
    server.run(CREATE);
}

/// Seconds, each the best of the passes, in turns.
pub fn times(server: &mut Server) -> Table {
    let cases = cases();
    let seconds = in_turns(cases.len(), |at| {
        let (memory, _, workers) = cases[at];
        eprintln!("build: {memory}, {workers} workers");
        server.set(&settings(memory, workers));
        server.run(DROP);
        let begin = Instant::now();
        server.run(CREATE);
        vec![begin.elapsed().as_secs_f64()]
    });
    restore(server);
    let title = "Build, time: leader and parallel workers against the leader alone";
    let mut table = Table::new(title, &["maintenance_work_mem", "workers", "time / alone", "seconds"]);
    for (at, (memory, _, workers)) in cases.iter().enumerate() {
        let (own, alone) = (mean(&seconds[at]), mean(&seconds[at - at % WORKERS.len()]));
        table.row(vec![(*memory).into(), workers.to_string(), ratio(own / alone), ratio(own)]);
    }
    table
}

/// Peaks of memory. For a server with few shared buffers.
pub fn memory(server: &mut Server) -> Table {
    let title = "Build, memory: peak of all its backends above their start";
    let columns =
        ["maintenance_work_mem", "workers", "peak / maintenance_work_mem", "peak MB", "leader MB", "workers seen"];
    let mut table = Table::new(title, &columns);
    for (memory, bytes, workers) in cases() {
        eprintln!("build, memory: {memory}, {workers} workers");
        server.refresh();
        // The library's code and the catalogue's rows are there before the peak is counted.
        server.set(&settings(memory, workers));
        server.run("CREATE TEMP TABLE few AS SELECT * FROM ours LIMIT 500");
        server.run("CREATE INDEX ON few USING wand (emb)");
        server.run(DROP);
        let Some(growth) = memory::with_workers(server, |client| run(client, CREATE)) else {
            eprintln!("not measured: this system does not tell what a process takes");
            break;
        };
        let peak = (growth.leader + growth.workers) as f64;
        let mut cells = vec![memory.to_string(), workers.to_string(), ratio(peak / bytes), megabytes(peak)];
        cells.extend([megabytes(growth.leader as f64), growth.n_workers.to_string()]);
        table.row(cells);
    }
    restore(server);
    table
}
