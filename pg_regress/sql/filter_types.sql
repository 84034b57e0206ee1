-- A condition on each type, with arguments of the types that can be compared with it: what the index finds is what a
-- sequential scan finds, in segments and in the pending list. Not on bool: of `flag = true` PostgreSQL 15 makes `flag`,
-- which it looks for in indexes of its own only.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE docs (id int, c_bool bool, c_char "char", c_int2 int2, c_int4 int4, c_int8 int8, c_oid oid, c_float4 float4,
    c_float8 float8, c_numeric numeric, c_money money, c_text text, c_varchar varchar(20), c_bpchar char(8), c_name name,
    c_bytea bytea, emb svec, c_uuid uuid, c_date date, c_timestamp timestamp, c_timestamptz timestamptz, c_time time,
    c_timetz timetz, c_interval interval, c_inet inet, c_cidr cidr, c_macaddr macaddr, c_macaddr8 macaddr8, c_bit bit(9),
    c_varbit varbit, c_lsn pg_lsn, c_mood mood);
CREATE INDEX docs_emb ON docs USING wand (c_bool, c_char, c_int2, c_int4, c_int8, c_oid, c_float4, c_float8, c_numeric,
    c_money, c_text, c_varchar, c_bpchar, c_name, c_bytea, emb, c_uuid, c_date, c_timestamp, c_timestamptz, c_time, c_timetz,
    c_interval, c_inet, c_cidr, c_macaddr, c_macaddr8, c_bit, c_varbit, c_lsn, c_mood);
CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO docs SELECT i, i % 2 = 0, chr(i % 100 + 28)::"char", i % 300 - 150, i - 500, i::bigint * 10000000000 * (1 - i % 2 * 2),
        (i::bigint * 1000003 % 4294967296)::oid, (i % 60 - 30) / 7.0, sqrt(i) - 10, (i % 40) / 10.0, (i % 500)::text::money,
        'text ' || i % 90, 'varchar ' || i % 7, 'bp ' || i % 6, ('name ' || i % 300)::name, decode(md5((i % 50)::text), 'hex'),
        doc(i), md5((i % 700)::text)::uuid, date '2024-01-01' + i % 400 - 200, timestamp '2000-01-01' + i * interval '1 hour',
        timestamptz '1999-12-01 UTC' + i * interval '1 minute', time '00:00' + i * interval '1 minute',
        (time '00:00' + i * interval '1 minute')::timetz, make_interval(days => i % 31, hours => i % 50),
        ('10.0.' || i % 255 || '.1')::inet, ('10.' || i % 255 || '.0.0/16')::cidr,
        ('08:00:2b:01:02:' || lpad(to_hex(i % 256), 2, '0'))::macaddr, ('08:00:2b:01:02:03:04:' || lpad(to_hex(i % 256), 2, '0'))::macaddr8,
        (i % 512)::bit(9), (i % 64)::bit(6)::varbit, ('0/' || to_hex(i * 1000))::pg_lsn, (enum_range(NULL::mood))[1 + i % 3]
    FROM generate_series(first, last) i;
$$;
SELECT fill(1, 1000);
SELECT fill(2000, 2010);
INSERT INTO docs (id, emb) VALUES (3000, doc(3000)), (3001, NULL);
-- limits; values that differ and are equal
INSERT INTO docs (id, emb, c_int2, c_int4, c_int8, c_oid, c_float4, c_float8, c_date, c_timestamp) VALUES
    (4000, doc(1), -32768, -2147483648, -9223372036854775808, 0, '-inf', '-inf', '-infinity', '-infinity'),
    (4001, doc(2), 32767, 2147483647, 9223372036854775807, 4294967295, 'inf', 'inf', 'infinity', 'infinity'),
    (4002, doc(3), 0, 0, 0, 1, 'nan', 'nan', '4713-01-01 BC', '4713-01-01 BC'),
    (4003, doc(4), 0, 0, 0, 1, '-0', '-0', '5874897-01-01', '294276-01-01'),
    (4004, doc(5), 0, 0, 0, 1, '0', '0', NULL, NULL);
INSERT INTO docs (id, emb, c_numeric, c_bpchar, c_interval, c_text, c_varbit, c_bytea, c_name) VALUES
    (4010, doc(1), '1.0', 'a', '1 day', '', '', '', ''), (4011, doc(2), '1.000', 'a  ', '24 hours', ' ', '0', '\x00', 'a'),
    (4012, doc(3), 'nan', '', '-1 day', repeat('x', 2704), repeat('1', 20000)::varbit, repeat('\000', 2704)::bytea, repeat('n', 63)::name);
