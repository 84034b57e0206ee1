//! A private server, its tables and indexes, and how statements are timed on it.

use crate::measure::Collection;
use crate::report::Index;
use crate::ways::INDEX_ONLY;
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::collection::Matrix;
use pg_wand_tests::oracle;
use postgres::{Client, Row};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

pub struct Server {
    client: Option<Client>,
    cluster: Cluster,
}

const SETTINGS: [&str; 8] = [
    "shared_buffers = 2GB",
    "maintenance_work_mem = 2GB",
    "max_wal_size = 8GB",
    "autovacuum = off",
    "jit = off",
    "max_parallel_workers_per_gather = 0",
    // Every index of the comparison is built by one process; where more are allowed, small tables have them too.
    "max_parallel_maintenance_workers = 0",
    "min_parallel_table_scan_size = 0",
];

impl Server {
    pub fn start() -> Self {
        Self::start_with(&SETTINGS)
    }

    pub fn start_with(settings: &[&str]) -> Self {
        let cluster = Cluster::start_new(settings);
        let mut server = Self { client: Some(cluster.connect()), cluster };
        server.run("CREATE EXTENSION pg_wand");
        server.refresh();
        server
    }

    /// Stops and starts the server with this setting changed: its own caches are empty.
    pub fn restart(&mut self, setting: &str) {
        self.run(&format!("ALTER SYSTEM SET {setting}"));
        self.client = None;
        self.cluster.stop("fast");
        self.cluster.start();
        self.refresh();
    }

    /// A session that has not loaded the library.
    pub fn new_client(&self) -> Client {
        self.cluster.connect()
    }

    /// Copies a file to where the server reads files by name.
    pub fn place(&self, file: &Path) {
        self.cluster.place(file);
    }

    /// Where the server keeps all it has.
    pub fn folder(&self) -> &Path {
        self.cluster.folder()
    }

    /// A new session of our own.
    pub fn refresh(&mut self) {
        self.client = Some(self.session());
    }

    /// A session; settings of the library are there once it is loaded.
    pub fn session(&self) -> Client {
        let mut client = self.cluster.connect();
        run(&mut client, "LOAD 'pg_wand'");
        client
    }

    pub fn load(&mut self, table: &str, kind: &str, docs: &Matrix) {
        eprintln!("loading {table}: {} rows", docs.rows.len());
        self.run(&format!("CREATE TABLE {table} (id int PRIMARY KEY, emb {kind}({}))", docs.columns));
        let mut copy = self.client().copy_in(&format!("COPY {table} FROM STDIN")).expect("COPY");
        for row in 0..docs.rows.len() {
            writeln!(copy, "{row}\t{}", docs.literal(row)).expect("COPY");
        }
        copy.finish().expect("COPY");
        self.run(&format!("VACUUM ANALYZE {table}"));
    }

    /// Our table, pgvector's if wanted, and then one like pgvector's with our index: each with one index, or the planner
    /// would choose.
    pub fn set_up(&mut self, data: &Collection, with_hnsw: bool) -> Vec<Index> {
        self.load("ours", "svec", &data.docs);
        let mut indexes = vec![self.build("wand", "ours")];
        if with_hnsw {
            self.run("CREATE EXTENSION vector");
            self.load("theirs", "sparsevec", &data.docs);
            indexes.push(self.build("pgvector HNSW", "theirs"));
            self.run("CREATE EXTENSION pg_wand_pgvector");
            self.load("sparsevecs", "sparsevec", &data.docs);
            indexes.push(self.build("wand on sparsevec", "sparsevecs"));
        }
        indexes
    }

    /// Makes the index of a table.
    pub fn build(&mut self, name: &str, table: &str) -> Index {
        eprintln!("building {name} on {table}");
        let method = if name == "pgvector HNSW" { "hnsw (emb sparsevec_ip_ops)" } else { "wand (emb)" };
        let begin = Instant::now();
        self.run(&format!("CREATE INDEX {table}_emb ON {table} USING {method}"));
        let seconds = begin.elapsed().as_secs_f64();
        Index { name: name.into(), seconds, bytes: self.index_bytes(table) }
    }

