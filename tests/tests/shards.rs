//! Many servers as one: a partitioned table whose partitions are foreign tables of postgres_fdw. The order and, of a
//! single shard, the limit are computed by the shards; the coordinator merges streams. Answers, document frequencies and
//! errors are those of one server that has all rows. What is done on each server stands in docs/scale-out.md, and is run
//! from there.
//!
//! SHARDS_SECONDS (1): how long throughput is measured, with one shard and with four; it is printed, not judged.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::run;
use pg_wand_tests::{oracle, project_root, size};
use postgres::Client;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const N_SHARDS: usize = 4;
const N_CLIENTS: usize = 4;

/// The servers, and how the coordinator sees them.
struct Shards {
    /// Has all documents.
    whole: Cluster,
    shards: Vec<Cluster>,
    coordinator: Cluster,
    queries: Vec<String>,
}

#[test]
fn shards_answer_as_one_server() {
    let shards = Shards::start();
    shards.answers_are_the_same();
    shards.orders_and_limits_go_to_the_shards();
    shards.frequencies_add_up();
    shards.say_how_many_queries();
    shards.a_shard_that_is_down_is_an_error();
}

/// The vectors of the demonstration's passages, in `table`, and the queries in another.
fn load(cluster: &Cluster, client: &mut Client, table: &str) {
    for file in ["passages.svec.tsv.gz", "queries.svec.tsv"] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    run(
        client,
        &format!(
            "CREATE TEMP TABLE raw (id int, emb svec);
             COPY raw FROM PROGRAM 'gzip -dc passages.svec.tsv.gz';
             INSERT INTO {table} SELECT id, emb FROM raw;
             CREATE TABLE queries (id int, emb svec);
             COPY queries FROM '{}/queries.svec.tsv'",
            cluster.data().display()
        ),
    );
}

/// The blocks of SQL that the page has under this title.
fn page(title: &str) -> String {
    let text = fs::read_to_string(project_root().join("docs/scale-out.md")).expect("the page");
    let fence = format!("```sql title=\"{title}\"\n");
    let blocks: Vec<&str> =
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(!blocks.is_empty(), "docs/scale-out.md has no block {title:?}");
    blocks.concat()
}

/// What the page does for shard 0, for another one of this name and address.
fn add_shard(client: &mut Client, number: usize, shard: &Cluster) {
    let sql = page("on the coordinator, for each shard");
    let sql = sql.replace("host 'shard-0.example', port '5432'", &address(shard));
    let names = [("shard_0", "shard_"), ("docs_0", "docs_"), ("df_0", "df_"), ("REMAINDER 0", "REMAINDER ")];
    let sql = names.iter().fold(sql, |sql, (old, new)| sql.replace(old, &format!("{new}{number}")));
    run(client, &sql);
}

fn address(cluster: &Cluster) -> String {
    format!("host '{}', port '{}'", cluster.folder().display(), cluster.port())
}

