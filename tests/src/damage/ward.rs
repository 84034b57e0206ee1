//! Where indexes are damaged, examined and cured, round by round.

use super::examiner::{Examiner, Outcome};
use super::pages::{self, Page};
use super::patient::{PATIENTS, Patient};
use super::scans::{Asked, BY_INDEX, Scan, Truth, scans};
use super::tally::{Count, Tally};
use super::ways::{Damage, Stock};
use crate::cluster::Cluster;
use crate::oracle::{self, Row};
use crate::random::Random;
use std::collections::BTreeSet;

/// Rounds of a series; the next one does not depend on them.
pub const SERIES: usize = 25;

type Outcomes<T = ()> = Result<T, String>;

pub struct Ward<'c> {
    cluster: &'c Cluster,
    seed: u64,
    pub examiner: Examiner,
    queries: Vec<Vec<String>>,
    /// Earlier states of the index under treatment, and pages of other relations.
    older: Vec<Vec<Page>>,
    foreign: Vec<Page>,
    pub tally: Tally,
}

/// What an index has lived through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It has just been built.
    New,
    /// And got some rows, which are pending.
    Grown,
    /// And everything else that can happen.
    Old,
}

impl<'c> Ward<'c> {
    pub fn open(cluster: &'c Cluster, seed: u64) -> Self {
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

    /// A round from the beginning to the cure.
    pub fn round(&mut self, round: usize) -> Outcomes {
        // What happens in a series follows from the seed and the series alone.
        let series = round / SERIES;
        let mut random = Random::new(self.seed ^ (round as u64 + 1) << 32);
        let number = series % PATIENTS.len();
        let patient = &PATIENTS[number];
        if round.is_multiple_of(SERIES) {
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

    /// Damages pages of the patient's index, and says how the statements end.
    pub fn try_known(
        &mut self,
        number: usize,
        age: Age,
        harm: impl FnOnce(&mut [Page]),
        statements: &[&str],
    ) -> Outcomes<Vec<Outcome>> {
        let (patient, mut random) = (&PATIENTS[number], Random::new(self.seed));
        self.admit(number)?;
        let queries = self.queries[number].clone();
        // So that the session remembers the manifest.
        self.examiner.must(patient, &format!("{BY_INDEX}; {}", patient.whole(&queries[0])))?;
        let healthy = match age {
            Age::Old => self.age(patient, &Asked { queries, conditions: Vec::new() }, &mut random)?,
            Age::Grown => {
                self.examiner.must(patient, &patient.grow())?;
                pages::read_all(&mut self.examiner.client, patient.index)
            }
            Age::New => pages::read_all(&mut self.examiner.client, patient.index),
        };
        let mut pages = healthy.clone();
        harm(&mut pages);
        for (block, page) in pages.iter().enumerate().filter(|(block, page)| !page.is_like(&healthy[*block])) {
            pages::write(&mut self.examiner.client, patient.index, block, page);
        }
        statements.iter().map(|sql| self.examiner.run(patient, sql)).collect()
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
            format!("SELECT * FROM wand_health('{index}')"),
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
        let whole = Scan::of_all(patient, asked);
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
