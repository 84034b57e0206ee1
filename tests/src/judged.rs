//! What questions find against what they should: a collection's texts, judgements and vectors in tables, and nDCG@10
//! in SQL.
//!
//! Tables: texts (id, body), questions (id, question), judgements (question, passage, grade).

use crate::{collection, oracle};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Runs statements; a failure shows them.
pub fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
}

/// A collection's tables but its vectors.
pub fn load(client: &mut Client, folder: &Path) {
    run(
        client,
        "CREATE TABLE texts (id int PRIMARY KEY, body text);
         CREATE TABLE questions (id int PRIMARY KEY, question text);
         CREATE TABLE judgements (question int, passage int, grade int)",
    );
    for (table, file) in [("texts", "docs.txt.zst"), ("questions", "queries.txt.zst")] {
        let text = collection::read_text(&folder.join(file)).unwrap_or_else(|e| panic!("{e}"));
        copy(
            client,
            table,
            text.split_terminator('\n').enumerate().map(|(id, line)| format!("{id}\t{}", escape(line))),
        );
    }
    let judgements = collection::read_text(&folder.join("qrels.tsv.zst")).unwrap_or_else(|e| panic!("{e}"));
    copy(client, "judgements", judgements.lines().map(str::to_string));
}

/// A new table of a file's vectors.
pub fn load_vectors(client: &mut Client, table: &str, file: &Path) {
    let matrix = collection::read_matrix(file).unwrap_or_else(|e| panic!("{e}"));
    run(client, &format!("CREATE TABLE {table} (id int PRIMARY KEY, emb svec({}))", matrix.columns));
    copy(client, table, (0..matrix.rows.len()).map(|row| format!("{row}\t{}", matrix.literal(row))));
}

/// A new table of dense vectors, as pgvector's `vector` where that is there, else as ours; their `<=>` is the cosine
/// distance.
pub fn create_dense(client: &mut Client, table: &str, dim: usize) {
    let sql = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')";
    let has_pgvector: bool = client.query_one(sql, &[]).expect("extensions").get(0);
    println!("{table}: {}", if has_pgvector { "pgvector's vector" } else { "svec" });
    let kind = if has_pgvector { "vector" } else { "svec" };
    if has_pgvector {
        run(client, "CREATE EXTENSION IF NOT EXISTS vector");
    }
    run(client, &format!("CREATE TABLE {table} (id int PRIMARY KEY, emb {kind}({dim}))"));
}

/// Numbers as a literal of the type that [`create_dense`] has chosen.
pub fn fill_dense(client: &mut Client, table: &str, rows: impl Iterator<Item = (usize, Vec<f32>)>) {
    run(client, "CREATE TEMP TABLE loaded (id int, emb real[])");
    copy(
        client,
        "loaded",
        rows.map(|(id, row)| {
            let numbers: Vec<String> = row.iter().map(f32::to_string).collect();
            format!("{id}\t{{{}}}", numbers.join(","))
        }),
    );
    run(client, &format!("INSERT INTO {table} SELECT id, emb FROM loaded; DROP TABLE loaded; ANALYZE {table}"));
}

/// Lines in the text format of COPY.
pub fn copy(client: &mut Client, table: &str, lines: impl Iterator<Item = String>) {
    let mut writer = client.copy_in(&format!("COPY {table} FROM STDIN")).unwrap_or_else(|e| panic!("{e}"));
    let mut block = String::new();
    for line in lines {
        writeln!(block, "{line}").expect("writing to a string");
        if block.len() > 1 << 16 {
            writer.write_all(block.as_bytes()).expect("COPY");
            block.clear();
        }
    }
    writer.write_all(block.as_bytes()).expect("COPY");
    writer.finish().unwrap_or_else(|e| panic!("COPY {table}: {}", oracle::describe(&e)));
}

/// A field of COPY's text format.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\r', "\\r").replace('\n', "\\n")
}

/// Mean nDCG@10 (gain = grade) of what `best` finds: a query that gives (question, passage, rank).
pub fn ndcg(client: &mut Client, best: &str) -> f64 {
    let sql = format!(
        "WITH found AS ({best}),
         dcg AS (SELECT question, sum(grade / ln(rank + 1) * ln(2)) AS dcg
                 FROM found JOIN judgements USING (question, passage) GROUP BY question),
         ideal AS (SELECT question, sum(grade / ln(n + 1) * ln(2)) AS dcg
                   FROM (SELECT question, grade, row_number() OVER (PARTITION BY question ORDER BY grade DESC) AS n
                         FROM judgements) AS sorted WHERE n <= 10 GROUP BY question)
         SELECT avg(coalesce(dcg.dcg, 0) / ideal.dcg)::float8 FROM ideal LEFT JOIN dcg USING (question)"
    );
    client.query_one(&sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e))).get(0)
}

/// The ten best by `distance`, an expression of `v` (a document) and `q` (a question).
pub fn best(documents: &str, questions: &str, distance: &str) -> String {
    format!(
        "SELECT q.id AS question, passage, row_number() OVER (PARTITION BY q.id ORDER BY d, passage) AS rank
         FROM {questions} AS q CROSS JOIN LATERAL
         (SELECT v.id AS passage, {distance} AS d FROM {documents} AS v ORDER BY {distance} LIMIT 10) AS nearest"
    )
}

pub fn assert_near(name: &str, found: f64, expected: f64, tolerance: f64) {
    println!("{name}: nDCG@10 {found:.4}, published {expected}");
    assert!((found - expected).abs() <= tolerance, "{name}: nDCG@10 {found}, expected {expected} within {tolerance}");
}

/// How often each word is in a text: words of two letters, digits or underscores and more but for 33 stop words, stemmed,
/// which is how the published figures count. PostgreSQL's own parser would divide `shared_buffers`. Of the published
/// stems some are of a newer version (of the manual's 21,921 words PostgreSQL 15 stems 24 otherwise).
pub const WORDS: &str = r"
CREATE TABLE stop_words AS SELECT unnest(
    '{a,an,and,are,as,at,be,but,by,for,if,in,into,is,it,no,not,of,on,or,such,that,the,their,then,there,these,they,this,to,was,
    will,with}'::text[]) AS word;
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, Language = english);
CREATE FUNCTION word_counts(body text) RETURNS svec LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT hash_terms(coalesce(array_agg(stem), '{}'), coalesce(array_agg(n), '{}'))
        FROM (SELECT (ts_lexize('stems', m[1]))[1] AS stem, count(*)::int AS n
              FROM regexp_matches(lower(body), '\w\w+', 'g') AS m WHERE m[1] NOT IN (SELECT word FROM stop_words)
              GROUP BY 1) AS counted)
";
