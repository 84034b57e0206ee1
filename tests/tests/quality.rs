//! On collections with judgements, SQL alone finds what was published for them: with the model's queries, with typed
//! questions whose tokens are weighted by IDF, and with BM25, all of it computed here from the texts.
//!
//! The collections are beside the project (`DATA_DIR` names another place); one that is not there is left out.
//! `demo/pgdocs` has its figures in `encode.rs`.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::{WORDS, assert_near, best, ndcg, run};
use pg_wand_tests::{collection, judged, oracle, project_root};
use postgres::Client;
use std::path::Path;
use std::time::Instant;

/// nDCG@10 as published with the collection, over all questions that have judgements.
struct Published {
    name: &'static str,
    splade: f64,
    idf: f64,
    bm25: f64,
}

#[test]
fn scifact_as_published() {
    measure(&Published { name: "scifact", splade: 0.652, idf: 0.652, bm25: 0.679 });
}

#[test]
fn squad_as_published() {
    measure(&Published { name: "squad", splade: 0.792, idf: 0.792, bm25: 0.772 });
}

fn measure(published: &Published) {
    let name = published.name;
    let Some(folder) = collection::find(name) else {
        println!("the collection {name} is not here: left out");
        return;
    };
    let cluster = Cluster::start_new(&["autovacuum = off", "shared_buffers = 512MB", "maintenance_work_mem = 256MB"]);
    cluster.place(&project_root().join("demo/pgdocs/tokenizer.json"));
    // Letters are more than those of ASCII: lower() and \w of the locale C know no others.
    run(&mut cluster.connect(), "CREATE DATABASE judged LOCALE 'C.UTF-8' TEMPLATE template0");
    let mut client = cluster.connect_to("judged");
    run(&mut client, "CREATE EXTENSION pg_wand");
    let clock = Instant::now();
    judged::load(&mut client, &folder);
    println!("{name}: texts loaded after {:?}", clock.elapsed());
    with_models_vectors(&mut client, &folder, published);
    println!("{name}: the model's vectors after {:?}", clock.elapsed());
    with_bm25(&mut client, published);
    println!("{name}: BM25 after {:?}", clock.elapsed());
    drop(client);
    cluster.finish();
}

/// The model's document vectors, with its query vectors and with typed questions.
fn with_models_vectors(client: &mut Client, folder: &Path, published: &Published) {
    let name = published.name;
    judged::load_vectors(client, "vectors", &folder.join("docs.spz"));
    judged::load_vectors(client, "question_vectors", &folder.join("queries.spz"));
    judged::load_vectors(client, "stored", &folder.join("queries_idf.spz"));
    run(client, "CREATE INDEX ON vectors USING wand (emb); ANALYZE");
    let splade = ndcg(client, &best("vectors", "question_vectors", "v.emb <#> q.emb"));
    assert_near(&format!("{name}, SPLADE questions"), splade, published.splade, 0.002);

    // The published frequencies are those of the first 256 word pieces: what the model has seen of a text. An encoder
    // without weights gives each token that occurs a 1.
    run(client, "SELECT wand_create_encoder('pieces', pg_read_file('tokenizer.json'))");
    encoder_of_idf(client, "idf", "encode_query('pieces', body, max_length => 256)");
    encoder_of_idf(client, "whole", "presence(encode_counts('pieces', body))");
    run(client, "CREATE TABLE encoded AS SELECT id, encode_query('idf', question) AS emb FROM questions");
    as_stored(client, name);
    let idf = ndcg(client, &best("vectors", "questions", "v.emb <#> encode_query('idf', q.question)"));
    assert_near(&format!("{name}, IDF questions"), idf, published.idf, 0.002);
    let whole = ndcg(client, &best("vectors", "questions", "v.emb <#> encode_query('whole', q.question)"));
    assert_near(&format!("{name}, IDF questions, frequencies of whole texts"), whole, published.idf, 0.002);
}

/// An encoder whose weights are the IDF of `pieces` in the texts, a word piece that is in none of them included: a
/// document's vector may have it all the same.
fn encoder_of_idf(client: &mut Client, name: &str, pieces: &str) {
    run(
        client,
        &format!(
            "SELECT wand_create_encoder('{name}', pg_read_file('tokenizer.json'), idf => idf(df, n, unseen => true))
             FROM (SELECT df_agg({pieces}) AS df, count(*) AS n FROM texts) AS statistics"
        ),
    );
}

