-- A build that does not fit into maintenance_work_mem goes through temporary files. Beyond temp_file_limit it ends in an
-- error, though what is still in a file's buffer cannot be written either when the file is closed; the session goes on.
CREATE TABLE docs (id int, emb svec);
INSERT INTO docs
SELECT i, to_svec(ARRAY[1 + i % 97, 101 + i % 89, 201 + i % 83, 301 + i % 79, 401 + i % 73],
                  ARRAY[1, 2, 3, 4, 1 + i % 7]::real[], 500)
FROM generate_series(1, 60000) i;
SET maintenance_work_mem = '1MB';
SET max_parallel_maintenance_workers = 0;
SET temp_file_limit = '64kB';
-- The words are not the same in all versions.
\set VERBOSITY sqlstate
CREATE INDEX docs_emb ON docs USING wand (emb);
\set VERBOSITY default
SELECT to_regclass('docs_emb');
RESET temp_file_limit;
CREATE INDEX docs_emb ON docs USING wand (emb);
SELECT documents, segments FROM wand_info('docs_emb');
SELECT * FROM wand_check('docs_emb', true);
DROP TABLE docs;
