-- Diversification: relevant documents that are unlike one another.
CREATE TABLE docs (id int PRIMARY KEY, s float8, emb svec(9), dense real[]);
INSERT INTO docs VALUES (1, 4, '{1:1}', '{1,0}'), (2, 3, '{1:2}', '{2,0}'), (3, 2, '{1:1,2:1}', '{1,1}'), (4, 1, '{2:3}', '{0,3}');
CREATE VIEW found AS SELECT ranking(id, s ORDER BY s DESC) AS r, array_agg(emb ORDER BY s DESC) AS sparse, array_agg(dense ORDER BY s DESC) AS dense FROM docs;
SELECT lambda, mmr(r, sparse, lambda => lambda, top_k => 4) AS by_svec, mmr(r, dense, lambda => lambda, top_k => 4) = mmr(r, sparse, lambda => lambda, top_k => 4) AS dense_too FROM found, unnest('{1,0.7,0.5,0}'::float8[]) lambda;
SELECT mmr(r, sparse), (mmr(r, sparse, top_k => 2)).ids, (mmr(r, sparse, top_k => 0)).ids, (mmr(r, sparse, 0.5, 4, normalise => false)).ids FROM found;
SELECT mmr(r, NULL::svec[]) IS NULL AS none, mmr(r, ARRAY[NULL, NULL, NULL, NULL]::svec[], 0.5) AS nothing_is_like_null FROM found;
SELECT mmr(ROW('{a,b}', '{2,1}')::wand_text_ranking, ARRAY['{1:1}', '{1:1}']::svec[]), mmr(ROW('{00000000-0000-0000-0000-000000000002}', '{2}')::wand_uuid_ranking, '{{1}}'::real[]);
SELECT mmr(r, sparse[1:3]) FROM found;
SELECT mmr(r, dense[1:3]) FROM found;
SELECT mmr(r, '{1,2,3,4}'::real[]) FROM found;
SELECT mmr(r, '{{1},{2},{NULL},{4}}'::real[]) FROM found;
SELECT mmr(r, sparse, lambda => 1.5) FROM found;
SELECT mmr(r, sparse, top_k => -1) FROM found;
SELECT mmr(ROW('{1,2}', NULL)::wand_ranking, ARRAY['{1:1}', '{1:1}']::svec[]);
SELECT mmr(ROW('{1,1}', '{2,1}')::wand_ranking, ARRAY['{1:1}', '{1:1}']::svec[]);
DROP VIEW found;
DROP TABLE docs;
-- Factors that fall with a distance.
SELECT x, decay(x, 'linear', 0, 10), decay(x, 'exp', 0, 10), round(decay(x, 'gauss', 0, 10)::numeric, 9) AS gauss, decay(x, 'exp', 0, 10, "offset" => 5, decay => 0.25) FROM unnest('{-20,0,5,10,15,1000,Infinity}'::float8[]) x;
SELECT decay(NULL, 'exp', 0, 1), decay('NaN', 'exp', 0, 1);
SELECT decay(1, 'square', 0, 1);
SELECT decay(1, 'exp', 0, 0);
SELECT decay(1, 'exp', 0, 1, -1);
SELECT decay(1, 'exp', 0, 1, 0, 1);
-- Methods that learn: the first list is right more often than the second.
CREATE TABLE topics AS
SELECT t AS topic, ARRAY[ROW(ARRAY[t, 100, 101, 102]::bigint[], '{4,3,2,1}'::float8[])::wand_ranking, ROW(ARRAY[200, 100, t, 201]::bigint[], '{4,3,2,1}'::float8[])::wand_ranking] AS lists,
       ROW(ARRAY[t, 999]::bigint[], '{1,1}')::wand_judgements AS j FROM generate_series(1, 4) t;
CREATE TABLE models AS SELECT method, train_fusion(method, (SELECT array_agg(lists ORDER BY topic) FROM topics), (SELECT array_agg(j ORDER BY topic) FROM topics)) AS model FROM unnest('{bayes,pos,prob,seg,slide,map}'::text[]) method;
SELECT method, model FROM models;
SELECT method, array_agg(id) AS best FROM models, LATERAL (SELECT id FROM topics, fuse(lists, method, options => jsonb_build_object('model', model), top_k => 3) WHERE topic = 1) AS f GROUP BY method ORDER BY method;
SELECT train_fusion('slide', array_agg(lists), array_agg(j), '{"window": 1}') FROM topics;
SELECT train_fusion('pos', NULL, '{}'::wand_judgements[]), train_fusion('pos', '{}', '{}'::wand_judgements[]);
SELECT train_fusion('rrf', array_agg(lists), array_agg(j)) FROM topics;
SELECT train_fusion('pos', array_agg(lists), array_agg(j) FILTER (WHERE topic > 1)) FROM topics;
SELECT train_fusion('pos', (array_agg(lists[1])), array_agg(j)) FROM topics;
SELECT train_fusion('pos', array_agg(lists), array_agg(j), '{"window": 1}') FROM topics;
SELECT id FROM topics, fuse(lists, 'pos') WHERE topic = 1;
SELECT id FROM topics, fuse(lists, 'bayes', options => (SELECT jsonb_build_object('model', model) FROM models WHERE method = 'pos')) WHERE topic = 1;
SELECT id FROM topics, fuse(lists[1:1], 'pos', options => (SELECT jsonb_build_object('model', model) FROM models WHERE method = 'pos')) WHERE topic = 1;
DROP TABLE topics, models;
