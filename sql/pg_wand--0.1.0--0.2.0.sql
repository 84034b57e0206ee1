-- From 0.1.0 to 0.2.0: whatever the installation script got since 0.1.0 was frozen, under the name of the file in
-- sql/install that has it. tests/tests/upgrade.rs compares what the two make.

-- 60_access_method.sql

ALTER FUNCTION @extschema@.wand_handler(pg_catalog.internal) STRICT PARALLEL SAFE;

-- 70_admin.sql

CREATE FUNCTION @extschema@.wand_health(index pg_catalog.regclass,
        OUT metric pg_catalog.text, OUT segments pg_catalog.int4, OUT documents pg_catalog.int8,
        OUT dead pg_catalog.int8, OUT pending pg_catalog.int8, OUT pending_bytes pg_catalog.int8,
        OUT pending_limit_bytes pg_catalog.int8, OUT total_bytes pg_catalog.int8,
        OUT last_merge pg_catalog.timestamptz, OUT advice pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_health'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_health(pg_catalog.regclass) IS
    'how a wand index is doing, from what costs little to read, and what its owner should do; also for members of pg_stat_scan_tables';

-- Indexes that the role may look into, but for those of other sessions. One whose build has not finished or has failed
-- is not opened. A condition on what wand_health gives lets the planner call it before other tables are joined: so its
-- argument itself depends on all that says that it may be called.
CREATE VIEW @extschema@.wand_indexes AS
    SELECT n.nspname AS schemaname, t.relname AS tablename, c.relname AS indexname, c.oid AS indexrelid, h.metric,
        h.segments, h.documents, h.dead,
        pg_catalog.round(h.dead::pg_catalog.numeric OPERATOR(pg_catalog./) GREATEST(h.documents, 1), 3) AS dead_share,
        h.pending, h.pending_bytes, h.pending_limit_bytes, h.total_bytes, h.last_merge,
        CASE WHEN i.indisvalid THEN h.advice
            ELSE 'not valid: unless it is being built, DROP INDEX if it ends in _ccnew or _ccold, else REINDEX'
            END AS advice
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_am AS a ON a.oid OPERATOR(pg_catalog.=) c.relam
    JOIN pg_catalog.pg_index AS i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid
    JOIN pg_catalog.pg_class AS t ON t.oid OPERATOR(pg_catalog.=) i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    LEFT JOIN LATERAL @extschema@.wand_health(
        CASE WHEN i.indisvalid AND a.amname OPERATOR(pg_catalog.=) 'wand' AND c.relkind OPERATOR(pg_catalog.=) 'i'
            THEN c.oid::pg_catalog.regclass END) AS h ON true
    WHERE a.amname OPERATOR(pg_catalog.=) 'wand'
        AND c.relkind OPERATOR(pg_catalog.=) 'i'
        AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace)
        AND (c.relpersistence OPERATOR(pg_catalog.<>) 'u' OR NOT pg_catalog.pg_is_in_recovery())
        AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.pg_has_role('pg_stat_scan_tables', 'USAGE'));

COMMENT ON VIEW @extschema@.wand_indexes IS 'wand_health of every wand index of the database that the role may look into';

GRANT SELECT ON @extschema@.wand_indexes TO PUBLIC;

-- 98_privileges.sql

-- Functions that take what SQL cannot make (internal): for aggregates, the planner, the access method and the wire,
-- which need no right. Nobody else is to call them, or to name an estimator for an operator of his own.

REVOKE EXECUTE ON FUNCTION @extschema@.svec_recv(pg_catalog.internal, pg_catalog.oid, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_matchsel(
    pg_catalog.internal, pg_catalog.oid, pg_catalog.internal, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_spheresel(
    pg_catalog.internal, pg_catalog.oid, pg_catalog.internal, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_sum_accum(pg_catalog.internal, @extschema@.svec) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_max_accum(pg_catalog.internal, @extschema@.svec) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_agg_combine(pg_catalog.internal, pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_agg_serialize(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_sum_deserialize(pg_catalog.bytea, pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_max_deserialize(pg_catalog.bytea, pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_sum_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_avg_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.svec_max_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_handler(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_metric_inner_product(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_metric_cosine(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.wand_metric_l2(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.df_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.corpus_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_accum(pg_catalog.internal, @extschema@.svec) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_min_nnz_accum(pg_catalog.internal, @extschema@.svec, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.idf_flops_accum(pg_catalog.internal, @extschema@.svec, @extschema@.svec)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.df_flops_accum(
    pg_catalog.internal, @extschema@.svec, pg_catalog.float8, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_combine(pg_catalog.internal, pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_serialize(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_deserialize(pg_catalog.bytea, pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.flops_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.sum_decayed_accum(pg_catalog.internal, @extschema@.svec, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.max_decayed_accum(pg_catalog.internal, @extschema@.svec, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.decayed_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.ranking_accum(pg_catalog.internal, pg_catalog.int8) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.ranking_accum(pg_catalog.internal, pg_catalog.int8, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.ranking_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_ranking_accum(pg_catalog.internal, pg_catalog.uuid) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_ranking_accum(pg_catalog.internal, pg_catalog.uuid, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_ranking_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_ranking_accum(pg_catalog.internal, pg_catalog.text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_ranking_accum(pg_catalog.internal, pg_catalog.text, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_ranking_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.rankings_accum(
    pg_catalog.internal, pg_catalog.text, pg_catalog.int8, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.rankings_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_rankings_accum(
    pg_catalog.internal, pg_catalog.text, pg_catalog.uuid, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_rankings_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_rankings_accum(
    pg_catalog.internal, pg_catalog.text, pg_catalog.text, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_rankings_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.judgements_accum(pg_catalog.internal, pg_catalog.int8, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.judgements_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_judgements_accum(pg_catalog.internal, pg_catalog.uuid, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.uuid_judgements_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_judgements_accum(pg_catalog.internal, pg_catalog.text, pg_catalog.int4)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.text_judgements_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.bootstrap_accum(pg_catalog.internal, pg_catalog.float8) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.bootstrap_accum(
    pg_catalog.internal, pg_catalog.float8, pg_catalog.float8, pg_catalog.int4, pg_catalog.int8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.bootstrap_final(pg_catalog.internal) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.compare_accum(pg_catalog.internal, pg_catalog.float8, pg_catalog.float8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.compare_accum(
    pg_catalog.internal, pg_catalog.float8, pg_catalog.float8, pg_catalog.float8, pg_catalog.int4, pg_catalog.int8)
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.compare_final(pg_catalog.internal) FROM PUBLIC;

-- Whoever creates the extension can dump the table of encoders, and restore it.
GRANT INSERT ON @extschema@.wand_encoder TO @extowner@;
