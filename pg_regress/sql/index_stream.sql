-- The scan is a stream: LIMIT, OFFSET, cursors, joins, rescans, changing and NULL parameters.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, kind int, emb svec);
INSERT INTO docs SELECT i, i % 10, doc(i) FROM generate_series(1, 2000) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
ANALYZE docs;
SET enable_seqscan = off;
SET enable_sort = off;
-- OFFSET
SELECT emb <#> query(3) AS d FROM docs ORDER BY emb <#> query(3) OFFSET 700 LIMIT 3;
-- a filter that the index does not know
SELECT count(*), min(kind), max(kind) FROM (SELECT kind FROM docs WHERE kind = 7 ORDER BY emb <#> query(3) LIMIT 150) s;
-- cursors: forward in pieces, two at a time over the same index
BEGIN;
DECLARE a CURSOR FOR SELECT emb <#> query(1) FROM docs ORDER BY emb <#> query(1);
DECLARE b CURSOR FOR SELECT emb <#> query(2) FROM docs ORDER BY emb <#> query(2);
FETCH 2 FROM a;
FETCH 2 FROM b;
FETCH 1 FROM a;
MOVE FORWARD 1900 FROM a;
FETCH 1 FROM b;
MOVE FORWARD ALL FROM a;
FETCH 1 FROM a;
COMMIT;
-- a scrollable cursor and a held one
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT emb <#> query(1) FROM docs ORDER BY emb <#> query(1) LIMIT 5;
FETCH ALL FROM s;
FETCH BACKWARD 2 FROM s;
COMMIT;
-- rescans
EXPLAIN (COSTS OFF)
SELECT q, s.d FROM generate_series(1, 3) q, LATERAL (SELECT emb <#> query(q) AS d FROM docs ORDER BY emb <#> query(q) LIMIT 2) s;
SELECT q, s.d FROM generate_series(1, 3) q, LATERAL (SELECT emb <#> query(q) AS d FROM docs ORDER BY emb <#> query(q) LIMIT 2) s;
SELECT v, count(s.d), min(s.d) FROM (VALUES (1, query(1)), (2, NULL), (3, '{}'), (4, query(2))) v (v, q),
    LATERAL (SELECT emb <#> q AS d FROM docs ORDER BY emb <#> q LIMIT 3) s GROUP BY v ORDER BY v;
-- prepared, custom and generic
PREPARE top(svec, int) AS SELECT emb <#> $1 AS d FROM docs ORDER BY emb <#> $1 LIMIT $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE top('{1:1}', 2);
EXECUTE top(query(5), 2);
EXECUTE top(NULL, 2);
SET plan_cache_mode = force_custom_plan;
EXECUTE top(query(5), 2);
-- two indexes scans merged in one statement
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) a
    FULL JOIN (SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 10) b USING (id);
-- two distances to order by: of the second the index knows nothing
INSERT INTO docs SELECT 100000 + i, 0, doc(i) FROM generate_series(1, 20) i;
INSERT INTO docs VALUES (200000, 0, NULL), (200001, 0, '{}');
CREATE FUNCTION by_two(OUT distances text[], OUT plan text) LANGUAGE plpgsql AS $$
DECLARE
    sql text := 'SELECT emb <#> query(3) AS a, emb <#> query(400) AS b FROM docs ORDER BY emb <#> query(3), emb <#> query(400)';
BEGIN
    EXECUTE 'SELECT array_agg((s.a, s.b)::text) FROM (' || sql || ') s' INTO distances;
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || sql INTO plan;
END
$$;
CREATE TABLE two AS SELECT (by_two()).*;
SET wand.recheck = off;
INSERT INTO two SELECT (by_two()).*;
RESET wand.recheck;
SET enable_seqscan = on;
SET enable_sort = on;
SET enable_indexscan = off;
INSERT INTO two SELECT (by_two()).*;
RESET enable_indexscan;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT plan LIKE '%Index Scan%' AS by_index, count(*) FROM two GROUP BY 1 ORDER BY 1;
SELECT count(DISTINCT distances) AS answers, bool_and(cardinality(distances) > 2000) AS all_rows FROM two;
DROP TABLE two;
-- PL/pgSQL with an error caught inside
DO $$
DECLARE n int := 0;
BEGIN
    FOR i IN 1 .. 30 LOOP
        BEGIN
            PERFORM 1 / (i % 3) FROM (SELECT id FROM docs ORDER BY emb <#> query(i) LIMIT 2) s;
            n := n + 1;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
    RAISE NOTICE '% of 30', n;
END $$;
DROP TABLE docs;
