-- Input errors without an ERROR (PostgreSQL 16 and later; 15 has no such functions).
SELECT literal, pg_input_is_valid(literal, 'svec') AS svec, pg_input_is_valid(literal, 'svec(3)') AS svec_3
FROM unnest(ARRAY['{1:1}/3', '{1:1}/4', '{4:1}', '{1:1}', '{', '{1:nan}', '{1:1e39}', '{0:1}', '{1:1,1:1}', '{}/0', '{}/2147483648']) AS literal;
SELECT literal, (pg_input_error_info(literal, 'svec')).*
FROM unnest(ARRAY['{1:1}/3', '{', '{1:nan}', '{1:1e39}', '{0:1}', '{1:1,1:1}', '{}/0', '{}/2147483648']) AS literal;
SELECT * FROM pg_input_error_info('{1:1}/4', 'svec(3)');
