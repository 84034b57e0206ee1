-- A session remembers an index's segments between scans: every way to replace or empty an index, in one session, is
-- followed by a scan.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
-- emptied in place at every commit: the same file, generations and blocks, other rows
CREATE TEMPORARY TABLE docs (id int, emb svec) ON COMMIT DELETE ROWS;
CREATE INDEX docs_emb ON docs USING wand (emb);
BEGIN;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 300) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
COMMIT;
BEGIN;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(2001, 2305) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
COMMIT;
SELECT same('docs', '<#>', query(1), 1000);
DROP TABLE docs;

-- emptied in place by TRUNCATE, because the table was made in the same transaction
BEGIN;
CREATE TABLE docs (id int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 300) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
TRUNCATE docs;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(2001, 2305) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
SAVEPOINT a;
TRUNCATE docs;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(3001, 3302) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
ROLLBACK TO a;
SELECT same('docs', '<#>', query(1), 1000);
COMMIT;
SELECT same('docs', '<#>', query(1), 1000);

-- replaced, and put back
BEGIN;
REINDEX TABLE docs;
SELECT same('docs', '<#>', query(1), 1000);
ROLLBACK;
SELECT same('docs', '<#>', query(1), 1000);
BEGIN;
TRUNCATE docs;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 50) i;
SELECT wand_merge('docs_emb');
SELECT same('docs', '<#>', query(1), 1000);
ROLLBACK;
SELECT same('docs', '<#>', query(1), 1000);
-- more segments, fewer segments
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 50) i;
VACUUM docs;
SELECT same('docs', '<#>', query(1), 1000);
DELETE FROM docs WHERE id > 2100;
VACUUM docs;
SELECT same('docs', '<#>', query(1), 1000);
REINDEX INDEX docs_emb;
SELECT same('docs', '<#>', query(1), 1000);
SELECT * FROM wand_check('docs_emb', true);
-- each outer row begins a scan
CREATE TABLE queries AS SELECT i, query(i) AS q FROM generate_series(1, 30) i;
SET enable_seqscan = off;
SET enable_material = off;
SELECT count(*) AS rows, count(DISTINCT i) AS queries
FROM queries, LATERAL (SELECT id FROM docs ORDER BY emb <#> q LIMIT 3) best;
RESET ALL;
DROP TABLE docs, queries;