/// Every typed question has the terms of the stored one and its weights, but for the rounding of the stored ones to
/// multiples of 0.001, and to one at least (the full stop's IDF, where each text has one).
fn as_stored(client: &mut Client, name: &str) {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM stored),
                    (SELECT count(*) FROM stored JOIN encoded USING (id)
                     WHERE indices(stored.emb) = indices(encoded.emb)),
                    count(*),
                    count(*) FILTER (WHERE abs(greatest(round((ours / 0.001)::numeric), 1) - published / 0.001) < 0.01),
                    max(abs(ours - published))::float8
             FROM stored JOIN encoded USING (id), ROWS FROM (unnest(weights(stored.emb)), unnest(weights(encoded.emb)))
                  AS pair (published, ours)",
            &[],
        )
        .unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
    let (questions, same_terms, terms, same_weights): (i64, i64, i64, i64) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let most: f64 = row.get(4);
    println!(
        "{name}: {questions} stored questions, {same_terms} have our terms; {terms} weights, {same_weights} are ours"
    );
    println!("{name}: weights differ by at most {most:.6} before rounding");
    assert!(questions > 0 && terms > questions);
    assert_eq!((same_terms, same_weights), (questions, terms), "{name}");
}

/// BM25 of the texts' words, in three ways of counting them.
fn with_bm25(client: &mut Client, published: &Published) {
    let name = published.name;
    run(client, WORDS);
    run(client, WORD_ENCODER);
    // The configuration that comes with PostgreSQL has more stop words and other ideas of hyphens, numbers and
    // addresses than the published figures' program. On these collections it finds more.
    let english = bm25(client, "term_counts(to_tsvector('english', body))");
    println!("{name}, BM25 of to_tsvector('english'): nDCG@10 {english:.4}, published {}", published.bm25);
    assert!(english > published.bm25 - 0.005, "{name}: nDCG@10 {english}");
    let words = bm25(client, "word_counts(body)");
    assert_near(&format!("{name}, BM25 of stems counted in SQL"), words, published.bm25, 0.005);
    let encoder = bm25(
        client,
        "fold_terms(encode_counts('words', body), (SELECT array_agg(stem ORDER BY id)::int[] FROM stems))",
    );
    assert_near(&format!("{name}, BM25 of a word-level encoder"), encoder, published.bm25, 0.005);
}

/// nDCG@10 of BM25 if `counts` gives how often each term is in a `body`.
fn bm25(client: &mut Client, counts: &str) -> f64 {
    run(
        client,
        &format!(
            "CREATE TABLE counted AS SELECT id, {counts} AS counts FROM texts;
             CREATE TABLE bm25 AS
             SELECT id, bm25_document(counts, (SELECT avg(l1_norm(counts)) FROM counted)) AS emb FROM counted;
             CREATE INDEX ON bm25 USING wand (emb);
             CREATE TABLE bm25_questions AS
             SELECT id, apply_idf({counts}, (SELECT idf(df_agg(counts), count(*)) FROM counted)) AS emb
             FROM (SELECT id, question AS body FROM questions) AS questions;
             ANALYZE"
        ),
    );
    let found = ndcg(client, &best("bm25", "bm25_questions", "v.emb <#> q.emb"));
    run(client, "DROP TABLE counted, bm25, bm25_questions");
    found
}

/// An encoder whose tokens are the texts' words, and for each token the id of its stem, NULL for a stop word. A
/// question's word that no text has is unknown to it, even if its stem is not: that costs the last points of nDCG.
const WORD_ENCODER: &str = r#"
CREATE TABLE vocabulary AS
SELECT word, row_number() OVER (ORDER BY word) AS id,
       CASE WHEN word NOT IN (SELECT word FROM stop_words) THEN (ts_lexize('stems', word))[1] END AS stem
FROM (SELECT DISTINCT (regexp_matches(lower(body), '\w\w+', 'g'))[1] AS word FROM texts) AS w;
CREATE TABLE stems AS
SELECT id, CASE WHEN stem IS NOT NULL THEN dense_rank() OVER (ORDER BY stem) - 1 END AS stem
FROM (TABLE vocabulary UNION ALL VALUES ('[UNK]', 0, NULL)) AS numbered (word, id, stem);
SELECT wand_create_encoder('words', format(
    '{"version": "1.0", "added_tokens": [], "normalizer": {"type": "Lowercase"},
      "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\w\\w+"}, "behavior": "Removed", "invert": true},
      "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": %s}}',
    jsonb_build_object('[UNK]', 0) || jsonb_object_agg(word, id))) FROM vocabulary;
"#;
