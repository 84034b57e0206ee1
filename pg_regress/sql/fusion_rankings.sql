-- Rankings: ids and scores as a value, made of rows.
-- by score, whatever the order of the rows; equal scores as they come; rows without id or score are not ranked
SELECT ranking(id, score) FROM (VALUES (3, 0.5::float8), (1, 2), (2, 0.5), (NULL, 9), (4, NULL), (5, 'NaN'), (6, '-0'), (7, 0), (8, '-Infinity')) AS t(id, score);
SELECT ranking(id, score) = ranking(id, score ORDER BY score DESC) AS same FROM (SELECT i AS id, (i * 7919 % 10007)::float8 AS score FROM generate_series(1, 10000) i) AS t;
-- without scores: in the order of the rows
SELECT ranking(id) FROM (VALUES (3), (1), (NULL), (2)) AS t(id);
SELECT ranking(id ORDER BY id DESC) FROM (VALUES (3), (1), (2)) AS t(id);
-- every integer is a bigint; uuid and text have types of their own
SELECT ranking(i::smallint, i), pg_typeof(ranking(i::smallint, i)) FROM generate_series(1, 2) i;
SELECT ranking(id, score), pg_typeof(ranking(id, score)) FROM (VALUES ('00000000-0000-0000-0000-000000000002'::uuid, 1.0), ('00000000-0000-0000-0000-000000000001', 2)) AS t(id, score);
SELECT ranking(id, score), pg_typeof(ranking(id, score)) FROM (VALUES ('b'::text, 1.0), ('a', 2), ('', 3)) AS t(id, score);
-- no rows: NULL; only rows that are not ranked: an empty one
SELECT ranking(1, 1.0) FROM (SELECT 1 WHERE false) AS t;
SELECT ranking(NULL::bigint, 1.0), ranking(1, NULL::float8);
-- a value like others
CREATE TABLE kept (question int, best wand_ranking);
INSERT INTO kept SELECT q, ranking(id, -abs(id - q)) FROM generate_series(1, 2) q, generate_series(1, 4) id GROUP BY q;
SELECT question, best, (best).ids[1] FROM kept ORDER BY 1;
SELECT * FROM kept, unnest((best).ids, (best).scores) AS t(id, score) WHERE question = 1;
SELECT '("{2,1}","{0.5,0.25}")'::wand_ranking;
DROP TABLE kept;
-- rows of several lists
SELECT rankings(list, id, score) FROM (VALUES ('b', 1, 0.5::float8), ('a', 7, 3), ('b', 2, 0.75), ('a', 1, 1), (NULL, 9, 9)) AS t(list, id, score);
-- a row without id makes its list one of them
SELECT rankings(list, id, score) FROM (VALUES ('b', 1, 0.5::float8), ('a', NULL, NULL)) AS t(list, id, score);
SELECT rankings(list, id, score) FROM (VALUES ('b', 'x'::text, 0.5::float8)) AS t(list, id, score);
SELECT rankings('a', id, 1) FROM (SELECT '00000000-0000-0000-0000-000000000002'::uuid AS id) AS t;
SELECT rankings('a', 1, 1) FROM (SELECT 1 WHERE false) AS t;
-- in groups and in parallel plans
CREATE TABLE run (question int, list text, id int, score float8);
INSERT INTO run SELECT q, l, i, (i * q * length(l)) % 17 FROM generate_series(1, 3) q, unnest('{sparse,dense}'::text[]) l, generate_series(1, 5) i;
SELECT question, rankings(list, id, score) FROM run GROUP BY question ORDER BY question;
SELECT question, list, ranking(id, score) FROM run GROUP BY GROUPING SETS ((question, list)) ORDER BY 1, 2;
SELECT DISTINCT (ranking(id, score) OVER (PARTITION BY question, list)).ids FROM run ORDER BY 1;
DROP TABLE run;
