//! A full disk: the statement ends with an ERROR of class 53 (no space left), and once there is space again everything
//! goes on: the index is sound, the statement succeeds, queries answer as a sequential scan does.
//!
//! The index lies on a file system of its own, of a few megabytes, which is filled so far that a random part of what
//! the operation needs is left. Every way to change an index is tried (`tests/src/operations.rs`), and builds whose runs
//! go to temporary files there. Mounting needs root's rights: without them the test says so, and limits the size of the
//! session's files instead, which the server reports as another error. `temp_file_limit` needs no rights.
//!
//! Sizes: DISK_FULL_ROUNDS (2 of every operation; at full size 100). SEED repeats a run.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::operations::{self, Operation};
use pg_wand_tests::random::Random;
use pg_wand_tests::scarcity::Session;
use pg_wand_tests::small_disk::SmallDisk;
use pg_wand_tests::{begin, one_at_a_time, oracle, size};

const DISK: u64 = 64 << 20;
/// A page of the file system.
const PAGE: u64 = 4096;
/// In the row of a table whose build does not fit into memory: copies of the corpus.
const SPILLING: &str = "CREATE TABLE docs AS SELECT id + 10000 * n AS id, emb FROM corpus, generate_series(0, 19) n
    WHERE id <= 400";

fn start() -> Session {
    let mut session = Session::new(Cluster::start_new(&["autovacuum = off", "max_parallel_maintenance_workers = 2"]));
    operations::make_corpus(&mut session.client, 1);
    session
}

/// How a statement ended.
enum End {
    Done,
    Full,
}

fn attempt(session: &mut Session, sql: &str) -> Result<End, String> {
    match session.client.batch_execute(sql) {
        Ok(()) => Ok(End::Done),
        Err(e) if e.code().is_some_and(|code| code.code() == "53100") => Ok(End::Full),
        Err(e) => Err(oracle::describe(&e)),
    }
}

/// One operation on a disk that has a random part of what it needs.
fn fill(session: &mut Session, disk: &SmallDisk, operation: &Operation, random: &mut Random) -> Result<bool, String> {
    let client = &mut session.client;
    client.batch_execute("RESET default_tablespace; CHECKPOINT").map_err(|e| oracle::describe(&e))?;
    disk.resize(DISK);
    let moved = |session: &mut Session| -> Result<(), String> {
        operations::prepare(&mut session.client, operation)?;
        let sql = if operation.builds {
            "SET default_tablespace = small"
        } else {
            "ALTER INDEX docs_idx SET TABLESPACE small"
        };
        // A table may lie where it does: its index alone is on the small disk.
        session.client.batch_execute(sql).map_err(|e| oracle::describe(&e))
    };
    // What it takes when there is space.
    moved(session)?;
    let before = disk.free();
    session.client.batch_execute(operation.run).map_err(|e| format!("with space: {}", oracle::describe(&e)))?;
    let needed = before.saturating_sub(disk.free());
    session
        .client
        .batch_execute("RESET default_tablespace; DROP TABLE docs; CHECKPOINT")
        .map_err(|e| oracle::describe(&e))?;
    moved(session)?;
    let left = random.below((needed / PAGE + 1) as usize) as u64 * PAGE;
    disk.leave(left);
    let end = attempt(session, operation.run).map_err(|e| format!("with {left} of {needed} bytes: {e}"))?;
    // Sometimes the disk grows, sometimes something else on it goes.
    if random.chance(0.5) {
        disk.resize(2 * DISK);
    } else {
        disk.clear();
    }
    let full = matches!(end, End::Full);
    operations::goes_on(&mut session.client, operation, full)
        .map_err(|e| format!("with {left} of {needed} bytes, full {full}: {e}"))?;
    disk.clear();
    Ok(full)
}

#[test]
fn the_index_has_a_full_disk() {
    let _alone = one_at_a_time();
    let rounds = size("DISK_FULL_ROUNDS", 2);
    let seed = begin("disk_full", &[("DISK_FULL_ROUNDS", rounds)]);
    let mut session = start();
    let Some(disk) = SmallDisk::mount(&session.cluster, DISK) else { return without_rights(session, seed) };
    session.run(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.space().display()));
    let mut random = Random::new(seed);
    let (mut full, mut done) = (0, 0);
    let mut operations = operations::plain();
    // Its index becomes what its init fork says: nothing is written to the small disk.
    operations.retain(|operation| operation.name != "reset_unlogged");
    let spills = ["CREATE INDEX docs_idx ON docs USING wand (emb)"];
    operations.push(Operation {
        name: "build_spilling",
        prepare: vec![SPILLING.into(), "SET maintenance_work_mem = '1MB'; SET temp_tablespaces = small".into()],
        ready: "",
        run: spills[0],
        adds: 0..0,
        builds: true,
        unlogged: false,
    });
    for operation in &operations {
        for _ in 0..rounds {
            match fill(&mut session, &disk, operation, &mut random) {
                Ok(true) => full += 1,
                Ok(false) => done += 1,
                Err(e) => panic!(
                    "{}: {e}\nrepeat: SEED={seed} DISK_FULL_ROUNDS={rounds} scripts/integration.sh disk_full",
                    operation.name
                ),
            }
        }
        session.run("RESET maintenance_work_mem; RESET temp_tablespaces");
    }
    println!("disk_full: {} times no space left, {done} times just enough; SEED={seed}", full);
    assert!(full > 0, "the disk was never full");
    let Session { cluster, client, .. } = session;
    drop(client);
    cluster.finish();
    drop(disk);
}

/// The same idea with a limit of the size of the session's files; the server calls that another error.
fn without_rights(mut session: Session, seed: u64) {
    println!("disk_full: NO RIGHT TO MOUNT A FILE SYSTEM HERE; the size of the session's files is limited instead");
    let mut refused = 0;
    for kilobytes in [8, 40, 200, 1_000_000] {
        let build = operations::plain().into_iter().find(|operation| operation.name == "build").expect("the operation");
        operations::prepare(&mut session.client, &build).expect("prepared");
        assert!(session.limit(&format!("--fsize={}:", kilobytes * 1024)), "prlimit does not work here");
        let result = session.client.batch_execute(build.run);
        assert!(session.limit("--fsize=unlimited:"));
        refused += usize::from(result.is_err());
        operations::goes_on(&mut session.client, &build, result.is_err())
            .unwrap_or_else(|e| panic!("{kilobytes} kB: {e}"));
    }
    assert!(refused > 0, "no limit was met");
    println!("disk_full: {refused} of 4 builds met the limit of a file's size; SEED={seed}");
}

#[test]
fn temporary_files_have_a_limit() {
    let _alone = one_at_a_time();
    let mut session = start();
    session.run(SPILLING);
    session.run("SET maintenance_work_mem = '1MB'; SET temp_file_limit = '64kB'");
    let build = "CREATE INDEX docs_idx ON docs USING wand (emb)";
    let error = session.client.batch_execute(build).expect_err("more than 64 kB of temporary files");
    assert_eq!(error.code().map(|code| code.code()), Some("53400"), "{}", oracle::describe(&error));
    session.run("RESET temp_file_limit");
    session.run(build);
    assert_eq!(oracle::check_index(&mut session.client, "docs_idx"), Vec::<String>::new());
    println!("disk_full: temp_file_limit is heeded");
    let Session { cluster, client, .. } = session;
    drop(client);
    cluster.finish();
}
