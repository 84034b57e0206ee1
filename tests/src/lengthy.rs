//! Statements that take a while, of every kind that there is: to be stopped in the middle.
//!
//! None prints large values of PostgreSQL's own types (jsonb, arrays, rows): that takes long, and is not interrupted.
//! What they read is in the schema `public` and made once; what they change is in a schema of each session's own.

use crate::corpus::{self, Profile};
use crate::random::Random;
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;

/// A statement and what makes it ready to run, once more each time.
pub struct Lengthy {
    pub name: String,
    pub before: String,
    pub run: String,
}

/// How much there is.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Rows of the table `docs`.
    pub rows: usize,
    /// Terms of the vectors of `big`, which also has them as text, JSON and arrays.
    pub terms: usize,
}

/// Fills `public`. The server must have the demo's `tokenizer.json` and `idf.json` in its folder.
pub fn create(client: &mut Client, sizes: Sizes, seed: u64) -> Result<(), postgres::Error> {
    let Sizes { rows, terms } = sizes;
    client.batch_execute(
        "CREATE EXTENSION pg_wand; CREATE TABLE docs (id int PRIMARY KEY, emb svec) WITH (parallel_workers = 2)",
    )?;
    let mut random = Random::new(seed);
    let mut text = String::new();
    for id in 0..rows {
        let emb = corpus::document(Profile::Learned, &mut random).map_or("\\N".into(), |v| corpus::literal(&v));
        writeln!(text, "{id}\t{emb}").expect("writing to a string");
    }
    let mut copy = client.copy_in("COPY docs FROM STDIN")?;
    // A failure shows in finish().
    let _ = copy.write_all(text.as_bytes());
    copy.finish()?;
    let queries: Vec<String> = (0..100)
        .map(|_| format!("('{}'::svec)", corpus::literal(&corpus::query(Profile::Learned, &mut random))))
        .collect();
    let list = terms / 5;
    // PostgreSQL prints and reads jsonb without asking for interrupts: 20 MB take half a second to a whole one.
    let small = terms / 8;
    client.batch_execute(&format!(
        "CREATE INDEX docs_ip ON docs USING wand (emb);
         CREATE INDEX docs_l2 ON docs USING wand (emb svec_l2_ops);
         CREATE INDEX docs_filtered ON docs USING wand (emb svec_cosine_ops, (id % 1000), (md5(id::text)));
         CREATE TABLE queries (q svec);
         INSERT INTO queries VALUES {queries};
         CREATE TABLE big (v svec, u svec, s svec, t text, j jsonb, a real[], d float8[], i int[],
             n numeric[], w text[]);
         ALTER TABLE big ALTER v SET STORAGE EXTERNAL, ALTER u SET STORAGE EXTERNAL, ALTER s SET STORAGE EXTERNAL,
             ALTER t SET STORAGE EXTERNAL, ALTER j SET STORAGE EXTERNAL, ALTER a SET STORAGE EXTERNAL,
             ALTER d SET STORAGE EXTERNAL,
             ALTER i SET STORAGE EXTERNAL, ALTER n SET STORAGE EXTERNAL, ALTER w SET STORAGE EXTERNAL;
         INSERT INTO big (v, u, a, i, w)
         SELECT to_svec(array_agg(3 * g + 1 ORDER BY h, g), array_agg((h + 1) / 64.0 ORDER BY h, g)::real[]),
             to_svec(array_agg(2 * g + 1), array_agg((h + 9) / 32.0)::real[]), array_agg(g % 7 / 4.0)::real[],
             array_agg(g ORDER BY h), array_agg('word' || g % 100000)
         FROM (SELECT g, g * 7919::bigint % 101 AS h FROM generate_series(0, {terms} - 1) AS g) AS numbers;
         UPDATE big SET s = top_terms(v, {small}), t = v::text, j = top_terms(v, {small})::jsonb, d = a, n = a[:{list}];
         CREATE TABLE lists AS
         SELECT array_agg(g % {rows}) AS ids, array_agg(md5((g % {rows})::text)) AS texts
         FROM generate_series(1, 100000) AS g;
         CREATE TABLE long AS
         SELECT repeat('Vacuum the sparse index of PostgreSQL, 42 times more. ', {terms} / 25) AS body,
             repeat(U&'\\4e00', 170000) AS ideographs, repeat('x', 262144) AS word;
         CREATE TABLE fused AS
         SELECT ARRAY[ranking(g, s), ranking(g * 3 % {list}, 1 - s), ranking({list} - g, s * s)] AS lists,
             judgements(g * 7 % {list}, (g % 4)::int) AS j
         FROM (SELECT g::bigint, sqrt(g * 7919 % 100003) AS s FROM generate_series(1, {list}) AS g) AS scored;
         CREATE TABLE topics AS SELECT array_agg(ARRAY[a, b, c]) AS lists, array_agg(j) AS j FROM (
             SELECT ranking((t * g) % 1009, 1.0 / g) AS a, ranking((t + 3 * g) % 1009, sqrt(g)) AS b,
                 ranking((t * t + g) % 1009, g % 17) AS c, judgements((t * g) % 500, (g % 3)::int) AS j
             FROM generate_series(1::bigint, 60) AS t, generate_series(1::bigint, 300) AS g GROUP BY t) AS each;
         CREATE TABLE near AS SELECT ranking(id, 1.0 / (id + 1)) AS r, array_agg(emb) AS vectors
         FROM (SELECT id::bigint, emb FROM docs WHERE emb IS NOT NULL ORDER BY id LIMIT 3000) AS first;
         SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb);
         ANALYZE",
        queries = queries.join(","),
    ))
}

