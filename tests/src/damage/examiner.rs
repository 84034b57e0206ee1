//! Runs statements against an index that may be damaged, and judges how each ends: with rows, or with an error that
//! names the index and the block, gives a reason and says what to do. Anything else is a breach of the promise.

use super::patient::Patient;
use crate::cluster::Cluster;
use crate::oracle::{self, Row};
use crate::processes;
use postgres::{Client, NoTls, SimpleQueryMessage};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// How a statement ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The columns of each row as text.
    Rows(Vec<Vec<Option<String>>>),
    /// The index is damaged, says the server: what its detail says.
    Damaged(String),
    /// The executor has found a row nearer than the index had promised, or the comparison of a column's type a value
    /// that cannot be, and says so in its own words, which no access method can change. As bad as wrong rows: the check
    /// must know the reason.
    Disordered,
}

impl Outcome {
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    /// Id and distance of each row.
    pub fn ranked(&self) -> Option<Vec<Row>> {
        let Self::Rows(rows) = self else { return None };
        Some(rows.iter().map(|row| (number(&row[0]), row.get(1).and_then(distance))).collect())
    }
}

fn number(text: &Option<String>) -> i64 {
    text.as_deref().and_then(|text| text.parse().ok()).expect("a number")
}

fn distance(text: &Option<String>) -> Option<u64> {
    text.as_deref().map(|text| oracle::bits(text.parse().expect("a distance")))
}

/// No statement may take longer.
pub const LONGEST: Duration = Duration::from_secs(5);
/// A session that waits for a page's lock heeds no timeout: after this time it is killed, for the test's report.
const HOPELESS: Duration = Duration::from_secs(30);

pub struct Examiner {
    pub client: Client,
    notices: Arc<Mutex<Vec<String>>>,
    /// Since when a statement runs, and the session's process.
    running: Arc<Mutex<Option<(Instant, u32)>>>,
    pid: u32,
    pub statements: usize,
    pub errors: usize,
    /// Of them those in the executor's words.
    pub disordered: usize,
    pub slowest: Duration,
}

type Judged<T = Outcome> = Result<T, String>;

impl Examiner {
    pub fn connect(cluster: &Cluster) -> Self {
        let (client, notices, pid) = connect(cluster);
        let running = Arc::default();
        watch(Arc::downgrade(&running));
        Self { client, notices, running, pid, statements: 0, errors: 0, disordered: 0, slowest: Duration::ZERO }
    }

    /// With another session, which remembers nothing.
    pub fn reconnect(&mut self, cluster: &Cluster) {
        (self.client, self.notices, self.pid) = connect(cluster);
    }

    /// Runs statements as one; the rows are those of the last.
    pub fn run(&mut self, patient: &Patient, sql: &str) -> Judged {
        let begin = Instant::now();
        *self.running.lock().expect("watch") = Some((begin, self.pid));
        let result = self.client.simple_query(sql);
        *self.running.lock().expect("watch") = None;
        let time = begin.elapsed();
        self.statements += 1;
        self.slowest = self.slowest.max(time);
        let breach = |what: String| format!("{what}\nin: {}", sql.chars().take(1_500).collect::<String>());
        if time > LONGEST {
            return Err(breach(format!("took {time:?}")));
        }
        let warnings: Vec<String> = std::mem::take(&mut *self.notices.lock().expect("notices"));
        let is_known = |warning: &String| {
            warning.contains("is damaged") || warning.starts_with(&format!("index \"{}\" is full: ", patient.index))
        };
        if let Some(warning) = warnings.iter().find(|warning| !is_known(warning)) {
            return Err(breach(format!("warning: {warning}")));
        }
        match result {
            Ok(messages) => Ok(Outcome::Rows(messages.iter().filter_map(row_of).collect())),
            Err(e) => {
                self.errors += 1;
                let outcome = judge(patient.index, &e).map_err(breach)?;
                self.disordered += usize::from(outcome == Outcome::Disordered);
                Ok(outcome)
            }
        }
    }

