-- Partial, expression, partitioned, unlogged and temporary indexes, savepoints, ALTER TABLE.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
-- partial
CREATE TABLE docs (id int PRIMARY KEY, kind int, emb svec);
INSERT INTO docs SELECT i, i % 10, doc(i) FROM generate_series(1, 1000) i;
CREATE INDEX docs_partial ON docs USING wand (emb) WHERE kind = 3;
ANALYZE docs;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE kind = 3 ORDER BY emb <#> query(1) LIMIT 5;
SELECT documents FROM wand_info('docs_partial');
SELECT same('(SELECT * FROM docs WHERE kind = 3) docs', '<#>', query(i), 200) FROM generate_series(1, 3) i;
UPDATE docs SET kind = 3 WHERE id % 100 = 1;
SELECT same('(SELECT * FROM docs WHERE kind = 3) docs', '<#>', query(i), 200) FROM generate_series(1, 3) i;
SELECT * FROM wand_check('docs_partial', true);
DROP INDEX docs_partial;

-- expression
CREATE INDEX docs_expression ON docs USING wand ((emb * 2));
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY (emb * 2) <#> query(1) LIMIT 5;
SELECT same('(SELECT id, emb * 2 AS emb FROM docs) docs', '<#>', query(i), 2000) FROM generate_series(1, 3) i;
SELECT * FROM wand_check('docs_expression', true);
DROP INDEX docs_expression;

-- built while others write, and rebuilt
CREATE INDEX CONCURRENTLY docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64);
SELECT * FROM wand_check('docs_emb', true);
REINDEX TABLE docs;
VACUUM FULL docs;
CLUSTER docs USING docs_pkey;
SELECT * FROM wand_check('docs_emb', true);
SELECT same('docs', '<#>', query(i), 2000) FROM generate_series(1, 3) i;

-- savepoints and rollback
BEGIN;
INSERT INTO docs VALUES (2001, 1, '{1:100}');
SAVEPOINT a;
INSERT INTO docs VALUES (2002, 1, '{1:200}');
ROLLBACK TO a;
SET LOCAL enable_seqscan = off;
SELECT id FROM docs ORDER BY emb <#> '{1:1}' LIMIT 1;
ROLLBACK;
SET enable_seqscan = off;
SELECT id > 2000 AS leaked FROM docs ORDER BY emb <#> '{1:1}' LIMIT 1;
RESET enable_seqscan;
BEGIN;
TRUNCATE docs;
INSERT INTO docs VALUES (1, 1, doc(1));
ROLLBACK;
SELECT same('docs', '<#>', query(1), 2000);
-- the table is rewritten
ALTER TABLE docs ALTER COLUMN emb TYPE svec(500);
ALTER TABLE docs ADD COLUMN extra int DEFAULT (random() * 0)::int;
SELECT same('docs', '<#>', query(1), 2000);
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;

-- unlogged, temporary
CREATE UNLOGGED TABLE docs (id int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 500) i;
SELECT same('docs', '<#>', query(1), 1000);
ALTER TABLE docs SET LOGGED;
SELECT same('docs', '<#>', query(1), 1000);
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
CREATE TEMPORARY TABLE docs (id int, emb svec) ON COMMIT DELETE ROWS;
CREATE INDEX docs_emb ON docs USING wand (emb);
BEGIN;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 500) i;
SELECT same('docs', '<#>', query(1), 1000);
COMMIT;
SELECT documents, pending FROM wand_info('docs_emb');
DROP TABLE docs;

-- partitions, with columns in another order in one of them
CREATE TABLE docs (id int, emb svec) PARTITION BY RANGE (id);
CREATE TABLE docs_1 PARTITION OF docs FOR VALUES FROM (0) TO (400);
CREATE TABLE docs_2 (emb svec, dropped int, id int);
ALTER TABLE docs_2 DROP COLUMN dropped;
CREATE INDEX docs_emb ON docs USING wand (emb);
ALTER TABLE docs ATTACH PARTITION docs_2 FOR VALUES FROM (400) TO (1000);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 999) i;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 5;
RESET enable_seqscan;
SELECT k, a.* FROM (VALUES (10), (2000)) v (k), same_all('docs', '<#>', k) a;
SELECT * FROM wand_check('docs_1_emb_idx', true);
SELECT wand_check('docs_emb');
DROP TABLE docs;

-- materialized view
CREATE TABLE base AS SELECT i AS id, doc(i) AS emb FROM generate_series(1, 300) i;
CREATE MATERIALIZED VIEW docs AS SELECT * FROM base;
CREATE INDEX docs_emb ON docs USING wand (emb);
REFRESH MATERIALIZED VIEW docs;
SELECT same('docs', '<#>', query(1), 1000);
DROP MATERIALIZED VIEW docs;
DROP TABLE base;
