//! A table that changes as fast as clients can make it, and an index that is flushed, merged and vacuumed all the time.
//!
//! Nothing is remembered of it here: whoever reads compares the index with a sequential scan in the same snapshot.
//!
//! There are seasons, the same for all clients. Most of the time rows come, change and go, and the table is vacuumed; a
//! standby that replays this must cancel its readers. For a second now and then rows only come, and the index is merged
//! without a VACUUM: nothing in this conflicts with readers, who then see pages of the index recycled under them.
//!
//! Nobody is faster than the standbys can follow: where one has CHURN_LAG MB (16) of log still to replay, everybody
//! waits. Without that a standby with busy readers falls minutes behind, and then its promotion takes minutes.

use crate::cluster::Cluster;
use crate::corpus::{self, Profile};
use crate::oracle;
use crate::random::Random;
use crate::size;
use postgres::{Client, Config, NoTls};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// Index and distance of [`create`]'s table.
pub const INDEXES: [(&str, &str); 3] = [("docs_ip", "emb <#>"), ("docs_cos", "emb <=>"), (FILTERED, "(emb * 2) <#>")];

/// It has filter columns, and an expression, so that no other can serve its queries.
const FILTERED: &str = "docs_filtered";

/// What may be asked of it besides.
const CONDITIONS: [&str; 4] = ["true", "id % 10 < 3", "md5(id::text) >= 'c'", "id % 10 <> 5 AND md5(id::text) < '8'"];

/// The extension, and a table `docs` with three indexes, whose pending lists have CHURN_PENDING kB (64, the least).
/// VACUUM cuts their files only if CHURN_TRUNCATE is 1 (0): several times a second, that is a lock for which replay
/// waits every time, and a standby under load falls so far behind that it is not promoted within minutes.
pub fn create(client: &mut Client) {
    let limit = size("CHURN_PENDING", 64);
    let truncate = size("CHURN_TRUNCATE", 0) == 1;
    let options = format!("pending_list_limit = {limit}, vacuum_truncate = {truncate}");
    client
        .batch_execute(&format!(
            "CREATE EXTENSION pg_wand;
             CREATE TABLE docs (id bigint PRIMARY KEY, emb svec) WITH (parallel_workers = 2, autovacuum_enabled = off);
             CREATE INDEX docs_ip ON docs USING wand (emb) WITH ({options});
             CREATE INDEX docs_cos ON docs USING wand (emb svec_cosine_ops) WITH ({options});
             CREATE INDEX {FILTERED} ON docs USING wand ((id % 10), (emb * 2), (md5(id::text))) WITH ({options})",
        ))
        .unwrap_or_else(|e| panic!("tables: {}", oracle::describe(&e)));
}

/// A server with the table in it.
pub fn primary(settings: &[&str]) -> Cluster {
    let settings = [settings, &["autovacuum_naptime = 1s"]].concat();
    let primary = Cluster::start_new(&settings);
    create(&mut primary.connect());
    primary
}

/// A query with id and distance, ordered by one of [`INDEXES`], and the index's name.
pub fn question(random: &mut Random) -> (&'static str, String) {
    let (index, distance) = *random.pick(&INDEXES);
    let q = corpus::literal(&corpus::query(Profile::Learned, random));
    let rows = if index == FILTERED { *random.pick(&CONDITIONS) } else { "true" };
    (index, format!("SELECT id, {distance} '{q}' FROM docs WHERE {rows} ORDER BY {distance} '{q}'"))
}

/// Whether rows only come now.
fn is_growing() -> bool {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs() % 3 == 2
}

/// Clients that write until they are told to stop; each owns the ids with its number as remainder.
#[derive(Clone)]
pub struct Writers {
    pub server: Config,
    pub table: &'static str,
    pub count: usize,
    /// Rows of all writers together, about.
    pub rows: usize,
    /// One row in so many has a vector that fills pages of its own.
    pub huge: usize,
    pub seed: u64,
    pace: Pace,
}

impl Writers {
    /// As many as the environment wants.
    pub fn of(server: &Cluster, table: &'static str, seed: u64) -> Self {
        let (count, rows) = (size("CHURN_WRITERS", 3), size("CHURN_ROWS", 1_500));
        let pace = Pace::default();
        Self { server: server.config("postgres"), table, count, rows, huge: size("CHURN_HUGE", 30), seed, pace }
    }

    /// The same, but so many, for so many rows.
    pub fn of_number(self, count: usize, rows: usize) -> Self {
        Self { count, rows, ..self }
    }

    /// Starts them in `scope`.
    pub fn start<'s>(&self, scope: &'s thread::Scope<'s, '_>, stop: &'s AtomicBool) {
        for number in 0..self.count {
            let (writers, random) = (self.clone(), Random::new(self.seed ^ (number as u64) << 32));
            scope.spawn(move || {
                let client = writers.server.connect(NoTls).expect("the writers' server answers");
                Writer { client, writers: &writers, number, live: Vec::new(), random }.work(stop);
            });
        }
    }
}

