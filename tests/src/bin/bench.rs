//! Ours beside pgvector's HNSW over `sparsevec` and a sequential scan: build time, size, latency and recall.
//!
//! usage: bench FOLDER (docs.spz, queries.spz, gt_ids.u32.zst, gt_scores.f32.zst); `PG_CONFIG` names a server that has
//! both extensions. Sizes: BENCH_QUERIES (200), BENCH_SCANS (20 queries by sequential scan).
//!
//! Latency is the executor's own time on the server (EXPLAIN ANALYZE with TIMING OFF, "Execution Time"), one client,
//! after every query has run once. Recall counts a returned row as right when its true score reaches the k-th best.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::collection::{self, Matrix, Truth};
use pg_wand_tests::{oracle, size};
use postgres::Client;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const LIMITS: [usize; 3] = [10, 100, 1_000];
const EF_SEARCH: [usize; 6] = [40, 100, 200, 400, 800, 1_000];
const GOOD_RECALL: f64 = 0.99;

/// One way to answer the queries.
struct Way {
    name: String,
    table: &'static str,
    kind: &'static str,
    settings: String,
    queries: usize,
}

/// What one way took for one k.
struct Measured {
    way: String,
    k: usize,
    mean_ms: f64,
    p95_ms: f64,
    recall: f64,
}

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1).ok_or("usage: bench FOLDER")?;
    let folder = Path::new(&folder);
    let docs = collection::read_matrix(&folder.join("docs.spz"))?;
    let queries = collection::read_matrix(&folder.join("queries.spz"))?;
    let truth = collection::read_truth(folder)?;
    let cluster = Cluster::start_new(&[
        "shared_buffers = 2GB",
        "maintenance_work_mem = 2GB",
        "max_wal_size = 8GB",
        "autovacuum = off",
        "jit = off",
        "max_parallel_workers_per_gather = 0",
    ]);
    let mut client = cluster.connect();
    println!("{}", one::<String>(&mut client, "SELECT version()"));
    run(&mut client, "CREATE EXTENSION pg_wand");
    run(&mut client, "CREATE EXTENSION vector");
    println!("pgvector {}", one::<String>(&mut client, "SELECT extversion FROM pg_extension WHERE extname = 'vector'"));
    load(&mut client, &docs);

    let raw_bytes = 8 * docs.nonzeros();
    println!("{} documents, {} non-zeros, {} queries\n", docs.rows.len(), docs.nonzeros(), queries.rows.len());
    let (ours_s, ours_bytes) = build(&mut client, "ours_emb", "CREATE INDEX ours_emb ON ours USING wand (emb)");
    let hnsw = "CREATE INDEX theirs_emb ON theirs USING hnsw (emb sparsevec_ip_ops)";
    let (theirs_s, theirs_bytes) = build(&mut client, "theirs_emb", hnsw);

    let measured = measure_all(&mut client, &queries, &truth);
    println!("index   build s   size MB   bytes / raw bytes (8 per non-zero)");
    for (name, seconds, bytes) in [("wand", ours_s, ours_bytes), ("hnsw", theirs_s, theirs_bytes)] {
        println!("{name:<7} {seconds:>7.1}   {:>7.1}   {:>5.2}", bytes as f64 / 1e6, bytes as f64 / raw_bytes as f64);
    }
    println!("hnsw / wand: build {:.1} x, size {:.1} x\n", theirs_s / ours_s, theirs_bytes as f64 / ours_bytes as f64);
    report(&measured);
    drop(client);
    cluster.finish();
    Ok(())
}

fn measure_all(client: &mut Client, queries: &Matrix, truth: &Truth) -> Vec<Measured> {
    let many = size("BENCH_QUERIES", 200).min(truth.queries());
    let few = size("BENCH_SCANS", 20).min(many);
    let mut measured = Vec::new();
    for k in LIMITS {
        let wand = Way::new("wand", "ours", "svec", "enable_seqscan = off", many);
        measured.push(measure(client, &wand, queries, truth, k));
        for ef in EF_SEARCH {
            let name = format!("hnsw, ef_search {ef}");
            let way = Way { name, ..Way::new("", "theirs", "sparsevec", "enable_seqscan = off", many) };
            run(client, &format!("SET hnsw.ef_search = {ef}"));
            let result = measure(client, &way, queries, truth, k);
            let enough = result.recall >= GOOD_RECALL;
            measured.push(result);
            if enough {
                break;
            }
        }
        for (name, table, kind) in
            [("sequential scan, svec", "ours", "svec"), ("sequential scan, sparsevec", "theirs", "sparsevec")]
        {
            let way = Way::new(name, table, kind, "enable_indexscan = off", few);
            measured.push(measure(client, &way, queries, truth, k));
        }
    }
    measured
}

