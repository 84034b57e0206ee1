//! Sessions that run out of memory: by allocations that fail on purpose (a library with the feature `faults`), or by a
//! limit of the process's address space. What a session's memory was at its peak.

use crate::cluster::Cluster;
use crate::oracle;
use postgres::Client;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Which allocations fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// The nth of 4 kB or more, alone.
    One,
    /// The nth of any size, and all after it: there is only what the library keeps for need.
    AllFrom,
}

impl Fails {
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::AllFrom => "all",
        }
    }

    fn settings(self) -> &'static str {
        match self {
            Self::One => "SET wand.fail_allocation_from = 4096; SET wand.fail_allocation_onward = 0",
            Self::AllFrom => "SET wand.fail_allocation_from = 1; SET wand.fail_allocation_onward = 1",
        }
    }
}

/// How a statement ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As if nothing had been; so many allocations it had in this session.
    Done(u32),
    /// By an error of class 53.
    Refused,
    /// By another error.
    Wrong(String),
    /// With the process.
    Died,
}

/// A session, and the server that must outlive it.
pub struct Session {
    pub cluster: Cluster,
    pub client: Client,
    pid: u32,
}

impl Session {
    pub fn new(cluster: Cluster) -> Self {
        let client = cluster.connect();
        let mut session = Self { cluster, client, pid: 0 };
        session.run("CREATE EXTENSION IF NOT EXISTS pg_wand");
        session.begin();
        session
    }

    fn begin(&mut self) {
        self.run("LOAD 'pg_wand'");
        self.pid =
            self.client.query_one("SELECT pg_backend_pid()", &[]).expect("a pid").get::<_, i32>(0).unsigned_abs();
    }

    /// Whether allocations of this server's library can fail on purpose.
    pub fn is_armed(&mut self) -> bool {
        self.client.batch_execute("SHOW wand.fail_allocation").is_ok()
    }

    pub fn run(&mut self, sql: &str) {
        self.client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Another session of the same server.
    pub fn reconnect(&mut self) {
        self.client = self.cluster.connect();
        self.begin();
    }

    /// Runs a statement of which the nth allocation fails; 0: none.
    pub fn attempt(&mut self, sql: &str, fails: Fails, n: u32) -> End {
        self.run(fails.settings());
        self.run(&format!("SET wand.fail_allocation = {n}"));
        let result = self.client.batch_execute(sql);
        if self.client.is_closed() {
            self.client = self.cluster.connect_after_kill_of(self.pid);
            self.begin();
            return End::Died;
        }
        let counted: String = self.client.query_one("SHOW wand.allocations", &[]).expect("a number").get(0);
        self.run("SET wand.fail_allocation = 0");
        match result {
            Ok(()) => End::Done(counted.parse().expect("a number")),
            Err(e) if e.code().is_some_and(|code| code.code().starts_with("53")) => End::Refused,
            Err(e) => End::Wrong(oracle::describe(&e)),
        }
    }

    /// The end of the server's log.
    pub fn cluster_log(&self) -> String {
        crate::logwatch::tail(&self.cluster.log(), 30)
    }

    /// Lets the server's log say where the allocation is that fails.
    pub fn trace(&mut self) {
        self.run("SET wand.trace_allocations = 1");
    }

    /// What the log said last of an allocation: the library's own functions and lines.
    pub fn traced(&self) -> String {
        let log = std::fs::read(self.cluster.log()).map(|log| String::from_utf8_lossy(&log).into_owned());
        let log = log.unwrap_or_default();
        let Some((_, trace)) = log.rsplit_once("\nallocation of ") else { return "no trace".into() };
        let trace = trace.split("\nend of allocation").next().unwrap_or_default();
        let own = |line: &str| line.contains("pg_wand") || line.contains("at ./src") || line.contains("at src/");
        let lines: Vec<&str> = trace.lines().enumerate().filter(|&(n, l)| n == 0 || own(l)).map(|(_, l)| l).collect();
        lines.join("\n").chars().take(4_000).collect()
    }

    /// Limits what the process may have of address space to so many bytes more than it has; `None`: no limit. Whether
    /// that could be done.
    pub fn limit_address_space(&self, more: Option<u64>) -> bool {
        let limit = match more {
            Some(more) => (field(self.pid, "VmSize:").unwrap_or(0) + more).to_string(),
            None => "unlimited".into(),
        };
        self.limit(&format!("--as={limit}:"))
    }

    /// Sets a limit of the session's process by `prlimit`: the soft one only, so that it can be taken back.
    pub fn limit(&self, limit: &str) -> bool {
        let owner = std::fs::metadata(self.cluster.folder()).expect("the server's folder");
        let mut command = Command::new("prlimit");
        command.args([&format!("--pid={}", self.pid), limit]);
        // Even root may need another right for processes of others than their owner has.
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != owner.uid()) {
            command.uid(owner.uid()).gid(owner.gid());
        }
        command.status().is_ok_and(|status| status.success())
    }
}

/// A line of /proc/PID/status in bytes.
pub fn field(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}
