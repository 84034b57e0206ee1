//! Search with typed questions, in SQL alone: a tokenizer and a table of weights, no model. On the demo's collection it
//! finds what questions encoded by other programs find; encoders are seen by all sessions, dumped, and cached.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::{assert_near, best, ndcg, run};
use pg_wand_tests::{oracle, project_root};
use postgres::Client;
use std::time::Instant;

/// A server with the demo's passages, questions and judgements, and an encoder `manual`.
fn manual() -> (Cluster, Client) {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    for file in [
        "tokenizer.json",
        "idf.json",
        "passages.tsv.gz",
        "passages.svec.tsv.gz",
        "queries.tsv",
        "queries.svec.tsv",
        "qrels.tsv",
    ] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    let mut client = cluster.connect();
    run(
        &mut client,
        "CREATE EXTENSION pg_wand;
         CREATE TABLE texts (id int PRIMARY KEY, page text, section text, body text);
         CREATE TABLE vectors (id int PRIMARY KEY, emb svec(30522));
         CREATE TABLE questions (id int PRIMARY KEY, question text);
         CREATE TABLE question_vectors (id int PRIMARY KEY, emb svec(30522));
         CREATE TABLE judgements (question int, passage int, grade int);
         COPY texts FROM PROGRAM 'gzip -dc passages.tsv.gz';
         COPY vectors FROM PROGRAM 'gzip -dc passages.svec.tsv.gz';
         COPY questions FROM PROGRAM 'cat queries.tsv';
         COPY question_vectors FROM PROGRAM 'cat queries.svec.tsv';
         COPY judgements FROM PROGRAM 'cat qrels.tsv';
         CREATE INDEX ON vectors USING wand (emb);
         SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb)",
    );
    (cluster, client)
}

#[test]
fn typed_questions_find_as_well_as_published() {
    let (cluster, mut client) = manual();
    let splade = ndcg(&mut client, &best("vectors", "question_vectors", "v.emb <#> q.emb"));
    assert_near("SPLADE questions", splade, 0.416, 0.002);
    let idf = ndcg(&mut client, &best("vectors", "questions", "v.emb <#> encode_query('manual', q.question)"));
    assert_near("IDF questions", idf, 0.396, 0.002);

    // BM25 of PostgreSQL's own words, all in SQL.
    run(
        &mut client,
        "CREATE TABLE counted AS SELECT id, term_counts(to_tsvector('english', section || '. ' || body)) AS counts FROM texts;
         CREATE TABLE bm25 AS SELECT id, bm25_document(counts, (SELECT avg(l1_norm(counts)) FROM counted)) AS emb FROM counted;
         CREATE TABLE bm25_questions AS
         SELECT id, apply_idf(term_counts(to_tsvector('english', question)), idf) AS emb
         FROM questions, (SELECT idf(df_agg(counts), count(*)) AS idf FROM counted) AS statistics;
         CREATE INDEX ON bm25 USING wand (emb)",
    );
    let bm25 = ndcg(&mut client, &best("bm25", "bm25_questions", "v.emb <#> q.emb"));
    assert_near("BM25", bm25, 0.429, 0.005);
    drop(client);
    cluster.finish();
}

/// Warm calls are far below a millisecond, which they could not be if the tokenizer were parsed each time.
#[test]
fn a_session_parses_an_encoder_once() {
    let (cluster, mut client) = manual();
    let sql = "SELECT count(encode_query('manual', question || n)) FROM questions, generate_series(1, 20) AS n";
    run(&mut client, sql);
    let begin = Instant::now();
    run(&mut client, sql);
    let each = begin.elapsed() / (124 * 20);
    println!("encode_query: {} us a question", each.as_micros());
    assert!(each.as_millis() < 5, "{each:?} a question");

    // Another session changes it: not seen before the commit, then by the next transaction here, and in the middle of one
    // by the next statement that opens a table, at every isolation level: as with everything in PostgreSQL's catalogues.
    let mut other = cluster.connect();
    let weight = |client: &mut Client| -> f32 {
        client.query_one("SELECT (weights(encode_query('manual', 'vacuum')))[1]", &[]).expect("a weight").get(0)
    };
    let before = weight(&mut client);
    let mut change = other.transaction().expect("BEGIN");
    let replace =
        "SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), '{\"vacuum\": 7}', replace => true)";
    change.batch_execute(replace).expect("replaced");
    assert_eq!(weight(&mut client), before);
    run(&mut client, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    change.commit().expect("COMMIT");
    run(&mut client, "SELECT FROM judgements LIMIT 1");
    assert_eq!(weight(&mut client), 7.0);
    run(&mut client, "COMMIT");
    assert_eq!(weight(&mut client), 7.0);
    run(&mut other, "SELECT wand_drop_encoder('manual')");
    let gone = client.query_one("SELECT encode_query('manual', 'vacuum')", &[]).expect_err("dropped");
    assert_eq!(gone.code().map(postgres::error::SqlState::code), Some("42704"), "{}", oracle::describe(&gone));
    drop((client, other));
    cluster.finish();
}

/// Parallel workers encode as the leader does.
#[test]
fn workers_encode_too() {
    let (cluster, mut client) = manual();
    let sql = "SELECT sum(nnz(encode_query('manual', body))) FROM texts";
    let alone: i64 = client.query_one(sql, &[]).expect("a sum").get(0);
    run(
        &mut client,
        "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
         SET max_parallel_workers_per_gather = 2",
    );
    let plan: Vec<String> =
        client.query(&format!("EXPLAIN {sql}"), &[]).expect("EXPLAIN").iter().map(|row| row.get(0)).collect();
    assert!(plan.join("\n").contains("Workers Planned: 2"), "{}", plan.join("\n"));
    // A new session for which nothing is parsed yet.
    run(&mut client, "SET parallel_leader_participation = off");
    let begin = Instant::now();
    let together: i64 = client.query_one(sql, &[]).expect("a sum").get(0);
    assert_eq!(alone, together);
    // Parsed once by each, not for each of 8,975 rows.
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    drop(client);
    cluster.finish();
}
