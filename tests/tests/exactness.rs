//! The index's answer is the sequential scan's answer: the same distances, bit for bit and in order, and the same
//! rows (rows at equal distance may change places), for every kind of data, after everything that can happen to a
//! table, in every shape of query, by every strategy and in every width of the inner loops.
//!
//! Sizes: EXACT_DOCS (2,000 a profile), EXACT_QUERIES (8), SQUAD_QUERIES (1,000 of the optional collection "squad",
//! looked for under DATA_DIR or ../shared/data), MANUAL_QUERIES (124, the collection in demo/pgdocs). SEED repeats a
//! run; every failure names it.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::collection::{self, Truth};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle::{self, Question};
use pg_wand_tests::random::Random;
use pg_wand_tests::{project_root, seed, size};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const LIMITS: [usize; 4] = [1, 10, 100, 1_000];
/// Operator, operator class, suffix of the index's name.
const ORDERS: [(&str, &str, &str); 3] =
    [("<#>", "svec_ip_ops", "ip"), ("<=>", "svec_cosine_ops", "cos"), ("<->", "svec_l2_ops", "l2")];

struct Scene {
    client: Client,
    random: Random,
    seed: u64,
    profile: Profile,
    next_id: i64,
    /// Which way of finding rows comes next.
    turn: usize,
}

#[test]
fn through_a_tables_life() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    cluster.connect().batch_execute("CREATE EXTENSION pg_wand").expect("CREATE EXTENSION");
    let seed = seed();
    let mut profiles = vec![Profile::Learned];
    profiles.extend(corpus::ADVERSARIAL);
    let before = oracle::count_compared();
    for profile in profiles {
        let mut scene =
            Scene { client: cluster.connect(), random: Random::new(seed), seed, profile, next_id: 1, turn: 0 };
        let docs = size("EXACT_DOCS", 2_000);
        let docs = if profile == Profile::Huge { docs.div_ceil(20) } else { docs };
        live_through(&mut scene, docs);
        println!("{profile:?}: {} documents, seed {seed}", scene.next_id - 1);
    }
    let compared = oracle::count_compared() - before;
    println!("exactness: {compared} answers compared, 0 differences; SEED={seed}");
    cluster.finish();
}

/// Build on an empty table, fill, build on a full one, insert, update, delete, vacuum, reindex, also with parallel
/// workers; compare after each.
fn live_through(scene: &mut Scene, docs: usize) {
    run(scene, "DROP TABLE IF EXISTS docs; CREATE TABLE docs (id bigint PRIMARY KEY, emb svec)");
    create_indexes(scene, "WITH (pending_list_limit = 64)");
    verify(scene, "empty");
    insert(scene, docs / 4);
    verify(scene, "inserted into an empty index");
    run(scene, "DROP INDEX docs_ip, docs_cos, docs_l2");
    insert(scene, docs / 2);
    create_indexes(scene, "");
    verify(scene, "built");
    insert(scene, docs / 4);
    verify(scene, "inserted");
    run(scene, "UPDATE docs SET emb = (SELECT emb FROM docs o WHERE o.id = docs.id + 1) WHERE id % 5 = 0");
    verify(scene, "updated");
    run(scene, "DELETE FROM docs WHERE id % 3 = 0");
    verify(scene, "deleted");
    run(scene, "VACUUM docs");
    verify(scene, "vacuumed");
    insert(scene, docs / 8);
    verify(scene, "inserted after vacuum");
    run(scene, "VACUUM docs");
    run(scene, "REINDEX INDEX docs_ip; REINDEX INDEX docs_cos; REINDEX INDEX docs_l2");
    verify(scene, "reindexed");
    run(scene, "ALTER TABLE docs SET (parallel_workers = 2); REINDEX TABLE docs");
    verify(scene, "reindexed by several processes");
    run(scene, "DELETE FROM docs; VACUUM docs");
    verify(scene, "emptied");
    insert(scene, docs / 8);
    verify(scene, "filled again");
}

fn create_indexes(scene: &mut Scene, options: &str) {
    for (_, class, suffix) in ORDERS {
        run(scene, &format!("CREATE INDEX docs_{suffix} ON docs USING wand (emb {class}) {options}"));
    }
}

