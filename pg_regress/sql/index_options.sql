-- Storage parameters, operator classes, and what is refused.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int, emb svec, t text);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 63);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 'many');
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (autoflush = perhaps);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (vacuum_truncate = 2);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (fillfactor = 90);
CREATE INDEX docs_emb ON docs USING wand (t);
CREATE INDEX docs_emb ON docs USING wand (emb) INCLUDE (id);
CREATE UNIQUE INDEX docs_emb ON docs USING wand (emb);
CREATE INDEX docs_emb ON docs USING wand (emb DESC);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64);
ALTER INDEX docs_emb SET (pending_list_limit = 128);
\d docs_emb
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcmethod = (SELECT oid FROM pg_am WHERE amname = 'wand') ORDER BY 1;
SELECT p.prop, pg_indexam_has_property(a.oid, p.prop)
FROM pg_am a, (VALUES ('can_order'), ('can_unique'), ('can_multi_col'), ('can_exclude'), ('can_include')) p (prop)
WHERE amname = 'wand';
SELECT p.prop, pg_index_column_has_property('docs_emb', 1, p.prop)
FROM (VALUES ('distance_orderable'), ('orderable'), ('returnable'), ('search_nulls')) p (prop);
SELECT p.prop, pg_index_has_property('docs_emb', p.prop)
FROM (VALUES ('clusterable'), ('index_scan'), ('bitmap_scan'), ('backward_scan')) p (prop);
-- a small limit: the list is turned into segments as rows come
INSERT INTO docs SELECT i, doc(i), NULL FROM generate_series(1, 4000) i;
SELECT segments > 1 AS flushed, pending < 4000 AS few_pending, documents + pending AS rows FROM wand_info('docs_emb');
SELECT k, a.* FROM (VALUES (10), (5000)) v (k), same_all('docs', '<#>', k) a;
SELECT sum(documents) + max(pending) AS rows FROM wand_segments('docs_emb'), LATERAL (SELECT pending FROM wand_info('docs_emb')) i;
SELECT * FROM wand_check('docs_emb', true);
-- rows only wait; VACUUM makes a segment of them all the same
ALTER INDEX docs_emb SET (autoflush = off);
INSERT INTO docs SELECT i, doc(i), NULL FROM generate_series(4001, 8000) i;
SELECT pending >= 4000 AS waiting FROM wand_info('docs_emb');
VACUUM docs;
SELECT pending, documents FROM wand_info('docs_emb');
ALTER INDEX docs_emb RESET (autoflush);
-- the file stays as it is, or becomes shorter
DELETE FROM docs WHERE id > 4000;
SELECT pg_relation_size('docs_emb') AS before \gset
ALTER INDEX docs_emb SET (vacuum_truncate = off);
VACUUM docs;
SELECT pg_current_xact_id() IS NULL AS next_transaction;
VACUUM docs;
SELECT pg_relation_size('docs_emb') >= :before AS kept;
ALTER INDEX docs_emb SET (vacuum_truncate = on);
VACUUM docs;
SELECT pg_relation_size('docs_emb') < :before AS shorter;
SELECT * FROM wand_check('docs_emb', true);
-- another dimension in the query is an error, with the index as without
SET enable_seqscan = off;
SELECT id FROM docs ORDER BY emb <#> '{1:1}/400' LIMIT 1;
-- not wand indexes
CREATE INDEX docs_id ON docs (id);
SELECT wand_check('docs_id');
SELECT wand_info('docs');
SELECT wand_segments(0);
SELECT wand_check(NULL);
SELECT wand_term_stats('docs_id');
SELECT wand_cost('docs', '{1:1}');
SELECT wand_cost('docs_emb', NULL);
-- an index whose build failed
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'docs_emb'::regclass;
SELECT * FROM wand_check('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'docs_emb'::regclass;
-- not the owner
CREATE ROLE wand_stranger;
SET ROLE wand_stranger;
SELECT wand_check('docs_emb');
SELECT wand_info('docs_emb');
SELECT wand_segments('docs_emb');
SELECT wand_term_stats('docs_emb');
SELECT wand_cost('docs_emb', '{1:1}');
SELECT wand_merge('docs_emb');
RESET ROLE;
DROP ROLE wand_stranger;
DROP TABLE docs;
