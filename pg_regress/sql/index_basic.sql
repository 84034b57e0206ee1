-- Build, scan, insert, update, delete, vacuum: the index gives what a sequential scan gives.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, emb svec(500));
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 3000) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
SELECT metric, segments, documents, live, dead, pending FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
-- ties are frequent here: compare distances
SELECT id, emb <#> query(1) AS distance FROM docs ORDER BY emb <#> query(1) LIMIT 5;
SELECT k, a.* FROM (VALUES (1), (10), (100), (1000), (2999), (3000), (3001)) v (k), same_all('docs', '<#>', k) a;
SELECT same_all('docs', '<#>', NULL);

-- inserted rows are ranked at once
INSERT INTO docs SELECT i, doc(i) FROM generate_series(3001, 4000) i;
SELECT segments, documents, pending > 0 AS pending FROM wand_info('docs_emb');
SELECT k, a.* FROM (VALUES (10), (5000)) v (k), same_all('docs', '<#>', k) a;

-- updated and deleted rows, before and after vacuum
UPDATE docs SET emb = doc(id + 10000) WHERE id % 5 = 0;
DELETE FROM docs WHERE id % 3 = 0;
SELECT k, a.* FROM (VALUES (10), (5000)) v (k), same_all('docs', '<#>', k) a;
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT live + pending AS rows, pending, dead * 5 <= documents AS few_dead FROM wand_info('docs_emb');
SELECT k, a.* FROM (VALUES (10), (5000)) v (k), same_all('docs', '<#>', k) a;
SELECT * FROM wand_check('docs_emb', true);

-- everything gone, then filled again
DELETE FROM docs;
VACUUM docs;
SELECT segments, documents, live, pending FROM wand_info('docs_emb');
SELECT same('docs', '<#>', query(1), 10);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 500) i;
SELECT wand_merge('docs_emb');
SELECT segments, documents, live, pending FROM wand_info('docs_emb');
SELECT k, a.* FROM (VALUES (10), (5000)) v (k), same_all('docs', '<#>', k) a;
TRUNCATE docs;
SELECT segments, documents, pending FROM wand_info('docs_emb');
INSERT INTO docs VALUES (1, doc(1));
REINDEX INDEX docs_emb;
REINDEX INDEX CONCURRENTLY docs_emb;
SELECT segments, documents, pending FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