fn insert(scene: &mut Scene, rows: usize) {
    let mut text = String::new();
    for id in scene.next_id.. {
        if id == scene.next_id + rows as i64 {
            break;
        }
        let value = corpus::document(scene.profile, &mut scene.random);
        let value = value.map_or("\\N".into(), |v| corpus::literal(&v));
        writeln!(text, "{id}\t{value}").expect("writing to a string");
    }
    scene.next_id += rows as i64;
    copy(&mut scene.client, "docs", &text);
}

fn verify(scene: &mut Scene, stage: &str) {
    let context = format!("{:?}, {stage}, SEED={}", scene.profile, scene.seed);
    for index in ["docs_ip", "docs_cos", "docs_l2"] {
        let problems = oracle::check_index(&mut scene.client, index);
        assert!(problems.is_empty(), "{context}: {index}: {}", problems.join("\n"));
    }
    for at in 0..size("EXACT_QUERIES", 8) {
        let query = match at {
            0 => corpus::Vector::new(),
            _ => corpus::query(scene.profile, &mut scene.random),
        };
        let query = corpus::literal(&query);
        for (operator, _, suffix) in ORDERS {
            let order = format!("emb {operator} '{query}'");
            let sql = format!("SELECT id, {order} FROM docs ORDER BY {order}");
            oracle::take_turns(&mut scene.client, scene.turn).unwrap_or_else(|e| panic!("{context}: {e}"));
            scene.turn += 1;
            oracle::compare_limits(&mut scene.client, &sql, &format!("docs_{suffix}"), &LIMITS, None)
                .unwrap_or_else(|e| panic!("{context}: {e}"));
        }
    }
}

#[test]
fn in_every_shape_of_query() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand").expect("CREATE EXTENSION");
    let seed = seed();
    let mut random = Random::new(seed);
    let q = shapes_tables(&mut client, &mut random);
    let order = format!("emb <#> '{q}'");
    let near = format!("SELECT id, {order} FROM docs");
    let docs = Some("docs_ip");
    let second = near.replacen("SELECT id,", "SELECT id + 1000000,", 1);
    let mut shapes: Vec<(String, Option<&str>)> = vec![
        (format!("{near} ORDER BY {order} LIMIT 0"), docs),
        (format!("{near} ORDER BY {order} LIMIT 10 OFFSET 25"), docs),
        (format!("{near} ORDER BY {order} OFFSET 990"), docs),
        (format!("{near} ORDER BY {order} LIMIT NULL"), docs),
        (format!("{near} ORDER BY {order} LIMIT (SELECT 7)"), docs),
        (format!("{near} ORDER BY {order} FETCH FIRST 5 ROWS WITH TIES"), docs),
        (format!("{near} WHERE part = 3 ORDER BY {order} LIMIT 20"), docs),
        (format!("{near} WHERE id % 50 = 0 ORDER BY {order} LIMIT 50"), docs),
        (format!("{near} WHERE emb && '{q}' ORDER BY {order}"), docs),
        (format!("{near} WHERE {order} < -3 ORDER BY {order} LIMIT 100"), docs),
        (format!("{near} WHERE part = 4 ORDER BY {order}"), docs),
        (format!("SELECT id, {order} FROM plain ORDER BY {order} LIMIT 30"), None),
        (format!("SELECT id, {order} FROM partial WHERE part = 1 ORDER BY {order} LIMIT 30"), Some("partial_1")),
        (format!("SELECT id, {order} FROM parts ORDER BY {order} LIMIT 30"), Some("parts_1_emb_idx")),
        (format!("SELECT id, {order} FROM parts ORDER BY {order}"), Some("parts_1_emb_idx")),
        (
            format!("SELECT id, raw::svec <#> '{q}' FROM texts ORDER BY raw::svec <#> '{q}' LIMIT 30")
                .replace("raw::svec", "as_svec(raw)"),
            Some("texts_emb"),
        ),
        ("SELECT id, emb <#> (SELECT NULL::svec) FROM docs ORDER BY emb <#> (SELECT NULL::svec) LIMIT 9".into(), docs),
        (
            format!("SELECT d.id, d.{order} FROM (SELECT * FROM docs ORDER BY {order} LIMIT 40) d ORDER BY 2 LIMIT 10"),
            docs,
        ),
        (format!("WITH d AS MATERIALIZED ({near} ORDER BY {order} LIMIT 40) SELECT * FROM d"), docs),
        (format!("SELECT id, {order} FROM docs JOIN names USING (part) ORDER BY {order} LIMIT 40"), None),
        (
            "SELECT q.id * 1000000 + d.id, d.distance FROM queries q CROSS JOIN LATERAL
             (SELECT id, emb <#> q.emb AS distance FROM docs ORDER BY emb <#> q.emb LIMIT 10) d ORDER BY q.id, 2"
                .into(),
            docs,
        ),
        (
            "SELECT q.id, (SELECT emb <#> q.emb FROM docs ORDER BY emb <#> q.emb LIMIT 1) FROM queries q ORDER BY 1"
                .into(),
            docs,
        ),
        (
            // A row may be in both arms; its number tells which.
            format!("({near} ORDER BY {order} LIMIT 5) UNION ALL ({second} WHERE part = 2 ORDER BY {order} LIMIT 5)"),
            docs,
        ),
        (format!("{near} WHERE id IN (SELECT id FROM docs ORDER BY {order} LIMIT 10) ORDER BY id FOR UPDATE"), docs),
    ];
    // PostgreSQL 18's executor loses the row's ctid when it reorders (GiST's polygons have it too), so there rows can
    // be locked by way of a subquery only, as above.
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int", &[]).expect("version").get(0);
    if version < 160_000 {
        shapes.push((format!("{near} ORDER BY {order} LIMIT 10 FOR UPDATE"), docs));
    }
    for (turn, (sql, index)) in shapes.iter().enumerate() {
        let question = Question { sql, index: *index, cut: sql.contains("LIMIT") };
        oracle::take_turns(&mut client, turn).unwrap_or_else(|e| panic!("SEED={seed}: {e}"));
        oracle::compare(&mut client, &question).unwrap_or_else(|e| panic!("SEED={seed}: {e}"));
    }
    prepared(&mut client, &q, seed);
    cursor(&mut client, &format!("{near} ORDER BY {order}"), seed);
    println!("{} shapes, seed {seed}", shapes.len() + 3);
    drop(client);
    cluster.finish();
}

