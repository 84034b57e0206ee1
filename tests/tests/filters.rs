//! An index never changes an answer to a query with conditions: those on filter columns of every kind and on the vector
//! that it serves, and others beside them. The rows and distances are those of a sequential scan of the same snapshot,
//! and LIMIT is filled as long as there are rows; after everything that can happen to a table, by every strategy, in
//! every width of the inner loops, with arguments that the planner knows and that it does not, in joins and cursors,
//! and while rows change.
//!
//! Sizes: FILTER_DOCS (500 a profile), FILTER_QUERIES (16 after each of 12 changes; each is asked in about 8 shapes),
//! FILTER_SHAPES (30), FILTER_SECONDS (10) of change with FILTER_READERS (2). SEED repeats a run; every failure names
//! it.

use pg_wand_tests::asker::{Asker, Compared, Index};
use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::conditions::Pool;
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::filtered;
use pg_wand_tests::oracle;
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, one_at_a_time, size};

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
    let (docs, queries) = (size("FILTER_DOCS", 500), size("FILTER_QUERIES", 16));
    let seed = begin("filters", &[("FILTER_DOCS", docs), ("FILTER_QUERIES", queries)]);
    let cluster = Cluster::start_new(&["autovacuum = off", "min_parallel_table_scan_size = 0"]);
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
        all.answers += compared.answers;
        all.with_condition += compared.with_condition;
    }
    println!(
        "{} answers, {} of them with conditions that an index served; SEED={seed}",
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
        let context = format!("{}, {stage}", self.context);
        for index in &self.indexes {
            let problems = oracle::check_index(&mut self.asker.client, index.name);
            assert!(problems.is_empty(), "{context}: {index:?}: {}", problems.join("\n"));
        }
        let Asker { client, random, .. } = &mut self.asker;
        let pool = Pool::new(client, self.profile, random, self.next_id);
        let pool = pool.unwrap_or_else(|e| panic!("{context}: {e}"));
        for _ in 0..size("FILTER_QUERIES", 16) {
            self.asker.ask(&pool).unwrap_or_else(|e| panic!("{context}: {e}"));
        }
    }
}
