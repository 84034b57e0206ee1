-- EXPLAIN ANALYZE tells what a scan did, on PostgreSQL 18 and later.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
SELECT :SERVER_VERSION_NUM < 180000 AS too_old \gset
\if :too_old
\quit
\endif
CREATE TABLE docs (id int, emb svec);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 3000) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
ANALYZE docs;
CREATE TABLE queries AS SELECT i, query(i) AS q FROM generate_series(1, 5) i;
-- the lines of the plan, each number that depends on more than the data as N
CREATE FUNCTION explained(options text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF %s) ', options) || query LOOP
        RETURN NEXT regexp_replace(line, '(postings|pages|blocks_\w+|block_\w+|rows_\w+|Memory:) ?=?\d+', '\1=N', 'g');
    END LOOP;
END
$$;
SET enable_seqscan = off;
SELECT explained(', ANALYZE', $$SELECT id FROM docs ORDER BY emb <#> '{1:1,2:0.5}' LIMIT 5$$);
SET wand.strategy = bounds;
SELECT explained(', ANALYZE', $$SELECT id FROM docs ORDER BY emb <#> '{1:1,2:0.5}' LIMIT 5$$);
RESET wand.strategy;
-- left out on request, and where nothing was run
SELECT explained(', ANALYZE, WAND off', $$SELECT id FROM docs ORDER BY emb <#> '{1:1,2:0.5}' LIMIT 5$$);
SELECT explained(', WAND on', $$SELECT id FROM docs ORDER BY emb <#> '{1:1,2:0.5}' LIMIT 5$$);
SELECT explained(', ANALYZE', $$SELECT id FROM docs ORDER BY emb <#> '{1:1,2:0.5}' LIMIT 0$$);
SELECT explained(', ANALYZE, WAND perhaps', 'SELECT 1');
-- all scans of a join together
SET enable_material = off;
SELECT explained(', ANALYZE', 'SELECT best.id FROM queries, LATERAL (SELECT id FROM docs ORDER BY emb <#> q LIMIT 3) best');
-- for programs
CREATE FUNCTION explained_json(query text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' -> 'Plans' -> 0 -> 'Wand';
END
$$;
SELECT key, value ~ '^\d+$' AS number FROM json_each_text(explained_json($$SELECT id FROM docs ORDER BY emb <#> '{1:1}' LIMIT 5$$));
-- other nodes have no such lines
SELECT explained(', ANALYZE', 'SELECT count(*) FROM generate_series(1, 3)');
DROP FUNCTION explained, explained_json;
DROP TABLE docs, queries;
