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