/// Tables docs (1,000 rows and NULLs), plain (no index), partial, parts (partitioned), texts (indexed expression),
/// queries, names.
fn shapes_tables(client: &mut Client, random: &mut Random) -> String {
    client
        .batch_execute(
            "CREATE TABLE docs (id bigint PRIMARY KEY, part int, emb svec);
             CREATE TABLE queries (id bigint PRIMARY KEY, emb svec);
             CREATE TABLE names (part int PRIMARY KEY, name text);
             INSERT INTO names SELECT p, 'part ' || p FROM generate_series(0, 9) p;
             CREATE FUNCTION as_svec(text) RETURNS svec LANGUAGE plpgsql IMMUTABLE STRICT
               AS 'BEGIN RETURN $1::public.svec; END'",
        )
        .expect("tables");
    let mut docs = String::new();
    let mut queries = String::new();
    for id in 1..=1_000 {
        let value = if id % 100 == 0 {
            "\\N".into()
        } else {
            corpus::literal(&corpus::document(Profile::Learned, random).expect("not NULL"))
        };
        writeln!(docs, "{id}\t{}\t{value}", id % 10).expect("writing to a string");
    }
    for id in 1..=10 {
        let value = corpus::literal(&corpus::query(Profile::Learned, random));
        writeln!(queries, "{id}\t{value}").expect("writing to a string");
    }
    copy(client, "docs", &docs);
    copy(client, "queries", &queries);
    client
        .batch_execute(
            "CREATE INDEX docs_ip ON docs USING wand (emb);
             CREATE TABLE plain AS TABLE docs;
             CREATE TABLE partial AS TABLE docs;
             CREATE INDEX partial_1 ON partial USING wand (emb) WHERE part = 1;
             CREATE TABLE parts (id bigint, part int, emb svec) PARTITION BY HASH (id);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0);
             CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1);
             CREATE TABLE parts_3 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2);
             CREATE INDEX ON parts USING wand (emb);
             INSERT INTO parts TABLE docs;
             CREATE TABLE texts AS SELECT id, emb::text AS raw FROM docs;
             CREATE INDEX texts_emb ON texts USING wand (as_svec(raw));
             ANALYZE",
        )
        .expect("indexes");
    corpus::literal(&corpus::query(Profile::Learned, random))
}

