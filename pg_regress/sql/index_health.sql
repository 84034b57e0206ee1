-- wand_health and wand_indexes: how indexes are doing, and what to do about it.
CREATE TABLE docs (id int PRIMARY KEY, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64, autoflush = off);
-- An index without documents.
SELECT metric, segments, documents, dead, pending, pending_bytes, pending_limit_bytes, last_merge, advice FROM wand_health('docs_emb');
-- Nobody flushes, and the list grows.
INSERT INTO docs SELECT i, to_svec(ARRAY[i % 50 + 1, i % 7 + 60], ARRAY[1, 0.5]) FROM generate_series(1, 6000) i;
SELECT segments, documents, pending, pending_bytes > 2 * pending_limit_bytes AS long,
       regexp_replace(advice, '[0-9]+', 'N') AS advice FROM wand_health('docs_emb');
ALTER INDEX docs_emb SET (autoflush = on);
SELECT regexp_replace(advice, '[0-9]+', 'N') AS advice FROM wand_health('docs_emb');
VACUUM docs;
SELECT segments, documents, dead, pending, advice FROM wand_health('docs_emb');
-- A tenth is dead: VACUUM finds that out and mends it, and says when.
SELECT last_merge IS NULL AS never FROM wand_health('docs_emb');
DELETE FROM docs WHERE id % 5 = 0;
VACUUM docs;
SELECT segments, documents, dead, advice, last_merge > now() - interval '10 minutes' AS lately FROM wand_health('docs_emb');
-- Segments that wait for a merge: flushed by a writer who does not merge that much.
CREATE TABLE more (id int PRIMARY KEY, emb svec);
CREATE INDEX more_emb ON more USING wand (emb svec_cosine_ops) WITH (pending_list_limit = 64);
INSERT INTO more SELECT i, to_svec(ARRAY[i % 50 + 1, i % 7 + 60], ARRAY[1, 0.5]) FROM generate_series(1, 6000) i;
SELECT metric, segments > 1 AS several, advice ~ '^VACUUM the table: it would merge [0-9]+ segments$' AS advised FROM wand_health('more_emb');

-- All of them: also one that is not valid, none of a partitioned table itself, none of another kind.
CREATE TABLE parts (id int, emb svec) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE INDEX parts_emb ON parts USING wand (emb svec_l2_ops);
CREATE TEMP TABLE mine (emb svec);
CREATE INDEX mine_emb ON mine USING wand (emb);
CREATE UNLOGGED TABLE unlogged (emb svec);
CREATE INDEX unlogged_emb ON unlogged USING wand (emb);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'unlogged_emb'::regclass;
SELECT tablename, indexname, metric, documents > 0 AS has_documents, dead_share, total_bytes > 0 AS has_bytes,
       regexp_replace(advice, '[0-9]+', 'N') AS advice FROM wand_indexes
WHERE tablename IN ('docs', 'more', 'parts', 'parts_1', 'mine', 'unlogged') ORDER BY indexname COLLATE "C";

-- Conditions on what is known of an index: the function is called for no other relation, wherever the planner calls it.
SELECT indexname FROM wand_indexes WHERE tablename = 'docs' AND dead_share > 0.1;
SELECT indexname FROM wand_indexes WHERE tablename = 'docs' AND pending > 100;
SELECT w.indexname FROM wand_indexes w JOIN pg_stat_user_indexes u USING (indexrelid) WHERE w.tablename = 'docs' AND w.documents > u.idx_scan;
ANALYZE docs, more;
SELECT indexname FROM wand_indexes WHERE tablename = 'docs' AND dead_share > 0.1;
SELECT indexname FROM wand_indexes WHERE tablename = 'docs' AND documents > 100;

-- Whose are they? An owner sees his own, who watches servers all, and neither a word of what is in them.
CREATE ROLE health_owner;
CREATE ROLE health_monitor IN ROLE pg_monitor;
CREATE ROLE health_nobody;
ALTER TABLE more OWNER TO health_owner;
SET ROLE health_owner;
SELECT indexname FROM wand_indexes ORDER BY indexname COLLATE "C";
SET ROLE health_monitor;
SELECT indexname FROM wand_indexes WHERE tablename IN ('docs', 'more') ORDER BY indexname COLLATE "C";
SELECT * FROM wand_info('more_emb');
SET ROLE health_nobody;
SELECT indexname FROM wand_indexes;
SELECT * FROM wand_health('more_emb');
RESET ROLE;
-- What is gone is no error for who watches; what is no wand index is.
SELECT count(*) FROM wand_health(4294967295);
SELECT * FROM wand_health('docs_pkey');
SELECT * FROM wand_health('parts_emb');
SELECT * FROM wand_health(NULL);
DROP TABLE docs, more, parts, unlogged;
DROP ROLE health_owner, health_monitor, health_nobody;
