//! Everything that reads an index or computes without one, each as one statement on tables of a size that takes memory:
//! 3,000 rows in several segments, a pending list, dead rows; vectors of 50,000 terms; lists of 20,000 ids; the demo's
//! tokenizer and its 30,522 weights.

use crate::cluster::Cluster;
use crate::corpus::{self, Profile};
use crate::random::Random;
use crate::{oracle, project_root};
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;

pub struct Statement {
    pub name: &'static str,
    /// Settings that it needs.
    pub before: &'static str,
    pub sql: String,
}

/// A tokenizer of ten tokens.
const TINY: &str = r####"{"version": "1.0", "added_tokens": [], "truncation": null, "padding": null,
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
        "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "plan": 1, "##ts": 2, "sun": 3, "a": 4, "b": 5}}}"####;

/// Makes the tables. The index of `docs` is `docs_idx`, with filter columns; `docs_cos` is another by the cosine.
pub fn make(cluster: &Cluster, client: &mut Client, seed: u64) {
    for file in ["tokenizer.json", "idf.json"] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    let run = |client: &mut Client, sql: &str| {
        for sql in sql.split(";\n").filter(|sql| !sql.trim().is_empty()) {
            client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
        }
    };
    let mut random = Random::new(seed);
    let mut text = String::new();
    for id in 1..=3_600 {
        let profile = match id % 41 {
            0 => Profile::Sparse,
            1 => Profile::Negative,
            2 if id < 200 => Profile::Huge,
            _ => Profile::Learned,
        };
        let emb = corpus::document(profile, &mut random).map_or("\\N".into(), |vector| corpus::literal(&vector));
        writeln!(text, "{id}\t{emb}\t{}\tname {}", random.below(1_000), random.below(500))
            .expect("writing to a string");
    }
    run(client, "CREATE TABLE given (id bigint PRIMARY KEY, emb svec, n int, name text)");
    let mut copy = client.copy_in("COPY given FROM STDIN").expect("COPY");
    copy.write_all(text.as_bytes()).expect("COPY");
    copy.finish().expect("COPY");
    run(
        client,
        &format!(
            "CREATE TABLE docs AS SELECT * FROM given WHERE id <= 2000;
ALTER TABLE docs ADD PRIMARY KEY (id);
CREATE INDEX docs_idx ON docs USING wand (emb, n, name) WITH (pending_list_limit = 256);
INSERT INTO docs SELECT * FROM given WHERE id BETWEEN 2001 AND 3300 ORDER BY id;
CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops, n) WITH (pending_list_limit = 256);
DELETE FROM docs WHERE id % 7 = 0;
INSERT INTO docs SELECT * FROM given WHERE id > 3300 ORDER BY id;
ANALYZE docs;
CREATE TABLE large AS SELECT k, to_svec(array_agg(i * 3 + k), array_agg((1 + i % 50 / 8.0)::real), 1000000) AS v,
    array_agg(i * 3 + k) AS ids, array_agg((1 + i % 50)::real) AS w
    FROM generate_series(1, 4) k, generate_series(1, 50000) i GROUP BY k;
ALTER TABLE large ADD COLUMN t text;
UPDATE large SET t = v::text;
COPY (SELECT v FROM large) TO PROGRAM 'cat > large.bin' BINARY;
CREATE TABLE copied (v svec);
CREATE TABLE runs AS SELECT l, array_agg(id ORDER BY s DESC) AS ids, array_agg(s ORDER BY s DESC) AS scores
    FROM (SELECT l, (i * 7919 + l * 31) % 40000 AS id, (i * 104729 % 50021)::float8 AS s
          FROM generate_series(1, 3) l, generate_series(1, 20000) i) AS x GROUP BY l;
CREATE TABLE topics AS SELECT t, ARRAY[ROW(ARRAY[t, 100, 101 + t]::bigint[], '{{4,3,2}}'::float8[])::wand_ranking,
        ROW(ARRAY[200, 100, t]::bigint[], '{{4,3,2}}'::float8[])::wand_ranking] AS lists,
    ROW(ARRAY[t, 999]::bigint[], '{{1,1}}')::wand_judgements AS j FROM generate_series(1000, 1800) t;
SELECT wand_create_encoder('tiny', $${TINY}$$);
SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb)"
        ),
    );
}

