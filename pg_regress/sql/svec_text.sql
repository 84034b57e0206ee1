-- The text form: pgvector's, with an optional dimension.
SELECT '{1:0.5,7592:1.2}/30522'::svec;
SELECT '{}/5'::svec, '{}'::svec, '{3:1,1:2}'::svec;
-- any order, blanks anywhere, zeros dropped before their index is looked at
SELECT E' {\t3 : 1 ,\n1 : 2. } / 3 '::svec;
SELECT '{99:0,0:0,2:-0.0,1:1}/3'::svec;
SELECT '{1:.5,2:+1e3,3:1E-2}/+3'::svec;
-- the greatest index and dimension
SELECT '{2147483647:1}'::svec, '{2147483647:1}/2147483647'::svec;
-- weights print as real does
SELECT v, v::text::svec = v AS same
FROM (VALUES ('{1:0.1,2:100000,3:1000000,4:0.0001,5:0.00001}/5'::svec),
             ('{1:3.4028235e38,2:-1e-45,3:1.1754944e-38,4:33554448}/5')) AS t(v);
SELECT count(*) > 19000 AS many, count(*) FILTER (WHERE to_svec(ARRAY[1], ARRAY[w])::text <> '{1:' || w::text || '}') AS n_different
FROM (SELECT setseed(0.1)) s,
     LATERAL (SELECT ((random() - 0.5) * 10::float8 ^ (random() * 70 - 35)::int)::real AS w FROM generate_series(1, 20000)) g
WHERE w <> 0;
-- powers of two and their neighbours, where shortest digits are hardest
SELECT count(*) AS n, count(*) FILTER (WHERE to_svec(ARRAY[1], ARRAY[w])::text <> '{1:' || w::text || '}') AS n_different
FROM generate_series(-149, 127) e,
     LATERAL (VALUES ((2.0::float8 ^ e)::real), ((2.0::float8 ^ e * 1.0000001)::real), ((2.0::float8 ^ e * 1.75)::real)) g(w);