impl Shards {
    fn start() -> Self {
        let whole = Cluster::start_new(&[]);
        let mut client = whole.connect();
        run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE docs (id int, emb svec)");
        load(&whole, &mut client, "docs");
        run(&mut client, "CREATE INDEX docs_emb ON docs USING wand (emb)");
        run(&mut client, "VACUUM ANALYZE docs");
        let queries = client.query("SELECT emb::text FROM queries ORDER BY id", &[]).expect("queries");
        let queries = queries.iter().map(|row| row.get(0)).collect();

        let start_shard = |_| {
            let shard = Cluster::start_new(&[]);
            run(&mut shard.connect(), &page("on every shard"));
            shard
        };
        let shards: Vec<Cluster> = (0..N_SHARDS).map(start_shard).collect();

        let coordinator = Cluster::start_new(&[]);
        let mut client = coordinator.connect();
        run(&mut client, &page("on the coordinator"));
        for (number, shard) in shards.iter().enumerate() {
            add_shard(&mut client, number, shard);
        }
        run(
            &mut client,
            &format!(
                "CREATE SERVER whole FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({}, dbname 'postgres',
                     extensions 'pg_wand', use_remote_estimate 'true');
                 CREATE USER MAPPING FOR CURRENT_USER SERVER whole OPTIONS (user 'postgres');
                 CREATE FOREIGN TABLE docs_whole (id int, emb svec) SERVER whole OPTIONS (table_name 'docs')",
                address(&whole)
            ),
        );
        load(&coordinator, &mut client, "docs");
        for shard in &shards {
            run(&mut shard.connect(), "VACUUM ANALYZE docs");
        }
        run(&mut client, "ANALYZE docs");
        Self { whole, shards, coordinator, queries }
    }

    fn answers_are_the_same(&self) {
        let (mut one, mut many) = (self.whole.connect(), self.coordinator.connect());
        let n: i64 = many.query_one("SELECT count(*) FROM docs", &[]).expect("count").get(0);
        assert!(n > 8_000, "{n} passages");
        for query in &self.queries {
            for (operator, limit) in [("<#>", "LIMIT 20"), ("<#>", "LIMIT 5 OFFSET 100"), ("<=>", "LIMIT 10")] {
                let sql = format!(
                    "SELECT id::bigint, emb {operator} '{query}' AS d FROM docs ORDER BY emb {operator} '{query}' {limit}"
                );
                let rows = |client: &mut Client| {
                    let found = client.query(&sql, &[]).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
                    found.iter().map(oracle::row).collect::<Vec<_>>()
                };
                let (of_one, of_many) = (rows(&mut one), rows(&mut many));
                let distances = |rows: &[oracle::Row]| rows.iter().map(|row| row.1).collect::<Vec<_>>();
                assert!(!of_one.is_empty());
                if limit.contains("OFFSET") {
                    assert_eq!(distances(&of_one), distances(&of_many), "{sql}");
                } else {
                    oracle::same(&of_many, &of_one, true).unwrap_or_else(|e| panic!("{e}\n{sql}"));
                }
            }
        }
        println!("shards: {} queries answered as by one server", self.queries.len() * 3);
    }

    fn orders_and_limits_go_to_the_shards(&self) {
        let mut client = self.coordinator.connect();
        let mut plan = |table: &str| {
            let query = &self.queries[0];
            let sql =
                format!("EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM {table} ORDER BY emb <#> '{query}' LIMIT 10");
            let lines = client.query(&sql, &[]).expect("EXPLAIN");
            lines.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
        };
        let all = plan("docs");
        assert!(all.contains("Merge Append") && !all.contains("Sort\n"), "{all}");
        assert_eq!(all.matches("Remote SQL: ").count(), N_SHARDS, "{all}");
        assert_eq!(all.matches("ORDER BY (emb OPERATOR(public.<#>) ").count(), N_SHARDS, "{all}");
        let one = plan("docs_whole");
        assert!(one.contains(" LIMIT 10::bigint") && !one.contains("Limit\n"), "{one}");
    }

    /// IDF over all shards is that of their document frequencies, added up.
    fn frequencies_add_up(&self) {
        let sql = page("on the coordinator, once the shards have rows");
        let sql = sql.trim().trim_end_matches(';');
        let of_many = self.coordinator.connect().query_one(&format!("SELECT s::text FROM ({sql}) AS q(s)"), &[]);
        let of_one = self.whole.connect().query_one("SELECT wand_idf('docs_emb')::text", &[]).expect("IDF of one");
        assert_eq!(of_many.expect("IDF of all shards").get::<_, String>(0), of_one.get::<_, String>(0));
    }

    fn say_how_many_queries(&self) {
        let duration = Duration::from_secs(size("SHARDS_SECONDS", 1) as u64);
        for (name, table) in [("one", "docs_whole"), ("four", "docs")] {
            let (done, begin) = (AtomicUsize::new(0), Instant::now());
            std::thread::scope(|scope| {
                for first in 0..N_CLIENTS {
                    let done = &done;
                    scope.spawn(move || {
                        let mut client = self.coordinator.connect();
                        for query in self.queries.iter().cycle().skip(first * 37) {
                            if begin.elapsed() > duration {
                                break;
                            }
                            let sql = format!("SELECT id FROM {table} ORDER BY emb <#> '{query}' LIMIT 10");
                            assert_eq!(client.query(&sql, &[]).expect("a query").len(), 10);
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            let rate = done.into_inner() as f64 / begin.elapsed().as_secs_f64();
            println!("shards: {rate:.0} queries a second with {name} of them and {N_CLIENTS} clients");
        }
    }

    /// At once and in words; nobody gets a part of the answer for the whole. When it is back, all is well.
    fn a_shard_that_is_down_is_an_error(self) {
        let sql = format!("SELECT id FROM docs ORDER BY emb <#> '{}' LIMIT 10", self.queries[0]);
        let mut client = self.coordinator.connect();
        assert_eq!(client.query(&sql, &[]).expect("all shards are there").len(), 10);
        self.shards[2].stop("fast");
        let begin = Instant::now();
        for mut client in [client, self.coordinator.connect()] {
            let error = client.query(&sql, &[]).expect_err("a shard is down");
            let state = error.code().map_or("", |state| state.code()).to_string();
            let text = oracle::describe(&error);
            assert!(["08001", "08006", "57P01"].contains(&state.as_str()), "{state}: {text}");
        }
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        self.shards[2].start();
        assert_eq!(self.coordinator.connect().query(&sql, &[]).expect("it is back").len(), 10);
        for cluster in self.shards.into_iter().chain([self.whole, self.coordinator]) {
            cluster.finish();
        }
    }
}
