//! Values for `tests/reference/evaluation.py`, which compares them with other programs. Without its two variables there
//! is nothing to do.

use serde_json::{Value, json};

use super::super::{Metric, Topic, compare};

#[test]
fn values_for_the_reference() {
    let (Ok(cases), Ok(results)) = (std::env::var("EVALUATION_CASES"), std::env::var("EVALUATION_RESULTS")) else {
        return;
    };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let metrics: Vec<Metric> =
        list(&cases["metrics"]).map(|name| Metric::parse(name.as_str().unwrap()).unwrap()).collect();
    let topics: Vec<Value> = list(&cases["topics"]).map(|topic| json!(values(topic, &metrics))).collect();
    let pairs: Vec<Value> = list(&cases["pairs"]).map(comparison).collect();
    let text = json!({"topics": topics, "pairs": pairs}).to_string();
    std::fs::write(results, text).unwrap();
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn values(topic: &Value, metrics: &[Metric]) -> Vec<f64> {
    let grade = |value: &Value| i32::try_from(value.as_i64().unwrap()).unwrap();
    let qrels = topic["qrels"].as_object().unwrap();
    let retrieved: Vec<Option<i32>> =
        list(&topic["run"]).map(|docno| qrels.get(docno.as_str().unwrap()).map(grade)).collect();
    let grades: Vec<i32> = qrels.values().map(grade).collect();
    metrics.iter().map(|metric| metric.of(&Topic { retrieved: &retrieved, grades: &grades })).collect()
}

fn comparison(pair: &Value) -> Value {
    let numbers = |value: &Value| list(value).map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let result = compare(&numbers(&pair["a"]), &numbers(&pair["b"]), 0.95, 20_000, 1, &mut || ()).unwrap();
    json!({
        "difference": result.difference, "low": result.low, "high": result.high, "t": result.t, "p_t": result.p_t,
        "p_randomisation": result.p_randomisation,
    })
}
