-- Bad input: an error with the type's name, a SQLSTATE of class 22 or 54 and the place.
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text;
BEGIN
    EXECUTE statement;
    RETURN 'ACCEPTED';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN sqlstate || ' ' || message || ' | ' || detail;
END $$;
SELECT literal, pg_temp.refusal(format('SELECT %L::svec', literal))
FROM unnest(ARRAY['', ' ', '1', '{', '}', '{}x', '{}/', '{}/x', '{}/3x', '{}/3/3', '{1}', '{1:}', '{:1}', '{1:1', '{1:1,}', '{,1:1}',
    '{1:1,,2:1}', '{1:1 2:1}', '{1 1:1}', '{1:1 1}', '{1;1}', '[1:1]', '{{1:1}}', '{1:0x1p3}', '{1:1e}', '{1:.}', '{1:--1}', '{1:1_0}',
    '{1.5:1}', '{1:nan}', '{1:-NaN}', '{1:inf}', '{1:-Infinity}', '{1:1e39}', '{1:1e-46}', '{1:-3.5e38}', '{1:1e999999999}',
    '{0:1}', '{-1:1}', '{2147483648:1}', '{99999999999999999999:1}', '{-99999999999999999999:1}', '{4:1}/3',
    '{1:1,1:1}/3', '{2:1,1:1,2:1}', '{}/0', '{}/-3', '{}/2147483648', '{}/99999999999999999999', U&'{\0661:1}', 'null',
    repeat('x', 100)]) AS literal;
SELECT n, left(pg_temp.refusal(format('SELECT %L::svec', '{' || repeat('1:1,', n))), 60) AS refusal FROM (VALUES (10), (1000000)) AS t(n);
-- binary, through COPY's own envelope
CREATE TEMP TABLE target (v svec);
SELECT current_setting('data_directory') || '/svec_errors.data' AS file \gset
CREATE FUNCTION pg_temp.receive(file text, body bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE oid oid := lo_from_bytea(0, '\x5047434f50590aff0d0a00' || int4send(0) || int4send(0) || int2send(1::int2) || int4send(length(body)) || body || int2send((-1)::int2));
BEGIN
    PERFORM lo_export(oid, file);
    PERFORM lo_unlink(oid);
    RETURN pg_temp.refusal(format('COPY target FROM %L (FORMAT binary)', file));
END $$;
CREATE FUNCTION pg_temp.words(VARIADIC list int[]) RETURNS bytea LANGUAGE sql AS
    $$ SELECT coalesce(string_agg(int4send(w), '' ORDER BY n), '') FROM unnest(list) WITH ORDINALITY u(w, n) $$;
SELECT what, pg_temp.receive(:'file', body)
FROM (VALUES ('good', svec_send('{1:1,3:2}/3')), ('good, unbounded', svec_send('{1:1,3:2}')),
    ('nothing', ''::bytea), ('header cut', '\x0000000300000000000000'),
    ('negative dim', pg_temp.words(-1, 0, 0)), ('negative count', pg_temp.words(3, -1, 0)), ('more than dim', pg_temp.words(3, 4, 0)),
    ('greatest count', pg_temp.words(0, 2147483647, 0)), ('count that wraps', pg_temp.words(0, 536870912, 0)),
    ('one element missing', pg_temp.words(3, 2, 0, 0, 1065353216)), ('a byte missing', '\x000000030000000100000000000000003f8000'),
    ('a byte too many', svec_send('{1:1}/3') || '\x00'), ('flags', pg_temp.words(3, 0, 1)),
    ('index = dim', pg_temp.words(3, 1, 0, 3, 1065353216)), ('negative index', pg_temp.words(3, 1, 0, -1, 1065353216)),
    ('greatest index', pg_temp.words(0, 1, 0, 2147483647, 1065353216)), ('duplicate', pg_temp.words(3, 2, 0, 1, 1, 1065353216, 1065353216)),
    ('descending', pg_temp.words(3, 2, 0, 1, 0, 1065353216, 1065353216)), ('zero', pg_temp.words(3, 1, 0, 0, 0)),
    ('-0', pg_temp.words(3, 1, 0, 0, -2147483648)), ('infinity', pg_temp.words(3, 1, 0, 0, 2139095040)),
    ('NaN', pg_temp.words(3, 1, 0, 0, 2143289344)), ('little-endian', '\x030000000100000000000000000000000000803f')) AS t(what, body);
TABLE target;
