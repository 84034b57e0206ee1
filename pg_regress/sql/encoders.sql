-- Encoders: text to vectors, who may use them, what is refused. The tokenizer knows ten tokens.
\set SHOW_CONTEXT never
\pset null '(null)'
\set tokenizer '{"version": "1.0", "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}, {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}], "truncation": null, "padding": null, "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "plan": 3, "##ts": 4, "sun": 5, "##light": 6, "a": 7, "b": 8, "?": 9}}}'
SELECT wand_create_encoder('tiny', :'tokenizer', '{"plan": 2.5, "##ts": 0.5, "sun": 1.5, "##light": -1, "[UNK]": 9}', comment => 'ten tokens');
SELECT name, readers, weights, comment FROM wand_encoders;

-- Each token once, special ones left out.
SELECT encode_query('tiny', 'Plants need sunlight, plants!');
SELECT encode_query('tiny', 'plants plants', counts => true) AS counts,
    encode_query('tiny', 'plants sunlight', max_length => 1) AS max_length,
    encode_query('tiny', 'plants zebra [CLS]', special_tokens => true) AS special_tokens,
    encode_query('tiny', 'plants sunlight', min_weight => 1) AS min_weight;
SELECT encode_query('tiny', '') AS empty, encode_query('tiny', NULL) AS no_text, encode_query(NULL, 'a') AS no_encoder;
SELECT encode_counts('tiny', 'plants sun plants zebra');
SELECT * FROM encode_tokens('tiny', U&'\00c4 plants?  Zebra b');
SELECT * FROM encode_tokens('tiny', '');

-- A long text is divided; its tokens are the same.
SELECT encode_counts('tiny', repeat('plants sun ', 200000));
SELECT encode_counts('tiny', repeat('x', 600000));
SELECT encode_counts('tiny', repeat(U&'\4e00', 400000));

-- The index answers a typed question.
CREATE TABLE docs (id int, emb svec(10));
INSERT INTO docs VALUES (1, '{4:1,5:1}'), (2, '{6:2,7:0.5}'), (3, '{4:0.5,6:1}'), (4, '{8:1}');
INSERT INTO docs SELECT i, svec_from_tokens(ARRAY[7, 8], ARRAY[1, 0.5]::real[]) FROM generate_series(5, 2000) i;
CREATE INDEX docs_emb ON docs USING wand (emb);
ANALYZE docs;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY emb <#> encode_query('tiny', 'plants sun') LIMIT 3;
SELECT id, emb <#> encode_query('tiny', 'plants sun') AS distance FROM docs ORDER BY 2 LIMIT 3;
SELECT * FROM explain_match(encode_query('tiny', 'plants sunlight'), '{4:0.5,6:1,7:1}/10', 'tiny');
SELECT * FROM explain_match('{4:0.5,6:1}', '{6:2}');
SELECT * FROM explain_match('{4:0.5}', NULL);

-- Without weights every token counts 1; with a vector of them.
SELECT wand_create_encoder('presence', :'tokenizer');
SELECT encode_query('presence', 'plants a b');
-- a tokenizer of type jsonb is the same
SELECT wand_create_encoder('jsonb', (:'tokenizer')::jsonb, comment => 'rewritten');
SELECT encode_query('jsonb', 'Plants, sunlight') = encode_query('presence', 'Plants, sunlight') AS same;
SELECT wand_drop_encoder('jsonb');
-- a model that has more terms than its tokenizer has ids
SELECT wand_create_encoder('padded', :'tokenizer', idf => '{4:1.25,16:1}', dim => 16);
SELECT encode_query('padded', 'plants a b'), dim FROM wand_encoders WHERE name = 'padded';
SELECT wand_create_encoder('padded', :'tokenizer', idf => '{4:1.25}/10', dim => 16, replace => true);
SELECT wand_create_encoder('padded', :'tokenizer', dim => 9, replace => true);
SELECT wand_create_encoder('padded', :'tokenizer', dim => 0, replace => true);
SELECT wand_drop_encoder('padded');
SELECT wand_create_encoder('idf', :'tokenizer', idf => '{4:1.25,8:2}/10');
SELECT encode_query('idf', 'plants a b');

-- BM25.
SELECT encode_bm25_document('presence', 'plants plants a', 4) AS lucene,
    encode_bm25_document('presence', 'plants plants a', 4, variant => 'atire') AS atire;
