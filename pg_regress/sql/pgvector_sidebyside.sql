-- svec beside pgvector's sparsevec: the same text, the same bytes, the same order, the same bits.
-- Needs the extension vector, so it is run on servers that have it and is not part of the ordinary schedule.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

-- Which pgvector is this? Portable builds round each product and add in four partial sums; -march=native fuses
-- multiplications with additions and adds in eight. Only the former can be compared on values whose sums are rounded.
SELECT ('{1:1,2:1.000244140625}/2'::sparsevec <#> '{1:-1,2:1.000244140625}/2') = -0.00048828125
   AND ('{1:1e8}/9'::sparsevec <+> '{2:3,3:3,4:3,5:3}/9') = 100000016 AS is_portable \gset
\echo :is_portable

-- Random vectors: half with weights of any size, half with multiples of 1/64 below 8, whose sums are exact.
SELECT setseed(0.5);
CREATE TEMP TABLE v AS
    SELECT id, id % 2 = 0 AS exact, '{' || coalesce(string_agg(i || ':' || w, ','), '') || '}/400' AS literal
    FROM generate_series(1, 4000) id
    CROSS JOIN LATERAL (SELECT (random() * 0.3)::real AS density, id AS dummy) d
    LEFT JOIN LATERAL (
        SELECT i, CASE WHEN id % 2 = 0 THEN ((random() * 1024)::int - 512) / 64.0
                       WHEN id % 5 = 0 THEN (random() - 0.5) * 10::float8 ^ ((random() * 30)::int - 15)
                       ELSE random() * 4 END::real AS w
        FROM generate_series(1, 400) i WHERE random() < density AND id = dummy) e ON true
    GROUP BY id;
CREATE TEMP TABLE pair AS
    SELECT a.id, a.exact, a.literal::svec AS a, b.literal::svec AS b, a.literal::sparsevec AS pa, b.literal::sparsevec AS pb
    FROM v a JOIN v b ON b.id IN (a.id + 2, a.id + 34, a.id + 500, a.id) AND a.exact = b.exact;
SELECT exact, count(*) AS n_pairs, min(nnz(a)) AS least, max(nnz(a)) AS most FROM pair GROUP BY exact ORDER BY exact;

-- Forms.
SELECT count(*) FILTER (WHERE a::text <> pa::text) AS text, count(*) FILTER (WHERE svec_send(a) <> sparsevec_send(pa)) AS binary_form,
       count(*) FILTER (WHERE a::text::sparsevec <> pa OR pa::text::svec <> a) AS read_back
FROM pair;
-- Floats of every size print alike.
SELECT count(*) AS n, count(*) FILTER (WHERE l::svec::text <> l::sparsevec::text) AS different
FROM (SELECT '{1:' || ((random() + 0.5) * 2::float8 ^ ((random() * 250)::int - 125))::real || '}/1' AS l FROM generate_series(1, 50000)
      UNION ALL SELECT '{1:' || ((random() * 16777216)::int * 2::float8 ^ ((random() * 40)::int - 20) + 0.001) || '}/1' FROM generate_series(1, 50000)) s;

-- Distances, norms: every bit.
CREATE TEMP TABLE result AS
    SELECT exact, o.*
    FROM pair, LATERAL (VALUES
        ('<#>', a <#> b, pa <#> pb), ('<=>', a <=> b, pa <=> pb), ('<->', a <-> b, pa <-> pb), ('<+>', a <+> b, pa <+> pb),
        ('inner_product', inner_product(a, b), inner_product(pa, pb)), ('cosine_distance', cosine_distance(a, b), cosine_distance(pa, pb)),
        ('l2_distance', l2_distance(a, b), l2_distance(pa, pb)), ('l1_distance', l1_distance(a, b), l1_distance(pa, pb)),
        ('l2_norm', l2_norm(a), l2_norm(pa))) AS o(operator, ours, theirs);
SELECT operator, count(*) AS n, count(*) FILTER (WHERE float8send(ours) <> float8send(theirs)) AS different FROM result WHERE exact GROUP BY 1 ORDER BY operator COLLATE "C";
SELECT operator, count(*) AS n, CASE WHEN :'is_portable' THEN count(*) FILTER (WHERE float8send(ours) <> float8send(theirs)) END AS different,
       count(*) FILTER (WHERE abs(ours - theirs) > 1e-4 * greatest(abs(theirs), 1)) AS far FROM result WHERE NOT exact GROUP BY 1 ORDER BY operator COLLATE "C";
SELECT count(*) AS n, count(*) FILTER (WHERE l2_normalize(a)::text <> l2_normalize(pa)::text) AS normalized_differently FROM pair WHERE exact OR :'is_portable';

-- Comparison.
SELECT count(*) AS n, count(*) FILTER (WHERE svec_cmp(a, b) <> sparsevec_cmp(pa, pb)) AS cmp,
       count(*) FILTER (WHERE (a < b) <> (pa < pb) OR (a <= b) <> (pa <= pb) OR (a = b) <> (pa = pb)
                           OR (a <> b) <> (pa <> pb) OR (a >= b) <> (pa >= pb) OR (a > b) <> (pa > pb)) AS operators
FROM pair;
SELECT count(*) AS n, count(*) FILTER (WHERE svec_cmp(a::svec, b::svec) <> sparsevec_cmp(a::sparsevec, b::sparsevec)) AS different
FROM (SELECT '{' || CASE x WHEN 0 THEN '' WHEN 1 THEN '1:1' WHEN 2 THEN '1:-1' WHEN 3 THEN '2:1' WHEN 4 THEN '1:1,2:-2' ELSE '1:1,2:1' END || '}/' || d AS l
      FROM generate_series(0, 5) x, generate_series(2, 4) d) s(a), (SELECT '{' || CASE x WHEN 0 THEN '' WHEN 1 THEN '1:1' WHEN 2 THEN '1:-1' WHEN 3 THEN '3:1' WHEN 4 THEN '1:1,3:-2' ELSE '1:1,3:1' END || '}/' || d
      FROM generate_series(0, 5) x, generate_series(3, 5) d) t(b);

-- Edges.
SELECT a, b, bool_and(float8send(ours) = float8send(theirs)) AS same
FROM (VALUES ('{}/3', '{}/3'), ('{}/3', '{1:1}/3'), ('{1:1}/3', '{}/3'), ('{1:1e-45}/3', '{1:1e-45}/3'), ('{1:1e-30}/3', '{1:1e-30}/3'),
             ('{1:3e38,2:3e38}/3', '{1:3e38,2:3e38}/3'), ('{1:3e38}/3', '{1:-3e38}/3'), ('{1:1}/3', '{2:1}/3'), ('{3:-2}/3', '{3:2}/3')) AS t(a, b),
     LATERAL (SELECT a::svec AS x, b::svec AS y, a::sparsevec AS px, b::sparsevec AS py) s,
     LATERAL (VALUES (x <#> y, px <#> py), (x <=> y, px <=> py), (x <-> y, px <-> py), (x <+> y, px <+> py)) AS o(ours, theirs)
GROUP BY 1, 2 ORDER BY a COLLATE "C", b COLLATE "C";

-- Literals: the same result or the same SQLSTATE, but for the last three.
CREATE FUNCTION pg_temp.outcome(literal text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT %L::%s::text', literal, type) INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;
SELECT literal, pg_temp.outcome(literal, 'svec') AS svec, pg_temp.outcome(literal, 'sparsevec') AS sparsevec
FROM unnest(ARRAY['', '{', '}', '{}/', '{}/x', '{}/3x', '{1}', '{1:}', '{:1}', '{1:1', '{1:1,}/3', '{,1:1}/3', '{1:1 2:1}/3', '[1:1]/3',
    '{1:nan}/3', '{1:inf}/3', '{1:1e39}/3', '{1:1e-46}/3', '{0:1}/3', '{-1:1}/3', '{4:1}/3', '{1:1,1:1}/3', '{}/0', '{}/-1', '{}/99999999999',
    ' { 3 : 1 , 1 : 2. } / 3 ', '{99:0,0:0,1:1}/3', '{1:0,1:2}/3', E'{\t1\n:\r+.5e+1\x0b}\x0c/+3', '{1:1e-45}/3', '{1:-0}/3',
    -- the differences
    '{1:1}', '{1:0x1p3}/3', '{}/2000000000']) AS literal;
