//! A table under load: what its rows hold, clients that write it in every way there is, and questions to its indexes.

use crate::corpus::{self, Profile};
use crate::ledger::Ledger;
use crate::oracle;
use crate::random::Random;
use postgres::error::SqlState;
use postgres::{Client, Error};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

/// The table. `touched` is in no index, so changing it leaves the row's index entries alone where the page has room
/// (HOT); `shelf` decides whether a row is in the partial index. That and the index with filter columns are on
/// expressions, so that no other can serve their queries.
const TABLE: &str = "CREATE EXTENSION pg_wand;
    CREATE TABLE docs (id bigint PRIMARY KEY, revision int NOT NULL, emb svec, touched int NOT NULL DEFAULT 0,
        shelf int NOT NULL DEFAULT 0) WITH (parallel_workers = 2);
    CREATE INDEX docs_ip ON docs USING wand (emb) WITH (pending_list_limit = 64);
    CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops) WITH (pending_list_limit = 128);
    CREATE INDEX docs_shelf ON docs USING wand ((emb + emb) svec_l2_ops) WITH (pending_list_limit = 64)
        WHERE shelf = 1;
    CREATE INDEX docs_filtered ON docs USING wand (revision, (emb * 2), (id % 10), (md5(id::text)), shelf)
        WITH (pending_list_limit = 64)";

/// An index of the table, the distance it serves and the rows it holds.
pub type Index = (&'static str, &'static str, &'static str);

pub const INDEXES: [Index; 4] = [
    ("docs_ip", "emb <#>", "true"),
    ("docs_cos", "emb <=>", "true"),
    ("docs_shelf", "(emb + emb) <->", "shelf = 1"),
    (FILTERED, "(emb * 2) <#>", "true"),
];

const FILTERED: &str = "docs_filtered";

/// What may be asked of the index with filter columns besides.
const CONDITIONS: [&str; 6] = [
    "true",
    "revision > 0",
    "id % 10 = 3",
    "id % 10 <= 4 AND revision = ANY ('{0,2}')",
    "shelf = 1 AND md5(id::text) < '8'",
    "md5(id::text) BETWEEN '2' AND '5' AND shelf = 0 AND id % 10 <> 4",
];

pub fn create(client: &mut Client) {
    client.batch_execute(TABLE).unwrap_or_else(|e| panic!("tables: {}", oracle::describe(&e)));
}

/// What a row holds: a literal, or `\N`. One in 200 needs several pages of its own in the pending list.
pub fn content(id: i64, revision: i32) -> String {
    let mut random = Random::new(id as u64 ^ ((revision as u64) << 40));
    let profile = match random.below(200) {
        0 => Profile::Huge,
        1..=20 => Profile::Sparse,
        _ => Profile::Learned,
    };
    corpus::document(profile, &mut random).map_or("\\N".into(), |vector| corpus::literal(&vector))
}

fn quoted(content: &str) -> String {
    if content == "\\N" { "NULL".into() } else { format!("'{content}'") }
}

/// Id and revision of every row, each of which must hold what they say it holds.
pub fn table(client: &mut Client, context: &str) -> BTreeMap<i64, i32> {
    let rows = client.query("SELECT id, revision, emb::text FROM docs", &[]).expect("the table");
    let found: BTreeMap<i64, i32> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found.len(), rows.len(), "{context}: an id occurs twice");
    for row in &rows {
        let (id, revision): (i64, i32) = (row.get(0), row.get(1));
        let emb = row.get::<_, Option<String>>(2).unwrap_or("\\N".into());
        assert_eq!(emb, content(id, revision), "{context}: row {id} does not hold its revision {revision}");
    }
    found
}

/// The rows of one writer among `writers`.
pub fn own(found: &BTreeMap<i64, i32>, number: usize, writers: usize) -> BTreeMap<i64, i32> {
    let is_own = |id: i64| id % writers as i64 == number as i64;
    found.iter().filter(|(id, _)| is_own(**id)).map(|(id, revision)| (*id, *revision)).collect()
}

