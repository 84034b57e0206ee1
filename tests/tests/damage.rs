//! Whatever happened to a page of an index, statements end with right rows or with an error that names the index, the
//! block and the reason, and says REINDEX, which then always repairs.
//!
//! Each round takes one of four small indexes (`tests/src/damage/patient.rs`), aged so that pages of every kind are
//! there, and damages one page, or a few (`tests/src/damage/ways.rs`), in the buffers, where no checksum sees it. Then
//! it is scanned by every strategy, with conditions, by bitmap, inspected and checked, takes rows, is flushed, merged,
//! vacuumed, at times by a session that remembers nothing. It is promised that
//! - every statement ends within 5 s, in rows or in XX002 as above (or in two errors of others, see `examiner.rs`), and
//!   without warnings of leaks;
//! - no process ends, and nothing is worse than an ERROR;
//! - rows that are wrong without an error are known to `wand_check(index, true)`; how often this happens is counted by
//!   the kind of the page;
//! - VACUUM does not spread damage: pages that were sound and untouched are sound after it, and none of them is free
//!   unless a flush or merge put something in its stead; an index in which the check found nothing still has nothing
//!   for it to find; rows that a scan found before it are found after it;
//! - REINDEX repairs: the check is content, and all rows are those of a sequential scan.
//!
//! It needs a library built with the feature `faults`: `scripts/integration.sh damage`. Sizes: DAMAGE_ROUNDS (500;
//! 20,000 before a release). Rounds come in series of 25 that do not depend on one another: DAMAGE_FROM=1250 begins
//! with that round. SEED repeats a run.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::damage::examiner::Outcome;
use pg_wand_tests::damage::pages::{self, HEADER, KINDS, Page};
use pg_wand_tests::damage::scans::{BY_BITMAP, BY_INDEX};
use pg_wand_tests::damage::ward::{Age, SERIES, Ward};
use pg_wand_tests::damage::ways::WAYS;
use pg_wand_tests::{begin, size};
use std::time::Instant;

#[test]
fn damaged_pages() {
    let rounds = size("DAMAGE_ROUNDS", 500);
    let seed = begin("damage", &[("DAMAGE_ROUNDS", rounds)]);
    let from = size("DAMAGE_FROM", 0) / SERIES * SERIES;
    let cluster = Cluster::start_new(&["autovacuum = off", "log_min_messages = log", "max_wal_size = 4GB"]);
    let mut ward = Ward::open(&cluster, seed);
    let start = Instant::now();
    for round in from..from + rounds {
        ward.round(round).unwrap_or_else(|e| {
            panic!(
                "round {round}: {e}\nrepeat: SEED={seed} DAMAGE_FROM={} DAMAGE_ROUNDS={} scripts/integration.sh damage",
                round / SERIES * SERIES,
                round % SERIES + 1
            )
        });
    }
    ward.tally.show();
    let (kinds, ways) = (ward.tally.by_kind.len(), ward.tally.by_way.len());
    if rounds >= 400 {
        // Blocks that were added and never used are there after a crash only.
        let missing: Vec<_> =
            KINDS.iter().filter(|kind| **kind != "unused" && !ward.tally.by_kind.contains_key(*kind)).collect();
        assert!(missing.is_empty(), "no page of these kinds was damaged: {missing:?}");
        assert_eq!(ways, WAYS.len(), "ways of damage");
    }
    let Ward { examiner, tally, .. } = ward;
    println!(
        "damage: {rounds} rounds, {} statements, {} errors ({} of them in others' words), {kinds} kinds of pages, \
         {ways} ways; {} rounds with wrong rows and no error, all known to the check; {} found by the check of the \
         structure, {} by that with the table; of {} bits of headers {} found; slowest statement {} ms; {} s; \
         SEED={seed}",
        examiner.statements,
        examiner.errors,
        examiner.disordered,
        tally.all.wrong,
        tally.all.by_structure,
        tally.all.by_check,
        tally.bits.0,
        tally.bits.1,
        examiner.slowest.as_millis(),
        start.elapsed().as_secs()
    );
    drop(examiner);
    cluster.finish();
}