/// A session's own schema, in its search path from here on.
pub fn own_schema(number: usize) -> String {
    format!(
        "CREATE SCHEMA s{number}; SET search_path = s{number}, public;
         CREATE TABLE sink (id int, emb svec);
         CREATE INDEX sink_ip ON sink USING wand (emb) WITH (pending_list_limit = 64);
         CREATE INDEX sink_more ON sink USING wand (emb svec_l2_ops, (id % 50)) WITH (pending_list_limit = 256);
         CREATE TABLE worn WITH (parallel_workers = 2, autovacuum_enabled = off) AS SELECT * FROM docs;
         CREATE INDEX worn_ip ON worn USING wand (emb) WITH (pending_list_limit = 2048, autoflush = off);
         CREATE INDEX worn_more ON worn USING wand ((md5(id::text)), emb svec_cosine_ops)"
    )
}

/// What every session sets for itself.
pub fn settings(number: usize) -> String {
    format!(
        "SET search_path = s{number}, public; SET maintenance_work_mem = '16MB'; SET enable_seqscan = off;
         SET max_parallel_maintenance_workers = 0; SET min_parallel_table_scan_size = 0"
    )
}

/// All of them.
pub fn all() -> Vec<Lengthy> {
    let mut all = Vec::new();
    let mut add = |name: &str, before: &str, run: &str| {
        all.push(Lengthy { name: name.into(), before: before.into(), run: run.into() });
    };
    changes(&mut add);
    reads(&mut add);
    values(&mut add);
    fusions(&mut add);
    all
}

type Add<'a> = &'a mut dyn FnMut(&str, &str, &str);

fn changes(add: Add<'_>) {
    let drop = "SET client_min_messages = error; DROP INDEX IF EXISTS built; SET max_parallel_maintenance_workers = ";
    let build = |columns: &str| format!("CREATE INDEX built ON worn USING wand ({columns})");
    add("build", &format!("{drop}0"), &build("emb"));
    add("build, filters", &format!("{drop}0"), &build("emb svec_l2_ops, id, (md5(id::text))"));
    add("build, parallel", &format!("{drop}2"), &build("emb svec_cosine_ops"));
    // Of no expression: two sessions that rebuild such an index wait for one another.
    let left = "SET client_min_messages = error; DROP INDEX IF EXISTS worn_ip_ccnew, worn_ip_ccold";
    add("reindex concurrently", left, "REINDEX INDEX CONCURRENTLY worn_ip");
    let clear = "TRUNCATE sink";
    add("insert", clear, "INSERT INTO sink SELECT id, emb FROM docs");
    add("insert, large", clear, "INSERT INTO sink SELECT g, v FROM big, generate_series(1, 3) AS g");
    // An UPDATE that fails leaves dead rows to VACUUM, too.
    let wear = "UPDATE worn SET emb = emb WHERE id % 4 = 1";
    add("update", "", wear);
    add("vacuum", wear, "VACUUM (INDEX_CLEANUP ON) worn");
    add("merge", wear, "SELECT wand_merge('worn_ip'), wand_merge('worn_more')");
}

