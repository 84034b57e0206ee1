//! Memory is bounded by the server's settings: how much more a process has at its peak than before.
//!
//! - a build: `maintenance_work_mem`, and 16 MB for each process that takes part in it;
//! - a scan: `work_mem`, and 1 MB for each term of the query;
//! - VACUUM, and a merge: `maintenance_work_mem`, and 16 MB.
//!
//! Of the server's shared buffers there are few, and a process has all of them before. Peaks are the kernel's (VmHWM),
//! which it begins anew when asked. Sizes: BOUNDS_ROWS (20,000; at full size 500,000) and BOUNDS_MOST, up to which setting in
//! MB, in steps of four times from 1 on (64; at full size 1,024).

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::operations;
use pg_wand_tests::processes::{children, peak_memory};
use pg_wand_tests::random::Random;
use pg_wand_tests::scarcity::{Session, field};
use pg_wand_tests::{begin, one_at_a_time, size};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MB: u64 = 1 << 20;
/// For each process of a build, and for VACUUM.
const BESIDE: u64 = 16 * MB;

fn steps() -> impl Iterator<Item = u64> {
    let most = size("BOUNDS_MOST", 64) as u64;
    std::iter::successors(Some(1), |step| Some(step * 4)).take_while(move |step| *step <= most)
}

/// Rows with 120 terms each: 400 different ones, each over and over with another length, for rows that are equal in the
/// index's eyes wait in PostgreSQL's own memory.
fn start(rows: usize) -> Session {
    let cluster = Cluster::start_new(&[
        "autovacuum = off",
        "shared_buffers = 4MB",
        "max_worker_processes = 16",
        "max_parallel_workers = 16",
        "min_parallel_table_scan_size = 0",
    ]);
    let mut session = Session::new(cluster);
    operations::make_corpus(&mut session.client, 1);
    session.run(&format!(
        "CREATE TABLE docs AS SELECT i AS id, emb * (1 + i / 400 % 1009 / 1009.0)::real AS emb
             FROM generate_series(1, {rows}) AS i
             JOIN corpus ON corpus.id = 1 + i % 400 WHERE emb IS NOT NULL"
    ));
    session
}

/// By how much a process grows at its peak while the statement runs; a fresh one, which has read the table, has seen all
/// shared buffers and knows the library.
fn growth(session: &mut Session, settings: &str, sql: &str) -> u64 {
    session.reconnect();
    session.run(settings);
    session.run("SELECT count(*) FROM docs WHERE nnz(emb) > 0; SELECT emb <#> emb FROM docs LIMIT 1");
    // Not by a sequential scan, which keeps to a few of them.
    session.run(
        "SELECT count(*) FROM docs WHERE ctid = ANY (ARRAY(SELECT format('(%s,1)', g)::tid FROM generate_series(1, 2000) AS g))",
    );
    let pid = session.pid();
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak begins anew");
    let before = field(pid, "VmRSS:").expect("memory");
    session.run(sql);
    peak_memory(pid).expect("memory").saturating_sub(before)
}

#[test]
fn builds() {
    let _alone = one_at_a_time();
    let rows = size("BOUNDS_ROWS", 20_000);
    begin("memory_bounds", &[("BOUNDS_ROWS", rows)]);
    let mut session = start(rows);
    for step in steps() {
        let settings = format!("SET maintenance_work_mem = '{step}MB'; SET max_parallel_maintenance_workers = 0");
        let grown = growth(&mut session, &settings, "CREATE INDEX docs_idx ON docs USING wand (emb)");
        println!("build, {step} MB: {:.1} MB more", grown as f64 / MB as f64);
        assert!(grown <= step * MB + BESIDE, "a build with {step} MB takes {grown} bytes");
        session.run("DROP INDEX docs_idx");
    }
    finish(session);
}

