//! From text to a query: what a question costs in the server, beside PostgreSQL's own text search, and what the first
//! one of a session costs, which reads the tokenizer; then document frequencies from the index and from the table.

use crate::measure::{in_turns, mean};
use crate::server::{Server, run};
use crate::table::{Table, ratio};
use pg_wand_tests::project_root;
use std::fmt::Write;
use std::time::Instant;

/// Words of a question.
const WORDS: usize = 12;
/// How often all questions are asked in one statement.
const REPEATS: usize = 50;
/// Sessions whose first call is timed.
const SESSIONS: usize = 5;

/// The encoders: name in SQL, name in the table.
const ENCODERS: [(&str, &str); 2] = [("pieces", "WordPiece, 30,522 tokens"), ("unigram", "Unigram, 250,000 tokens")];

pub fn encoding(server: &mut Server) -> Table {
    eprintln!("text: questions of {WORDS} words");
    for file in ["tokenizer.json", "idf.json"] {
        server.place(&project_root().join("demo/pgdocs").join(file));
    }
    server.run(
        "SELECT wand_create_encoder('pieces', pg_read_file('tokenizer.json'), pg_read_file('idf.json')::jsonb);
         CREATE TABLE questions (question text)",
    );
    let create = "SELECT wand_create_encoder('unigram', $1, idf => (SELECT to_svec(array_agg(i), array_agg(1::real), 250000) FROM generate_series(1, 250000) i))";
    server.client().execute(create, &[&unigram()]).expect("an encoder");
    let questions = questions();
    for question in &questions {
        server.client().execute("INSERT INTO questions VALUES ($1)", &[question]).expect("a question");
    }
    server.run("VACUUM ANALYZE questions");

    let expressions: Vec<String> = ENCODERS
        .iter()
        .map(|(name, _)| format!("encode_query('{name}', question)"))
        .chain(["plainto_tsquery('english', question)".to_string()])
        .collect();
    let statements: Vec<[String; 1]> = expressions
        .iter()
        .map(|call| [format!("SELECT count({call}) FROM questions, generate_series(1, {REPEATS})")])
        .collect();
    statements.iter().for_each(|sql| drop(server.times(&[], sql)));
    let times = in_turns(statements.len(), |at| server.times(&[], &statements[at]));
    let each: Vec<f64> = times.iter().map(|ms| mean(ms) * 1e3 / (questions.len() * REPEATS) as f64).collect();
    let first: Vec<f64> = expressions.iter().map(|call| first_call(server, call)).collect();

    let title = format!("Text to query: {} questions of {WORDS} words, warm; first call of a session", questions.len());
    let mut table = Table::new(&title, &["way", "time / plainto_tsquery", "us", "first call ms"]);
    let names = ENCODERS.iter().map(|(_, name)| format!("encode_query, {name}")).chain(["plainto_tsquery".into()]);
    for (at, name) in names.enumerate() {
        let own = each[at] / each[ENCODERS.len()];
        table.row(vec![name, ratio(own), format!("{:.1}", each[at]), format!("{:.1}", first[at])]);
    }
    table
}

/// Milliseconds from statement to answer in a new session, on average; the library is loaded by it, too.
fn first_call(server: &Server, call: &str) -> f64 {
    let sql = format!("SELECT {call} FROM (SELECT question FROM questions LIMIT 1) AS one");
    let times: Vec<f64> = (0..SESSIONS)
        .map(|_| {
            let mut client = server.new_client();
            run(&mut client, "SELECT question FROM questions LIMIT 1");
            let begin = Instant::now();
            run(&mut client, &sql);
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    mean(&times)
}

/// The words of the manual's questions, so many at a time.
fn questions() -> Vec<String> {
    let file = project_root().join("demo/pgdocs/queries.tsv");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let words: Vec<&str> =
        text.lines().filter_map(|line| line.split_once('\t')).flat_map(|(_, question)| question.split(' ')).collect();
    words.chunks_exact(WORDS).map(|words| words.join(" ")).collect()
}

/// A tokenizer of 250,000 made-up words of three syllables and the letters that they are made of.
fn unigram() -> String {
    const CONSONANTS: &str = "bcdfghjklmnprstvz";
    let syllables: Vec<String> =
        CONSONANTS.chars().flat_map(|c| "aeiou".chars().map(move |v| format!("{c}{v}"))).take(64).collect();
    let mut vocabulary = String::from(r#"["<unk>",0.0],["\u2581",-9.0]"#);
    let letters: Vec<char> = ('a'..='z').collect();
    letters.iter().for_each(|letter| write!(vocabulary, r#",["{letter}",-9.5]"#).expect("a string"));
    for n in 0..250_000 - 2 - letters.len() {
        let [a, b, c] = [n % 64, n / 64 % 64, n / 4096].map(|s| &syllables[s]);
        write!(vocabulary, r#",["\u2581{a}{b}{c}",-{}.{}]"#, 10 + n % 5, n % 1000).expect("a string");
    }
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":{{"type":"Lowercase"}},
            "pre_tokenizer":{{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always","split":true}},
            "post_processor":null,"decoder":null,
            "model":{{"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":[{vocabulary}]}}}}"#
    )
}

pub fn statistics(server: &mut Server) -> Table {
    eprintln!("document frequencies");
    let ways = [
        ("df_agg, count", "SELECT df_agg(emb), count(emb) FROM ours"),
        ("wand_df", "SELECT df, n FROM wand_df('ours_emb')"),
    ];
    let mut table =
        Table::new("Document frequencies of the whole table", &["way", "rows deleted", "time / df_agg", "ms"]);
    // The second time in a transaction that has deleted some rows, which is not known in the index.
    for deleted in ["none", "1 %"] {
        if deleted != "none" {
            server.run("BEGIN; DELETE FROM ours WHERE id % 100 = 7");
        }
        let statements = ways.map(|(_, sql)| [sql.to_string()]);
        statements.iter().for_each(|sql| drop(server.times_as_set(sql)));
        let times = in_turns(ways.len(), |at| server.times_as_set(&statements[at]));
        for (at, (name, _)) in ways.iter().enumerate() {
            let own = mean(&times[at]);
            let cells = [(*name).into(), deleted.into(), ratio(own / mean(&times[0])), format!("{own:.1}")];
            table.row(cells.to_vec());
        }
    }
    server.run("ROLLBACK");
    server.run("VACUUM ours");
    table
}