fn reads(add: Add<'_>) {
    let pairs = [("auto", "docs", "<#>"), ("bounds", "docs", "<->"), ("exhaustive", "docs", "<=>")];
    for (strategy, table, operator) in pairs {
        let set = format!("SET wand.strategy = {strategy}");
        let best = |limit: usize| {
            format!(
                "SELECT sum(n) FROM queries, LATERAL (SELECT count(*) AS n FROM
                 (SELECT FROM {table} ORDER BY emb {operator} q LIMIT {limit}) AS best) AS counted"
            )
        };
        add(&format!("scan, {strategy}"), &set, &best(10));
        add(&format!("scan, {strategy}, large limit"), &set, &best(3000));
    }
    let reset = "RESET wand.strategy";
    let all_queries =
        "SELECT to_svec(array_agg(3 * g + 1), array_agg(1 + g % 5)::real[], 30522) FROM generate_series(0, 10000) g";
    add(
        "scan, query of many terms",
        reset,
        &format!("SELECT count(*) FROM (SELECT FROM docs ORDER BY emb <#> ({all_queries}) LIMIT 9999) AS s"),
    );
    add(
        "scan, pending list",
        "UPDATE worn SET emb = emb WHERE id % 8 = 1",
        "SELECT sum(n) FROM queries, LATERAL
        (SELECT count(*) AS n FROM (SELECT FROM worn ORDER BY emb <#> q LIMIT 10) AS best) AS counted",
    );
    let list = "(SELECT ids FROM lists)::int[]";
    let texts = "(SELECT texts FROM lists)::text[]";
    add(
        "list, ranked",
        reset,
        &format!(
            "SELECT count(*) FROM (SELECT FROM docs WHERE id % 1000 = ANY ({list})
             AND md5(id::text) = ANY ({texts}) ORDER BY emb <=> (SELECT q FROM queries LIMIT 1) LIMIT 5000) AS s"
        ),
    );
    add(
        "list, bitmap",
        reset,
        &format!(
            "SET LOCAL enable_indexscan = off; SELECT count(*) FROM docs WHERE md5(id::text) = ANY ({texts})
             AND id % 1000 = ANY ({list})"
        ),
    );
    let counted = "LATERAL (SELECT count(*) AS n FROM docs WHERE emb && q) AS counted";
    add(
        "matches, bitmap",
        reset,
        &format!(
            "SET LOCAL enable_indexscan = off; SELECT sum(n) FROM queries, {counted};
             SELECT count(*) FROM docs WHERE emb && ({all_queries})"
        ),
    );
    add(
        "sphere",
        reset,
        "SELECT sum(n) FROM queries, LATERAL (SELECT count(*) AS n FROM docs WHERE emb <<->> sphere(q, 4)) AS counted",
    );
    add("check", "", "SELECT count(*) FROM wand_check('docs_filtered', true) AS a, wand_check('worn_ip', true) AS b");
    add("statistics", "", "SELECT wand_df('docs_ip'), wand_idf('docs_l2') FROM generate_series(1, 5)");
    add("term statistics", "", "SELECT count(*) FROM generate_series(1, 3), wand_term_stats('docs_ip')");
}

