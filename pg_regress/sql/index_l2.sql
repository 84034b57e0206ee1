-- The Euclidean operator class: lengths count, empty vectors are near, extreme norms, operands either way round.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, emb svec);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 2000) i;
INSERT INTO docs VALUES (9001, NULL), (9002, '{}'), (9003, '{}/500'), (9004, NULL),
    (9005, '{1:1e30,2:1e30}'), (9006, '{1:1e-30,5:2e-30}'), (9007, '{1:-1,2:-2}'), (9008, '{3:1e-44}'), (9009, '{4:1e15}');
CREATE INDEX docs_emb ON docs USING wand (emb svec_l2_ops);
SELECT metric, documents FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <-> query(1) LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY query(1) <-> emb LIMIT 5;
-- another operator does not use this index
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> query(1) LIMIT 5;
SELECT k, a.* FROM (VALUES (1), (10), (100), (2100)) v (k), same_all('docs', '<->', k) a;
SELECT same('docs', '<->', q::svec, 3000)
FROM (VALUES ('{}'), (NULL), ('{1:1}'), ('{1:-1,2:3}'), ('{1:1e-30}'), ('{1:3e38,2:3e38}'), ('{3:1e-45}'), ('{400:2}'), ('{4:1e15}')) v (q);
SET enable_seqscan = off;
SELECT * FROM (SELECT id, emb <-> '{2:1,7:1}' AS distance FROM docs WHERE id > 9000 ORDER BY emb <-> '{2:1,7:1}') s ORDER BY distance, id;
-- a document is the nearest to itself
SELECT count(*) FROM generate_series(1, 2000, 100) i,
    LATERAL (SELECT emb <-> doc(i) AS distance FROM docs ORDER BY emb <-> doc(i) LIMIT 1) n WHERE distance = 0;
RESET enable_seqscan;
-- conditions on terms and on the distance, with and without order: as many rows as a scan finds, and the same
CREATE FUNCTION conditional(condition text, OUT by_index text, OUT rows bigint, OUT same bool) LANGUAGE plpgsql AS $$
DECLARE
    q text := quote_literal(query(1)) || '::svec';
    ordered text := format('SELECT array_agg(d) FROM (SELECT emb <-> %s AS d FROM docs WHERE %s ORDER BY emb <-> %1$s) s', q, condition);
    plain text := format('SELECT array_agg(id ORDER BY id) FROM docs WHERE %s', condition);
    near float8[];
    near_by_scan float8[];
    ids int[];
    ids_by_scan int[];
BEGIN
    SET LOCAL enable_seqscan = off;
    by_index := plan_of(ordered);
    EXECUTE ordered INTO near;
    EXECUTE plain INTO ids;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_indexscan = off;
    SET LOCAL enable_bitmapscan = off;
    EXECUTE ordered INTO near_by_scan;
    EXECUTE plain INTO ids_by_scan;
    rows := coalesce(cardinality(near), 0);
    same := near IS NOT DISTINCT FROM near_by_scan AND ids IS NOT DISTINCT FROM ids_by_scan;
    RESET enable_seqscan;
    RESET enable_indexscan;
    RESET enable_bitmapscan;
END
$$;
CREATE VIEW conditions AS SELECT * FROM (VALUES (1, 'emb && query(1)'), (2, $$emb && '{400:1}'$$),
    (3, $$emb @> '{1:1,2:1}'$$), (4, $$emb @@ svec_match(must => '{3:1}', must_not => '{2:1,5:1}')$$),
    (5, 'emb <<->> sphere(query(1), 6)'), (6, 'emb <<->> sphere(query(1), 0)'), (7, 'emb <<->> sphere(doc(7), 0)'),
    (8, $$emb <<->> sphere(query(1), 'Infinity')$$), (9, 'emb <<->> sphere(doc(3), 5) AND emb && query(1)'),
    (10, 'emb IS NOT NULL'), (11, $$emb <<->> sphere('{}', 1)$$)) v (n, condition);
SELECT n, condition, c.* FROM conditions, conditional(condition) c ORDER BY n;
-- the pending list; with the operands the other way round the last bits may differ, and the order must not
INSERT INTO docs SELECT i, doc(i) FROM generate_series(2001, 2500) i;
INSERT INTO docs VALUES (9011, '{}'), (9012, NULL), (9013, '{2:5e37}');
SELECT k, a.* FROM (VALUES (10), (3000)) v (k), same_all('docs', '<->', k) a;
SET enable_seqscan = off;
SELECT count(*), bool_and(distance >= before) FROM (
    SELECT distance, lag(distance, 1, 0) OVER () AS before
    FROM (SELECT query(3) <-> emb AS distance FROM docs WHERE emb IS NOT NULL ORDER BY query(3) <-> emb) s) o;
RESET enable_seqscan;
SELECT n, c.rows, c.same FROM conditions, conditional(condition) c ORDER BY n;
DELETE FROM docs WHERE id % 2 = 0;
VACUUM docs;
SELECT k, a.* FROM (VALUES (10), (3000)) v (k), same_all('docs', '<->', k) a;
SELECT n, c.rows, c.same FROM conditions, conditional(condition) c ORDER BY n;
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
