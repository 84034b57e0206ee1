//! Whatever pages of the indexes a crash has left in their files, recovery repairs them all: `tests/src/lottery.rs`
//! draws the files of every wand index, and of its free-space map, from the versions that they had between the last
//! checkpoint and the crash, torn pages and missing ends included. The server starts on that image; nothing
//! acknowledged is lost, `wand_check(index, true)` finds nothing, answers are those of a sequential scan; then rows
//! come and go, the table is vacuumed, and all is looked at once more.
//!
//! The load runs with few buffers, so that pages are written all the time, and no checkpoint falls into it.
//!
//! Sizes: LOTTERY_IMAGES (10), LOTTERY_CRASH (5 images a crash), LOTTERY_WRITERS (3), LOTTERY_ROWS (1,500, about). SEED
//! repeats the choices, though not the timing of the load.

use pg_wand_tests::archive::{end_of_log, for_each_record, lsn_number};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::ledger::Ledger;
use pg_wand_tests::load::Load;
use pg_wand_tests::lottery::{self, Copies, Drawn, Versions};
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, size, workload};
use postgres::Client;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const SETTINGS: [&str; 8] = [
    "autovacuum_naptime = 1s",
    "max_prepared_transactions = 40",
    "checkpoint_timeout = 1h",
    "max_wal_size = 8GB",
    "shared_buffers = 4MB",
    "bgwriter_delay = 10ms",
    "bgwriter_lru_maxpages = 1000",
    "bgwriter_lru_multiplier = 10",
];

#[test]
fn recovery_repairs_whatever_pages_a_crash_leaves() {
    let (images, each) = (size("LOTTERY_IMAGES", 10), size("LOTTERY_CRASH", 5));
    let writers = size("LOTTERY_WRITERS", 3);
    let seed = begin("lottery", &[("LOTTERY_IMAGES", images), ("LOTTERY_CRASH", each), ("LOTTERY_WRITERS", writers)]);
    let mut random = Random::new(seed);
    let cluster = Cluster::start_new(&SETTINGS);
    workload::create(&mut cluster.connect());
    let mut ledgers: Vec<Ledger> = (0..writers).map(|_| Ledger::default()).collect();
    let (mut all, mut seconds, mut crashes) = (Drawn::default(), 0.0, 0);
    let mut drawn = 0;
    while drawn < images {
        let moments = load_and_kill(&cluster, &mut ledgers, &mut random);
        crashes += 1;
        let versions = Versions::of(&moments.copies);
        let beyond: usize = versions.values().map(|versions| versions.beyond(moments.end)).sum();
        assert_eq!(beyond, 0, "pages were written before their log, SEED={seed}");
        let changed: usize = versions.values().map(Versions::changed).sum();
        println!("crash {crashes}: {} files, {changed} pages in several versions", versions.len());
        assert!(changed > 100, "the load changed only {changed} pages that were there");
        for _ in 0..each.min(images - drawn) {
            drawn += 1;
            let context = format!("image {drawn}, SEED={seed}");
            let begin = Instant::now();
            let image = cluster.copy();
            for (path, versions) in &versions {
                let (file, drawn) = versions.draw(&mut random);
                image.overwrite(path, &file);
                all.add(&drawn);
            }
            image.start();
            look(&image, &ledgers, &mut random, &context);
            image.finish();
            seconds += begin.elapsed().as_secs_f64();
        }
        cluster.start();
        let found = look(&cluster, &ledgers, &mut random, &format!("crash {crashes}, SEED={seed}"));
        for (number, ledger) in ledgers.iter_mut().enumerate() {
            ledger.settle(&workload::own(&found, number, writers));
        }
    }
    assert!(
        all.old > 20 * images && all.torn > 5 * images && all.missing > images,
        "too few pages were drawn: {all:?}"
    );
    println!(
        "lottery: {images} images of {crashes} crashes, {} pages, of them {} old, {} torn, {} missing, 0 differences, \
         {:.1} s each; SEED={seed}",
        all.pages,
        all.old,
        all.torn,
        all.missing,
        seconds / images as f64
    );
    cluster.finish();
}

/// The files of the indexes from the checkpoint to the crash, and where the log ends.
struct Moments {
    copies: Vec<Copies>,
    end: u64,
}

fn load_and_kill(cluster: &Cluster, ledgers: &mut [Ledger], random: &mut Random) -> Moments {
    let load = Load { cluster, rows: size("LOTTERY_ROWS", 1_500), readers: 1, checkpoints: false };
    load.run(ledgers, random, |_| thread::sleep(Duration::from_millis(700)));
    let mut client = cluster.connect();
    client.batch_execute("CHECKPOINT").expect("CHECKPOINT");
    let redo: String =
        client.query_one("SELECT redo_lsn::text FROM pg_control_checkpoint()", &[]).expect("redo").get(0);
    let mut paths = paths(&mut client);
    let mut copies = vec![lottery::read(&cluster.data(), &paths.iter().cloned().collect::<Vec<_>>())];
    let waits: Vec<u64> = (0..2 + random.below(8)).map(|_| 20 + random.below(400) as u64).collect();
    load.run(ledgers, random, |stop| {
        for wait in waits {
            thread::sleep(Duration::from_millis(wait));
            paths.extend(self::paths(&mut client));
            copies.push(lottery::read(&cluster.data(), &paths.iter().cloned().collect::<Vec<_>>()));
        }
        stop.store(true, Ordering::Relaxed);
        cluster.kill_all();
    });
    copies.push(lottery::read(&cluster.data(), &paths.into_iter().collect::<Vec<_>>()));
    Moments { copies, end: end_of_log(&cluster.data().join("pg_wal"), &redo) }
}

