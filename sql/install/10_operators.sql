-- Distances: smaller is better, so <#> is the negative inner product. COST is
-- measured: 10 for vectors of 3 non-zeros, 130 for documents of 110 and queries of 30.

CREATE FUNCTION @extschema@.l2_distance(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_l2_distance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.inner_product(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_inner_product'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.cosine_distance(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_cosine_distance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.l1_distance(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_l1_distance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.svec_negative_inner_product(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_negative_inner_product'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE OPERATOR @extschema@.<-> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.l2_distance,
    COMMUTATOR = OPERATOR(@extschema@.<->)
);

CREATE OPERATOR @extschema@.<#> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_negative_inner_product,
    COMMUTATOR = OPERATOR(@extschema@.<#>)
);

CREATE OPERATOR @extschema@.<=> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.cosine_distance,
    COMMUTATOR = OPERATOR(@extschema@.<=>)
);

CREATE OPERATOR @extschema@.<+> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.l1_distance,
    COMMUTATOR = OPERATOR(@extschema@.<+>)
);

-- Comparison: as if dense arrays were compared, then the dimensions.

CREATE FUNCTION @extschema@.svec_lt(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_lt'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_le(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_le'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_eq(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_eq'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_ne(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_ne'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_ge(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_ge'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_gt(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_gt'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE OPERATOR @extschema@.< (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_lt,
    COMMUTATOR = OPERATOR(@extschema@.>),
    NEGATOR = OPERATOR(@extschema@.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);

CREATE OPERATOR @extschema@.<= (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_le,
    COMMUTATOR = OPERATOR(@extschema@.>=),
    NEGATOR = OPERATOR(@extschema@.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);

CREATE OPERATOR @extschema@.= (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_eq,
    COMMUTATOR = OPERATOR(@extschema@.=),
    NEGATOR = OPERATOR(@extschema@.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES
);

CREATE OPERATOR @extschema@.<> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_ne,
    COMMUTATOR = OPERATOR(@extschema@.<>),
    NEGATOR = OPERATOR(@extschema@.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);

CREATE OPERATOR @extschema@.>= (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_ge,
    COMMUTATOR = OPERATOR(@extschema@.<=),
    NEGATOR = OPERATOR(@extschema@.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);

CREATE OPERATOR @extschema@.> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_gt,
    COMMUTATOR = OPERATOR(@extschema@.<),
    NEGATOR = OPERATOR(@extschema@.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);

-- Arithmetic: the product of two vectors is element-wise.

CREATE FUNCTION @extschema@.svec_add(@extschema@.svec, @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_add'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_subtract(@extschema@.svec, @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_subtract'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_multiply(@extschema@.svec, @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_multiply'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_multiply_real(@extschema@.svec, pg_catalog.float4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_multiply_real'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_real_multiply(pg_catalog.float4, @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_real_multiply'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE OPERATOR @extschema@.+ (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_add,
    COMMUTATOR = OPERATOR(@extschema@.+)
);

CREATE OPERATOR @extschema@.- (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_subtract
);

CREATE OPERATOR @extschema@.* (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_multiply,
    COMMUTATOR = OPERATOR(@extschema@.*)
);

CREATE OPERATOR @extschema@.* (
    LEFTARG = @extschema@.svec, RIGHTARG = pg_catalog.float4, FUNCTION = @extschema@.svec_multiply_real,
    COMMUTATOR = OPERATOR(@extschema@.*)
);

CREATE OPERATOR @extschema@.* (
    LEFTARG = pg_catalog.float4, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_real_multiply,
    COMMUTATOR = OPERATOR(@extschema@.*)
);