/// A random query of an index, without LIMIT.
pub fn question((name, distance, rows): Index, random: &mut Random) -> String {
    let rows = if name == FILTERED { *random.pick(&CONDITIONS) } else { rows };
    let profile = *random.pick(&[Profile::Learned, Profile::Learned, Profile::Negative, Profile::Sparse]);
    let q = corpus::literal(&corpus::query(profile, random));
    format!("SELECT id, {distance} '{q}' FROM docs WHERE {rows} ORDER BY {distance} '{q}'")
}

/// Compares one random query of one random index with the sequential scan, in one of the ways to find rows.
pub fn ask(client: &mut Client, random: &mut Random) -> Result<(), String> {
    let index = *random.pick(&INDEXES);
    oracle::take_turns(client, random.below(12))?;
    oracle::compare_limits(client, &question(index, random), index.0, &[10], Some(100)).map(|_| ())
}

/// The indexes are sound, every row holds what it says it holds, and so many questions are answered as a sequential
/// scan answers them. Returns the rows.
pub fn verify(client: &mut Client, random: &mut Random, questions: usize, context: &str) -> BTreeMap<i64, i32> {
    for (index, ..) in INDEXES {
        let problems = oracle::check_index(client, index);
        assert!(problems.is_empty(), "{context}: {index}: {}", problems.join("\n"));
    }
    let found = table(client, context);
    for _ in 0..questions {
        ask(client, random).unwrap_or_else(|e| panic!("{context}: {e}"));
    }
    found
}

/// Rows come and go, and the table is vacuumed: whatever recovery has left, indexes go on from there. No writer owns
/// the rows that come.
pub fn go_on(client: &mut Client, context: &str) {
    let rows: Vec<String> = (1..=80).map(|n| format!("({}, 0, {}, {})", -n, quoted(&content(-n, 0)), n % 2)).collect();
    let insert = format!("INSERT INTO docs (id, revision, emb, shelf) VALUES {}", rows.join(","));
    for sql in ["DELETE FROM docs WHERE id < 0 OR id % 7 = 0", &insert, "SELECT wand_merge('docs_ip')", "VACUUM docs"] {
        client.batch_execute(sql).unwrap_or_else(|e| panic!("{context}: {}\nin: {:.99}", oracle::describe(&e), sql));
    }
}

/// Ends transactions that were prepared by chance: their writers are gone and have them in doubt.
pub fn settle_prepared(client: &mut Client, random: &mut Random) {
    for row in client.query("SELECT gid FROM pg_prepared_xacts", &[]).expect("pg_prepared_xacts") {
        let verb = *random.pick(&["COMMIT", "ROLLBACK"]);
        client.batch_execute(&format!("{verb} PREPARED '{}'", row.get::<_, &str>(0))).expect("a prepared transaction");
    }
}

/// Vacuums, merges or rebuilds once, by chance, or makes a checkpoint.
pub fn maintain(client: &mut Client, random: &mut Random, checkpoints: bool) -> Result<(), Error> {
    // Somebody who has read by an index and is about to write would deadlock with the REINDEX of any index: so the
    // table is locked first, which waits for them. The first REINDEX is one by several processes.
    let sql = match random.below(20) {
        0 => "BEGIN; LOCK TABLE docs; REINDEX INDEX docs_cos; COMMIT",
        1 => {
            "BEGIN; SET LOCAL max_parallel_maintenance_workers = 0; LOCK TABLE docs; REINDEX INDEX docs_ip;
             REINDEX INDEX docs_filtered; COMMIT"
        }
        2 if checkpoints => "CHECKPOINT",
        3..=5 => "SELECT wand_merge('docs_ip'), wand_merge('docs_cos'), wand_merge('docs_shelf')",
        _ => "VACUUM docs",
    };
    client.batch_execute(sql)
}

/// A client that owns the ids with its number as remainder, so that it alone knows their state. It holds row locks in
/// the order of ids only: clients may wait for one another, never in a circle.
pub struct Writer {
    pub client: Client,
    pub number: usize,
    pub writers: usize,
    /// From so many rows on it deletes a third of them.
    pub most: usize,
    pub random: Random,
}

