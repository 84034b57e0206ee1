-- Metrics of a topic.
CREATE TABLE qrels (topic int, id int, grade int);
INSERT INTO qrels VALUES (1, 10, 2), (1, 11, 0), (1, 12, 1), (1, 99, 1), (2, 10, 0), (2, 11, -1), (3, 7, 1), (3, 7, 3), (3, NULL, 1), (3, 8, NULL);
CREATE TABLE run (topic int, id int, score float8);
INSERT INTO run VALUES (1, 11, 9), (1, 10, 8), (1, 55, 7), (1, 12, 6), (2, 10, 1), (4, 1, 1);
SELECT topic, judgements(id, grade) FROM qrels GROUP BY topic ORDER BY topic;
CREATE VIEW topics AS SELECT topic, r, j FROM (SELECT topic, judgements(id, grade) AS j FROM qrels GROUP BY topic) AS q LEFT JOIN (SELECT topic, ranking(id, score) AS r FROM run GROUP BY topic) AS t USING (topic);
SELECT topic, metric, round(evaluate(r, j, metric)::numeric, 6) AS value FROM topics, unnest('{nDCG@10,ndcg(gains=exp)@10,RR,AP,P@5,Recall@3,Rprec,Bpref,RBP(p=0.5),Success@1,Judged@3,F1@4,AP(rel=2)}'::text[]) metric ORDER BY topic, metric COLLATE "C";
SELECT topic, evaluate(r, j, '{RR,P@2}'::text[]) FROM topics ORDER BY topic;
SELECT evaluate(r, j, 'RR') IS NULL AS unjudged FROM (SELECT ranking(id, score) AS r, NULL::wand_judgements AS j FROM run) AS t;
SELECT evaluate(ROW('{a,b}', NULL)::wand_text_ranking, ROW('{b}', '{1}')::wand_text_judgements, 'RR'), evaluate(ROW('{00000000-0000-0000-0000-000000000002}', NULL)::wand_uuid_ranking, ROW('{00000000-0000-0000-0000-000000000002}', '{1}')::wand_uuid_judgements, 'RR');
-- an id that comes again in a run counts once
SELECT evaluate(ROW('{1,1,2}', NULL)::wand_ranking, ROW('{1,2}', '{1,1}')::wand_judgements, '{AP,P@3}'::text[]);
SELECT evaluate(r, j, NULL::text), evaluate(r, j, NULL::text[]), evaluate(r, j, '{}'::text[]) FROM topics WHERE topic = 1;
SELECT evaluate(r, j, 'best@10') FROM topics;
SELECT evaluate(r, j, 'nDCG@0') FROM topics;
SELECT evaluate(r, j, '{RR,NULL}'::text[]) FROM topics;
SELECT evaluate(ROW('{1}', NULL)::wand_ranking, ROW('{1,2}', '{1}')::wand_judgements, 'RR');
DROP VIEW topics;
DROP TABLE run, qrels;
-- What a mean is worth.
CREATE TABLE values_of AS SELECT i AS topic, (i * 37 % 100) / 100.0::float8 AS a, (i * 53 % 100) / 110.0::float8 AS b FROM generate_series(1, 60) i;
SELECT (m).n, round((m).mean::numeric, 6) AS mean, round((m).low::numeric, 6) AS low, round((m).high::numeric, 6) AS high FROM (SELECT bootstrap_mean(a) AS m FROM values_of) AS t;
-- the order of rows does not matter; level, resamples and seed do
SELECT bootstrap_mean(a ORDER BY topic DESC) = bootstrap_mean(a ORDER BY topic) AS same, bootstrap_mean(a, 0.5, 1000, 7) <> bootstrap_mean(a, 0.5, 1000, 8) AS seed FROM values_of;
SELECT (m).high - (m).low AS width FROM (SELECT bootstrap_mean(a, 0.5, 1000, 7) AS m FROM (VALUES (1.0::float8), (1)) AS t(a)) AS t;
SELECT bootstrap_mean(a) FROM (VALUES (0.5::float8), (NULL)) AS t(a);
SELECT bootstrap_mean(a) FROM (SELECT 1.0::float8 AS a WHERE false) AS t;
SELECT (c).n, round((c).difference::numeric, 6) AS difference, round((c).low::numeric, 4) AS low, round((c).high::numeric, 4) AS high, round((c).t::numeric, 6) AS t, round((c).p_t::numeric, 6) AS p_t, (c).p_randomisation BETWEEN 0 AND 1 AS p, (c).wins, (c).ties, (c).losses FROM (SELECT compare_runs(a, b) AS c FROM values_of) AS t;
SELECT compare_runs(a, a) FROM values_of;
SELECT compare_runs(a, NULL) IS NULL AS none, (compare_runs(a, b) FILTER (WHERE topic < 4)).n FROM values_of;
SELECT bootstrap_mean(a, 1.5, 1000, 1) FROM values_of;
SELECT bootstrap_mean(a, 0.95, 0, 1) FROM values_of;
SELECT bootstrap_mean(a, 0.95, 10 + topic, 1) FROM values_of;
SELECT bootstrap_mean(a) FROM (VALUES ('NaN'::float8), (1)) AS t(a);
DROP TABLE values_of;
-- TREC's files
SELECT * FROM trec_run(E'1 Q0 doc-a 1 12.5 mine\n\n# a comment\n1\tQ0\tdoc-b 2 -3e-2 mine\r\n');
SELECT * FROM trec_qrels(E'1 0 doc-a 1\n1 0 doc-b -2');
SELECT * FROM trec_run(E'1 Q0 a 1 1 x\n1 Q0 b 2 oops x');
SELECT * FROM trec_qrels('1 0 doc-a');
SELECT to_trec_run('7', 'doc-a', 1, 0.1, 'mine'), to_trec_qrels('7', 'doc-a', -1), to_trec_run('7', NULL, 1, 0.1, 'mine');
SELECT to_trec_run('7', 'doc a', 1, 0.1, 'mine');
SELECT to_trec_run('7', 'a', 1, 'NaN', 'mine');
SELECT r = (SELECT ranking(id, score) FROM trec_run(string_agg)) AS same FROM (SELECT ranking('d' || i, i / 7.0) AS r, string_agg(to_trec_run('1', 'd' || i, 0, i / 7.0, 't'), E'\n') FROM generate_series(1, 9) i) AS t;