const RANKED: &str = "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";
const BITMAP: &str = "SET enable_seqscan = off; SET enable_indexscan = off; SET enable_bitmapscan = on";
const RANKINGS: &str = "(SELECT array_agg(ROW(ids, scores)::wand_ranking ORDER BY l) FROM runs)";

/// All of them.
pub fn all(seed: u64) -> Vec<Statement> {
    let mut list = scans(seed);
    list.extend(inspection());
    list.extend(values());
    list.extend(text());
    list.extend(rankings());
    list
}

fn statement(name: &'static str, before: &'static str, sql: impl Into<String>) -> Statement {
    Statement { name, before, sql: sql.into() }
}

fn scans(seed: u64) -> Vec<Statement> {
    let mut random = Random::new(seed);
    let q = corpus::literal(&corpus::query(Profile::Learned, &mut random));
    let wide = corpus::literal(&corpus::document(Profile::Huge, &mut random).expect("not NULL"));
    let best = |condition: &str, q: &str, limit: u32| {
        format!("SELECT count(*) FROM (SELECT id FROM docs {condition} ORDER BY emb <#> '{q}' LIMIT {limit}) AS x")
    };
    let numbers: Vec<String> = (0..5_000).map(|n| (n * 3).to_string()).collect();
    let names: Vec<String> = (0..2_000).map(|n| format!("name {n}")).collect();
    let within = |list: &[String]| format!("'{{{}}}'", list.join(","));
    let with = |strategy: &str| format!("{RANKED}; SET wand.strategy = {strategy}").leak() as &'static str;
    vec![
        statement("scan_auto", with("auto"), best("", &q, 10)),
        statement("scan_bounds", with("bounds"), best("", &q, 200)),
        statement("scan_exhaustive", with("exhaustive"), best("", &q, 200)),
        statement("scan_candidates", with("candidates"), best("WHERE n < 100", &q, 50)),
        statement("scan_whole", with("bounds"), best("", &q, 10_000)),
        statement("scan_wide_query", with("auto"), best("", &wide, 50)),
        statement("scan_cosine", with("auto"), best("", &q, 50).replace("<#>", "<=>")),
        statement("scan_filtered", with("auto"), best("WHERE n BETWEEN 10 AND 700 AND name > 'name 2'", &q, 50)),
        statement("scan_long_list", with("auto"), best(&format!("WHERE n = ANY ({})", within(&numbers)), &q, 50)),
        statement("scan_long_texts", with("auto"), best(&format!("WHERE name = ANY ({})", within(&names)), &q, 50)),
        statement(
            "scan_rescans",
            with("auto"),
            "SELECT count(*) FROM (SELECT emb FROM given WHERE id % 200 = 3) AS g
             CROSS JOIN LATERAL (SELECT id FROM docs WHERE n <> 5 ORDER BY emb <#> g.emb LIMIT 5) AS d",
        ),
        statement("bitmap", BITMAP, format!("SELECT count(*) FROM docs WHERE n < 500 OR emb && '{q}'")),
        statement(
            "bitmap_long_list",
            BITMAP,
            format!("SELECT count(*) FROM docs WHERE n = ANY ({})", within(&numbers)),
        ),
        statement(
            "bitmap_match",
            BITMAP,
            format!("SELECT count(*) FROM docs WHERE emb @@ svec_match(NULL, NULL, '{wide}', 2)"),
        ),
        statement("bitmap_sphere", BITMAP, format!("SELECT count(*) FROM docs WHERE emb <<#>> sphere('{q}', -1.0)")),
    ]
}

fn inspection() -> Vec<Statement> {
    let of = |name, sql: &str| statement(name, RANKED, sql);
    vec![
        of("check", "SELECT count(*) FROM wand_check('docs_idx')"),
        of("check_heap", "SELECT count(*) FROM wand_check('docs_idx', true)"),
        of("info", "SELECT count(*) FROM wand_info('docs_idx')"),
        of("health", "SELECT count(*) FROM wand_health('docs_idx')"),
        of("indexes", "SELECT count(*) FROM wand_indexes"),
        of("segments", "SELECT count(*) FROM wand_segments('docs_idx')"),
        of("term_stats", "SELECT count(*) FROM wand_term_stats('docs_idx')"),
        of("cost", "SELECT count(*) FROM wand_cost('docs_idx', (SELECT emb FROM given WHERE id = 3))"),
        of("df", "SELECT nnz(df) FROM wand_df('docs_idx')"),
        of("idf", "SELECT nnz(wand_idf('docs_idx'))"),
    ]
}

fn values() -> Vec<Statement> {
    let of = |name, sql: &str| statement(name, "", sql);
    vec![
        of("in", "SELECT sum(nnz(t::svec)) FROM large"),
        of("out", "SELECT sum(length(v::text)) FROM large"),
        of("send", "SELECT sum(length(svec_send(v))) FROM large"),
        of("recv", "COPY copied FROM PROGRAM 'cat large.bin' BINARY"),
        of("cast_jsonb", "SELECT sum(nnz(svec_to_jsonb(v)::svec)) FROM large WHERE k < 3"),
        of("cast_arrays", "SELECT sum(nnz(svec_to_real_array(top_terms(v, 1000))::svec)) FROM large WHERE k < 2"),
        of("parts", "SELECT sum(cardinality(indices(v)) + cardinality(weights(v))) FROM large"),
        of("constructors", "SELECT sum(nnz(to_svec(ids, w, 1000000)) + nnz(svec_from_tokens(ids, w))) FROM large"),
        of("unnest", "SELECT count(*) FROM large, unnest(v) AS u"),
        of("arithmetic", "SELECT sum(nnz(a.v + b.v) + nnz(a.v - b.v) + nnz(a.v * b.v)) FROM large a, large b"),
        of("distances", "SELECT sum((a.v <#> b.v) + (a.v <=> b.v) + (a.v <-> b.v)) FROM large a, large b"),
        of("compare", "SELECT count(*) FROM large a, large b WHERE a.v < b.v OR a.v && b.v"),
        of("match", "SELECT count(*) FROM large a, large b WHERE a.v @@ svec_match(b.v, a.v, b.v, 1)"),
        of("aggregates", "SELECT nnz(sum(v)) + nnz(avg(v)) + nnz(max(v)) FROM large"),
        of("aggregate_many", "SELECT nnz(sum(emb)) + nnz(max(emb)) + nnz(df_agg(emb)) FROM given"),
        of("corpus_stats", "SELECT (corpus_stats(emb)).n FROM given WHERE id % 41 > 2"),
        of("normalize", "SELECT sum(nnz(l2_normalize(v)) + nnz(top_terms(v, 10000)) + nnz(above(v, 2))) FROM large"),
        of(
            "activations",
            "SELECT sum(nnz(log_saturation(v)) + nnz(relu(w)) + nnz(softplus(v)) + nnz(presence(v))) FROM large",
        ),
        of(
            "prune",
            "SELECT sum(nnz(prune_top_k(v, 5000)) + nnz(prune_mass_keep(v, 0.5)) + nnz(prune_max_ratio(v, 0.5))) FROM large",
        ),
        of("quantise", "SELECT sum(nnz(dequantise(quantise(v), 0.1))) FROM large"),
        of(
            "fold",
            "SELECT sum(nnz(fold_terms(v, (SELECT array_agg(i / 2) FROM generate_series(0, 999999) i), 'sum'))) FROM large WHERE k = 1",
        ),
        of("feedback", "SELECT nnz(rocchio((SELECT v FROM large WHERE k = 1), array_agg(v))) FROM large"),
        of(
            "rm3",
            "SELECT nnz(rm3((SELECT v FROM large WHERE k = 1), array_agg(v), array_agg(k::real), 10000)) FROM large",
        ),
        of("idf_of_df", "SELECT nnz(apply_idf(v, idf(v, 100))) FROM large"),
        of("flops", "SELECT flops(emb) FROM given WHERE id % 41 > 2"),
        of("decayed", "SELECT nnz(sum_decayed(v, 0.5)) + nnz(max_decayed(v, 0.5)) FROM large"),
    ]
}

fn text() -> Vec<Statement> {
    let of = |name, sql: &str| statement(name, "", sql);
    let make = "SELECT wand_create_encoder('again', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb,
        replace => true)";
    vec![
        of("create_encoder", make),
        of("encode_query", "SELECT nnz(encode_query('tiny', repeat('plants sun a b zebra ', 20000)))"),
        of("encode_full_stops", "SELECT nnz(encode_query('tiny', repeat('.', 100000)))"),
        of("encode_tokens", "SELECT count(*) FROM encode_tokens('tiny', repeat('plants sun ', 5000))"),
        of(
            "encode_words",
            "SELECT nnz(encode_counts('manual', string_agg(name || ' index scan of a vacuum', ' '))) FROM given",
        ),
        of("encode_bm25", "SELECT nnz(encode_bm25_document('tiny', repeat('plants sun a b ', 20000), 100))"),
        of("explain_match", "SELECT count(*) FROM large a, LATERAL explain_match(v, v, 'manual') WHERE k = 1"),
        of(
            "term_counts",
            "SELECT nnz(term_counts(string_agg('w' || i, ' ')::tsvector)) FROM generate_series(1, 20000) i",
        ),
        of("hash_terms", "SELECT nnz(hash_terms(array_agg('w' || i), array_agg(1))) FROM generate_series(1, 20000) i"),
        of("bm25_document", "SELECT sum(nnz(bm25_document(v, 100))) FROM large"),
    ]
}

