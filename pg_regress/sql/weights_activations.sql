-- Activations of a vector's stored terms; an absent term stays absent, whatever the function makes of 0.
SELECT relu(v), log_saturation(v), double_log_saturation(v) FROM (VALUES ('{1:1,2:-1,3:3}/4'::svec), ('{1:1}'), ('{}/4'), ('{}'), (NULL)) AS t(v);
SELECT softplus(v), log_softplus(v) FROM (VALUES ('{1:1,2:-1,3:3}/4'::svec), ('{}/4'), (NULL)) AS t(v);
-- and of logits: element 1 is token id 0, the length is the dimension
SELECT relu(x), log_saturation(x), double_log_saturation(x) FROM (VALUES (ARRAY[1, -1, 3, 0]::real[]), (NULL)) AS t(x);
SELECT softplus(x), log_softplus(x) FROM (VALUES (ARRAY[1, -1, 3, 0]::real[]), (NULL)) AS t(x);
SELECT token_ids(relu(ARRAY[5, 0, 7])), dims(relu(ARRAY[5, 0, 7]));
-- a bias is added before relu (SPARTA)
SELECT bias, log_saturation('{1:1,2:-1}/3'::svec, bias) AS stored, log_saturation(ARRAY[1, -1, 0]::real[], bias => bias) AS logits
FROM unnest(ARRAY[-1, 0, 2, NULL]::real[]) bias;
-- pooling over the tokens of a text, of which a row each: SPLADE v2 and v3 (max), SPLADE (sum), BGE-M3 (max of relu)
CREATE TEMP TABLE logits (text int, token int, x real[]);
INSERT INTO logits VALUES (1, 1, '{-2,0.5,3}'), (1, 2, '{1,0.25,-1}'), (2, 1, '{-1,-1,-1}');
SELECT text, max(log_saturation(x)) AS splade_max, sum(log_saturation(x)) AS splade_sum, max(relu(x)) AS bge_m3 FROM logits GROUP BY text ORDER BY text;
-- a logarithm of pooled logits is the same as pooled logarithms
SELECT text, max(double_log_saturation(x)) = double_log_saturation(max(relu(x))) AS same FROM logits GROUP BY text ORDER BY text;
-- the edges of float4: no overflow, what rounds to 0 is dropped
SELECT softplus(ARRAY[3e38, -3e38, -87, -104]::real[]), log_saturation('{1:3.4e38,2:1e-45}'::svec), log_saturation(ARRAY[3.4e38]::real[], 3.4e38);
SELECT relu('[7:8]={1,2}'::real[]);
SELECT relu(ARRAY[1, NULL]::real[]);
SELECT relu('{1,NaN}'::real[]);
SELECT softplus('{1,-Infinity}'::real[]);
SELECT relu('{}'::real[]);
SELECT relu('{{1,2},{3,4}}'::real[]);
SELECT log_saturation('{1:1}'::svec, 'NaN');
SELECT log_saturation(ARRAY[1]::real[], 'Infinity');
-- labels of everything that docs/weights.md describes: immutable, parallel safe; not strict where a NULL has a meaning
SELECT provolatile, proparallel, proisstrict, proleakproof, count(*), array_agg(DISTINCT proname ORDER BY proname) FILTER (WHERE NOT proisstrict) AS not_strict
FROM pg_proc WHERE prokind = 'f' AND prosrc LIKE 'weights%' GROUP BY 1, 2, 3, 4 ORDER BY 3;
