//! Queries with conditions in the shapes that applications have: partial and expression indexes, partitions by hash and
//! by a filter column, views, functions, row-level security, joins, UNION, WITH TIES, FOR UPDATE, conditions joined by
//! OR, combined indexes, UPDATE and DELETE. What comes out is what a sequential scan gives, and the plan has the index.
//!
//! Sizes: FILTER_SHAPES (30 rounds). SEED repeats a run; every failure names it.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::filtered;
use pg_wand_tests::oracle::{self, Question};
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, size};
use postgres::Client;

#[test]
fn in_every_shape_of_query() {
    let rounds = size("FILTER_SHAPES", 30);
    let seed = begin("filter_shapes", &[("FILTER_SHAPES", rounds)]);
    let mut random = Random::new(seed);
    let cluster = Cluster::start_new(&["jit = off", "autovacuum = off"]);
    let mut client = cluster.connect();
    filtered::prepare(&mut client);
    shapes_tables(&mut client, &mut random);
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int", &[]).expect("version").get(0);
    let mut answers = 0;
    for round in 0..rounds {
        let asked = ask_all(&mut client, &mut random, round, version);
        answers += asked.unwrap_or_else(|e| panic!("SEED={seed}: {e}"));
    }
    println!("filter_shapes: {answers} answers compared, 0 differences; SEED={seed}");
    drop(client);
    cluster.finish();
}

/// All shapes once; how many there are.
fn ask_all(client: &mut Client, random: &mut Random, round: usize, version: i32) -> Result<usize, String> {
    let q = corpus::literal(&corpus::query(Profile::Learned, random));
    oracle::take_turns(client, round)?;
    let (ranked, unranked) = (ranked_shapes(&q, random, version), unranked_shapes(&q, random));
    for (sql, index) in &ranked {
        oracle::compare(client, &Question { sql, index: *index, cut: sql.contains("LIMIT") })?;
    }
    for (sql, node) in &unranked {
        compare_rows(client, sql, node)?;
    }
    // Who may not see all rows.
    let order = format!("emb <#> '{q}'");
    let sql = format!("SELECT id, {order} FROM seen WHERE skewed < 50 AND plain = 1 ORDER BY {order} LIMIT 20");
    client.batch_execute("SET ROLE reader").map_err(|e| oracle::describe(&e))?;
    oracle::compare(client, &Question { sql: &sql, index: Some("seen_emb"), cut: true })?;
    client.batch_execute("RESET ROLE").map_err(|e| oracle::describe(&e))?;
    Ok(ranked.len() + unranked.len() + 1)
}

/// Tables `docs` (1,000 rows), `partial` and `expressions`, which say what their indexes are, `parts` (by hash),
/// `ranges` (by a filter column), `keys`, and `seen`, of which the role `reader` may see some rows.
fn shapes_tables(client: &mut Client, random: &mut Random) {
    let failed = |e: postgres::Error| panic!("tables: {}", oracle::describe(&e));
    client.batch_execute(&format!("CREATE TABLE docs ({})", filtered::declarations())).unwrap_or_else(failed);
    filtered::insert(client, Profile::Learned, random, 1, 800);
    client
        .batch_execute(
            "CREATE TABLE partial AS TABLE docs;
             CREATE INDEX partial_1 ON partial USING wand (skewed, emb, word) WHERE few = 1;
             CREATE TABLE expressions AS TABLE docs;
             CREATE INDEX expressions_1 ON expressions USING wand ((few % 3), (emb * 2), (lower(word)), skewed);
             CREATE TABLE parts (LIKE docs) PARTITION BY HASH (id);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0);
             CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1);
             CREATE TABLE parts_3 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2);
             CREATE INDEX ON parts USING wand (emb, few, skewed, word);
             INSERT INTO parts TABLE docs;
             CREATE TABLE ranges (LIKE docs) PARTITION BY RANGE (skewed);
             CREATE TABLE ranges_1 PARTITION OF ranges FOR VALUES FROM (MINVALUE) TO (10);
             CREATE TABLE ranges_2 PARTITION OF ranges FOR VALUES FROM (10) TO (100);
             CREATE TABLE ranges_3 PARTITION OF ranges DEFAULT;
             CREATE INDEX ON ranges USING wand (few, skewed, emb);
             INSERT INTO ranges TABLE docs;
             CREATE TABLE keys AS SELECT id AS n, emb AS q, few AS a, ARRAY[few, skewed] AS b, word AS c FROM docs
                 WHERE id % 100 = 1 AND emb IS NOT NULL;
             CREATE TABLE seen AS TABLE docs;
             CREATE INDEX seen_emb ON seen USING wand (few, emb, skewed);
             ALTER TABLE seen ENABLE ROW LEVEL SECURITY;
             CREATE POLICY part ON seen USING (few < 5);
             CREATE ROLE reader;
             GRANT SELECT ON seen TO reader;
             CREATE FUNCTION visible() RETURNS TABLE (id bigint, emb svec, skewed int) LANGUAGE sql STABLE AS
                 'SELECT id, emb, skewed FROM seen WHERE few = 2';
             CREATE VIEW fenced WITH (security_barrier) AS SELECT id, emb, skewed FROM docs WHERE few = 3;
             CREATE INDEX docs_ip ON docs USING wand (few, emb, skewed, word, label, amount, stamp)
                 WITH (pending_list_limit = 64);
             CREATE INDEX docs_plain ON docs (plain);
             ANALYZE",
        )
        .unwrap_or_else(failed);
    filtered::insert(client, Profile::Learned, random, 801, 200);
}

