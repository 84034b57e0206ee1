-- Numbers for the pictures of docs/concepts.md, as one JSON value. For the database that demo/load.sql makes:
--   psql -X -q -A -t -d DATABASE -f docs/pictures/measure.sql >docs/pictures/measured.json
SET client_min_messages = warning;
SET max_parallel_maintenance_workers = 0;
SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;
REINDEX INDEX passages_emb;
VACUUM ANALYZE passages;

-- What scans by bounds look at, for all questions, as more rows are wanted.
CREATE TEMP TABLE stream (k int, question int, scan json);
SET wand.strategy = 'bounds';
DO $$
DECLARE
    wanted int;
    asked record;
BEGIN
    FOREACH wanted IN ARRAY '{1,3,10,30,100,300,1000}'::int[] LOOP
        FOR asked IN SELECT id, emb FROM questions LOOP
            PERFORM id FROM passages ORDER BY emb <#> asked.emb LIMIT wanted;
            INSERT INTO stream SELECT wanted, asked.id, to_json(s) FROM wand_last_scan() AS s;
        END LOOP;
    END LOOP;
END $$;
RESET wand.strategy;

-- What an index consists of while rows come, fifty in a transaction.
CREATE TABLE life (id int, emb svec(30522));
CREATE INDEX life_emb ON life USING wand (emb);
CREATE TEMP TABLE lived (rows int, segments int, pending bigint);
DO $$
BEGIN
    FOR i IN 1 .. 120 LOOP
        INSERT INTO life SELECT id, emb FROM passages WHERE id BETWEEN 50 * i - 49 AND 50 * i;
        COMMIT;
        INSERT INTO lived SELECT 50 * i, segments, pending FROM wand_info('life_emb');
    END LOOP;
END $$;
VACUUM life;
INSERT INTO lived SELECT 6000, segments, pending FROM wand_info('life_emb');

SELECT jsonb_pretty(jsonb_build_object(
    'collection', (SELECT jsonb_build_object('documents', count(*), 'nnz', round(avg(nnz(emb)))) FROM passages),
    'info', (SELECT to_jsonb(i) FROM wand_info('passages_emb') AS i),
    'terms', (SELECT terms FROM wand_segments('passages_emb')),
    'match', (SELECT jsonb_build_object('question', q.question, 'section', p.section, 'terms', (
                  SELECT jsonb_agg(jsonb_build_array(token, round(query_weight::numeric, 2), round(document_weight::numeric, 2), round(product::numeric, 2)) ORDER BY product DESC)
                  FROM explain_match(q.emb, p.emb, 'manual')))
              FROM questions AS q, LATERAL (SELECT section, emb FROM passages ORDER BY emb <#> q.emb LIMIT 1) AS p
              WHERE q.id = 5),
    'df', (SELECT jsonb_agg(jsonb_build_array(rank, df) ORDER BY rank)
           FROM (SELECT row_number() OVER (ORDER BY df DESC, term) AS rank, df FROM wand_term_stats('passages_emb')) AS t
           WHERE rank IN (SELECT DISTINCT round(10 ^ (i / 8.0)) FROM generate_series(0, 32) AS i)),
    'stream', (SELECT jsonb_agg(jsonb_build_array(k, scored, bounded, rounds) ORDER BY k)
               FROM (SELECT k, round(avg((scan ->> 'blocks_scored')::numeric), 1) AS scored,
                            round(avg((scan ->> 'blocks_bounded')::numeric)) AS bounded,
                            round(avg((scan ->> 'rounds')::numeric), 1) AS rounds
                     FROM stream WHERE scan ->> 'strategy' = 'bounds' GROUP BY k) AS s),
    'life', (SELECT jsonb_agg(jsonb_build_array(rows, segments, pending) ORDER BY rows, segments DESC) FROM lived)));
DROP TABLE life;
