-- VACUUM makes the index file smaller: pages at its end are moved into free ones before them, then the end is cut off.
SET client_min_messages = warning;
CREATE TABLE shrink (id int PRIMARY KEY, emb svec) WITH (autovacuum_enabled = off);
CREATE FUNCTION made_up(id int) RETURNS svec LANGUAGE sql AS $$
    SELECT format('{%s}', string_agg(DISTINCT format('%s:%s', 1 + (id * 7 + n * n * 13) % 1000, 1 + n % 5), ','))::svec
    FROM (SELECT DISTINCT ON ((id * 7 + n * n * 13) % 1000) n FROM generate_series(1, 40) n) n
$$;
INSERT INTO shrink SELECT id, made_up(id) FROM generate_series(1, 4000) id;
CREATE INDEX shrink_ip ON shrink USING wand (emb) WITH (pending_list_limit = 256);
SELECT pg_relation_size('shrink_ip') AS fresh \gset

-- A transaction id that is used up lets pages that were freed before be used again.
CREATE FUNCTION next_xid() RETURNS void LANGUAGE sql AS 'SELECT pg_current_xact_id(); SELECT';
-- Every row replaced, three times over.
CREATE PROCEDURE turn_over() LANGUAGE sql AS 'UPDATE shrink SET emb = made_up(id + 1)';
CALL turn_over();
VACUUM shrink;
SELECT next_xid();
VACUUM shrink;
SELECT pg_relation_size('shrink_ip') < 2 * :fresh AS small;
CALL turn_over();
VACUUM shrink;
SELECT next_xid();
VACUUM shrink;
CALL turn_over();
VACUUM shrink;
SELECT next_xid();
VACUUM shrink;
SELECT pg_relation_size('shrink_ip') < 2 * :fresh AS small;
SELECT documents, live, dead, pending, orphaned_bytes FROM wand_info('shrink_ip');
SELECT * FROM wand_check('shrink_ip', true);

-- Answers are those of a sequential scan.
CREATE FUNCTION differences() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint := 0; q svec; by_index text; by_table text;
BEGIN
    FOR i IN 1..20 LOOP
        q := made_up(i * 31);
        SET LOCAL enable_seqscan = off;
        SELECT string_agg(d::text, ' ') INTO by_index FROM (SELECT emb <#> q AS d FROM shrink ORDER BY emb <#> q LIMIT 50) x;
        SET LOCAL enable_seqscan = on;
        SET LOCAL enable_indexscan = off;
        SELECT string_agg(d::text, ' ') INTO by_table FROM (SELECT emb <#> q AS d FROM shrink ORDER BY emb <#> q LIMIT 50) x;
        SET LOCAL enable_indexscan = on;
        n := n + (by_index IS DISTINCT FROM by_table)::int;
    END LOOP;
    RETURN n;
END $$;
SELECT differences();

-- Most rows gone: the file follows.
DELETE FROM shrink WHERE id > 400;
VACUUM shrink;
SELECT next_xid();
VACUUM shrink;
SELECT pg_relation_size('shrink_ip') < 0.3 * :fresh AS small;
SELECT * FROM wand_check('shrink_ip', true);
SELECT differences();

-- An empty table: little more than the metapage stays.
DELETE FROM shrink;
VACUUM shrink;
SELECT next_xid();
VACUUM shrink;
SELECT pg_relation_size('shrink_ip') / 8192 < 32 AS small;
SELECT documents, pending, orphaned_bytes FROM wand_info('shrink_ip');
INSERT INTO shrink SELECT id, made_up(id) FROM generate_series(1, 100) id;
SELECT * FROM wand_check('shrink_ip', true);
SELECT differences();
DROP TABLE shrink;
DROP FUNCTION made_up, differences, next_xid;
DROP PROCEDURE turn_over;
