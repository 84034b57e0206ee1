//! Questions to an index, and the answers that are right.

use super::examiner::Outcome;
use super::patient::Patient;
use crate::oracle::{self, Row};
use crate::random::Random;
use std::cmp::Ordering;

/// A row as the table has it: id, distance from each query, which conditions it meets.
pub struct Truth(pub Vec<(i64, Vec<Option<u64>>, Vec<bool>)>);

/// What is asked in a round.
pub struct Asked {
    pub queries: Vec<String>,
    pub conditions: Vec<String>,
}

pub const BY_INDEX: &str =
    "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; SET enable_indexscan = on";
pub const BY_BITMAP: &str =
    "SET enable_seqscan = off; SET enable_sort = on; SET enable_bitmapscan = on; SET enable_indexscan = off";

/// A query, and which part of the truth its answer must be.
pub struct Scan {
    pub sql: String,
    query: Option<usize>,
    condition: Option<usize>,
    limit: Option<usize>,
}

impl Scan {
    /// All rows, by their distance from the first query.
    pub fn of_all(patient: &Patient, asked: &Asked) -> Self {
        let sql = format!("{BY_INDEX}; {}", patient.whole(&asked.queries[0]));
        Self { sql, query: Some(0), condition: None, limit: None }
    }

    /// What is wrong with the answer; an error is an answer too, but not a right one.
    pub fn compare(&self, outcome: &Outcome, truth: &Truth) -> Result<(), String> {
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
pub fn scans(patient: &Patient, asked: &Asked, random: &mut Random) -> Vec<Scan> {
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
