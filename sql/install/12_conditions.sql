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
