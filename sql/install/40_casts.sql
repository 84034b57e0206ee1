-- Casts. Those from and to text come by input and output. The length coercion of svec(n) is implicit, as it must be;
-- all others are for assignment, as pgvector has them. JSON keys are token ids from 0.

CREATE FUNCTION @extschema@.svec(@extschema@.svec, pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_typmod_cast'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec(pg_catalog.float4[], pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_real_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec(pg_catalog.float8[], pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_double_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec(pg_catalog.int4[], pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_integer_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec(pg_catalog.numeric[], pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_numeric_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec(pg_catalog.jsonb, pg_catalog.int4, pg_catalog.bool) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_jsonb'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_to_real_array(@extschema@.svec) RETURNS pg_catalog.float4[]
    AS 'MODULE_PATHNAME', 'svec_to_real_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_to_jsonb(@extschema@.svec) RETURNS pg_catalog.jsonb
    AS 'MODULE_PATHNAME', 'svec_to_jsonb'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (@extschema@.svec AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(@extschema@.svec, pg_catalog.int4, pg_catalog.bool) AS IMPLICIT;

CREATE CAST (pg_catalog.float4[] AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(pg_catalog.float4[], pg_catalog.int4, pg_catalog.bool) AS ASSIGNMENT;

CREATE CAST (pg_catalog.float8[] AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(pg_catalog.float8[], pg_catalog.int4, pg_catalog.bool) AS ASSIGNMENT;

CREATE CAST (pg_catalog.int4[] AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(pg_catalog.int4[], pg_catalog.int4, pg_catalog.bool) AS ASSIGNMENT;

CREATE CAST (pg_catalog.numeric[] AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(pg_catalog.numeric[], pg_catalog.int4, pg_catalog.bool) AS ASSIGNMENT;

CREATE CAST (pg_catalog.jsonb AS @extschema@.svec)
    WITH FUNCTION @extschema@.svec(pg_catalog.jsonb, pg_catalog.int4, pg_catalog.bool) AS ASSIGNMENT;

CREATE CAST (@extschema@.svec AS pg_catalog.float4[])
    WITH FUNCTION @extschema@.svec_to_real_array(@extschema@.svec) AS ASSIGNMENT;

CREATE CAST (@extschema@.svec AS pg_catalog.jsonb)
    WITH FUNCTION @extschema@.svec_to_jsonb(@extschema@.svec) AS ASSIGNMENT;
