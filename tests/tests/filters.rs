//! An index never changes an answer to a query with conditions: those on filter columns of every kind and on the vector
//! that it serves, and others beside them. The rows and distances are those of a sequential scan of the same snapshot,
//! and LIMIT is filled as long as there are rows; after everything that can happen to a table, by every strategy, in
//! every width of the inner loops, with arguments that the planner knows and that it does not, in joins and cursors,
//! and while rows change.
//!
//! Sizes: FILTER_DOCS (1,000 a profile), FILTER_QUERIES (25 after each change, each asked in eight shapes or so: 19,000
//! answers in all), FILTER_LARGE (80,000 rows) with FILTER_LARGE_QUERIES (40 twice), FILTER_SECONDS (10) of change with
//! FILTER_READERS (2). SEED repeats a run; every failure names it.

use pg_wand_tests::asker::{Asker, Compared, Index};
use pg_wand_tests::churn::StopAtEnd;
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::conditions::Pool;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::filtered;
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, one_at_a_time, size};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Paths that are disabled have prices for which queries would be compiled.
const SETTINGS: &str = "jit = off";

struct Scene {
    asker: Asker,
    indexes: Vec<Index>,
    profile: Profile,
    next_id: i64,
    context: String,
}

#[test]
fn through_a_tables_life() {
    let _alone = one_at_a_time();
    let (docs, queries) = (size("FILTER_DOCS", 1_000), size("FILTER_QUERIES", 25));
    let seed = begin("filters", &[("FILTER_DOCS", docs), ("FILTER_QUERIES", queries)]);
    let cluster = Cluster::start_new(&[SETTINGS, "autovacuum = off"]);
    filtered::prepare(&mut cluster.connect());
    let mut all = Compared::default();
    let mut profiles = vec![Profile::Learned];
    profiles.extend(corpus::ADVERSARIAL);
    for (number, profile) in profiles.into_iter().enumerate() {
        let mut random = Random::new(seed ^ (number as u64) << 48);
        let mut client = cluster.connect();
        let indexes = Index::random(&mut client, &mut random);
        let asker = Asker::new(client, random, indexes.clone());
        let context = format!("{profile:?}, SEED={seed}");
        let mut scene = Scene { asker, indexes, profile, next_id: 1, context };
        scene.live_through(if profile == Profile::Huge { docs.div_ceil(10) } else { docs });
        let compared = scene.asker.compared;
        println!("{profile:?}: {compared:?}");
        all.add(&compared);
    }
    println!(
        "filters: {} answers compared, {} of them with conditions that an index served, 0 differences; SEED={seed}",
        all.answers, all.with_condition
    );
    assert!(all.with_condition * 2 > all.answers, "too few conditions that an index serves: {all:?}, SEED={seed}");
    cluster.finish();
}

impl Scene {
    fn live_through(&mut self, docs: usize) {
        self.run(&format!("DROP TABLE IF EXISTS docs; CREATE TABLE docs ({})", filtered::declarations()));
        self.create_indexes();
        self.verify("empty");
        self.insert(docs / 4);
        self.verify("inserted into empty indexes");
        self.run(&self.of_each("DROP INDEX"));
        self.insert(docs / 2);
        self.create_indexes();
        self.verify("built");
        self.insert(docs / 4);
        self.run("ANALYZE docs");
        self.verify("inserted");
        for part in 0..4 {
            let change = filtered::change(&mut self.asker.random, &format!("id % 20 = {part}"));
            self.run(&change);
        }
        self.verify("updated");
        self.run("DELETE FROM docs WHERE id % 3 = 0");
        self.verify("deleted");
        self.run("VACUUM docs");
        self.verify("vacuumed");
        self.insert(docs / 8);
        self.verify("inserted after vacuum");
        let merges: Vec<String> =
            self.indexes.iter().map(|index| format!("SELECT wand_merge('{}')", index.name)).collect();
        self.run(&merges.join("; "));
        self.verify("merged");
        self.run("VACUUM ANALYZE docs");
        self.run(&self.of_each("REINDEX INDEX"));
        self.run("ALTER TABLE docs SET (parallel_workers = 2); REINDEX TABLE docs");
        self.verify("reindexed by several processes");
        self.run("DELETE FROM docs; VACUUM docs");
        self.verify("emptied");
        self.insert(docs / 8);
        self.verify("filled again");
    }

