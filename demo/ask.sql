-- The best passages for a question. Variables: ask (the number of a stored one, or any words), best (how many).
-- Stored questions have vectors that the model made; typed ones get theirs from the encoder, without a model.
SELECT :'ask' ~ '^\s*\d+\s*$' AS is_number \gset
\if :is_number
  SELECT question, emb AS q FROM questions WHERE id::text = btrim(:'ask') \gset
  \if :{?q}
    SELECT format('Question %s: %s', btrim(:'ask'), :'question');
  \endif
\else
  SELECT :'ask' AS question, encode_query('manual', :'ask') AS q \gset
  SELECT format('Your question: %s', :'question');
  SELECT format('Its terms: %s', string_agg(format('%s %s', token, round(weight::numeric, 1)), ', ' ORDER BY weight DESC))
  FROM (SELECT DISTINCT token, weight FROM encode_tokens('manual', :'question') WHERE NOT special) AS terms;
\endif
\if :{?q}
  WITH best AS MATERIALIZED (
    SELECT section, body, -(emb <#> :'q') AS score, :'question' AS question
    FROM passages ORDER BY emb <#> :'q' LIMIT :best
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
  \echo 'No stored question has this number.'
\endif
