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

-- Tables of 10, 5,000 and 200,000 rows; a partial index on a tenth of the last.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE ten AS SELECT i AS id, doc(i) AS emb FROM generate_series(1, 10) i;
CREATE TABLE few AS SELECT i AS id, doc(i) AS emb FROM generate_series(1, 5000) i;
CREATE TABLE many AS SELECT i AS id, i % 10 AS kind,
        format('{%s:%s,%s:1.5,%s:0.5}/50000', i % 7 + 1, (i % 97 + 1) / 32.0, i % 500 + 10, i % 49000 + 600)::svec AS emb
    FROM generate_series(1, 200000) i;
CREATE INDEX ten_emb ON ten USING wand (emb);
CREATE INDEX few_emb ON few USING wand (emb);
CREATE INDEX few_cosine ON few USING wand (emb svec_cosine_ops);
CREATE INDEX many_emb ON many USING wand (emb);
CREATE INDEX many_id ON many (id);
CREATE TABLE parts AS SELECT * FROM many;
CREATE INDEX parts_emb ON parts USING wand (emb) WHERE kind = 3;
CREATE TABLE queries AS SELECT i AS id, query(i) AS q FROM generate_series(1, 20) i;
ANALYZE ten, few, many, parts, queries;

SELECT situation, plan_of(replace(query, '$q', $$'{3:1,50:1.5,700:0.5}'::svec$$)) AS plan FROM (VALUES
    ('few rows of few', 'SELECT id FROM few ORDER BY emb <#> $q LIMIT 10'),
    ('few rows of few, cosine', 'SELECT id FROM few ORDER BY emb <=> $q LIMIT 10'),
    ('few rows of many', 'SELECT id FROM many ORDER BY emb <#> $q LIMIT 10'),
    ('the hundredth page', 'SELECT id FROM many ORDER BY emb <#> $q LIMIT 10 OFFSET 1000'),
    ('many rows of many', 'SELECT id FROM many ORDER BY emb <#> $q LIMIT 10000'),
    ('whole vectors', 'SELECT * FROM many ORDER BY emb <#> $q LIMIT 10'),
    ('all rows of ten', 'SELECT id FROM ten ORDER BY emb <#> $q'),
    ('all rows of few', 'SELECT id FROM few ORDER BY emb <#> $q'),
    ('all rows of many', 'SELECT id FROM many ORDER BY emb <#> $q'),
    ('all rows by LIMIT', 'SELECT id FROM many ORDER BY emb <#> $q LIMIT 200000'),
    ('no order', 'SELECT id FROM many'),
    ('no order, few rows', 'SELECT id FROM many LIMIT 10'),
    ('other order', 'SELECT id FROM many ORDER BY emb <-> $q LIMIT 10'),
    ('other order first', 'SELECT id FROM many ORDER BY id, emb <#> $q LIMIT 10'),
    ('NULL query', 'SELECT id FROM many ORDER BY emb <#> NULL LIMIT 10'),
    ('query without terms', $$SELECT id FROM many ORDER BY emb <#> '{}/50000' LIMIT 10$$),
    ('query from a table', 'SELECT id FROM many ORDER BY emb <#> (SELECT q FROM queries WHERE id = 1) LIMIT 10'),
    ('two rows by key', 'SELECT id FROM many WHERE id < 3 ORDER BY emb <#> $q LIMIT 10'),
    ('half of the table', 'SELECT id FROM many WHERE id < 100000 ORDER BY emb <#> $q LIMIT 10'),
    ('one in 100 passes', 'SELECT id FROM many WHERE id % 100 = 7 ORDER BY emb <#> $q LIMIT 10'),
    ('hardly a row passes', 'SELECT id FROM many WHERE id % 100 = 7 AND id % 101 = 7 ORDER BY emb <#> $q LIMIT 10'),
    ('partial, matching', 'SELECT id FROM parts WHERE kind = 3 ORDER BY emb <#> $q LIMIT 10'),
    ('partial, and more', 'SELECT id FROM parts WHERE kind = 3 AND id > 5 ORDER BY emb <#> $q LIMIT 10'),
    ('partial, all its rows', 'SELECT id FROM parts WHERE kind = 3 ORDER BY emb <#> $q'),
    ('partial, other rows', 'SELECT id FROM parts WHERE kind = 4 ORDER BY emb <#> $q LIMIT 10')
) v (situation, query);

-- one scan for each outer row
EXPLAIN (COSTS OFF) SELECT q.id, best.id FROM queries q, LATERAL (SELECT id FROM many ORDER BY emb <#> q.q LIMIT 3) best;

-- a prepared statement, planned for its values and for any
PREPARE best AS SELECT id FROM many ORDER BY emb <#> $1 LIMIT 10;
SET plan_cache_mode = force_custom_plan;
EXPLAIN (COSTS OFF) EXECUTE best ('{3:1}');
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE best ('{3:1}');
RESET plan_cache_mode;
DEALLOCATE best;

-- documents that wait in the pending list make a scan dearer, not impossible
CREATE TABLE waiting (id int, emb svec);
CREATE INDEX waiting_emb ON waiting USING wand (emb) WITH (pending_list_limit = 100000);
INSERT INTO waiting SELECT i, doc(i) FROM generate_series(1, 5000) i;
ANALYZE waiting;
CREATE FUNCTION first_cost(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Startup Cost';
END
$$;
SET enable_sort = off;
SELECT first_cost($$SELECT id FROM waiting ORDER BY emb <#> '{3:1}' LIMIT 10$$) AS pending \gset
SELECT wand_merge('waiting_emb') \gset
SELECT first_cost($$SELECT id FROM waiting ORDER BY emb <#> '{3:1}' LIMIT 10$$) AS merged \gset
SELECT :pending > 5 * :merged AS dearer;
-- what a query touches decides, not only how large the table is
SELECT first_cost($$SELECT id FROM many ORDER BY emb <#> '{700:1}' LIMIT 10$$)
     < first_cost($$SELECT id FROM many ORDER BY emb <#> '{1:1,2:1,3:1,4:1,5:1,6:1,7:1}' LIMIT 10$$) AS rare_is_cheaper;
RESET enable_sort;
DROP FUNCTION first_cost;
DROP TABLE ten, few, many, parts, queries, waiting;
