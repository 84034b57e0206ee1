-- presence: weight 1 for every positive weight. lexical_mask: weights without expansion.
SELECT presence(v) FROM (VALUES ('{1:0.5,2:-1,3:7}/4'::svec), ('{}'), (NULL)) AS t(v);
SELECT lexical_mask('{1:0.5,2:-1,3:7}/4', '{2:1,3:1,4:1}'), lexical_mask('{1:0.5}', '{}/4'), lexical_mask(NULL, '{1:1}'), lexical_mask('{1:1}', NULL);
SELECT lexical_mask('{1:1}/3', '{1:1}/4');
-- uniCOIL: duplicates by their greatest weight in documents, by their sum in queries; negative weights count as 0
SELECT unicoil_document(ids, w) AS document, unicoil_query(ids, w) AS query, unicoil_query(ids, w, 10) AS bounded
FROM (VALUES (ARRAY[3, 0, 3, 5], ARRAY[1, 0.5, 2, -1]::real[]), ('{}', '{}'), (NULL, '{1}'), ('{1}', NULL)) AS t(ids, w);
SELECT unicoil_document(ARRAY[1, NULL], ARRAY[1, 2]);
SELECT unicoil_document(ARRAY[1, 2], ARRAY[1, NULL]);
SELECT unicoil_query(ARRAY[1, 2], ARRAY[1]);
SELECT unicoil_query(ARRAY[-1], ARRAY[1]);
SELECT unicoil_query(ARRAY[10], ARRAY[1], 10);
SELECT unicoil_query(ARRAY[1], ARRAY[1], 0);
SELECT unicoil_query(ARRAY[1], '{NaN}');
SELECT unicoil_document(ARRAY[1], '{-Infinity}');
SELECT unicoil_query(ARRAY[1, 1], '{3e38,3e38}');
SELECT unicoil_query(ARRAY[[1, 2]], ARRAY[1, 2]);
-- fold_terms: words[i] is the new token id of token id i - 1; NULL drops it
SELECT fold_terms('{1:1,2:2,3:4,4:8}/4'::svec, ARRAY[0, 0, NULL, 9]), fold_terms('{1:1,2:2,3:4,4:8}/4'::svec, ARRAY[0, 0, NULL, 9], 'max'),
       fold_terms('{1:1,2:2}', ARRAY[0, 0], dim => 5);
SELECT fold_terms('{1:-1,2:-2}', ARRAY[0, 0], 'max') AS both_negative, fold_terms('{1:1,2:-1}', ARRAY[0, 0]) AS cancelled, fold_terms('{}', '{}') AS empty,
       fold_terms(NULL, '{}'), fold_terms('{}', NULL), fold_terms('{}', '{}', NULL);
SELECT fold_terms('{1:1,5:1}', ARRAY[0, 0]);
SELECT fold_terms('{1:1}', ARRAY[0], 'mean');
SELECT fold_terms('{1:1}', ARRAY[5], 'sum', 5);
SELECT fold_terms('{1:1}', ARRAY[0, -1]);
SELECT fold_terms('{1:1}', ARRAY[0], 'sum', -1);
-- chunks of a long document: the greatest weight of each term
SELECT max(v) FROM (VALUES ('{1:1,2:2}/9'::svec), ('{2:3}/9'), (NULL)) AS chunks(v);
-- turns of a conversation: the last counts fully
SELECT sum_decayed(v, 0.5 ORDER BY turn), max_decayed(v, 0.5 ORDER BY turn)
FROM (VALUES (1, '{1:4,2:4}/9'::svec), (2, '{1:1}/9'), (3, '{3:1}')) AS turns(turn, v);
SELECT decay, sum_decayed(v, decay ORDER BY turn), max_decayed(v, decay ORDER BY turn)
FROM (VALUES (1, '{1:4,2:-4}'::svec), (2, '{1:3}')) AS turns(turn, v), unnest(ARRAY[0, 0.5, 1]) decay GROUP BY decay ORDER BY decay;
-- a row that is NULL is no turn; no rows make NULL; a single turn is itself
SELECT sum_decayed(v, 0.5 ORDER BY turn), max_decayed(v, 0.5 ORDER BY turn) FROM (VALUES (1, '{1:4}'::svec), (2, NULL), (3, '{1:-1}')) AS turns(turn, v);
SELECT sum_decayed(v, 0.5) FROM (SELECT '{1:1}'::svec WHERE false) AS turns(v);
SELECT max_decayed(v, 0.5) FROM (VALUES ('{1:-1,2:1}/3'::svec)) AS turns(v);
SELECT turn, sum_decayed(v, 0.5) OVER (ORDER BY turn) FROM (VALUES (1, '{1:4}'::svec), (2, '{2:4}'), (3, '{1:1}')) AS turns(turn, v);
SELECT sum_decayed(v, 1.5) FROM (VALUES ('{1:1}'::svec)) AS turns(v);
SELECT sum_decayed(v, 'NaN') FROM (VALUES ('{1:1}'::svec)) AS turns(v);
SELECT sum_decayed(v, NULL) FROM (VALUES ('{1:1}'::svec)) AS turns(v);
SELECT max_decayed(v, d) FROM (VALUES ('{1:1}'::svec, 0.5), ('{1:1}', 0.25)) AS turns(v, d);
SELECT sum_decayed(v, 1) FROM (VALUES ('{1:3e38}'::svec), ('{1:3e38}')) AS turns(v);
SELECT sum_decayed(v, 1) FROM (VALUES ('{1:1}/3'::svec), ('{1:1}/4')) AS turns(v);
