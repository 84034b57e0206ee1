//! Whatever happened to a page of an index, statements end with right rows or with an error that names the index, the
//! block and the reason, and says REINDEX, which then always repairs.
//!
//! Each round takes one of four small indexes (`tests/src/patient.rs`), aged so that pages of every kind are there, and
//! damages one page, or a few (`tests/src/damage.rs`), in the buffers, where no checksum sees it. Then it is scanned by
//! every strategy, with conditions, by bitmap, inspected and checked, takes rows, is flushed, merged, vacuumed, at times
//! by a session that remembers nothing. It is promised that
//! - every statement ends within 5 s, in rows or in XX002 as above, and without warnings of leaks;
//! - no process ends, and nothing is worse than an ERROR;
//! - rows that are wrong without an error are known to `wand_check(index, true)`; how often this happens is counted by
//!   the kind of the page;
//! - VACUUM does not spread damage: pages that were sound and untouched are sound after it, an index in which the check
//!   found nothing still has nothing for it to find, and rows that a scan found before it are found after it;
//! - REINDEX repairs: the check is content, and all rows are those of a sequential scan.
//!
//! It needs a library built with the feature `faults`: `scripts/integration.sh damage`. Sizes: DAMAGE_ROUNDS (500; 20,000
//! before a release). Rounds come in series of 25 that do not depend on one another: DAMAGE_FROM=1250 begins with that
//! round. SEED repeats a run.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::damage::{Damage, Stock, WAYS};
use pg_wand_tests::examiner::{Examiner, Outcome};
use pg_wand_tests::oracle::{self, Row};
use pg_wand_tests::pages::{self, KINDS, Page};
use pg_wand_tests::patient::{PATIENTS, Patient};
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, size};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const SERIES: usize = 25;

#[test]
fn damaged_pages() {
    let rounds = size("DAMAGE_ROUNDS", 500);
    let seed = begin("damage", &[("DAMAGE_ROUNDS", rounds)]);
    let from = size("DAMAGE_FROM", 0) / SERIES * SERIES;
    let cluster = Cluster::start_new(&["autovacuum = off", "log_min_messages = log", "max_wal_size = 4GB"]);
    let mut ward = Ward::open(&cluster, seed);
    let start = Instant::now();
    for round in from..from + rounds {
        ward.round(round).unwrap_or_else(|e| {
            panic!(
                "round {round}: {e}\nrepeat: SEED={seed} DAMAGE_FROM={} DAMAGE_ROUNDS={} scripts/integration.sh damage",
                round / SERIES * SERIES,
                round % SERIES + 1
            )
        });
    }
    ward.tally.show();
    let (kinds, ways) = (ward.tally.by_kind.len(), ward.tally.by_way.len());
    if rounds >= 400 {
        let missing: Vec<_> = KINDS.iter().filter(|kind| !ward.tally.by_kind.contains_key(*kind)).collect();
        assert!(missing.is_empty(), "no page of these kinds was damaged: {missing:?}");
        assert_eq!(ways, WAYS.len(), "ways of damage");
    }
    let Ward { examiner, tally, .. } = ward;
    println!(
        "damage: {rounds} rounds, {} statements, {} errors ({} of them \"wrong order\"), {kinds} kinds of pages, {ways} ways; {} rounds with wrong rows and \
         no error, all known to the check; {} found by the check of the structure, {} by that with the table; slowest \
         statement {} ms; {} s; SEED={seed}",
        examiner.statements,
        examiner.errors,
        examiner.disordered,
        tally.all.wrong,
        tally.all.by_structure,
        tally.all.by_check,
        examiner.slowest.as_millis(),
        start.elapsed().as_secs()
    );
    drop(examiner);
    cluster.finish();
}

/// What became of rounds.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    rounds: usize,
    /// Some scan ended with an error.
    refused: usize,
    /// Some scan gave wrong rows.
    wrong: usize,
    by_structure: usize,
    by_check: usize,
}

#[derive(Default)]
struct Tally {
    all: Count,
    by_kind: BTreeMap<&'static str, Count>,
    by_way: BTreeMap<&'static str, Count>,
}

