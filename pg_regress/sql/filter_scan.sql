-- Queries with conditions through an index: each operator, each type, each kind of argument, and what plans look like.
-- The comparison with sequential scans at large is in tests/tests/filters.rs.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE docs (id int PRIMARY KEY, tenant int, draft boolean, grade "char", year smallint, size bigint, part_of regclass,
    share real, ratio double precision, price numeric, fee money, lang text, author varchar(20), code char(4), owner name,
    hash bytea, key uuid, day date, seen timestamp, sent timestamptz, opens time, closes timetz, span interval,
    host inet, net cidr, mac macaddr, mac8 macaddr8, flags bit(4), marks varbit, at pg_lsn, mood mood, emb svec(99));
INSERT INTO docs SELECT i, i % 7, i % 3 = 0, chr(65 + i % 4)::"char", 2000 + i % 25, i * 10000000000, CASE WHEN i % 2 = 0 THEN 'pg_class'::regclass ELSE 'pg_proc' END,
    i % 8 / 8.0, i % 10 / 10.0, i % 5 + 0.50, (i % 20)::text::money, (ARRAY['de', 'en', 'fr', NULL])[1 + i % 4], 'author ' || i % 30,
    'c' || i % 12, ('owner ' || i % 6)::name, decode(lpad(to_hex(i), 4, '0'), 'hex'), md5((i % 50)::text)::uuid,
    date '2026-01-01' + i, timestamp '2026-01-01' + i * interval '1 hour', timestamptz '2026-01-01 UTC' + i * interval '1 day',
    time '08:00' + i % 4 * interval '1 hour', '20:00+00'::timetz + i % 3 * interval '1 hour', i % 6 * interval '1 day',
    ('10.0.' || i % 9 || '.1')::inet, ('10.' || i % 9 || '.0.0/16')::cidr, ('08:00:2b:01:02:' || lpad(to_hex(i % 16), 2, '0'))::macaddr,
    ('08:00:2b:01:02:03:04:' || lpad(to_hex(i % 16), 2, '0'))::macaddr8, (i % 16)::bit(4), (i % 8)::bit(3)::varbit,
    ('0/' || to_hex(i))::pg_lsn, (enum_range(NULL::mood))[1 + i % 3],
    CASE WHEN i % 40 > 0 THEN format('{1:%s,%s:1,%s:1}/99', (1 + i * 37 % 200) / 8.0, 2 + i % 5, 10 + i % 30)::svec END
FROM generate_series(1, 180) i;
INSERT INTO docs (id, emb) VALUES (181, '{1:30}/99'), (182, NULL);
CREATE INDEX docs_emb ON docs USING wand (tenant, emb, draft, grade, year, size, part_of, share, ratio, price, fee, lang, author, code, owner,
    hash, key, day, seen, sent, opens, closes, span, host, net, mac, mac8, flags, marks, at, mood);
-- some rows are in the pending list
INSERT INTO docs (id, tenant, lang, size, emb) SELECT i, i % 7, 'en', i, format('{1:%s,2:1}/99', (1 + i * 37 % 200) / 8.0)::svec
FROM generate_series(183, 200) i;
ANALYZE docs;

-- The best three rows of those that meet a condition, how many do, whether a sequential scan says the same, and whether
-- the index was asked for them.
CREATE FUNCTION ask(condition text, OUT best int[], OUT n bigint, OUT same bool, OUT "by index" bool) LANGUAGE plpgsql AS $$
DECLARE
    ranked text := format('SELECT array_agg(id) FROM (SELECT id FROM docs WHERE %s ORDER BY emb <#> ''{1:1}/99'', id) s', condition);
    line text;
    plan text := '';
    by_index int[];
    by_scan int[];
BEGIN
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || ranked LOOP
        plan := plan || line;
    END LOOP;
    EXECUTE ranked INTO by_index;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_indexscan = off;
    SET LOCAL enable_bitmapscan = off;
    EXECUTE ranked INTO by_scan;
    RESET enable_seqscan;
    RESET enable_sort;
    RESET enable_indexscan;
    RESET enable_bitmapscan;
    best := by_index[:3];
    n := coalesce(cardinality(by_index), 0);
    same := by_index IS NOT DISTINCT FROM by_scan;
    "by index" := plan LIKE '%Index Cond%';
END
$$;

