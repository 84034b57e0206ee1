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
