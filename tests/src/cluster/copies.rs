//! Copies of a server: standbys, backups and what recovery makes of them, servers as they stand.

use super::{Cluster, PORT};
use crate::logwatch;
use postgres::{Client, NoTls};
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

impl Cluster {
    /// A streaming standby of this server, caught up or about to be.
    pub fn standby(&self) -> Self {
        self.standby_with(&[])
    }

    /// The same with more settings. This server may be a standby itself.
    pub fn standby_with(&self, settings: &[&str]) -> Self {
        let standby = self.base_backup(&["-R", "-X", "stream"]);
        standby.append_settings(&format!("{}\n", settings.join("\n")));
        standby.start();
        standby
    }

    /// A copy of this server that is not started, for [`Cluster::recover`].
    pub fn backup(&self) -> Self {
        self.base_backup(&["-X", "none"])
    }

    fn base_backup(&self, arguments: &[&str]) -> Self {
        let copy = Self::new_folder();
        let host = self.folder.to_str().expect("UTF-8 path");
        let port = PORT.to_string();
        let server = ["-h", host, "-p", &port, "-U", "postgres", "-c", "fast", "--no-sync"];
        copy.run("pg_basebackup", &[&server, arguments].concat());
        copy.append_settings(&format!("unix_socket_directories = '{}'\n", copy.folder.display()));
        copy
    }

    /// Settings with which a server archives its log in its folder.
    pub const ARCHIVING: [&str; 2] =
        ["archive_mode = on", "archive_command = 'cp %p ../%f.part && mv ../%f.part ../%f'"];

    /// Starts this backup: it replays the log that `source` has archived up to `lsn`, and then takes writes.
    pub fn recover(&self, source: &Self, lsn: &str) {
        self.recover_and_pause(source, lsn);
        self.resume();
    }

    /// The same, but stops at `lsn`, the record there included: the server can be read only.
    pub fn recover_and_pause(&self, source: &Self, lsn: &str) {
        self.append_settings(&format!(
            "archive_mode = off
             restore_command = 'cp {}/%f \"%p\"'
             recovery_target_lsn = '{lsn}'
             recovery_target_action = pause\n",
            source.folder.display()
        ));
        fs::write(self.data().join("recovery.signal"), "").expect("recovery.signal");
        self.start();
        self.wait_until("SELECT pg_get_wal_replay_pause_state() = 'paused'", &format!("comes to {lsn}"));
    }

    /// Ends a recovery that stands still: the server takes writes.
    pub fn resume(&self) {
        self.connect().batch_execute("SELECT pg_wal_replay_resume()").expect("a paused recovery");
        self.wait_until("SELECT NOT pg_is_in_recovery()", "ends recovery");
    }

    fn wait_until(&self, sql: &str, what: &str) {
        let mut client = self.connect();
        let begin = Instant::now();
        while !client.query_one(sql, &[]).expect("an answer").get::<_, bool>(0) {
            assert!(begin.elapsed() < Duration::from_secs(120), "the server never {what}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A copy of this server, which does not run. It is not started.
    pub fn copy(&self) -> Self {
        let copy = Self::new_folder();
        let status = Command::new("cp").arg("-a").arg(self.data()).arg(&copy.folder).status().expect("cp");
        assert!(status.success(), "{} cannot be copied", self.data().display());
        copy.append_settings(&format!("unix_socket_directories = '{}'\n", copy.folder.display()));
        copy
    }

    /// Waits until this standby has replayed all that `primary` has written.
    pub fn wait_for(&self, primary: &mut Client) {
        let lsn: String = primary.query_one("SELECT pg_current_wal_flush_lsn()::text", &[]).expect("LSN").get(0);
        let begin = Instant::now();
        loop {
            let replayed = self.config("postgres").connect(NoTls).ok().and_then(|mut standby| {
                let sql = format!("SELECT pg_last_wal_replay_lsn() >= '{lsn}'");
                standby.query_one(&sql, &[]).ok().map(|row| row.get::<_, bool>(0))
            });
            match replayed {
                Some(true) => return,
                Some(false) => (),
                None => panic!("the standby is gone\n{}", logwatch::tail(&self.log(), 30)),
            }
            assert!(begin.elapsed() < Duration::from_secs(120), "the standby does not catch up with {lsn}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}
