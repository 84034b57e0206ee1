-- Operator classes for filter columns: CREATE INDEX ON docs USING wand (emb, tenant_id, lang, published).
--
-- Their operators are those of B-trees, with B-trees' numbers (1 <, 2 <=, 3 =, 4 >=, 5 >); support function 2 is the
-- comparison, 1 is the metric of a vector's class. Families hold the operators of two types as well, so that an int8
-- column is searched for an int4. All of them are PostgreSQL's own, and there in every version from 15 on.

-- Integers.

CREATE OPERATOR FAMILY @extschema@.integer_ops USING wand;
CREATE OPERATOR CLASS @extschema@.int2_ops DEFAULT FOR TYPE pg_catalog.int2 USING wand
    FAMILY @extschema@.integer_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btint2cmp(pg_catalog.int2, pg_catalog.int2);

CREATE OPERATOR CLASS @extschema@.int4_ops DEFAULT FOR TYPE pg_catalog.int4 USING wand
    FAMILY @extschema@.integer_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btint4cmp(pg_catalog.int4, pg_catalog.int4);

CREATE OPERATOR CLASS @extschema@.int8_ops DEFAULT FOR TYPE pg_catalog.int8 USING wand
    FAMILY @extschema@.integer_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btint8cmp(pg_catalog.int8, pg_catalog.int8);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int2, pg_catalog.int4),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int2, pg_catalog.int4),
    OPERATOR 3 pg_catalog.= (pg_catalog.int2, pg_catalog.int4),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int2, pg_catalog.int4),
    OPERATOR 5 pg_catalog.> (pg_catalog.int2, pg_catalog.int4),
    FUNCTION 2 (pg_catalog.int2, pg_catalog.int4) pg_catalog.btint24cmp(pg_catalog.int2, pg_catalog.int4);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int2, pg_catalog.int8),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int2, pg_catalog.int8),
    OPERATOR 3 pg_catalog.= (pg_catalog.int2, pg_catalog.int8),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int2, pg_catalog.int8),
    OPERATOR 5 pg_catalog.> (pg_catalog.int2, pg_catalog.int8),
    FUNCTION 2 (pg_catalog.int2, pg_catalog.int8) pg_catalog.btint28cmp(pg_catalog.int2, pg_catalog.int8);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int4, pg_catalog.int2),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int4, pg_catalog.int2),
    OPERATOR 3 pg_catalog.= (pg_catalog.int4, pg_catalog.int2),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int4, pg_catalog.int2),
    OPERATOR 5 pg_catalog.> (pg_catalog.int4, pg_catalog.int2),
    FUNCTION 2 (pg_catalog.int4, pg_catalog.int2) pg_catalog.btint42cmp(pg_catalog.int4, pg_catalog.int2);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int4, pg_catalog.int8),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int4, pg_catalog.int8),
    OPERATOR 3 pg_catalog.= (pg_catalog.int4, pg_catalog.int8),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int4, pg_catalog.int8),
    OPERATOR 5 pg_catalog.> (pg_catalog.int4, pg_catalog.int8),
    FUNCTION 2 (pg_catalog.int4, pg_catalog.int8) pg_catalog.btint48cmp(pg_catalog.int4, pg_catalog.int8);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int8, pg_catalog.int2),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int8, pg_catalog.int2),
    OPERATOR 3 pg_catalog.= (pg_catalog.int8, pg_catalog.int2),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int8, pg_catalog.int2),
    OPERATOR 5 pg_catalog.> (pg_catalog.int8, pg_catalog.int2),
    FUNCTION 2 (pg_catalog.int8, pg_catalog.int2) pg_catalog.btint82cmp(pg_catalog.int8, pg_catalog.int2);

ALTER OPERATOR FAMILY @extschema@.integer_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.int8, pg_catalog.int4),
    OPERATOR 2 pg_catalog.<= (pg_catalog.int8, pg_catalog.int4),
    OPERATOR 3 pg_catalog.= (pg_catalog.int8, pg_catalog.int4),
    OPERATOR 4 pg_catalog.>= (pg_catalog.int8, pg_catalog.int4),
    OPERATOR 5 pg_catalog.> (pg_catalog.int8, pg_catalog.int4),
    FUNCTION 2 (pg_catalog.int8, pg_catalog.int4) pg_catalog.btint84cmp(pg_catalog.int8, pg_catalog.int4);

-- Floating-point numbers: NaN is equal to itself and greater than the others.

CREATE OPERATOR FAMILY @extschema@.float_ops USING wand;
CREATE OPERATOR CLASS @extschema@.float4_ops DEFAULT FOR TYPE pg_catalog.float4 USING wand
    FAMILY @extschema@.float_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btfloat4cmp(pg_catalog.float4, pg_catalog.float4);

