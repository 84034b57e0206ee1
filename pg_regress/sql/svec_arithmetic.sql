-- + - *
SELECT a, b, a + b AS plus, a - b AS minus, a * b AS times
FROM (VALUES ('{1:1,3:2}/5'::svec, '{3:4,5:1}/5'::svec),
             ('{1:1,3:2}/5', '{1:-1,3:-2}/5'),
             ('{1:1,3:2}/5', '{1:1,3:2}/5'),
             ('{1:1}', '{2:1}/5'),
             ('{1:1}', '{2:1}'),
             ('{}/5', '{}/5')) AS t(a, b);
SELECT '{1:1,3:2}/5'::svec * 2, 0.5 * '{1:1,3:2}/5'::svec, '{1:1}/5'::svec * 0, '{1:1}'::svec * -1::real;
SELECT '{1:1}/3'::svec + '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec - '{1:1}/4'::svec;
SELECT '{1:1}/3'::svec * '{1:1}/4'::svec;
-- the bounded dimension holds for the result
SELECT '{1:1}/3'::svec + '{4:1}'::svec;
SELECT '{1:1}/3'::svec * '{4:1}'::svec;
-- range
SELECT '{2:3e38}/3'::svec + '{2:3e38}/3'::svec;
SELECT '{2:-3e38}/3'::svec - '{2:3e38}/3'::svec;
SELECT '{2:1e20}/3'::svec * '{2:1e20}/3'::svec;
SELECT '{2:1e-30}/3'::svec * '{2:1e-30}/3'::svec;
SELECT '{2:1e-30}/3'::svec * 1e-30::real;
SELECT '{1:1}/3'::svec * 'NaN'::real;
SELECT 'Infinity'::real * '{1:1}/3'::svec;
