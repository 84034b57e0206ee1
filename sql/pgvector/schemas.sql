-- Runs the script with the names of the schemas that the three extensions are in.
--
-- The server can name schemas of other extensions from PostgreSQL 16 on only. And it replaces one name after the other
-- in what came out before, so that a schema that is called as names are written gets parts of names out of their
-- quotes: into a script that runs as superuser, with schemas that an ordinary user named. Here no name can have a
-- character that means anything to the script.
DO LANGUAGE plpgsql $schemas$
DECLARE
    script pg_catalog.text := $script$
{script}
$script$;
    extension pg_catalog.text;
    schema pg_catalog.text;
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) d.objid
        JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
        WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
            AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND t.typname OPERATOR(pg_catalog.=) 'sparsevec'
            AND e.extname OPERATOR(pg_catalog.=) 'vector'
    ) THEN
        RAISE EXCEPTION 'pg_wand_pgvector needs pgvector''s type sparsevec'
            USING ERRCODE = 'undefined_object', HINT = 'pgvector has it since 0.7.0: ALTER EXTENSION vector UPDATE.';
    END IF;
    FOREACH extension IN ARRAY ARRAY['pg_wand_pgvector', 'pg_wand', 'vector'] LOOP
        SELECT n.nspname INTO STRICT schema
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
        WHERE e.extname OPERATOR(pg_catalog.=) extension;
        IF schema OPERATOR(pg_catalog.<>) pg_catalog.translate(
            schema, pg_catalog.concat('{}@$"''', pg_catalog.chr(92)), '') THEN
            RAISE EXCEPTION 'pg_wand_pgvector cannot name the schema "%" of the extension "%"', schema, extension
                USING ERRCODE = 'invalid_schema_name',
                DETAIL = 'Its name must not have braces, quotes, @, $ or a backslash in it.',
                HINT = 'ALTER SCHEMA ... RENAME, or another schema for the extension.';
        END IF;
        script := pg_catalog.replace(
            script, pg_catalog.concat('{', extension, '}'), pg_catalog.quote_ident(schema));
    END LOOP;
    EXECUTE script;
END
$schemas$;