impl Tally {
    fn add(&mut self, damage: &Damage, count: &Count) {
        let mut to = vec![&mut self.all];
        // Only damage of one page says what comes of it.
        if let ([kind], [way]) = (damage.kinds.as_slice(), damage.ways.as_slice()) {
            to.push(self.by_kind.entry(kind).or_default());
            to.push(self.by_way.entry(way).or_default());
        }
        for sum in to {
            sum.rounds += count.rounds;
            sum.refused += count.refused;
            sum.wrong += count.wrong;
            sum.by_structure += count.by_structure;
            sum.by_check += count.by_check;
        }
    }

    fn show(&self) {
        println!("damage of one page: rounds, scans refused, wrong rows, found by the structure, with the table");
        for (name, count) in self.by_kind.iter().chain(&self.by_way) {
            let Count { rounds, refused, wrong, by_structure, by_check } = count;
            println!("  {name:24} {rounds:6} {refused:6} {wrong:6} {by_structure:6} {by_check:6}");
        }
    }
}

/// A row as the table has it: id, distance from each query, which conditions it meets.
struct Truth(Vec<(i64, Vec<Option<u64>>, Vec<bool>)>);

/// What is asked in a round.
struct Asked {
    queries: Vec<String>,
    conditions: Vec<String>,
}

type Outcomes<T = ()> = Result<T, String>;

struct Ward<'c> {
    cluster: &'c Cluster,
    seed: u64,
    examiner: Examiner,
    queries: Vec<Vec<String>>,
    /// Earlier states of the index under treatment, and pages of other relations.
    older: Vec<Vec<Page>>,
    foreign: Vec<Page>,
    tally: Tally,
}

impl<'c> Ward<'c> {
    fn open(cluster: &'c Cluster, seed: u64) -> Self {
        let mut examiner = Examiner::connect(cluster);
        let mut random = Random::new(seed);
        let sql = "CREATE EXTENSION pg_wand; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')";
        examiner.client.batch_execute(sql).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
        examiner.client.batch_execute(pages::FUNCTIONS).unwrap_or_else(|e| {
            panic!(
                "this library lacks the feature `faults`: use scripts/integration.sh damage\n{}",
                oracle::describe(&e)
            )
        });
        let mut queries = Vec::new();
        for patient in &PATIENTS {
            patient.create(&mut examiner.client, &mut random);
            queries.push(patient.queries(&mut random));
            examiner.client.batch_execute(&patient.reset()).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
        }
        let (older, foreign, tally) = (Vec::new(), Vec::new(), Tally::default());
        Self { cluster, seed, examiner, queries, older, foreign, tally }
    }

    fn round(&mut self, round: usize) -> Outcomes {
        // What happens in a series follows from the seed and the series alone.
        let series = round / SERIES;
        let mut random = Random::new(self.seed ^ (round as u64 + 1) << 32);
        let number = series % PATIENTS.len();
        let patient = &PATIENTS[number];
        if round % SERIES == 0 {
            self.admit(number)?;
        }
        let asked = {
            let queries: Vec<String> = (0..2).map(|_| random.pick(&self.queries[number]).clone()).collect();
            let mut conditions = patient.on_vector(&queries[0]);
            conditions.extend(patient.conditions.iter().map(|condition| condition.to_string()));
            Asked { queries, conditions }
        };
        let pages = self.age(patient, &asked, &mut random)?;
        let stock = Stock { older: &self.older, foreign: &self.foreign };
        let damage = Damage::random(&mut random, &pages, &stock);
        let count = self.suffer(patient, &asked, &damage, pages, &mut random);
        let count = count.map_err(|e| format!("{}: {}{e}", patient.index, damage.text))?;
        self.tally.add(&damage, &count);
        self.cure(patient, &asked, &mut random)
            .map_err(|e| format!("{}: {}after REINDEX: {e}", patient.index, damage.text))
    }

    /// A new series begins.
    fn admit(&mut self, number: usize) -> Outcomes {
        let patient = &PATIENTS[number];
        for sql in patient.reset().split("; ") {
            self.examiner.must(patient, sql)?;
        }
        self.older.clear();
        let client = &mut self.examiner.client;
        self.foreign = pages::read_all(client, patient.name);
        self.foreign.truncate(2);
        self.foreign.extend(pages::read_all(client, PATIENTS[(number + 1) % PATIENTS.len()].index));
        Ok(())
    }

