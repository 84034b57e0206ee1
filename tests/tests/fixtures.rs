//! Files of every format on disk that was released answer as recorded, take writes, and are sound; files of another
//! format are refused in words that say REINDEX, which helps.
//!
//! `tests/fixtures/format-N` has table and index of each shape (`tests/src/shapes.rs`), with segments, dead rows and a
//! pending list, and the answers to its questions. They are put into a fresh server under the same definitions, as
//! `pg_upgrade` does: its log and its transaction ids begin beyond theirs. No sizes.
//!
//! `make_fixtures`, which is not run with the others, makes those of the present version anew: `cargo test --package
//! pg_wand_tests --test fixtures -- --ignored`.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::oracle::{self, Row, describe};
use pg_wand_tests::project_root;
use pg_wand_tests::shapes::{SHAPES, run};
use postgres::Client;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: usize = 8192;
/// Where the version stands in a page.
const VERSION_AT: usize = 8154;
/// Log and transaction ids of the fresh server.
const BEYOND: [&str; 4] = ["-l", "000000010000000100000000", "-x", "20000"];

#[test]
fn files_of_every_format_answer_as_recorded() {
    let mut formats: Vec<PathBuf> =
        fs::read_dir(folder()).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    formats.sort();
    assert!(!formats.is_empty(), "no fixtures");
    let mut answers = 0;
    for format in formats {
        let recorded = fs::read_to_string(format.join("answers.txt")).expect("answers");
        let cluster = server_with(&format, |_, _| ());
        let mut client = cluster.connect();
        let mut found = String::new();
        for shape in SHAPES {
            let rows = shape.answers(&mut client);
            answers += rows.len();
            found += &shown(shape.name, &rows);
        }
        assert!(found == recorded, "{}: other answers than recorded", format.display());
        for shape in SHAPES {
            shape.change(&mut client);
            run(&mut client, &format!("REINDEX INDEX {}_idx", shape.name));
            shape.answers(&mut client);
        }
        drop(client);
        cluster.finish();
    }
    println!("fixtures: {answers} answers as recorded, {} shapes", SHAPES.len());
}

/// Formats that this library cannot read: an older one than the first that was released, and one to come.
#[test]
fn files_of_another_format_say_reindex() {
    let format = folder().join(format!("format-{}", present_format()));
    let recorded = fs::read_to_string(format.join("answers.txt")).expect("answers");
    for (version, first) in [(3u16, 0), (99, 0), (99, 1)] {
        let cluster = server_with(&format, |name, pages| {
            if name.ends_with(".index") {
                for page in pages.chunks_exact_mut(PAGE).skip(first) {
                    page[VERSION_AT..VERSION_AT + 2].copy_from_slice(&version.to_le_bytes());
                }
            }
        });
        let mut client = cluster.connect();
        let mut found = String::new();
        for shape in SHAPES {
            refused(&mut client, &shape.questions()[0], version, first == 0);
            if first == 0 {
                let id = "INSERT INTO NAME SELECT * FROM NAME LIMIT 1".replace("NAME", shape.name);
                let error = client.batch_execute(&id).err();
                // A partial index need not have the row.
                assert!(error.is_some() || shape.name == "partial", "{}: a write was let through", shape.name);
                run(&mut client, "ROLLBACK");
                let advice = advice(&mut client, shape.name);
                assert!(advice.starts_with("REINDEX") && advice.contains("another version of pg_wand"), "{advice}");
            }
            run(&mut client, &format!("REINDEX INDEX {}_idx", shape.name));
            found += &shown(shape.name, &shape.answers(&mut client));
        }
        assert!(found == recorded, "version {version}: other answers after REINDEX");
        drop(client);
        cluster.stop("fast");
    }
}

/// What `wand_indexes` says of the index.
fn advice(client: &mut Client, shape: &str) -> String {
    let row = client.query_one("SELECT advice FROM wand_indexes WHERE tablename = $1", &[&shape]).expect("a row");
    row.get::<_, Option<String>>(0).unwrap_or_else(|| panic!("{shape}: no advice"))
}

fn refused(client: &mut Client, sql: &str, version: u16, whole: bool) {
    let mut transaction = oracle::begin(client).expect("BEGIN");
    oracle::prefer_index(&mut transaction).expect("settings");
    let error = transaction.query(sql, &[]).map(|_| ()).expect_err("another format was read");
    let db = error.as_db_error().expect("a server's error");
    let hint = db.hint().unwrap_or_default();
    assert_eq!(db.code().code(), "XX002", "version {version}: {}", describe(&error));
    assert!(hint.contains("REINDEX"), "version {version}: {} HINT {hint}", describe(&error));
    let detail = db.detail().unwrap_or_default();
    assert!(!whole || detail.contains("another version of pg_wand"), "version {version}: {detail}");
}

