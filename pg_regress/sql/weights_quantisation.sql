-- Levels to the nearest, halves away from 0, clipped; the last level is the vector's own greatest weight or a given one.
SELECT bits, quantise('{1:0.1,2:0.5,3:1,4:-0.25}/5', bits) FROM unnest(ARRAY[1, 2, 8, 16, 24]) bits;
SELECT quantise('{1:0.1,2:0.5,3:3,4:-9}/5', 4, 1.5) AS clipped, quantise('{1:1,2:0.001}', 8) AS too_light, quantise('{}/5') AS empty, quantise('{1:1e-45}') AS denormal;
SELECT quantisation_step(3), quantisation_step(3, 4), quantisation_step(max_weight => 15, bits => 4);
SELECT dequantise('{1:1,2:-3}/5', 0.5), dequantise(quantise('{1:0.5,2:3}', 8, 3), quantisation_step(3)), dequantise('{1:1}', 1e-50) AS dropped;
-- no score is off by more than this
SELECT quantisation_error('{1:1,2:-3}', 0.5), quantisation_error('{}', 0.5);
SELECT bool_and(abs((q <#> d) - (q <#> dequantise(quantise(d, bits, 10), quantisation_step(10, bits)))) <= quantisation_error(q, quantisation_step(10, bits)) * 1.000001) AS within
FROM (SELECT to_svec(array_agg(j), array_agg((sin(i * j) * 3)::real)) AS q, to_svec(array_agg(j), array_agg((cos(i * j) * 9)::real)) AS d
      FROM generate_series(1, 50) i, generate_series(1, 40) j GROUP BY i) AS pairs, generate_series(4, 16) bits;
SELECT quantise(NULL), quantise('{1:1}', NULL), quantise('{1:1}', 8, NULL), quantisation_step(NULL), dequantise('{1:1}', NULL), quantisation_error(NULL, 1);
SELECT quantise('{1:1}', 0);
SELECT quantise('{1:1}', 25);
SELECT quantise('{1:1}', 8, 0);
SELECT quantise('{1:1}', 8, 'NaN');
SELECT quantisation_step(-1);
SELECT quantisation_step('Infinity');
SELECT quantisation_step(1, 0);
SELECT dequantise('{1:1}', 0);
SELECT dequantise('{1:1}', 'NaN');
SELECT dequantise('{1:3}', 3e38);
SELECT quantisation_error('{1:1}', -1);
