-- Looking at an index: its terms, and what a query will touch.
\getenv abs_srcdir PG_ABS_SRCDIR
\set helpers :abs_srcdir '/common/index.sql'
\set ECHO none
\i :helpers
\set ECHO all
CREATE TABLE docs (id int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb);
SELECT * FROM wand_term_stats('docs_emb');
SELECT * FROM wand_cost('docs_emb', '{1:1}');
INSERT INTO docs VALUES (1, '{1:1,2:-3}'), (2, '{1:2.5,7:1}'), (3, '{2:0.5,2147483647:0.25}'), (4, NULL);
-- what is pending is in no segment yet
SELECT * FROM wand_term_stats('docs_emb');
SELECT * FROM wand_cost('docs_emb', '{1:1}');
SELECT wand_merge('docs_emb');
SELECT * FROM wand_term_stats('docs_emb');
SELECT * FROM wand_cost('docs_emb', '{1:1,2:1,3:1}');
SELECT * FROM wand_cost('docs_emb', '{}');
-- dead documents count until a merge drops them, as VACUUM does here
DELETE FROM docs WHERE id = 2;
VACUUM docs;
SELECT term, df, segments FROM wand_term_stats('docs_emb') ORDER BY df DESC, term LIMIT 2;
DROP TABLE docs;

-- several segments; no document exceeds the limits of the weights, and they are not far off
CREATE TABLE docs (id int, emb svec);
CREATE INDEX docs_emb ON docs USING wand (emb);
INSERT INTO docs SELECT i, doc(i) * CASE WHEN i % 3 = 0 THEN -1 ELSE 1 END FROM generate_series(1, 40000) i;
SELECT wand_merge('docs_emb') >= 0 AS merged;
INSERT INTO docs SELECT i, doc(i) FROM generate_series(40001, 40010) i;
VACUUM docs;
SELECT segments > 1 AS several FROM wand_info('docs_emb');
CREATE TABLE truth AS
    SELECT index::int8 AS term, count(*) AS df, max(weight) FILTER (WHERE weight > 0) AS greatest,
        min(weight) FILTER (WHERE weight < 0) AS least
    FROM docs, unnest(emb) GROUP BY 1;
SELECT count(*) AS terms, count(*) FILTER (WHERE s.df = t.df) AS same_df,
    count(*) FILTER (WHERE greatest_weight >= greatest AND greatest_weight < greatest * 1.02
        OR (greatest_weight, greatest) IS NOT DISTINCT FROM (NULL, NULL)) AS greatest_bounded,
    count(*) FILTER (WHERE least_weight <= least AND least_weight > least * 1.02
        OR (least_weight, least) IS NOT DISTINCT FROM (NULL, NULL)) AS least_bounded
FROM wand_term_stats('docs_emb') s FULL JOIN truth t USING (term);
SELECT count(*) FILTER (WHERE frequent) > 0 AS frequent, count(*) FILTER (WHERE NOT frequent) > 0 AS rare,
    sum(list_bytes) > 2 * sum(df) AS bytes FROM wand_term_stats('docs_emb');
-- the postings that a query touches are those of its terms
SELECT c.postings = sum(s.df) AS postings, c.terms = count(*) AS terms
FROM wand_cost('docs_emb', query(5)) c, wand_term_stats('docs_emb') s
WHERE s.term IN (SELECT index FROM unnest(query(5))) GROUP BY c.postings, c.terms;
-- and a scan finds the same
SET enable_seqscan = off;
SELECT id > 0 AS found FROM docs ORDER BY emb <#> query(5) LIMIT 1;
SELECT l.postings = c.postings AS postings, l.lists = c.lists AS lists, l.segments = c.segments AS segments
FROM wand_last_scan() l, wand_cost('docs_emb', query(5)) c;
RESET enable_seqscan;
SET wand.strategy = bounds;
SELECT strategy FROM wand_cost('docs_emb', query(5));
RESET wand.strategy;
DROP TABLE docs, truth;
