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
