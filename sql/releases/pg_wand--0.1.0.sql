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
-- Conditions on vectors. The estimators look terms up in an index of the column, if there is one.

CREATE FUNCTION @extschema@.wand_matchsel(
    pg_catalog.internal, pg_catalog.oid, pg_catalog.internal, pg_catalog.int4
) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'wand_matchsel'
    LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.wand_spheresel(
    pg_catalog.internal, pg_catalog.oid, pg_catalog.internal, pg_catalog.int4
) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'wand_spheresel'
    LANGUAGE C STABLE STRICT PARALLEL SAFE;

-- Terms: do they share one, has the one all of the other?

CREATE FUNCTION @extschema@.svec_overlaps(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_overlaps'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.svec_contains(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_contains'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.svec_contained(@extschema@.svec, @extschema@.svec) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_contained'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE OPERATOR @extschema@.&& (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_overlaps,
    COMMUTATOR = OPERATOR(@extschema@.&&),
    RESTRICT = @extschema@.wand_matchsel, JOIN = pg_catalog.contjoinsel
);

CREATE OPERATOR @extschema@.@> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_contains,
    COMMUTATOR = OPERATOR(@extschema@.<@),
    RESTRICT = @extschema@.wand_matchsel, JOIN = pg_catalog.contjoinsel
);

CREATE OPERATOR @extschema@.<@ (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec, FUNCTION = @extschema@.svec_contained,
    COMMUTATOR = OPERATOR(@extschema@.@>),
    RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);

-- Matches: terms that must, must not and should be there.

CREATE TYPE @extschema@.svec_match AS (
    must @extschema@.svec,
    must_not @extschema@.svec,
    should @extschema@.svec,
    minimum_should_match pg_catalog.int4
);

COMMENT ON TYPE @extschema@.svec_match IS 'which terms a vector must, must not and should have';

CREATE FUNCTION @extschema@.svec_match(
    must @extschema@.svec DEFAULT NULL,
    must_not @extschema@.svec DEFAULT NULL,
    should @extschema@.svec DEFAULT NULL,
    minimum_should_match pg_catalog.int4 DEFAULT NULL
) RETURNS @extschema@.svec_match
    AS 'MODULE_PATHNAME', 'svec_make_match'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;

CREATE FUNCTION @extschema@.svec_matches(@extschema@.svec, @extschema@.svec_match) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_matches'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;

CREATE OPERATOR @extschema@.@@ (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec_match, FUNCTION = @extschema@.svec_matches,
    RESTRICT = @extschema@.wand_matchsel, JOIN = pg_catalog.matchingjoinsel
);

-- Spheres: what is not further than a radius. Each operator is named after its distance.

CREATE TYPE @extschema@.svec_sphere AS (
    center @extschema@.svec,
    radius pg_catalog.float8
);

COMMENT ON TYPE @extschema@.svec_sphere IS 'a vector and a greatest distance from it';

CREATE FUNCTION @extschema@.sphere(center @extschema@.svec, radius pg_catalog.float8) RETURNS @extschema@.svec_sphere
    AS 'MODULE_PATHNAME', 'svec_make_sphere'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

CREATE FUNCTION @extschema@.svec_negative_inner_product_within(@extschema@.svec, @extschema@.svec_sphere)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_negative_inner_product_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.svec_cosine_distance_within(@extschema@.svec, @extschema@.svec_sphere)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_cosine_distance_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.svec_l2_distance_within(@extschema@.svec, @extschema@.svec_sphere)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_l2_distance_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE OPERATOR @extschema@.<<#>> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec_sphere,
    FUNCTION = @extschema@.svec_negative_inner_product_within,
    RESTRICT = @extschema@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);

CREATE OPERATOR @extschema@.<<=>> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec_sphere,
    FUNCTION = @extschema@.svec_cosine_distance_within,
    RESTRICT = @extschema@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);

CREATE OPERATOR @extschema@.<<->> (
    LEFTARG = @extschema@.svec, RIGHTARG = @extschema@.svec_sphere,
    FUNCTION = @extschema@.svec_l2_distance_within,
    RESTRICT = @extschema@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);
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
-- Aggregates. They skip NULL rows and give NULL for none. A row without a term counts as 0 there.

CREATE FUNCTION @extschema@.svec_sum_accum(pg_catalog.internal, @extschema@.svec) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'svec_sum_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_max_accum(pg_catalog.internal, @extschema@.svec) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'svec_max_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.svec_agg_combine(pg_catalog.internal, pg_catalog.internal) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'svec_agg_combine'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_agg_serialize(pg_catalog.internal) RETURNS pg_catalog.bytea
    AS 'MODULE_PATHNAME', 'svec_agg_serialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_sum_deserialize(pg_catalog.bytea, pg_catalog.internal) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'svec_sum_deserialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_max_deserialize(pg_catalog.bytea, pg_catalog.internal) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'svec_max_deserialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_sum_final(pg_catalog.internal) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_sum_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_avg_final(pg_catalog.internal) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_avg_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.svec_max_final(pg_catalog.internal) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'svec_max_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.sum(@extschema@.svec) (
    SFUNC = @extschema@.svec_sum_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.svec_sum_final,
    COMBINEFUNC = @extschema@.svec_agg_combine,
    SERIALFUNC = @extschema@.svec_agg_serialize,
    DESERIALFUNC = @extschema@.svec_sum_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.avg(@extschema@.svec) (
    SFUNC = @extschema@.svec_sum_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.svec_avg_final,
    COMBINEFUNC = @extschema@.svec_agg_combine,
    SERIALFUNC = @extschema@.svec_agg_serialize,
    DESERIALFUNC = @extschema@.svec_sum_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.max(@extschema@.svec) (
    SFUNC = @extschema@.svec_max_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.svec_max_final,
    COMBINEFUNC = @extschema@.svec_agg_combine,
    SERIALFUNC = @extschema@.svec_agg_serialize,
    DESERIALFUNC = @extschema@.svec_max_deserialize,
    PARALLEL = SAFE
);
-- The access method and its operator classes.

CREATE FUNCTION @extschema@.wand_handler(pg_catalog.internal) RETURNS pg_catalog.index_am_handler
    AS 'MODULE_PATHNAME', 'wand_handler'
    LANGUAGE C;

CREATE ACCESS METHOD wand TYPE INDEX HANDLER @extschema@.wand_handler;

COMMENT ON ACCESS METHOD wand IS 'exact ranked retrieval over sparse vectors';

-- Support function 1 names what an operator class measures.
CREATE FUNCTION @extschema@.wand_metric_inner_product(pg_catalog.internal) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'wand_metric_inner_product'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION @extschema@.wand_metric_cosine(pg_catalog.internal) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'wand_metric_cosine'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION @extschema@.wand_metric_l2(pg_catalog.internal) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'wand_metric_l2'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- Operator 1 orders rows, the others are conditions.

CREATE OPERATOR CLASS @extschema@.svec_ip_ops DEFAULT FOR TYPE @extschema@.svec USING wand AS
    OPERATOR 1 @extschema@.<#> (@extschema@.svec, @extschema@.svec) FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema@.svec, @extschema@.svec),
    OPERATOR 3 @extschema@.@> (@extschema@.svec, @extschema@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema@.svec, @extschema@.svec_match),
    OPERATOR 5 @extschema@.<<#>> (@extschema@.svec, @extschema@.svec_sphere),
    FUNCTION 1 @extschema@.wand_metric_inner_product(pg_catalog.internal);

CREATE OPERATOR CLASS @extschema@.svec_cosine_ops FOR TYPE @extschema@.svec USING wand AS
    OPERATOR 1 @extschema@.<=> (@extschema@.svec, @extschema@.svec) FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema@.svec, @extschema@.svec),
    OPERATOR 3 @extschema@.@> (@extschema@.svec, @extschema@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema@.svec, @extschema@.svec_match),
    OPERATOR 5 @extschema@.<<=>> (@extschema@.svec, @extschema@.svec_sphere),
    FUNCTION 1 @extschema@.wand_metric_cosine(pg_catalog.internal);

CREATE OPERATOR CLASS @extschema@.svec_l2_ops FOR TYPE @extschema@.svec USING wand AS
    OPERATOR 1 @extschema@.<-> (@extschema@.svec, @extschema@.svec) FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema@.svec, @extschema@.svec),
    OPERATOR 3 @extschema@.@> (@extschema@.svec, @extschema@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema@.svec, @extschema@.svec_match),
    OPERATOR 5 @extschema@.<<->> (@extschema@.svec, @extschema@.svec_sphere),
    FUNCTION 1 @extschema@.wand_metric_l2(pg_catalog.internal);
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
-- For the owner of an index. Each function checks ownership itself, before it locks or opens anything.

