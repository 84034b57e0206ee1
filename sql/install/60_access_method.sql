-- The access method and its operator classes.

CREATE FUNCTION @extschema@.wand_handler(pg_catalog.internal) RETURNS pg_catalog.index_am_handler
    AS 'MODULE_PATHNAME', 'wand_handler'
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

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
