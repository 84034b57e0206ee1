-- pgvector's sparsevec in wand indexes, and as svec. Values of both types have the same form in memory, so the
-- functions of svec serve both.

-- Every sparsevec is an svec; the other way round needs a dimension and respects pgvector's limits. Only the former is
-- implicit: nothing that pgvector's own functions take becomes ambiguous.

CREATE FUNCTION @extschema@.sparsevec_to_svec(@extschema:vector@.sparsevec, pg_catalog.int4, pg_catalog.bool)
    RETURNS @extschema:pg_wand@.svec
    AS 'MODULE_PATHNAME', 'svec_typmod_cast'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION @extschema@.svec_to_sparsevec(@extschema:pg_wand@.svec, pg_catalog.int4, pg_catalog.bool)
    RETURNS @extschema:vector@.sparsevec
    AS 'MODULE_PATHNAME', 'svec_to_sparsevec'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (@extschema:vector@.sparsevec AS @extschema:pg_wand@.svec)
    WITH FUNCTION @extschema@.sparsevec_to_svec(@extschema:vector@.sparsevec, pg_catalog.int4, pg_catalog.bool)
    AS IMPLICIT;

CREATE CAST (@extschema:pg_wand@.svec AS @extschema:vector@.sparsevec)
    WITH FUNCTION @extschema@.svec_to_sparsevec(@extschema:pg_wand@.svec, pg_catalog.int4, pg_catalog.bool)
    AS ASSIGNMENT;

-- Distances from a column of sparsevec to a query that is an svec, as encoders make them. Without these operators the
-- column would be cast, and its index not be used.

CREATE FUNCTION @extschema@.sparsevec_negative_inner_product_to_svec(
    @extschema:vector@.sparsevec, @extschema:pg_wand@.svec
) RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_negative_inner_product'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.sparsevec_cosine_distance_to_svec(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
    RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_cosine_distance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.sparsevec_l2_distance_to_svec(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
    RETURNS pg_catalog.float8
    AS 'MODULE_PATHNAME', 'svec_l2_distance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE OPERATOR @extschema@.<#> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec,
    FUNCTION = @extschema@.sparsevec_negative_inner_product_to_svec
);

CREATE OPERATOR @extschema@.<=> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec,
    FUNCTION = @extschema@.sparsevec_cosine_distance_to_svec
);

CREATE OPERATOR @extschema@.<-> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec,
    FUNCTION = @extschema@.sparsevec_l2_distance_to_svec
);

-- Conditions, as on svec. The right side is an svec: a literal, a cast sparsevec or what a function gives.

CREATE FUNCTION @extschema@.sparsevec_overlaps(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_overlaps'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sparsevec_contains(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_contains'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sparsevec_matches(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_match)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_matches'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;

CREATE FUNCTION @extschema@.sparsevec_negative_inner_product_within(
    @extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere
) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_negative_inner_product_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.sparsevec_cosine_distance_within(
    @extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere
) RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_cosine_distance_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.sparsevec_l2_distance_within(@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere)
    RETURNS pg_catalog.bool
    AS 'MODULE_PATHNAME', 'svec_l2_distance_within'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE OPERATOR @extschema@.&& (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec,
    FUNCTION = @extschema@.sparsevec_overlaps,
    RESTRICT = @extschema:pg_wand@.wand_matchsel, JOIN = pg_catalog.contjoinsel
);

CREATE OPERATOR @extschema@.@> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec,
    FUNCTION = @extschema@.sparsevec_contains,
    RESTRICT = @extschema:pg_wand@.wand_matchsel, JOIN = pg_catalog.contjoinsel
);

CREATE OPERATOR @extschema@.@@ (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec_match,
    FUNCTION = @extschema@.sparsevec_matches,
    RESTRICT = @extschema:pg_wand@.wand_matchsel, JOIN = pg_catalog.matchingjoinsel
);

CREATE OPERATOR @extschema@.<<#>> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec_sphere,
    FUNCTION = @extschema@.sparsevec_negative_inner_product_within,
    RESTRICT = @extschema:pg_wand@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);

CREATE OPERATOR @extschema@.<<=>> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec_sphere,
    FUNCTION = @extschema@.sparsevec_cosine_distance_within,
    RESTRICT = @extschema:pg_wand@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);

CREATE OPERATOR @extschema@.<<->> (
    LEFTARG = @extschema:vector@.sparsevec, RIGHTARG = @extschema:pg_wand@.svec_sphere,
    FUNCTION = @extschema@.sparsevec_l2_distance_within,
    RESTRICT = @extschema:pg_wand@.wand_spheresel, JOIN = pg_catalog.matchingjoinsel
);

-- Operator classes, under the names that pgvector gives its own for HNSW. pgvector may have been built to fuse float4
-- operations: the access method asks which library computes a distance, and expects of another's no certain last bit.

CREATE OPERATOR CLASS @extschema@.sparsevec_ip_ops DEFAULT FOR TYPE @extschema:vector@.sparsevec USING wand AS
    OPERATOR 1 @extschema:vector@.<#> (@extschema:vector@.sparsevec, @extschema:vector@.sparsevec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 1 @extschema@.<#> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 3 @extschema@.@> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_match),
    OPERATOR 5 @extschema@.<<#>> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere),
    FUNCTION 1 @extschema:pg_wand@.wand_metric_inner_product(pg_catalog.internal);

CREATE OPERATOR CLASS @extschema@.sparsevec_cosine_ops FOR TYPE @extschema:vector@.sparsevec USING wand AS
    OPERATOR 1 @extschema:vector@.<=> (@extschema:vector@.sparsevec, @extschema:vector@.sparsevec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 1 @extschema@.<=> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 3 @extschema@.@> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_match),
    OPERATOR 5 @extschema@.<<=>> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere),
    FUNCTION 1 @extschema:pg_wand@.wand_metric_cosine(pg_catalog.internal);

CREATE OPERATOR CLASS @extschema@.sparsevec_l2_ops FOR TYPE @extschema:vector@.sparsevec USING wand AS
    OPERATOR 1 @extschema:vector@.<-> (@extschema:vector@.sparsevec, @extschema:vector@.sparsevec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 1 @extschema@.<-> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec)
        FOR ORDER BY pg_catalog.float_ops,
    OPERATOR 2 @extschema@.&& (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 3 @extschema@.@> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec),
    OPERATOR 4 @extschema@.@@ (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_match),
    OPERATOR 5 @extschema@.<<->> (@extschema:vector@.sparsevec, @extschema:pg_wand@.svec_sphere),
    FUNCTION 1 @extschema:pg_wand@.wand_metric_l2(pg_catalog.internal);