    fn of_each(&self, command: &str) -> String {
        let commands: Vec<String> = self.indexes.iter().map(|index| format!("{command} {}", index.name)).collect();
        commands.join("; ")
    }

    fn create_indexes(&mut self) {
        let definitions: Vec<String> = self.indexes.iter().map(Index::definition).collect();
        self.run(&definitions.join("; "));
    }

    fn insert(&mut self, rows: usize) {
        let Asker { client, random, .. } = &mut self.asker;
        filtered::insert(client, self.profile, random, self.next_id, rows);
        self.next_id += rows as i64;
    }

    fn run(&mut self, sql: &str) {
        for statement in sql.split("; ") {
            if let Err(e) = self.asker.client.batch_execute(statement) {
                panic!("{}: {}\nin: {statement}", self.context, oracle::describe(&e));
            }
        }
    }

    fn verify(&mut self, stage: &str) {
        self.verify_indexes(stage);
        self.ask(size("FILTER_QUERIES", 25), stage);
    }

    fn verify_indexes(&mut self, stage: &str) {
        for index in &self.indexes {
            let problems = oracle::check_index(&mut self.asker.client, index.name);
            assert!(problems.is_empty(), "{}, {stage}: {index:?}: {}", self.context, problems.join("\n"));
        }
    }

    fn ask(&mut self, queries: usize, stage: &str) {
        let context = format!("{}, {stage}", self.context);
        let Asker { client, random, .. } = &mut self.asker;
        let pool = Pool::new(client, self.profile, random, self.next_id);
        let pool = pool.unwrap_or_else(|e| panic!("{context}: {e}"));
        for _ in 0..queries {
            self.asker.ask(&pool).unwrap_or_else(|e| panic!("{context}: {e}"));
        }
    }
}

/// With more rows in a segment than what is read of a column at once, and values on many pages.
#[test]
fn in_a_large_table() {
    let _alone = one_at_a_time();
    let (docs, queries) = (size("FILTER_LARGE", 80_000), size("FILTER_LARGE_QUERIES", 40));
    let seed = begin("filters", &[("FILTER_LARGE", docs), ("FILTER_LARGE_QUERIES", queries)]);
    let mut random = Random::new(seed);
    let settings = [SETTINGS, "autovacuum = off", "maintenance_work_mem = 256MB", "work_mem = 64MB"];
    let cluster = Cluster::start_new(&settings);
    let mut client = cluster.connect();
    filtered::prepare(&mut client);
    let indexes = Index::random(&mut client, &mut random);
    let asker = Asker::new(client, random, indexes.clone());
    let context = format!("large, SEED={seed}");
    let mut scene = Scene { asker, indexes, profile: Profile::Ties, next_id: 1, context };
    scene.run(&format!("CREATE TABLE docs ({})", filtered::declarations()));
    scene.insert(docs);
    scene.run("SET max_parallel_maintenance_workers = 0");
    scene.create_indexes();
    scene.run("ANALYZE docs");
    scene.ask(queries, "built");
    scene.run("DELETE FROM docs WHERE id % 7 = 3 OR id BETWEEN 1000 AND 9000; VACUUM docs");
    scene.insert(500);
    scene.verify_indexes("deleted and inserted");
    scene.ask(queries, "deleted and inserted");
    println!("{docs} rows: {:?}", scene.asker.compared);
    drop(scene);
    cluster.finish();
}

