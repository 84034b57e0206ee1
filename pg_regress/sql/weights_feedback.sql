-- Rocchio: alpha query + beta mean(relevant) - gamma mean(irrelevant), negative weights dropped.
SELECT rocchio('{1:1,2:1}/9', ARRAY['{2:2,3:4}', '{3:4}']::svec[]) AS positive,
       rocchio('{1:1,2:1}/9', ARRAY['{2:2,3:4}', '{3:4}']::svec[], ARRAY['{1:10,3:2}']::svec[]) AS negative,
       rocchio('{1:1,2:1}/9', ARRAY['{2:2,3:4}', '{3:4}']::svec[], terms => 2) AS best,
       rocchio('{1:1,2:1}/9', '{}') AS alone;
SELECT rocchio('{1:1}', ARRAY['{2:2,3:2,4:2}']::svec[], '{}', 0, 0.5, 0, 2) AS lower_ids_first, rocchio('{1:-1}', '{}') AS nothing,
       rocchio('{1:1}', '{}', terms => 0) AS none;
SELECT rocchio(NULL, '{}'), rocchio('{1:1}', NULL), rocchio('{1:1}', '{}', NULL), rocchio('{1:1}', '{}', '{}', NULL), rocchio('{1:1}', '{}', '{}', terms => NULL);
SELECT rocchio('{1:1}', ARRAY['{1:1}', NULL]::svec[]);
SELECT rocchio('{1:1}', '{}', ARRAY[NULL]::svec[]);
SELECT rocchio('{1:1}/3', ARRAY['{1:1}/4']::svec[]);
SELECT rocchio('{1:1}', '{}', '{}', alpha => 'NaN');
SELECT rocchio('{1:1}', '{}', '{}', beta => -1);
SELECT rocchio('{1:1}', '{}', '{}', gamma => 'Infinity');
SELECT rocchio('{1:1}', '{}', terms => -1);
SELECT rocchio('{1:3e38}', '{}', alpha => 2);
SELECT rocchio('{1:1}', ARRAY[['{1:1}', '{1:2}']]::svec[]);
-- RM3: half the query, half the best terms of the documents, each scaled to sum 1, documents by their scores
SELECT rm3('{1:2}/9', ARRAY['{2:3,3:1}', '{2:1,4:1}']::svec[], ARRAY[3, 1]) AS all_terms,
       rm3('{1:2}/9', ARRAY['{2:3,3:1}', '{2:1,4:1}']::svec[], ARRAY[3, 1], 1) AS one_term,
       rm3('{1:2}/9', ARRAY['{2:3,3:1}', '{2:1,4:1}']::svec[], ARRAY[3, 1], terms => 2, lambda => 0) AS only_documents;
SELECT rm3('{1:2,2:2}', '{}', '{}') AS no_documents, rm3('{}', ARRAY['{2:1}']::svec[], ARRAY[1]) AS no_query,
       rm3('{1:1}', ARRAY['{}', '{2:5}']::svec[], ARRAY[1, 1]) AS empty_document, rm3('{1:1}', ARRAY['{2:5}']::svec[], ARRAY[1], lambda => 1) AS only_query;
SELECT rm3(NULL, '{}', '{}'), rm3('{1:1}', NULL, '{}'), rm3('{1:1}', '{}', NULL), rm3('{1:1}', '{}', '{}', NULL);
SELECT rm3('{1:1}', ARRAY['{1:1}']::svec[], '{}');
SELECT rm3('{1:1}', ARRAY['{1:1}']::svec[], ARRAY[0]);
SELECT rm3('{1:1}', ARRAY['{1:1}']::svec[], ARRAY[-1]);
SELECT rm3('{1:1}', ARRAY['{1:1}']::svec[], '{NaN}');
SELECT rm3('{1:1}', ARRAY['{1:1}']::svec[], '{NULL}');
SELECT rm3('{1:1}', ARRAY['{1:1,3:-1}']::svec[], ARRAY[1]);
SELECT rm3('{2:-1}', '{}', '{}');
SELECT rm3('{1:1}', '{}', '{}', -1);
SELECT rm3('{1:1}', '{}', '{}', lambda => 1.1);
-- documents that come from TOAST, and with a short header
CREATE TEMP TABLE docs AS SELECT i AS id, to_svec(array_agg(j), array_agg((j % i)::real), 2000) AS v FROM generate_series(1, 3) i, generate_series(1, i * 500) j GROUP BY i;
SELECT nnz(r), top_terms(r, 2) FROM (SELECT rocchio('{1:1}', array_agg(v ORDER BY id) || '{7:9}'::svec) AS r FROM docs) AS t;
