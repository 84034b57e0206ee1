-- Distances and term operators.
SELECT a, b, a <#> b AS ip, round((a <=> b)::numeric, 6) AS cosine, a <-> b AS l2, a <+> b AS l1
FROM (VALUES ('{1:1,3:2}/5'::svec, '{3:4,5:1}/5'::svec),
             ('{1:1,3:2}/5', '{1:1,3:2}/5'),
             ('{1:1}/5', '{2:1}/5'),
             ('{1:1}/5', '{1:-1}/5'),
             ('{1:1}', '{1:3}/5'),
             ('{1:3,2:4}', '{}')) AS t(a, b);
SELECT inner_product('{1:1,2:2}/2'::svec, '{2:3}/2'::svec), cosine_distance('{1:1}/2'::svec, '{1:2}/2'::svec),
       l2_distance('{1:3}/2'::svec, '{2:4}/2'::svec), l1_distance('{1:3}/2'::svec, '{2:4}/2'::svec);
-- a short query against a long document
SELECT d <#> '{1:1,7:1,100:1,150:0.5,201:1}' AS ip
FROM (SELECT to_svec(array_agg(i), array_agg(i::real), 300) AS d FROM generate_series(1, 200) i) AS t;
-- shared terms
SELECT a, b, a && b AS share, a @> b AS has, a <@ b AS within
FROM (VALUES ('{1:1,3:2}/5'::svec, '{3:4,5:1}/5'::svec),
             ('{1:1,3:2}/5', '{3:-1}/5'),
             ('{3:1}/5', '{1:1,3:1}'),
             ('{1:1}/5', '{2:1}/5'),
             ('{1:1}/5', '{}/5'),
             ('{}', '{}')) AS t(a, b);
-- dimensions must agree
SELECT '{1:1}/3'::svec <#> '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec <=> '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec <-> '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec <+> '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec && '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec @> '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec <@ '{1:1}/4'::svec;
-- every operator has a truthful catalogue entry
SELECT oprname, oprleft::regtype, oprright::regtype, oprresult::regtype, oprcom <> 0 AS commutes, oprnegate <> 0 AS negates,
       oprcanmerge, oprcanhash, oprrest, oprjoin
FROM pg_operator WHERE oprleft = 'svec'::regtype OR oprright = 'svec'::regtype ORDER BY 1, 2, 3;
