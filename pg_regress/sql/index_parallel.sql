-- Builds by several processes: the index answers as one that a single process has built.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
SET max_parallel_maintenance_workers = 3;
SET min_parallel_table_scan_size = 0;
SET maintenance_work_mem = '256MB';
CREATE TABLE docs (id int, kind int, emb svec);
INSERT INTO docs SELECT i, i % 10, CASE WHEN i % 50 > 0 THEN doc(i) END FROM generate_series(1, 2000) i;
ANALYZE docs;
CREATE INDEX docs_emb ON docs USING wand (emb);
SELECT documents, segments BETWEEN 1 AND 4 AS segments, orphaned_bytes FROM wand_info('docs_emb');
SELECT reltuples FROM pg_class WHERE relname IN ('docs', 'docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT k, a.* FROM (VALUES (10), (3000)) v (k), same_all('docs', '<#>', k) a;

-- rebuilt
REINDEX INDEX docs_emb;
REINDEX INDEX CONCURRENTLY docs_emb;
VACUUM FULL docs;
SELECT documents, segments BETWEEN 1 AND 4 AS segments FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 3000);
-- and changed after that
INSERT INTO docs SELECT i, i % 10, doc(i) FROM generate_series(2001, 2500) i;
DELETE FROM docs WHERE id % 3 = 0;
VACUUM docs;
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 3000);
DROP INDEX docs_emb;

-- built while others write; partial; cosine
CREATE INDEX CONCURRENTLY docs_partial ON docs USING wand (emb svec_cosine_ops) WHERE kind = 3;
SELECT documents, segments BETWEEN 1 AND 4 AS segments FROM wand_info('docs_partial');
SELECT * FROM wand_check('docs_partial', true);
SELECT * FROM same_all('(SELECT * FROM docs WHERE kind = 3) docs', '<=>', 3000);
DROP INDEX docs_partial;

-- Rows are so slow that no process is done before the others begin: there are several segments.
CREATE FUNCTION slow(emb svec) RETURNS svec LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    PERFORM pg_sleep(0.001);
    RETURN emb;
END $$;
CREATE INDEX docs_expression ON docs USING wand (slow(emb));
SELECT documents, segments BETWEEN 2 AND 4 AS segments FROM wand_info('docs_expression');
SELECT * FROM wand_check('docs_expression');
DROP INDEX docs_expression;

-- an error in a worker is the statement's
\set VERBOSITY terse
SELECT set_config('test.leader', pg_backend_pid()::text, false) > '' AS known;
CREATE FUNCTION fails(emb svec) RETURNS svec LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF pg_backend_pid() <> current_setting('test.leader')::int THEN
        RAISE EXCEPTION 'a worker fails';
    END IF;
    PERFORM pg_sleep(0.002);
    RETURN emb;
END $$;
CREATE INDEX docs_expression ON docs USING wand (fails(emb));
CREATE INDEX CONCURRENTLY docs_expression ON docs USING wand (fails(emb));
DROP INDEX docs_expression;
-- what must not run in a worker runs in none
ALTER FUNCTION fails PARALLEL UNSAFE;
DELETE FROM docs WHERE id % 50 > 0;
CREATE INDEX docs_expression ON docs USING wand (fails(emb));
SELECT segments FROM wand_info('docs_expression');
DROP INDEX docs_expression;
DROP TABLE docs;

-- empty, unlogged, temporary; in a transaction that made the table
CREATE TABLE docs (id int, emb svec) WITH (parallel_workers = 3);
CREATE INDEX docs_emb ON docs USING wand (emb);
SELECT segments, documents FROM wand_info('docs_emb');
INSERT INTO docs SELECT i, doc(i) FROM generate_series(1, 500) i;
SELECT * FROM wand_check('docs_emb', true);
SELECT * FROM same_all('docs', '<#>', 1000);
CREATE UNLOGGED TABLE unlogged WITH (parallel_workers = 3) AS SELECT * FROM docs;
CREATE INDEX unlogged_emb ON unlogged USING wand (emb);
SELECT * FROM wand_check('unlogged_emb', true);
CREATE TEMPORARY TABLE temporary WITH (parallel_workers = 3) AS SELECT * FROM docs;
CREATE INDEX temporary_emb ON temporary USING wand (emb);
SELECT segments, documents FROM wand_info('temporary_emb');
BEGIN;
CREATE TABLE young WITH (parallel_workers = 3) AS SELECT * FROM docs;
CREATE INDEX young_emb ON young USING wand (emb);
COMMIT;
SELECT * FROM wand_check('young_emb', true);
SELECT * FROM same_all('young', '<#>', 1000);
DROP TABLE unlogged, temporary, young;

-- more than the memory holds
INSERT INTO docs SELECT d.id + 500 * n, d.emb FROM docs d, generate_series(1, 99) n;
SET maintenance_work_mem = '1MB';
REINDEX INDEX docs_emb;
SELECT documents, segments BETWEEN 1 AND 4 AS segments FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT same('docs', '<#>', query(1), 60000);
SET max_parallel_maintenance_workers = 0;
REINDEX INDEX docs_emb;
SELECT documents, segments FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
SELECT same('docs', '<#>', query(1), 60000);
DROP TABLE docs;
