//! Everything that changes an index, in small: a table made ready, and one statement that makes the change.
//!
//! Rows come from the table `corpus`: what row `id` holds is in its row `id % 10000`. The table is `docs`, its index
//! `docs_idx`, with the smallest pending list that there is: 64 kB, about 60 rows.

use crate::corpus::{self, Profile};
use crate::oracle;
use crate::random::Random;
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::{Range, RangeInclusive};

/// SQLSTATE of an error made by `wand.error_after_wal`.
pub const FAULT: &str = "58000";

pub struct Operation {
    pub name: &'static str,
    /// Statements; one that begins with `!` must end with [`FAULT`].
    pub prepare: Vec<String>,
    /// What then is true of `wand_info('docs_idx')`; otherwise the statement would not do what its name says.
    pub ready: &'static str,
    /// A single statement, so that it happens or it does not.
    pub run: &'static str,
    /// Rows that it adds.
    pub adds: Range<i64>,
    /// Whether it makes the index, which does not exist before.
    pub builds: bool,
    /// Whether a crash empties the table.
    pub unlogged: bool,
}

/// Ids of common rows, and of those that need pages of their own in the pending list.
const COMMON: RangeInclusive<i64> = 1..=400;
const HUGE: RangeInclusive<i64> = 1_001..=1_004;
const NONE: Range<i64> = 0..0;

const TABLE: &str = "CREATE TABLE docs AS SELECT * FROM corpus WHERE id <= 200";
/// Large enough for parallel workers to get their share of it.
const LARGE_TABLE: &str =
    "CREATE TABLE docs AS SELECT id + 10000 * n AS id, emb FROM corpus, generate_series(0, 3) n WHERE id <= 400";
const EMPTY_TABLE: &str = "CREATE TABLE docs AS SELECT * FROM corpus LIMIT 0";
const INDEX: &str = "CREATE INDEX docs_idx ON docs USING wand (emb) WITH (pending_list_limit = 64)";
const VACUUM: &str = "VACUUM (INDEX_CLEANUP ON) docs";
const MERGE: &str = "SELECT wand_merge('docs_idx')";
/// What was freed before may be reused once a later transaction has come and gone.
const LATER: &str = "SELECT pg_current_xact_id()";

/// Fills the table `corpus`.
pub fn make_corpus(client: &mut Client, seed: u64) {
    let mut random = Random::new(seed);
    let mut text = String::new();
    for id in COMMON.chain(HUGE) {
        let profile = match id {
            _ if HUGE.contains(&id) => Profile::Huge,
            _ if id % 17 == 0 => Profile::Sparse,
            _ if id % 19 == 0 => Profile::Negative,
            _ => Profile::Learned,
        };
        let emb = corpus::document(profile, &mut random).map_or("\\N".into(), |vector| corpus::literal(&vector));
        writeln!(text, "{id}\t{emb}").expect("writing to a string");
    }
    client.batch_execute("CREATE TABLE corpus (id bigint PRIMARY KEY, emb svec)").expect("CREATE TABLE");
    let mut copy = client.copy_in("COPY corpus FROM STDIN").expect("COPY");
    copy.write_all(text.as_bytes()).expect("COPY");
    copy.finish().expect("COPY");
}

fn insert(ids: RangeInclusive<i64>) -> String {
    let (first, last) = ids.into_inner();
    format!("INSERT INTO docs SELECT * FROM corpus WHERE id BETWEEN {first} AND {last} ORDER BY id")
}

fn operation(name: &'static str, prepare: &[&str], run: &'static str, adds: Range<i64>) -> Operation {
    let prepare = prepare.iter().map(|s| s.to_string()).collect();
    Operation { name, prepare, ready: "", run, adds, builds: false, unlogged: false }
}

pub fn all() -> Vec<Operation> {
    let build = |name, prepare: &[&str]| Operation { builds: true, ..operation(name, prepare, INDEX, NONE) };
    let unlogged_table = TABLE.replace("TABLE", "UNLOGGED TABLE");
    let other = ["CREATE TABLE other (emb svec)", "CREATE INDEX ON other USING wand (emb)"];
    let few: Vec<String> = vec![TABLE.into(), INDEX.into(), insert(201..=210), insert(1_001..=1_001)];
    vec![
        build("build", &[TABLE]),
        build("build_parallel", &[LARGE_TABLE, "ALTER TABLE docs SET (parallel_workers = 2)"]),
        Operation { unlogged: true, ..build("build_unlogged", &[&unlogged_table]) },
        // The crash happens elsewhere; this index becomes what its init fork says.
        Operation {
            unlogged: true,
            ..operation(
                "reset_unlogged",
                &[&unlogged_table, INDEX, other[0], other[1]],
                "INSERT INTO other SELECT emb FROM corpus WHERE id <= 2",
                NONE,
            )
        },
        operation(
            "insert_first",
            &[EMPTY_TABLE, INDEX],
            "INSERT INTO docs SELECT * FROM corpus WHERE id = 201",
            201..202,
        ),
        operation(
            "insert_new_tail",
            &[TABLE, INDEX, &insert(201..=205)],
            "INSERT INTO docs SELECT * FROM corpus WHERE id BETWEEN 206 AND 225 ORDER BY id",
            206..226,
        ),
        operation(
            "insert_overflow",
            &[TABLE, INDEX, &insert(201..=205)],
            "INSERT INTO docs SELECT * FROM corpus WHERE id = 1003",
            1_003..1_004,
        ),
        Operation {
            prepare: few.clone(),
            ready: "segments = 1 AND pending = 11",
            ..operation("flush", &[], MERGE, NONE)
        },
        Operation {
            ready: "segments = 1 AND pending = 50",
            ..operation(
                "flush_by_insert",
                &[TABLE, INDEX, &insert(201..=250)],
                "INSERT INTO docs SELECT * FROM corpus WHERE id BETWEEN 251 AND 290 ORDER BY id",
                251..291,
            )
        },
        Operation {
            prepare: with_stale_segments(),
            ready: "segments > 1 AND pending > 0 AND dead > 0",
            ..operation("merge", &[], MERGE, NONE)
        },
        Operation {
            prepare: with_garbage(few),
            ready: "pending = 11 AND orphaned_bytes > 0",
            ..operation("vacuum", &[], VACUUM, NONE)
        },
        Operation {
            ready: "free_bytes > total_bytes / 2",
            ..operation(
                "reuse",
                &[TABLE, INDEX, "DELETE FROM docs WHERE id > 20", VACUUM, LATER],
                "INSERT INTO docs SELECT * FROM corpus WHERE id BETWEEN 201 AND 290 ORDER BY id",
                201..291,
            )
        },
        operation("reindex", &[TABLE, INDEX, &insert(201..=230)], "REINDEX INDEX docs_idx", NONE),
    ]
}

