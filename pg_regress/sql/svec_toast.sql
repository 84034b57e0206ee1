-- Every way in which a value can be stored: short header, in line, out of line, compressed by an unusual setting.
CREATE TEMP TABLE t (id int, v svec);
SELECT attstorage FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'v';
INSERT INTO t SELECT n, (SELECT to_svec(array_agg(i * 3), array_agg(((i % 100 + 1) / 8.0)::real), 2000000) FROM generate_series(1, n) i)
FROM unnest(ARRAY[1, 2, 13, 14, 15, 100, 200, 1000, 100000, 500000]) n;
INSERT INTO t VALUES (0, '{}/2000000');
SELECT id, pg_column_size(v) AS stored, nnz(v), l1_norm(v) FROM t ORDER BY id;
SELECT a.id, sum(-(a.v <#> b.v)) AS with_all FROM t a, t b GROUP BY a.id ORDER BY a.id;
SELECT count(*) FROM t a JOIN t b ON a.v = b.v;
SELECT id FROM t ORDER BY v;
-- the same, compressed
CREATE TEMP TABLE c (LIKE t);
ALTER TABLE c ALTER v SET STORAGE extended;
INSERT INTO c SELECT id, (v::text)::svec FROM t;
SELECT bool_and(c.v = t.v) AS same, bool_and((c.v <#> t.v) = (t.v <#> t.v)) AS same_product, bool_and(svec_hash(c.v) = svec_hash(t.v)) AS same_hash,
       bool_and(svec_send(c.v) = svec_send(t.v)) AS same_bytes, count(*) FROM c JOIN t USING (id);
SELECT pg_column_size(c.v) < pg_column_size(t.v) AS smaller FROM c JOIN t USING (id) WHERE id = 100000;
ALTER TABLE c ALTER v SET STORAGE plain;
SELECT bool_and(c.v <= t.v) FROM c JOIN t USING (id);
-- inside arrays and rows
SELECT (array_agg(v ORDER BY id))[2] FROM t WHERE id < 3;
SELECT (r).v FROM (SELECT t AS r FROM t WHERE id = 2) s;
