-- The type svec: a sparse vector. See docs for its text form, {index:weight,...}/dim.

CREATE TYPE @extschema@.svec;

CREATE FUNCTION @extschema@.svec_in(pg_catalog.cstring, pg_catalog.oid, pg_catalog.int4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_in'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_out(@extschema@.svec) RETURNS pg_catalog.cstring
    AS 'MODULE_PATHNAME', 'svec_out'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_recv(pg_catalog.internal, pg_catalog.oid, pg_catalog.int4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_recv'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_send(@extschema@.svec) RETURNS pg_catalog.bytea
    AS 'MODULE_PATHNAME', 'svec_send'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_typmod_in(pg_catalog.cstring[]) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'svec_typmod_in'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

-- External storage: a long value goes to TOAST uncompressed, for weights hardly compress.
CREATE TYPE @extschema@.svec (
    INPUT = @extschema@.svec_in,
    OUTPUT = @extschema@.svec_out,
    RECEIVE = @extschema@.svec_recv,
    SEND = @extschema@.svec_send,
    TYPMOD_IN = @extschema@.svec_typmod_in,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE @extschema@.svec IS 'sparse vector';