#[test]
#[ignore = "makes the files that the others read"]
fn make_fixtures() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand");
    let mut answers = String::new();
    for shape in SHAPES {
        shape.create(&mut client);
        shape.fill(&mut client);
        // Without the index, whose pending list is to stay.
        run(&mut client, &format!("VACUUM (FREEZE, INDEX_CLEANUP OFF) {}", shape.name));
        let info = client.query_one(&format!("SELECT segments, pending FROM wand_info('{}_idx')", shape.name), &[]);
        let info = info.expect("wand_info");
        assert!(info.get::<_, i32>(0) >= 1 && info.get::<_, i64>(1) > 0, "{}: {info:?}", shape.name);
        answers += &shown(shape.name, &shape.answers(&mut client));
    }
    let files: Vec<(String, PathBuf)> = SHAPES.iter().flat_map(|shape| paths(&mut client, shape.name)).collect();
    let next: i64 = client.query_one("SELECT pg_current_xact_id()::text::bigint", &[]).expect("an id").get(0);
    assert!(next < 19_000, "transaction ids are beyond those of the tests' server: {next}");
    drop(client);
    cluster.stop("fast");
    let read = |path: &Path| fs::read(cluster.data().join(path)).expect("a relation's file");
    let pages = read(&files[1].1);
    let format = u16::from_le_bytes([pages[VERSION_AT], pages[VERSION_AT + 1]]);
    let target = folder().join(format!("format-{format}"));
    fs::create_dir_all(&target).expect("a folder");
    for (name, path) in &files {
        let file = fs::File::create(target.join(format!("{name}.zst"))).expect("a fixture");
        zstd::stream::copy_encode(&read(path)[..], file, 19).expect("zstd");
    }
    fs::write(target.join("answers.txt"), answers).expect("answers");
    println!("fixtures: {} files in {}", files.len() + 1, target.display());
}

/// A server with the files of a format, which `change` may change before.
fn server_with(format: &Path, change: impl Fn(&str, &mut [u8])) -> Cluster {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand");
    let mut files = Vec::new();
    for shape in SHAPES {
        shape.create(&mut client);
        files.extend(paths(&mut client, shape.name));
    }
    drop(client);
    cluster.stop("fast");
    let mut changed = false;
    for (name, path) in files {
        let packed = fs::read(format.join(format!("{name}.zst"))).unwrap_or_else(|e| panic!("{name}: {e}"));
        let original = zstd::stream::decode_all(&packed[..]).expect("zstd");
        let mut pages = original.clone();
        change(&name, &mut pages);
        changed |= pages != original;
        fs::write(cluster.data().join(&path), pages).expect("a relation's file");
        for fork in ["fsm", "vm"] {
            let _ = fs::remove_file(cluster.data().join(format!("{}_{fork}", path.display())));
        }
    }
    cluster.server_program("pg_resetwal", &BEYOND);
    if changed {
        cluster.server_program("pg_checksums", &["--disable"]);
    }
    cluster.start();
    cluster
}

/// The main forks of a table and its index.
fn paths(client: &mut Client, name: &str) -> [(String, PathBuf); 2] {
    [("table", ""), ("index", "_idx")].map(|(what, suffix)| {
        let sql = format!("SELECT pg_relation_filepath('{name}{suffix}')");
        let path: String = client.query_one(&sql, &[]).expect("a path").get(0);
        (format!("{name}.{what}"), path.into())
    })
}

/// A line for each question: ids with the bits of their distances, in the order of ids.
fn shown(name: &str, answers: &[Vec<Row>]) -> String {
    let mut text = String::new();
    for (n, rows) in answers.iter().enumerate() {
        let mut rows: Vec<_> = rows.iter().map(|(id, bits)| (bits.map(f64::from_bits), *id)).collect();
        rows.sort_by_key(|row| row.1);
        let rows = rows.iter().map(|(distance, id)| match distance {
            Some(distance) => format!("{id}:{:x}", distance.to_bits()),
            None => format!("{id}:null"),
        });
        text += &format!("{name} {n} {}\n", rows.collect::<Vec<_>>().join(" "));
    }
    text
}

fn present_format() -> u16 {
    let source = fs::read_to_string(project_root().join("src/storage/page.rs")).expect("page.rs");
    let line = source.lines().find_map(|line| line.strip_prefix("pub const VERSION: u16 = ")).expect("VERSION");
    line.trim_end_matches(';').parse().expect("a number")
}

fn folder() -> PathBuf {
    project_root().join("tests/fixtures")
}
