-- Shared by the isolation specs. Sessions of this database find rows by index whenever they can; before 18 plans without
-- one then look dear enough to be compiled, which takes longer than everything else. A spec that fails may leave locks:
-- nobody waits for them for ever.
SELECT format('ALTER DATABASE %I SET %s', current_database(), setting)
FROM unnest('{enable_seqscan=off,enable_sort=off,enable_bitmapscan=off,jit=off,lock_timeout=60000}'::text[]) setting \gexec

-- Specs cannot write {1:1}: their parts end at the first brace.
CREATE FUNCTION query(weight int DEFAULT 1) RETURNS svec LANGUAGE sql IMMUTABLE AS $$
    SELECT format('{1:%s}', weight)::svec;
$$;

-- The distance of document i to query() is -i / 4: the greatest comes first.
CREATE FUNCTION doc(i int) RETURNS svec LANGUAGE sql IMMUTABLE AS $$
    SELECT format('{1:%s,%s:1}', i / 4.0, 2 + i % 7)::svec;
$$;

-- The same with n terms more: 800 fill a page of the pending list, 3000 lie on overflow pages.
CREATE FUNCTION doc(i int, n int) RETURNS svec LANGUAGE sql IMMUTABLE AS $$
    SELECT format('{1:%s,%s}', i / 4.0, string_agg(t || ':1', ',' ORDER BY t))::svec FROM generate_series(10, n + 9) t;
$$;

-- Table docs and its index docs_emb: "per_segment" rows, numbered from 11, in each of so many segments, then so many
-- in the pending list; the first segment also has row 10 without a vector. Eight segments are merged, seven are not.
CREATE PROCEDURE make_docs(segments int, per_segment int, pending int) LANGUAGE plpgsql AS $$
DECLARE
    n int := 11;
BEGIN
    SET LOCAL client_min_messages = warning;
    -- What a spec left that failed.
    DROP TABLE IF EXISTS docs CASCADE;
    CREATE TABLE docs (id int PRIMARY KEY, note text, emb svec) WITH (autovacuum_enabled = off);
    INSERT INTO docs VALUES (10, NULL, NULL);
    FOR i IN 1 .. segments LOOP
        INSERT INTO docs SELECT j, NULL, doc(j) FROM generate_series(n, n + per_segment - 1) j;
        n := n + per_segment;
        IF i = 1 THEN
            CREATE INDEX docs_emb ON docs USING wand (emb) WITH (pending_list_limit = 64);
        ELSE
            PERFORM wand_merge('docs_emb');
        END IF;
    END LOOP;
    INSERT INTO docs SELECT j, NULL, doc(j) FROM generate_series(n, n + pending - 1) j;
    CREATE VIEW ranking AS SELECT string_agg(id::text, ' ') AS ids FROM (SELECT id FROM docs ORDER BY emb <#> query()) s;
END
$$;

-- wand_merge, for specs whose twin has no index.
CREATE PROCEDURE merge_docs() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wand_merge(i) FROM to_regclass('docs_emb') i WHERE i IS NOT NULL;
END
$$;

-- All rows in the index's order, compared with a sequential scan under the same snapshot; the lists' document
-- frequencies likewise.
CREATE FUNCTION look(OUT ids text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    by_scan text;
    index regclass := (SELECT indexrelid FROM pg_index WHERE indexrelid = to_regclass('docs_emb') AND indisvalid);
BEGIN
    SELECT ranking.ids INTO look.ids FROM ranking;
    PERFORM set_config('enable_indexscan', 'off', false), set_config('enable_seqscan', 'on', false),
        set_config('enable_sort', 'on', false);
    EXECUTE 'SELECT ids FROM ranking' INTO by_scan;
    PERFORM set_config('enable_indexscan', 'on', false), set_config('enable_seqscan', 'off', false),
        set_config('enable_sort', 'off', false);
    IF ids IS DISTINCT FROM by_scan THEN
        RAISE 'the index gives %, a sequential scan %', ids, by_scan;
    END IF;
    IF EXISTS (SELECT FROM wand_df(index) w, (SELECT df_agg(emb) AS df, count(emb) AS n FROM docs) t
               WHERE (w.df, w.n) IS DISTINCT FROM (t.df, t.n)) THEN
        RAISE 'the index counts %, a sequential scan %', (SELECT w FROM wand_df(index) w), (SELECT df_agg(emb) FROM docs);
    END IF;
END
$$;

-- The end of a spec: the rows, once more compared, and what wand_check finds, if there is an index; then the table goes.
CREATE FUNCTION finish(OUT rows text, OUT problems text) LANGUAGE plpgsql AS $$
DECLARE
    plan text := '';
    line text;
BEGIN
    SET client_min_messages = warning;
    rows := look();
    problems := 'none';
    IF to_regclass('docs_emb') IS NOT NULL THEN
        SELECT coalesce(string_agg(concat_ws(' ', part, block, problem), '; '), 'none')
            INTO problems FROM wand_check('docs_emb', true);
        FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT * FROM ranking' LOOP
            plan := plan || line;
        END LOOP;
        IF plan NOT LIKE '%Index Scan using docs_emb%' THEN
            problems := 'index not used: ' || plan;
        END IF;
    END IF;
    DROP TABLE docs CASCADE;
END
$$;
