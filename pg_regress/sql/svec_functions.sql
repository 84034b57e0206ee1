-- Accessors, norms, parts.
SELECT v, dims(v), nnz(v), l1_norm(v), l2_norm(v), max_norm(v), indices(v), token_ids(v), weights(v)
FROM (VALUES ('{1:3,3:-4}/5'::svec), ('{1:3,3:-4}'), ('{}/5'), ('{}'), ('{2147483647:1}')) AS t(v);
SELECT l2_normalize('{1:3,3:-4}/5'::svec), l2_normalize('{}/5'::svec), l2_normalize('{1:1e-45}/5'::svec),
       l2_normalize('{1:1e-45,2:5}/5'::svec), l2_normalize('{1:3e38,2:3e38}/5'::svec);
SELECT * FROM unnest('{1:3,3:-4}/5'::svec);
SELECT * FROM unnest_tokens('{1:3,3:-4}/5'::svec);
SELECT * FROM unnest('{}'::svec);
SELECT id, u.* FROM (VALUES (1, '{1:1}/3'::svec), (2, '{2:2,3:3}/3'), (3, NULL)) AS t(id, v), unnest(v) u ORDER BY 1, 2;
SELECT id, (unnest_tokens(v)).* FROM (VALUES (1, '{1:1}/3'::svec), (2, '{2:2,3:3}/3')) AS t(id, v);
SELECT count(*), sum(weight) FROM unnest((SELECT to_svec(array_agg(i), array_agg(1::real)) FROM generate_series(1, 100000) i));
SELECT n, top_terms('{1:0.5,2:2,3:1,4:2,5:-9}/5'::svec, n) FROM generate_series(0, 6) n;
SELECT t, above('{1:0.5,2:2,3:1,4:2,5:-9}/5'::svec, t) FROM unnest(ARRAY[-10, 0, 1, 2, 'Infinity']::real[]) t;
SELECT top_terms('{1:1}'::svec, -1);
SELECT above('{1:1}'::svec, 'NaN');
-- labels: immutable, strict, parallel safe, not leakproof
SELECT provolatile, proparallel, proisstrict, proleakproof, count(*), array_agg(DISTINCT proname ORDER BY proname) FILTER (WHERE NOT proisstrict) AS not_strict
FROM pg_proc p WHERE prokind = 'f' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_wand')) AND (prosrc LIKE 'svec%')
GROUP BY 1, 2, 3, 4 ORDER BY 3;
