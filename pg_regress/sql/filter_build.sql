-- Filter columns beside the vector: every way to fill the index, and after each the comparison with the table.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, tenant int, lang text, ts timestamptz, emb svec);
INSERT INTO docs SELECT i, i % 7, CASE WHEN i % 11 > 0 THEN 'lang ' || i % 30 END,
    CASE WHEN i % 5 > 0 THEN timestamptz '2024-01-01 UTC' + make_interval(hours => i) END,
    CASE WHEN i % 50 > 0 THEN doc(i) END
FROM generate_series(1, 2000) i;

-- the vector may stand anywhere
CREATE INDEX docs_last ON docs USING wand (tenant, emb);
CREATE INDEX docs_middle ON docs USING wand (lang, emb svec_cosine_ops, ts);
CREATE INDEX docs_first ON docs USING wand (emb, tenant, lang, ts);
SELECT i, (wand_info(i)).metric, (wand_info(i)).documents, (wand_info(i)).filter_bytes > 0 AS filters, w.*
FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i LEFT JOIN LATERAL wand_check(i, true) w ON true;
-- only the vector can be ordered by distance
SELECT i, n, pg_index_column_has_property(i, n, 'distance_orderable') AS distance_orderable
FROM (VALUES ('docs_last'::regclass, 1), ('docs_last', 2), ('docs_middle', 1), ('docs_middle', 2), ('docs_middle', 3),
    ('docs_first', 1), ('docs_first', 4)) v (i, n);
-- document frequencies find the vector
SELECT i, (wand_df(i)).n, (wand_df(i)).df = (SELECT df_agg(emb) FROM docs) AS same
FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i;
-- rows that come later wait in the pending list, with their values
INSERT INTO docs SELECT i, i % 9, 'lang ' || i % 40, now(), doc(i) FROM generate_series(2001, 2300) i;
INSERT INTO docs VALUES (2301, NULL, NULL, NULL, NULL), (2302, 1, 'x', 'infinity', NULL),
    (2303, NULL, NULL, '-infinity', doc(1));
UPDATE docs SET lang = 'other' WHERE id % 20 = 0;
SELECT i, w.* FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i, wand_check(i, true) w;
SELECT * FROM same_all('docs', '<#>', 3000);
DELETE FROM docs WHERE id % 3 = 0;
VACUUM docs;
SELECT i, (wand_info(i)).pending FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i;
SELECT i, w.* FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i, wand_check(i, true) w;
SELECT * FROM same_all('docs', '<=>', 3000);
-- merged
INSERT INTO docs SELECT i, i % 9, 'new ' || i % 400, now(), doc(i) FROM generate_series(3001, 3700) i;
VACUUM docs;
INSERT INTO docs SELECT i, i % 9, 'newer ' || i, NULL, doc(i) FROM generate_series(4001, 4100) i;
SELECT wand_merge(i) IS NOT NULL AS merged FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i;
SELECT i, w.* FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i, wand_check(i, true) w;
DELETE FROM docs;
VACUUM docs;
SELECT i, (wand_info(i)).documents, w.*
FROM unnest('{docs_last,docs_middle,docs_first}'::regclass[]) i LEFT JOIN LATERAL wand_check(i, true) w ON true;
DROP TABLE docs;

-- flushed by INSERT
CREATE TABLE docs (id int, tenant bigint, tag text COLLATE "C", emb svec);
CREATE INDEX docs_emb ON docs USING wand (tenant, tag, emb) WITH (pending_list_limit = 64);
INSERT INTO docs SELECT i, i % 100, 'tag ' || i % 700, doc(i) FROM generate_series(1, 5000) i;
SELECT documents > 3000 AS flushed FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 6000);

-- built anew in every way
REINDEX INDEX docs_emb;
SELECT * FROM wand_check('docs_emb', true);
REINDEX INDEX CONCURRENTLY docs_emb;
SELECT * FROM wand_check('docs_emb', true);
VACUUM FULL docs;
SELECT * FROM wand_check('docs_emb', true);
ALTER TABLE docs ALTER COLUMN tenant TYPE int;
SELECT * FROM wand_check('docs_emb', true);
DROP INDEX docs_emb;
CREATE INDEX CONCURRENTLY docs_emb ON docs USING wand (emb, tag, tenant) WHERE tenant < 50;
SELECT documents FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
DROP INDEX docs_emb;
-- expressions
CREATE INDEX docs_emb ON docs USING wand ((emb * 2), (upper(tag)), (tenant % 3 = 0), hashtext(tag));
UPDATE docs SET tenant = tenant + 1 WHERE id % 10 = 0;
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT * FROM wand_check('docs_emb', true);
DROP INDEX docs_emb;

