//! Conditions find what they should.

use proptest::prelude::*;

use super::made::{Asked, CaseBlind, Made, Owned, Profile, Row, compare, filter, rows};
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::Value;
use crate::engine::random::Random;
use crate::engine::segment::format::RANGE_DOCS;

fn cases(default: u32) -> u32 {
    std::env::var("PG_WAND_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Asks some questions of a segment, and of its rows.
fn ask(rng: &mut Random, profiles: &[Profile], rows: &[Row], made: &Made, n_questions: usize) {
    for _ in 0..n_questions {
        let asked: Vec<(usize, Asked)> = (0..rng.below(4))
            .map(|_| {
                let column = rng.below(profiles.len());
                (column, Asked::random(rng, profiles[column], column, rows))
            })
            .collect();
        let is_true = |row: &Row| asked.iter().all(|(column, asked)| asked.is_true_of(row[*column].as_ref()));
        let mut filter = filter(&asked);
        let found = filter.evaluate(&made.reader()).unwrap();
        let found = found.map_or_else(|| DocSet::all(made.meta.n_docs), Ok).unwrap();
        let expected = (0..made.meta.n_docs).filter(|&doc| is_true(&rows[made.rows[doc as usize] as usize]));
        assert!(found.iter().eq(expected), "{asked:?} of {:?}", made.meta);
        for row in rows.iter().step_by(1 + rows.len() / 100) {
            let values: Vec<Option<Value<'_>>> = row.iter().map(|value| value.as_ref().map(Owned::value)).collect();
            assert_eq!(filter.matches(&values), Ok(is_true(row)), "{asked:?} of {row:?}");
        }
    }
}

/// Every document's value is that of its row.
fn compare_values(rows: &[Row], made: &Made, step: usize) {
    for (column, doc) in
        (0..made.meta.columns.len()).flat_map(|c| (0..made.meta.n_docs).step_by(step).map(move |d| (c, d)))
    {
        let row = rows[made.rows[doc as usize] as usize][column].as_ref();
        let same = made.reader().column(column).unwrap().value_of(doc, |value| {
            Ok(match (row, value) {
                (None, None) => true,
                (Some(row), Some(Value::Integer(n))) => *row == Owned::Integer(n),
                (Some(row), Some(Value::Bytes(bytes))) => compare(row, &Owned::Bytes(bytes.to_vec())).is_eq(),
                _ => false,
            })
        });
        assert_eq!(same, Ok(true), "document {doc}, column {column}");
    }
}

fn check(seed: u64, n: u32, n_columns: usize, n_questions: usize) {
    let rng = &mut Random::from_state(seed);
    let profiles: Vec<Profile> = (0..n_columns).map(|_| Profile::random(rng)).collect();
    let columns = CaseBlind(profiles.iter().map(|profile| profile.kind()).collect());
    let rows = rows(rng, &profiles, n);
    let made = Made::random(rng, &columns, &rows);
    if made.meta.n_docs > 0 {
        compare_values(&rows, &made, 1 + n as usize / 300);
        ask(rng, &profiles, &rows, &made, n_questions);
    }
}

fn few_rows() -> impl Strategy<Value = u32> {
    let near = |n: u32| n - 2..n + 3;
    prop_oneof![1u32..6, near(64), near(256), 1u32..1_000]
}

fn many_rows() -> impl Strategy<Value = u32> {
    prop_oneof![Just(RANGE_DOCS), Just(RANGE_DOCS + 1), 60_000u32..131_000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn conditions_on_small_segments(seed: u64, n in few_rows(), n_columns in 1usize..6) {
        check(seed, n, n_columns, 20);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300).div_ceil(30)))]

    #[test]
    fn conditions_on_large_segments(seed: u64, n in many_rows()) {
        check(seed, n, 2, 30);
    }
}
