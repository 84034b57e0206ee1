//! What one query makes a backend take, against what it is allowed: a byte a document, and 8 MB.
//!
//! Each query has a backend of its own, since scans keep some memory for the next one. For a server with few shared
//! buffers; the backend has seen all of them, and has run queries of a small index, before it is looked at.

use crate::measure::Collection;
use crate::memory;
use crate::server::{Server, nearest, run, set, strategies};
use crate::table::{Table, megabytes, ratio};
use postgres::Client;

const K: usize = 10;
const QUERIES: usize = 5;
const ALLOWED: f64 = 8.0 * 1024.0 * 1024.0;
/// More rows than this are not fetched to see all buffers.
const FETCHES: usize = 20_000;

pub fn measure(server: &mut Server, data: &Collection) -> Table {
    let allowed = ALLOWED + data.docs.rows.len() as f64;
    server.run("CREATE TABLE few AS SELECT * FROM ours LIMIT 1000");
    server.run("CREATE INDEX few_emb ON few USING wand (emb)");
    let title = format!("Scan, memory: peak of a backend for one query, k = {K}; allowed: 1 byte a document and 8 MB");
    let mut table = Table::new(&title, &["way", "peak / allowed", "peak MB", "allowed MB", "queries"]);
    for (name, settings) in strategies(server) {
        eprintln!("scan, memory: {name}");
        let queries = QUERIES.min(data.queries.rows.len());
        let peaks: Option<Vec<u64>> = (0..queries).map(|query| peak(server, data, &settings, query)).collect();
        let Some(peak) = peaks.and_then(|peaks| peaks.into_iter().max()) else {
            eprintln!("not measured: this system does not tell what a process takes");
            break;
        };
        let peak = peak as f64;
        let cells = [ratio(peak / allowed), megabytes(peak), megabytes(allowed), queries.to_string()];
        table.row(std::iter::once(name.to_string()).chain(cells).collect());
    }
    server.run("DROP TABLE few");
    table
}

fn peak(server: &Server, data: &Collection, settings: &[String], query: usize) -> Option<u64> {
    let mut client = server.session();
    see_all_buffers(&mut client, data.docs.rows.len());
    set(&mut client, settings);
    let literal = data.queries.literal(query);
    for _ in 0..3 {
        run(&mut client, &nearest("few", "svec", &literal, K));
    }
    memory::of_backend(&mut client, |client| run(client, &nearest("ours", "svec", &literal, K)))
}

/// By fetching rows one by one from all over the table, which a ring of buffers does not serve.
fn see_all_buffers(client: &mut Client, rows: usize) {
    let step = rows.div_ceil(FETCHES);
    set(client, &["enable_seqscan = off".into(), "enable_bitmapscan = off".into()]);
    let ids = format!("ARRAY(SELECT generate_series(0, {rows}, {step}))");
    run(client, &format!("SELECT count(emb) FROM ours WHERE id = ANY ({ids})"));
}
