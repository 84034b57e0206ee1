-- All questions, ten passages each: through the index, by sequential scan, and how good the answers are.
SET max_parallel_workers_per_gather = 0;

SET enable_seqscan = off;
SELECT count(p.*) FROM questions q CROSS JOIN LATERAL
  (SELECT id FROM passages ORDER BY emb <#> q.emb LIMIT 10) p \gset warm_
SELECT clock_timestamp() AS t0 \gset
CREATE TEMP TABLE by_index AS
  SELECT q.id AS question, p.* FROM questions q CROSS JOIN LATERAL
    (SELECT id AS passage, emb <#> q.emb AS distance FROM passages ORDER BY emb <#> q.emb LIMIT 10) p;
SELECT clock_timestamp() AS t1 \gset
RESET enable_seqscan;
SET enable_indexscan = off;
SELECT clock_timestamp() AS t2 \gset
CREATE TEMP TABLE by_scan AS
  SELECT q.id AS question, p.* FROM questions q CROSS JOIN LATERAL
    (SELECT id AS passage, emb <#> q.emb AS distance FROM passages ORDER BY emb <#> q.emb LIMIT 10) p;
SELECT clock_timestamp() AS t3 \gset
RESET enable_indexscan;

SELECT format(E'All %s questions, the ten best passages of each:\n'
              '  through the index    %s ms a question\n'
              '  by sequential scan   %s ms a question',
              count(*),
              to_char(1000 * extract(epoch FROM :'t1'::timestamptz - :'t0'::timestamptz) / count(*), '990.00'),
              to_char(1000 * extract(epoch FROM :'t3'::timestamptz - :'t2'::timestamptz) / count(*), '990.00'))
FROM questions;

WITH a AS (SELECT *, row_number() OVER (PARTITION BY question ORDER BY distance) AS rank FROM by_index),
     b AS (SELECT *, row_number() OVER (PARTITION BY question ORDER BY distance) AS rank FROM by_scan)
SELECT format('  differences in distance: %s',
              count(*) FILTER (WHERE a.distance IS DISTINCT FROM b.distance))
FROM a FULL JOIN b USING (question, rank);

-- nDCG@10 with gain = grade, over the questions.
WITH ranked AS (
  SELECT question, passage, row_number() OVER (PARTITION BY question ORDER BY distance, passage) AS rank FROM by_index
),
found AS (
  SELECT question, sum(grade / log(2, rank + 1)) AS dcg FROM ranked JOIN judgements USING (question, passage)
  GROUP BY question
),
ideal AS (
  SELECT question, sum(grade / log(2, rank + 1)) AS dcg
  FROM (SELECT question, grade, row_number() OVER (PARTITION BY question ORDER BY grade DESC) AS rank FROM judgements) j
  WHERE rank <= 10 GROUP BY question
)
SELECT format('  nDCG@10: %s (judged by hand; see demo/README.md)',
              to_char(avg(coalesce(found.dcg, 0) / ideal.dcg), '0.000'))
FROM ideal LEFT JOIN found USING (question);
