-- Fusion of rankings.
CREATE TABLE docs (id int PRIMARY KEY, sparse float8, dense float8);
INSERT INTO docs VALUES (1, 9, 0.9), (2, 7, NULL), (3, 5, 0.1), (4, NULL, 0.8), (5, 1, NULL);
CREATE VIEW lists AS SELECT ARRAY[(SELECT ranking(id, sparse) FROM docs), (SELECT ranking(id, dense) FROM docs)] AS pair;
-- why each row is where it is
SELECT id, round(score::numeric, 9) AS score, ranks, scores, normalised, contributions FROM fuse((SELECT pair FROM lists));
SELECT id, score, ranks, scores, normalised, contributions FROM fuse((SELECT pair FROM lists), 'comb_sum');
SELECT id, score, normalised, contributions FROM fuse((SELECT pair FROM lists), 'weighted_sum', weights => '{0.75,0.25}');
-- the same by a column that names the list
SELECT id, score FROM fuse((SELECT rankings(list, id, score) FROM (SELECT 'a' AS list, id, sparse AS score FROM docs UNION ALL SELECT 'b', id, dense FROM docs) AS u), top_k => 2);
-- ids of every type; equal scores by best rank, then by id
SELECT id, score FROM fuse(ARRAY[(SELECT ranking(id, 1) FROM (VALUES ('b'::text), ('a'), ('c')) AS t(id)), ROW('{a,b,d}', NULL)::wand_text_ranking]);
SELECT id, ranks FROM fuse(ARRAY[ROW('{00000000-0000-0000-0000-000000000002,00000000-0000-0000-0000-000000000001}', NULL)::wand_uuid_ranking]);
-- an id that comes again in its list is as if it were not there
SELECT id, ranks FROM fuse(ARRAY[ROW('{7,8,7,9}', NULL)::wand_ranking]);
-- nothing to fuse
SELECT * FROM fuse(NULL::wand_ranking[]);
SELECT * FROM fuse('{}'::wand_ranking[]);
SELECT * FROM fuse(ARRAY[NULL, ROW('{}', '{}')]::wand_ranking[]);
SELECT id, ranks FROM fuse(ARRAY[NULL, ROW('{3}', NULL)]::wand_ranking[]);
SELECT id FROM fuse((SELECT pair FROM lists), top_k => 0);
-- each question of a table
SELECT q.question, f.id, f.ranks
FROM (SELECT i % 2 AS question, rankings('l' || i % 3, i, i) AS lists FROM generate_series(1, 12) i GROUP BY 1) AS q, fuse(q.lists, top_k => 2) AS f ORDER BY q.question, f.score DESC, f.id;
-- with a parameter, in PL/pgSQL, in a view
PREPARE hybrid(float8[]) AS SELECT id, score FROM fuse((SELECT pair FROM lists), 'weighted_sum', weights => $1, top_k => 2);
EXECUTE hybrid('{1,0}');
EXECUTE hybrid('{0,1}');
DEALLOCATE hybrid;
DO $$ DECLARE best int; BEGIN SELECT id INTO best FROM fuse((SELECT pair FROM lists), top_k => 1); RAISE NOTICE 'best: %', best; END $$;
-- refused
SELECT * FROM fuse((SELECT pair FROM lists), 'best');
SELECT * FROM fuse((SELECT pair FROM lists), weights => '{1}');
SELECT * FROM fuse((SELECT pair FROM lists), weights => '{1,-1}');
SELECT * FROM fuse((SELECT pair FROM lists), weights => '{1,NULL}');
SELECT * FROM fuse((SELECT pair FROM lists), k => 'NaN');
SELECT * FROM fuse((SELECT pair FROM lists), 'comb_sum', normaliser => 'best');
SELECT * FROM fuse((SELECT pair FROM lists), options => '{"best": 1}');
SELECT * FROM fuse((SELECT pair FROM lists), options => '[]');
SELECT * FROM fuse((SELECT pair FROM lists), top_k => -1);
SELECT * FROM fuse(ARRAY[ROW('{1,2}', '{1}')::wand_ranking]);
SELECT * FROM fuse(ARRAY[ROW('{1}', '{Infinity}')::wand_ranking], 'comb_sum');
SELECT * FROM fuse(ARRAY[ROW('{1}', NULL)::wand_ranking], 'comb_sum');
SELECT count(*) FROM fuse(array_fill(ROW('{1}', NULL)::wand_ranking, ARRAY[33]));
DROP VIEW lists;
DROP TABLE docs;