-- each operator
SELECT condition, a.* FROM (VALUES
    (1, 'tenant < 2'), (2, 'tenant <= 2'), (3, 'tenant = 2'), (4, 'tenant >= 2'), (5, 'tenant > 2'), (6, '2 < tenant'),
    (7, 'tenant BETWEEN 2 AND 3'), (8, 'tenant BETWEEN 3 AND 2'), (9, 'tenant > 2 AND tenant <= 4 AND lang = ''en'''),
    (10, 'tenant IN (1, 3, 99)'), (11, 'tenant = ANY (''{5}'')'), (12, 'tenant > ANY (''{3,5}'')'), (13, 'tenant < ANY (''{3,NULL}'')'),
    (14, 'tenant = ANY (''{}'')'), (15, 'tenant = ANY (''{NULL}'')'), (16, 'tenant = ANY (NULL)'), (17, 'tenant = NULL'),
    (18, 'tenant IS NULL'), (19, 'tenant IS NOT NULL'), (20, 'lang IS NULL AND tenant IS NOT NULL'),
    (21, 'emb IS NULL'), (22, 'emb IS NOT NULL'), (23, 'tenant = 1 AND emb IS NULL')
) v (i, condition), ask(condition) a ORDER BY i;

-- each type
SELECT condition, a.* FROM (VALUES
    (1, 'draft > false'), (2, 'grade = ''B'''), (3, 'year < 2003::smallint'), (4, 'size = 30000000000'), (5, 'part_of = ''pg_class''::regclass'),
    (6, 'share > 0.75::real'), (7, 'ratio = 0.3'), (8, 'price = 1.5000'), (9, 'fee < ''2''::money'), (10, 'lang = ''fr'''),
    (11, 'author <= ''author 1'''), (12, 'code = ''c1'''), (13, 'owner >= ''owner 5'''), (14, 'hash < ''\x0004'''),
    (15, 'key = md5(''7'')::uuid'), (16, 'day >= ''2026-06-25'''), (17, 'seen < ''2026-01-01 05:00'''), (18, 'sent > ''2026-06-25 12:00+00'''),
    (19, 'opens > ''10:00'''), (20, 'closes = ''22:00+00'''), (21, 'span = ''48 hours'''), (22, 'host = ''10.0.3.1'''), (23, 'net > ''10.7.0.0/16'''),
    (24, 'mac = ''08-00-2b-01-02-0f'''), (25, 'mac8 = ''08:00:2b:01:02:03:04:0f'''), (26, 'flags > ''1110'''), (27, 'marks = ''101'''),
    (28, 'at <= ''0/4'''), (29, 'mood < ''ok''')
) v (i, condition), ask(condition) a ORDER BY i;

-- arguments of other types; some of them make PostgreSQL convert the column, which no index serves
SELECT condition, a.* FROM (VALUES
    (1, 'tenant = 3::bigint'), (2, 'tenant < 2::smallint'), (3, 'tenant < 99999999999'), (4, 'tenant = 3.0'), (5, 'size < 200'),
    (6, 'year > 2023'), (7, 'share = 0.125::double precision'), (8, 'ratio > 0.9::real'), (9, 'day < ''2026-01-03 12:00''::timestamp'),
    (10, 'sent < ''2026-01-03''::date'), (11, 'seen >= ''2026-01-08 11:00+00''::timestamptz'), (12, 'lang = ''en''::varchar'),
    (13, 'owner = ''owner 3''::text'), (14, 'code = ''c3  '''), (15, 'code = ''c3  ''::text'), (16, 'price = 2.5::real'), (17, 'price > 4')
) v (i, condition), ask(condition) a ORDER BY i;

-- terms and distances
SELECT condition, a.* FROM (VALUES
    (1, 'emb && ''{2:1}/99'''), (2, 'emb @> ''{2:1,15:1}/99'''), (3, '''{3:1}/99'' <@ emb'), (4, 'emb && ''{}/99'''), (5, 'emb @> ''{}/99'''),
    (6, 'emb @@ svec_match(must => ''{2:1}/99'', must_not => ''{15:1,20:1}/99'')'),
    (7, 'emb @@ svec_match(should => ''{2:1,15:1,16:1}/99'', minimum_should_match => 2)'), (8, 'emb @@ svec_match()'),
    (9, 'emb <<#>> sphere(''{1:1}/99'', -24)'), (10, 'emb <<#>> sphere(''{2:1,15:1}/99'', -2)'), (11, 'emb <<=>> sphere(''{1:1}/99'', 0.002)'),
    (12, 'emb <<->> sphere(''{1:1}/99'', 1.5)'), (13, 'emb <<#>> sphere(''{1:1}/99'', NULL)'), (14, 'emb && NULL'),
    (15, 'emb && ''{2:1}/99'' AND emb <<#>> sphere(''{1:1}/99'', -20) AND tenant < 3 AND lang IN (''en'', ''fr'')')
) v (i, condition), ask(condition) a ORDER BY i;

