-- Comparison, btree, hash, DISTINCT, ORDER BY, partitions.
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, svec_cmp(a, b) AS cmp
FROM (VALUES ('{1:1}/3'::svec, '{1:1}/3'::svec),
             ('{1:1}/3', '{1:2}/3'),
             ('{1:1}/3', '{2:1}/3'),
             ('{1:-1}/3', '{2:1}/3'),
             ('{1:1}/3', '{}/3'),
             ('{1:-1}/3', '{}/3'),
             ('{1:1}/3', '{1:1}/4'),
             ('{1:1}/3', '{1:1,4:-1}/4'),
             ('{1:1}/3', '{1:1}')) AS t(a, b);
CREATE TEMP TABLE t (id int, v svec);
INSERT INTO t SELECT i, to_svec(ARRAY[i % 7 + 1, i % 11 + 10], ARRAY[i % 3 - 1, 1], 30) FROM generate_series(1, 2000) i;
INSERT INTO t VALUES (0, NULL), (-1, '{}/30'), (-2, '{}'), (-3, '{}/29');
SELECT count(*) AS n, count(DISTINCT v) AS n_distinct, count(DISTINCT v::text) AS n_distinct_texts FROM t;
-- the order is that of the dense arrays
SELECT count(*) AS n_wrong FROM (SELECT v::real[] AS now, lag(v::real[]) OVER (ORDER BY v) AS before FROM t WHERE dims(v) = 30) s WHERE before > now;
-- hash join, hash aggregate
SET enable_mergejoin = off; SET enable_nestloop = off; SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM t a JOIN t b USING (v);
SELECT count(*) FROM t a JOIN t b USING (v);
SELECT count(*) FROM (SELECT v FROM t GROUP BY v) s;
RESET enable_mergejoin; RESET enable_nestloop; RESET enable_sort;
-- merge join
SET enable_hashjoin = off; SET enable_nestloop = off;
SELECT count(*) FROM t a JOIN t b USING (v);
RESET enable_hashjoin; RESET enable_nestloop;
-- btree
CREATE INDEX t_btree ON t USING btree (v);
SET enable_seqscan = off; SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE v = '{}/30';
SELECT id FROM t WHERE v = '{}/30';
SELECT count(*) FROM t WHERE v < '{}/30';
SELECT v FROM t ORDER BY v DESC NULLS LAST LIMIT 2;
DROP INDEX t_btree;
-- hash
CREATE INDEX t_hash ON t USING hash (v);
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE v = '{}/30';
SELECT id FROM t WHERE v = '{}/30';
RESET enable_seqscan; RESET enable_bitmapscan;
-- equal values hash alike however they are stored
SELECT svec_hash(v) = svec_hash((v::text)::svec) AS same, svec_hash_extended(v, 42) = svec_hash_extended((v::text)::svec, 42) AS same_seeded,
       svec_hash_extended(v, 0) & 4294967295 = svec_hash(v)::bigint & 4294967295 AS low_half_agrees
FROM t GROUP BY 1, 2, 3;
CREATE TEMP TABLE p (v svec) PARTITION BY HASH (v);
CREATE TEMP TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TEMP TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO p SELECT v FROM t;
SELECT (SELECT count(*) FROM p0) > 0 AS p0, (SELECT count(*) FROM p1) > 0 AS p1, count(*) FROM p;
CREATE TEMP TABLE u (v svec PRIMARY KEY);
INSERT INTO u VALUES ('{2:1,1:1}/3');
INSERT INTO u VALUES ('{1:1,2:1.0}/3');
