-- Conditions on vectors by sequential scan: terms, matches, spheres.
CREATE TABLE docs (id int PRIMARY KEY, emb svec(9));
INSERT INTO docs VALUES (1, '{1:1,2:1}/9'), (2, '{2:2,3:-1}/9'), (3, '{1:1,2:1,3:1,4:1}/9'), (4, '{9:1}/9'),
    (5, '{}/9'), (6, NULL);
SET enable_indexscan = off;

-- each part alone, and all together
SELECT what, array_agg(id ORDER BY id) FILTER (WHERE emb @@ m) AS matches, count(*) FILTER (WHERE emb @@ m IS NULL) AS nulls
FROM docs, (VALUES
    (1, 'must', svec_match(must => '{1:1,2:5}/9')),
    (2, 'must not', svec_match(must_not => '{3:1,9:1}/9')),
    (3, 'should', svec_match(should => '{3:1,9:1}/9')),
    (4, 'should, two of three', svec_match(should => '{2:1,3:1,4:1}/9', minimum_should_match => 2)),
    (5, 'should, none needed', svec_match(should => '{3:1}/9', minimum_should_match => 0)),
    (6, 'should beside must', svec_match(must => '{2:1}/9', should => '{9:1}/9')),
    (7, 'should needed beside must', svec_match(must => '{2:1}/9', should => '{1:1,9:1}/9', minimum_should_match => 1)),
    (8, 'should beside an empty must', svec_match(must => '{}', should => '{9:1}/9')),
    (9, 'should beside must not', svec_match(must_not => '{4:1}/9', should => '{1:1,3:1}/9')),
    (10, 'all', svec_match('{2:1}/9', '{4:1}/9', '{1:1,3:1}/9', 1)),
    (11, 'contradiction', svec_match(must => '{2:1}/9', must_not => '{2:1}/9')),
    (12, 'more than there are', svec_match(should => '{1:1,2:1}/9', minimum_should_match => 3)),
    (13, 'one of none', svec_match(minimum_should_match => 1)),
    (14, 'nothing', svec_match()),
    (15, 'empty parts', svec_match('{}', '{}', '{}')),
    (16, 'empty parts, none needed', svec_match('{}', '{}', '{}', 0)),
    (17, 'without dimension', svec_match(must => '{9:-3}')),
    (18, 'NULL', NULL)
) AS v (n, what, m) GROUP BY n, what ORDER BY n;
-- parts are sets: a match of one part is an operator
SELECT count(*) AS differences FROM docs, unnest('{"{1:1}/9","{2:1,3:1}/9","{}/9","{1:1,2:1,3:1,4:1,9:1}/9"}'::svec[]) q
WHERE (emb && q) IS DISTINCT FROM (emb @@ svec_match(should => q, minimum_should_match => 1))
   OR (emb @> q) IS DISTINCT FROM (emb @@ svec_match(must => q))
   OR (NOT emb && q) IS DISTINCT FROM (emb @@ svec_match(must_not => q));
-- a value like others: literal, fields, table, binary form
SELECT svec_match(must => '{1:1}/9', minimum_should_match => 0), (svec_match(should => '{2:1}/9')).should;
SELECT id FROM docs WHERE emb @@ '("{2:1}/9","{4:1}/9",,)' ORDER BY id;
CREATE TABLE rules (id int, m svec_match);
INSERT INTO rules VALUES (1, svec_match(must => '{1:1}/9')), (2, svec_match(must_not => '{1:1}/9')), (3, svec_match()), (4, NULL),
    (5, svec_match(should => (SELECT to_svec(array_agg(i), array_agg(1.0), 9) FROM generate_series(1, 9) i), minimum_should_match => 2));
