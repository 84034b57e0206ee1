-- Document frequencies: rows that have a term, whatever its weight; NULL rows do not count.
SELECT df_agg(v), count(v) FROM (VALUES ('{1:5,2:-1}/9'::svec), ('{1:0.1}/9'), ('{}/9'), (NULL)) AS t(v);
SELECT df_agg(v) FROM (VALUES (NULL::svec)) AS t(v);
SELECT df_agg(v) FROM (SELECT '{1:1}'::svec WHERE false) AS t(v);
SELECT df_agg(v) FROM (VALUES ('{1:1}/3'::svec), ('{1:1}/4')) AS t(v);
-- shards are merged by sum
SELECT sum(df) FROM (VALUES ('{1:5,2:1}/9'::svec), ('{1:2}/9')) AS shards(df);
-- in parallel, and beside plain SQL
CREATE TABLE weights_rows AS SELECT i AS id, to_svec(ARRAY[i % 97 + 1, i % 89 + 101], ARRAY[(i % 13 - 6)::real, 0.25], 200) AS v FROM generate_series(1, 20000) i;
CREATE TABLE weights_serial AS SELECT df_agg(v) AS df, flops(v) AS f, flops(v, 1) AS m, idf_flops(v, '{1:2,101:4}') AS i, df_flops(v, 0.1, 10) AS d FROM weights_rows;
SELECT df = (SELECT to_svec(array_agg(index), array_agg(n::real), 200) FROM (SELECT index, count(*) AS n FROM weights_rows, unnest(v) GROUP BY index) AS plain) AS df,
       abs(f - (SELECT sum((s / 20000) ^ 2) FROM (SELECT sum(abs(weight::float8)) AS s FROM weights_rows, unnest(v) GROUP BY index) AS plain)) < 1e-12 AS flops
FROM weights_serial;
ALTER TABLE weights_rows SET (parallel_workers = 2);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT df_agg(v), flops(v), flops(v, 1), idf_flops(v, '{1:2,101:4}'), df_flops(v, 0.1, 10) FROM weights_rows;
SELECT (SELECT df_agg(v) FROM weights_rows) = df AS df, abs((SELECT flops(v) FROM weights_rows) - f) < 1e-12 AS flops, abs((SELECT flops(v, 1) FROM weights_rows) - m) < 1e-12 AS min_nnz,
       abs((SELECT idf_flops(v, '{1:2,101:4}') FROM weights_rows) - i) < 1e-12 AS idf_flops, abs((SELECT df_flops(v, 0.1, 10) FROM weights_rows) - d) < 1e-12 AS df_flops FROM weights_serial;
SELECT df_agg(v), flops(v) FROM weights_rows WHERE id < 0;
SELECT s.df = serial.df AS df, s.n, s.avgdl = (SELECT sum(weight) / 20000 FROM weights_rows, unnest(v)) AS avgdl FROM (SELECT (c).* FROM (SELECT corpus_stats(v) AS c FROM weights_rows) AS one) AS s, weights_serial AS serial;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET parallel_leader_participation;
DROP TABLE weights_rows, weights_serial;
-- all that BM25 needs, in one aggregate
SELECT (corpus_stats(v)).* FROM (VALUES ('{1:3,2:1}/9'::svec), ('{1:1}/9'), ('{}/9'), (NULL)) AS t(v);
SELECT corpus_stats(v), corpus_stats(v) IS NULL AS none FROM (SELECT '{1:1}'::svec WHERE false) AS t(v);
SELECT s.df = df_agg(t.v) AS df, s.n = count(t.v) AS n, abs(s.avgdl - avg(l1_norm(t.v))) < 1e-12 AS avgdl
FROM (VALUES ('{1:3,2:1}/9'::svec), ('{1:1,4:7}/9'), ('{}/9'), (NULL)) AS t(v), (SELECT (corpus_stats(v)).* FROM (VALUES ('{1:3,2:1}/9'::svec), ('{1:1,4:7}/9'), ('{}/9')) AS u(v)) AS s
GROUP BY s.df, s.n, s.avgdl;
-- IDF: all variants, of a vector and of one term
SELECT variant, idf('{1:1,2:6,3:10}/9'::svec, 10, variant), round(idf(6, 10, variant)::numeric, 12) AS of_6 FROM unnest(ARRAY['lucene', 'robertson', 'plain', 'atire', 'bm25l', 'bm25plus']) variant;
SELECT idf('{1:1,2:6}'::svec, 10) = idf('{1:1,2:6}'::svec, 10, 'lucene') AS by_default, round(idf(6, 10)::numeric, 12) AS of_6, idf('{}/9'::svec, 0) AS empty, round(idf(0, 10)::numeric, 12) AS unseen, round(idf(0, 10, 'bm25l')::numeric, 12) AS bm25l;
SELECT idf('{1:1,2:6}/4'::svec, 10, unseen => true), idf('{1:1,2:6}/4'::svec, 10, 'robertson', true);
SELECT idf('{1:1,2:6}'::svec, 10, unseen => true);
SELECT idf('{1:1,2:6}/4'::svec, 10, 'plain', true);
SELECT idf(NULL::svec, 10), idf('{1:1}'::svec, NULL), idf('{1:1}'::svec, 10, NULL), idf(NULL::float8, 10), idf(1, NULL);
SELECT idf('{1:11}'::svec, 10);
SELECT idf('{1:-1}'::svec, 10);
SELECT idf('{1:1}'::svec, -1);
SELECT idf('{1:1}'::svec, 10, 'bm25');
SELECT idf(11, 10);
SELECT idf('NaN'::float8, 10);
SELECT idf(0, 10, 'plain');
SELECT idf(0, 10, 'bm25plus');
-- the query of an inference-free encoder; terms without a positive IDF go
SELECT apply_idf('{1:1,2:1,3:1,4:2}/9', '{1:0.5,2:-1,4:3}'), apply_idf('{}', '{1:1}'), apply_idf(NULL, '{1:1}'), apply_idf('{1:1}', NULL);
SELECT apply_idf('{1:1}/3', '{1:1}/4');
SELECT apply_idf('{1:3e38}', '{1:3}');
-- a query's cost, and the mean number of shared terms
SELECT postings_touched('{1:1,3:-1,8:1}', '{1:100,2:50,3:7}'), postings_touched('{}', '{1:1}'), postings_touched(NULL, '{}'), postings_touched('{1:1}', NULL);
SELECT postings_touched('{1:1}', '{1:-1}');
SELECT retrieval_flops('{1:5,2:10}', 10, '{1:50,3:100}', 100), retrieval_flops('{}', 0, '{}', 0), retrieval_flops(NULL, 1, '{}', 1), retrieval_flops('{}', 1, '{}', NULL);
SELECT retrieval_flops('{1:5}', 4, '{1:1}', 1);
SELECT retrieval_flops('{1:5}', 5, '{1:2}', 1);
SELECT retrieval_flops('{1:5}/3', 5, '{1:1}/4', 1);