/// Those that need no faults for their preparation, with others instead of those that do.
pub fn plain() -> Vec<Operation> {
    let mut plain = all();
    plain.retain(|operation| !operation.prepare.iter().any(|sql| sql.contains("wand.error_after_wal")));
    let changed = ["DELETE FROM docs WHERE id % 3 = 0", LATER];
    plain.push(Operation {
        ready: "segments > 1 AND pending > 0",
        ..operation("merge", &[TABLE, INDEX, &insert(201..=280), changed[0], changed[1]], MERGE, NONE)
    });
    plain.push(Operation {
        ready: "pending > 0",
        ..operation(
            "vacuum",
            &[
                TABLE,
                INDEX,
                &insert(201..=220),
                MERGE,
                &insert(221..=230),
                &insert(1_002..=1_002),
                changed[0],
                changed[1],
            ],
            VACUUM,
            NONE,
        )
    });
    plain
}

/// Makes the table ready for the operation.
pub fn prepare(client: &mut Client, operation: &Operation) -> Result<(), String> {
    let run = |client: &mut Client, sql: &str| {
        client.batch_execute(sql).map_err(|e| format!("{}\nin: {sql}", oracle::describe(&e)))
    };
    run(client, "DROP TABLE IF EXISTS docs, other")?;
    for sql in &operation.prepare {
        match sql.strip_prefix('!') {
            None => run(client, sql)?,
            Some(sql) => match client.batch_execute(sql) {
                Err(e) if e.code().is_some_and(|code| code.code() == FAULT) => (),
                Err(e) => return Err(oracle::describe(&e)),
                Ok(()) => return Err(format!("no fault in: {sql}")),
            },
        }
    }
    if !operation.ready.is_empty() {
        let sql = format!("SELECT {}, info::text FROM wand_info('docs_idx') info", operation.ready);
        let row = client.query_one(&sql, &[]).map_err(|e| oracle::describe(&e))?;
        if !row.get::<_, bool>(0) {
            return Err(format!("not ready: {}", row.get::<_, String>(1)));
        }
    }
    Ok(())
}

/// After the operation has failed or not: the index is sound, the operation succeeds, and the index answers as the
/// table does.
pub fn goes_on(client: &mut Client, operation: &Operation, failed: bool) -> Result<(), String> {
    let check = |client: &mut Client, when: &str| match oracle::check_index(client, "docs_idx") {
        problems if problems.is_empty() => Ok(()),
        problems => Err(format!("{when}: {}", problems.join("\n"))),
    };
    if failed {
        if !operation.builds {
            check(client, "after the error")?;
        }
        client.batch_execute(operation.run).map_err(|e| format!("run again: {}", oracle::describe(&e)))?;
    }
    check(client, "at the end")?;
    let q = "'{2001:1,2002:0.5,1:1,2:2,3:1}/30522'";
    let sql = format!("SELECT id, emb <#> {q} FROM docs ORDER BY emb <#> {q}");
    oracle::compare_limits(client, &sql, "docs_idx", &[5], None).map(|_| ())
}

/// With segments of which a third is dead: a VACUUM has come so far, and no further.
fn with_stale_segments() -> Vec<String> {
    let mut prepare = vec![TABLE.into(), INDEX.into(), insert(201..=280)];
    prepare.extend(["DELETE FROM docs WHERE id % 3 = 0".into(), "SET wand.error_after_wal = 4".into()]);
    prepare.push(format!("!{VACUUM}"));
    prepare
}

/// With dead rows in segments and in the pending list, inline and in pages of their own, and with pages that a failed
/// flush has left behind.
fn with_garbage(mut prepare: Vec<String>) -> Vec<String> {
    prepare.extend([MERGE.into(), insert(211..=220), insert(1_002..=1_002)]);
    prepare.extend(["SET wand.error_after_wal = 9".into(), format!("!{MERGE}")]);
    prepare.extend(["DELETE FROM docs WHERE id % 3 = 0".into(), LATER.into()]);
    prepare
}