-- by several processes, and with less memory than it takes
SET max_parallel_maintenance_workers = 3;
SET min_parallel_table_scan_size = 0;
SET maintenance_work_mem = '256MB';
CREATE INDEX docs_emb ON docs USING wand (tag, emb, tenant);
SELECT documents, segments BETWEEN 1 AND 4 AS segments, filter_bytes > 0 AS filters FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
INSERT INTO docs SELECT d.id + 5000 * n, d.tenant * n, d.tag || n, d.emb FROM docs d, generate_series(1, 9) n;
SET maintenance_work_mem = '1MB';
REINDEX INDEX docs_emb;
SELECT * FROM wand_check('docs_emb', true);
SET max_parallel_maintenance_workers = 0;
REINDEX INDEX docs_emb;
SELECT documents, segments FROM wand_info('docs_emb');
SELECT sum(filter_bytes) > 0 AS filters, sum(filter_bytes) < sum(bytes) AS a_part FROM wand_segments('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
RESET max_parallel_maintenance_workers;
RESET min_parallel_table_scan_size;
RESET maintenance_work_mem;
DROP TABLE docs;

-- every type that has an operator class, in one index: with the vector it has 31 columns
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
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT * FROM wand_check('docs_emb', true);
SELECT fill(5000, 5100);
UPDATE docs SET c_text = c_text || ' new', c_mood = 'happy' WHERE id % 10 = 0;
DELETE FROM docs WHERE id % 4 = 0;
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT wand_merge('docs_emb') IS NOT NULL AS merged;
SELECT * FROM wand_check('docs_emb', true);
REINDEX INDEX docs_emb;
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 2000);
-- a value of an enum that is put between others
ALTER TYPE mood ADD VALUE 'so so' BEFORE 'ok';
UPDATE docs SET c_mood = 'so so' WHERE id % 5 = 0;
VACUUM docs;
SELECT wand_merge('docs_emb') IS NOT NULL AS merged;
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
DROP FUNCTION fill;
DROP TYPE mood;

-- rows that do not fit on a page: 31 values as long as may be, with a vector and without, compressed and not
CREATE FUNCTION long_text(i int, n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT substr(string_agg(md5(i || '/' || j), ''), 1, n) FROM generate_series(1, 85) j
$$;
DO $$ BEGIN
    EXECUTE (SELECT format('CREATE TABLE docs (id int, emb svec, %s)', string_agg(format('c%s text', i), ', '))
        FROM generate_series(1, 31) i);
    EXECUTE (SELECT format('CREATE INDEX docs_emb ON docs USING wand (emb, %s)', string_agg(format('c%s', i), ', '))
        FROM generate_series(1, 31) i);
    EXECUTE (SELECT format('INSERT INTO docs SELECT n, CASE WHEN n %% 2 = 0 THEN doc(n) END, %s FROM generate_series(1, 6) n',
            string_agg(format('CASE n %% 3 WHEN 0 THEN long_text(n * 100 + %s, 2704) WHEN 1 THEN repeat(chr(64 + %1$s), 2704) END', i), ', '))
        FROM generate_series(1, 31) i);
END $$;
SELECT pending, pending_bytes > 4 * 31 * 2704 AS overflow FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 100);
-- an index has 32 columns at most
\set VERBOSITY terse
DO $$ BEGIN
    EXECUTE (SELECT format('CREATE INDEX ON docs USING wand (emb, id, %s)', string_agg(format('c%s', i), ', '))
        FROM generate_series(1, 31) i);
END $$;
\set VERBOSITY default
VACUUM docs;
SELECT pending, documents FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
REINDEX INDEX docs_emb;
SELECT * FROM wand_check('docs_emb', true);
-- one byte more
INSERT INTO docs (id, c7) VALUES (7, long_text(7, 2705));
INSERT INTO docs (id, c7) VALUES (7, repeat('x', 1000000));
UPDATE docs SET c8 = c8 || 'x' WHERE id = 3;
SELECT * FROM wand_check('docs_emb', true);
DROP INDEX docs_emb;
UPDATE docs SET c8 = c8 || 'x' WHERE id = 3;
CREATE INDEX docs_emb ON docs USING wand (emb, c8);
CREATE INDEX docs_emb ON docs USING wand (emb, upper(c8));
CREATE INDEX docs_emb ON docs USING wand (emb, md5(c8), left(c8, 20));
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
DROP FUNCTION long_text;

-- what an index must have
CREATE TABLE docs (id int, tenant int, extra json, emb svec, other svec);
CREATE INDEX docs_emb ON docs USING wand (tenant);
CREATE INDEX docs_emb ON docs USING wand (tenant, id);
CREATE INDEX docs_emb ON docs USING wand (emb, tenant, other);
CREATE INDEX docs_emb ON docs USING wand (emb, emb svec_cosine_ops);
CREATE INDEX docs_emb ON docs USING wand (emb, extra);
CREATE INDEX docs_emb ON docs USING wand (emb) INCLUDE (tenant);
CREATE UNIQUE INDEX docs_emb ON docs USING wand (tenant, emb);
CREATE INDEX docs_emb ON docs USING wand (tenant DESC, emb);
ALTER TABLE docs ADD CONSTRAINT docs_emb EXCLUDE USING wand (tenant WITH =, emb WITH &&);
SELECT pg_indexam_has_property(oid, 'can_exclude') AS can_exclude FROM pg_am WHERE amname = 'wand';
CREATE INDEX docs_emb ON docs USING wand (emb, tenant, tenant);
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
CREATE UNLOGGED TABLE docs (id int, emb svec, other svec);
CREATE INDEX docs_emb ON docs USING wand (id);
CREATE INDEX docs_emb ON docs USING wand (emb, other);
DROP TABLE docs;

