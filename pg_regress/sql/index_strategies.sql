-- Every way of finding rows finds the same rows; what a scan did can be asked.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
SELECT count(*) FROM wand_last_scan();
CREATE TABLE docs (id int PRIMARY KEY, emb svec);
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
SELECT strategy, rows + 500 AS rows FROM wand_last_scan();
SET wand.strategy = 'exhaustive';
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) s;
SELECT strategy, rounds, blocks_bounded FROM wand_last_scan();
SET wand.strategy = 'fastest';
SET wand.stratagem = 'auto';
RESET wand.strategy;
SHOW wand.strategy;
DROP TABLE docs;
