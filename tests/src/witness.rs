//! Readers of a server that replays somebody else's log: each answer is right, or refused with an SQLSTATE that tells
//! the client to try again. Anything else is kept as a failure.

use crate::churn;
use crate::cluster::Cluster;
use crate::logwatch;
use crate::oracle::{self, Row};
use crate::processes;
use crate::random::Random;
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls, Transaction};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What a client must reckon with on a standby: serialization failure, statement cancelled, deadlock.
const REFUSALS: [&str; 3] = ["40001", "57014", "40P01"];

/// Answers that nobody compares: see [`is_rebuilt`].
const REBUILT: &str = "the index was rebuilt after the snapshot";

/// What became of the readers' questions.
#[derive(Debug, Default)]
pub struct Outcomes {
    pub right: u64,
    /// By SQLSTATE; those that our index raised are counted apart.
    refused: BTreeMap<String, u64>,
    /// See [`is_rebuilt`].
    rebuilt: u64,
    /// The server ended the connection and the client could not read why.
    cut: u64,
    /// Connections that servers say they ended.
    ended: u64,
    pub wrong: Vec<String>,
}

impl Outcomes {
    fn note(&mut self, answer: Result<(), String>, closed: bool) {
        let Err(said) = answer else {
            self.right += 1;
            return;
        };
        match sqlstate(&said) {
            _ if said == REBUILT => self.rebuilt += 1,
            Some(code) if REFUSALS.contains(&code) => {
                let by_us = said.contains("was reorganised by replay");
                let name = if by_us { format!("{code} (recycled)") } else { code.to_string() };
                *self.refused.entry(name).or_default() += 1;
            }
            // The server is being stopped, or starts.
            Some("57P01" | "57P02" | "57P03") => self.cut += 1,
            None if closed => self.cut += 1,
            _ => self.wrong.push(said),
        }
    }

    /// Reads in the log of a server, which is read no more, how many connections it has ended.
    pub fn read_log(&mut self, server: &Cluster) {
        self.ended += logwatch::count(&server.log(), "FATAL:") as u64;
    }

    /// Fails the test that asked, if an answer was wrong, a connection broke for no reason, or too few answers were
    /// right.
    pub fn assert_good(&self, least: u64, context: &str) {
        assert!(self.wrong.is_empty(), "{context}: {} wrong answers\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert!(self.cut <= self.ended, "{context}: servers ended {} connections, not more: {self}", self.ended);
        assert!(self.right >= least, "{context}: too few answers to mean anything: {self}");
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} right, {} wrong, {} cut", self.right, self.wrong.len(), self.cut)?;
        if self.rebuilt > 0 {
            write!(f, ", {} older than a rebuild", self.rebuilt)?;
        }
        self.refused.iter().try_for_each(|(code, n)| write!(f, ", {n} refused with {code}"))
    }
}

/// The SQLSTATE in what [`oracle::describe`] made of an error.
fn sqlstate(said: &str) -> Option<&str> {
    let mut words = said.split(' ');
    let severity = words.next()?;
    let code = words.next()?.strip_suffix(':')?;
    (["ERROR", "FATAL", "PANIC"].contains(&severity) && code.len() == 5).then_some(code)
}

/// Starts readers in `scope`, and somebody who holds them up.
pub fn start<'s>(
    scope: &'s thread::Scope<'s, '_>,
    server: &Cluster,
    readers: usize,
    random: &mut Random,
    outcomes: &'s Mutex<Outcomes>,
    stop: &'s AtomicBool,
) {
    for _ in 0..readers {
        let (config, seed) = (server.config("postgres"), random.next_u64());
        scope.spawn(move || read(&config, seed, stop, outcomes));
    }
    let (config, seed) = (server.config("postgres"), random.next_u64());
    scope.spawn(move || hold_up(&config, seed, stop));
}

