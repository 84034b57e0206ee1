-- Rows that are dead to everybody: the scan that meets them says so, and later ones do not visit them.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
-- Scans the whole index until no row that is dead is met any more: how many rows the scan then visits, of the segments
-- and of the pending list. Another session's snapshot (autovacuum's, say) may keep rows for a while.
CREATE FUNCTION visited(OUT rows int8, OUT pending int8) LANGUAGE plpgsql AS $$
DECLARE
    expected int8 := (SELECT count(*) FROM docs);
BEGIN
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    FOR i IN 1..300 LOOP
        PERFORM id FROM docs ORDER BY emb <#> query(1);
        SELECT l.rows, l.pending INTO visited.rows, visited.pending FROM wand_last_scan() l;
        EXIT WHEN visited.rows = expected;
        PERFORM pg_sleep(0.02);
    END LOOP;
END
$$;
-- The same once: also how many rows it found dead.
CREATE FUNCTION visited_once(OUT rows int8, OUT rows_killed int8) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    PERFORM id FROM docs ORDER BY emb <#> query(1);
    SELECT l.rows, l.rows_killed INTO visited_once.rows, visited_once.rows_killed FROM wand_last_scan() l;
END
$$;
\set ECHO all
CREATE TABLE docs (id int, emb svec) WITH (autovacuum_enabled = off);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 2000) i;
CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 4096);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(2001, 2400) i;
SELECT * FROM visited();
-- deleted rows, of the segment and of the pending list
DELETE FROM docs WHERE id % 4 = 0;
SELECT * FROM visited();
SELECT * FROM same_all('docs', '<#>', NULL);
SELECT count(*) FROM wand_check('docs_emb', true);
-- they are documents nevertheless, until VACUUM says that they are gone
SELECT documents, live, dead, pending FROM wand_info('docs_emb');
-- replaced rows: one visit for each row, not for each version
UPDATE docs SET emb = doc(id + 1) WHERE id % 4 = 1;
UPDATE docs SET emb = doc(id + 2) WHERE id % 4 = 1;
SELECT * FROM visited();
-- rows of a transaction that was rolled back
BEGIN;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(3001, 3300) i;
ROLLBACK;
SELECT rows FROM visited();
SELECT * FROM same_all('docs', '<#>', 100);
-- nobody is killed whose deletion is not committed: a cursor opened before still sees him
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM docs ORDER BY emb <#> query(1);
FETCH 1 FROM c;
DELETE FROM docs WHERE id % 4 = 2;
MOVE FORWARD ALL IN c;
CLOSE c;
SELECT * FROM visited_once();
ROLLBACK;
SELECT * FROM visited_once();
-- but then
DELETE FROM docs WHERE id % 4 = 2;
SELECT rows FROM visited();
SELECT count(*) FROM wand_check('docs_emb', true);
-- a TID that was killed and is given to another row is that row's
VACUUM (TRUNCATE off) docs;
SELECT documents, live, dead, pending FROM wand_info('docs_emb');
INSERT INTO docs SELECT i, doc(i) FROM generate_series(4001, 5000) i;
SELECT rows FROM visited();
SELECT * FROM same_all('docs', '<#>', NULL);
-- killed rows on the way into a segment: nothing that is visible is lost, and they can be killed again
DELETE FROM docs WHERE id > 4500;
SELECT rows FROM visited();
SELECT wand_merge('docs_emb') >= 0 AS merged;
SELECT rows, rows_killed > 0 AS again FROM visited_once();
SELECT rows FROM visited();
SELECT * FROM same_all('docs', '<#>', NULL);
SELECT count(*) FROM wand_check('docs_emb', true);
VACUUM docs;
SELECT documents, live, dead, pending FROM wand_info('docs_emb');
SELECT count(*) FROM wand_check('docs_emb', true);
-- unlogged and temporary indexes
DROP TABLE docs;
CREATE UNLOGGED TABLE docs (id int, emb svec) WITH (autovacuum_enabled = off);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 200) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
DELETE FROM docs WHERE id > 100;
SELECT rows FROM visited();
DROP TABLE docs;
CREATE TEMPORARY TABLE docs (id int, emb svec);
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 200) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
DELETE FROM docs WHERE id > 100;
SELECT rows FROM visited();
DROP TABLE docs;
DROP FUNCTION visited, visited_once;
