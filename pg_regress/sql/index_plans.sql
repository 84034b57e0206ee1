-- The planner uses the index when it pays, and only then.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, emb svec);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 5000) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
ANALYZE docs;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 5000;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1);
EXPLAIN (COSTS OFF) SELECT id FROM docs;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE emb IS NOT NULL;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE id < 3 ORDER BY emb <#> query(1) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <-> query(1) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1) DESC LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE emb <#> query(1) < -1 LIMIT 10;
DROP TABLE docs;
