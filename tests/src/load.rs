//! The table of [`workload`](crate::workload) under load: writers, a client that maintains it, readers, for as long as
//! a test does something else.

use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::oracle;
use crate::random::Random;
use crate::workload::{self, Writer};
use postgres::NoTls;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Who is at work.
pub struct Load<'a> {
    pub cluster: &'a Cluster,
    /// Rows of all writers together, about.
    pub rows: usize,
    pub readers: usize,
    /// Whether the one that maintains makes checkpoints, too.
    pub checkpoints: bool,
}

impl Load<'_> {
    /// One writer for each ledger, until `during` is over. It may kill the server, if it has said before that all are
    /// to stop.
    pub fn run<T>(&self, ledgers: &mut [Ledger], random: &mut Random, during: impl FnOnce(&AtomicBool) -> T) -> T {
        let stop = AtomicBool::new(false);
        let (writers, most) = (ledgers.len(), self.rows / ledgers.len());
        thread::scope(|scope| {
            let (stop, load) = (&stop, self);
            for (number, ledger) in ledgers.iter_mut().enumerate() {
                let random = Random::new(random.next_u64());
                let client = load.cluster.connect();
                scope.spawn(move || write(Writer { client, number, writers, most, random }, ledger, stop));
            }
            for _ in 0..self.readers {
                let seed = random.next_u64();
                scope.spawn(move || read(load.cluster, seed, stop));
            }
            let seed = random.next_u64();
            scope.spawn(move || load.maintain(seed, stop));
            let _stop = crate::churn::StopAtEnd(stop);
            during(stop)
        })
    }

    fn maintain(&self, seed: u64, stop: &AtomicBool) {
        let mut random = Random::new(seed);
        let Ok(mut client) = self.cluster.config("postgres").connect(NoTls) else { return };
        while !stop.load(Ordering::Relaxed) {
            if let Err(e) = workload::maintain(&mut client, &mut random, self.checkpoints) {
                assert!(client.is_closed() || stop.load(Ordering::Relaxed), "maintenance: {}", oracle::describe(&e));
                return;
            }
            thread::sleep(Duration::from_millis(random.below(60) as u64));
        }
    }
}

/// Writes until told to stop, or until the server is gone.
fn write(mut writer: Writer, ledger: &mut Ledger, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match writer.write(ledger) {
            Ok(_) => (),
            // The connection broke: what was announced stays in doubt.
            Err(_) if writer.client.is_closed() || stop.load(Ordering::Relaxed) => return,
            Err(e) => panic!("a live server refused a write: {}", oracle::describe(&e)),
        }
    }
}

/// Compares with the sequential scan while everything changes.
fn read(cluster: &Cluster, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    let Ok(mut client) = cluster.config("postgres").connect(NoTls) else { return };
    while !stop.load(Ordering::Relaxed) {
        let result = workload::ask(&mut client, &mut random);
        if client.is_closed() || stop.load(Ordering::Relaxed) {
            return;
        }
        result.unwrap_or_else(|e| panic!("under load: {e}"));
    }
}