fn values(add: Add<'_>) {
    let of_big = |expression: &str| format!("SELECT {expression} FROM big");
    for (name, expression) in [
        ("text in", "nnz(t::svec)"),
        ("text in, refused", "nnz((t || ',')::svec)"),
        ("text in, blanks", "nnz(('{' || repeat(' ', length(t)) || '}')::svec)"),
        ("text in, one number, refused", "nnz(('{1:1' || repeat('0', length(t)) || '}')::svec)"),
        ("text out", "length(v::text)"),
        ("binary", "length(svec_send(v))"),
        ("from jsonb", "nnz(j::svec)"),
        ("to jsonb", "s::jsonb IS NULL"),
        ("from real[]", "nnz(a::svec)"),
        ("from float8[]", "nnz(d::svec)"),
        ("from integer[]", "nnz(i::svec)"),
        ("from numeric[]", "nnz(n::svec)"),
        ("to real[]", "cardinality((a::svec)::real[])"),
        ("from pairs", "nnz(svec_from_tokens(i, a))"),
        ("arithmetic", "nnz(v + u * u - v * 2::real)"),
        ("distances", "(v <#> u) + (v <-> u) + (v <=> u) + (v <+> u)"),
        ("comparison", "v < u, v = v + '{}', hashtext(v::text), v && u, v @> u"),
        ("selection", "nnz(top_terms(v, nnz(v) / 2)), nnz(above(v, 0.5)), nnz(l2_normalize(v))"),
        ("pruning", "nnz(prune_top_k(v, nnz(v) / 2)), nnz(prune_mass_keep(v, 0.7)), nnz(prune_max_ratio(v, 0.1))"),
        ("quantisation", "nnz(quantise(v)), nnz(dequantise(v, 0.1)), nnz(log_saturation(v))"),
        ("activation of an array", "nnz(softplus(a)), nnz(relu(a))"),
        (
            "feedback",
            "nnz(rocchio(v, ARRAY[v, u, v, u], ARRAY[u])), nnz(rm3(v, ARRAY[v, u], '{1,0.5}', terms => 1000))",
        ),
        ("folding", "nnz(fold_terms(u, i || i || i))"),
        ("idf", "nnz(idf(v * 64::real, 1000000)), nnz(apply_idf(v, u))"),
        ("hashed words", "nnz(hash_terms(w, i))"),
        ("bm25", "nnz(bm25_document(v, 100))"),
        ("unnest", "(SELECT count(*) FROM unnest(v))"),
        ("explanation", "(SELECT count(*) FROM explain_match(v, v + u))"),
    ] {
        add(name, "", &of_big(expression));
    }
    add(
        "aggregates",
        "",
        "SELECT nnz(sum(v)), nnz(max(u)), nnz(df_agg(v)), flops(u), nnz(sum_decayed(v, 0.5)) FROM big",
    );
    add(
        "aggregate of rows",
        "",
        "SELECT nnz(sum(emb)), nnz(avg(emb)), nnz(df_agg(emb)) FROM docs, generate_series(1, 5)",
    );
    add(
        "encoder made",
        "",
        "SELECT wand_create_encoder('other', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb,
             replace => true)",
    );
    add("encode", "", "SELECT nnz(encode_counts('manual', body)), nnz(encode_query('manual', body)) FROM long");
    add("encode, ideographs", "", "SELECT nnz(encode_counts('manual', ideographs)) FROM long");
    // The longest that one call of the tokenizer may get.
    add("encode, one word", "", "SELECT nnz(encode_counts('manual', word)) FROM long");
    add("encode, tokens", "", "SELECT count(*) FROM long, encode_tokens('manual', left(body, 2000000))");
    add("encode, bm25", "", "SELECT nnz(encode_bm25_document('manual', body, 100)) FROM long");
    add("word counts", "", "SELECT nnz(term_counts(to_tsvector('simple', left(body, 500000)))) FROM long");
}

fn fusions(add: Add<'_>) {
    for method in ["rrf", "comb_mnz", "condorcet", "interleave", "team_draft", "borda", "srrf", "rbc", "mixed"] {
        add(&format!("fuse, {method}"), "", &format!("SELECT count(*) FROM fused, fuse(lists, '{method}')"));
    }
    add("fuse, sigmoid", "", "SELECT count(*) FROM fused, fuse(lists, 'weighted_sum', normaliser => 'z_score')");
    add("mmr", "", "SELECT mmr(r, vectors, top_k => 200) FROM near");
    add(
        "rankings",
        "",
        "SELECT ranking(g, sin(g)) IS NULL, rankings((g % 3)::text, g, cos(g)) IS NULL, ranking(g::text, sin(g)) IS NULL
         FROM generate_series(1::bigint, 300000) AS g",
    );
    add(
        "evaluate",
        "",
        "SELECT evaluate(lists[n], j, '{nDCG@10,AP,RR,P@100,RBP,Bpref,Rprec,nDCG}'::text[])
         FROM fused, generate_series(1, 3) AS n",
    );
    add("bootstrap", "", "SELECT bootstrap_mean(sin(g), 0.95, 20000, 1) FROM generate_series(1, 1000) g");
    add("compare", "", "SELECT compare_runs(sin(g), cos(g), 0.95, 20000, 1) FROM generate_series(1, 1000) g");
    add("tune", "", "SELECT count(*) FROM topics, tune_fusion(lists, j)");
    for method in ["bayes", "pos", "prob", "seg", "slide", "map"] {
        add(
            &format!("train, {method}"),
            "",
            &format!("SELECT train_fusion('{method}', ARRAY[lists, lists, lists], ARRAY[j, j, j]) IS NULL FROM fused"),
        );
    }
}
