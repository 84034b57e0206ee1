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

-- Dumped with its rows. Not by its name in quotes, which a schema's name could end.
SELECT pg_catalog.pg_extension_config_dump(t.typrelid, '') FROM pg_catalog.pg_type AS t
    WHERE t.oid OPERATOR(pg_catalog.=) pg_catalog.pg_typeof(NULL::@extschema@.wand_encoder)::pg_catalog.oid;

-- Whoever creates the extension can dump it.
GRANT SELECT ON @extschema@.wand_encoder TO @extowner@;

CREATE FUNCTION @extschema@.wand_encoders_changed() RETURNS pg_catalog.trigger
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
