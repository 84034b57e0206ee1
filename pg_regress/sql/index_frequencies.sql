-- Document frequencies and IDF from an index's lists: what df_agg finds in the table, whatever happened to its rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
-- Whether index and table agree on the rows of docs, and how many they are.
CREATE FUNCTION agree(index regclass, tbl text DEFAULT 'docs', vector text DEFAULT 'emb') RETURNS TABLE (df bool, n bool, idf bool, rows bigint, terms int) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT w.df IS NOT DISTINCT FROM t.df, w.n = t.n,
                (SELECT bool_and(wand_idf($1, v) IS NOT DISTINCT FROM idf(t.df, t.n, v)) FROM unnest(ARRAY[''lucene'', ''robertson'', ''plain'', ''bm25l'', ''bm25plus'']) v),
                w.n, nnz(w.df)
         FROM wand_df($1) w, (SELECT df_agg(%1$s) AS df, count(%1$s) AS n FROM %2$s) t', vector, tbl) USING index;
END $$;
\set ECHO all
CREATE TABLE docs (id int PRIMARY KEY, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (autoflush = off);
-- no row, or none with a vector
SELECT * FROM wand_df('docs_emb');
INSERT INTO docs VALUES (-1, NULL);
SELECT *, wand_idf('docs_emb') FROM wand_df('docs_emb');
-- pending, an empty vector too
INSERT INTO docs VALUES (1, '{1:1,2:-3}/9'), (2, '{1:2.5,7:1}/9'), (3, '{2:0.5}/9'), (4, '{}/9');
SELECT *, wand_idf('docs_emb'), wand_idf('docs_emb', 'plain') FROM wand_df('docs_emb');
-- rolled back: whole transactions and parts of them
BEGIN; INSERT INTO docs VALUES (5, '{1:1,3:1}/9'); DELETE FROM docs WHERE id = 1; SELECT * FROM wand_df('docs_emb'); ROLLBACK;
BEGIN; SAVEPOINT a; INSERT INTO docs VALUES (5, '{1:1,4:1}/9'); ROLLBACK TO a; INSERT INTO docs VALUES (5, '{2:1,5:1}/9'); SELECT * FROM agree('docs_emb'); COMMIT;
SELECT * FROM wand_df('docs_emb');
-- the same in segments, before and after VACUUM
SELECT wand_merge('docs_emb') >= 0 AS merged;
SELECT * FROM wand_df('docs_emb');
DELETE FROM docs WHERE id = 2;
SELECT * FROM wand_df('docs_emb');
UPDATE docs SET emb = '{8:1}/9' WHERE id = 3;
SELECT * FROM wand_df('docs_emb');
VACUUM docs;
SELECT * FROM wand_df('docs_emb');
-- a column without a dimension may have vectors of several, which do not go together
INSERT INTO docs VALUES (6, '{20:1}/30');
SELECT df_agg(emb) FROM docs;
SELECT * FROM wand_df('docs_emb');
UPDATE docs SET emb = '{20:1}' WHERE id = 6;
SELECT df_agg(emb) FROM docs;
SELECT wand_idf('docs_emb');
DROP TABLE docs;

-- many rows, several segments and a pending list; a third deleted, a third changed
CREATE TABLE docs (id int PRIMARY KEY, n int, emb svec(500)) WITH (fillfactor = 70);
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (autoflush = off);
INSERT INTO docs SELECT i, 0, doc(i) * CASE WHEN i % 7 = 0 THEN -1 ELSE 1 END FROM generate_series(1, 20000) i;
SELECT * FROM agree('docs_emb');
SELECT wand_merge('docs_emb') >= 0 AS merged;
INSERT INTO docs SELECT i, 0, CASE WHEN i % 10 > 0 THEN doc(i) END FROM generate_series(20001, 22000) i;
SELECT * FROM agree('docs_emb');
DELETE FROM docs WHERE id % 3 = 0;
SELECT * FROM agree('docs_emb');
UPDATE docs SET emb = doc(id + 7) WHERE id % 3 = 1;
-- HOT updates: the index keeps the first version's place
UPDATE docs SET n = 1 WHERE id % 5 = 0;
SELECT * FROM agree('docs_emb');
-- a scan marks rows that are dead to everybody; then VACUUM, flush and merge
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> query(1)) s;
RESET enable_seqscan;
SELECT * FROM agree('docs_emb');
SELECT wand_merge('docs_emb') >= 0 AS merged;
SELECT * FROM agree('docs_emb');
VACUUM docs;
SELECT * FROM agree('docs_emb');
REINDEX INDEX docs_emb;
SELECT * FROM agree('docs_emb');
-- an older snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE old CURSOR FOR SELECT n FROM wand_df('docs_emb');
DELETE FROM docs WHERE id < 1000;
SELECT * FROM agree('docs_emb');
FETCH old;
ROLLBACK;
-- partial, expression and cosine indexes: the last has documents without postings
CREATE INDEX docs_some ON docs USING wand (emb) WHERE id % 2 = 0;
SELECT * FROM agree('docs_some', 'docs WHERE id % 2 = 0');
CREATE INDEX docs_pruned ON docs USING wand ((prune_top_k(emb, 3)::svec(500)));
SELECT * FROM agree('docs_pruned', 'docs', 'prune_top_k(emb, 3)::svec(500)');
INSERT INTO docs VALUES (0, 0, '{}/500'), (-1, 0, '{3:3e38,4:3e38}/500'), (-2, 0, '{4:1e-38,500:-1e-38}/500');
CREATE INDEX docs_cosine ON docs USING wand (emb svec_cosine_ops);
SELECT * FROM agree('docs_cosine');
DELETE FROM docs WHERE id = -1;
SELECT * FROM agree('docs_cosine');
INSERT INTO docs VALUES (-3, 0, '{3:3e38,4:3e38}/500');
SELECT * FROM agree('docs_cosine');
-- no dimension: that of the first row; a column with several is refused where that shows
CREATE TABLE mixed (emb svec);
CREATE INDEX mixed_emb ON mixed USING wand (emb);
INSERT INTO mixed VALUES (NULL), ('{1:1}'), ('{5:1}');
SELECT * FROM wand_df('mixed_emb');
TRUNCATE mixed;
INSERT INTO mixed VALUES ('{1:1}/4'), ('{5:1}/9');
SELECT * FROM wand_df('mixed_emb');
-- temporary and unlogged
CREATE TEMP TABLE own (emb svec(9));
CREATE INDEX own_emb ON own USING wand (emb);
INSERT INTO own VALUES ('{1:1}'), ('{1:2,2:1}');
SELECT * FROM agree('own_emb', 'own');
-- strict, and for the owner
SELECT wand_idf(NULL), wand_idf('docs_emb', NULL);
SELECT wand_idf('docs_emb', 'bm25');
SELECT wand_df('docs_pkey');
SELECT wand_df('docs');
CREATE ROLE frequencies_reader;
GRANT SELECT ON docs TO frequencies_reader;
SET ROLE frequencies_reader;
SELECT wand_df('docs_emb');
SELECT wand_idf('docs_emb');
RESET ROLE;
REVOKE SELECT ON docs FROM frequencies_reader;
DROP ROLE frequencies_reader;
DROP TABLE docs, mixed, own;