SELECT bm25_document(encode_counts('presence', 'plants plants a'), 4) = encode_bm25_document('presence', 'plants plants a', 4);
SELECT bm25_document('{}', 4);
SELECT bm25_document('{1:1}', 0);
SELECT bm25_document('{1:-1}', 1);
SELECT bm25_document('{1:1}', 1, k1 => -1);
SELECT bm25_document('{1:1}', 1, b => 'NaN');
SELECT bm25_document('{1:1}', 1, variant => 'okapi');
SELECT term_counts(to_tsvector('english', 'The vacuums vacuumed an index; indexing')) AS counts, term_counts('') AS empty,
    term_counts('a b c'::tsvector, 1) AS shared;
SELECT hash_terms('{a,NULL}', '{1,1}');
SELECT hash_terms('{a}', '{1,1}');
SELECT hash_terms('{a}', '{-1}');
SELECT term_counts('a', 0);

-- Replacing is seen at once, and undone with the transaction.
BEGIN;
SELECT wand_create_encoder('tiny', :'tokenizer', '{"plan": 7}', replace => true);
SELECT encode_query('tiny', 'plants');
ROLLBACK;
SELECT encode_query('tiny', 'plants');
SELECT wand_create_encoder('tiny', :'tokenizer', '{"plan": 3}', replace => true);
SELECT encode_query('tiny', 'plants'), comment FROM wand_encoders WHERE name = 'tiny';

-- Refused.
SELECT wand_create_encoder('tiny', :'tokenizer');
SELECT wand_create_encoder('bad', '{}');
SELECT wand_create_encoder('bad', 'not json');
SELECT wand_create_encoder('bad', :'tokenizer', '{"moon": 1}');
SELECT wand_create_encoder('bad', :'tokenizer', '{"sun": "1"}');
SELECT wand_create_encoder('bad', :'tokenizer', '[1]');
SELECT wand_create_encoder('bad', :'tokenizer', '{"sun": 1e100}');
SELECT wand_create_encoder('bad', :'tokenizer', idf => '{11:1}');
SELECT wand_create_encoder('bad', :'tokenizer', idf => '{1:1}/11');
SELECT wand_create_encoder('bad', :'tokenizer', '{}', '{}');
SELECT wand_create_encoder('', :'tokenizer');
SELECT wand_create_encoder(repeat('x', 64), :'tokenizer');
SELECT wand_create_encoder(NULL, :'tokenizer');
SELECT wand_create_encoder('bad', NULL);
SELECT encode_query('unknown', 'a');
SELECT encode_query('tiny', 'a', max_length => -1);
SELECT encode_query('tiny', 'a', min_weight => 'NaN');
SELECT encode_tokens('unknown', 'a');
SELECT wand_drop_encoder('unknown');
SELECT wand_drop_encoder('unknown', if_exists => true);
SELECT wand_grant_encoder('tiny', 'regress_nobody');

-- Who may.
CREATE ROLE regress_reader;
CREATE ROLE regress_writer;
SELECT wand_revoke_encoder('tiny', 'public');
SET ROLE regress_reader;
SELECT encode_query('tiny', 'plants');
SELECT name FROM wand_encoders ORDER BY 1;
SELECT wand_drop_encoder('presence');
SELECT wand_create_encoder('presence', '{}', replace => true);
SELECT wand_grant_encoder('tiny', 'regress_reader');
SELECT count(*) FROM wand_encoder;
RESET ROLE;
SELECT wand_grant_encoder('tiny', 'regress_reader');
SET ROLE regress_reader;
SELECT encode_query('tiny', 'plants');
SELECT name FROM wand_encoders ORDER BY 1;
SET ROLE regress_writer;
SELECT wand_create_encoder('own', :'tokenizer');
SELECT name, owner FROM wand_encoders WHERE name = 'own';
-- What a caller puts before pg_catalog does not run with the rights of the table's owner.
RESET ROLE;
CREATE SCHEMA regress_trap AUTHORIZATION regress_writer;
SET ROLE regress_writer;
CREATE FUNCTION regress_trap.array_remove(regrole[], regrole) RETURNS regrole[] LANGUAGE plpgsql
    AS 'BEGIN RAISE ''as %'', current_user; END';
CREATE FUNCTION regress_trap.same(name, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE ''as %'', current_user; END';
CREATE OPERATOR regress_trap.= (LEFTARG = name, RIGHTARG = text, FUNCTION = regress_trap.same);
SET search_path = regress_trap, pg_catalog, public;
SELECT wand_revoke_encoder('own', 'public');
SELECT wand_create_encoder('own', :'tokenizer', replace => true);
RESET search_path;
SET ROLE regress_reader;
SELECT encode_query('own', 'a');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_trap CASCADE;
RESET client_min_messages;
SELECT wand_drop_encoder(name) FROM (VALUES ('own'), ('tiny'), ('presence'), ('idf')) AS all_of_them (name);
SELECT encode_query('tiny', 'plants');
DROP ROLE regress_reader, regress_writer;
DROP TABLE docs;
