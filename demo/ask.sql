-- The best passages for one stored question. Variables: ask (a number, or words), best (how many).
SELECT :'ask' ~ '^\s*\d+\s*$' AS is_number \gset
\if :is_number
  SELECT (SELECT id FROM questions WHERE id::text = btrim(:'ask')) AS chosen \gset
\else
  -- Any of the words, the more the better.
  SELECT (
    SELECT id FROM questions,
      (SELECT replace(plainto_tsquery('english', :'ask')::text, ' & ', ' | ')::tsquery AS words) asked
    WHERE to_tsvector('english', question) @@ words
    ORDER BY ts_rank(to_tsvector('english', question), words, 2) DESC, id LIMIT 1
  ) AS chosen \gset
\endif
\if :{?chosen}
  SELECT format('Question %s: %s', id, question) FROM questions WHERE id = :chosen;
  WITH best AS MATERIALIZED (
    SELECT section, body, -distance AS score, question
    FROM questions q CROSS JOIN LATERAL (
      SELECT section, body, emb <#> q.emb AS distance FROM passages ORDER BY emb <#> q.emb LIMIT :best
    ) p
    WHERE q.id = :chosen
  ),
  shown AS (
    SELECT row_number() OVER (ORDER BY score DESC) AS rank, score, section,
           ts_headline('english', body, replace(plainto_tsquery('english', question)::text, ' & ', ' | ')::tsquery,
                       'StartSel="", StopSel="", MaxWords=30, MinWords=24') || ' ...' AS snippet
    FROM best
  )
  SELECT format(E'\n%s  %s  %s\n%s', lpad(rank::text, 2), to_char(score, '990.00'),
                CASE WHEN length(section) > 86 THEN '... > ' || substring(right(section, 80) FROM ' > (.*)') ELSE section END,
                rtrim(regexp_replace(snippet, '(\S.{0,84})(\s+|$)', E'             \\1\n', 'g'), E'\n'))
  FROM shown ORDER BY rank;
\else
  \echo 'No stored question has this number or any of these words.'
\endif
