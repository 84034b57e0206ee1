-- Every way of finding rows finds the same rows; what a scan did can be asked.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
SELECT count(*) FROM wand_last_scan();
CREATE TABLE docs (id int PRIMARY KEY, emb svec) WITH (autovacuum_enabled = off);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 6000) i;
INSERT INTO docs VALUES (7001, NULL), (7002, '{}'), (7003, '{1:-2,5:1}'), (7004, '{2:1e30}');
CREATE INDEX docs_emb ON docs USING wand (emb);
CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(6001, 6500) i;
SET wand.strategy = 'exhaustive';
SELECT k, a.* FROM (VALUES (1), (10), (500), (10000)) v (k), same_all('docs', '<#>', k) a;
SET wand.strategy = 'bounds';
SELECT k, a.* FROM (VALUES (1), (10), (500), (10000)) v (k), same_all('docs', '<#>', k) a;
SELECT k, a.* FROM (VALUES (1), (10), (500), (10000)) v (k), same_all('docs', '<=>', k) a;
SELECT same('docs', '<#>', q::svec, 10000) FROM (VALUES ('{1:1,2:-1}'), ('{1:-1}'), ('{499:1}'), ('{}'), (NULL)) v (q);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) s;
SELECT index, strategy, segments, rounds, blocks_bounded, blocks_scored + blocks_dropped < blocks_bounded AS few_blocks,
    rows BETWEEN 1 AND 100 AS few_rows FROM wand_last_scan();
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1)) s;
SELECT strategy, rows FROM wand_last_scan();
SET wand.strategy = 'exhaustive';
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) s;
SELECT strategy, rounds, blocks_bounded FROM wand_last_scan();
-- every width of the inner loops finds the same rows; one that the processor lacks counts as auto
RESET wand.strategy;
CREATE FUNCTION same_by(kernel text, strategy text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('wand.kernel', kernel, false), set_config('wand.strategy', strategy, false);
    RETURN QUERY SELECT answer || ' of ' || queries || ' queries' FROM same_all('docs', '<#>', 500);
END
$$;
SELECT kernel, strategy, same_by(kernel, strategy)
FROM (VALUES ('plain'), ('avx2'), ('avx512')) v (kernel), (VALUES ('exhaustive'), ('bounds')) s (strategy);
RESET wand.strategy;
RESET wand.kernel;
-- what the last scan did, in numbers that go together
SET wand.strategy = 'bounds';
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) s;
SELECT terms > 0 AS terms, lists >= terms AS lists, bytes_read > 0 AS bytes, rows_rechecked BETWEEN 10 AND rows AS rechecked,
    pending, least(plan_ms, pending_ms, bounds_ms, blocks_ms) > 0 AS timed, exhaustive_ms, select_ms FROM wand_last_scan();
RESET wand.strategy;
-- only on request: approximations
CREATE FUNCTION found(k int) RETURNS SETOF int LANGUAGE sql AS
    'SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT k';
CREATE TABLE exact AS SELECT found(100) AS id;
SET wand.recheck = off;
SELECT count(*), count(exact.id) > 90 AS most_of_them FROM found(100) f (id) LEFT JOIN exact USING (id);
SELECT rows_rechecked FROM wand_last_scan();
RESET wand.recheck;
SET wand.max_query_terms = 3;
SELECT count(*), count(exact.id) BETWEEN 10 AND 99 AS some_of_them FROM found(100) f (id) LEFT JOIN exact USING (id);
SELECT terms, rows_rechecked FROM wand_last_scan();
SET wand.max_query_terms = 100;
SELECT count(*), count(exact.id) FROM found(100) f (id) LEFT JOIN exact USING (id);
RESET wand.max_query_terms;
SET wand.strategy = 'bounds';
SET wand.prune_factor = 0.5;
SELECT count(*), count(DISTINCT f.id) FROM found(100) f (id);
SELECT blocks_scored < (SELECT count(*) FROM docs) / 8 AS fewer FROM wand_last_scan();
SET wand.prune_factor = 1;
SELECT count(*), count(exact.id) FROM found(100) f (id) LEFT JOIN exact USING (id);
SET wand.prune_factor = 0;
SET wand.prune_factor = 1.5;
SET wand.max_query_terms = -1;
SET wand.kernel = 'sse9';
RESET wand.prune_factor;
SET wand.strategy = 'fastest';
SET wand.stratagem = 'auto';
RESET wand.strategy;
SHOW wand.strategy;
DROP TABLE docs;
