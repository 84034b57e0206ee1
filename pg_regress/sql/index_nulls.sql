-- Every row comes back, whatever its vector or the query: NULLs last, and counts are right with any plan.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int, emb svec);
INSERT INTO docs VALUES (1, '{1:1}'), (2, NULL), (3, '{}'), (4, '{1:2}'), (5, NULL), (6, '{2:1}');
CREATE INDEX docs_emb ON docs USING wand (emb);
INSERT INTO docs VALUES (7, NULL), (8, '{1:3}'), (9, '{}');
SET enable_seqscan = off;
SET enable_sort = off;
SELECT id, emb, emb <#> '{1:1}' AS distance FROM docs ORDER BY emb <#> '{1:1}', id;
SELECT count(*), count(emb), count(d) FROM (SELECT emb, emb <#> NULL AS d FROM docs ORDER BY emb <#> NULL) s;
-- a query that only the executor knows to be NULL, and then one that is not
SELECT count(*), count(emb) FROM (SELECT emb FROM docs ORDER BY emb <#> (SELECT NULL::svec)) s;
SELECT q, array(SELECT emb <#> q FROM docs ORDER BY emb <#> q LIMIT 3) FROM (VALUES (1, NULL::svec), (2, '{1:1}'), (3, NULL)) v(n, q) ORDER BY n;
SELECT count(*), count(d) FROM (SELECT emb <#> '{}' AS d FROM docs ORDER BY emb <#> '{}') s;
-- negative distances first, then 0, then positive, then NULL
SELECT emb, emb <#> '{1:-1,2:1}' AS distance FROM docs ORDER BY emb <#> '{1:-1,2:1}', id;
-- a query without ORDER BY never needs the index, and is right even if nothing else is allowed
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT count(*) FROM docs;
SET enable_indexonlyscan = on;
SELECT count(*) FROM docs;
SELECT count(*) FROM docs WHERE emb IS NULL;
SET enable_indexscan = off;
SET enable_tidscan = off;
SELECT count(*) FROM docs;
DROP TABLE docs;
