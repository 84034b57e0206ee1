-- For the owner of an index. Each function checks ownership itself, before it locks or opens anything.

CREATE FUNCTION @extschema@.wand_check(index pg_catalog.regclass, heap pg_catalog.bool DEFAULT false,
        OUT segment pg_catalog.int8, OUT part pg_catalog.text, OUT block pg_catalog.int8, OUT problem pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_check_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION @extschema@.wand_check(pg_catalog.regclass, pg_catalog.bool) IS
    'what is wrong with a wand index, and with heap also against its table; no row if it is sound';

CREATE FUNCTION @extschema@.wand_info(index pg_catalog.regclass,
        OUT metric pg_catalog.text, OUT segments pg_catalog.int4, OUT documents pg_catalog.int8,
        OUT live pg_catalog.int8, OUT dead pg_catalog.int8, OUT pending pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT terms_bytes pg_catalog.int8, OUT postings_bytes pg_catalog.int8, OUT docmap_bytes pg_catalog.int8,
        OUT filter_bytes pg_catalog.int8, OUT pending_bytes pg_catalog.int8, OUT meta_bytes pg_catalog.int8,
        OUT free_bytes pg_catalog.int8, OUT orphaned_bytes pg_catalog.int8, OUT total_bytes pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_info_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_info(pg_catalog.regclass) IS 'what a wand index holds, in documents and bytes';

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

CREATE FUNCTION @extschema@.wand_segments(index pg_catalog.regclass,
        OUT segment pg_catalog.int8, OUT documents pg_catalog.int8, OUT live pg_catalog.int8,
        OUT null_vectors pg_catalog.int8, OUT terms pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT max_nnz pg_catalog.int8, OUT filter_bytes pg_catalog.int8, OUT bytes pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_segments_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 8;

COMMENT ON FUNCTION @extschema@.wand_segments(pg_catalog.regclass) IS 'the sealed segments of a wand index';

CREATE FUNCTION @extschema@.wand_last_scan(
        OUT index pg_catalog.regclass, OUT strategy pg_catalog.text, OUT segments pg_catalog.int4,
        OUT terms pg_catalog.int8, OUT lists pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT bytes_read pg_catalog.int8, OUT rounds pg_catalog.int4,
        OUT blocks_bounded pg_catalog.int8, OUT blocks_scored pg_catalog.int8, OUT blocks_dropped pg_catalog.int8,
        OUT block_lookups pg_catalog.int8, OUT rows pg_catalog.int8, OUT rows_rechecked pg_catalog.int8,
        OUT rows_killed pg_catalog.int8, OUT pending pg_catalog.int8,
        OUT rows_within pg_catalog.int8, OUT restarts pg_catalog.int4,
        OUT plan_ms pg_catalog.float8, OUT pending_ms pg_catalog.float8, OUT filter_ms pg_catalog.float8, OUT bounds_ms pg_catalog.float8,
        OUT blocks_ms pg_catalog.float8, OUT exhaustive_ms pg_catalog.float8, OUT select_ms pg_catalog.float8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_last_scan_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_last_scan() IS
    'what the last ordered scan of a wand index in this session did; no row before the first';

CREATE FUNCTION @extschema@.wand_merge(index pg_catalog.regclass) RETURNS pg_catalog.int4
    AS 'MODULE_PATHNAME', 'wand_merge_wrapper'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION @extschema@.wand_merge(pg_catalog.regclass) IS
    'flushes the pending list of a wand index and merges its segments as VACUUM would; returns the number of merges';

CREATE FUNCTION @extschema@.wand_term_stats(index pg_catalog.regclass,
        OUT term pg_catalog.int8, OUT df pg_catalog.int8, OUT list_bytes pg_catalog.int8,
        OUT greatest_weight pg_catalog.float8, OUT least_weight pg_catalog.float8,
        OUT frequent pg_catalog.bool, OUT segments pg_catalog.int4)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_term_stats'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 10000;

COMMENT ON FUNCTION @extschema@.wand_term_stats(pg_catalog.regclass) IS
    'the terms (indices from 1) of the sealed segments of a wand index: documents that have them, dead ones included until a merge drops them; bytes of their lists, estimated for those without bounds; limits of their weights, which no document exceeds (of normalised weights if the index measures cosine distance)';

CREATE FUNCTION @extschema@.wand_cost(index pg_catalog.regclass, query @extschema@.svec,
        OUT documents pg_catalog.int8, OUT pending pg_catalog.int8, OUT segments pg_catalog.int4,
        OUT terms pg_catalog.int8, OUT lists pg_catalog.int8, OUT postings pg_catalog.int8,
        OUT strategy pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_cost'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_cost(pg_catalog.regclass, @extschema@.svec) IS
    'what a query of a wand index will touch: documents, and the lists of the query''s terms; the strategy is an estimate';

-- Right for the rows that the statement sees, as a scan of the table would be: hence STABLE.

CREATE FUNCTION @extschema@.wand_df(index pg_catalog.regclass, OUT df @extschema@.svec, OUT n pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    AS 'MODULE_PATHNAME', 'wand_df'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 1;

COMMENT ON FUNCTION @extschema@.wand_df(pg_catalog.regclass) IS
    'document frequencies from the lists of a wand index, and the number of rows with a vector: what df_agg and count find in the table, without reading its vectors; NULL if there is none';

CREATE FUNCTION @extschema@.wand_idf(index pg_catalog.regclass, variant pg_catalog.text DEFAULT 'lucene')
    RETURNS @extschema@.svec
    AS 'MODULE_PATHNAME', 'wand_idf'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000;

COMMENT ON FUNCTION @extschema@.wand_idf(pg_catalog.regclass, pg_catalog.text) IS
    'idf(df, n, variant) of what wand_df finds';
