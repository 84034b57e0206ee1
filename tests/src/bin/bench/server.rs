//! A private server with both tables and both indexes.

use crate::built;
use crate::report::Build;
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::collection::Matrix;
use pg_wand_tests::oracle;
use postgres::Client;
use std::io::Write;
use std::time::Instant;

pub struct Server {
    client: Client,
    cluster: Cluster,
    with_hnsw: bool,
}

const SETTINGS: [&str; 7] = [
    "shared_buffers = 2GB",
    "maintenance_work_mem = 2GB",
    "max_wal_size = 8GB",
    "autovacuum = off",
    "jit = off",
    "max_parallel_workers_per_gather = 0",
    // Every index of the comparison is built by one thread.
    "max_parallel_maintenance_workers = 0",
];

impl Server {
    pub fn start(docs: &Matrix, with_hnsw: bool) -> Self {
        let cluster = Cluster::start_new(&SETTINGS);
        let mut client = cluster.connect();
        run(&mut client, "CREATE EXTENSION pg_wand");
        load(&mut client, "ours", "svec", docs);
        if with_hnsw {
            run(&mut client, "CREATE EXTENSION vector");
            load(&mut client, "theirs", "sparsevec", docs);
        }
        // Settings of the library are there once it is loaded.
        run(&mut client, "LOAD 'pg_wand'");
        Self { client, cluster, with_hnsw }
    }

    pub fn build(&mut self) -> Vec<Build> {
        let mut builds = vec![self.build_one("wand", "ours_emb", "ours USING wand (emb)")];
        if self.with_hnsw {
            builds.push(self.build_one("pgvector HNSW", "theirs_emb", "theirs USING hnsw (emb sparsevec_ip_ops)"));
        }
        builds
    }

    fn build_one(&mut self, name: &str, index: &str, what: &str) -> Build {
        eprintln!("building {name}");
        let begin = Instant::now();
        run(&mut self.client, &format!("CREATE INDEX {index} ON {what}"));
        let seconds = begin.elapsed().as_secs_f64();
        let sql = format!("SELECT pg_relation_size('{index}')");
        let bytes: i64 = self.client.query_one(&sql, &[]).expect("a size").get(0);
        built(name, seconds, u64::try_from(bytes).expect("a size"))
    }

    pub fn versions(&mut self) -> String {
        let sql = "SELECT 'PostgreSQL ' || current_setting('server_version') || \
                   coalesce((SELECT string_agg(', ' || extname || ' ' || extversion, '' ORDER BY extname) \
                             FROM pg_extension WHERE extname <> 'plpgsql'), '')";
        self.client.query_one(sql, &[]).expect("versions").get(0)
    }

    pub fn has_setting(&mut self, name: &str) -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_settings WHERE name = $1)";
        self.client.query_one(sql, &[&name]).expect("settings").get(0)
    }

    /// The ids that each statement returns.
    pub fn answers(&mut self, settings: &[String], statements: &[String]) -> Vec<Vec<u32>> {
        self.with_settings(settings, |client, sql| {
            let rows = client.query(sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
            rows.iter().map(|row| u32::try_from(row.get::<_, i32>(0)).expect("an id")).collect()
        })(statements)
    }

    /// The executor's milliseconds.
    pub fn times(&mut self, settings: &[String], statements: &[String]) -> Vec<f64> {
        self.with_settings(settings, execution_ms)(statements)
    }

    fn with_settings<T>(
        &mut self,
        settings: &[String],
        each: impl Fn(&mut Client, &str) -> T,
    ) -> impl FnOnce(&[String]) -> Vec<T> {
        run(&mut self.client, "RESET ALL");
        for setting in settings {
            run(&mut self.client, &format!("SET {setting}"));
        }
        move |statements| statements.iter().map(|sql| each(&mut self.client, sql)).collect()
    }

    pub fn finish(self) {
        drop(self.client);
        self.cluster.finish();
    }
}

fn load(client: &mut Client, table: &str, kind: &str, docs: &Matrix) {
    eprintln!("loading {table}");
    run(client, &format!("CREATE TABLE {table} (id int PRIMARY KEY, emb {kind}({}))", docs.columns));
    let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN")).expect("COPY");
    for row in 0..docs.rows.len() {
        writeln!(copy, "{row}\t{}", docs.literal(row)).expect("COPY");
    }
    copy.finish().expect("COPY");
    run(client, &format!("VACUUM ANALYZE {table}"));
}

fn execution_ms(client: &mut Client, sql: &str) -> f64 {
    let sql = format!("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}");
    let rows = client.query(&sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
    let lines = rows.iter().map(|row| row.get::<_, String>(0));
    let time = lines.filter_map(|l| l.strip_prefix("Execution Time: ")?.strip_suffix(" ms")?.parse().ok()).next();
    time.expect("an execution time")
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}
