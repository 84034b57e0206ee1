-- A damaged stored value is an ERROR of SQLSTATE XX001, never a crash. (The cast makes bytes into a datum; little-endian.)
CREATE CAST (bytea AS svec) WITHOUT FUNCTION;
CREATE FUNCTION pg_temp.refusal(bytes bytea, operation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; result text;
BEGIN
    EXECUTE format(operation, bytes) INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN sqlstate || ' ' || message || ' | ' || detail;
END $$;
SELECT what, pg_temp.refusal(bytes, 'SELECT (%L::bytea::svec)::text')
FROM (VALUES ('good', '\x0300000001000000000000000000000000000040'::bytea),
             ('nothing', ''), ('header cut', '\x0300000000000000000000'),
             ('negative dim', '\xffffffff0000000000000000'), ('negative count', '\x03000000ffffffff00000000'),
             ('count too great', '\x0300000002000000000000000000000000000040'), ('count too small', '\x0300000000000000000000000000000000000040'),
             ('count that wraps', '\x0300000000000020000000000000000000000040'), ('flags', '\x030000000000000001000000'),
             ('a byte missing', '\x03000000010000000000000000000000000000'), ('a byte too many', '\x030000000100000000000000000000000000004000')) AS t(what, bytes);
-- every function reads through the same door
SELECT operation, pg_temp.refusal('\x03000000ffffffff00000000', operation)
FROM unnest(ARRAY['SELECT %L::bytea::svec <#> ''{}''', 'SELECT ''{}''::svec <=> %L::bytea::svec', 'SELECT %L::bytea::svec = ''{}''', 'SELECT svec_send(%L::bytea::svec)',
    'SELECT sum(%L::bytea::svec)', 'SELECT count(*) FROM unnest(%L::bytea::svec)', 'SELECT %L::bytea::svec::jsonb', 'SELECT l2_normalize(%L::bytea::svec)']) AS operation;
-- what the length does not tell (order, bounds, NaN) gives wrong numbers at most
SELECT pg_temp.refusal('\x030000000200000000000000ffffffff000000000000c07f0000807f', operation) IS NOT NULL AS survived
FROM unnest(ARRAY['SELECT (%L::bytea::svec)::text', 'SELECT %L::bytea::svec <#> ''{1:1}''', 'SELECT %L::bytea::svec <=> ''{1:1}''', 'SELECT %L::bytea::svec <-> ''{1:1}''',
    'SELECT %L::bytea::svec < ''{1:1}''', 'SELECT %L::bytea::svec + ''{1:1}''', 'SELECT %L::bytea::svec * ''{1:1}''', 'SELECT %L::bytea::svec && ''{1:1}''',
    'SELECT %L::bytea::svec @> ''{1:1}''', 'SELECT sum(%L::bytea::svec)', 'SELECT max(%L::bytea::svec)', 'SELECT indices(%L::bytea::svec)', 'SELECT count(*) FROM unnest(%L::bytea::svec)',
    'SELECT top_terms(%L::bytea::svec, 1)', 'SELECT above(%L::bytea::svec, 0)', 'SELECT %L::bytea::svec::real[]', 'SELECT %L::bytea::svec::jsonb', 'SELECT %L::bytea::svec::svec(3)']) AS operation;
DROP CAST (bytea AS svec);
