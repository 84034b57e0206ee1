//! Search with typed questions, in SQL alone: a tokenizer and a table of weights, no model. On the demo's collection it
//! finds what questions encoded by other programs find; encoders are seen by all sessions, dumped with their owners and
//! readers, and cached; text may come in every encoding, and be long.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::{assert_near, best, ndcg, run};
use pg_wand_tests::processes::peak_memory;
use pg_wand_tests::raw::Raw;
use pg_wand_tests::{oracle, project_root};
use postgres::Client;
use std::time::Instant;

/// A server with the demo's passages, questions and judgements, and an encoder `manual`.
fn manual() -> (Cluster, Client) {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    for file in [
        "tokenizer.json",
        "idf.json",
        "passages.tsv.gz",
        "passages.svec.tsv.gz",
        "queries.tsv",
        "queries.svec.tsv",
        "qrels.tsv",
    ] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    let mut client = cluster.connect();
    run(
        &mut client,
        "CREATE EXTENSION pg_wand;
         CREATE TABLE texts (id int PRIMARY KEY, page text, section text, body text);
         CREATE TABLE vectors (id int PRIMARY KEY, emb svec(30522));
         CREATE TABLE questions (id int PRIMARY KEY, question text);
         CREATE TABLE question_vectors (id int PRIMARY KEY, emb svec(30522));
         CREATE TABLE judgements (question int, passage int, grade int);
         COPY texts FROM PROGRAM 'gzip -dc passages.tsv.gz';
         COPY vectors FROM PROGRAM 'gzip -dc passages.svec.tsv.gz';
         COPY questions FROM PROGRAM 'cat queries.tsv';
         COPY question_vectors FROM PROGRAM 'cat queries.svec.tsv';
         COPY judgements FROM PROGRAM 'cat qrels.tsv';
         CREATE INDEX ON vectors USING wand (emb);
         SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb)",
    );
    (cluster, client)
}

#[test]
fn typed_questions_find_as_well_as_published() {
    let (cluster, mut client) = manual();
    let splade = ndcg(&mut client, &best("vectors", "question_vectors", "v.emb <#> q.emb"));
    assert_near("SPLADE questions", splade, 0.416, 0.002);
    let idf = ndcg(&mut client, &best("vectors", "questions", "v.emb <#> encode_query('manual', q.question)"));
    assert_near("IDF questions", idf, 0.396, 0.002);

    // BM25 of PostgreSQL's own words, all in SQL.
    run(
        &mut client,
        "CREATE TABLE counted AS SELECT id, term_counts(to_tsvector('english', section || '. ' || body)) AS counts FROM texts;
         CREATE TABLE bm25 AS SELECT id, bm25_document(counts, (SELECT avg(l1_norm(counts)) FROM counted)) AS emb FROM counted;
         CREATE TABLE bm25_questions AS
         SELECT id, apply_idf(term_counts(to_tsvector('english', question)), idf) AS emb
         FROM questions, (SELECT idf(df_agg(counts), count(*)) AS idf FROM counted) AS statistics;
         CREATE INDEX ON bm25 USING wand (emb)",
    );
    let bm25 = ndcg(&mut client, &best("bm25", "bm25_questions", "v.emb <#> q.emb"));
    assert_near("BM25", bm25, 0.429, 0.005);
    drop(client);
    cluster.finish();
}

