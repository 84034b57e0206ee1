-- NULL in, NULL out; only a NULL dimension means "none".
SELECT NULL::svec, NULL::svec <#> '{1:1}' AS ip, '{1:1}'::svec <=> NULL AS cosine, NULL::svec + '{1:1}' AS plus, '{1:1}'::svec * NULL::real AS times,
       NULL::svec = NULL::svec AS eq, NULL::svec && '{1:1}' AS share;
SELECT dims(NULL::svec), nnz(NULL::svec), l2_norm(NULL::svec), weights(NULL), top_terms('{1:1}', NULL), above(NULL, 1);
SELECT NULL::real[]::svec, NULL::jsonb::svec, NULL::svec::real[], NULL::svec::jsonb, NULL::svec(3);
SELECT to_svec(NULL, '{1}'), to_svec('{1}', NULL), to_svec('{1}', '{1}', NULL), svec_from_tokens(NULL, NULL, 3);
SELECT * FROM unnest(NULL::svec);