/// Tells everybody to stop when the scope's own work is done, or has failed.
pub struct StopAtEnd<'a>(pub &'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writers of `docs`, and somebody who maintains it.
pub fn start<'s>(scope: &'s thread::Scope<'s, '_>, server: &Cluster, random: &mut Random, stop: &'s AtomicBool) {
    let writers = Writers::of(server, "docs", random.next_u64());
    writers.start(scope, stop);
    let (config, seed, pace) = (server.config("postgres"), random.next_u64(), writers.pace.clone());
    scope.spawn(move || keep_going(&config, seed, &pace, stop));
    let (config, pace) = (server.config("postgres"), writers.pace);
    scope.spawn(move || pace.keep(&config, stop));
}

/// Whether everybody is to wait for a standby.
#[derive(Clone, Default)]
struct Pace(Arc<AtomicBool>);

impl Pace {
    /// Looks after the standbys until told to stop.
    fn keep(&self, server: &Config, stop: &AtomicBool) {
        let most = size("CHURN_LAG", 16);
        let sql = format!(
            "SELECT coalesce(max(pg_current_wal_lsn() - replay_lsn) > {most} << 20, false) FROM pg_stat_replication"
        );
        let mut client = server.connect(NoTls).expect("the server answers");
        while !stop.load(Ordering::Relaxed) {
            let is_behind = client.query_one(&sql, &[]).map(|row| row.get(0));
            self.0.store(is_behind.expect("how far standbys are"), Ordering::Relaxed);
            thread::sleep(PAUSE);
        }
        self.0.store(false, Ordering::Relaxed);
    }

    fn wait(&self) {
        while self.0.load(Ordering::Relaxed) {
            thread::sleep(PAUSE);
        }
    }
}

const PAUSE: Duration = Duration::from_millis(20);

struct Writer<'a> {
    client: Client,
    writers: &'a Writers,
    number: usize,
    live: Vec<i64>,
    random: Random,
}

impl Writer<'_> {
    fn work(&mut self, stop: &AtomicBool) {
        self.find_own().unwrap_or_else(|e| panic!("rows of writer {}: {}", self.number, oracle::describe(&e)));
        while !stop.load(Ordering::Relaxed) {
            self.writers.pace.wait();
            if let Err(e) = self.write() {
                assert!(stop.load(Ordering::Relaxed), "a write was refused: {}", oracle::describe(&e));
            }
        }
    }

    /// The rows that its predecessor on another server left behind.
    fn find_own(&mut self) -> Result<(), postgres::Error> {
        let (table, count, number) = (self.writers.table, self.writers.count, self.number);
        let sql = format!("SELECT id FROM {table} WHERE id % {count} = {number}");
        self.live = self.client.query(&sql, &[])?.iter().map(|row| row.get(0)).collect();
        Ok(())
    }

    fn write(&mut self) -> Result<(), postgres::Error> {
        let most = self.writers.rows / self.writers.count;
        match self.random.below(12) {
            0..=8 if is_growing() => self.insert(1),
            _ if is_growing() => self.copy(40),
            // So that now and then nothing but a few rows is left, and table and index could shrink.
            _ if self.live.len() > most => {
                let share = if self.random.chance(0.2) { 20 } else { 2 };
                self.delete(self.live.len() - self.live.len() / share)
            }
            0..=3 => self.insert(1),
            4 => self.insert(20),
            5 | 6 => self.copy(40),
            7 | 8 => self.update(),
            9 => self.roll_back(),
            _ => self.delete(3),
        }
    }

    fn new_ids(&mut self, n: usize) -> Vec<i64> {
        let (count, number) = (self.writers.count as u64, self.number as u64);
        (0..n).map(|_| ((self.random.next_u64() >> 2) / count * count + number) as i64).collect()
    }

    fn insert(&mut self, n: usize) -> Result<(), postgres::Error> {
        let ids = self.new_ids(n);
        let sql = self.insertion(&ids);
        self.client.batch_execute(&sql)?;
        self.live.extend(ids);
        Ok(())
    }

    fn insertion(&mut self, ids: &[i64]) -> String {
        let rows: Vec<String> = ids.iter().map(|id| format!("({id}, {})", self.quoted())).collect();
        format!("INSERT INTO {} VALUES {}", self.writers.table, rows.join(","))
    }

    fn copy(&mut self, n: usize) -> Result<(), postgres::Error> {
        let ids = self.new_ids(n);
        let mut text = String::new();
        for id in &ids {
            let emb = self.content().unwrap_or("\\N".into());
            writeln!(text, "{id}\t{emb}").expect("writing to a string");
        }
        let mut copy = self.client.copy_in(&format!("COPY {} FROM STDIN", self.writers.table))?;
        // A failure to send is the server's to explain, when the copy ends.
        let _ = copy.write_all(text.as_bytes());
        copy.finish()?;
        self.live.extend(ids);
        Ok(())
    }

    /// Leaves index entries of rows that never were.
    fn roll_back(&mut self) -> Result<(), postgres::Error> {
        let ids = self.new_ids(10);
        let sql = self.insertion(&ids);
        self.client.batch_execute(&format!("BEGIN; {sql}; ROLLBACK"))
    }

    fn update(&mut self) -> Result<(), postgres::Error> {
        if self.live.is_empty() {
            return Ok(());
        }
        let mut sql = String::from("BEGIN;");
        for _ in 0..5 {
            let (id, emb) = (*self.random.pick(&self.live), self.quoted());
            write!(sql, "UPDATE {} SET emb = {emb} WHERE id = {id};", self.writers.table).expect("writing to a string");
        }
        self.client.batch_execute(&(sql + "COMMIT"))
    }

    fn delete(&mut self, n: usize) -> Result<(), postgres::Error> {
        let n = n.min(self.live.len());
        let from = self.random.below(self.live.len() - n + 1);
        let ids: Vec<i64> = self.live[from..from + n].to_vec();
        self.client.execute(&format!("DELETE FROM {} WHERE id = ANY ($1)", self.writers.table), &[&ids])?;
        self.live.drain(from..from + n);
        Ok(())
    }

    /// A vector; `None` is NULL.
    fn content(&mut self) -> Option<String> {
        let profile = match self.random.below(30) {
            _ if self.random.below(self.writers.huge) == 0 => Profile::Huge,
            0 | 1 => Profile::Sparse,
            _ => Profile::Learned,
        };
        corpus::document(profile, &mut self.random).map(|vector| corpus::literal(&vector))
    }

    fn quoted(&mut self) -> String {
        self.content().map_or("NULL".into(), |emb| format!("'{emb}'"))
    }
}

