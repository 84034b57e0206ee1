//! No input harms the server: every mutated literal and every mutated binary value ends as a value that survives a
//! round trip, or as an error of SQLSTATE class 22 or 54 that names the type. (Binary input may also end as 08P01,
//! the protocol's own word for too few bytes, or 22P03 for too many.) The backend never dies.
//!
//! Sizes: MALFORMED_TEXT (20,000), MALFORMED_BINARY (18,000 by parameter), MALFORMED_COPY (2,000 by COPY BINARY).
//! SEED repeats a run; every failure prints the seed and the input.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::raw::Raw;
use pg_wand_tests::{seed, size};
use postgres::{Client, SimpleQueryMessage};
use std::io::Write;

#[test]
fn mutated_literals() {
    let (cluster, mut client, seed) = server();
    let mut random = Random::new(seed);
    let mut accepted = 0;
    let n = size("MALFORMED_TEXT", 20_000);
    for _ in 0..n {
        let literal = mutated_text(&mut random);
        let sql = format!(
            "SELECT v::text = v::text::svec::text AND v = v::text::svec FROM (SELECT '{}'::svec AS v OFFSET 0) s",
            literal.replace('\'', "''")
        );
        match client.simple_query(&sql) {
            Ok(messages) => {
                accepted += 1;
                let same =
                    messages.iter().any(|m| matches!(m, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")));
                assert!(same, "SEED={seed}: no round trip for {literal:?}");
            }
            Err(e) => well_refused(&e, false).unwrap_or_else(|why| panic!("SEED={seed}: {why}\ninput: {literal:?}")),
        }
    }
    println!("malformed: {n} literals, {accepted} of them values; SEED={seed}");
    still_there(client, cluster, accepted, n);
}

#[test]
fn mutated_binary_values() {
    let (cluster, mut client, seed) = server();
    let mut random = Random::new(seed);
    let statement = client
        .prepare("SELECT v, v::text = v::text::svec::text AND v = v::text::svec FROM (SELECT $1::svec AS v OFFSET 0) s")
        .expect("PREPARE");
    let mut accepted = 0;
    let n = size("MALFORMED_BINARY", 18_000);
    for _ in 0..n {
        let bytes = mutated_binary(&mut random);
        match client.query_one(&statement, &[&Raw(bytes.clone())]) {
            Ok(row) => {
                accepted += 1;
                assert!(row.get::<_, bool>(1), "SEED={seed}: no round trip through text for {bytes:?}");
                let out: Raw = row.get(0);
                let again = client.query_one(&statement, &[&out]).expect("what send gave must be taken back");
                assert_eq!(out.0, again.get::<_, Raw>(0).0, "SEED={seed}: no round trip for {bytes:?}");
            }
            Err(e) => well_refused(&e, true).unwrap_or_else(|why| panic!("SEED={seed}: {why}\ninput: {bytes:?}")),
        }
    }
    println!("malformed: {n} binary values, {accepted} of them values; SEED={seed}");
    drop(statement);
    still_there(client, cluster, accepted, n);
}

#[test]
fn mutated_binary_copies() {
    let (cluster, mut client, seed) = server();
    let mut random = Random::new(seed);
    client.batch_execute("CREATE TABLE vectors (v svec)").expect("CREATE TABLE");
    let mut accepted = 0;
    let n = size("MALFORMED_COPY", 2_000);
    for _ in 0..n {
        let bytes = mutated_binary(&mut random);
        match copy_binary(&mut client, &bytes) {
            Ok(_) => accepted += 1,
            Err(e) => well_refused(&e, true).unwrap_or_else(|why| panic!("SEED={seed}: {why}\ninput: {bytes:?}")),
        }
    }
    let broken = client
        .query_one("SELECT count(*) FROM vectors WHERE v IS DISTINCT FROM v::text::svec", &[])
        .expect("round trips");
    assert_eq!(broken.get::<_, i64>(0), 0, "SEED={seed}: values that do not survive a round trip");
    println!("malformed: {n} copies, {accepted} of them values; SEED={seed}");
    still_there(client, cluster, accepted, n);
}

fn server() -> (Cluster, Client, u64) {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand").unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
    (cluster, client, seed())
}

/// One tuple of one field, between COPY's binary header and trailer.
fn copy_binary(client: &mut Client, value: &[u8]) -> Result<u64, postgres::Error> {
    let mut stream = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01".to_vec();
    stream.extend(i32::try_from(value.len()).expect("a short value").to_be_bytes());
    stream.extend(value);
    stream.extend([0xff, 0xff]);
    let mut copy = client.copy_in("COPY vectors FROM STDIN WITH (FORMAT binary)")?;
    let _ = copy.write_all(&stream);
    copy.finish()
}

fn well_refused(error: &postgres::Error, binary: bool) -> Result<(), String> {
    let Some(db) = error.as_db_error() else { return Err(format!("not an answer of the server: {error}")) };
    let code = db.code().code();
    if binary && (code == "08P01" || code == "22P03") {
        return Ok(());
    }
    let text = format!("{} {} {}", db.message(), db.detail().unwrap_or(""), db.hint().unwrap_or(""));
    if !(code.starts_with("22") || code.starts_with("54")) {
        return Err(format!("refused with SQLSTATE {code}: {text}"));
    }
    if !text.contains("svec") {
        return Err(format!("the refusal does not name svec: {code} {text}"));
    }
    Ok(())
}

/// The same backend still answers, some inputs were values and some were not.
fn still_there(mut client: Client, cluster: Cluster, accepted: usize, n: usize) {
    let two: i32 = client.query_one("SELECT 1 + 1", &[]).expect("the backend is alive").get(0);
    assert_eq!(two, 2);
    assert!(n == 0 || (accepted > 0 && accepted < n), "{accepted} of {n} accepted: the mutations test nothing");
    drop(client);
    cluster.finish();
}

fn mutated_text(random: &mut Random) -> String {
    const PIECES: [&str; 40] = [
        "{",
        "}",
        ":",
        ",",
        "/",
        "-",
        "+",
        "0",
        "1",
        "9",
        ".",
        "e",
        "E",
        " ",
        "\t",
        "\n",
        "nan",
        "NaN",
        "inf",
        "-0",
        "0x1f",
        "1e39",
        "-1e39",
        "1e-46",
        "1e-40",
        "1e999999999",
        "2147483647",
        "2147483648",
        "-2147483648",
        "4294967296",
        "9223372036854775808",
        "99999999999999999999",
        "1:1",
        "1:1,",
        ",,",
        "{}",
        "/0",
        "/-1",
        "\u{661}",
        "\u{feff}",
    ];
    let mut text = corpus::literal(&small(random));
    for _ in 0..1 + random.below(3) {
        let at = boundary(&text, random.below(text.len() + 1));
        let end = boundary(&text, (at + 1 + random.below(3)).min(text.len()));
        match random.below(7) {
            0 => text.insert_str(at, random.pick::<&str>(&PIECES)),
            1 => text.replace_range(at..end.max(at), random.pick::<&str>(&PIECES)),
            2 => text.replace_range(at..end.max(at), ""),
            3 => text.truncate(at),
            4 => {
                let twice = text[at..end.max(at)].to_string();
                text.insert_str(at, &twice);
            }
            5 => {
                let byte = char::from(u8::try_from(1 + random.below(126)).expect("ASCII"));
                text.insert(at, byte);
            }
            _ => text.push_str(random.pick::<&str>(&PIECES)),
        }
    }
    if random.chance(0.001) { text.repeat(2_000) } else { text }
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// dim, nnz, flags, indices from 0, weights; all big-endian.
fn mutated_binary(random: &mut Random) -> Vec<u8> {
    const NUMBERS: [i32; 12] =
        [0, 1, -1, 2, i32::MAX, i32::MIN, i32::MAX - 1, 1 << 28, (1 << 29) + 1, 0x7f80_0000, 0x7fc0_0000, 30_522];
    let vector = small(random);
    let mut words: Vec<i32> = vec![30_522, i32::try_from(vector.len()).expect("short"), 0];
    words.extend(vector.keys().map(|term| i32::try_from(*term).expect("a term")));
    words.extend(vector.values().map(|weight| weight.to_bits().cast_signed()));
    let mut short = 0;
    for _ in 0..1 + random.below(2) {
        let at = random.below(words.len());
        match random.below(9) {
            0 => words[at] = *random.pick(&NUMBERS),
            1 => words[at] = words[at].wrapping_add(if random.chance(0.5) { 1 } else { -1 }),
            2 => words[at] ^= 1 << random.below(32),
            3 => words[1] = words[1].wrapping_add(random.below(5) as i32 - 2),
            4 => words[at..].reverse(),
            5 => words.push(*random.pick(&NUMBERS)),
            6 => short = 1 + random.below(8),
            7 => words[at] = words[at].swap_bytes(),
            // A weight that is another number, also minus zero and denormals: often still a value.
            _ if words.len() > 4 => {
                let weight =
                    *random.pick(&[0.0, -0.0, 1e-45, -1e-45, f32::MAX, f32::MIN, f32::INFINITY, f32::NAN, 0.25]);
                let last = words.len() - 1;
                words[last] = weight.to_bits().cast_signed();
            }
            _ => (),
        }
    }
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.truncate(bytes.len().saturating_sub(short));
    bytes
}

fn small(random: &mut Random) -> corpus::Vector {
    let whole = corpus::document(Profile::Learned, random).expect("not NULL");
    let n = random.below(6);
    whole.into_iter().take(n).collect()
}