#[test]
fn while_rows_change() {
    let _alone = one_at_a_time();
    let (seconds, readers) = (size("FILTER_SECONDS", 10), size("FILTER_READERS", 2));
    let seed = begin("filters", &[("FILTER_SECONDS", seconds), ("FILTER_READERS", readers)]);
    let mut random = Random::new(seed);
    let cluster = Cluster::start_new(&[SETTINGS, "autovacuum_naptime = 1s"]);
    let mut client = cluster.connect();
    filtered::prepare(&mut client);
    let indexes = Index::random(&mut client, &mut random);
    client.batch_execute(&format!("CREATE TABLE docs ({})", filtered::declarations())).expect("CREATE TABLE");
    for index in &indexes {
        client.batch_execute(&index.definition()).unwrap_or_else(|e| panic!("{index:?}: {}", oracle::describe(&e)));
    }
    filtered::insert(&mut client, Profile::Learned, &mut random, 1, 500);
    let load = Load {
        cluster,
        indexes,
        next_id: AtomicI64::new(501),
        stop: AtomicBool::new(false),
        changes: AtomicI64::new(0),
        compared: Mutex::default(),
    };
    thread::scope(|scope| {
        let load = &load;
        let mut start = |work: fn(&Load, usize, Random), number: usize| {
            let random = Random::new(random.next_u64());
            scope.spawn(move || {
                let _stop = StopAtEnd(&load.stop);
                work(load, number, random);
            });
        };
        (0..2).for_each(|number| start(Load::write, number));
        (0..readers).for_each(|number| start(Load::read, number));
        start(Load::maintain, 0);
        let begin = Instant::now();
        while !load.stopped() && begin.elapsed() < Duration::from_secs(seconds as u64) {
            thread::sleep(Duration::from_millis(50));
        }
        load.stop.store(true, Ordering::Relaxed);
    });
    for index in &load.indexes {
        let problems = oracle::check_index(&mut client, index.name);
        assert!(problems.is_empty(), "{index:?}, SEED={seed}: {}", problems.join("\n"));
    }
    let compared = *load.compared.lock().expect("no reader panics");
    println!("{compared:?} during {} changes, SEED={seed}", load.changes.load(Ordering::Relaxed));
    assert!(compared.answers > 0, "readers had no time");
    drop(client);
    load.cluster.finish();
}

/// What the clients share.
struct Load {
    cluster: Cluster,
    indexes: Vec<Index>,
    next_id: AtomicI64,
    stop: AtomicBool,
    changes: AtomicI64,
    compared: Mutex<Compared>,
}

impl Load {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// One of two writers: old rows are changed by the one whose remainder their ids have.
    fn write(&self, number: usize, mut random: Random) {
        let mut client = self.cluster.connect();
        while !self.stopped() {
            let mut run = |sql: &str| {
                let changed = client.batch_execute(sql);
                changed.unwrap_or_else(|e| panic!("{}\nin: {sql}", oracle::describe(&e)));
            };
            match random.below(10) {
                0..=3 => {
                    let first = self.next_id.fetch_add(20, Ordering::Relaxed);
                    filtered::insert(&mut client, Profile::Learned, &mut random, first, 20);
                }
                4..=7 => {
                    let rows = format!("id % 80 = {}", 2 * random.below(40) + number);
                    run(&filtered::change(&mut random, &rows));
                }
                8 => {
                    let rows = format!("id % 60 = {}", 2 * random.below(30) + number);
                    run(&format!("BEGIN; {}; ROLLBACK", filtered::change(&mut random, &rows)));
                }
                _ => run(&format!("DELETE FROM docs WHERE id % 14 = {}", 2 * random.below(7) + number)),
            }
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self, _: usize, random: Random) {
        let mut asker = Asker::new(self.cluster.connect(), random, self.indexes.clone());
        while !self.stopped() {
            let greatest = self.next_id.load(Ordering::Relaxed);
            let Asker { client, random, .. } = &mut asker;
            let pool = Pool::new(client, Profile::Learned, random, greatest).unwrap_or_else(|e| panic!("{e}"));
            for _ in 0..10 {
                asker.ask(&pool).unwrap_or_else(|e| panic!("{e}"));
            }
        }
        let mut all = self.compared.lock().expect("no reader panics");
        all.add(&asker.compared);
    }

    fn maintain(&self, _: usize, mut random: Random) {
        let mut client = self.cluster.connect();
        while !self.stopped() {
            let index = random.pick(&self.indexes).name;
            let sql = match random.below(6) {
                0 => format!("REINDEX INDEX CONCURRENTLY {index}"),
                1 | 2 => format!("SELECT wand_merge('{index}')"),
                3 => {
                    let problems = oracle::check_index(&mut client, index);
                    assert!(problems.is_empty(), "{:?}: {}", self.indexes, problems.join("\n"));
                    "ANALYZE docs".into()
                }
                _ => "VACUUM docs".into(),
            };
            client.batch_execute(&sql).unwrap_or_else(|e| panic!("{sql}: {}", oracle::describe(&e)));
        }
    }
}
