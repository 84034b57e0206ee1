-- Constructors. Indices count from 1 as in the text form, token ids from 0. Not STRICT: the dimension may be NULL.

CREATE FUNCTION @extschema@.to_svec(indices pg_catalog.int4[], weights pg_catalog.float4[], dim pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_indices'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_from_tokens(token_ids pg_catalog.int4[], weights pg_catalog.float4[], dim pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_from_tokens'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

-- Accessors.

CREATE FUNCTION @extschema@.dims(@extschema@.svec) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'svec_dims'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.nnz(@extschema@.svec) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'svec_nnz'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.indices(@extschema@.svec) RETURNS pg_catalog.int4[]
    AS 'MODULE_PATHNAME', 'svec_indices'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.token_ids(@extschema@.svec) RETURNS pg_catalog.int4[]
    AS 'MODULE_PATHNAME', 'svec_token_ids'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.weights(@extschema@.svec) RETURNS pg_catalog.float4[]
    AS 'MODULE_PATHNAME', 'svec_weights'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.unnest(@extschema@.svec, OUT index pg_catalog.int4, OUT weight pg_catalog.float4) RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'svec_unnest'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1 ROWS 100;

CREATE FUNCTION @extschema@.unnest_tokens(@extschema@.svec, OUT token_id pg_catalog.int4, OUT weight pg_catalog.float4) RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'svec_unnest_tokens'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1 ROWS 100;

-- Norms.

CREATE FUNCTION @extschema@.l1_norm(@extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_l1_norm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.l2_norm(@extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_l2_norm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.max_norm(@extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_max_norm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.l2_normalize(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_l2_normalize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

-- Parts.

CREATE FUNCTION @extschema@.top_terms(@extschema@.svec, n pg_catalog.int4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_top_terms'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.above(@extschema@.svec, threshold pg_catalog.float4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_above'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
