-- From ids and weights: indices from 1, token ids from 0.
SELECT to_svec(ARRAY[1, 5], ARRAY[1, 2]), to_svec(ARRAY[5, 1], ARRAY[1, 2], 5), to_svec(indices => '{}', weights => '{}', dim => 5);
SELECT svec_from_tokens(ARRAY[0, 5], ARRAY[1, 2]), svec_from_tokens(ARRAY[5, 0], ARRAY[1, 2], 6), svec_from_tokens('{}', '{}');
SELECT to_svec(indices(v), weights(v), dims(v)) = v AS same, svec_from_tokens(token_ids(v), weights(v), dims(v)) = v AS same_tokens
FROM (VALUES ('{1:3,3:-4}/5'::svec), ('{1:3}'), ('{}'), ('{}/3')) AS t(v);
-- weights written as numeric go too
SELECT to_svec(ARRAY[1, 2], ARRAY[0.5, 1.25]);
-- zeros dropped, other lower bounds
SELECT to_svec(ARRAY[1, 2], ARRAY[0, 2]), to_svec('[0:1]={1,2}', '[5:6]={1,2}');
SELECT to_svec(ARRAY[1, 1], ARRAY[1, 2]);
SELECT svec_from_tokens(ARRAY[7, 7], ARRAY[1, 2]);
SELECT to_svec(ARRAY[0], ARRAY[1]);
SELECT to_svec(ARRAY[6], ARRAY[1], 5);
SELECT svec_from_tokens(ARRAY[-1], ARRAY[1]);
SELECT svec_from_tokens(ARRAY[5], ARRAY[1], 5);
SELECT svec_from_tokens(ARRAY[2147483647], ARRAY[1]);
SELECT to_svec(ARRAY[1, 2], ARRAY[1]);
SELECT to_svec(ARRAY[1, NULL], ARRAY[1, 2]);
SELECT to_svec(ARRAY[1, 2], ARRAY[1, NULL]);
SELECT to_svec(ARRAY[[1, 2], [3, 4]], ARRAY[1, 2, 3, 4]);
SELECT to_svec(ARRAY[1, 2], '{1,NaN}');
SELECT to_svec(ARRAY[1, 2], '{-Infinity,1}');
SELECT to_svec(ARRAY[1], ARRAY[1], 0);
SELECT to_svec(ARRAY[1], ARRAY[1], -5);
