-- Sorting, hashing, partitioning. Index access for retrieval is another file.

CREATE FUNCTION @extschema@.svec_cmp(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'svec_cmp'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_hash(@extschema@.svec) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'svec_hash'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_hash_extended(@extschema@.svec, pg_catalog.int8) RETURNS pg_catalog.int8
    AS 'MODULE_PATHNAME', 'svec_hash_extended'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE OPERATOR CLASS @extschema@.svec_ops DEFAULT FOR TYPE @extschema@.svec USING btree AS
    OPERATOR 1 @extschema@.< (@extschema@.svec, @extschema@.svec),
    OPERATOR 2 @extschema@.<= (@extschema@.svec, @extschema@.svec),
    OPERATOR 3 @extschema@.= (@extschema@.svec, @extschema@.svec),
    OPERATOR 4 @extschema@.>= (@extschema@.svec, @extschema@.svec),
    OPERATOR 5 @extschema@.> (@extschema@.svec, @extschema@.svec),
    FUNCTION 1 @extschema@.svec_cmp(@extschema@.svec, @extschema@.svec);

CREATE OPERATOR CLASS @extschema@.svec_ops DEFAULT FOR TYPE @extschema@.svec USING hash AS
    OPERATOR 1 @extschema@.= (@extschema@.svec, @extschema@.svec),
    FUNCTION 1 @extschema@.svec_hash(@extschema@.svec),
    FUNCTION 2 @extschema@.svec_hash_extended(@extschema@.svec, pg_catalog.int8);
