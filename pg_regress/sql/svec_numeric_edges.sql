-- Empty, zero norm, infinity, denormals, -0.
SELECT '{}/3'::svec <=> '{1:1}/3'::svec AS cosine, '{}/3'::svec <=> '{}/3'::svec AS cosine_both;
SELECT '{}/3'::svec <#> '{1:1}/3'::svec AS ip, '{}/3'::svec <-> '{}/3'::svec AS l2, '{}/3'::svec <+> '{}/3'::svec AS l1;
-- NaN sorts last, as everywhere in PostgreSQL
SELECT v FROM (VALUES ('{}/3'::svec), ('{1:1}/3'), ('{2:1}/3')) AS t(v) ORDER BY v <=> '{1:2}/3', v;
-- sums in float4 overflow to infinity, norms in float8 do not
SELECT '{1:3e38,2:3e38}/3'::svec <#> '{1:1,2:1}/3'::svec AS ip, '{1:3e38}/3'::svec <-> '{1:-3e38}/3'::svec AS l2,
       '{1:3e38,2:3e38}/3'::svec <+> '{}/3'::svec AS l1;
SELECT '{1:3e38,2:3e38}/3'::svec <#> '{1:3e38,2:-3e38}/3'::svec AS inf_minus_inf;
SELECT l2_norm('{1:3e38,2:3e38}/3'::svec) > 3e38 AS l2, l1_norm('{1:3e38,2:3e38}/3'::svec) > 5e38 AS l1;
SELECT '{1:3e38}/3'::svec <=> '{1:3e38}/3'::svec AS norm_overflows;
-- products that underflow count as 0, and then the cosine is NaN
SELECT '{1:1e-30}/3'::svec <#> '{1:1e-30}/3'::svec AS ip, '{1:1e-30}/3'::svec <=> '{1:1e-30}/3'::svec AS cosine;
-- denormals are kept
SELECT '{1:1e-45}/3'::svec, '{1:1e-45}/3'::svec <+> '{}/3'::svec AS l1, '{1:1e-45,2:1e-40}/3'::svec * 2 AS doubled;
-- -0 is a zero
SELECT '{1:-0}/3'::svec, '{1:-0}/3'::svec = '{}/3'::svec AS same;
-- the cosine stays within 0 and 2
SELECT min(d) >= 0 AS low, max(d) <= 2 AS high
FROM generate_series(1, 1000) i, LATERAL (SELECT to_svec(ARRAY[1, 2], ARRAY[i, i / 7.0], 2) AS v) t, LATERAL (VALUES (v <=> v), (v <=> (v * -1))) AS s(d);
