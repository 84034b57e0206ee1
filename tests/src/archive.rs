//! The archived log of a server: complete up to a place, and its records one by one.

use crate::cluster::pg_config;
use postgres::Client;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Returns when all that has been logged is in the archive.
pub fn complete(client: &mut Client) {
    let sql = "SELECT pg_walfile_name(pg_current_wal_insert_lsn()) FROM pg_switch_wal()";
    let next: String = client.query_one(sql, &[]).expect("a switch of files").get(0);
    let begin = Instant::now();
    let behind = format!("SELECT coalesce(last_archived_wal, '') < '{next}'::text FROM pg_stat_archiver");
    client.batch_execute("CREATE TABLE after_the_end (); SELECT pg_switch_wal()").expect("another file");
    while client.query_one(&behind, &[]).expect("the archiver's state").get(0) {
        assert!(begin.elapsed() < Duration::from_secs(120), "the archiver does not come to {next}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A record of the log as `pg_waldump` prints it.
pub struct Record<'a> {
    /// Whose it is: `Generic`, `Heap`, `Storage`, ...
    pub manager: &'a str,
    pub lsn: &'a str,
    line: &'a str,
}

impl Record<'_> {
    /// The files whose blocks it names, or that it makes or cuts, as database and number: `5/16400`.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let blocks = self.blocks().filter_map(|block| block.split_once("rel ")).map(|(_, rest)| after_tablespace(rest));
        let paths = self.line.split(" base/").skip(1).filter(|_| self.manager == "Storage");
        blocks.chain(paths).map(number_of_file)
    }

    /// One piece of text for each block.
    fn blocks(&self) -> impl Iterator<Item = &str> {
        self.line.split("blkref #").skip(1)
    }

    /// Whether it is about init forks only.
    pub fn is_of_init_forks(&self) -> bool {
        self.is_of("init") || (self.manager == "Storage" && self.line.contains("_init"))
    }

    /// Whether it is about free-space maps only.
    pub fn is_of_map(&self) -> bool {
        self.is_of("fsm")
    }

    fn is_of(&self, fork: &str) -> bool {
        let fork = format!(" fork {fork} ");
        self.blocks().count() > 0 && self.blocks().all(|block| block.contains(&fork))
    }

    /// For a failure's report.
    pub fn text(&self) -> &str {
        self.line
    }
}

/// `1663/5/16400 ...` without its tablespace.
fn after_tablespace(rel: &str) -> &str {
    rel.split_once('/').map_or(rel, |(_, rest)| rest)
}

/// `5/16400_init ...` without what follows the number.
fn number_of_file(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '/').unwrap_or(text.len());
    &text[..end]
}

/// A place in the log as a number.
pub fn lsn_number(lsn: &str) -> u64 {
    let (high, low) = lsn.split_once('/').expect("two halves");
    let [high, low] = [high, low].map(|half| u64::from_str_radix(half, 16).expect("a hexadecimal number"));
    high << 32 | low
}

/// Gives every record from one place in the log to another, in order; `folder` has the log's files.
pub fn for_each_record(folder: &Path, from: &str, to: &str, each: impl FnMut(&Record<'_>)) {
    assert!(dump(folder, &["--start", from, "--end", to], each), "the log from {from} to {to} cannot be read");
}

/// Where the log of a server that was killed ends: not before the end of its last record, and before any other.
pub fn end_of_log(folder: &Path, from: &str) -> u64 {
    let mut end = 0;
    // It ends with an error: there is no other way to know that nothing comes after.
    dump(folder, &["--start", from], |record| {
        let total = record.line.split("len (rec/tot):").nth(1).and_then(|rest| rest.split('/').nth(1));
        let total = total.and_then(|rest| rest.split(',').next()).and_then(|n| n.trim().parse::<u64>().ok());
        let total = total.unwrap_or_else(|| panic!("no length in: {}", record.line));
        // With a header on every page of the log.
        end = lsn_number(record.lsn) + total + 40 * (total / 8_192 + 2);
    });
    assert!(end > 0, "the log has no record at {from}");
    end
}

/// Whether `pg_waldump` ended well.
fn dump(folder: &Path, arguments: &[&str], mut each: impl FnMut(&Record<'_>)) -> bool {
    let mut command = Command::new(format!("{}/pg_waldump", pg_config("--bindir")));
    command.arg("--path").arg(folder).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("pg_waldump");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    for line in out.lines() {
        let line = line.expect("what pg_waldump prints");
        let field = |name: &str| line.split_once(name).map(|(_, rest)| rest.trim_start());
        let manager = field("rmgr: ").and_then(|rest| rest.split(' ').next());
        let lsn = field("lsn: ").and_then(|rest| rest.split(',').next());
        if let (Some(manager), Some(lsn)) = (manager, lsn) {
            each(&Record { manager, lsn, line: &line });
        }
    }
    child.wait().expect("pg_waldump").success()
}

#[cfg(test)]
mod tests {
    use super::Record;

    fn record<'a>(manager: &'a str, line: &'a str) -> Record<'a> {
        Record { manager, lsn: "", line }
    }

    #[test]
    fn files_of_blocks_and_of_whole_files() {
        let both = record(
            "Generic",
            "desc: Generic, blkref #0: rel 1663/5/16400 blk 0, blkref #1: rel 1663/5/16401 fork init blk 3 FPW",
        );
        assert_eq!(both.files().collect::<Vec<_>>(), ["5/16400", "5/16401"]);
        assert!(!both.is_of_init_forks());
        let image = record("XLOG", "desc: FPI , blkref #0: rel 1663/5/16401 fork init blk 0 FPW");
        assert!(image.is_of_init_forks() && !image.is_of_map());
        assert!(record("XLOG", "desc: FPI_FOR_HINT , blkref #0: rel 1663/5/7 fork fsm blk 0 FPW").is_of_map());
        let made = record("Storage", "desc: CREATE base/5/16400_init");
        assert!(made.is_of_init_forks() && made.files().eq(["5/16400"]));
        assert!(record("Storage", "desc: TRUNCATE base/5/16400 to 3 blocks flags 7").files().eq(["5/16400"]));
        assert_eq!(record("Transaction", "desc: COMMIT 2026; rels: base/5/16400").files().count(), 0);
    }
}
