//! Measures what a server process takes for something.

use crate::processes::waited;
use std::time::{Duration, Instant};

/// How long a process takes, but for what it waits for a processor.
pub struct Watch {
    pub pid: u32,
    pub since: Instant,
    waited: Duration,
    now: Duration,
}

impl Watch {
    pub fn start(pid: u32) -> Self {
        Self::since(pid, Instant::now())
    }

    /// From a moment that has just been.
    pub fn since(pid: u32, since: Instant) -> Self {
        let waited = waited(pid).unwrap_or_default();
        Self { pid, since, waited, now: waited }
    }

    /// To be called now and then while the process is there: afterwards nobody knows how long it waited.
    pub fn look(&mut self) {
        self.now = waited(self.pid).unwrap_or(self.now);
    }

    pub fn read(mut self) -> Duration {
        self.look();
        self.since.elapsed().saturating_sub(self.now.saturating_sub(self.waited))
    }
}