    /// The index as it is after a while, and its pages.
    fn age(&mut self, patient: &Patient, asked: &Asked, random: &mut Random) -> Outcomes<Vec<Page>> {
        self.examiner.must(patient, BY_INDEX)?;
        for sql in patient.age(random) {
            self.examiner.must(patient, &sql)?;
            if random.chance(0.1) {
                self.older.push(pages::read_all(&mut self.examiner.client, patient.index));
            }
        }
        self.examiner.must(patient, &patient.whole(&asked.queries[0]))?;
        let pages = pages::read_all(&mut self.examiner.client, patient.index);
        self.older.push(pages.clone());
        let surplus = self.older.len().saturating_sub(4);
        self.older.drain(..surplus);
        Ok(pages)
    }

    /// Damages the index and lives with it.
    fn suffer(
        &mut self,
        patient: &Patient,
        asked: &Asked,
        damage: &Damage,
        pages: Vec<Page>,
        random: &mut Random,
    ) -> Outcomes<Count> {
        let truth = self.truth(patient, asked)?;
        for (block, page) in &damage.pages {
            pages::write(&mut self.examiner.client, patient.index, *block, page);
        }
        if random.chance(0.25) {
            self.examiner.reconnect(self.cluster);
        }
        let mut count = Count { rounds: 1, ..Count::default() };
        self.look(patient, asked, &truth, &mut count, random)?;
        let by_structure = self.examiner.check(patient, false)?;
        let by_check = self.examiner.check(patient, true)?;
        count.by_structure = usize::from(!by_structure.is_empty());
        count.by_check = usize::from(!by_check.is_empty());
        let known = |count: &Count, check: &[String]| {
            if count.wrong == 0 || !check.is_empty() {
                Ok(())
            } else {
                Err("wrong rows, and the check finds nothing".to_string())
            }
        };
        known(&count, &by_check).map_err(|e| format!("{e}\n{}", self.wrong(patient, asked, &truth)))?;
        let touched: BTreeSet<usize> = damage.pages.iter().map(|(block, _)| *block).collect();
        if random.chance(0.5) {
            self.vacuum(patient, asked, &truth, &touched, &pages)?;
        }
        self.live(patient, random)?;
        let truth = self.truth(patient, asked)?;
        let mut later = Count::default();
        self.look(patient, asked, &truth, &mut later, random)?;
        if later.wrong > 0 {
            let check = self.examiner.check(patient, true)?;
            known(&later, &check).map_err(|e| format!("later: {e}\n{}", self.wrong(patient, asked, &truth)))?;
        }
        count.refused |= later.refused;
        count.wrong |= later.wrong;
        Ok(count)
    }

    /// What the table says. No index can be of use for it.
    fn truth(&mut self, patient: &Patient, asked: &Asked) -> Outcomes<Truth> {
        let distances = asked.queries.iter().map(|query| format!(", emb {} '{query}'", patient.operator));
        let conditions = asked.conditions.iter().map(|condition| format!(", {condition}"));
        let columns: String = distances.chain(conditions).collect();
        let rows = self.examiner.must(patient, &format!("SELECT id{columns} FROM {}", patient.name))?;
        let n = asked.queries.len();
        let row = |row: Vec<Option<String>>| {
            let distances = row[1..=n].iter().map(|d| d.as_deref().map(|d| oracle::bits(d.parse().expect("a number"))));
            let meets = row[n + 1..].iter().map(|c| c.as_deref() == Some("t")).collect();
            (row[0].as_deref().expect("an id").parse().expect("an id"), distances.collect(), meets)
        };
        Ok(Truth(rows.into_iter().map(row).collect()))
    }

