-- sparsity: the share of dimensions without a term.
SELECT sparsity('{1:1}/4'), sparsity('{}/4'), sparsity('{1:1}', 10), sparsity('{1:1}/4', 4), sparsity(NULL), sparsity('{1:1}/4', NULL);
SELECT sparsity('{1:1}');
SELECT sparsity('{1:1}/4', 5);
SELECT sparsity('{5:1}', 4);
SELECT sparsity('{1:1}', 0);
-- flops: the squared mean magnitude, summed over the terms. NULL rows do not count, empty ones do.
CREATE TEMP TABLE measured (v svec);
INSERT INTO measured VALUES ('{1:1,2:2}/9'), ('{1:-3}/9'), ('{}/9'), ('{1:2,2:2,3:4}/9'), (NULL);
SELECT flops(v) AS flops, (6 / 4.0) ^ 2 + (4 / 4.0) ^ 2 + (4 / 4.0) ^ 2 AS by_hand FROM measured;
-- rows of at most so many terms count as empty ones
SELECT n, flops(v, n) FROM measured, generate_series(0, 3) n GROUP BY n ORDER BY n;
-- divided by IDF; a term without one as it is
SELECT idf_flops(v, '{1:2,2:0.5}'), (0.75) ^ 2 + (2.0) ^ 2 + 1 AS by_hand FROM measured;
SELECT idf_flops(v, '{}/9') = flops(v) AS same FROM measured;
-- terms that many rows have weigh more: 1/2 at a share of alpha, 1 at all rows
SELECT round(df_flops(v, 0.5, 1)::numeric, 9) AS df_flops, (0.75 * 1.5) ^ 2 + 0.25 + 0.0625 AS by_hand FROM measured;
SELECT round(df_flops(v, 0.75, 10)::numeric, 9) AS df_flops, df_flops(v, 0.999999, 100) < 1e-6 AS only_shares_above FROM measured;
SELECT df_flops(v, 0.1, 10) = flops(v) AS every_row_has_it FROM (VALUES ('{1:1}'::svec), ('{1:3}')) AS t(v);
SELECT flops(v), flops(v, 1), idf_flops(v, '{}'), df_flops(v, 0.1, 10) FROM measured WHERE false;
SELECT flops(v), flops(v, 1), idf_flops(v, '{}'), df_flops(v, 0.1, 10) FROM measured WHERE v IS NULL;
SELECT flops(v), flops(v, 0) FROM (VALUES ('{}'::svec)) AS t(v);
SELECT flops(v, -1) FROM measured;
SELECT flops(v, NULL) FROM measured;
SELECT flops(v, nnz(v)) FROM measured;
SELECT idf_flops(v, '{1:-1}') FROM measured;
SELECT idf_flops(v, NULL) FROM measured;
SELECT idf_flops(v, v) FROM (VALUES ('{1:1}'::svec), ('{1:2}')) AS t(v);
SELECT idf_flops(v, '{1:1}/8') FROM measured;
SELECT df_flops(v, 0, 10) FROM measured;
SELECT df_flops(v, 1, 10) FROM measured;
SELECT df_flops(v, 'NaN', 10) FROM measured;
SELECT df_flops(v, 0.1, 0) FROM measured;
SELECT df_flops(v, 0.1, 'Infinity') FROM measured;
SELECT df_flops(v, NULL, 10) FROM measured;
SELECT df_flops(v, 0.1, nnz(v) + 1) FROM measured;
SELECT flops(v) FROM (VALUES ('{1:1}/3'::svec), ('{1:1}/4')) AS t(v);
