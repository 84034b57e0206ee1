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