CREATE FUNCTION @extschema@.wand_check(index pg_catalog.regclass, heap pg_catalog.bool DEFAULT false,
        OUT segment pg_catalog.int8, OUT part pg_catalog.text, OUT block pg_catalog.int8, OUT problem pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_check_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION @extschema@.wand_check(pg_catalog.regclass, pg_catalog.bool) IS
    'what is wrong with a wand index, and with heap also against its table; no row if it is sound';

CREATE FUNCTION @extschema@.wand_info(index pg_catalog.regclass,
        OUT metric pg_catalog.text, OUT segments pg_catalog.int4, OUT documents pg_catalog.int8,
        OUT live pg_catalog.int8, OUT dead pg_catalog.int8, OUT pending pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT terms_bytes pg_catalog.int8, OUT postings_bytes pg_catalog.int8, OUT docmap_bytes pg_catalog.int8,
        OUT filter_bytes pg_catalog.int8, OUT pending_bytes pg_catalog.int8, OUT meta_bytes pg_catalog.int8,
        OUT free_bytes pg_catalog.int8, OUT orphaned_bytes pg_catalog.int8, OUT total_bytes pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_info_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_info(pg_catalog.regclass) IS 'what a wand index holds, in documents and bytes';

CREATE FUNCTION @extschema@.wand_segments(index pg_catalog.regclass,
        OUT segment pg_catalog.int8, OUT documents pg_catalog.int8, OUT live pg_catalog.int8,
        OUT null_vectors pg_catalog.int8, OUT terms pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT max_nnz pg_catalog.int8, OUT filter_bytes pg_catalog.int8, OUT bytes pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_segments_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 8;

COMMENT ON FUNCTION @extschema@.wand_segments(pg_catalog.regclass) IS 'the sealed segments of a wand index';

CREATE FUNCTION @extschema@.wand_last_scan(
        OUT index pg_catalog.regclass, OUT strategy pg_catalog.text, OUT segments pg_catalog.int4,
        OUT terms pg_catalog.int8, OUT lists pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT bytes_read pg_catalog.int8, OUT rounds pg_catalog.int4,
        OUT blocks_bounded pg_catalog.int8, OUT blocks_scored pg_catalog.int8, OUT blocks_dropped pg_catalog.int8,
        OUT block_lookups pg_catalog.int8, OUT rows pg_catalog.int8, OUT rows_rechecked pg_catalog.int8,
        OUT rows_killed pg_catalog.int8, OUT pending pg_catalog.int8,
        OUT rows_within pg_catalog.int8, OUT restarts pg_catalog.int4,
        OUT plan_ms pg_catalog.float8, OUT pending_ms pg_catalog.float8, OUT filter_ms pg_catalog.float8, OUT bounds_ms pg_catalog.float8,
        OUT blocks_ms pg_catalog.float8, OUT exhaustive_ms pg_catalog.float8, OUT select_ms pg_catalog.float8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_last_scan_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_last_scan() IS
    'what the last ordered scan of a wand index in this session did; no row before the first';

CREATE FUNCTION @extschema@.wand_merge(index pg_catalog.regclass) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'wand_merge_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION @extschema@.wand_merge(pg_catalog.regclass) IS
    'flushes the pending list of a wand index and merges its segments as VACUUM would; returns the number of merges';

CREATE FUNCTION @extschema@.wand_term_stats(index pg_catalog.regclass,
        OUT term pg_catalog.int8, OUT df pg_catalog.int8, OUT list_bytes pg_catalog.int8,
        OUT greatest_weight pg_catalog.float8, OUT least_weight pg_catalog.float8,
        OUT frequent pg_catalog.bool, OUT segments pg_catalog.int4)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_term_stats'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 10000;

COMMENT ON FUNCTION @extschema@.wand_term_stats(pg_catalog.regclass) IS
    'the terms (indices from 1) of the sealed segments of a wand index: documents that have them, dead ones included until a merge drops them; bytes of their lists, estimated for those without bounds; limits of their weights, which no document exceeds (of normalised weights if the index measures cosine distance)';

CREATE FUNCTION @extschema@.wand_cost(index pg_catalog.regclass, query @extschema@.svec,
        OUT documents pg_catalog.int8, OUT pending pg_catalog.int8, OUT segments pg_catalog.int4,
        OUT terms pg_catalog.int8, OUT lists pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT strategy pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_cost'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_cost(pg_catalog.regclass, @extschema@.svec) IS
    'what a query of a wand index will touch: documents, and the lists of the query''s terms; the strategy is an estimate';

-- Right for the rows that the statement sees, as a scan of the table would be: hence STABLE.

CREATE FUNCTION @extschema@.wand_df(index pg_catalog.regclass, OUT df @extschema@.svec, OUT n pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_df'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_df(pg_catalog.regclass) IS
    'document frequencies from the lists of a wand index, and the number of rows with a vector: what df_agg and count find in the table, without reading its vectors; NULL if there is none';

CREATE FUNCTION @extschema@.wand_idf(index pg_catalog.regclass, variant pg_catalog.text DEFAULT 'lucene')
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_idf'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000;

COMMENT ON FUNCTION @extschema@.wand_idf(pg_catalog.regclass, pg_catalog.text) IS
    'idf(df, n, variant) of what wand_df finds';
-- Weights of learned sparse retrieval: see docs/weights.md. Token ids count from 0 as in the constructors.

-- Activations: of a vector's stored terms, or of logits, the first of which belongs to token id 0.

CREATE FUNCTION @extschema@.relu(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_relu'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.relu(logits pg_catalog.float4[]) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_relu_logits'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.log_saturation(@extschema@.svec, bias pg_catalog.float4 DEFAULT 0) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_log_saturation'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.log_saturation(logits pg_catalog.float4[], bias pg_catalog.float4 DEFAULT 0) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_log_saturation_logits'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.double_log_saturation(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_double_log_saturation'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.double_log_saturation(logits pg_catalog.float4[]) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_double_log_saturation_logits'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.softplus(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_softplus'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.softplus(logits pg_catalog.float4[]) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_softplus_logits'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.log_softplus(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_log_softplus'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.log_softplus(logits pg_catalog.float4[]) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_log_softplus_logits'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

-- Terms joined or masked. Not STRICT where the dimension may be NULL.

CREATE FUNCTION @extschema@.presence(@extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_presence'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.lexical_mask(@extschema@.svec, tokens @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_lexical_mask'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.unicoil_document(token_ids pg_catalog.int4[], weights pg_catalog.float4[], dim pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_unicoil_document'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.unicoil_query(token_ids pg_catalog.int4[], weights pg_catalog.float4[], dim pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_unicoil_query'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.fold_terms(@extschema@.svec, words pg_catalog.int4[], how pg_catalog.text DEFAULT 'sum', dim pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_fold_terms'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

-- Feedback. rocchio is not STRICT: NULL terms keep all.

CREATE FUNCTION @extschema@.rocchio(query @extschema@.svec, relevant @extschema@.svec[], irrelevant @extschema@.svec[] DEFAULT '{}', alpha pg_catalog.float8 DEFAULT 1, beta pg_catalog.float8 DEFAULT 0.75, gamma pg_catalog.float8 DEFAULT 0.15, terms pg_catalog.int4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_rocchio'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.rm3(query @extschema@.svec, documents @extschema@.svec[], scores pg_catalog.float4[], terms pg_catalog.int4 DEFAULT 10, lambda pg_catalog.float8 DEFAULT 0.5) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_rm3'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

-- Pruning.

CREATE FUNCTION @extschema@.prune_top_k(@extschema@.svec, k pg_catalog.int4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_top_k'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.prune_below(@extschema@.svec, threshold pg_catalog.float4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_below'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.prune_max_ratio(@extschema@.svec, ratio pg_catalog.float8) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_max_ratio'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.prune_mass_keep(@extschema@.svec, alpha pg_catalog.float8) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_mass_keep'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.prune_mass_drop(@extschema@.svec, alpha pg_catalog.float8) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_mass_drop'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.prune_mass_share(@extschema@.svec, share pg_catalog.float8) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_mass_share'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.prune_frequent(query @extschema@.svec, df @extschema@.svec, n pg_catalog.int8, ratio pg_catalog.float8 DEFAULT 5, weight_ratio pg_catalog.float8 DEFAULT 0.4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_frequent'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.prune_stop_words(query @extschema@.svec, df @extschema@.svec, n pg_catalog.int8, max_share pg_catalog.float8 DEFAULT 0.6) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_stop_words'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.prune_min_idf(query @extschema@.svec, idf @extschema@.svec, min pg_catalog.float4) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_prune_min_idf'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

-- Quantisation. quantise is not STRICT: without a greatest weight it takes the vector's own.

CREATE FUNCTION @extschema@.quantise(@extschema@.svec, bits pg_catalog.int4 DEFAULT 8, max_weight pg_catalog.float4 DEFAULT NULL) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_quantise'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.quantisation_step(max_weight pg_catalog.float4, bits pg_catalog.int4 DEFAULT 8) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_quantisation_step'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.dequantise(levels @extschema@.svec, step pg_catalog.float8) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_dequantise'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.quantisation_error(query @extschema@.svec, step pg_catalog.float8) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_quantisation_error'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

-- Document frequencies and IDF. df_agg shares its state with sum, so both in one query count once.

CREATE FUNCTION @extschema@.df_final(pg_catalog.internal) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_df_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.df_agg(@extschema@.svec) (
    SFUNC = @extschema@.svec_sum_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.df_final,
    COMBINEFUNC = @extschema@.svec_agg_combine,
    SERIALFUNC = @extschema@.svec_agg_serialize,
    DESERIALFUNC = @extschema@.svec_sum_deserialize,
    PARALLEL = SAFE
);

-- All that BM25 needs to know of a collection whose rows count words.

CREATE TYPE @extschema@.wand_corpus_statistics AS (df @extschema@.svec, n pg_catalog.int8, avgdl pg_catalog.float8);

CREATE FUNCTION @extschema@.corpus_final(pg_catalog.internal) RETURNS @extschema@.wand_corpus_statistics
    AS 'MODULE_PATHNAME', 'weights_corpus_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.corpus_stats(counts @extschema@.svec) (
    SFUNC = @extschema@.svec_sum_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.corpus_final,
    COMBINEFUNC = @extschema@.svec_agg_combine,
    SERIALFUNC = @extschema@.svec_agg_serialize,
    DESERIALFUNC = @extschema@.svec_sum_deserialize,
    PARALLEL = SAFE
);

CREATE FUNCTION @extschema@.idf(df @extschema@.svec, n pg_catalog.int8, variant pg_catalog.text DEFAULT 'lucene',
        unseen pg_catalog.bool DEFAULT false)
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_idf'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.idf(df pg_catalog.float8, n pg_catalog.int8, variant pg_catalog.text DEFAULT 'lucene') RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_idf_of_term'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.apply_idf(query @extschema@.svec, idf @extschema@.svec) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_apply_idf'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.postings_touched(query @extschema@.svec, df @extschema@.svec) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_postings_touched'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.retrieval_flops(query_df @extschema@.svec, n_queries pg_catalog.int8, doc_df @extschema@.svec, n_docs pg_catalog.int8) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_retrieval_flops'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

-- Measures. sparsity is not STRICT: without a dimension it takes the vector's own.

CREATE FUNCTION @extschema@.sparsity(@extschema@.svec, dim pg_catalog.int4 DEFAULT NULL) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_sparsity'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.flops_accum(pg_catalog.internal, @extschema@.svec) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_flops_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.flops_min_nnz_accum(pg_catalog.internal, @extschema@.svec, min_nnz pg_catalog.int4) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_flops_min_nnz_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.idf_flops_accum(pg_catalog.internal, @extschema@.svec, idf @extschema@.svec) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_idf_flops_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.df_flops_accum(pg_catalog.internal, @extschema@.svec, alpha pg_catalog.float8, beta pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_df_flops_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.flops_combine(pg_catalog.internal, pg_catalog.internal) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_flops_combine'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.flops_serialize(pg_catalog.internal) RETURNS pg_catalog.bytea
    AS 'MODULE_PATHNAME', 'weights_flops_serialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.flops_deserialize(pg_catalog.bytea, pg_catalog.internal) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_flops_deserialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.flops_final(pg_catalog.internal) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'weights_flops_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.flops(@extschema@.svec) (
    SFUNC = @extschema@.flops_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.flops_final,
    COMBINEFUNC = @extschema@.flops_combine,
    SERIALFUNC = @extschema@.flops_serialize,
    DESERIALFUNC = @extschema@.flops_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.flops(@extschema@.svec, min_nnz pg_catalog.int4) (
    SFUNC = @extschema@.flops_min_nnz_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.flops_final,
    COMBINEFUNC = @extschema@.flops_combine,
    SERIALFUNC = @extschema@.flops_serialize,
    DESERIALFUNC = @extschema@.flops_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.idf_flops(@extschema@.svec, idf @extschema@.svec) (
    SFUNC = @extschema@.idf_flops_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.flops_final,
    COMBINEFUNC = @extschema@.flops_combine,
    SERIALFUNC = @extschema@.flops_serialize,
    DESERIALFUNC = @extschema@.flops_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.df_flops(@extschema@.svec, alpha pg_catalog.float8, beta pg_catalog.float8) (
    SFUNC = @extschema@.df_flops_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.flops_final,
    COMBINEFUNC = @extschema@.flops_combine,
    SERIALFUNC = @extschema@.flops_serialize,
    DESERIALFUNC = @extschema@.flops_deserialize,
    PARALLEL = SAFE
);

-- Turns of a conversation. The order of rows matters, so nothing is combined in parallel.

CREATE FUNCTION @extschema@.sum_decayed_accum(pg_catalog.internal, @extschema@.svec, decay pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_sum_decayed_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.max_decayed_accum(pg_catalog.internal, @extschema@.svec, decay pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'weights_max_decayed_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;

CREATE FUNCTION @extschema@.decayed_final(pg_catalog.internal) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'weights_decayed_final'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.sum_decayed(@extschema@.svec, decay pg_catalog.float8) (
    SFUNC = @extschema@.sum_decayed_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.decayed_final,
    PARALLEL = SAFE
);

CREATE AGGREGATE @extschema@.max_decayed(@extschema@.svec, decay pg_catalog.float8) (
    SFUNC = @extschema@.max_decayed_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.decayed_final,
    PARALLEL = SAFE
);
-- Encoders: text to vectors. The table belongs to whoever owns the extension; the functions say who may do what.

CREATE TABLE @extschema@.wand_encoder (
    name pg_catalog.name PRIMARY KEY,
    owner pg_catalog.regrole NOT NULL,
    -- May use it; "-" stands for everybody.
    readers pg_catalog.regrole[] NOT NULL DEFAULT '{-}',
    tokenizer pg_catalog.text NOT NULL,
    dim pg_catalog.int4 NOT NULL,
    weights @extschema@.svec,
    comment pg_catalog.text
);

SELECT pg_catalog.pg_extension_config_dump('@extschema@.wand_encoder', '');

-- Whoever creates the extension can dump it.
GRANT SELECT ON @extschema@.wand_encoder TO @extowner@;

CREATE FUNCTION @extschema@.wand_encoders_changed() RETURNS trigger
    AS 'MODULE_PATHNAME', 'wand_encoders_changed'
    LANGUAGE C VOLATILE PARALLEL UNSAFE;

REVOKE EXECUTE ON FUNCTION @extschema@.wand_encoders_changed() FROM PUBLIC;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.wand_encoder
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.wand_encoders_changed();

-- Making, dropping, permitting.

CREATE FUNCTION @extschema@.wand_create_encoder(name pg_catalog.text, tokenizer pg_catalog.text,
        weights pg_catalog.jsonb DEFAULT NULL, idf @extschema@.svec DEFAULT NULL,
        replace pg_catalog.bool DEFAULT false, comment pg_catalog.text DEFAULT NULL, dim pg_catalog.int4 DEFAULT NULL)
    RETURNS pg_catalog.void
    AS 'MODULE_PATHNAME', 'wand_create_encoder'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.wand_create_encoder(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, @extschema@.svec,
    pg_catalog.bool, pg_catalog.text, pg_catalog.int4) IS 'keeps a tokenizer and the weights of its tokens under a name';

CREATE FUNCTION @extschema@.wand_create_encoder(name pg_catalog.text, tokenizer pg_catalog.jsonb,
        weights pg_catalog.jsonb DEFAULT NULL, idf @extschema@.svec DEFAULT NULL,
        replace pg_catalog.bool DEFAULT false, comment pg_catalog.text DEFAULT NULL, dim pg_catalog.int4 DEFAULT NULL)
    RETURNS pg_catalog.void
    AS 'MODULE_PATHNAME', 'wand_create_encoder_jsonb'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.wand_create_encoder(pg_catalog.text, pg_catalog.jsonb, pg_catalog.jsonb, @extschema@.svec,
    pg_catalog.bool, pg_catalog.text, pg_catalog.int4) IS 'keeps a tokenizer and the weights of its tokens under a name';

CREATE FUNCTION @extschema@.wand_drop_encoder(name pg_catalog.text, if_exists pg_catalog.bool DEFAULT false)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'wand_drop_encoder'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.wand_set_encoder_access(name pg_catalog.text, role pg_catalog.text, permitted pg_catalog.bool)
    RETURNS pg_catalog.void
    AS 'MODULE_PATHNAME', 'wand_set_encoder_access'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.wand_grant_encoder(name pg_catalog.text, role pg_catalog.text) RETURNS pg_catalog.void
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
    RETURN @extschema@.wand_set_encoder_access(name, role, true);

CREATE FUNCTION @extschema@.wand_revoke_encoder(name pg_catalog.text, role pg_catalog.text) RETURNS pg_catalog.void
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
    RETURN @extschema@.wand_set_encoder_access(name, role, false);

-- Those that the role may use.
CREATE VIEW @extschema@.wand_encoders AS
    SELECT e.name, e.owner, e.readers, pg_catalog.length(e.tokenizer) AS tokenizer_length, e.dim, @extschema@.nnz(e.weights) AS weights,
        e.comment
    FROM @extschema@.wand_encoder AS e
    WHERE pg_catalog.pg_has_role(e.owner, 'USAGE')
        OR EXISTS (SELECT FROM pg_catalog.unnest(e.readers) AS reader
                   WHERE reader OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR pg_catalog.pg_has_role(reader, 'USAGE'));

GRANT SELECT ON @extschema@.wand_encoders TO PUBLIC;

-- Using.

CREATE FUNCTION @extschema@.encode_query(encoder pg_catalog.text, query pg_catalog.text,
        counts pg_catalog.bool DEFAULT false, max_length pg_catalog.int4 DEFAULT NULL,
        special_tokens pg_catalog.bool DEFAULT false, min_weight pg_catalog.float4 DEFAULT NULL)
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_encode_query'
    LANGUAGE C STABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.encode_counts(encoder pg_catalog.text, document pg_catalog.text) RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_encode_counts'
    LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;

CREATE FUNCTION @extschema@.encode_bm25_document(encoder pg_catalog.text, document pg_catalog.text, avgdl pg_catalog.float8,
        k1 pg_catalog.float8 DEFAULT 1.2, b pg_catalog.float8 DEFAULT 0.75, variant pg_catalog.text DEFAULT 'lucene')
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_encode_bm25_document'
    LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;

CREATE FUNCTION @extschema@.encode_tokens(encoder pg_catalog.text, document pg_catalog.text,
        OUT "position" pg_catalog.int4, OUT token_id pg_catalog.int4, OUT token pg_catalog.text, OUT weight pg_catalog.float4,
        OUT special pg_catalog.bool, OUT start pg_catalog.int4, OUT length pg_catalog.int4)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_encode_tokens'
    LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000 ROWS 20;

CREATE FUNCTION @extschema@.explain_match(query @extschema@.svec, document @extschema@.svec,
        encoder pg_catalog.text DEFAULT NULL,
        OUT token_id pg_catalog.int4, OUT token pg_catalog.text, OUT query_weight pg_catalog.float4,
        OUT document_weight pg_catalog.float4, OUT product pg_catalog.float8, OUT share pg_catalog.float8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_explain_match'
    LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10;

-- BM25 from counts.

CREATE FUNCTION @extschema@.bm25_document(counts @extschema@.svec, avgdl pg_catalog.float8, k1 pg_catalog.float8 DEFAULT 1.2,
        b pg_catalog.float8 DEFAULT 0.75, variant pg_catalog.text DEFAULT 'lucene')
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_bm25_document'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

CREATE FUNCTION @extschema@.hash_terms(words pg_catalog.text[], counts pg_catalog.int4[],
        dim pg_catalog.int4 DEFAULT 1073741824)
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_hash_terms'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

CREATE FUNCTION @extschema@.term_counts(document pg_catalog.tsvector, dim pg_catalog.int4 DEFAULT 1073741824)
    RETURNS @extschema@.svec
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
    RETURN (SELECT @extschema@.hash_terms(
                COALESCE(pg_catalog.array_agg(w.lexeme), '{}'),
                COALESCE(pg_catalog.array_agg(GREATEST(COALESCE(pg_catalog.cardinality(w.positions), 1), 1)), '{}'),
                dim)
            FROM pg_catalog.unnest(document) AS w);
-- Ranked lists as values, and one list of several. An id may be bigint, uuid or text; all three work alike.

-- Ids, best first, and their scores, if they have any: the greater the better.
CREATE TYPE @extschema@.wand_ranking AS (ids pg_catalog.int8[], scores pg_catalog.float8[]);
CREATE TYPE @extschema@.wand_uuid_ranking AS (ids pg_catalog.uuid[], scores pg_catalog.float8[]);
CREATE TYPE @extschema@.wand_text_ranking AS (ids pg_catalog.text[], scores pg_catalog.float8[]);

-- ranking(id, score): a row for each document, in any order. ranking(id): in the order in which they come.

CREATE FUNCTION @extschema@.ranking_accum(pg_catalog.internal, id pg_catalog.int8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.ranking_accum(pg_catalog.internal, id pg_catalog.int8, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.ranking_final(pg_catalog.internal) RETURNS @extschema@.wand_ranking
    AS 'MODULE_PATHNAME', 'fusion_ranked_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.int8) (
    SFUNC = @extschema@.ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.ranking_final
);

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.int8, score pg_catalog.float8) (
    SFUNC = @extschema@.ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.ranking_final
);

COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.int8) IS 'the ids in the order of the rows';
COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.int8, pg_catalog.float8) IS 'the ids by descending score';

CREATE FUNCTION @extschema@.uuid_ranking_accum(pg_catalog.internal, id pg_catalog.uuid) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.uuid_ranking_accum(pg_catalog.internal, id pg_catalog.uuid, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.uuid_ranking_final(pg_catalog.internal) RETURNS @extschema@.wand_uuid_ranking
    AS 'MODULE_PATHNAME', 'fusion_ranked_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.uuid) (
    SFUNC = @extschema@.uuid_ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.uuid_ranking_final
);

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.uuid, score pg_catalog.float8) (
    SFUNC = @extschema@.uuid_ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.uuid_ranking_final
);

COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.uuid) IS 'the ids in the order of the rows';
COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.uuid, pg_catalog.float8) IS 'the ids by descending score';

CREATE FUNCTION @extschema@.text_ranking_accum(pg_catalog.internal, id pg_catalog.text) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.text_ranking_accum(pg_catalog.internal, id pg_catalog.text, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_rank_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.text_ranking_final(pg_catalog.internal) RETURNS @extschema@.wand_text_ranking
    AS 'MODULE_PATHNAME', 'fusion_ranked_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.text) (
    SFUNC = @extschema@.text_ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.text_ranking_final
);

CREATE AGGREGATE @extschema@.ranking(id pg_catalog.text, score pg_catalog.float8) (
    SFUNC = @extschema@.text_ranking_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.text_ranking_final
);

COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.text) IS 'the ids in the order of the rows';
COMMENT ON AGGREGATE @extschema@.ranking(pg_catalog.text, pg_catalog.float8) IS 'the ids by descending score';

-- rankings(list, id, score): rows of several lists, each with its list's name; in the order of the names.

CREATE FUNCTION @extschema@.rankings_accum(pg_catalog.internal, list pg_catalog.text, id pg_catalog.int8, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_sort_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.rankings_final(pg_catalog.internal) RETURNS @extschema@.wand_ranking[]
    AS 'MODULE_PATHNAME', 'fusion_sorted_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.rankings(list pg_catalog.text, id pg_catalog.int8, score pg_catalog.float8) (
    SFUNC = @extschema@.rankings_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.rankings_final
);

COMMENT ON AGGREGATE @extschema@.rankings(pg_catalog.text, pg_catalog.int8, pg_catalog.float8) IS 'a ranking for each list, in the order of the lists'' names';

CREATE FUNCTION @extschema@.uuid_rankings_accum(pg_catalog.internal, list pg_catalog.text, id pg_catalog.uuid, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_sort_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.uuid_rankings_final(pg_catalog.internal) RETURNS @extschema@.wand_uuid_ranking[]
    AS 'MODULE_PATHNAME', 'fusion_sorted_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.rankings(list pg_catalog.text, id pg_catalog.uuid, score pg_catalog.float8) (
    SFUNC = @extschema@.uuid_rankings_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.uuid_rankings_final
);

COMMENT ON AGGREGATE @extschema@.rankings(pg_catalog.text, pg_catalog.uuid, pg_catalog.float8) IS 'a ranking for each list, in the order of the lists'' names';

CREATE FUNCTION @extschema@.text_rankings_accum(pg_catalog.internal, list pg_catalog.text, id pg_catalog.text, score pg_catalog.float8) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_sort_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.text_rankings_final(pg_catalog.internal) RETURNS @extschema@.wand_text_ranking[]
    AS 'MODULE_PATHNAME', 'fusion_sorted_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.rankings(list pg_catalog.text, id pg_catalog.text, score pg_catalog.float8) (
    SFUNC = @extschema@.text_rankings_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 65536,
    FINALFUNC = @extschema@.text_rankings_final
);

COMMENT ON AGGREGATE @extschema@.rankings(pg_catalog.text, pg_catalog.text, pg_catalog.float8) IS 'a ranking for each list, in the order of the lists'' names';

-- One list of several. Arrays have an element for each list, NULL where a document is not in it.

CREATE FUNCTION @extschema@.fuse(rankings @extschema@.wand_ranking[], method pg_catalog.text DEFAULT 'rrf',
        weights pg_catalog.float8[] DEFAULT NULL, k pg_catalog.float8 DEFAULT NULL, normaliser pg_catalog.text DEFAULT NULL,
        missing pg_catalog.text DEFAULT NULL, on_equal pg_catalog.text DEFAULT NULL, options pg_catalog.jsonb DEFAULT NULL,
        top_k pg_catalog.int4 DEFAULT NULL,
        OUT id pg_catalog.int8, OUT score pg_catalog.float8, OUT ranks pg_catalog.int4[], OUT scores pg_catalog.float8[],
        OUT normalised pg_catalog.float8[], OUT contributions pg_catalog.float8[])
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_fuse_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;

COMMENT ON FUNCTION @extschema@.fuse(@extschema@.wand_ranking[], pg_catalog.text, pg_catalog.float8[], pg_catalog.float8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
    'rankings fused to one, best first, with each list''s rank, score, normalised score and contribution';

CREATE FUNCTION @extschema@.fuse(rankings @extschema@.wand_uuid_ranking[], method pg_catalog.text DEFAULT 'rrf',
        weights pg_catalog.float8[] DEFAULT NULL, k pg_catalog.float8 DEFAULT NULL, normaliser pg_catalog.text DEFAULT NULL,
        missing pg_catalog.text DEFAULT NULL, on_equal pg_catalog.text DEFAULT NULL, options pg_catalog.jsonb DEFAULT NULL,
        top_k pg_catalog.int4 DEFAULT NULL,
        OUT id pg_catalog.uuid, OUT score pg_catalog.float8, OUT ranks pg_catalog.int4[], OUT scores pg_catalog.float8[],
        OUT normalised pg_catalog.float8[], OUT contributions pg_catalog.float8[])
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_fuse_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;

COMMENT ON FUNCTION @extschema@.fuse(@extschema@.wand_uuid_ranking[], pg_catalog.text, pg_catalog.float8[], pg_catalog.float8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
    'rankings fused to one, best first, with each list''s rank, score, normalised score and contribution';

CREATE FUNCTION @extschema@.fuse(rankings @extschema@.wand_text_ranking[], method pg_catalog.text DEFAULT 'rrf',
        weights pg_catalog.float8[] DEFAULT NULL, k pg_catalog.float8 DEFAULT NULL, normaliser pg_catalog.text DEFAULT NULL,
        missing pg_catalog.text DEFAULT NULL, on_equal pg_catalog.text DEFAULT NULL, options pg_catalog.jsonb DEFAULT NULL,
        top_k pg_catalog.int4 DEFAULT NULL,
        OUT id pg_catalog.text, OUT score pg_catalog.float8, OUT ranks pg_catalog.int4[], OUT scores pg_catalog.float8[],
        OUT normalised pg_catalog.float8[], OUT contributions pg_catalog.float8[])
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_fuse_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;

COMMENT ON FUNCTION @extschema@.fuse(@extschema@.wand_text_ranking[], pg_catalog.text, pg_catalog.float8[], pg_catalog.float8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
    'rankings fused to one, best first, with each list''s rank, score, normalised score and contribution';

-- Diversification, and factors that fall with a distance.

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_ranking, vectors @extschema@.svec[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_bigint'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_ranking, @extschema@.svec[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_ranking, vectors pg_catalog.float4[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_dense_bigint'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_ranking, pg_catalog.float4[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_uuid_ranking, vectors @extschema@.svec[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_uuid_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_uuid'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_uuid_ranking, @extschema@.svec[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_uuid_ranking, vectors pg_catalog.float4[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_uuid_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_dense_uuid'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_uuid_ranking, pg_catalog.float4[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_text_ranking, vectors @extschema@.svec[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_text_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_text'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_text_ranking, @extschema@.svec[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.mmr(ranking @extschema@.wand_text_ranking, vectors pg_catalog.float4[], lambda pg_catalog.float8 DEFAULT 0.5,
        top_k pg_catalog.int4 DEFAULT 10, normalise pg_catalog.bool DEFAULT true)
    RETURNS @extschema@.wand_text_ranking
    AS 'MODULE_PATHNAME', 'fusion_mmr_dense_text'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.mmr(@extschema@.wand_text_ranking, pg_catalog.float4[], pg_catalog.float8, pg_catalog.int4, pg_catalog.bool) IS
    'maximal marginal relevance: relevant documents that are unlike one another, by the cosine of their vectors';

CREATE FUNCTION @extschema@.decay(x pg_catalog.float8, shape pg_catalog.text, origin pg_catalog.float8, scale pg_catalog.float8,
        "offset" pg_catalog.float8 DEFAULT 0, decay pg_catalog.float8 DEFAULT 0.5)
    RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'fusion_decay'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

COMMENT ON FUNCTION @extschema@.decay(pg_catalog.float8, pg_catalog.text, pg_catalog.float8, pg_catalog.float8, pg_catalog.float8,
    pg_catalog.float8) IS 'a factor from 1 at the origin to decay at a scale''s distance and on: linear, exp or gauss';
-- Quality of rankings against judgements, and what means are worth.

-- What was judged of a topic: ids and grades, the greater the more relevant.
CREATE TYPE @extschema@.wand_judgements AS (ids pg_catalog.int8[], grades pg_catalog.int4[]);
CREATE TYPE @extschema@.wand_uuid_judgements AS (ids pg_catalog.uuid[], grades pg_catalog.int4[]);
CREATE TYPE @extschema@.wand_text_judgements AS (ids pg_catalog.text[], grades pg_catalog.int4[]);

CREATE FUNCTION @extschema@.judgements_accum(pg_catalog.internal, id pg_catalog.int8, grade pg_catalog.int4) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_judge_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.judgements_final(pg_catalog.internal) RETURNS @extschema@.wand_judgements
    AS 'MODULE_PATHNAME', 'fusion_judged_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.judgements(id pg_catalog.int8, grade pg_catalog.int4) (
    SFUNC = @extschema@.judgements_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 8192,
    FINALFUNC = @extschema@.judgements_final
);

COMMENT ON AGGREGATE @extschema@.judgements(pg_catalog.int8, pg_catalog.int4) IS 'the judgements of a topic';

CREATE FUNCTION @extschema@.uuid_judgements_accum(pg_catalog.internal, id pg_catalog.uuid, grade pg_catalog.int4) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_judge_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.uuid_judgements_final(pg_catalog.internal) RETURNS @extschema@.wand_uuid_judgements
    AS 'MODULE_PATHNAME', 'fusion_judged_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.judgements(id pg_catalog.uuid, grade pg_catalog.int4) (
    SFUNC = @extschema@.uuid_judgements_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 8192,
    FINALFUNC = @extschema@.uuid_judgements_final
);

COMMENT ON AGGREGATE @extschema@.judgements(pg_catalog.uuid, pg_catalog.int4) IS 'the judgements of a topic';

CREATE FUNCTION @extschema@.text_judgements_accum(pg_catalog.internal, id pg_catalog.text, grade pg_catalog.int4) RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_judge_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.text_judgements_final(pg_catalog.internal) RETURNS @extschema@.wand_text_judgements
    AS 'MODULE_PATHNAME', 'fusion_judged_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE AGGREGATE @extschema@.judgements(id pg_catalog.text, grade pg_catalog.int4) (
    SFUNC = @extschema@.text_judgements_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 8192,
    FINALFUNC = @extschema@.text_judgements_final
);

COMMENT ON AGGREGATE @extschema@.judgements(pg_catalog.text, pg_catalog.int4) IS 'the judgements of a topic';

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_ranking, judgements @extschema@.wand_judgements, metric pg_catalog.text) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'fusion_evaluate_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_ranking, judgements @extschema@.wand_judgements, metrics pg_catalog.text[]) RETURNS pg_catalog.float8[]
    AS 'MODULE_PATHNAME', 'fusion_evaluate_all_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_ranking, @extschema@.wand_judgements, pg_catalog.text) IS
    'a metric of one topic, such as nDCG@10';
COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_ranking, @extschema@.wand_judgements, pg_catalog.text[]) IS
    'several metrics of one topic';

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_uuid_ranking, judgements @extschema@.wand_uuid_judgements, metric pg_catalog.text) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'fusion_evaluate_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_uuid_ranking, judgements @extschema@.wand_uuid_judgements, metrics pg_catalog.text[]) RETURNS pg_catalog.float8[]
    AS 'MODULE_PATHNAME', 'fusion_evaluate_all_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_uuid_ranking, @extschema@.wand_uuid_judgements, pg_catalog.text) IS
    'a metric of one topic, such as nDCG@10';
COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_uuid_ranking, @extschema@.wand_uuid_judgements, pg_catalog.text[]) IS
    'several metrics of one topic';

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_text_ranking, judgements @extschema@.wand_text_judgements, metric pg_catalog.text) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'fusion_evaluate_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.evaluate(ranking @extschema@.wand_text_ranking, judgements @extschema@.wand_text_judgements, metrics pg_catalog.text[]) RETURNS pg_catalog.float8[]
    AS 'MODULE_PATHNAME', 'fusion_evaluate_all_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_text_ranking, @extschema@.wand_text_judgements, pg_catalog.text) IS
    'a metric of one topic, such as nDCG@10';
COMMENT ON FUNCTION @extschema@.evaluate(@extschema@.wand_text_ranking, @extschema@.wand_text_judgements, pg_catalog.text[]) IS
    'several metrics of one topic';

-- What a mean over topics is worth. Values of NULL are passed over.

CREATE TYPE @extschema@.wand_mean_interval AS (n pg_catalog.int8, mean pg_catalog.float8, low pg_catalog.float8, high pg_catalog.float8);

CREATE TYPE @extschema@.wand_run_comparison AS (n pg_catalog.int8, mean_a pg_catalog.float8, mean_b pg_catalog.float8,
    difference pg_catalog.float8, low pg_catalog.float8, high pg_catalog.float8, t pg_catalog.float8, p_t pg_catalog.float8,
    p_randomisation pg_catalog.float8, wins pg_catalog.int8, ties pg_catalog.int8, losses pg_catalog.int8);

CREATE FUNCTION @extschema@.bootstrap_accum(pg_catalog.internal, value pg_catalog.float8)
    RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_bootstrap_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.bootstrap_accum(pg_catalog.internal, value pg_catalog.float8, level pg_catalog.float8, resamples pg_catalog.int4, seed pg_catalog.int8)
    RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_bootstrap_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.bootstrap_final(pg_catalog.internal)
    RETURNS @extschema@.wand_mean_interval
    AS 'MODULE_PATHNAME', 'fusion_bootstrap_final'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

CREATE AGGREGATE @extschema@.bootstrap_mean(value pg_catalog.float8) (
    SFUNC = @extschema@.bootstrap_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.bootstrap_final
);

COMMENT ON AGGREGATE @extschema@.bootstrap_mean(pg_catalog.float8) IS 'the mean with its 95 % interval, by 10,000 resamples';

CREATE AGGREGATE @extschema@.bootstrap_mean(value pg_catalog.float8, level pg_catalog.float8, resamples pg_catalog.int4, seed pg_catalog.int8) (
    SFUNC = @extschema@.bootstrap_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.bootstrap_final
);

COMMENT ON AGGREGATE @extschema@.bootstrap_mean(pg_catalog.float8, pg_catalog.float8, pg_catalog.int4, pg_catalog.int8) IS 'the mean with its interval';

CREATE FUNCTION @extschema@.compare_accum(pg_catalog.internal, a pg_catalog.float8, b pg_catalog.float8)
    RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_compare_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.compare_accum(pg_catalog.internal, a pg_catalog.float8, b pg_catalog.float8, level pg_catalog.float8, resamples pg_catalog.int4, seed pg_catalog.int8)
    RETURNS pg_catalog.internal
    AS 'MODULE_PATHNAME', 'fusion_compare_accum'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.compare_final(pg_catalog.internal)
    RETURNS @extschema@.wand_run_comparison
    AS 'MODULE_PATHNAME', 'fusion_compare_final'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

CREATE AGGREGATE @extschema@.compare_runs(a pg_catalog.float8, b pg_catalog.float8) (
    SFUNC = @extschema@.compare_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.compare_final
);

COMMENT ON AGGREGATE @extschema@.compare_runs(pg_catalog.float8, pg_catalog.float8) IS 'two runs by a metric of each topic: difference, 95 % interval, paired tests';

CREATE AGGREGATE @extschema@.compare_runs(a pg_catalog.float8, b pg_catalog.float8, level pg_catalog.float8, resamples pg_catalog.int4, seed pg_catalog.int8) (
    SFUNC = @extschema@.compare_accum,
    STYPE = pg_catalog.internal,
    SSPACE = 16384,
    FINALFUNC = @extschema@.compare_final
);

COMMENT ON AGGREGATE @extschema@.compare_runs(pg_catalog.float8, pg_catalog.float8, pg_catalog.float8, pg_catalog.int4, pg_catalog.int8) IS 'the same with level, resamples and seed';

-- TREC's files: topic Q0 docno rank score tag, and topic 0 docno grade.

CREATE FUNCTION @extschema@.trec_run(file pg_catalog.text,
        OUT topic pg_catalog.text, OUT id pg_catalog.text, OUT rank pg_catalog.int8, OUT score pg_catalog.float8, OUT tag pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_trec_run'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;

COMMENT ON FUNCTION @extschema@.trec_run(pg_catalog.text) IS 'the rows of a TREC run file';

CREATE FUNCTION @extschema@.trec_qrels(file pg_catalog.text, OUT topic pg_catalog.text, OUT id pg_catalog.text, OUT grade pg_catalog.int4)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_trec_qrels'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;

COMMENT ON FUNCTION @extschema@.trec_qrels(pg_catalog.text) IS 'the rows of a TREC file of judgements';

CREATE FUNCTION @extschema@.to_trec_run(topic pg_catalog.text, id pg_catalog.text, rank pg_catalog.int8, score pg_catalog.float8,
        tag pg_catalog.text)
    RETURNS pg_catalog.text
    AS 'MODULE_PATHNAME', 'fusion_to_trec_run'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.to_trec_run(pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.float8, pg_catalog.text) IS
    'a line of a TREC run file';

CREATE FUNCTION @extschema@.to_trec_qrels(topic pg_catalog.text, id pg_catalog.text, grade pg_catalog.int4)
    RETURNS pg_catalog.text
    AS 'MODULE_PATHNAME', 'fusion_to_trec_qrels'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.to_trec_qrels(pg_catalog.text, pg_catalog.text, pg_catalog.int4) IS 'a line of a TREC file of judgements';

-- Models for the methods that learn: bayes, pos, prob, seg, slide, map.

CREATE FUNCTION @extschema@.train_fusion(method pg_catalog.text, rankings @extschema@.wand_ranking[],
        judgements @extschema@.wand_judgements[], options pg_catalog.jsonb DEFAULT NULL)
    RETURNS pg_catalog.jsonb
    AS 'MODULE_PATHNAME', 'fusion_train_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.train_fusion(pg_catalog.text, @extschema@.wand_ranking[], @extschema@.wand_judgements[], pg_catalog.jsonb) IS
    'a model for a method of fuse that learns, from rankings (a row for each topic, a column for each list) and judgements';

CREATE FUNCTION @extschema@.train_fusion(method pg_catalog.text, rankings @extschema@.wand_uuid_ranking[],
        judgements @extschema@.wand_uuid_judgements[], options pg_catalog.jsonb DEFAULT NULL)
    RETURNS pg_catalog.jsonb
    AS 'MODULE_PATHNAME', 'fusion_train_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.train_fusion(pg_catalog.text, @extschema@.wand_uuid_ranking[], @extschema@.wand_uuid_judgements[], pg_catalog.jsonb) IS
    'a model for a method of fuse that learns, from rankings (a row for each topic, a column for each list) and judgements';

CREATE FUNCTION @extschema@.train_fusion(method pg_catalog.text, rankings @extschema@.wand_text_ranking[],
        judgements @extschema@.wand_text_judgements[], options pg_catalog.jsonb DEFAULT NULL)
    RETURNS pg_catalog.jsonb
    AS 'MODULE_PATHNAME', 'fusion_train_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.train_fusion(pg_catalog.text, @extschema@.wand_text_ranking[], @extschema@.wand_text_judgements[], pg_catalog.jsonb) IS
    'a model for a method of fuse that learns, from rankings (a row for each topic, a column for each list) and judgements';

-- Which fusion is best: a row for tuning as a whole, cross-validated; the baselines; then every setting, best first.

CREATE FUNCTION @extschema@.tune_fusion(rankings @extschema@.wand_ranking[], judgements @extschema@.wand_judgements[],
        metric pg_catalog.text DEFAULT 'nDCG@10', methods pg_catalog.text[] DEFAULT NULL, normalisers pg_catalog.text[] DEFAULT NULL,
        weight_steps pg_catalog.int4 DEFAULT NULL, ks pg_catalog.float8[] DEFAULT NULL, phis pg_catalog.float8[] DEFAULT NULL,
        gammas pg_catalog.float8[] DEFAULT NULL, folds pg_catalog.int4 DEFAULT 5, seed pg_catalog.int8 DEFAULT 1,
        OUT what pg_catalog.text, OUT arguments pg_catalog.text, OUT method pg_catalog.text, OUT weights pg_catalog.float8[],
        OUT k pg_catalog.float8, OUT normaliser pg_catalog.text, OUT options pg_catalog.jsonb,
        OUT mean pg_catalog.float8, OUT low pg_catalog.float8, OUT high pg_catalog.float8, OUT n_folds pg_catalog.int4,
        OUT over_best_list pg_catalog.float8, OUT over_best_list_p pg_catalog.float8,
        OUT over_rrf pg_catalog.float8, OUT over_rrf_p pg_catalog.float8, OUT is_significant pg_catalog.bool)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_tune_bigint'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000000 ROWS 300;

COMMENT ON FUNCTION @extschema@.tune_fusion(@extschema@.wand_ranking[], @extschema@.wand_judgements[], pg_catalog.text, pg_catalog.text[],
    pg_catalog.text[], pg_catalog.int4, pg_catalog.float8[], pg_catalog.float8[], pg_catalog.float8[], pg_catalog.int4, pg_catalog.int8) IS
    'the best fusion of judged topics'' lists by a metric, cross-validated and compared with the best list and with RRF';

CREATE FUNCTION @extschema@.tune_fusion(rankings @extschema@.wand_uuid_ranking[], judgements @extschema@.wand_uuid_judgements[],
        metric pg_catalog.text DEFAULT 'nDCG@10', methods pg_catalog.text[] DEFAULT NULL, normalisers pg_catalog.text[] DEFAULT NULL,
        weight_steps pg_catalog.int4 DEFAULT NULL, ks pg_catalog.float8[] DEFAULT NULL, phis pg_catalog.float8[] DEFAULT NULL,
        gammas pg_catalog.float8[] DEFAULT NULL, folds pg_catalog.int4 DEFAULT 5, seed pg_catalog.int8 DEFAULT 1,
        OUT what pg_catalog.text, OUT arguments pg_catalog.text, OUT method pg_catalog.text, OUT weights pg_catalog.float8[],
        OUT k pg_catalog.float8, OUT normaliser pg_catalog.text, OUT options pg_catalog.jsonb,
        OUT mean pg_catalog.float8, OUT low pg_catalog.float8, OUT high pg_catalog.float8, OUT n_folds pg_catalog.int4,
        OUT over_best_list pg_catalog.float8, OUT over_best_list_p pg_catalog.float8,
        OUT over_rrf pg_catalog.float8, OUT over_rrf_p pg_catalog.float8, OUT is_significant pg_catalog.bool)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_tune_uuid'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000000 ROWS 300;

COMMENT ON FUNCTION @extschema@.tune_fusion(@extschema@.wand_uuid_ranking[], @extschema@.wand_uuid_judgements[], pg_catalog.text, pg_catalog.text[],
    pg_catalog.text[], pg_catalog.int4, pg_catalog.float8[], pg_catalog.float8[], pg_catalog.float8[], pg_catalog.int4, pg_catalog.int8) IS
    'the best fusion of judged topics'' lists by a metric, cross-validated and compared with the best list and with RRF';

CREATE FUNCTION @extschema@.tune_fusion(rankings @extschema@.wand_text_ranking[], judgements @extschema@.wand_text_judgements[],
        metric pg_catalog.text DEFAULT 'nDCG@10', methods pg_catalog.text[] DEFAULT NULL, normalisers pg_catalog.text[] DEFAULT NULL,
        weight_steps pg_catalog.int4 DEFAULT NULL, ks pg_catalog.float8[] DEFAULT NULL, phis pg_catalog.float8[] DEFAULT NULL,
        gammas pg_catalog.float8[] DEFAULT NULL, folds pg_catalog.int4 DEFAULT 5, seed pg_catalog.int8 DEFAULT 1,
        OUT what pg_catalog.text, OUT arguments pg_catalog.text, OUT method pg_catalog.text, OUT weights pg_catalog.float8[],
        OUT k pg_catalog.float8, OUT normaliser pg_catalog.text, OUT options pg_catalog.jsonb,
        OUT mean pg_catalog.float8, OUT low pg_catalog.float8, OUT high pg_catalog.float8, OUT n_folds pg_catalog.int4,
        OUT over_best_list pg_catalog.float8, OUT over_best_list_p pg_catalog.float8,
        OUT over_rrf pg_catalog.float8, OUT over_rrf_p pg_catalog.float8, OUT is_significant pg_catalog.bool)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'fusion_tune_text'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000000 ROWS 300;

COMMENT ON FUNCTION @extschema@.tune_fusion(@extschema@.wand_text_ranking[], @extschema@.wand_text_judgements[], pg_catalog.text, pg_catalog.text[],
    pg_catalog.text[], pg_catalog.int4, pg_catalog.float8[], pg_catalog.float8[], pg_catalog.float8[], pg_catalog.int4, pg_catalog.int8) IS
    'the best fusion of judged topics'' lists by a metric, cross-validated and compared with the best list and with RRF';