/// How a write ended.
pub enum Outcome {
    /// Acknowledged; how many rows it changed.
    Changed(usize),
    /// Given up with 40001 in a transaction of a level that may: nothing changed.
    Refused,
}

impl Writer {
    /// One write, entered in the ledger.
    pub fn write(&mut self, ledger: &mut Ledger) -> Result<Outcome, Error> {
        let live = ledger.live();
        let mut strict = false;
        let result = match self.random.below(20) {
            _ if live.len() > self.most => self.delete(ledger, &live, live.len() / 3),
            0..=4 => self.insert(ledger, 1),
            5 => self.insert(ledger, 100),
            6..=8 => self.copy(ledger, 30),
            9..=11 => self.update(ledger, &live),
            12 => self.delete(ledger, &live, 5),
            13 => self.touch(),
            14 => self.roll_back(ledger),
            15 => self.fail(ledger),
            16 => self.savepoints(ledger, &live),
            17 => self.prepare(ledger, &live),
            _ => {
                strict = true;
                self.serializable(ledger, &live)
            }
        };
        match result {
            Ok(()) => Ok(Outcome::Changed(ledger.acknowledge())),
            Err(e) if strict && e.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {
                self.client.batch_execute("ROLLBACK")?;
                ledger.forget();
                Ok(Outcome::Refused)
            }
            // If the connection is broken, what was announced stays in doubt.
            Err(e) => Err(e),
        }
    }

    fn insert(&mut self, ledger: &mut Ledger, rows: usize) -> Result<(), Error> {
        let (sql, _) = self.insertion(ledger, rows);
        self.client.batch_execute(&sql)
    }

    fn copy(&mut self, ledger: &mut Ledger, rows: usize) -> Result<(), Error> {
        let mut text = String::new();
        for id in self.announce_new(ledger, rows) {
            writeln!(text, "{id}\t0\t{}", content(id, 0)).expect("writing to a string");
        }
        let mut copy = self.client.copy_in("COPY docs (id, revision, emb) FROM STDIN")?;
        // A failed write shows in finish().
        let _ = copy.write_all(text.as_bytes());
        copy.finish()?;
        // By this protocol "COPY 30" comes before the commit, and a server that another process's end takes down sends
        // it with its farewell. The next answer comes after the commit.
        self.client.batch_execute("")
    }

    fn update(&mut self, ledger: &mut Ledger, live: &[i64]) -> Result<(), Error> {
        let sql = self.revision(ledger, live);
        self.client.batch_execute(&sql)
    }

    fn delete(&mut self, ledger: &mut Ledger, live: &[i64], rows: usize) -> Result<(), Error> {
        let ids: BTreeSet<i64> = (0..rows.min(live.len())).map(|_| *self.random.pick(live)).collect();
        ids.iter().for_each(|id| ledger.announce(*id, None));
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        let list = if list.is_empty() { "NULL".into() } else { list.join(",") };
        self.client.batch_execute(&format!(
            "WITH locked AS (SELECT id FROM docs WHERE id IN ({list}) ORDER BY id FOR UPDATE)
             DELETE FROM docs USING locked WHERE docs.id = locked.id"
        ))
    }

    /// Columns that are no business of the ledger, so the rows may be anybody's.
    fn touch(&mut self) -> Result<(), Error> {
        let change = *self.random.pick(&["touched = touched + 1", "touched = touched + 1", "shelf = 1 - shelf"]);
        let from = self.random.below(1 << 30) * self.writers;
        self.client.batch_execute(&format!(
            "WITH locked AS (SELECT id FROM docs WHERE id >= {from} ORDER BY id LIMIT 10 FOR UPDATE)
             UPDATE docs SET {change} FROM locked WHERE docs.id = locked.id"
        ))
    }

    /// A transaction that is given up leaves index entries of rows that never were.
    fn roll_back(&mut self, ledger: &mut Ledger) -> Result<(), Error> {
        let (sql, _) = self.insertion(ledger, 20);
        ledger.forget();
        self.client.batch_execute(&format!("BEGIN; {sql}; ROLLBACK"))
    }