/// Damages that were not noticed once, or worse.
#[test]
fn known_damages() {
    let seed = begin("damage", &[]);
    let cluster = Cluster::start_new(&["autovacuum = off", "log_min_messages = log"]);
    let mut ward = Ward::open(&cluster, seed);
    let block_of = |pages: &[Page], kind: &str| pages::by_kind(pages)[kind][0];
    let all_damaged = |outcomes: &[Outcome]| outcomes.iter().all(Outcome::is_damaged);
    let found = |outcome: &Outcome| matches!(outcome, Outcome::Rows(rows) if !rows.is_empty());

    // The list's last page is the metapage: an INSERT waited for the lock that it held itself.
    let insert = "INSERT INTO plain SELECT * FROM plain_all LIMIT 1";
    let outcomes = ward.try_known(0, Age::Old, |pages| pages[0].set_word(HEADER + 28, 0), &[insert]);
    assert!(all_damaged(&outcomes.unwrap_or_else(|e| panic!("{e}"))));

    // Rows where the table has no page: the server complained of a file, and the check did not see those of dead rows.
    let beyond = |pages: &mut [Page]| {
        let docmap = &mut pages[block_of(pages, "docmap")];
        (0..docmap.used() / 6).for_each(|doc| docmap.set_word(HEADER + 6 * doc, 1 << 20));
    };
    let ranked = format!("{BY_INDEX}; SELECT id FROM euclid ORDER BY emb <-> '{{6:1}}/30522' LIMIT 3");
    let by_bitmap = format!("{BY_BITMAP}; SELECT id FROM euclid WHERE few = 2");
    let statements =
        ["SELECT * FROM wand_check('euclid_idx')", &ranked, &by_bitmap, "SELECT * FROM wand_df('euclid_idx')"];
    let outcomes = ward.try_known(2, Age::New, beyond, &statements).unwrap_or_else(|e| panic!("{e}"));
    assert!(found(&outcomes[0]) && all_damaged(&outcomes[1..]), "{outcomes:?}");

    // All rows are marked as dead to everybody: scans give none, and the check was content.
    let kill = |pages: &mut [Page]| {
        let killed = &mut pages[block_of(pages, "killed docs")];
        killed.set_used(40);
        killed.0[HEADER..HEADER + 40].fill(0xff);
    };
    let check = "SELECT * FROM wand_check('euclid_idx', true)";
    let outcomes = ward.try_known(2, Age::New, kill, &[check]).unwrap_or_else(|e| panic!("{e}"));
    assert!(found(&outcomes[0]));

    // A page of live docs says that it uses a byte less: when VACUUM changed it the log kept no more than that, and the
    // rows of that byte were gone.
    let shorten = |pages: &mut [Page]| {
        let live = &mut pages[block_of(pages, "live docs")];
        live.set_used(live.used() - 1);
    };
    let statements =
        ["DELETE FROM euclid WHERE ctid = (SELECT min(ctid) FROM euclid)", "VACUUM (INDEX_CLEANUP ON) euclid"];
    let outcomes = ward.try_known(2, Age::New, shorten, &statements).unwrap_or_else(|e| panic!("{e}"));
    assert!(all_damaged(&outcomes[1..]), "{outcomes:?}");

    // Another metric: with a pending list alone nothing contradicts it but the operator class.
    let check = "SELECT * FROM wand_check('plain_idx')";
    let outcomes = ward.try_known(0, Age::New, |pages| pages[0].set_word(HEADER + 4, 1), &[check]);
    assert!(found(&outcomes.unwrap_or_else(|e| panic!("{e}"))[0]));

    // Pending vectors with a term beyond their dimension, which is not the column's: frequencies complained of a vector.
    let beyond = |pages: &mut [Page]| {
        for block in pages::by_kind(pages)["pending"].clone() {
            let page = &mut pages[block];
            let (mut at, end) = (HEADER, HEADER + page.used());
            while at + 16 < end {
                let (kind, nnz, values) = (page.0[at + 7], page.word(at + 8) as usize, page.word(at + 12) as usize);
                if kind == 1 && nnz > 0 {
                    page.set_word(at + 16 + 4 * (nnz - 1), 1 << 30);
                }
                at += if kind & 2 > 0 { 24 } else { 16 + 8 * nnz + values };
            }
        }
    };
    let frequencies = ["SELECT * FROM wand_df('cosine_idx')"];
    let outcomes = ward.try_known(3, Age::Grown, beyond, &frequencies).unwrap_or_else(|e| panic!("{e}"));
    assert!(all_damaged(&outcomes), "{outcomes:?}");

    // The manifest has the fences elsewhere: VACUUM gave their page away.
    let forget = |pages: &mut [Page]| {
        let (fences, norms) = (block_of(pages, "fences") as u8, block_of(pages, "norms") as u8);
        let manifest = &mut pages[block_of(pages, "manifest")];
        let at = manifest.0.windows(3).position(|bytes| bytes == [1, fences, 1]).expect("one extent of one page");
        manifest.0[at + 1] = norms;
    };
    let outcomes = ward.try_known(2, Age::New, forget, &["VACUUM (INDEX_CLEANUP ON) euclid"]);
    assert!(all_damaged(&outcomes.unwrap_or_else(|e| panic!("{e}"))));
    let pages = pages::read_all(&mut ward.examiner.client, "euclid_idx");
    assert!(pages::by_kind(&pages).contains_key("fences"), "the page of fences is free");
    drop(ward);
    cluster.finish();
}