    /// Reads the index in every way.
    fn look(
        &mut self,
        patient: &Patient,
        asked: &Asked,
        truth: &Truth,
        count: &mut Count,
        random: &mut Random,
    ) -> Outcomes {
        let Patient { name, index, .. } = patient;
        for scan in scans(patient, asked, random) {
            let outcome = self.examiner.run(patient, &scan.sql)?;
            match scan.compare(&outcome, truth) {
                _ if outcome.is_damaged() => count.refused = 1,
                Err(_) => count.wrong = 1,
                Ok(()) => {}
            }
        }
        let query = &asked.queries[0];
        let df = format!(
            "SELECT w.df IS NOT DISTINCT FROM t.df AND w.n = t.n FROM wand_df('{index}') AS w,
                 (SELECT df_agg(emb) AS df, count(emb) AS n FROM {name}) AS t"
        );
        if let Outcome::Rows(rows) = self.examiner.run(patient, &df)? {
            count.wrong |= usize::from(rows != [[Some("t".to_string())]]);
        }
        for sql in [
            format!("SELECT * FROM wand_info('{index}')"),
            format!("SELECT * FROM wand_segments('{index}')"),
            format!("SELECT count(*) FROM wand_term_stats('{index}')"),
            format!("SELECT * FROM wand_cost('{index}', '{query}')"),
        ] {
            self.examiner.run(patient, &sql)?;
        }
        Ok(())
    }

    /// The first scan that is wrong, for a report.
    fn wrong(&mut self, patient: &Patient, asked: &Asked, truth: &Truth) -> String {
        for turn in 0..30 {
            for scan in scans(patient, asked, &mut Random::new(turn)) {
                let Ok(outcome) = self.examiner.run(patient, &scan.sql) else { continue };
                if let Err(e) = scan.compare(&outcome, truth) {
                    return format!("{e}\nin: {}", scan.sql);
                }
            }
        }
        "not seen again by a scan: document frequencies?".into()
    }

    /// Changes table and index in every way, in any order.
    fn live(&mut self, patient: &Patient, random: &mut Random) -> Outcomes {
        let merge = format!("SELECT wand_merge('{}')", patient.index);
        let mut steps = vec![
            patient.insert_some(random),
            patient.insert_some(random),
            patient.update_some(random),
            patient.delete_some(random),
            patient.vacuum(),
            merge,
        ];
        (0..steps.len()).for_each(|at| steps.swap(at, random.below(at + 1)));
        for sql in steps {
            self.examiner.run(patient, &sql)?;
            if random.chance(0.1) {
                self.examiner.reconnect(self.cluster);
            }
        }
        Ok(())
    }

    /// VACUUM, and what was sound before it.
    fn vacuum(
        &mut self,
        patient: &Patient,
        asked: &Asked,
        truth: &Truth,
        touched: &BTreeSet<usize>,
        healthy: &[Page],
    ) -> Outcomes {
        let whole = patient.whole(&asked.queries[0]);
        let scan = format!("{BY_INDEX}; {whole}");
        let right: BTreeSet<Row> = truth.0.iter().map(|(id, distances, _)| (*id, distances[0])).collect();
        let found_right = |outcome: &Outcome| {
            outcome.ranked().map(|rows| {
                rows.into_iter().collect::<BTreeSet<Row>>().intersection(&right).copied().collect::<BTreeSet<Row>>()
            })
        };
        let problems = self.examiner.check(patient, true)?;
        let meta = pages::read_all(&mut self.examiner.client, patient.index).swap_remove(0);
        let before = found_right(&self.examiner.run(patient, &scan)?);
        self.examiner.run(patient, &patient.vacuum())?;
        let after = found_right(&self.examiner.run(patient, &scan)?);
        let later_problems = self.examiner.check(patient, true)?;
        if problems.is_empty() && !later_problems.is_empty() {
            return Err(format!("VACUUM makes problems:\n{}", later_problems.join("\n")));
        }
        match (before, after) {
            (Some(before), Some(after)) if !before.is_subset(&after) => {
                let lost: Vec<_> = before.difference(&after).map(|row| row.0).collect();
                return Err(format!("VACUUM loses rows: {lost:?}\nproblems before it:\n{}", problems.join("\n")));
            }
            (Some(_), None) if problems.is_empty() => return Err("no scan is possible after VACUUM".into()),
            _ => {}
        }
        let now = pages::read_all(&mut self.examiner.client, patient.index);
        // Nothing was flushed, merged or moved: the metapage would tell.
        let idle = now[0].is_like(&meta);
        for (block, page) in healthy.iter().enumerate() {
            let Some(now) = now.get(block).filter(|_| !touched.contains(&block)) else { continue };
            if !now.is_like(page) && !now.is_sound() {
                return Err(format!("after VACUUM block {block}, which nobody damaged, is not sound"));
            }
            if idle && now.kind() == "free" && page.kind() != "free" {
                return Err(format!("VACUUM has freed block {block} ({}), and nothing in its stead", page.kind()));
            }
        }
        Ok(())
    }