-- a comparison that fails: the statement fails with it, and the index is as it was
CREATE FUNCTION touchy_cmp(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.fail', true) = 'on' THEN
        RAISE EXCEPTION 'the comparison fails';
    END IF;
    RETURN btint4cmp(a, b);
END $$;
CREATE OPERATOR CLASS touchy_ops FOR TYPE int USING wand AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 2 touchy_cmp(int, int);
CREATE TABLE docs (id int, tenant int, emb svec);
INSERT INTO docs SELECT i, i % 400 - 200, doc(i) FROM generate_series(1, 1000) i;
\set VERBOSITY terse
SET test.fail = on;
CREATE INDEX docs_emb ON docs USING wand (emb, tenant touchy_ops);
RESET test.fail;
CREATE INDEX docs_emb ON docs USING wand (emb, tenant touchy_ops);
INSERT INTO docs SELECT i, i, doc(i) FROM generate_series(1001, 1100) i;
SET test.fail = on;
VACUUM docs;
SELECT wand_merge('docs_emb');
INSERT INTO docs VALUES (1101, 7, doc(1101));
RESET test.fail;
SELECT documents, pending FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT documents, pending FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 2000);
\set VERBOSITY default
DROP TABLE docs;
DROP OPERATOR FAMILY touchy_ops USING wand;
DROP FUNCTION touchy_cmp;

-- a function that is not as immutable as it says: the check finds every row whose value is another one now
CREATE FUNCTION plus(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + current_setting('test.add')::int $$;
CREATE FUNCTION text_plus(a int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN a + current_setting('test.add')::int <> 17 THEN 'text ' || a / 2 END
$$;
CREATE TABLE docs (id int, tenant int, emb svec);
INSERT INTO docs SELECT i, i % 10, doc(i) FROM generate_series(1, 100) i;
SET test.add = 0;
CREATE INDEX docs_emb ON docs USING wand (plus(tenant), emb, text_plus(id), id);
INSERT INTO docs SELECT i, i % 10, doc(i) FROM generate_series(101, 110) i;
SELECT * FROM wand_check('docs_emb', true);
SET test.add = 1;
SELECT segment IS NULL AS pending, part, regexp_replace(problem, '.*[)] ', '') AS problem, count(*)
FROM wand_check('docs_emb', true) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- NULL is not a value
SET test.add = 0;
UPDATE docs SET id = 17 WHERE id = 103;
SELECT * FROM wand_check('docs_emb', true);
SET test.add = 100;
SELECT segment IS NULL AS pending, part, regexp_replace(problem, '.*[)] ', '') AS problem, count(*)
FROM wand_check('docs_emb', true) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DROP TABLE docs;
DROP FUNCTION plus, text_plus;

-- unlogged, temporary
CREATE UNLOGGED TABLE docs (id int, tenant int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (tenant, emb);
INSERT INTO docs SELECT i, i % 5, doc(i) FROM generate_series(1, 500) i;
SELECT * FROM wand_check('docs_emb', true);
ALTER TABLE docs SET LOGGED;
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
CREATE TEMPORARY TABLE docs (id int, tenant int, emb svec) ON COMMIT DELETE ROWS;
CREATE INDEX docs_emb ON docs USING wand (emb, tenant);
BEGIN;
INSERT INTO docs SELECT i, i % 5, doc(i) FROM generate_series(1, 500) i;
SELECT * FROM wand_check('docs_emb', true);
COMMIT;
INSERT INTO docs SELECT i, i % 5, doc(i) FROM generate_series(1, 500) i;
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;

-- partitions, with columns in another order in one of them; a partition finds out that there is no vector
CREATE TABLE docs (id int, tenant int, emb svec) PARTITION BY RANGE (id);
CREATE TABLE docs_1 PARTITION OF docs FOR VALUES FROM (0) TO (400);
CREATE TABLE docs_2 (emb svec, dropped int, tenant int, id int);
ALTER TABLE docs_2 DROP COLUMN dropped;
CREATE INDEX docs_emb ON docs USING wand (tenant, emb, id);
ALTER TABLE docs ATTACH PARTITION docs_2 FOR VALUES FROM (400) TO (1000);
INSERT INTO docs SELECT i, i % 13, doc(i) FROM generate_series(1, 999) i;
SELECT * FROM wand_check('docs_1_tenant_emb_id_idx', true);
SELECT * FROM wand_check('docs_2_tenant_emb_id_idx', true);
VACUUM docs;
SELECT * FROM wand_check('docs_1_tenant_emb_id_idx', true);
SELECT * FROM wand_check('docs_2_tenant_emb_id_idx', true);
UPDATE docs SET id = 1000 - id;
SELECT * FROM wand_check('docs_1_tenant_emb_id_idx', true);
SELECT * FROM wand_check('docs_2_tenant_emb_id_idx', true);
CREATE INDEX docs_tenant ON docs USING wand (tenant);
DROP TABLE docs;