/// Of every index and its map; a REINDEX makes new ones.
fn paths(client: &mut Client) -> BTreeSet<String> {
    let sql = "SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE amname = 'wand'";
    let found = client.query(sql, &[]).expect("paths");
    let paths = found.iter().filter_map(|row| row.get::<_, Option<String>>(0));
    paths.flat_map(|path| [format!("{path}_fsm"), path]).collect()
}

/// Nothing acknowledged is lost, indexes are sound, and go on. Returns the rows as they were before that.
fn look(
    cluster: &Cluster,
    ledgers: &[Ledger],
    random: &mut Random,
    context: &str,
) -> std::collections::BTreeMap<i64, i32> {
    let mut client = cluster.connect();
    workload::settle_prepared(&mut client, random);
    let found = workload::verify(&mut client, random, 10, context);
    for (number, ledger) in ledgers.iter().enumerate() {
        let wrong = ledger.clone().settle(&workload::own(&found, number, ledgers.len()));
        assert!(wrong.is_empty(), "{context}: the server broke its word:\n{}", wrong.join("\n"));
    }
    workload::go_on(&mut client, context);
    workload::verify(&mut client, random, 5, &format!("{context}, gone on"))
}

/// What statements write to the log about the indexes of a table, by the table's kind.
#[test]
fn only_what_must_be_logged_is() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_wand").expect("CREATE EXTENSION");
    for kind in ["", "UNLOGGED", "TEMP"] {
        let from = lsn(&mut client);
        let files = every_operation(&mut client, kind);
        let to = lsn(&mut client);
        let (mut generic, mut others, mut init, mut wrong) = (0, BTreeSet::new(), 0, Vec::new());
        for_each_record(&cluster.data().join("pg_wal"), &from, &to, |record| {
            if !record.files().any(|file| files.contains(file)) {
                return;
            }
            init += usize::from(record.is_of_init_forks());
            generic += usize::from(record.manager == "Generic");
            // Pages of the free-space map are logged when they are changed first after a checkpoint.
            let allowed = match kind {
                "" => ["Generic", "Storage"].contains(&record.manager) || record.is_of_map(),
                "UNLOGGED" => record.is_of_init_forks(),
                _ => false,
            };
            others.insert(record.manager.to_string());
            if !allowed {
                wrong.push(record.text().to_string());
            }
        });
        let kind = if kind.is_empty() { "permanent" } else { kind };
        println!("logged: {kind}: {} files, {generic} generic records, {init} of init forks, {others:?}", files.len());
        assert!(
            wrong.is_empty(),
            "{kind}: {} records too many:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(5)].join("\n")
        );
        let enough = match kind {
            "permanent" => generic > 100,
            // Of three indexes, each made and made again: a file and its metapage.
            "UNLOGGED" => init >= 6,
            _ => true,
        };
        assert!(enough && files.len() >= 6, "{kind}: too little was done");
    }
    drop(client);
    cluster.finish();
}

fn lsn(client: &mut Client) -> String {
    let row = client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).expect("a place in the log");
    let lsn: String = row.get(0);
    assert!(lsn_number(&lsn) > 0);
    lsn
}

/// Builds, inserts, flushes, merges, deletes, vacuums and rebuilds, in a table of its own that is dropped in the end.
/// Returns the files that its indexes had.
fn every_operation(client: &mut Client, kind: &str) -> BTreeSet<String> {
    let rows = |from: i64, to: i64| -> String {
        let row = |id| {
            let emb = workload::content(id, 0);
            if emb == "\\N" { format!("({id}, NULL)") } else { format!("({id}, '{emb}')") }
        };
        let rows: Vec<String> = (from..to).map(row).collect();
        format!("INSERT INTO docs VALUES {}", rows.join(","))
    };
    let options = "WITH (pending_list_limit = 64)";
    let statements = [
        format!("CREATE {kind} TABLE docs (id bigint, emb svec)"),
        rows(1, 150),
        format!("CREATE INDEX docs_ip ON docs USING wand (emb) {options}"),
        format!("CREATE INDEX docs_l2 ON docs USING wand (emb svec_l2_ops, (id % 7)) {options}"),
        format!("CREATE INDEX docs_cos ON docs USING wand ((md5(id::text)), emb svec_cosine_ops, id) {options}"),
        rows(150, 400),
        "SELECT wand_merge('docs_ip'), wand_merge('docs_l2')".into(),
        "DELETE FROM docs WHERE id % 3 = 0".into(),
        "SET enable_seqscan = off".into(),
        format!("SELECT id FROM docs ORDER BY emb <#> '{}' LIMIT 300", workload::content(5, 0)),
        "RESET enable_seqscan".into(),
        "VACUUM docs".into(),
        rows(400, 500),
        "DELETE FROM docs WHERE id > 100".into(),
        "VACUUM docs".into(),
        "REINDEX TABLE docs".into(),
        rows(500, 600),
        "TRUNCATE docs".into(),
        rows(600, 650),
        "DROP TABLE docs".into(),
    ];
    let mut files = BTreeSet::new();
    for sql in statements {
        client.batch_execute(&sql).unwrap_or_else(|e| panic!("{e}\nin: {sql:.200}"));
        // Of temporary ones the file's name has the session's number before it; the log would name the number alone.
        let found = client
            .query(
                "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || relfilenode
                 FROM pg_class WHERE relname ~ '^docs_' AND relkind = 'i'",
                &[],
            )
            .expect("files");
        files.extend(found.iter().map(|row| row.get::<_, String>(0)));
    }
    files
}
