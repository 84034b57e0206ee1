//! Buffers that a query touches in a server whose cache is smaller than the index, against the pages it needs.
//!
//! What it needs is `wand_last_scan().bytes_read`: every page of a segment that the scan opened, each time counted. The
//! scan node's buffers are the plan's; they have the rows' pages in them. The index's own come from the statistics, and
//! have what planning reads in them. The operating system's cache stays as it is: counts, not times.

use crate::measure::{Collection, mean};
use crate::server::{Server, explain, nearest, strategies};
use crate::table::{Table, ratio};

const K: usize = 10;
const QUERIES: usize = 20;
const PAGE: f64 = 8192.0;

/// Of one query.
#[derive(Default)]
struct Counts {
    needed: f64,
    node: Buffers,
    index: Buffers,
}

#[derive(Clone, Copy, Default)]
struct Buffers {
    hit: f64,
    read: f64,
}

impl Buffers {
    fn all(self) -> f64 {
        self.hit + self.read
    }
}

/// The server's cache for this part: a quarter of the index, at most 8 MB, at least what a server starts with.
pub fn shared_buffers(server: &mut Server) -> String {
    let kilobytes = (server.index_bytes("ours") / 4 / 1024).clamp(512, 8192);
    format!("shared_buffers = '{kilobytes}kB'")
}

pub fn measure(server: &mut Server, data: &Collection) -> Table {
    let setting = shared_buffers(server);
    let queries = QUERIES.min(data.queries.rows.len());
    let megabytes = server.index_bytes("ours") as f64 / 1e6;
    let title =
        format!("Cold cache: buffers a query, means of {queries}, k = {K}; {setting}, the index has {megabytes:.1} MB");
    let columns = [
        "way",
        "scan node / needed",
        "index / needed",
        "pages needed",
        "node read",
        "node hit",
        "index read",
        "index hit",
    ];
    let mut table = Table::new(&title, &columns);
    for (name, settings) in strategies(server) {
        eprintln!("cold cache: {name}");
        server.restart(&setting);
        server.set(&settings);
        let counts: Vec<Counts> = (0..queries).map(|query| count(server, data, query)).collect();
        let of = |part: fn(&Counts) -> f64| mean(&counts.iter().map(part).collect::<Vec<f64>>());
        let needed = of(|c| c.needed);
        let ratios = [of(|c| c.node.all()) / needed, of(|c| c.index.all()) / needed].map(ratio);
        let shown = [needed, of(|c| c.node.read), of(|c| c.node.hit), of(|c| c.index.read), of(|c| c.index.hit)];
        let cells = ratios.into_iter().chain(shown.map(|n| format!("{n:.1}")));
        table.row(std::iter::once(name.to_string()).chain(cells).collect());
    }
    table
}

fn count(server: &mut Server, data: &Collection, query: usize) -> Counts {
    let before = index_buffers(server);
    let sql = nearest("ours", "svec", &data.queries.literal(query), K);
    let plan = explain(server.client(), "ANALYZE, BUFFERS, COSTS OFF, TIMING OFF", &sql);
    let after = index_buffers(server);
    let bytes: i64 = server.row("SELECT bytes_read FROM wand_last_scan()").get(0);
    let index = Buffers { hit: after.hit - before.hit, read: after.read - before.read };
    Counts { needed: bytes as f64 / PAGE, node: node_buffers(&plan), index }
}

/// What this session has told the statistics so far.
fn index_buffers(server: &mut Server) -> Buffers {
    server.run("SELECT pg_stat_force_next_flush()");
    let sql = "SELECT idx_blks_hit::float8, idx_blks_read::float8 FROM pg_statio_all_indexes \
               WHERE indexrelid = 'ours_emb'::regclass";
    let row = server.row(sql);
    Buffers { hit: row.get(0), read: row.get(1) }
}

/// `Buffers: shared hit=3 read=40` of the index scan's node.
fn node_buffers(plan: &[String]) -> Buffers {
    let mut lines = plan.iter().skip_while(|line| !line.contains("Index Scan using ours_emb")).skip(1);
    let line = lines.find(|line| line.trim_start().starts_with("Buffers: shared"));
    let line = line.unwrap_or_else(|| panic!("no buffers of the index scan in {plan:#?}"));
    let word = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.parse().ok()).unwrap_or(0.0);
    Buffers { hit: word("hit="), read: word("read=") }
}