/// Warm calls are far below a millisecond, which they could not be if the tokenizer were parsed each time.
#[test]
fn a_session_parses_an_encoder_once() {
    let (cluster, mut client) = manual();
    let sql = "SELECT count(encode_query('manual', question || n)) FROM questions, generate_series(1, 20) AS n";
    run(&mut client, sql);
    let begin = Instant::now();
    run(&mut client, sql);
    let each = begin.elapsed() / (124 * 20);
    println!("encode_query: {} us a question", each.as_micros());
    assert!(each.as_millis() < 5, "{each:?} a question");

    // Another session changes it: not seen before the commit, then by the next transaction here, and in the middle of one
    // by the next statement that opens a table, at every isolation level: as with everything in PostgreSQL's catalogues.
    let mut other = cluster.connect();
    let weight = |client: &mut Client| -> f32 {
        client.query_one("SELECT (weights(encode_query('manual', 'vacuum')))[1]", &[]).expect("a weight").get(0)
    };
    let before = weight(&mut client);
    let mut change = other.transaction().expect("BEGIN");
    let replace =
        "SELECT wand_create_encoder('manual', pg_read_file('tokenizer.json'), '{\"vacuum\": 7}', replace => true)";
    change.batch_execute(replace).expect("replaced");
    assert_eq!(weight(&mut client), before);
    run(&mut client, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    change.commit().expect("COMMIT");
    run(&mut client, "SELECT FROM judgements LIMIT 1");
    assert_eq!(weight(&mut client), 7.0);
    run(&mut client, "COMMIT");
    assert_eq!(weight(&mut client), 7.0);
    run(&mut other, "SELECT wand_drop_encoder('manual')");
    let gone = client.query_one("SELECT encode_query('manual', 'vacuum')", &[]).expect_err("dropped");
    assert_eq!(gone.code().map(postgres::error::SqlState::code), Some("42704"), "{}", oracle::describe(&gone));
    drop((client, other));
    cluster.finish();
}

/// Parallel workers encode as the leader does.
#[test]
fn workers_encode_too() {
    let (cluster, mut client) = manual();
    let sql = "SELECT sum(nnz(encode_query('manual', body))) FROM texts";
    let alone: i64 = client.query_one(sql, &[]).expect("a sum").get(0);
    run(
        &mut client,
        "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
         SET max_parallel_workers_per_gather = 2",
    );
    let plan: Vec<String> =
        client.query(&format!("EXPLAIN {sql}"), &[]).expect("EXPLAIN").iter().map(|row| row.get(0)).collect();
    assert!(plan.join("\n").contains("Workers Planned: 2"), "{}", plan.join("\n"));
    // A new session for which nothing is parsed yet.
    run(&mut client, "SET parallel_leader_participation = off");
    let begin = Instant::now();
    let together: i64 = client.query_one(sql, &[]).expect("a sum").get(0);
    assert_eq!(alone, together);
    // Parsed once by each, not for each of 8,975 rows.
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    drop(client);
    cluster.finish();
}

/// A dump has the encoders, with owner, readers, weights; a restored one encodes as before.
#[test]
fn encoders_are_dumped_and_restored() {
    let (cluster, mut client) = manual();
    // A name that must be quoted, among others.
    run(
        &mut client,
        r#"CREATE ROLE keeper; CREATE ROLE reader; CREATE ROLE "Odd ""role"", {x}"; CREATE ROLE stranger;
           GRANT EXECUTE ON FUNCTION pg_read_file(text) TO keeper;
           SET ROLE keeper;
           SELECT wand_create_encoder('kept', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb,
                                      comment => 'IDF');
           SELECT wand_revoke_encoder('kept', 'public'), wand_grant_encoder('kept', 'reader'),
                  wand_grant_encoder('kept', 'Odd "role", {x}');
           RESET ROLE"#,
    );
    run(&mut client, "CREATE DATABASE restored TEMPLATE template0");
    let dump = cluster.folder().join("dump");
    let dump = dump.to_str().expect("UTF-8 path");
    cluster.client_program("pg_dump", &["-Fc", "-f", dump, "postgres"]);
    cluster.client_program("pg_restore", &["--exit-on-error", "-d", "restored", dump]);
    let mut restored = cluster.connect_to("restored");

    let rows = |client: &mut Client| -> Vec<String> {
        let sql = "SELECT row(name, owner, readers, md5(tokenizer::text), weights, comment)::text
                   FROM wand_encoder ORDER BY name";
        client.query(sql, &[]).expect("encoders").iter().map(|row| row.get(0)).collect()
    };
    let before = rows(&mut client);
    assert_eq!(before.len(), 2);
    assert_eq!(rows(&mut restored), before);

    let question = "SELECT encode_query('kept', 'how do I clean up dead rows?')::text";
    let expected: String = client.query_one(question, &[]).expect("encoded").get(0);
    assert!(expected.len() > 50, "{expected}");
    for role in ["keeper", "reader", "\"Odd \"\"role\"\", {x}\"", "stranger"] {
        run(&mut restored, &format!("SET ROLE {role}"));
        match restored.query_one(question, &[]) {
            Ok(row) => assert_eq!((role != "stranger", row.get::<_, String>(0)), (true, expected.clone()), "{role}"),
            Err(e) => assert_eq!((role, code(&e)), ("stranger", "42501".into()), "{}", oracle::describe(&e)),
        }
    }
    run(
        &mut restored,
        "SET ROLE keeper;
         SELECT wand_create_encoder('kept', pg_read_file('tokenizer.json'), '{\"dead\": 7}', replace => true)",
    );
    assert_eq!(weights(&mut restored, "kept", "dead rows"), [7.0]);
    assert_eq!(client.query_one(question, &[]).expect("encoded").get::<_, String>(0), expected);
    drop((client, restored));
    cluster.finish();
}

fn code(error: &postgres::Error) -> String {
    error.code().map_or_else(|| error.to_string(), |code| code.code().to_string())
}

fn weights(client: &mut Client, encoder: &str, text: &str) -> Vec<f32> {
    client.query_one("SELECT weights(encode_query($1, $2))", &[&encoder, &text]).expect("weights").get(0)
}

/// (id, token, start, length) of the tokens of a text, both in the client's encoding.
fn tokens(client: &mut Client, text: &[u8]) -> Result<Vec<(i32, Raw, i32, i32)>, postgres::Error> {
    let sql = "SELECT token_id, token, start, length FROM encode_tokens('pieces', $1::text)";
    let rows = client.query(sql, &[&Raw(text.to_vec())])?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect())
}