VACUUM docs;
SELECT fill(1001, 1040);
INSERT INTO docs (id, emb) VALUES (3002, doc(3002));
ANALYZE docs;
SELECT documents > 900 AS documents, pending FROM wand_info('docs_emb');
-- How many rows are less than the argument, at most, equal, at least, greater: by index and by sequential scan.
CREATE FUNCTION compare(name text, argument text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text := '';
    plan text := '';
    line text;
    by_index text;
    by_scan text;
BEGIN
    SELECT string_agg(format(
            '(SELECT count(*) FROM (SELECT FROM docs WHERE %I %s %s ORDER BY emb <#> (SELECT query(1))) s)', name, o, argument),
            $s$ || ' ' || $s$ ORDER BY n)
        INTO statement FROM unnest('{<,<=,=,>=,>}'::text[]) WITH ORDINALITY t (o, n);
    statement := 'SELECT ' || statement;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        plan := plan || line;
    END LOOP;
    EXECUTE statement INTO by_index;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_sort = on;
    SET LOCAL enable_indexscan = off;
    EXECUTE statement INTO by_scan;
    RESET enable_seqscan;
    RESET enable_sort;
    RESET enable_indexscan;
    RETURN CASE WHEN by_index = by_scan THEN 'same ' ELSE 'DIFFERENT ' || by_scan || ' but ' END || by_index
        || CASE WHEN (length(plan) - length(replace(plan, 'Index Cond', ''))) / length('Index Cond') <> 5
            THEN ', not all by the index' ELSE '' END;
END
$$;
SELECT name, left(argument, 60) AS argument, compare(name, argument) FROM (VALUES
    ('c_char', $$'a'::"char"$$),
    ('c_int2', '5::int2'), ('c_int2', '5'), ('c_int2', '99999::int8'),
    ('c_int4', '7::int2'), ('c_int4', '7'), ('c_int4', '-99999999999'),
    ('c_int8', '0::int2'), ('c_int8', '-5'), ('c_int8', '5000000000000'), ('c_oid', '4000000000::oid'),
    ('c_float4', '0.142857142857::float4'), ('c_float4', '0.142857142857::float8'), ('c_float4', $$'nan'::float8$$),
    ('c_float4', $$'-0'::float4$$), ('c_float8', '0::float8'), ('c_float8', '2.5::float4'), ('c_float8', $$'-inf'::float8$$),
    ('c_numeric', '1.00'), ('c_numeric', $$'nan'::numeric$$), ('c_money', $$'100'::money$$),
    ('c_text', $$'text 5'$$), ('c_text', $$''$$), ('c_text', format('%L', repeat('x', 5000))), ('c_text', $$'text 7'::name$$),
    ('c_varchar', $$'varchar 3'$$), ('c_bpchar', $$'a '::bpchar$$), ('c_name', $$'name 7'::name$$),
    ('c_name', $$'name 77'::text$$), ('c_bytea', $$'\x55'::bytea$$),
    ('c_uuid', $$'80000000-0000-0000-0000-000000000000'::uuid$$),
    ('c_date', $$'2024-01-01'::date$$), ('c_date', $$'2024-01-01 00:00:01'::timestamp$$),
    ('c_date', $$'2024-01-01 00:00:00'::timestamptz$$), ('c_date', $$'infinity'::date$$),
    ('c_timestamp', $$'2000-01-05'::timestamp$$), ('c_timestamp', $$'2000-01-05'::date$$),
    ('c_timestamp', $$'2000-01-05 01:00'::timestamptz$$), ('c_timestamptz', $$'1999-12-01 03:00'::timestamptz$$),
    ('c_timestamptz', $$'1999-12-02'::date$$), ('c_timestamptz', $$'1999-12-01 12:00'::timestamp$$),
    ('c_time', $$'05:00'::time$$), ('c_timetz', $$'05:00+00'::timetz$$), ('c_interval', $$'24 hours'::interval$$),
    ('c_inet', $$'10.0.50.1'::inet$$), ('c_cidr', $$'10.50.0.0/16'::cidr$$), ('c_macaddr', $$'08:00:2b:01:02:77'::macaddr$$),
    ('c_macaddr8', $$'08:00:2b:01:02:03:04:77'::macaddr8$$), ('c_bit', $$'000001111'::bit(9)$$),
    ('c_varbit', $$'010101'::varbit$$), ('c_lsn', $$'0/7FFFF'::pg_lsn$$), ('c_mood', $$'ok'::mood$$)) v (name, argument);
DROP TABLE docs;
-- The hour that clocks leave out in spring comes after the next one if it is given a zone: no range of values.
SET timezone = 'America/New_York';
CREATE TABLE moments (emb svec, ts timestamp);
INSERT INTO moments VALUES ('{1:1}', '2024-03-10 02:30'), ('{1:1}', '2024-03-10 03:00'), ('{1:1}', '2024-03-10 03:20');
CREATE INDEX ON moments USING wand (emb, ts);
SET enable_seqscan = off;
SELECT ts FROM moments WHERE ts >= timestamptz '2024-03-10 03:15-04' ORDER BY ts;
SELECT ts FROM moments WHERE ts >= timestamptz '2024-03-10 03:15-04' ORDER BY emb <#> '{1:1}', ts;
DROP TABLE moments;
