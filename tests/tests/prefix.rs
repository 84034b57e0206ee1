//! Any prefix of the log gives a sound index: a server that is recovered to any record of a mixed load, in the middle
//! of a flush, merge, build or VACUUM as well, has indexes that `wand_check(index, true)` finds nothing in and that
//! answer as a sequential scan does, while recovery stands still there (the server is a standby then, which reads
//! only), and after it has ended there: then rows come and go, the table is vacuumed, and all is looked at once more.
//!
//! One backup is taken before the load; copies of it are recovered. Half of the places are records of indexes, the rest
//! any. Where much log would have to be replayed, a copy that has come far is stopped there and becomes the backup.
//!
//! Sizes: PREFIX_POSITIONS (10), PREFIX_LOG (100 MB that the load writes at least), PREFIX_WRITERS (3), PREFIX_ROWS
//! (1,500, about). SEED repeats the choices, though not the timing of the load.

use pg_wand_tests::archive::{self, for_each_record, lsn_number};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::ledger::Ledger;
use pg_wand_tests::load::Load;
use pg_wand_tests::random::Random;
use pg_wand_tests::workload::{self, INDEXES};
use pg_wand_tests::{begin, size};
use postgres::Client;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn any_prefix_of_the_log_gives_a_sound_index() {
    let (positions, log, writers) = (size("PREFIX_POSITIONS", 10), size("PREFIX_LOG", 100), size("PREFIX_WRITERS", 3));
    let sizes = [("PREFIX_POSITIONS", positions), ("PREFIX_LOG", log), ("PREFIX_WRITERS", writers)];
    let seed = begin("prefix", &sizes);
    let mut random = Random::new(seed);
    let settings = ["autovacuum_naptime = 1s", "max_prepared_transactions = 40", "wal_keep_size = 0"];
    let primary = Cluster::start_new(&[&Cluster::ARCHIVING[..], &settings].concat());
    let mut client = primary.connect();
    workload::create(&mut client);
    let mut base = primary.backup();
    let first = insert_lsn(&mut client);
    let mut ledgers: Vec<Ledger> = (0..writers).map(|_| Ledger::default()).collect();
    let load = Load { cluster: &primary, rows: size("PREFIX_ROWS", 1_500), readers: 0, checkpoints: true };
    load.run(&mut ledgers, &mut random, |_| until_logged(&mut primary.connect(), &first, log));
    let last = insert_lsn(&mut client);
    archive::complete(&mut client);
    drop(client);

    let places = choose(&primary, (&first, &last), positions, &mut random);
    let (begun, mut tally, mut based) = (Instant::now(), Tally::default(), lsn_number(&first));
    for place in &places {
        let context = format!("recovered to {place}, SEED={seed}");
        let copy = base.copy();
        copy.recover_and_pause(&primary, place);
        let mut client = copy.connect();
        if is_locked(&mut client) {
            tally.locked += 1;
        } else {
            workload::verify(&mut client, &mut random, 12, &format!("{context}, paused"));
            tally.add(&mut client);
        }
        if lsn_number(place) - based > REBASE_BYTES {
            drop(client);
            copy.stop("fast");
            base = copy.copy();
            based = lsn_number(place);
            copy.recover_and_pause(&primary, place);
            client = copy.connect();
        }
        copy.resume();
        workload::settle_prepared(&mut client, &mut random);
        workload::verify(&mut client, &mut random, 6, &context);
        workload::go_on(&mut client, &context);
        tally.rows += workload::verify(&mut client, &mut random, 6, &format!("{context}, gone on")).len();
        drop(client);
        copy.finish();
    }
    let seconds = begun.elapsed().as_secs_f64() / places.len() as f64;
    let megabytes = (lsn_number(&last) - lsn_number(&first)) >> 20;
    println!(
        "prefix: {} places in {megabytes} MB of log, {} with pages of unfinished work, {} with pending entries, \
         {} locked meanwhile, {} rows, 0 differences, {seconds:.1} s each; SEED={seed}",
        places.len(),
        tally.unfinished,
        tally.pending,
        tally.locked,
        tally.rows
    );
    assert!(tally.locked <= 1 + places.len() / 10, "too many places where nothing can be read");
    primary.finish();
}

/// From so much log on it is quicker to go on from where a copy has come to.
const REBASE_BYTES: u64 = 48 << 20;

/// What was met.
#[derive(Default)]
struct Tally {
    /// An index had pages that belong to nobody: an operation had written them and not published them yet, or had
    /// replaced and not freed them yet.
    unfinished: usize,
    pending: usize,
    /// Recovery stood still within a transaction that keeps readers out, for example of an index whose file it cuts:
    /// they would wait until it goes on.
    locked: usize,
    rows: usize,
}

impl Tally {
    fn add(&mut self, client: &mut Client) {
        let (mut orphaned, mut pending) = (false, false);
        for (index, ..) in INDEXES {
            let sql = format!("SELECT orphaned_bytes > 0, pending > 0 FROM wand_info('{index}')");
            let row = client.query_one(&sql, &[]).expect("wand_info");
            orphaned |= row.get::<_, bool>(0);
            pending |= row.get::<_, bool>(1);
        }
        self.unfinished += usize::from(orphaned);
        self.pending += usize::from(pending);
    }
}

fn is_locked(client: &mut Client) -> bool {
    let sql =
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND granted)";
    client.query_one(sql, &[]).expect("locks").get(0)
}

fn insert_lsn(client: &mut Client) -> String {
    client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).expect("a place in the log").get(0)
}

fn until_logged(client: &mut Client, first: &str, megabytes: usize) {
    let begin = Instant::now();
    while (lsn_number(&insert_lsn(client)) - lsn_number(first)) >> 20 < megabytes as u64 {
        assert!(begin.elapsed() < Duration::from_secs(600), "the load does not write {megabytes} MB");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Records by chance, in their order: half of them of the indexes.
fn choose(primary: &Cluster, (first, last): (&str, &str), n: usize, random: &mut Random) -> Vec<String> {
    let mut any = Sample::new(n - n / 2);
    let mut of_indexes = Sample::new(n / 2);
    for_each_record(primary.folder(), first, last, |record| {
        any.offer(record.lsn, random);
        if record.manager == "Generic" {
            of_indexes.offer(record.lsn, random);
        }
    });
    println!("{} records, {} of indexes", any.seen, of_indexes.seen);
    assert!(of_indexes.seen > 10 * n, "only {} records of indexes", of_indexes.seen);
    let chosen: BTreeSet<(u64, String)> =
        any.chosen.into_iter().chain(of_indexes.chosen).map(|lsn| (lsn_number(&lsn), lsn)).collect();
    chosen.into_iter().map(|(_, lsn)| lsn).collect()
}

/// So many of a stream, each with equal chance.
struct Sample {
    chosen: Vec<String>,
    n: usize,
    seen: usize,
}

impl Sample {
    fn new(n: usize) -> Self {
        Self { chosen: Vec::new(), n, seen: 0 }
    }

    fn offer(&mut self, lsn: &str, random: &mut Random) {
        self.seen += 1;
        if self.chosen.len() < self.n {
            self.chosen.push(lsn.into());
        } else if let Some(place) = self.chosen.get_mut(random.below(self.seen)) {
            *place = lsn.into();
        }
    }
}