CREATE OPERATOR CLASS @extschema@.float8_ops DEFAULT FOR TYPE pg_catalog.float8 USING wand
    FAMILY @extschema@.float_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btfloat8cmp(pg_catalog.float8, pg_catalog.float8);

ALTER OPERATOR FAMILY @extschema@.float_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.float4, pg_catalog.float8),
    OPERATOR 2 pg_catalog.<= (pg_catalog.float4, pg_catalog.float8),
    OPERATOR 3 pg_catalog.= (pg_catalog.float4, pg_catalog.float8),
    OPERATOR 4 pg_catalog.>= (pg_catalog.float4, pg_catalog.float8),
    OPERATOR 5 pg_catalog.> (pg_catalog.float4, pg_catalog.float8),
    FUNCTION 2 (pg_catalog.float4, pg_catalog.float8) pg_catalog.btfloat48cmp(pg_catalog.float4, pg_catalog.float8);

ALTER OPERATOR FAMILY @extschema@.float_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.float8, pg_catalog.float4),
    OPERATOR 2 pg_catalog.<= (pg_catalog.float8, pg_catalog.float4),
    OPERATOR 3 pg_catalog.= (pg_catalog.float8, pg_catalog.float4),
    OPERATOR 4 pg_catalog.>= (pg_catalog.float8, pg_catalog.float4),
    OPERATOR 5 pg_catalog.> (pg_catalog.float8, pg_catalog.float4),
    FUNCTION 2 (pg_catalog.float8, pg_catalog.float4) pg_catalog.btfloat84cmp(pg_catalog.float8, pg_catalog.float4);

-- Dates and times of day.

CREATE OPERATOR FAMILY @extschema@.datetime_ops USING wand;
CREATE OPERATOR CLASS @extschema@.date_ops DEFAULT FOR TYPE pg_catalog.date USING wand
    FAMILY @extschema@.datetime_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.date_cmp(pg_catalog.date, pg_catalog.date);

CREATE OPERATOR CLASS @extschema@.timestamp_ops DEFAULT FOR TYPE pg_catalog.timestamp USING wand
    FAMILY @extschema@.datetime_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.timestamp_cmp(pg_catalog.timestamp, pg_catalog.timestamp);

CREATE OPERATOR CLASS @extschema@.timestamptz_ops DEFAULT FOR TYPE pg_catalog.timestamptz USING wand
    FAMILY @extschema@.datetime_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.timestamptz_cmp(pg_catalog.timestamptz, pg_catalog.timestamptz);

ALTER OPERATOR FAMILY @extschema@.datetime_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.date, pg_catalog.timestamp),
    OPERATOR 2 pg_catalog.<= (pg_catalog.date, pg_catalog.timestamp),
    OPERATOR 3 pg_catalog.= (pg_catalog.date, pg_catalog.timestamp),
    OPERATOR 4 pg_catalog.>= (pg_catalog.date, pg_catalog.timestamp),
    OPERATOR 5 pg_catalog.> (pg_catalog.date, pg_catalog.timestamp),
    FUNCTION 2 (pg_catalog.date, pg_catalog.timestamp)
        pg_catalog.date_cmp_timestamp(pg_catalog.date, pg_catalog.timestamp);

ALTER OPERATOR FAMILY @extschema@.datetime_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.date, pg_catalog.timestamptz),
    OPERATOR 2 pg_catalog.<= (pg_catalog.date, pg_catalog.timestamptz),
    OPERATOR 3 pg_catalog.= (pg_catalog.date, pg_catalog.timestamptz),
    OPERATOR 4 pg_catalog.>= (pg_catalog.date, pg_catalog.timestamptz),
    OPERATOR 5 pg_catalog.> (pg_catalog.date, pg_catalog.timestamptz),
    FUNCTION 2 (pg_catalog.date, pg_catalog.timestamptz)
        pg_catalog.date_cmp_timestamptz(pg_catalog.date, pg_catalog.timestamptz);

ALTER OPERATOR FAMILY @extschema@.datetime_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.timestamp, pg_catalog.date),
    OPERATOR 2 pg_catalog.<= (pg_catalog.timestamp, pg_catalog.date),
    OPERATOR 3 pg_catalog.= (pg_catalog.timestamp, pg_catalog.date),
    OPERATOR 4 pg_catalog.>= (pg_catalog.timestamp, pg_catalog.date),
    OPERATOR 5 pg_catalog.> (pg_catalog.timestamp, pg_catalog.date),
    FUNCTION 2 (pg_catalog.timestamp, pg_catalog.date)
        pg_catalog.timestamp_cmp_date(pg_catalog.timestamp, pg_catalog.date);

-- A column of times without zone is not compared with times that have one: where clocks go forward, an hour that does
-- not exist comes after the next one in the other order, so the values that are less are not those before some place.

