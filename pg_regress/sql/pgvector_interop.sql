-- pgvector's own columns in wand indexes, and casts between its sparsevec and svec.
-- Needs the extension vector, so it is run on servers that have it and is not part of the ordinary schedule.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;
CREATE EXTENSION pg_wand_pgvector;
\dx+ pg_wand_pgvector
SELECT opcname, opcdefault, amvalidate(oid) FROM pg_opclass
WHERE opcmethod = (SELECT oid FROM pg_am WHERE amname = 'wand') AND opcintype = 'sparsevec'::regtype ORDER BY opcname;

-- Casts.
CREATE TABLE both_types (s svec(5), v sparsevec(5));
INSERT INTO both_types VALUES ('{1:1,3:-2}/5'::sparsevec, '{1:1,3:-2}/5'::svec), ('{2:1}'::svec, '{2:1}'::svec);
SELECT s, v, s = v AS same FROM both_types;
SELECT '{1:1,3:-2}/5'::sparsevec::svec, '{1:1}'::svec::sparsevec(5), '[0,2,0,1]'::vector::sparsevec::svec, '{2:1}/3'::svec::sparsevec::vector;
-- Limits, each way.
SELECT '{1:1}'::svec::sparsevec;
SELECT '{1:1}/5'::svec::sparsevec(6);
SELECT '{6:1}'::svec::sparsevec(5);
SELECT '{1:1}/5'::sparsevec::svec(6);
SELECT '{1:1}/1000000000'::svec::sparsevec;
SELECT '{1:1}/1000000001'::svec::sparsevec;
SELECT nnz(to_svec(array_agg(i), array_agg(1), 20000)::sparsevec) FROM generate_series(1, 16000) i;
SELECT nnz(to_svec(array_agg(i), array_agg(1), 20000)::sparsevec) FROM generate_series(1, 16001) i;
INSERT INTO both_types VALUES (NULL, '{1:1}/6'::svec);
-- Functions of svec take a sparsevec; those that pgvector has, too, stay pgvector's.
SELECT dims(v), nnz(v), v + v AS doubled, l2_norm(v) FROM both_types;
SELECT sum(v) FROM both_types;

-- An index on the column as it is, beside pgvector's own.
CREATE TABLE items (id int PRIMARY KEY, emb sparsevec(100));
CREATE FUNCTION doc(i int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
    SELECT ('{' || string_agg(t || ':' || w, ',') || '}/100')::sparsevec
    FROM (SELECT t, max((i * 7 + t * 13) % 11 + 1) / 4.0 AS w FROM generate_series(0, 5) j, LATERAL (SELECT (i * (j + 3) + j * j) % 100 + 1 AS t) x GROUP BY t) y $$;
INSERT INTO items SELECT i, doc(i) FROM generate_series(1, 2000) i;
INSERT INTO items VALUES (2001, NULL), (2002, '{}/100');
CREATE INDEX items_hnsw ON items USING hnsw (emb sparsevec_ip_ops);
CREATE INDEX items_wand ON items USING wand (emb);
CREATE INDEX items_cosine ON items USING wand (emb sparsevec_cosine_ops);
CREATE INDEX items_l2 ON items USING wand (emb sparsevec_l2_ops);
-- These wait in the pending list.
INSERT INTO items SELECT i, doc(i) FROM generate_series(3001, 3100) i;
ANALYZE items;
SET enable_seqscan = off;
-- By pgvector's operators, from either side, and with a query that is an svec.
BEGIN;
DROP INDEX items_hnsw;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY emb <#> '{7:1,50:0.5}/100' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY '{7:1,50:0.5}/100' <#> emb LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY emb <#> '{7:1,50:0.5}/100'::svec LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY emb <=> '{7:1,50:0.5}/100' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY emb <-> '{7:1,50:0.5}/100'::svec LIMIT 5;
SELECT id, emb <#> '{7:1,50:0.5}/100' AS distance FROM items ORDER BY emb <#> '{7:1,50:0.5}/100', id LIMIT 5;
SELECT id, emb <=> '{7:1,50:0.5}/100' AS distance FROM items ORDER BY emb <=> '{7:1,50:0.5}/100'::svec, id LIMIT 5;
-- Conditions.
EXPLAIN (COSTS OFF) SELECT count(*) FROM items WHERE emb && '{7:1}/100';
SELECT count(*) FROM items WHERE emb && '{7:1}/100';
SELECT count(*) FROM items WHERE emb @> '{7:1,50:1}/100';
SELECT count(*) FROM items WHERE emb @@ svec_match(must => '{7:1}', must_not => '{50:1}');
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE emb <<#>> sphere('{7:1}/100', -2.5) ORDER BY emb <#> '{7:1}/100'::svec LIMIT 3;
SELECT count(*) FROM items WHERE emb <<#>> sphere('{7:1}/100', -2.5);
ROLLBACK;
-- The whole order equals that of a sequential scan, for every kind of distance.
DROP INDEX items_hnsw;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT emb <#> '{7:1,50:0.5,90:-2}/100' FROM items ORDER BY 1;
CREATE TEMP TABLE by_index AS
    SELECT '<#>' AS o, row_number() OVER () AS n, d FROM (SELECT emb <#> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <#> '{7:1,50:0.5,90:-2}/100') s
    UNION ALL SELECT '<=>', row_number() OVER (), d FROM (SELECT emb <=> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <=> '{7:1,50:0.5,90:-2}/100') s
    UNION ALL SELECT '<->', row_number() OVER (), d FROM (SELECT emb <-> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <-> '{7:1,50:0.5,90:-2}/100') s;
RESET enable_sort;
RESET enable_seqscan;
SET enable_indexscan = off;
CREATE TEMP TABLE by_scan AS
    SELECT '<#>' AS o, row_number() OVER () AS n, d FROM (SELECT emb <#> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <#> '{7:1,50:0.5,90:-2}/100') s
    UNION ALL SELECT '<=>', row_number() OVER (), d FROM (SELECT emb <=> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <=> '{7:1,50:0.5,90:-2}/100') s
    UNION ALL SELECT '<->', row_number() OVER (), d FROM (SELECT emb <-> '{7:1,50:0.5,90:-2}/100' AS d FROM items ORDER BY emb <-> '{7:1,50:0.5,90:-2}/100') s;
RESET enable_indexscan;
SELECT o, count(*) AS n, count(*) FILTER (WHERE i.d IS DISTINCT FROM s.d) AS different FROM by_index i FULL JOIN by_scan s USING (o, n) GROUP BY o ORDER BY o COLLATE "C";
SELECT * FROM wand_check('items_wand', true);
SELECT * FROM wand_check('items_cosine', true);
SELECT metric, live, pending FROM wand_info('items_l2');

-- The extensions depend on one another.
DROP EXTENSION vector;
DROP EXTENSION pg_wand_pgvector;
DROP EXTENSION pg_wand_pgvector CASCADE;
DROP TABLE items, both_types;
