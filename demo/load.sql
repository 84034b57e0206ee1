-- The PostgreSQL manual as a search collection. DEMO_DATA in the environment names its folder.
CREATE EXTENSION pg_wand;

CREATE TABLE passages (id int PRIMARY KEY, page text, section text, body text, emb svec(30522));
CREATE TABLE questions (id int PRIMARY KEY, question text, emb svec(30522));
CREATE TABLE judgements (question int, passage int, grade int, PRIMARY KEY (question, passage));

CREATE TEMP TABLE raw_text (id int, page text, section text, body text);
CREATE TEMP TABLE raw_emb (id int, emb svec);
\copy raw_text from program 'gzip -dc "$DEMO_DATA"/passages.tsv.gz'
\copy raw_emb from program 'gzip -dc "$DEMO_DATA"/passages.svec.tsv.gz'
INSERT INTO passages SELECT id, page, section, body, emb FROM raw_text JOIN raw_emb USING (id) ORDER BY id;

TRUNCATE raw_emb;
CREATE TEMP TABLE raw_questions (id int, question text);
\copy raw_questions from program 'cat "$DEMO_DATA"/queries.tsv'
\copy raw_emb from program 'cat "$DEMO_DATA"/queries.svec.tsv'
INSERT INTO questions SELECT id, question, emb FROM raw_questions JOIN raw_emb USING (id) ORDER BY id;
\copy judgements from program 'cat "$DEMO_DATA"/qrels.tsv'

-- Questions without a model: a tokenizer, and how rare each of its tokens is.
\set tokenizer `cat "$DEMO_DATA"/tokenizer.json`
\set idf `cat "$DEMO_DATA"/idf.json`
SELECT FROM wand_create_encoder('manual', :'tokenizer', :'idf');

SELECT clock_timestamp() AS begin \gset
CREATE INDEX passages_emb ON passages USING wand (emb);
SELECT clock_timestamp() AS done \gset
VACUUM ANALYZE passages;

SELECT format('%s passages, %s terms each; index: %s, built in %s ms',
              count(*), round(avg(nnz(emb))), pg_size_pretty(pg_relation_size('passages_emb')),
              round(1000 * extract(epoch FROM :'done'::timestamptz - :'begin'::timestamptz)))
FROM passages;
