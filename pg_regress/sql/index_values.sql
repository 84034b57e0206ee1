-- Any value that can be stored can be indexed: huge, negative, extreme, with any term id.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb);
-- more non-zeros than fit a page, before and after they leave the pending list
INSERT INTO docs SELECT 1, to_svec(array_agg(i), array_agg(((i % 100 + 1) / 10.0)::real)) FROM generate_series(1, 30000) i;
INSERT INTO docs SELECT 2, to_svec(array_agg(i * 70000), array_agg(((i % 7 + 1) * (CASE WHEN i % 2 = 0 THEN -1 ELSE 1 END))::real)) FROM generate_series(1, 30000) i;
INSERT INTO docs VALUES (3, '{2147483647:1}'), (4, '{1:3e38,2:3e38}'), (5, '{1:-3e38,2:3e38}'), (6, '{1:1e-45}'), (7, '{1:-1e-45}'),
    (8, '{1:1,2:-1}'), (9, '{}'), (10, NULL);
SELECT same('docs', '<#>', q::svec, 100)
FROM (VALUES ('{1:1}'), ('{2147483647:-1}'), ('{1:3e38,2:3e38}'), ('{1:3e38,2:-3e38}'), ('{1:1e-45}'), ('{70000:1,140000:-1}'), ('{1:1,2:1}'), ('{}')) v (q);
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT pending FROM wand_info('docs_emb');
SELECT same('docs', '<#>', q::svec, 100)
FROM (VALUES ('{1:1}'), ('{2147483647:-1}'), ('{1:3e38,2:3e38}'), ('{1:3e38,2:-3e38}'), ('{1:1e-45}'), ('{70000:1,140000:-1}'), ('{1:1,2:1}'), ('{}')) v (q);
-- a huge query
SELECT same('docs', '<#>', (SELECT to_svec(array_agg(i), array_agg(1::real)) FROM generate_series(1, 50000) i), 100);
SELECT * FROM wand_check('docs_emb', true);
-- a huge pending vector that dies there
INSERT INTO docs SELECT 11, emb FROM docs WHERE id = 1;
DELETE FROM docs WHERE id = 11;
VACUUM docs;
SELECT * FROM wand_check('docs_emb', true);
SELECT orphaned_bytes FROM wand_info('docs_emb');
-- many equal rows
TRUNCATE docs;
INSERT INTO docs SELECT i, '{1:0.5,2:1.5}' FROM generate_series(1, 2000) i;
SELECT same('docs', '<#>', '{1:1,2:1}', k) FROM (VALUES (1), (1000), (3000)) v (k);
VACUUM docs;
SELECT same('docs', '<#>', '{1:1,2:1}', k) FROM (VALUES (1), (1000), (3000)) v (k);
-- small memory: many runs
SET maintenance_work_mem = '1MB';
INSERT INTO docs SELECT i, doc(i) FROM generate_series(2001, 12000) i;
REINDEX INDEX docs_emb;
RESET maintenance_work_mem;
SELECT segments, documents FROM wand_info('docs_emb');
SELECT k, a.* FROM (VALUES (10), (20000)) v (k), same_all('docs', '<#>', k) a;
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
