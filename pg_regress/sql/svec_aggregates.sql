-- sum, avg, max: float8 inside, NULL rows skipped, a row without a term counts as 0.
SELECT sum(v), avg(v), max(v) FROM (VALUES ('{1:1,2:-3}/3'::svec), ('{1:3,2:-1}/3'), (NULL)) AS t(v);
SELECT sum(v), avg(v), max(v) FROM (VALUES ('{1:1,2:-3}/3'::svec), ('{1:3,3:-1}/3')) AS t(v);
SELECT sum(v), avg(v), max(v) FROM (VALUES ('{1:1}'::svec), ('{1:3}/3'), ('{}')) AS t(v);
SELECT sum(v), avg(v), max(v) FROM (VALUES (NULL::svec)) AS t(v);
SELECT sum(v), avg(v), max(v) FROM (SELECT '{1:1}'::svec WHERE false) AS t(v);
-- what becomes 0 is dropped; what float4 cannot hold is an error, but only at the end
SELECT sum(v) FROM (VALUES ('{1:1}/3'::svec), ('{1:-1}/3')) AS t(v);
SELECT sum(v), avg(v) FROM (VALUES ('{1:3e38}/3'::svec), ('{1:3e38}/3'), ('{1:-3e38}/3')) AS t(v);
SELECT avg(v) FROM (VALUES ('{1:3e38}/3'::svec), ('{1:3e38}/3')) AS t(v);
SELECT avg(v) FROM (VALUES ('{1:1e-45}/3'::svec), ('{}/3'), ('{}/3')) AS t(v);
SELECT sum(v) FROM (VALUES ('{1:3e38}/3'::svec), ('{1:3e38}/3')) AS t(v);
SELECT sum(v) FROM (VALUES ('{1:1}/3'::svec), ('{1:1}/4')) AS t(v);
SELECT max(v) FROM (VALUES ('{1:1}/3'::svec), ('{4:1}')) AS t(v);
-- groups, windows, DISTINCT
CREATE TABLE svec_rows AS
    SELECT i AS id, i % 5 AS g, to_svec(ARRAY[i % 97 + 1, i % 89 + 101], ARRAY[(i % 13 - 6)::real, 0.25], 200) AS v
    FROM generate_series(1, 20000) i;
SELECT g, nnz(sum(v)), l1_norm(sum(v)), l1_norm(max(v)) FROM svec_rows GROUP BY g ORDER BY g;
SELECT id, sum(v) OVER (ORDER BY id ROWS 1 PRECEDING) FROM svec_rows WHERE id < 4;
SELECT sum(DISTINCT v) FROM (VALUES ('{1:1}/3'::svec), ('{1:1}/3'), ('{1:2}/3')) AS t(v);
-- against plain SQL
WITH plain AS (SELECT index, sum(weight::float8)::real AS total, (sum(weight::float8) / 20000)::real AS mean FROM svec_rows, unnest(v) GROUP BY index)
SELECT (SELECT sum(v) FROM svec_rows) = to_svec(array_agg(index), array_agg(total), 200) AS sum_agrees,
       (SELECT avg(v) FROM svec_rows) = to_svec(array_agg(index), array_agg(mean), 200) AS avg_agrees FROM plain;
-- in parallel
CREATE TABLE svec_serial AS SELECT sum(v) AS s, avg(v) AS a, max(v) AS m FROM svec_rows;
ALTER TABLE svec_rows SET (parallel_workers = 2);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT sum(v), avg(v), max(v) FROM svec_rows;
SELECT sum(v) = s AS sum, avg(v) = a AS avg, max(v) = m AS max FROM svec_rows, svec_serial GROUP BY s, a, m;
SELECT (SELECT sum(v) FROM svec_rows) = s AS sum, (SELECT avg(v) FROM svec_rows) = a AS avg, (SELECT max(v) FROM svec_rows) = m AS max FROM svec_serial;
SELECT sum(v) FROM svec_rows WHERE id < 0;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET parallel_leader_participation;
DROP TABLE svec_rows, svec_serial;