/// Queries in an order, and the index that must be used.
fn ranked_shapes(q: &str, random: &mut Random, version: i32) -> Vec<(String, Option<&'static str>)> {
    let order = format!("emb <#> '{q}'");
    let (few, skewed, k) = (random.below(10), 1_000f64.powf(random.unit()) as i64, 1 + random.below(40));
    let word = format!("w{:x}", random.below(4096));
    let near =
        |table: &str, condition: &str| format!("SELECT id, {order} FROM {table} WHERE {condition} ORDER BY {order}");
    let docs = Some("docs_ip");
    let mut shapes = vec![
        (near("partial", &format!("few = 1 AND skewed < {skewed}")), Some("partial_1")),
        (near("partial", &format!("few = 1 AND word >= '{word}'")) + " LIMIT 9", Some("partial_1")),
        (
            format!(
                "SELECT id, (emb * 2) <#> '{q}' FROM expressions WHERE few % 3 = 1 AND lower(word) >= '{word}'
                 ORDER BY (emb * 2) <#> '{q}'"
            ),
            Some("expressions_1"),
        ),
        (
            format!(
                "SELECT id, (emb * 2) <#> '{q}' FROM expressions WHERE (emb * 2) && '{q}' AND skewed <= {skewed}
                 ORDER BY (emb * 2) <#> '{q}' LIMIT {k}"
            ),
            Some("expressions_1"),
        ),
        (near("parts", &format!("few IN ({few}, 3) AND skewed <= {skewed}")), Some("parts_1_emb_few_skewed_word_idx")),
        (near("ranges", &format!("few = {few}")), Some("ranges_2_few_skewed_emb_idx")),
        (near("ranges", &format!("few IN ({few}, 3) AND skewed > (SELECT {skewed})")), None),
        (near("fenced", &format!("skewed < {skewed}")), docs),
        (near("visible()", &format!("skewed < {skewed}")), Some("seen_emb")),
        (
            format!(
                "SELECT id, {order} FROM docs WHERE few = {few} AND EXISTS (SELECT FROM keys WHERE a = few)
                 ORDER BY {order}"
            ),
            None,
        ),
        (
            "SELECT n * 1000000 + d.id, distance FROM keys CROSS JOIN LATERAL (SELECT id, emb <#> q AS distance
             FROM docs WHERE few = ANY (b) AND word > c ORDER BY emb <#> q LIMIT 5) d ORDER BY n, 2"
                .into(),
            docs,
        ),
        (
            format!(
                "(SELECT id, {order} FROM docs WHERE few = {few} ORDER BY {order} LIMIT 5) UNION ALL
                 (SELECT id + 1000000, {order} FROM docs WHERE word >= '{word}' AND few IS NULL
                 ORDER BY {order} LIMIT 5)"
            ),
            docs,
        ),
        (
            format!(
                "SELECT id, {order} FROM docs
                 WHERE id IN (SELECT id FROM docs WHERE few = {few} ORDER BY {order} LIMIT {k}) ORDER BY id FOR UPDATE"
            ),
            docs,
        ),
    ];
    let sql = near("docs", &format!("few = {few} AND label >= 'apple'"));
    shapes.push((format!("{sql} FETCH FIRST 5 ROWS WITH TIES"), docs));
    shapes.push((format!("{sql} LIMIT (SELECT {k})"), docs));
    // From 16 or later on rows that are put in order lose what FOR UPDATE needs.
    if version < 160_000 {
        shapes.push((format!("{sql} LIMIT {k} FOR UPDATE"), docs));
    }
    shapes
}