    /// So does one that fails.
    fn fail(&mut self, ledger: &mut Ledger) -> Result<(), Error> {
        let (sql, _) = self.insertion(ledger, 5);
        ledger.forget();
        match self.client.batch_execute(&format!("BEGIN; {sql}; SELECT 1 / 0; COMMIT")) {
            Err(e) if e.code() == Some(&SqlState::DIVISION_BY_ZERO) => self.client.batch_execute("ROLLBACK"),
            other => other,
        }
    }

    fn savepoints(&mut self, ledger: &mut Ledger, live: &[i64]) -> Result<(), Error> {
        let (kept, _) = self.insertion(ledger, 5);
        let (lost, ids) = self.insertion(ledger, 5);
        ids.into_iter().for_each(|id| ledger.retract(id));
        let (kept_too, _) = self.insertion(ledger, 5);
        let update = self.revision(ledger, live);
        self.client.batch_execute(&format!(
            "BEGIN; {kept}; SAVEPOINT a; {lost}; ROLLBACK TO a; {kept_too}; SAVEPOINT b; {update}; RELEASE b; COMMIT"
        ))
    }

    /// In two phases; one in four is rolled back in the second.
    fn prepare(&mut self, ledger: &mut Ledger, live: &[i64]) -> Result<(), Error> {
        let (insertion, _) = self.insertion(ledger, 10);
        let update = self.revision(ledger, live);
        let name = format!("writer {} {}", self.number, self.random.next_u64());
        self.client.batch_execute(&format!("BEGIN; {insertion}; {update}; PREPARE TRANSACTION '{name}'"))?;
        thread::sleep(Duration::from_millis(self.random.below(20) as u64));
        if self.random.chance(0.75) {
            return self.client.batch_execute(&format!("COMMIT PREPARED '{name}'"));
        }
        self.client.batch_execute(&format!("ROLLBACK PREPARED '{name}'"))?;
        ledger.forget();
        Ok(())
    }

    /// Reads through an index and writes what others may have read, at a level where one of them has to give way.
    fn serializable(&mut self, ledger: &mut Ledger, live: &[i64]) -> Result<(), Error> {
        let (insertion, _) = self.insertion(ledger, 3);
        let update = self.revision(ledger, live);
        let question = question(*self.random.pick(&INDEXES), &mut self.random);
        self.client.batch_execute(&format!(
            "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL enable_seqscan = off; {question} LIMIT 5;
             {insertion}; {update}; COMMIT"
        ))
    }

    /// SQL that adds rows and changes one, announced; for a transaction of the caller.
    pub fn insert_and_update(&mut self, ledger: &mut Ledger) -> String {
        let (insertion, _) = self.insertion(ledger, 5);
        let update = self.revision(ledger, &ledger.live());
        format!("{insertion}; {update}")
    }

    /// New ids, announced.
    fn announce_new(&mut self, ledger: &mut Ledger, rows: usize) -> BTreeSet<i64> {
        let mut ids = BTreeSet::new();
        while ids.len() < rows {
            let id = (self.random.below(1 << 30) * self.writers + self.number) as i64;
            if ledger.revision_within(id).is_none() && ids.insert(id) {
                ledger.announce(id, Some(0));
            }
        }
        ids
    }

    /// An INSERT of new rows, announced, and their ids.
    fn insertion(&mut self, ledger: &mut Ledger, rows: usize) -> (String, BTreeSet<i64>) {
        let ids = self.announce_new(ledger, rows);
        let value = |id: &i64| format!("({id}, 0, {}, {})", quoted(&content(*id, 0)), id % 3 % 2);
        let values: Vec<String> = ids.iter().map(value).collect();
        (format!("INSERT INTO docs (id, revision, emb, shelf) VALUES {}", values.join(",")), ids)
    }

    /// An UPDATE that gives one row another vector, announced.
    fn revision(&mut self, ledger: &mut Ledger, live: &[i64]) -> String {
        if live.is_empty() {
            return "SELECT".into();
        }
        let id = *self.random.pick(live);
        let revision = ledger.revision_within(id).expect("a live row") + 1;
        ledger.announce(id, Some(revision));
        let emb = quoted(&content(id, revision));
        format!("UPDATE docs SET revision = {revision}, emb = {emb} WHERE id = {id}")
    }
}