#[test]
fn parallel_builds() {
    let _alone = one_at_a_time();
    let rows = size("BOUNDS_ROWS", 20_000);
    begin("memory_bounds", &[("BOUNDS_ROWS", rows)]);
    let mut session = start(rows);
    for workers in [1u64, 2, 8] {
        for step in steps().filter(|step| *step >= 16) {
            session.run(&format!("ALTER TABLE docs SET (parallel_workers = {workers})"));
            let settings =
                format!("SET maintenance_work_mem = '{step}MB'; SET max_parallel_maintenance_workers = {workers}");
            let known = session.cluster.processes();
            let over = AtomicBool::new(false);
            // The workers' peaks, for as long as they live. What a worker has when it begins is as much as a session
            // that has run the same library.
            let (leader, peaks) = std::thread::scope(|scope| {
                let cluster = session.cluster.postmaster();
                let over = &over;
                let watcher = scope.spawn(move || watch(cluster, &known, over));
                let leader = growth(&mut session, &settings, "CREATE INDEX docs_idx ON docs USING wand (emb)");
                over.store(true, Ordering::Relaxed);
                (leader, watcher.join().expect("the watcher"))
            });
            let pid = session.pid();
            let workers_seen = peaks.iter().filter(|(worker, _)| **worker != pid).count() as u64;
            let idle = idle(&mut session);
            let grown: u64 =
                peaks.iter().filter(|(worker, _)| **worker != pid).map(|(_, peak)| peak.saturating_sub(idle)).sum();
            let total = leader + grown;
            println!(
                "parallel build, {workers} workers ({workers_seen} seen), {step} MB: {:.1} MB more, {:.1} of it the leader",
                total as f64 / MB as f64,
                leader as f64 / MB as f64
            );
            let bound = step * MB + BESIDE * (workers_seen.min(workers) + 1);
            assert!(total <= bound, "a build of {workers} workers with {step} MB takes {total} bytes");
            session.run("DROP INDEX docs_idx");
        }
    }
    finish(session);
}

/// What a session has that has done little.
fn idle(session: &mut Session) -> u64 {
    session.reconnect();
    session.run("SELECT emb <#> emb FROM docs LIMIT 1");
    field(session.pid(), "VmRSS:").expect("memory")
}

/// Peaks of processes that the server starts meanwhile.
fn watch(postmaster: u32, known: &[u32], over: &AtomicBool) -> BTreeMap<u32, u64> {
    let mut peaks = BTreeMap::new();
    while !over.load(Ordering::Relaxed) {
        let new = children(postmaster).into_iter().filter(|pid| !known.contains(pid));
        for (pid, peak) in new.filter_map(|pid| Some((pid, peak_memory(pid)?))) {
            let greatest = peaks.entry(pid).or_insert(0);
            *greatest = peak.max(*greatest);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    peaks
}

#[test]
fn scans() {
    let _alone = one_at_a_time();
    let rows = size("BOUNDS_ROWS", 20_000);
    let seed = begin("memory_bounds", &[("BOUNDS_ROWS", rows)]);
    let mut session = start(rows);
    session.run("CREATE INDEX docs_idx ON docs USING wand (emb) WITH (pending_list_limit = 256)");
    session.run("INSERT INTO docs SELECT id, emb FROM corpus WHERE id <= 400");
    let mut random = Random::new(seed);
    for profile in [Profile::Ties, Profile::Learned, Profile::Huge] {
        let query = match profile {
            Profile::Huge => corpus::document(profile, &mut random).expect("not NULL"),
            _ => corpus::query(profile, &mut random),
        };
        let q = corpus::literal(&query);
        for strategy in ["auto", "bounds", "exhaustive"] {
            for limit in [10, 1_000, 1_000_000_000] {
                let settings = format!(
                    "SET work_mem = '4MB'; SET wand.strategy = {strategy}; SET enable_seqscan = off; SET enable_sort = off"
                );
                let sql =
                    format!("SELECT count(*) FROM (SELECT id FROM docs ORDER BY emb <#> '{q}' LIMIT {limit}) AS found");
                let grown = growth(&mut session, &settings, &sql);
                let terms = query.len() as u64;
                println!("scan, {terms} terms, {strategy}, {limit}: {:.1} MB more", grown as f64 / MB as f64);
                assert!(grown <= (4 + terms) * MB, "a scan with {terms} terms takes {grown} bytes; SEED={seed}");
            }
        }
    }
    finish(session);
}

#[test]
fn vacuum_and_merge() {
    let _alone = one_at_a_time();
    let rows = size("BOUNDS_ROWS", 20_000);
    begin("memory_bounds", &[("BOUNDS_ROWS", rows)]);
    let mut session = start(rows);
    for step in steps() {
        session.run("DROP INDEX IF EXISTS docs_idx; CREATE INDEX docs_idx ON docs USING wand (emb) WITH (pending_list_limit = 256)");
        let settings = format!("SET maintenance_work_mem = '{step}MB'");
        for (name, sql) in [("merge", "SELECT wand_merge('docs_idx')"), ("vacuum", "VACUUM (INDEX_CLEANUP ON) docs")] {
            session.run(&format!("DELETE FROM docs WHERE id % 10 = {}", step % 10));
            session.run("INSERT INTO docs SELECT id, emb FROM corpus WHERE id <= 400");
            let grown = growth(&mut session, &settings, sql);
            println!("{name}, {step} MB: {:.1} MB more", grown as f64 / MB as f64);
            assert!(grown <= step * MB + BESIDE, "{name} with {step} MB takes {grown} bytes");
        }
    }
    finish(session);
}

fn finish(session: Session) {
    let Session { cluster, client, .. } = session;
    drop(client);
    cluster.finish();
}
