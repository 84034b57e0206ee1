//! The filter columns' values, and conditions on them.
//!
//! Values depend on nothing but the document's number, and not in the order of the numbers: neighbours in the index,
//! which is built in the table's order, are as like one another as any two documents. So nothing is made easy.

use pg_wand_tests::random::Random;
use std::fmt::Write;

pub const ZIPF: usize = 1_000;
/// The columns of the table and of the index, in this order.
pub const NAMES: [&str; 4] = ["flag", "ten", "zipf", "ts"];
/// 2020-01-01, in microseconds since 1970.
const BEGIN: i64 = 1_577_836_800_000_000;
/// Microseconds between neighbours in time: at most.
const GAP: usize = 120_000_000;

/// A document's values.
pub struct Values {
    /// Half of the documents.
    pub flag: bool,
    /// 0 to 9, as many of each.
    pub ten: i32,
    /// 1 to 1,000, in proportion to 1/value.
    pub zipf: i32,
    /// Microseconds since 1970; no two documents have the same.
    pub ts: i64,
}

/// The values of documents 0 to `n` - 1.
pub fn values(n: usize) -> Vec<Values> {
    let mut random = Random::new(20_261_128);
    let sums: Vec<f64> = (1..=ZIPF)
        .scan(0.0, |sum, value| {
            *sum += 1.0 / value as f64;
            Some(*sum)
        })
        .collect();
    let mut times: Vec<i64> = (0..n)
        .scan(BEGIN, |time, _| {
            *time += 1 + random.below(GAP) as i64;
            Some(*time)
        })
        .collect();
    for at in (1..n).rev() {
        times.swap(at, random.below(at + 1));
    }
    let of = |ts| {
        let (flag, ten, place) = (random.chance(0.5), random.below(10) as i32, random.unit() * sums[ZIPF - 1]);
        Values { flag, ten, zipf: 1 + sums.partition_point(|sum| *sum <= place) as i32, ts }
    };
    times.into_iter().map(of).collect()
}

/// Bytes a document that no code of a column's values, one by one, can be below on average.
pub fn entropy(values: impl Iterator<Item = usize>) -> f64 {
    let mut counts = vec![0usize; ZIPF + 1];
    values.for_each(|value| counts[value] += 1);
    let n = counts.iter().sum::<usize>() as f64;
    let bits = |count: &usize| *count as f64 / n * (n / *count as f64).log2();
    counts.iter().filter(|count| **count > 0).map(bits).sum::<f64>() / 8.0
}

/// What one column must be.
#[derive(Clone, Copy)]
enum Term {
    Flag,
    Ten(i32),
    Zipf(i32),
    /// From, and before.
    Ts(i64, i64),
}

/// Terms joined by AND; without terms all rows.
pub struct Condition {
    pub name: String,
    terms: Vec<Term>,
}

impl Condition {
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn holds(&self, values: &Values) -> bool {
        self.terms.iter().all(|term| match *term {
            Term::Flag => values.flag,
            Term::Ten(ten) => values.ten == ten,
            Term::Zipf(zipf) => values.zipf == zipf,
            Term::Ts(from, to) => (from..to).contains(&values.ts),
        })
    }

    /// `table`, and WHERE if there is a condition.
    pub fn rows_of(&self, table: &str) -> String {
        let mut sql = table.to_string();
        for (at, term) in self.terms.iter().enumerate() {
            sql += if at == 0 { " WHERE " } else { " AND " };
            match term {
                Term::Flag => sql += "flag",
                Term::Ten(ten) => write!(sql, "ten = {ten}").expect("a string"),
                Term::Zipf(zipf) => write!(sql, "zipf = {zipf}").expect("a string"),
                Term::Ts(from, to) => write!(sql, "ts >= {} AND ts < {}", time(*from), time(*to)).expect("a string"),
            }
        }
        sql
    }

    /// As `scripts/bench_rivals.py` reads it.
    pub fn parameters(&self) -> String {
        let words: Vec<String> = self
            .terms
            .iter()
            .map(|term| match term {
                Term::Flag => "flag=1".into(),
                Term::Ten(ten) => format!("ten={ten}"),
                Term::Zipf(zipf) => format!("zipf={zipf}"),
                Term::Ts(from, to) => format!("ts={from}:{to}"),
            })
            .collect();
        words.join(" ")
    }
}

/// A constant for the planner; a float8 has room for the microseconds of our days.
pub fn time(microseconds: i64) -> String {
    format!("to_timestamp({}.{:06})", microseconds / 1_000_000, microseconds % 1_000_000)
}

/// None, and then conditions that fewer and fewer documents meet.
pub fn conditions(all: &[Values]) -> Vec<Condition> {
    let mut times: Vec<i64> = all.iter().map(|values| values.ts).collect();
    times.sort_unstable();
    // So many thousandths of the documents, from a place in the midst of time on.
    let ts = |thousandths: usize| {
        let from = times.len() * 3 / 10;
        Term::Ts(times[from], times[from + (times.len() * thousandths / 1_000).max(1)])
    };
    let n_values: f64 = (1..=ZIPF).map(|value| 1.0 / value as f64).sum();
    let rare = (1_000.0 / n_values).round() as i32;
    let named = |name: &str, terms: &[Term]| Condition { name: name.into(), terms: terms.to_vec() };
    vec![
        named("none", &[]),
        named("flag", &[Term::Flag]),
        named("ts, 50 %", &[ts(500)]),
        named("ten = 3", &[Term::Ten(3)]),
        named("ts, 10 %", &[ts(100)]),
        named("ts, 1 %", &[ts(10)]),
        named("flag, ten = 3, ts 20 %", &[Term::Flag, Term::Ten(3), ts(200)]),
        named("ts, 0.1 %", &[ts(1)]),
        named(&format!("zipf = {rare}"), &[Term::Zipf(rare)]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_have_the_parts_that_they_are_named_for() {
        let all = values(20_000);
        let parts = [1.0, 0.5, 0.5, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001];
        for (condition, part) in conditions(&all).iter().zip(parts) {
            let found = all.iter().filter(|values| condition.holds(values)).count() as f64;
            let expected: f64 = part * all.len() as f64;
            assert!((found - expected).abs() <= 5.0 * expected.sqrt(), "{}: {found}", condition.name);
        }
    }

    #[test]
    fn times_are_unique_and_unrelated_to_numbers() {
        let all = values(20_000);
        let distinct: std::collections::BTreeSet<i64> = all.iter().map(|values| values.ts).collect();
        assert_eq!(distinct.len(), all.len());
        let ascents = all.windows(2).filter(|pair| pair[0].ts < pair[1].ts).count() as f64;
        assert!((ascents / all.len() as f64 - 0.5).abs() < 0.02, "{ascents}");
    }

    #[test]
    fn entropy_of_equally_likely_values_is_their_logarithm() {
        assert!((entropy((0..1_024).map(|at| at % 256)) - 1.0).abs() < 1e-12);
        assert!(entropy(std::iter::repeat_n(7, 100)) < 1e-12);
    }
}