    pub fn index_bytes(&mut self, table: &str) -> u64 {
        let sql = format!("SELECT pg_relation_size('{table}_emb')");
        u64::try_from(self.row(&sql).get::<_, i64>(0)).expect("a size")
    }

    pub fn versions(&mut self) -> String {
        let sql = "SELECT 'PostgreSQL ' || current_setting('server_version') || \
                   coalesce((SELECT string_agg(', ' || extname || ' ' || extversion, '' ORDER BY extname) \
                             FROM pg_extension WHERE extname <> 'plpgsql'), '')";
        self.row(sql).get(0)
    }

    pub fn has_setting(&mut self, name: &str) -> bool {
        self.row(&format!("SELECT EXISTS (SELECT FROM pg_settings WHERE name = '{name}')")).get(0)
    }

    /// The ids that each statement returns.
    pub fn answers(&mut self, settings: &[String], statements: &[String]) -> Vec<Vec<u32>> {
        self.set(settings);
        let ids = |row: &Row| u32::try_from(row.get::<_, i32>(0)).expect("an id");
        statements.iter().map(|sql| rows(self.client(), sql).iter().map(ids).collect()).collect()
    }

    /// The executor's milliseconds.
    pub fn times(&mut self, settings: &[String], statements: &[String]) -> Vec<f64> {
        self.set(settings);
        self.times_as_set(statements)
    }

    /// The same with the settings as they are, in a transaction too.
    pub fn times_as_set(&mut self, statements: &[String]) -> Vec<f64> {
        statements.iter().map(|sql| self.timed(sql).execution).collect()
    }

    /// One statement with the settings as they are.
    pub fn timed(&mut self, sql: &str) -> Spent {
        let lines = explain(self.client(), "ANALYZE, TIMING OFF, COSTS OFF", sql);
        let of = |name: &str| {
            let time = |line: &String| line.strip_prefix(name)?.strip_suffix(" ms")?.parse().ok();
            lines.iter().find_map(time).unwrap_or_else(|| panic!("no {name:?} in {lines:#?}"))
        };
        Spent { planning: of("Planning Time: "), execution: of("Execution Time: ") }
    }

    /// These settings and no others.
    pub fn set(&mut self, settings: &[String]) {
        set(self.client(), settings);
    }

    pub fn run(&mut self, sql: &str) {
        run(self.client(), sql);
    }

    pub fn row(&mut self, sql: &str) -> Row {
        row(self.client(), sql)
    }

    pub fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("the server runs")
    }

    pub fn finish(self) {
        drop(self.client);
        self.cluster.finish();
    }
}

/// Milliseconds of the planner and of the executor.
pub struct Spent {
    pub planning: f64,
    pub execution: f64,
}

/// The statement for one query. `table` may have a WHERE behind it.
pub fn nearest(table: &str, kind: &str, literal: &str, k: usize) -> String {
    format!("SELECT id FROM {table} ORDER BY emb <#> '{literal}'::{kind} LIMIT {k}")
}

/// Our ways to find rows, by name, with what sets them.
pub fn strategies(server: &mut Server) -> Vec<(&'static str, Vec<String>)> {
    let mut all = vec![("wand", vec![INDEX_ONLY.to_string()])];
    if server.has_setting("wand.strategy") {
        for (name, setting) in
            [("wand, exhaustive", "wand.strategy = 'exhaustive'"), ("wand, bounds", "wand.strategy = 'bounds'")]
        {
            all.push((name, vec![INDEX_ONLY.to_string(), setting.to_string()]));
        }
    }
    all
}

pub fn set(client: &mut Client, settings: &[String]) {
    run(client, "RESET ALL");
    settings.iter().for_each(|setting| run(client, &format!("SET {setting}")));
}

/// The lines of the plan.
pub fn explain(client: &mut Client, options: &str, sql: &str) -> Vec<String> {
    rows(client, &format!("EXPLAIN ({options}) {sql}")).iter().map(|row| row.get(0)).collect()
}

pub fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}

pub fn row(client: &mut Client, sql: &str) -> Row {
    client.query_one(sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)))
}

pub fn rows(client: &mut Client, sql: &str) -> Vec<Row> {
    client.query(sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)))
}