impl Way {
    fn new(name: &str, table: &'static str, kind: &'static str, settings: &str, queries: usize) -> Self {
        Self { name: name.into(), table, kind, settings: settings.into(), queries }
    }
}

fn load(client: &mut Client, docs: &Matrix) {
    for (table, kind) in [("ours", "svec"), ("theirs", "sparsevec")] {
        run(client, &format!("CREATE TABLE {table} (id int PRIMARY KEY, emb {kind}({}))", docs.columns));
        let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN")).expect("COPY");
        for row in 0..docs.rows.len() {
            writeln!(copy, "{row}\t{}", docs.literal(row)).expect("COPY");
        }
        copy.finish().expect("COPY");
        run(client, &format!("VACUUM ANALYZE {table}"));
    }
}

/// Seconds and bytes.
fn build(client: &mut Client, index: &str, sql: &str) -> (f64, i64) {
    let begin = Instant::now();
    run(client, sql);
    let seconds = begin.elapsed().as_secs_f64();
    (seconds, one(client, &format!("SELECT pg_relation_size('{index}')")))
}

fn measure(client: &mut Client, way: &Way, queries: &Matrix, truth: &Truth, k: usize) -> Measured {
    run(client, &format!("SET {}", way.settings));
    let mut times = Vec::new();
    let (mut right, mut wanted) = (0, 0);
    for query in 0..way.queries {
        let order = format!("emb <#> '{}'::{}", queries.literal(query), way.kind);
        let sql = format!("SELECT id, {order} FROM {} ORDER BY {order} LIMIT {k}", way.table);
        // The first run warms the cache and gives the recall.
        let rows = client.query(&sql, &[]).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
        let scores: Vec<f64> = rows.iter().map(|row| -row.get::<_, f64>(1)).collect();
        let best = truth.scores_of(query, k);
        let there = truth.ids_of(query, k).iter().take_while(|id| **id != Truth::NONE).count();
        let least = f64::from(best[there.max(1) - 1]) * (1.0 - 1e-5);
        wanted += there;
        right += scores.iter().filter(|score| **score >= least).count().min(there);
        times.push(execution_ms(client, &sql));
    }
    run(client, "RESET enable_seqscan; RESET enable_indexscan");
    times.sort_by(f64::total_cmp);
    Measured {
        way: way.name.clone(),
        k,
        mean_ms: times.iter().sum::<f64>() / times.len() as f64,
        p95_ms: times[times.len() * 95 / 100],
        recall: f64::from(u32::try_from(right).expect("few")) / wanted as f64,
    }
}

fn execution_ms(client: &mut Client, sql: &str) -> f64 {
    let rows = client.query(&format!("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}"), &[]).expect("EXPLAIN");
    let lines = rows.iter().map(|row| row.get::<_, String>(0));
    let time = lines.filter_map(|l| l.strip_prefix("Execution Time: ")?.strip_suffix(" ms")?.parse().ok()).next();
    time.expect("an execution time")
}

fn report(measured: &[Measured]) {
    println!("server-side time per query; x = time / wand's time at the same k");
    println!("   k   {:<28} {:>8}  {:>9}  {:>9}  recall", "way", "x", "mean ms", "95 % ms");
    for k in LIMITS {
        let ours = measured.iter().find(|m| m.k == k).expect("wand is measured first").mean_ms;
        for m in measured.iter().filter(|m| m.k == k) {
            let ratio = m.mean_ms / ours;
            println!("{k:>5}  {:<28} {ratio:>8.2}  {:>9.3}  {:>9.3}  {:.4}", m.way, m.mean_ms, m.p95_ms, m.recall);
        }
    }
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}

fn one<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e))).get(0)
}