/// A prepared statement, with its custom and with its generic plan.
fn prepared(client: &mut Client, q: &str, seed: u64) {
    let scan = |k: usize| format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY 2 LIMIT {k}");
    client
        .batch_execute("PREPARE near (svec, bigint) AS SELECT id, emb <#> $1 FROM docs ORDER BY emb <#> $1 LIMIT $2")
        .expect("PREPARE");
    for mode in ["force_custom_plan", "force_generic_plan"] {
        client.batch_execute(&format!("SET plan_cache_mode = {mode}; SET enable_seqscan = off")).expect("SET");
        for k in [3, 300, 5] {
            let sql = format!("EXECUTE near ('{q}', {k})");
            let question = Question { sql: &sql, index: Some("docs_ip"), cut: true };
            oracle::compare_with(client, &question, &scan(k)).unwrap_or_else(|e| panic!("{mode}, SEED={seed}: {e}"));
        }
    }
    client.batch_execute("RESET ALL").expect("RESET");
}

/// A cursor that fetches in uneven portions to the end.
fn cursor(client: &mut Client, sql: &str, seed: u64) {
    let mut transaction = oracle::begin(client).expect("BEGIN");
    oracle::prefer_index(&mut transaction).expect("SET");
    transaction.batch_execute(&format!("DECLARE c NO SCROLL CURSOR FOR {sql}")).expect("DECLARE");
    let mut by_index = Vec::new();
    for portion in [1, 2, 7, 40, 200].iter().cycle() {
        let rows = transaction.query(&format!("FETCH {portion} FROM c"), &[]).expect("FETCH");
        if rows.is_empty() {
            break;
        }
        by_index.extend(rows.iter().map(oracle::row));
    }
    let by_scan = oracle::through_scan(&mut transaction, sql).expect("scan");
    oracle::same(&by_index, &by_scan, false).unwrap_or_else(|e| panic!("cursor, SEED={seed}: {e}"));
}

#[test]
fn on_the_manual() {
    let folder = project_root().join("demo/pgdocs");
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    client
        .batch_execute("CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint PRIMARY KEY, emb svec(30522))")
        .expect("table");
    let docs = gunzip(&folder.join("passages.svec.tsv.gz"));
    copy(&mut client, "docs", &docs);
    client.batch_execute("VACUUM ANALYZE docs").expect("VACUUM");
    for (_, class, suffix) in ORDERS {
        client
            .batch_execute(&format!("CREATE INDEX docs_{suffix} ON docs USING wand (emb {class})"))
            .expect("CREATE INDEX");
    }
    let mut turn = 0;
    let queries = std::fs::read_to_string(folder.join("queries.svec.tsv")).expect("queries");
    for line in queries.lines().take(size("MANUAL_QUERIES", 124)) {
        let (number, q) = line.split_once('\t').expect("two columns");
        for (operator, _, suffix) in ORDERS {
            let sql = format!("SELECT id, emb {operator} '{q}' FROM docs ORDER BY emb {operator} '{q}'");
            oracle::take_turns(&mut client, turn).unwrap_or_else(|e| panic!("question {number}: {e}"));
            turn += 1;
            oracle::compare_limits(&mut client, &sql, &format!("docs_{suffix}"), &[10, 100], Some(1_000))
                .unwrap_or_else(|e| panic!("question {number}: {e}"));
        }
    }
    let docs: Vec<(i64, corpus::Vector)> = docs.lines().map(numbered).collect();
    for line in queries.lines().take(5) {
        let q = numbered(line).1;
        plain_distances(&mut client, &docs, &q);
    }
    drop(client);
    cluster.finish();
}

/// `<->`, and `<+>`, which has no index: their ten nearest, against distances computed here in double precision.
fn plain_distances(client: &mut Client, docs: &[(i64, corpus::Vector)], q: &corpus::Vector) {
    for (operator, squared) in [("<->", true), ("<+>", false)] {
        let mut expected: Vec<f64> = docs.iter().map(|(_, d)| minkowski(d, q, squared)).collect();
        expected.sort_by(f64::total_cmp);
        let sql = format!("SELECT emb {operator} '{}' FROM docs ORDER BY 1 LIMIT 10", corpus::literal(q));
        let rows = client.query(&sql, &[]).unwrap_or_else(|e| panic!("{operator}: {}", oracle::describe(&e)));
        for (row, expected) in rows.iter().zip(&expected) {
            let found: f64 = row.get(0);
            assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{operator}: {found}, computed here {expected}");
        }
    }
}