/// Text comes in the encoding of the client, is kept in that of the database, and is tokenized as UTF-8.
#[test]
fn text_of_every_encoding() {
    const TEXT: &str = "caf\u{e9} stra\u{df}e \u{e6}on";
    let latin1: Vec<u8> = TEXT.chars().map(|c| u8::try_from(u32::from(c)).expect("LATIN1")).collect();
    let tokenizer = std::fs::read_to_string(project_root().join("demo/pgdocs/tokenizer.json")).expect("tokenizer.json");
    let (cluster, mut client) = manual();
    for (name, encoding) in [("latin1", "LATIN1"), ("bytes", "SQL_ASCII")] {
        run(&mut client, &format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"));
    }
    let create = "SELECT wand_create_encoder('pieces', $1::text)";
    client.execute(create, &[&tokenizer]).expect("an encoder");
    let expected = tokens(&mut client, TEXT.as_bytes()).expect("tokens");
    let places: Vec<(i32, i32)> = expected.iter().map(|token| (token.2, token.3)).collect();
    assert_eq!(places, [(1, 4), (6, 2), (8, 4), (13, 1), (14, 2)]);
    let in_latin1: Vec<_> = expected
        .iter()
        .map(|(id, token, start, length)| {
            let token = String::from_utf8(token.0.clone()).expect("UTF-8");
            let token = token.chars().map(|c| u8::try_from(u32::from(c)).expect("LATIN1")).collect();
            (*id, Raw(token), *start, *length)
        })
        .collect();
    assert_ne!(in_latin1, expected, "a token that is not ASCII");

    // A client of another encoding than the database.
    run(&mut client, "SET client_encoding = 'LATIN1'");
    assert_eq!(tokens(&mut client, &latin1).expect("tokens"), in_latin1);
    run(&mut client, "SET client_encoding = 'UTF8'");
    // What is not text of the client's encoding does not even reach us.
    for bytes in [&b"a\xffb"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"a\0b"] {
        assert_eq!(code(&tokens(&mut client, bytes).expect_err("refused")), "22021", "{bytes:?}");
    }

    // A database of LATIN1 has no room for most of the vocabulary's letters but in JSON's own notation.
    let mut latin = cluster.connect_to("latin1");
    run(&mut latin, "CREATE EXTENSION pg_wand");
    let refused = latin.execute(create, &[&tokenizer]).expect_err("refused");
    assert_eq!(code(&refused), "22P05", "{}", oracle::describe(&refused));
    latin.execute(create, &[&ascii(&tokenizer)]).expect("an encoder");
    assert_eq!(tokens(&mut latin, TEXT.as_bytes()).expect("tokens"), expected);
    run(&mut latin, "SET client_encoding = 'LATIN1'");
    assert_eq!(tokens(&mut latin, &latin1).expect("tokens"), in_latin1);
    run(&mut latin, "SET client_encoding = 'UTF8'");
    let weighted = "SELECT wand_create_encoder('weighted', $1::text, '{\"##ra\u{df}e\": 2, \"cafe\": 0.5}'::jsonb)";
    latin.execute(weighted, &[&ascii(&tokenizer)]).expect("an encoder");
    assert_eq!(weights(&mut latin, "weighted", TEXT), [0.5, 2.0]);
    // A match whose token the database cannot write is refused; without an encoder there are its id and numbers.
    let foreign = "SELECT token_id FROM explain_match('{1672:1}', '{1672:1}', 'pieces')";
    let refused = latin.query_one(foreign, &[]).expect_err("refused");
    assert_eq!(code(&refused), "22P05", "{}", oracle::describe(&refused));
    let row = latin.query_one(&foreign.replace(", 'pieces'", ""), &[]).expect("a match");
    assert_eq!(row.get::<_, i32>(0), 1671);

    // SQL_ASCII takes any bytes: only those that are UTF-8 can be encoded.
    let mut bytes = cluster.connect_to("bytes");
    run(&mut bytes, "CREATE EXTENSION pg_wand");
    bytes.execute(create, &[&tokenizer]).expect("an encoder");
    assert_eq!(tokens(&mut bytes, TEXT.as_bytes()).expect("tokens"), expected);
    run(&mut bytes, "SET client_encoding = 'SQL_ASCII'");
    let refused = tokens(&mut bytes, &latin1).expect_err("refused");
    assert_eq!(code(&refused), "22021", "{}", oracle::describe(&refused));
    for function in ["encode_query", "encode_counts"] {
        let sql = format!("SELECT {function}('pieces', $1::text)");
        assert_eq!(code(&bytes.query_one(&sql, &[&Raw(latin1.clone())]).expect_err("refused")), "22021", "{function}");
    }
    drop((client, latin, bytes));
    cluster.finish();
}

/// JSON in ASCII alone.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars()
        .map(|c| match c {
            '\0'..='\x7f' => c.to_string(),
            _ => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect()
}

/// Ten megabytes of prose: memory does not grow with the text, and the counts are those of its parts.
#[test]
fn a_long_text_takes_little_memory() {
    const MEGABYTE: u64 = 1 << 20;
    let (cluster, mut client) = manual();
    run(
        &mut client,
        "CREATE TABLE long AS
         SELECT repeat(prose || ' ', n) AS body, n, counts
         FROM (SELECT string_agg(body, ' ' ORDER BY id) AS prose, sum(encode_counts('manual', body)) AS counts
               FROM texts) AS all_texts,
              LATERAL (SELECT 1 + 10000000 / length(prose) AS n) AS times;
         CREATE TABLE words AS SELECT regexp_replace(body, '[^a-zA-Z]', '', 'g') AS body FROM long",
    );
    // What each may take in a fresh session is twice what it was seen to take, text and parsed tokenizer included.
    for (function, answer, most) in [
        ("encode_query", "nnz(encode_query('manual', body))", 150),
        ("encode_counts", "(encode_counts('manual', body) = n * counts)::int", 150),
        (
            "encode_tokens",
            "(SELECT count(*) = n * l1_norm(counts) FROM encode_tokens('manual', body) WHERE NOT special)::int",
            750,
        ),
    ] {
        let mut session = cluster.connect();
        let pid: i32 = session.query_one("SELECT pg_backend_pid()", &[]).expect("a pid").get(0);
        let begin = Instant::now();
        let row = session.query_one(&format!("SELECT {answer}, octet_length(body) FROM long"), &[]);
        let row = row.unwrap_or_else(|e| panic!("{function}: {}", oracle::describe(&e)));
        let (found, length): (i32, i32) = (row.get(0), row.get(1));
        let time = begin.elapsed();
        assert!(length >= 10_000_000 && found >= 1, "{function}: {found} of {length} bytes");
        match peak_memory(pid.unsigned_abs()) {
            Some(peak) => {
                println!("{function} of {length} bytes: {time:?}, {} MB at most", peak / MEGABYTE);
                assert!(peak < most * MEGABYTE, "{function}: {peak} bytes of memory");
            }
            None => println!("{function} of {length} bytes: {time:?}; /proc does not tell the memory"),
        }
        // A word is not divided.
        let refused = session.query_one(&format!("SELECT {function}('manual', body)::text FROM words"), &[]);
        assert_eq!(code(&refused.expect_err("refused")), "54000");
    }
    drop(client);
    cluster.finish();
}
