-- By weight, which counts by its magnitude; of equal ones the lower indices stay.
SELECT k, prune_top_k('{1:0.5,2:2,3:1,4:2,5:-9}/5', k) FROM generate_series(0, 6) k;
SELECT t, prune_below('{1:0.5,2:2,3:1,4:0.7,5:-9}/5', t) FROM unnest(ARRAY[0, 0.7, 1, 9, 10]::real[]) t;
SELECT r, prune_max_ratio('{1:0.1,2:1,3:0.7,4:0.4,5:-0.9}/5', r) FROM unnest(ARRAY[0, 0.1, 0.4, 0.7, 1]) r;
-- by mass: Seismic keeps the term that crosses the share, OpenSearch drops it, SINDI drops the lightest share
SELECT a, prune_mass_keep('{1:4,2:3,3:-2,4:1}/5', a) AS seismic, prune_mass_drop('{1:4,2:3,3:-2,4:1}/5', a) AS opensearch, prune_mass_share('{1:4,2:3,3:-2,4:1}/5', a) AS sindi
FROM unnest(ARRAY[0, 0.1, 0.4, 0.41, 0.9, 1]) a;
SELECT prune_mass_keep('{3:1}', 0.5) AS never_empty, prune_mass_drop('{3:1}', 0.5) AS empty, prune_mass_keep('{}/3', 0.5) AS was_empty,
       prune_mass_keep('{2:1,5:1,7:1}', 0.5) AS ties;
-- Elasticsearch: frequent and light; here the average frequency is 20
SELECT q, prune_frequent(q, '{1:100,2:4,3:4,4:4,5:4,6:4}', 1000) FROM (VALUES ('{1:0.4,2:1}'::svec), ('{1:0.41,2:1}'), ('{2:0.01,3:1}'), ('{2:1,7:1}'), ('{}/9'), (NULL)) AS t(q);
SELECT prune_frequent('{1:0.4,2:1}', '{1:100,2:4,3:4,4:4,5:4,6:4}', 1000, ratio => 6) AS ratio, prune_frequent('{1:0.4,2:1}', '{1:100,2:4,3:4,4:4,5:4,6:4}', 1000, weight_ratio => 0.3) AS weight;
-- Vespa: in more than a share of the documents
SELECT s, prune_stop_words('{1:1,2:1,3:1,9:1}', '{1:10,2:6,3:1}', 10, max_share => s) FROM unnest(ARRAY[0, 0.1, 0.6, 1]) AS s;
SELECT prune_stop_words('{1:1,2:1,3:1,9:1}', '{1:10,2:6,3:1}', 10);
-- Pyserini: at or under an IDF, or without one
SELECT m, prune_min_idf('{1:1,2:1,3:1,9:1}', '{1:0.5,2:1,3:-1}', m) FROM unnest(ARRAY[-2, 0, 0.5, 1]::real[]) m;
-- NULL
SELECT prune_top_k(NULL, 1), prune_top_k('{1:1}', NULL), prune_below('{1:1}', NULL), prune_max_ratio('{1:1}', NULL), prune_mass_keep('{1:1}', NULL), prune_mass_drop(NULL, 1),
       prune_mass_share(NULL, 1), prune_frequent('{1:1}', NULL, 1), prune_stop_words('{1:1}', '{1:1}', NULL), prune_min_idf('{1:1}', NULL, 0);
-- refused
SELECT prune_top_k('{1:1}', -1);
SELECT prune_below('{1:1}', -1);
SELECT prune_below('{1:1}', 'NaN');
SELECT prune_max_ratio('{1:1}', 1.1);
SELECT prune_mass_keep('{1:1}', -0.1);
SELECT prune_mass_drop('{1:1}', 'NaN');
SELECT prune_mass_share('{1:1}', 'Infinity');
SELECT prune_frequent('{1:1}', '{1:5}', 4);
SELECT prune_frequent('{1:1}', '{1:-5}', 4);
SELECT prune_frequent('{1:1}', '{1:1}', -1);
SELECT prune_frequent('{1:1}', '{1:1}', 4, ratio => -1);
SELECT prune_frequent('{1:1}', '{1:1}', 4, weight_ratio => 2);
SELECT prune_stop_words('{1:1}', '{1:1}', 4, 2);
SELECT prune_stop_words('{1:1}/3', '{1:1}/4', 4);
SELECT prune_min_idf('{1:1}', '{1:1}', 'NaN');
