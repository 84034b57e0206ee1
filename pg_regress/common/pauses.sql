-- For the isolation specs with pauses, beside isolation.sql. Sessions know the faulty library's settings from the start.
SELECT format('ALTER DATABASE %I SET session_preload_libraries = pg_wand', current_database()) \gexec

-- From now on a session whose wand.pause_at is one of these points waits there ...
CREATE PROCEDURE hold(VARIADIC points text[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_lock(7777, array_position(enumvals, point) - 1)
        FROM pg_settings, unnest(points) point WHERE name = 'wand.pause_at';
END
$$;

-- ... until all are released.
CREATE PROCEDURE release() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_unlock_all();
END
$$;

-- Cancels what waits at a point; returns when it waits no more.
CREATE PROCEDURE cancel() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7777 AND NOT granted;
    WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7777 AND NOT granted) LOOP
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

-- An aborted flush leaves pages that nobody owns, old enough to be swept.
CREATE PROCEDURE leave_orphans() LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        SET LOCAL wand.error_after_wal = 5;
        PERFORM wand_merge('docs_emb');
        RAISE 'nothing failed';
    EXCEPTION WHEN system_error THEN
        NULL;
    END;
    SET LOCAL wand.error_after_wal = 0;
    PERFORM txid_current();
    COMMIT;
    PERFORM txid_current();
END
$$;