-- other conditions are checked by the executor
SELECT condition, a.* FROM (VALUES
    (1, 'tenant <> 3'), (3, 'NOT lang = ''en'''), (4, '(tenant, year) > (5, 2020)'), (5, '(tenant, lang) = (5, ''de'')'),
    (6, 'tenant = 2 AND id % 2 = 0'), (7, 'lang LIKE ''e%'''), (8, 'tenant = ALL (''{3,3}'')'), (9, 'tenant IS DISTINCT FROM 1 AND lang = ''de'''),
    (10, 'emb <@ ''{1:1,2:1,16:1}/99'''), (11, 'NOT emb && ''{2:1}/99'' AND tenant = 0'), (12, 'emb <#> ''{1:1}/99'' <= -24')
) v (i, condition), ask(condition) a ORDER BY i;

-- plans: best first
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE tenant = 3 AND lang >= 'en' AND id <> 10 ORDER BY emb <#> '{1:1}/99' LIMIT 5;
SELECT id FROM docs WHERE tenant = 3 AND lang >= 'en' AND id <> 10 ORDER BY emb <#> '{1:1}/99' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE tenant IN (3, 5) AND emb @> '{2:1}/99' ORDER BY emb <#> '{1:1}/99' LIMIT 5;
SELECT id FROM docs WHERE tenant IN (3, 5) AND emb @> '{2:1}/99' ORDER BY emb <#> '{1:1}/99' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE emb <<#>> sphere('{1:1}/99', -24.5) AND year < 2010 ORDER BY emb <#> '{1:1}/99';
SELECT id, emb <#> '{1:1}/99' AS distance FROM docs WHERE emb <<#>> sphere('{1:1}/99', -24.5) AND year < 2010 ORDER BY 2;
-- in no order, and combined
RESET enable_bitmapscan;
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE tenant = 3 AND emb @@ svec_match(must => '{2:1}/99', must_not => '{16:1}/99');
SELECT count(*) FROM docs WHERE tenant = 3 AND emb @@ svec_match(must => '{2:1}/99', must_not => '{16:1}/99');
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE emb && ANY ('{"{2:1}/99","{3:1}/99"}') AND lang IN ('en', 'fr');
SELECT count(*) FROM docs WHERE emb && ANY ('{"{2:1}/99","{3:1}/99"}') AND lang IN ('en', 'fr');
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE tenant = 3 OR emb && '{16:1}/99';
SELECT count(*) FROM docs WHERE tenant = 3 OR emb && '{16:1}/99';
RESET enable_indexscan;
-- arguments that come later: a prepared statement, the other side of a join
SET plan_cache_mode = force_generic_plan;
PREPARE best (int, text[], svec, int) AS SELECT id FROM docs WHERE tenant = $1 AND lang = ANY ($2) ORDER BY emb <#> $3 LIMIT $4;
EXECUTE best (3, '{en,fr}', '{1:1}/99', 4);
EXECUTE best (2, '{fr,NULL}', '{1:1}/99', 4);
EXECUTE best (NULL, '{en}', '{1:1}/99', 4);
EXECUTE best (2, NULL, '{1:1}/99', 4);
EXECUTE best (2, '{}', '{1:1}/99', 4);
SELECT t, (SELECT array_agg(id) FROM (SELECT id FROM docs WHERE tenant = t ORDER BY emb <#> '{1:1}/99' LIMIT 3) s) FROM unnest('{0,3,NULL,9,6}'::int[]) t;
RESET plan_cache_mode;
RESET enable_seqscan;

-- refused: types without a class, which expressions can stand for, and values that are too long
CREATE TABLE pages (meta jsonb, tags text[], body text, emb svec(9));
CREATE INDEX ON pages USING wand (emb, meta);
CREATE INDEX ON pages USING wand (emb, tags);
CREATE INDEX ON pages USING wand (meta);
CREATE INDEX ON pages USING wand (body);
CREATE INDEX pages_emb ON pages USING wand (emb, (meta ->> 'source'), body);
INSERT INTO pages SELECT '{"source": "web"}', '{a}', string_agg(md5(i::text), ''), '{1:1}/9' FROM generate_series(1, 90) i;
INSERT INTO pages VALUES ('{"source": "web"}', '{a}', 'short', '{1:1}/9'), ('{}', '{a}', 'short', '{1:2}/9');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT body FROM pages WHERE meta ->> 'source' = 'web' ORDER BY emb <#> '{1:1}/9' LIMIT 1;
SELECT meta FROM pages WHERE meta ->> 'source' = 'web' ORDER BY emb <#> '{1:1}/9' LIMIT 1;
SELECT meta FROM pages WHERE meta ->> 'source' IS NULL ORDER BY emb <#> '{1:1}/9' LIMIT 1;
RESET enable_seqscan;
DROP TABLE docs, pages;
DROP FUNCTION ask;
DROP TYPE mood;