SELECT r.id, array_agg(d.id ORDER BY d.id) FILTER (WHERE emb @@ m) FROM rules r, docs d GROUP BY r.id ORDER BY r.id;
SELECT count(*) FROM rules WHERE record_send(m) IS NOT NULL;
-- a long condition, stored out of line; in turns with others
INSERT INTO rules SELECT 6, svec_match(must_not => to_svec(array_agg(i), array_agg(1.0), 100000))
FROM generate_series(10, 99990) i;
SELECT m.id, d.id, '{5:1}' @@ m.m AS without, '{10:1}' @@ m.m AS with FROM rules m, generate_series(1, 2) d(id) WHERE m.id IN (1, 6)
ORDER BY d.id, m.id;
-- refused
SELECT svec_match(minimum_should_match => -1);
SELECT svec_match(must => '{1:1}/9', should => '{1:1}/8');
SELECT id FROM docs WHERE emb @@ svec_match(must => '{1:1}/8');
SELECT id FROM docs WHERE emb @@ '(,,,-1)';
SELECT id FROM docs WHERE emb @@ '("{1:1}/9",,"{1:1}/8",)';
SELECT id FROM docs WHERE emb @@ '("{1:1}/9",,)';
SELECT svec_match(must => '{1:nan}/9');

-- spheres: as far as the radius, never NaN
SELECT what, array_agg(id ORDER BY id) FILTER (WHERE emb <<#>> s) AS ip, array_agg(id ORDER BY id) FILTER (WHERE emb <<=>> s) AS cosine,
       array_agg(id ORDER BY id) FILTER (WHERE emb <<->> s) AS l2, count(*) FILTER (WHERE emb <<#>> s IS NULL) AS nulls
FROM docs, (VALUES
    (1, '2 or more', sphere('{1:1,2:1}/9', -2)),
    (2, 'at 0', sphere('{1:1,2:1}/9', 0)),
    (3, 'at 1', sphere('{1:1,2:1}/9', 1)),
    (4, 'all numbers', sphere('{1:1,2:1}/9', 'Infinity')),
    (5, 'nothing', sphere('{1:1,2:1}/9', '-Infinity')),
    (6, 'empty centre', sphere('{}', 1)),
    (7, 'no radius', sphere('{1:1}/9', NULL)),
    (8, 'no centre', sphere(NULL, 1)),
    (9, 'no radius, by hand', ROW('{1:1}/9'::svec, NULL)::svec_sphere),
    (10, 'no centre, by hand', ROW(NULL, 1.0)::svec_sphere)
) AS v (n, what, s) GROUP BY n, what ORDER BY n;
-- they are what their distances say, for constants and from row to row
SELECT count(*) AS rows, count(*) FILTER (WHERE (emb <<#>> s) IS DISTINCT FROM (emb <#> (s).center <= (s).radius)) AS ip,
    count(*) FILTER (WHERE (emb <<=>> s) IS DISTINCT FROM (emb <=> (s).center <= (s).radius)) AS cosine,
    count(*) FILTER (WHERE (emb <<->> s) IS DISTINCT FROM (emb <-> (s).center <= (s).radius)) AS l2
FROM docs, (SELECT sphere(d.emb, r) AS s FROM docs d, generate_series(-3, 3) r WHERE d.id < 5) AS spheres;
SELECT count(*) AS differences FROM (SELECT to_svec(ARRAY[1 + i % 50, 51 + i % 7], ARRAY[i % 13 + 1, i % 5 + 1], 60) AS v FROM generate_series(1, 1000) i) AS t
WHERE (v <<#>> sphere('{3:1.5,51:0.3,52:2}/60', -4)) IS DISTINCT FROM (v <#> '{3:1.5,51:0.3,52:2}/60' <= -4)
   OR (v <<=>> sphere('{3:1.5,51:0.3,52:2}/60', 0.9)) IS DISTINCT FROM (v <=> '{3:1.5,51:0.3,52:2}/60' <= 0.9)
   OR (v <<->> sphere('{3:1.5,51:0.3,52:2}/60', 6)) IS DISTINCT FROM (v <-> '{3:1.5,51:0.3,52:2}/60' <= 6);
SELECT sphere('{1:1}/9', 0.5), (sphere('{1:1}/9', 0.5)).radius;
SELECT sphere('{1:1}/9', 'NaN');
SELECT id FROM docs WHERE emb <<#>> '("{1:1}/9",NaN)';
SELECT id FROM docs WHERE emb <<#>> sphere('{1:1}/8', 1);
SELECT id FROM docs WHERE emb <<=>> sphere('{1:1}/8', 1);
SELECT id FROM docs WHERE emb <<->> sphere('{1:1}/8', 1);
RESET enable_indexscan;

-- conditions that are constants are folded, so that the planner knows them
CREATE TABLE many AS SELECT i AS id,
    format('{%s1:1,%s2:1,%s3:1,1777:-1}/2000', i % 2 + 1, i % 10 + 1, i % 100 + 1)::svec AS emb FROM generate_series(1, 10000) i;
INSERT INTO many SELECT i, NULL FROM generate_series(10001, 12000) i;
ANALYZE many;
CREATE FUNCTION estimated(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END
$$;
CREATE FUNCTION counted(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE replace(query, '*', 'count(*)') INTO n;
    RETURN n;
END
$$;
CREATE VIEW conditions AS SELECT * FROM (VALUES
    (1, $$emb && '{11:1}'$$), (2, $$emb && '{13:1}'$$), (3, $$emb && '{11:1,22:1,33:1}'$$), (4, $$'{11:1}' && emb$$),
    (5, $$emb @> '{11:1,12:1}'$$), (6, $$emb @> '{21:1,12:1}'$$), (7, $$emb @> '{}'$$), (8, $$'{11:1}' @> emb$$),
    (9, $$emb @@ svec_match(must => '{11:1}', must_not => '{12:1}')$$), (10, $$emb @@ svec_match(should => '{11:1,42:1,33:1}', minimum_should_match => 2)$$),
    (11, $$emb @@ svec_match(should => '{11:1}', minimum_should_match => 5)$$), (12, $$emb @@ svec_match()$$),
    (13, $$emb && NULL$$), (14, $$emb && '{999:1}'$$), (15, $$emb <<#>> sphere('{11:1}', -1)$$), (16, $$emb <<#>> sphere('{11:1}', 0)$$),
    (17, $$emb <<=>> sphere('{11:1}', 1)$$), (18, $$emb <<->> sphere('{11:1}', 1)$$), (19, $$emb <<#>> sphere('{13:1}', -1)$$),
    (20, $$emb && (SELECT '{11:1}'::svec)$$), (21, $$emb @@ '(,,,-1)'$$), (22, $$NOT emb && '{11:1}'$$)
) AS v (n, condition);
-- without an index every term is like any other
SELECT n, condition, estimated('SELECT * FROM many WHERE ' || condition) FROM conditions ORDER BY n;
CREATE INDEX many_emb ON many USING wand (emb);
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT n, condition, estimated('SELECT * FROM many WHERE ' || condition) AS estimated,
    CASE WHEN n <> 21 THEN counted('SELECT * FROM many WHERE ' || condition) END AS counted FROM conditions ORDER BY n;
RESET enable_indexscan;
RESET enable_bitmapscan;
-- estimates are not for those who may not see all rows
CREATE ROLE match_reader;
GRANT SELECT ON many TO match_reader;
ALTER TABLE many ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON many USING (id % 2 = 0);
SET ROLE match_reader;
SELECT estimated($$SELECT * FROM many WHERE emb && '{11:1}'$$) = estimated($$SELECT * FROM many WHERE emb && '{999:1}'$$) AS nothing_told;
RESET ROLE;
-- partitions are estimated by their own indexes
CREATE TABLE parted (id int, emb svec) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO parted SELECT i, CASE WHEN i < 100 THEN '{1:1}'::svec ELSE '{2:1}' END FROM generate_series(0, 199) i;
CREATE INDEX ON parted USING wand (emb);
ANALYZE parted;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT estimated($$SELECT * FROM parted WHERE emb && '{1:1}'$$), estimated($$SELECT * FROM parted_1 WHERE emb && '{1:1}'$$);
RESET enable_indexscan;
RESET enable_bitmapscan;
ALTER TABLE parted ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON parted TO match_reader;
CREATE POLICY even ON parted USING (id % 2 = 0);
SET ROLE match_reader;
SELECT estimated($$SELECT * FROM parted WHERE emb && '{1:1}'$$) = estimated($$SELECT * FROM parted WHERE emb && '{9:1}'$$) AS nothing_told;
RESET ROLE;
DROP VIEW conditions;
DROP TABLE docs, rules, many, parted;
DROP FUNCTION estimated, counted;
DROP ROLE match_reader;