fn rankings() -> Vec<Statement> {
    let of = |name, sql: String| statement(name, "", sql);
    let lists = "(SELECT array_agg(lists ORDER BY t) FROM topics), (SELECT array_agg(j ORDER BY t) FROM topics)";
    let few = lists.replace("FROM topics", "FROM topics WHERE t < 1100");
    let fuse = |arguments: &str| format!("SELECT count(*) FROM fuse({RANKINGS}, {arguments})");
    vec![
        of("ranking", "SELECT cardinality((ranking(id, n)).ids) FROM given".into()),
        of("text_ranking", "SELECT cardinality((ranking(name || id, n)).ids) FROM given".into()),
        of("rankings", "SELECT cardinality(rankings('list ' || id % 3, id, n)) FROM given".into()),
        of("fuse_rrf", fuse("'rrf'")),
        of("fuse_sum", fuse("'weighted_sum', normaliser => 'zscore', missing => 'min'")),
        of("fuse_texts", {
            let texts = "(SELECT array_agg(ROW(ids::text[], scores)::wand_text_ranking ORDER BY l) FROM runs)";
            format!("SELECT count(*) FROM fuse({texts}, 'comb_mnz', top_k => 1000)")
        }),
        of("fuse_condorcet", "SELECT count(*) FROM topics, fuse(lists, 'condorcet') WHERE t < 1100".into()),
        of("train", format!("SELECT sum(length(train_fusion(m, {lists})::text)) FROM unnest('{{bayes,pos,seg,slide,map}}'::text[]) m")),
        of("tune", format!("SELECT count(*) FROM tune_fusion({few}, 'RR', methods => '{{rrf,weighted_sum}}', weight_steps => 2)")),
        of("evaluate", {
            "SELECT evaluate(ROW(ids, NULL)::wand_ranking, (SELECT judgements(i::bigint, i % 3) FROM generate_series(1, 20000) i),
                 '{nDCG@1000,AP,RR,Bpref}'::text[]) FROM runs WHERE l = 1".into()
        }),
        of("mmr", {
            "SELECT cardinality((mmr(ranking(id, id::float8 ORDER BY id DESC), array_agg(emb ORDER BY id DESC), top_k => 20)).ids)
             FROM given WHERE id % 41 > 2 AND id < 1000".into()
        }),
        of("bootstrap", "SELECT (bootstrap_mean(n::float8)).n FROM given".into()),
        of("compare_runs", "SELECT (compare_runs(n::float8, (n + id % 5)::float8)).n FROM given".into()),
        of("trec_run", "SELECT count(*) FROM trec_run((SELECT string_agg(format(E'1 Q0 d%s %s %s me\\n', i, i, i), '') FROM generate_series(1, 20000) i))".into()),
        of("trec_qrels", "SELECT count(*) FROM trec_qrels((SELECT string_agg(format(E'1 0 d%s 1\\n', i), '') FROM generate_series(1, 20000) i))".into()),
    ]
}
