//! Fusion in SQL alone finds what was published for it: sparse vectors, dense ones and BM25 in pairs, by reciprocal
//! ranks and by convex combination. Where pgvector is installed the dense vectors are its own.
//!
//! The collections are beside the project (`DATA_DIR` names another place); one that is not there is left out.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::{self, WORDS, run};
use pg_wand_tests::{collection, oracle};
use postgres::Client;
use std::path::Path;
use std::time::Instant;

const DIM: usize = 384;

/// nDCG@10 of a pair of lists of 1,000.
struct Published {
    lists: [&'static str; 2],
    rrf: f64,
    convex: f64,
}

fn server() -> (Cluster, Client) {
    let cluster = Cluster::start_new(&["autovacuum = off", "shared_buffers = 512MB", "jit = off"]);
    run(&mut cluster.connect(), "CREATE DATABASE judged LOCALE 'C.UTF-8' TEMPLATE template0");
    let mut client = cluster.connect_to("judged");
    run(&mut client, "CREATE EXTENSION pg_wand");
    (cluster, client)
}

#[test]
fn scifact_as_published() {
    let Some(folder) = collection::find("scifact") else {
        println!("the collection scifact is not here: left out");
        return;
    };
    let (cluster, mut client) = server();
    judged::load(&mut client, &folder);
    judged::load_vectors(&mut client, "vectors", &folder.join("docs.spz"));
    judged::load_vectors(&mut client, "question_vectors", &folder.join("queries.spz"));
    for (table, file) in [("dense", "docs_dense.f16.zst"), ("question_dense", "queries_dense.f16.zst")] {
        judged::create_dense(&mut client, table, DIM);
        let rows = collection::read_halves(&folder.join(file), DIM).unwrap_or_else(|e| panic!("{e}"));
        judged::fill_dense(&mut client, table, rows.into_iter().enumerate());
    }
    let published = [
        Published { lists: ["splade", "dense"], rrf: 0.691, convex: 0.701 },
        Published { lists: ["bm25", "dense"], rrf: 0.714, convex: 0.732 },
    ];
    measure(&mut client, &published);
    tune(&mut client);
    drop(client);
    cluster.finish();
}

#[test]
fn the_manual_as_published() {
    let Some(folder) = collection::find("pgdocs") else {
        println!("the collection pgdocs is not here: left out");
        return;
    };
    let (cluster, mut client) = server();
    load_manual(&cluster, &mut client, &folder);
    let published = [
        Published { lists: ["splade", "dense"], rrf: 0.514, convex: 0.550 },
        Published { lists: ["bm25", "dense"], rrf: 0.530, convex: 0.550 },
        Published { lists: ["bm25", "splade"], rrf: 0.455, convex: 0.469 },
    ];
    measure(&mut client, &published);
    tune(&mut client);
    drop(client);
    cluster.finish();
}

fn load_manual(cluster: &Cluster, client: &mut Client, folder: &Path) {
    for file in [
        "passages.tsv.gz",
        "passages.svec.tsv.gz",
        "passages.dense.tsv.gz",
        "queries.tsv",
        "queries.svec.tsv",
        "queries.dense.tsv.gz",
        "qrels.tsv",
    ] {
        cluster.place(&folder.join(file));
    }
    run(
        client,
        "CREATE TABLE passages (id int PRIMARY KEY, page text, section text, body text);
         CREATE TABLE questions (id int PRIMARY KEY, question text);
         CREATE TABLE judgements (question int, passage int, grade int);
         CREATE TABLE vectors (id int PRIMARY KEY, emb svec(30522));
         CREATE TABLE question_vectors (id int PRIMARY KEY, emb svec(30522));
         COPY passages FROM PROGRAM 'gzip -dc passages.tsv.gz';
         COPY questions FROM PROGRAM 'cat queries.tsv';
         COPY judgements FROM PROGRAM 'cat qrels.tsv';
         COPY vectors FROM PROGRAM 'gzip -dc passages.svec.tsv.gz';
         COPY question_vectors FROM PROGRAM 'cat queries.svec.tsv';
         CREATE TABLE texts AS SELECT id, section || '. ' || body AS body FROM passages",
    );
    for (table, file) in [("dense", "passages.dense.tsv.gz"), ("question_dense", "queries.dense.tsv.gz")] {
        judged::create_dense(client, table, DIM);
        run(
            client,
            &format!(
                "CREATE TEMP TABLE loaded (id int, emb text); COPY loaded FROM PROGRAM 'gzip -dc {file}';
                 INSERT INTO {table} SELECT id, translate(emb, '[]', '{{}}')::real[] FROM loaded; DROP TABLE loaded"
            ),
        );
    }
}

/// The three lists of 1,000 of each question, and every published pair of them fused.
fn measure(client: &mut Client, published: &[Published]) {
    run(client, WORDS);
    run(
        client,
        "CREATE INDEX ON vectors USING wand (emb);
         CREATE TABLE counted AS SELECT id, word_counts(body) AS counts FROM texts;
         CREATE TABLE statistics AS SELECT s.avgdl, idf(s.df, s.n) AS idf FROM (SELECT (corpus_stats(counts)).* FROM counted) AS s;
         CREATE TABLE impacts AS SELECT id, bm25_document(counts, avgdl) AS emb FROM counted, statistics;
         CREATE INDEX ON impacts USING wand (emb);
         CREATE TABLE question_impacts AS SELECT id, apply_idf(word_counts(question), idf) AS emb FROM questions, statistics;
         ANALYZE;
         CREATE TABLE lists AS
         SELECT q.id AS question, j.grades,
                (SELECT ranking(id, -d) FROM (SELECT v.id, v.emb <#> s.emb AS d FROM vectors AS v ORDER BY d LIMIT 1000) AS l WHERE d < 0) AS splade,
                (SELECT ranking(id, 1 - d) FROM (SELECT v.id, v.emb <=> e.emb AS d FROM dense AS v ORDER BY d LIMIT 1000) AS l) AS dense,
                (SELECT ranking(id, -d) FROM (SELECT v.id, v.emb <#> b.emb AS d FROM impacts AS v ORDER BY d LIMIT 1000) AS l WHERE d < 0) AS bm25
         FROM questions AS q JOIN question_vectors AS s USING (id) JOIN question_dense AS e USING (id)
         JOIN question_impacts AS b USING (id)
         JOIN (SELECT question AS id, judgements(passage, grade) AS grades FROM judgements GROUP BY 1) AS j USING (id)",
    );
    for Published { lists: [a, b], rrf, convex } in published {
        for (settings, expected) in [("'rrf'", rrf), ("'weighted_sum', normaliser => 'min_max'", convex)] {
            let sql = format!(
                "SELECT avg(evaluate(fused, grades, 'nDCG@10'))::float8
                 FROM lists, LATERAL (SELECT ranking(id, score) AS fused FROM fuse(ARRAY[{a}, {b}], {settings})) AS f"
            );
            let found: f64 = client.query_one(&sql, &[]).unwrap_or_else(|e| panic!("{}", oracle::describe(&e))).get(0);
            judged::assert_near(&format!("{a} and {b}, {settings}"), found, *expected, 0.002);
        }
    }
}

/// Tuned on three lists of 100, by folds: what is chosen on some questions is not worse than RRF on the others.
fn tune(client: &mut Client) {
    let begin = Instant::now();
    let sql = "WITH given AS (SELECT array_agg(ARRAY[part(splade), part(dense), part(bm25)]) AS lists, array_agg(grades) AS j FROM lists)
               SELECT t.what, t.arguments, t.mean, t.low, t.high, t.over_best_list, t.over_best_list_p, t.over_rrf, t.over_rrf_p, t.n_folds
               FROM given, tune_fusion(lists, j) AS t LIMIT 6";
    run(
        client,
        "CREATE FUNCTION part(r wand_ranking) RETURNS wand_ranking IMMUTABLE
         RETURN ROW((r).ids[1:100], (r).scores[1:100])::wand_ranking",
    );
    let rows = client.query(sql, &[]).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
    println!("tuned in {:?}", begin.elapsed());
    for row in &rows {
        let [what, arguments]: [Option<String>; 2] = [row.get(0), row.get(1)];
        let numbers: Vec<Option<f64>> = (2..9).map(|at| row.get(at)).collect();
        println!("{} {}: {numbers:.4?}", what.unwrap_or_default(), arguments.unwrap_or_default());
    }
    let (over_rrf, p): (f64, f64) = (rows[0].get(7), rows[0].get(8));
    assert!(over_rrf > 0.0 || p > 0.05, "worse than RRF on held-out questions: {over_rrf}, p {p}");
}
