-- Shared by the index tests: vectors by arithmetic, and the comparison with a sequential scan.

-- Document i: about ten terms of 500, a few of them in most documents.
CREATE OR REPLACE FUNCTION doc(i int) RETURNS svec LANGUAGE sql IMMUTABLE AS $$
    SELECT to_svec(array_agg(t ORDER BY t), array_agg(w ORDER BY t), 500)
    FROM (SELECT DISTINCT ON (t) t, w
          FROM (SELECT (1 + (i::bigint * 7919 + j * j * 104729 + i % 63 * j) % (CASE WHEN j < 4 THEN 9 ELSE 500 END))::int AS t,
                       (((i::bigint * 31 + j * 17) % 97 + 1) / 32.0)::real AS w
                FROM generate_series(0, 11) j) a
          ORDER BY t, w) b
    WHERE i >= 0;
$$;

-- Query i: six terms, common and rare.
CREATE OR REPLACE FUNCTION query(i int) RETURNS svec LANGUAGE sql IMMUTABLE AS $$
    SELECT to_svec(array_agg(t ORDER BY t), array_agg(w ORDER BY t), 500)
    FROM (SELECT DISTINCT ON (t) t, w
          FROM (SELECT 1 + (i * 13 + j * j * 29) % (CASE WHEN j < 3 THEN 9 ELSE 500 END) AS t,
                       (((i * 7 + j * 3) % 11 + 1) / 4.0)::real AS w
                FROM generate_series(0, 6) j) a
          ORDER BY t, w) b;
$$;

-- Whether an index scan and a sequential scan give the same distances for "SELECT emb OP q FROM tbl ORDER BY 1 LIMIT k",
-- in words.
CREATE OR REPLACE FUNCTION same(tbl text, op text, q svec, k bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text := format('SELECT array_agg(d) FROM (SELECT emb %s $1 AS d FROM %s ORDER BY emb %s $1 LIMIT $2) s', op, tbl, op);
    by_index float8[];
    by_scan float8[];
    plan text := '';
    line text;
BEGIN
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_indexscan = on;
    SET LOCAL plan_cache_mode = force_custom_plan;
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || replace(replace(statement, '$1', quote_nullable(q) || '::svec'), '$2', coalesce(k::text, 'NULL')) LOOP
        plan := plan || line;
    END LOOP;
    IF plan NOT LIKE '%Index Scan%' THEN
        RETURN 'no index scan: ' || plan;
    END IF;
    EXECUTE statement INTO by_index USING q, k;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_indexscan = off;
    EXECUTE statement INTO by_scan USING q, k;
    RESET enable_indexscan;
    RESET enable_seqscan;
    RETURN CASE WHEN by_index IS NOT DISTINCT FROM by_scan THEN 'same ' ELSE 'DIFFERENT ' END
        || coalesce(cardinality(by_index), 0) || ' rows';
END
$$;

-- The answers to many queries at once: each distinct one and how often.
CREATE OR REPLACE FUNCTION same_all(tbl text, op text, k bigint, OUT answer text, OUT queries bigint) RETURNS SETOF record
LANGUAGE sql AS $$
    SELECT same(tbl, op, query(i), k), count(*) FROM generate_series(1, 20) i GROUP BY 1 ORDER BY 1;
$$;

-- The plan of a query in one line: its nodes from the top, each first child that is not computed once beforehand.
CREATE OR REPLACE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    nodes text[] := '{}';
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    plan := plan -> 0 -> 'Plan';
    WHILE plan IS NOT NULL LOOP
        nodes := nodes || (plan ->> 'Node Type' || coalesce(' ' || (plan ->> 'Index Name'), ''));
        SELECT child INTO plan FROM json_array_elements(plan -> 'Plans') child
        WHERE child ->> 'Parent Relationship' <> 'InitPlan' LIMIT 1;
    END LOOP;
    RETURN array_to_string(nodes, ' < ');
END
$$;
