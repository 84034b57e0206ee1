//! What backends take: the peak of a process, from the operating system.
//!
//! Counted is what the process has for itself, above what it had when it was first looked at; the server's shared
//! buffers, which count as the process's own once it has touched them, are taken off. The kernel is asked to forget
//! earlier peaks; where it may not, a peak from before hides what is below it.

use crate::server::{Server, row};
use postgres::Client;
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(3);

/// Bytes of a process at one moment.
#[derive(Clone, Copy)]
struct Usage {
    peak: u64,
    now: u64,
    shared: u64,
}

impl Usage {
    fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
        };
        Some(Self { peak: field("VmHWM:")?, now: field("VmRSS:")?, shared: field("RssShmem:")? })
    }
}

/// A process from one moment on.
#[derive(Clone, Copy)]
struct Watched {
    begin: Usage,
    last: Usage,
}

impl Watched {
    fn new(pid: i32) -> Option<Self> {
        // 5: the peak becomes what it is now.
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        Usage::of(pid).map(|usage| Self { begin: usage, last: usage })
    }

    fn look(&mut self, pid: i32) {
        if let Some(usage) = Usage::of(pid) {
            self.last = usage;
        }
    }

    fn growth(&self) -> u64 {
        // The kernel's counters may be a little apart from one another.
        let own = |bytes: u64, usage: &Usage| bytes.saturating_sub(usage.shared);
        own(self.last.peak, &self.last).saturating_sub(own(self.begin.now, &self.begin))
    }
}

/// The bytes that a backend's peak grew by.
pub struct Growth {
    pub leader: u64,
    /// All its parallel workers together.
    pub workers: u64,
    pub n_workers: usize,
}

/// Runs `work` in a session and watches its backend; `None` where the system does not tell.
pub fn of_backend(client: &mut Client, work: impl FnOnce(&mut Client)) -> Option<u64> {
    let pid = row(client, "SELECT pg_backend_pid()").get(0);
    let mut watched = Watched::new(pid)?;
    work(client);
    watched.look(pid);
    Some(watched.growth())
}

/// The same with the workers that the backend starts. They are looked at every few milliseconds.
pub fn with_workers(server: &mut Server, work: impl FnOnce(&mut Client)) -> Option<Growth> {
    let leader: i32 = server.row("SELECT pg_backend_pid()").get(0);
    let mut observer = server.session();
    let done = AtomicBool::new(false);
    let (leader_growth, workers) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_workers(&mut observer, leader, &done));
        let growth = of_backend(server.client(), work);
        done.store(true, Ordering::Relaxed);
        (growth, watcher.join().expect("the watcher"))
    });
    let (n_workers, sum) = (workers.len(), workers.values().map(Watched::growth).sum());
    leader_growth.map(|leader| Growth { leader, workers: sum, n_workers })
}

fn watch_workers(observer: &mut Client, leader: i32, done: &AtomicBool) -> BTreeMap<i32, Watched> {
    let sql = format!("SELECT pid FROM pg_stat_activity WHERE leader_pid = {leader} AND pid <> {leader}");
    let mut workers: BTreeMap<i32, Watched> = BTreeMap::new();
    while !done.load(Ordering::Relaxed) {
        for found in observer.query(&sql, &[]).expect("the activity view") {
            let pid = found.get(0);
            match workers.get_mut(&pid) {
                Some(worker) => worker.look(pid),
                None => workers.extend(Watched::new(pid).map(|worker| (pid, worker))),
            }
        }
        std::thread::sleep(POLL);
    }
    workers
}