ALTER OPERATOR FAMILY @extschema@.datetime_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.timestamptz, pg_catalog.date),
    OPERATOR 2 pg_catalog.<= (pg_catalog.timestamptz, pg_catalog.date),
    OPERATOR 3 pg_catalog.= (pg_catalog.timestamptz, pg_catalog.date),
    OPERATOR 4 pg_catalog.>= (pg_catalog.timestamptz, pg_catalog.date),
    OPERATOR 5 pg_catalog.> (pg_catalog.timestamptz, pg_catalog.date),
    FUNCTION 2 (pg_catalog.timestamptz, pg_catalog.date)
        pg_catalog.timestamptz_cmp_date(pg_catalog.timestamptz, pg_catalog.date);

ALTER OPERATOR FAMILY @extschema@.datetime_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.timestamptz, pg_catalog.timestamp),
    OPERATOR 2 pg_catalog.<= (pg_catalog.timestamptz, pg_catalog.timestamp),
    OPERATOR 3 pg_catalog.= (pg_catalog.timestamptz, pg_catalog.timestamp),
    OPERATOR 4 pg_catalog.>= (pg_catalog.timestamptz, pg_catalog.timestamp),
    OPERATOR 5 pg_catalog.> (pg_catalog.timestamptz, pg_catalog.timestamp),
    FUNCTION 2 (pg_catalog.timestamptz, pg_catalog.timestamp)
        pg_catalog.timestamptz_cmp_timestamp(pg_catalog.timestamptz, pg_catalog.timestamp);

CREATE OPERATOR FAMILY @extschema@.time_ops USING wand;
CREATE OPERATOR CLASS @extschema@.time_ops DEFAULT FOR TYPE pg_catalog.time USING wand
    FAMILY @extschema@.time_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.time_cmp(pg_catalog.time, pg_catalog.time);

CREATE OPERATOR FAMILY @extschema@.timetz_ops USING wand;
CREATE OPERATOR CLASS @extschema@.timetz_ops DEFAULT FOR TYPE pg_catalog.timetz USING wand
    FAMILY @extschema@.timetz_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.timetz_cmp(pg_catalog.timetz, pg_catalog.timetz);

CREATE OPERATOR FAMILY @extschema@.interval_ops USING wand;
CREATE OPERATOR CLASS @extschema@.interval_ops DEFAULT FOR TYPE pg_catalog.interval USING wand
    FAMILY @extschema@.interval_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.interval_cmp(pg_catalog.interval, pg_catalog.interval);

-- Text, by the column's collation; varchar is text. A char(n) is a type of its own.

CREATE OPERATOR FAMILY @extschema@.text_ops USING wand;
CREATE OPERATOR CLASS @extschema@.text_ops DEFAULT FOR TYPE pg_catalog.text USING wand
    FAMILY @extschema@.text_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.bttextcmp(pg_catalog.text, pg_catalog.text);

CREATE OPERATOR CLASS @extschema@.name_ops DEFAULT FOR TYPE pg_catalog.name USING wand
    FAMILY @extschema@.text_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btnamecmp(pg_catalog.name, pg_catalog.name);

ALTER OPERATOR FAMILY @extschema@.text_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.name, pg_catalog.text),
    OPERATOR 2 pg_catalog.<= (pg_catalog.name, pg_catalog.text),
    OPERATOR 3 pg_catalog.= (pg_catalog.name, pg_catalog.text),
    OPERATOR 4 pg_catalog.>= (pg_catalog.name, pg_catalog.text),
    OPERATOR 5 pg_catalog.> (pg_catalog.name, pg_catalog.text),
    FUNCTION 2 (pg_catalog.name, pg_catalog.text) pg_catalog.btnametextcmp(pg_catalog.name, pg_catalog.text);

ALTER OPERATOR FAMILY @extschema@.text_ops USING wand ADD
    OPERATOR 1 pg_catalog.< (pg_catalog.text, pg_catalog.name),
    OPERATOR 2 pg_catalog.<= (pg_catalog.text, pg_catalog.name),
    OPERATOR 3 pg_catalog.= (pg_catalog.text, pg_catalog.name),
    OPERATOR 4 pg_catalog.>= (pg_catalog.text, pg_catalog.name),
    OPERATOR 5 pg_catalog.> (pg_catalog.text, pg_catalog.name),
    FUNCTION 2 (pg_catalog.text, pg_catalog.name) pg_catalog.bttextnamecmp(pg_catalog.text, pg_catalog.name);

CREATE OPERATOR FAMILY @extschema@.bpchar_ops USING wand;
CREATE OPERATOR CLASS @extschema@.bpchar_ops DEFAULT FOR TYPE pg_catalog.bpchar USING wand
    FAMILY @extschema@.bpchar_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.bpcharcmp(pg_catalog.bpchar, pg_catalog.bpchar);

