-- Conditions without an order: bitmaps that are combined with those of other indexes, and counts.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int, ts int, emb svec);
INSERT INTO docs SELECT i, i * 7919 % 20000, format('{%s:1,%s:2,%s:0.5}/500', 1 + i % 5, 10 + i % 50, 100 + i * 31 % 400)::svec
FROM generate_series(1, 20000) i;
CREATE INDEX docs_ts ON docs (ts);
CREATE INDEX docs_emb ON docs USING wand (emb);
VACUUM ANALYZE docs;
-- the planner combines both: each leaves a fiftieth, together they leave a few rows
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE emb @> '{17:1}/500' AND ts < 400;
SELECT count(*) FROM docs WHERE emb @> '{17:1}/500' AND ts < 400;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE emb && '{17:1,33:1}/500';
SELECT count(*) FROM docs WHERE emb && '{17:1,33:1}/500';
-- one that leaves nearly everything is left to a sequential scan
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE emb && '{1:1,2:1,3:1,4:1,5:1}/500';
-- the pending list takes part; the counts of a sequential scan
INSERT INTO docs SELECT i, i * 7919 % 20000, format('{%s:1,%s:2}/500', 1 + i % 5, 10 + i % 50)::svec FROM generate_series(20001, 20500) i;
CREATE VIEW counts AS SELECT (SELECT count(*) FROM docs WHERE emb @> '{17:1}/500' AND ts < 400) AS both_bitmaps,
    (SELECT count(*) FROM docs WHERE emb && '{17:1,33:1}/500') AS any_of_two, (SELECT count(*) FROM docs WHERE emb @> '{2:1,11:1}/500') AS all_of_two,
    (SELECT count(*) FROM docs WHERE emb @@ svec_match(must => '{2:1}/500', must_not => '{11:1}/500')) AS one_without_the_other,
    (SELECT count(*) FROM docs WHERE emb <<#>> sphere('{17:1,3:1}/500', -2.5)) AS near;
SET enable_seqscan = off;
TABLE counts;
SET enable_seqscan = on;
SET enable_bitmapscan = off;
SET enable_indexscan = off;
TABLE counts;
DROP TABLE docs CASCADE;
