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
