//! Tuning of lists from a file, for `tests/reference/tuning.py`. Without its two variables there is nothing to do.

use serde_json::{Value, json};

use super::super::{Gain, Grid, TuneTopic, Tuned, tune};
use crate::engine::evaluate::Metric;
use crate::engine::fusion::List;

#[test]
fn rows_for_the_reference() {
    let (Ok(cases), Ok(results)) = (std::env::var("TUNING_CASES"), std::env::var("TUNING_RESULTS")) else {
        return;
    };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let whole = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let grade = |value: &Value| i32::try_from(value.as_i64().unwrap()).unwrap();
    let lists: Vec<Vec<(Vec<u32>, Vec<f64>)>> = list(&cases["topics"])
        .map(|topic| {
            let pair = |l: &Value| {
                (list(&l["items"]).map(whole).collect(), list(&l["scores"]).map(|v| v.as_f64().unwrap()).collect())
            };
            list(&topic["lists"]).map(pair).collect()
        })
        .collect();
    let topics: Vec<TuneTopic<'_>> = list(&cases["topics"])
        .zip(&lists)
        .map(|(topic, lists)| {
            let grades: Vec<Option<i32>> = list(&topic["grades"]).map(|v| (!v.is_null()).then(|| grade(v))).collect();
            TuneTopic {
                lists: lists.iter().map(|(items, scores)| List { items, scores: Some(scores) }).collect(),
                n_items: u32::try_from(grades.len()).unwrap(),
                grades,
                all_grades: list(&topic["all_grades"]).map(grade).collect(),
            }
        })
        .collect();
    let metric = Metric::parse(cases["metric"].as_str().unwrap()).unwrap();
    let methods = list(&cases["methods"]).map(|name| name.as_str().unwrap().to_owned()).collect();
    let grid = Grid { methods, ..Grid::default() };
    let tuning = tune(&topics, &metric, &grid, 5, 1, &mut || ()).unwrap();
    let gain = |gain: &Gain| json!([gain.difference, gain.p, gain.is_significant]);
    let row = |row: &Tuned| {
        json!({
            "setting": row.setting.as_ref().map_or("cross-validated".to_owned(), |setting| setting.arguments()),
            "mean": row.interval.mean, "low": row.interval.low, "high": row.interval.high, "folds": row.n_folds,
            "over_best_list": gain(&row.over_best_list), "over_rrf": gain(&row.over_rrf),
        })
    };
    let result = json!({
        "cross_validated": row(&tuning.cross_validated),
        "settings": tuning.settings.iter().map(row).collect::<Vec<_>>(),
        "best_list": tuning.best_list, "best_list_mean": tuning.best_list_mean, "rrf_mean": tuning.rrf_mean,
    });
    std::fs::write(results, result.to_string()).unwrap();
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}