    /// Runs what must succeed.
    pub fn must(&mut self, patient: &Patient, sql: &str) -> Judged<Vec<Vec<Option<String>>>> {
        match self.run(patient, sql)? {
            Outcome::Rows(rows) => Ok(rows),
            other => Err(format!("unexpected: {other:?}\nin: {sql}")),
        }
    }

    /// What `wand_check` finds, with or without a look at the table: nothing is a sound index.
    pub fn check(&mut self, patient: &Patient, heap: bool) -> Judged<Vec<String>> {
        let sql = format!(
            "SELECT concat_ws(' ', part, 'block', block, problem) FROM wand_check('{}', {heap})",
            patient.index
        );
        Ok(match self.run(patient, &sql)? {
            Outcome::Rows(rows) => rows.into_iter().filter_map(|mut row| row.swap_remove(0)).collect(),
            other => vec![format!("{other:?}")],
        })
    }
}

/// Kills the session whose statement does not end, as long as there is an examiner.
fn watch(running: Weak<Mutex<Option<(Instant, u32)>>>) {
    std::thread::spawn(move || {
        while let Some(running) = running.upgrade() {
            let hopeless = running.lock().expect("watch").filter(|(begin, _)| begin.elapsed() > HOPELESS);
            hopeless.into_iter().for_each(|(_, pid)| processes::kill(pid));
            drop(running);
            std::thread::sleep(Duration::from_secs(1));
        }
    });
}

fn connect(cluster: &Cluster) -> (Client, Arc<Mutex<Vec<String>>>, u32) {
    let notices = Arc::new(Mutex::new(Vec::new()));
    let mut config = cluster.config("postgres");
    let kept = Arc::clone(&notices);
    config.notice_callback(move |notice| kept.lock().expect("notices").push(notice.message().to_string()));
    let mut client = config.connect(NoTls).unwrap_or_else(|e| panic!("cannot connect: {e}"));
    let sql = format!("SET statement_timeout = {}; SET client_min_messages = warning", LONGEST.as_millis());
    client.batch_execute(&sql).expect("settings");
    let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).expect("a session's process").get(0);
    (client, notices, pid.unsigned_abs())
}

fn row_of(message: &SimpleQueryMessage) -> Option<Vec<Option<String>>> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((0..row.len()).map(|at| row.get(at).map(str::to_string)).collect())
}

/// What the error says of the damage, if it is as it must be.
fn judge(index: &str, error: &postgres::Error) -> Judged {
    let Some(db) = error.as_db_error() else { return Err(format!("the session ended: {error}")) };
    let (detail, hint) = (db.detail().unwrap_or(""), db.hint().unwrap_or(""));
    let said = format!("{} {}: {} | {detail} | {hint}", db.severity(), db.code().code(), db.message());
    // A page that a pointer names and that is not there has no block.
    let names_block = detail.ends_with(": no such page.")
        || detail.strip_prefix("In block ").is_some_and(|rest| {
            let (block, reason) = rest.split_once(": ").unwrap_or_default();
            block.parse::<u32>().is_ok() && !reason.is_empty()
        });
    let as_promised = db.code().code() == "XX002"
        && db.message() == format!("index \"{index}\" is damaged")
        && names_block
        && hint.contains("REINDEX");
    // A counter in the metapage stands before its end.
    let is_full = db.code().code() == "54000"
        && db.message().starts_with(&format!("index \"{index}\" is full: "))
        && hint.starts_with("REINDEX");
    match (db.code().code(), db.message()) {
        _ if is_full => Ok(Outcome::Damaged(db.message().to_string())),
        _ if as_promised => Ok(Outcome::Damaged(detail.to_string())),
        ("XX000", "index returned tuples in wrong order") => Ok(Outcome::Disordered),
        // An enum's comparison asks the catalogue of a value that is none.
        ("22P03", message) if message.starts_with("invalid internal value for enum") => Ok(Outcome::Disordered),
        ("XX000", message) if message.starts_with("enum value ") => Ok(Outcome::Disordered),
        _ => Err(said),
    }
}