/// Stops one busy session after another for a while, in the middle of whatever it does: between two pages of one
/// vector, say, where no client could.
fn hold_up(server: &Config, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let mut client = server.connect(NoTls).expect("the server answers");
    let sql = "SELECT pid FROM pg_stat_activity
        WHERE state = 'active' AND backend_type = 'client backend' AND query ~ '^(SELECT id|FETCH)'";
    while !stop.load(Ordering::Relaxed) {
        let busy: Vec<i32> = match client.query(sql, &[]) {
            Ok(rows) => rows.iter().map(|row| row.get(0)).collect(),
            // This session is in the way of replay like any other, and may be cancelled or ended for it.
            Err(e) if e.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) || client.is_closed() => {
                if client.is_closed()
                    && let Ok(another) = server.connect(NoTls)
                {
                    client = another;
                }
                Vec::new()
            }
            Err(e) => panic!("sessions: {}", oracle::describe(&e)),
        };
        if !busy.is_empty() {
            let time = *random.pick(&[5, 20, 100, 300]);
            processes::stall(random.pick(&busy).unsigned_abs(), Duration::from_millis(time));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits, but not for what cannot become good any more.
pub fn watch(outcomes: &Mutex<Outcomes>, time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        let wrong = outcomes.lock().expect("no reader panics").wrong.first().cloned();
        assert!(wrong.is_none(), "a reader was told: {}", wrong.unwrap_or_default());
        thread::sleep(Duration::from_millis(100).min(time));
    }
}

/// Asks until told to stop, in one session for as long as the server lets it.
pub fn read(server: &Config, seed: u64, stop: &AtomicBool, outcomes: &Mutex<Outcomes>) {
    let mut random = Random::new(seed);
    let mut session: Option<Client> = None;
    let note = |answer, closed| outcomes.lock().expect("no reader panics").note(answer, closed);
    while !stop.load(Ordering::Relaxed) {
        let client = match session.take().filter(|client| !client.is_closed()).map_or_else(|| server.connect(NoTls), Ok)
        {
            Ok(client) => session.insert(client),
            Err(e) => {
                note(Err(oracle::describe(&e)), true);
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let answer = ask(client, &mut random);
        let (closed, failed) = (client.is_closed(), answer.is_err());
        note(answer, closed);
        // The ROLLBACK that followed the failure may have been cancelled like any other statement.
        if failed && client.batch_execute("ROLLBACK").is_err() {
            session = None;
        }
    }
}

fn ask(client: &mut Client, random: &mut Random) -> Result<(), String> {
    let (index, sql) = churn::question(random);
    oracle::take_turns(client, random.below(12))?;
    let limited = format!("{sql} LIMIT {}", 1 + random.below(100));
    match random.below(11) {
        10 => frequencies(client, index),
        0..=4 => compare(client, &limited, index, true, |transaction| oracle::rows(transaction, &limited)),
        5 => compare(client, &sql, index, false, |transaction| oracle::rows(transaction, &sql)),
        // Many times, so that most of the time is spent in the index.
        6 | 7 => compare(client, &limited, index, true, |transaction| {
            (0..9).try_for_each(|_| oracle::rows(transaction, &limited).map(|_| ()))?;
            oracle::rows(transaction, &limited)
        }),
        _ => compare(client, &sql, index, false, |transaction| slowly(transaction, &sql, random)),
    }
}

/// What `read` got through the index against the sequential scan in the same snapshot.
fn compare(
    client: &mut Client,
    sql: &str,
    index: &str,
    cut: bool,
    read: impl FnOnce(&mut Transaction<'_>) -> Result<Vec<Row>, String>,
) -> Result<(), String> {
    let mut transaction = oracle::begin(client)?;
    oracle::prefer_index(&mut transaction)?;
    let plan = oracle::explain(&mut transaction, sql)?;
    if !plan.contains(&format!("using {index} on")) {
        return Err(format!("the plan does not use {index}:\n{plan}"));
    }
    // From the plan on the index is locked.
    if is_rebuilt(&mut transaction, index)? {
        return Err(REBUILT.into());
    }
    let by_index = read(&mut transaction)?;
    let by_scan = oracle::through_scan(&mut transaction, sql)?;
    transaction.rollback().map_err(|e| oracle::describe(&e))?;
    oracle::same(&by_index, &by_scan, cut).map_err(|e| format!("{e}\nin: {sql}"))
}

/// Document frequencies instead of rows.
fn frequencies(client: &mut Client, index: &str) -> Result<(), String> {
    let mut transaction = oracle::begin(client)?;
    if is_rebuilt(&mut transaction, index)? {
        return Err(REBUILT.into());
    }
    oracle::compare_frequencies(&mut transaction, index, "emb", "true")?;
    transaction.rollback().map_err(|e| oracle::describe(&e))
}

/// Whether the index was rebuilt after the snapshot was taken. A rebuild leaves rows out that are dead for the primary,
/// and a standby's older snapshot may still see them: PostgreSQL answers wrong then, through any kind of index.
fn is_rebuilt(transaction: &mut Transaction<'_>, index: &str) -> Result<bool, String> {
    let sql = format!("SELECT relfilenode <> pg_relation_filenode(oid) FROM pg_class WHERE relname = '{index}'");
    transaction.query_one(&sql, &[]).map(|row| row.get(0)).map_err(|e| oracle::describe(&e))
}

/// The whole answer through a cursor, with pauses.
fn slowly(transaction: &mut Transaction<'_>, sql: &str, random: &mut Random) -> Result<Vec<Row>, String> {
    let declaration = format!("DECLARE slow NO SCROLL CURSOR FOR {sql}");
    transaction.batch_execute(&declaration).map_err(|e| oracle::describe(&e))?;
    let mut by_index: Vec<Row> = Vec::new();
    loop {
        let n = *random.pick(&[1, 10, 100, 1000]);
        let fetched = oracle::rows(transaction, &format!("FETCH {n} FROM slow"))?;
        if fetched.is_empty() {
            return Ok(by_index);
        }
        by_index.extend(fetched);
        if random.chance(0.5) {
            thread::sleep(Duration::from_millis(random.below(120) as u64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcomes;

    #[test]
    fn only_refusals_are_forgiven() {
        let mut outcomes = Outcomes::default();
        outcomes.note(Ok(()), false);
        outcomes.note(Err("ERROR 40001: canceling statement due to conflict with recovery ".into()), false);
        outcomes.note(Err("ERROR 40001: index \"i\" was reorganised by replay while".into()), false);
        outcomes.note(Err("FATAL 57P01: terminating connection ".into()), true);
        outcomes.note(Err("connection closed".into()), true);
        assert!(outcomes.wrong.is_empty());
        let expected = "1 right, 0 wrong, 2 cut, 1 refused with 40001, 1 refused with 40001 (recycled)";
        assert_eq!(outcomes.to_string(), expected);
        for said in
            ["ERROR XX002: index \"i\" is damaged", "the index gives 3 rows, a sequential scan 4", "ERROR 22P02: x"]
        {
            outcomes.note(Err(said.into()), false);
        }
        outcomes.note(Err("ERROR XX000: the connection is closed too".into()), true);
        assert_eq!(outcomes.wrong.len(), 4);
    }
}