fn minkowski(a: &corpus::Vector, b: &corpus::Vector, squared: bool) -> f64 {
    let weight = |v: &corpus::Vector, term: u32| f64::from(v.get(&term).copied().unwrap_or(0.0));
    let only_b = b.keys().filter(|term| !a.contains_key(term));
    let differences = a.keys().chain(only_b).map(|&term| (weight(a, term) - weight(b, term)).abs());
    if squared { differences.map(|d| d * d).sum::<f64>().sqrt() } else { differences.sum() }
}

fn numbered(line: &str) -> (i64, corpus::Vector) {
    let (id, literal) = line.split_once('\t').expect("two columns");
    let inside = literal.trim_start_matches('{').split('}').next().expect("braces");
    let pairs = inside.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (index, weight) = pair.split_once(':').expect("index:weight");
        (index.parse::<u32>().expect("index") - 1, weight.parse().expect("weight"))
    });
    (id.parse().expect("id"), pairs.collect())
}

#[test]
fn on_the_squad_collection() {
    let Some(folder) = collection::find("squad") else {
        println!("the collection squad is not here: left out");
        return;
    };
    let docs = collection::read_matrix(&folder.join("docs.spz")).expect("docs.spz");
    let queries = collection::read_matrix(&folder.join("queries.spz")).expect("queries.spz");
    let truth = collection::read_truth(&folder).expect("exact answers");
    let cluster = Cluster::start_new(&["shared_buffers = 512MB", "maintenance_work_mem = 512MB"]);
    let mut client = cluster.connect();
    client
        .batch_execute("CREATE EXTENSION pg_wand; CREATE TABLE docs (id bigint PRIMARY KEY, emb svec)")
        .expect("table");
    let mut writer = client.copy_in("COPY docs FROM STDIN").expect("COPY");
    for row in 0..docs.rows.len() {
        writeln!(writer, "{row}\t{}", docs.literal(row)).expect("COPY");
    }
    writer.finish().expect("COPY");
    // Several processes, each with too little memory for its rows.
    let build = "ALTER TABLE docs SET (parallel_workers = 1); SET maintenance_work_mem = '8MB';
                 CREATE INDEX docs_ip ON docs USING wand (emb)";
    client.batch_execute(build).expect("CREATE INDEX");
    client.batch_execute("VACUUM ANALYZE docs").expect("VACUUM");
    let n = size("SQUAD_QUERIES", 1_000).min(truth.queries());
    for query in 0..n {
        let q = queries.literal(query);
        let sql = format!("SELECT id, emb <#> '{q}' FROM docs ORDER BY emb <#> '{q}'");
        oracle::take_turns(&mut client, query).unwrap_or_else(|e| panic!("squad query {query}: {e}"));
        let best = oracle::compare_limits(&mut client, &sql, "docs_ip", &[10, 100], Some(Truth::COLUMNS))
            .unwrap_or_else(|e| panic!("squad query {query}: {e}"));
        agrees_with_truth(&best, &truth, query);
    }
    println!("squad: {n} queries");
    drop(client);
    cluster.finish();
}

/// The shipped scores were computed by other means: equal within 1e-4 of their size.
fn agrees_with_truth(best: &[oracle::Row], truth: &Truth, query: usize) {
    let ids = truth.ids_of(query, Truth::COLUMNS);
    let scores = truth.scores_of(query, Truth::COLUMNS);
    for (at, ((id, score), row)) in ids.iter().zip(scores).zip(best).enumerate() {
        if *id == Truth::NONE {
            return;
        }
        let found = -f64::from_bits(row.1.expect("not NULL"));
        let expected = f64::from(*score);
        assert!((found - expected).abs() <= 1e-4 * expected, "squad query {query}, row {at}: {found}, not {expected}");
    }
}

fn run(scene: &mut Scene, sql: &str) {
    for statement in sql.split(';') {
        if let Err(e) = scene.client.batch_execute(statement) {
            panic!("{:?}, SEED={}: {}\nin: {statement}", scene.profile, scene.seed, oracle::describe(&e));
        }
    }
}

fn copy(client: &mut Client, table: &str, text: &str) {
    let mut writer = client.copy_in(&format!("COPY {table} FROM STDIN")).expect("COPY");
    writer.write_all(text.as_bytes()).expect("COPY");
    writer.finish().unwrap_or_else(|e| panic!("COPY {table}: {}", oracle::describe(&e)));
}

fn gunzip(path: &Path) -> String {
    let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip");
    assert!(output.status.success(), "gzip -dc {}", path.display());
    String::from_utf8(output.stdout).expect("UTF-8")
}