    /// REINDEX, after which everything is right.
    fn cure(&mut self, patient: &Patient, asked: &Asked, random: &mut Random) -> Outcomes {
        self.examiner.must(patient, &format!("REINDEX INDEX {}", patient.index))?;
        let truth = self.truth(patient, asked)?;
        let whole = Scan { sql: format!("{BY_INDEX}; {}", patient.whole(&asked.queries[0])), ..Scan::all() };
        for scan in scans(patient, asked, random).into_iter().chain([whole]) {
            let outcome = self.examiner.run(patient, &scan.sql)?;
            scan.compare(&outcome, &truth).map_err(|e| format!("{e}\nin: {}", scan.sql))?;
        }
        let problems = self.examiner.check(patient, true)?;
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        if random.chance(0.2) {
            self.examiner.must(patient, &patient.vacuum())?;
        }
        Ok(())
    }
}

const BY_INDEX: &str =
    "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; SET enable_indexscan = on";
const BY_BITMAP: &str =
    "SET enable_seqscan = off; SET enable_sort = on; SET enable_bitmapscan = on; SET enable_indexscan = off";

/// A query, and which part of the truth its answer must be.
struct Scan {
    sql: String,
    query: Option<usize>,
    condition: Option<usize>,
    limit: Option<usize>,
}

impl Scan {
    fn all() -> Self {
        Self { sql: String::new(), query: Some(0), condition: None, limit: None }
    }

    /// What is wrong with the answer; an error is an answer too, but not a right one.
    fn compare(&self, outcome: &Outcome, truth: &Truth) -> Outcomes {
        let Some(found) = outcome.ranked() else { return Err(format!("{outcome:?}")) };
        let rows = truth.0.iter().filter(|(_, _, meets)| self.condition.is_none_or(|condition| meets[condition]));
        let mut expected: Vec<Row> = rows.map(|(id, d, _)| (*id, self.query.and_then(|query| d[query]))).collect();
        expected.sort_by(|a, b| by_distance(a.1, b.1));
        if self.query.is_none() {
            return oracle::same_rows(&found, &expected);
        }
        oracle::same_part(&found, &expected, 0, self.limit)
    }
}

/// As the server orders them: NaN after all numbers, NULL last.
fn by_distance(a: Option<u64>, b: Option<u64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// Every strategy, with and without conditions, in order and by bitmap.
fn scans(patient: &Patient, asked: &Asked, random: &mut Random) -> Vec<Scan> {
    let Patient { name, operator, .. } = patient;
    let mut scans = Vec::new();
    let mut kernel = || *random.pick(&["auto", "plain", "avx2"]);
    let kernels: Vec<_> = (0..4).map(|_| kernel()).collect();
    for (strategy, kernel) in ["auto", "bounds", "exhaustive", "candidates"].into_iter().zip(kernels) {
        let query = random.below(asked.queries.len());
        let condition = (strategy == "candidates" || random.chance(0.3)).then(|| random.below(asked.conditions.len()));
        let limit = *random.pick(&[Some(10), Some(10), Some(60), None]);
        let distance = format!("emb {operator} '{}'", asked.queries[query]);
        let filter = condition.map_or(String::new(), |at| format!("WHERE {}", asked.conditions[at]));
        let limited = limit.map_or(String::new(), |limit| format!("LIMIT {limit}"));
        let sql = format!(
            "{BY_INDEX}; SET wand.strategy = {strategy}; SET wand.kernel = {kernel};
             SELECT id, {distance} FROM {name} {filter} ORDER BY {distance} {limited}"
        );
        scans.push(Scan { sql, query: Some(query), condition, limit });
    }
    for settings in [BY_INDEX, BY_BITMAP] {
        let condition = random.below(asked.conditions.len());
        let sql = format!("{settings}; SELECT id, NULL FROM {name} WHERE {}", asked.conditions[condition]);
        scans.push(Scan { sql, query: None, condition: Some(condition), limit: None });
    }
    scans
}
