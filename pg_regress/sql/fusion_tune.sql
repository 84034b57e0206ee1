-- Which fusion is best. Of two lists the first has the relevant document at rank 1 or 2 of three, the second anywhere.
CREATE TABLE topics AS
SELECT t AS topic,
       ARRAY[ROW(ARRAY[CASE WHEN t % 3 > 0 THEN t ELSE 900 END, CASE WHEN t % 3 > 0 THEN 900 ELSE t END, 901]::bigint[], ARRAY[3, 2, 1 + t % 2]::float8[])::wand_ranking,
             ROW(ARRAY[CASE WHEN t % 2 > 0 THEN t ELSE 902 END, 900 + t % 2, CASE WHEN t % 2 > 0 THEN 903 ELSE t END]::bigint[], ARRAY[9, 5, 4]::float8[])::wand_ranking] AS lists,
       ROW(ARRAY[t, 999]::bigint[], '{2,1}')::wand_judgements AS j
FROM generate_series(1, 30) t;
CREATE VIEW given AS SELECT array_agg(lists ORDER BY topic) AS lists, array_agg(j ORDER BY topic) AS j FROM topics;
CREATE TABLE tuned AS SELECT row_number() OVER () AS n, t.* FROM given, tune_fusion(lists, j, 'RR') AS t;
SELECT what, count(*) FROM tuned GROUP BY what ORDER BY min(n);
SELECT what, arguments, method, weights, round(mean::numeric, 4) AS mean, low <= mean AND mean <= high AS within, n_folds, round(over_rrf::numeric, 4) AS over_rrf, over_rrf_p BETWEEN 0 AND 1 AS p, is_significant FROM tuned WHERE n <= 5;
-- arguments are what fuse takes, and give the mean that is said
SELECT bool_and(abs(t.mean - f.mean) < 1e-12) AS same, count(*) AS settings
FROM tuned AS t, LATERAL (SELECT avg(evaluate((SELECT ranking(id) FROM fuse(lists, coalesce(t.method, 'rrf'), weights => t.weights, k => t.k, normaliser => t.normaliser, options => t.options)), j, 'RR')) AS mean FROM topics) AS f
WHERE t.what IN ('setting', 'rrf');
SELECT format('SELECT avg(evaluate((SELECT ranking(id) FROM fuse(lists, %s)), j, %L))::numeric(9,4) AS mean FROM topics', arguments, 'RR') FROM tuned WHERE n = 4 \gexec
-- folds add up; the same seed gives the same rows
SELECT sum(n_folds) FILTER (WHERE what = 'setting') AS chosen, max(n_folds) FILTER (WHERE what = 'cross-validated') AS folds FROM tuned;
SELECT count(*) AS differ FROM (SELECT what, arguments, mean, low, over_rrf_p FROM tuned EXCEPT SELECT what, arguments, mean, low, over_rrf_p FROM given, tune_fusion(lists, j, 'RR')) AS d;
-- a grid of one's own
SELECT arguments, round(mean::numeric, 4) AS mean FROM given, tune_fusion(lists, j, methods => '{rrf,rbc,weighted_sum,comb_gmnz}', normalisers => '{max}', weight_steps => 2, ks => '{1,60}', phis => '{0.5}', gammas => '{2}', folds => 3, seed => 7) WHERE what = 'setting' ORDER BY arguments;
SELECT what, n_folds FROM given, tune_fusion(lists, j, methods => '{isr}', folds => 100);
-- nothing to tune
SELECT count(*) FROM tune_fusion(NULL::wand_ranking[], NULL);
-- refused
SELECT count(*) FROM given, tune_fusion(lists, j, 'best');
SELECT count(*) FROM given, tune_fusion(lists, j, methods => '{best}');
SELECT count(*) FROM given, tune_fusion(lists, j, methods => '{rrf,NULL}');
SELECT count(*) FROM given, tune_fusion(lists, j, methods => '{pos}');
SELECT count(*) FROM given, tune_fusion(lists, j, methods => '{}');
SELECT count(*) FROM given, tune_fusion(lists, j, weight_steps => -1);
SELECT count(*) FROM given, tune_fusion(lists, j, weight_steps => 100000);
SELECT count(*) FROM given, tune_fusion(lists, j, folds => 1);
SELECT count(*) FROM topics, tune_fusion(lists, ARRAY[j]);
SELECT count(*) FROM given, tune_fusion(lists[1:1], j[1:1]);
SELECT count(*) FROM given, tune_fusion(lists, j[2:]);
SELECT count(*) FROM given, tune_fusion(lists[1:30][1:1], j);
DROP VIEW given;
DROP TABLE topics, tuned;