/// Queries in no order, and what their plans must have.
fn unranked_shapes(q: &str, random: &mut Random) -> Vec<(String, &'static str)> {
    let (few, skewed) = (random.below(10), 1_000f64.powf(random.unit()) as i64);
    let word = format!("w{:x}", random.below(4096));
    let docs = "Bitmap Index Scan on docs_ip";
    let rows = |table: &str, condition: &str| format!("SELECT id, NULL::float8 FROM {table} WHERE {condition}");
    vec![
        (rows("docs", &format!("few = {few} OR word = '{word}' OR emb @> '{q}'")), "BitmapOr"),
        (rows("docs", &format!("(few = {few} AND skewed < {skewed}) OR (few IS NULL AND emb && '{q}')")), "BitmapOr"),
        (rows("docs", &format!("few BETWEEN SYMMETRIC 7 AND {few}")), docs),
        (rows("docs", &format!("plain = 1 AND skewed = {skewed}")), "Bitmap Index Scan on docs_"),
        (rows("docs", &format!("(few, skewed) = ({few}, {skewed})")), docs),
        (rows("docs", &format!("few = {few} AND id IN (SELECT id FROM docs WHERE emb && '{q}' AND few > 3)")), docs),
        (rows("ranges", &format!("few = {few} AND emb && '{q}'")), "Bitmap Index Scan on ranges_2"),
        (rows("ranges", &format!("skewed <= {skewed} AND few <> 3")), "Bitmap Index Scan on ranges_1"),
        (rows("partial", &format!("few = 1 AND word > '{word}'")), "Bitmap Index Scan on partial_1"),
        (
            format!(
                "WITH d AS (DELETE FROM docs WHERE few = {few} AND emb && '{q}' RETURNING id) {}",
                rows("d", "true")
            ),
            docs,
        ),
        (
            format!(
                "WITH d AS (UPDATE docs SET few = 7 WHERE word > '{word}' AND few < 3 RETURNING id) {}",
                rows("d", "true")
            ),
            docs,
        ),
        (format!("SELECT count(DISTINCT label), NULL::float8 FROM docs WHERE few = {few} AND label < 'b'"), docs),
        (format!("SELECT max(wide), NULL::float8 FROM docs WHERE few = {few} AND emb IS NOT NULL"), docs),
    ]
}

/// The same rows by bitmap and by sequential scan; what the query changes is undone.
fn compare_rows(client: &mut Client, sql: &str, node: &str) -> Result<(), String> {
    let mut transaction = oracle::begin(client)?;
    let failed = |e: postgres::Error| oracle::describe(&e);
    transaction.batch_execute("SAVEPOINT before").map_err(failed)?;
    oracle::prefer_bitmap(&mut transaction)?;
    let plan = oracle::explain(&mut transaction, sql)?;
    if !plan.contains(node) {
        return Err(format!("the plan has no {node}:\n{plan}\nin: {sql}"));
    }
    let by_index = oracle::rows(&mut transaction, sql)?;
    transaction.batch_execute("ROLLBACK TO before").map_err(failed)?;
    let by_scan = oracle::through_scan(&mut transaction, sql)?;
    transaction.rollback().map_err(failed)?;
    oracle::same_rows(&by_index, &by_scan).map_err(|e| format!("{e}\nin: {sql}"))
}