/// Vacuums and merges without a pause, now and then rebuilds, until told to stop.
pub fn maintain(server: &Config, seed: u64, stop: &AtomicBool) {
    keep_going(server, seed, &Pace::default(), stop);
}

fn keep_going(server: &Config, seed: u64, pace: &Pace, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let mut client = server.connect(NoTls).expect("the server answers");
    while !stop.load(Ordering::Relaxed) {
        pace.wait();
        let done = match random.below(40) {
            _ if is_growing() => client.batch_execute(MERGE),
            n @ 0..=2 => rebuild(&mut client, INDEXES[n].0),
            3 => client.batch_execute("CHECKPOINT"),
            4..=12 => client.batch_execute(MERGE),
            _ => client.batch_execute("VACUUM docs"),
        };
        if let Err(e) = done {
            assert!(stop.load(Ordering::Relaxed), "maintenance: {}", oracle::describe(&e));
        }
    }
}

const MERGE: &str = "SELECT wand_merge('docs_ip'), wand_merge('docs_cos'), wand_merge('docs_filtered')";

fn rebuild(client: &mut Client, index: &str) -> Result<(), postgres::Error> {
    if client.query_one("SELECT pg_try_advisory_lock(1)", &[])?.get(0) {
        client.batch_execute(&format!("REINDEX INDEX {index}"))?;
        client.batch_execute("SELECT pg_advisory_unlock(1)")?;
    }
    Ok(())
}

/// Keeps [`maintain`] from rebuilding for as long as the client that it returns is there. To be called before a standby
/// turns its feedback on: this moves the primary's horizon back, and PostgreSQL takes rows for recently dead again
/// whose large values VACUUM has removed already. A build of any index on them fails (XX001, missing chunk number 0).
pub fn without_rebuilds(server: &Cluster) -> Client {
    let mut client = server.connect();
    client.batch_execute("SELECT pg_advisory_lock(1)").expect("a lock");
    client
}

/// On a server that takes writes: the indexes are sound, answer as the sequential scan does, and still do after rows
/// have come and VACUUM has been there.
pub fn verify(client: &mut Client, random: &mut Random, context: &str) {
    check(client, random, context);
    // Copies of rows under ids of no writer.
    let sql = "INSERT INTO docs SELECT -abs(id) - 1, emb FROM docs WHERE id > 0 ORDER BY id LIMIT 200; VACUUM docs;
               SELECT wand_merge('docs_ip'), wand_merge('docs_cos'), wand_merge('docs_filtered')";
    client.batch_execute("DELETE FROM docs WHERE id < 0").expect("DELETE");
    for statement in sql.split(';') {
        client.batch_execute(statement).unwrap_or_else(|e| panic!("{context}: {statement}: {}", oracle::describe(&e)));
    }
    check(client, random, &format!("{context}, written to and vacuumed"));
}

/// The same without writing.
pub fn check(client: &mut Client, random: &mut Random, context: &str) {
    for (index, _) in INDEXES {
        let problems = oracle::check_index(client, index);
        assert!(problems.is_empty(), "{context}: {index}: {}", problems.join("\n"));
    }
    for turn in 0..12 {
        let (index, sql) = question(random);
        let compared = oracle::take_turns(client, turn)
            .and_then(|()| oracle::compare_limits(client, &sql, index, &[1, 10, 100], None));
        compared.unwrap_or_else(|e| panic!("{context}: {e}"));
    }
}