-- The others; an enum type uses enum_ops, a cidr inet_ops.

CREATE OPERATOR FAMILY @extschema@.bool_ops USING wand;
CREATE OPERATOR CLASS @extschema@.bool_ops DEFAULT FOR TYPE pg_catalog.bool USING wand
    FAMILY @extschema@.bool_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btboolcmp(pg_catalog.bool, pg_catalog.bool);

CREATE OPERATOR FAMILY @extschema@.char_ops USING wand;
CREATE OPERATOR CLASS @extschema@.char_ops DEFAULT FOR TYPE pg_catalog."char" USING wand
    FAMILY @extschema@.char_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btcharcmp(pg_catalog."char", pg_catalog."char");

CREATE OPERATOR FAMILY @extschema@.oid_ops USING wand;
CREATE OPERATOR CLASS @extschema@.oid_ops DEFAULT FOR TYPE pg_catalog.oid USING wand
    FAMILY @extschema@.oid_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.btoidcmp(pg_catalog.oid, pg_catalog.oid);

CREATE OPERATOR FAMILY @extschema@.numeric_ops USING wand;
CREATE OPERATOR CLASS @extschema@.numeric_ops DEFAULT FOR TYPE pg_catalog.numeric USING wand
    FAMILY @extschema@.numeric_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.numeric_cmp(pg_catalog.numeric, pg_catalog.numeric);

CREATE OPERATOR FAMILY @extschema@.money_ops USING wand;
CREATE OPERATOR CLASS @extschema@.money_ops DEFAULT FOR TYPE pg_catalog.money USING wand
    FAMILY @extschema@.money_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.cash_cmp(pg_catalog.money, pg_catalog.money);

CREATE OPERATOR FAMILY @extschema@.bytea_ops USING wand;
CREATE OPERATOR CLASS @extschema@.bytea_ops DEFAULT FOR TYPE pg_catalog.bytea USING wand
    FAMILY @extschema@.bytea_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.byteacmp(pg_catalog.bytea, pg_catalog.bytea);

CREATE OPERATOR FAMILY @extschema@.uuid_ops USING wand;
CREATE OPERATOR CLASS @extschema@.uuid_ops DEFAULT FOR TYPE pg_catalog.uuid USING wand
    FAMILY @extschema@.uuid_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.uuid_cmp(pg_catalog.uuid, pg_catalog.uuid);

CREATE OPERATOR FAMILY @extschema@.enum_ops USING wand;
CREATE OPERATOR CLASS @extschema@.enum_ops DEFAULT FOR TYPE pg_catalog.anyenum USING wand
    FAMILY @extschema@.enum_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.enum_cmp(pg_catalog.anyenum, pg_catalog.anyenum);

CREATE OPERATOR FAMILY @extschema@.network_ops USING wand;
CREATE OPERATOR CLASS @extschema@.inet_ops DEFAULT FOR TYPE pg_catalog.inet USING wand
    FAMILY @extschema@.network_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.network_cmp(pg_catalog.inet, pg_catalog.inet);

CREATE OPERATOR FAMILY @extschema@.macaddr_ops USING wand;
CREATE OPERATOR CLASS @extschema@.macaddr_ops DEFAULT FOR TYPE pg_catalog.macaddr USING wand
    FAMILY @extschema@.macaddr_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.macaddr_cmp(pg_catalog.macaddr, pg_catalog.macaddr);

CREATE OPERATOR FAMILY @extschema@.macaddr8_ops USING wand;
CREATE OPERATOR CLASS @extschema@.macaddr8_ops DEFAULT FOR TYPE pg_catalog.macaddr8 USING wand
    FAMILY @extschema@.macaddr8_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.macaddr8_cmp(pg_catalog.macaddr8, pg_catalog.macaddr8);

CREATE OPERATOR FAMILY @extschema@.bit_ops USING wand;
CREATE OPERATOR CLASS @extschema@.bit_ops DEFAULT FOR TYPE pg_catalog.bit USING wand
    FAMILY @extschema@.bit_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.bitcmp(pg_catalog.bit, pg_catalog.bit);

CREATE OPERATOR FAMILY @extschema@.varbit_ops USING wand;
CREATE OPERATOR CLASS @extschema@.varbit_ops DEFAULT FOR TYPE pg_catalog.varbit USING wand
    FAMILY @extschema@.varbit_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.varbitcmp(pg_catalog.varbit, pg_catalog.varbit);

CREATE OPERATOR FAMILY @extschema@.pg_lsn_ops USING wand;
CREATE OPERATOR CLASS @extschema@.pg_lsn_ops DEFAULT FOR TYPE pg_catalog.pg_lsn USING wand
    FAMILY @extschema@.pg_lsn_ops AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 2 pg_catalog.pg_lsn_cmp(pg_catalog.pg_lsn, pg_catalog.pg_lsn);
