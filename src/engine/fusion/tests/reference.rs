//! The cases of `tests/reference/fusion.py`, which compares the results with another program's. Without the file that
//! `PG_WAND_FUSION_CASES` names there is nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Value, json};

use super::super::train::{Topic, train};
use super::*;

/// Numbers for ids, ascending as the ids are.
fn numbered(ids: impl Iterator<Item = i64>) -> BTreeMap<i64, u32> {
    ids.collect::<BTreeSet<i64>>().into_iter().zip(0..).collect()
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect()
}

fn floats(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect()
}

fn rankings_of(lists: &Value, numbers: &BTreeMap<i64, u32>) -> Vec<Ranking> {
    let ranking = |list: &Value| Ranking {
        items: ids(&list["ids"]).iter().map(|id| numbers[id]).collect(),
        scores: floats(&list["scores"]),
    };
    lists.as_array().unwrap().iter().map(ranking).collect()
}

fn all_ids(lists: &Value) -> impl Iterator<Item = i64> {
    lists.as_array().unwrap().iter().flat_map(|list| ids(&list["ids"]))
}

fn trained(data: &Value, training: &Value) -> Value {
    let topics = data["sets"][training["set"].as_u64().unwrap() as usize].as_array().unwrap();
    let owned: Vec<(Vec<Ranking>, Vec<u32>)> = topics
        .iter()
        .map(|topic| {
            let relevant = ids(&topic["relevant"]);
            let numbers = numbered(all_ids(&topic["lists"]).chain(relevant.iter().copied()));
            (rankings_of(&topic["lists"], &numbers), relevant.iter().map(|id| numbers[id]).collect())
        })
        .collect();
    let topics: Vec<Topic> = owned
        .iter()
        .map(|(lists, relevant)| Topic { lists: lists.iter().map(Ranking::list).collect(), relevant })
        .collect();
    let options = training["options"].to_string();
    serde_json::from_str(&train(training["method"].as_str().unwrap(), &topics, Some(&options)).unwrap()).unwrap()
}

fn fused(lists: &Value, wish: &Value, options: &str) -> Value {
    let numbers = numbered(all_ids(lists));
    let names: Vec<i64> = numbers.keys().copied().collect();
    let rankings = rankings_of(lists, &numbers);
    let weights = wish.get("weights").map(floats);
    let given = Given {
        weights: weights.as_deref(),
        k: wish["k"].as_f64(),
        normaliser: wish["normaliser"].as_str(),
        missing: wish["missing"].as_str(),
        on_equal: wish["on_equal"].as_str(),
        options: Some(options),
    };
    let settings = Settings::new(wish["method"].as_str().unwrap(), rankings.len(), given).unwrap();
    let lists: Vec<List> = rankings.iter().map(Ranking::list).collect();
    let fused = fuse(&lists, names.len() as u32, &settings, None, &mut || ()).unwrap();
    fused.order().iter().map(|&item| json!([names[item as usize], fused.score(item)])).collect()
}

#[test]
fn cases_of_a_file() {
    let Ok(path) = std::env::var("PG_WAND_FUSION_CASES") else { return };
    let data: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let results = std::env::var("PG_WAND_FUSION_RESULTS").unwrap();
    let mut results = std::io::BufWriter::new(std::fs::File::create(results).unwrap());
    for job in data["jobs"].as_array().unwrap() {
        let (first, end) = (job["cases"][0].as_u64().unwrap() as usize, job["cases"][1].as_u64().unwrap() as usize);
        let mut options = job["wish"].get("options").cloned().unwrap_or(json!({}));
        if !job["train"].is_null() {
            options["model"] = trained(&data, &job["train"]);
        }
        let options = options.to_string();
        let cases = &data["cases"].as_array().unwrap()[first..end];
        let found: Vec<Value> = cases.iter().map(|lists| fused(lists, &job["wish"], &options)).collect();
        writeln!(results, "{}", json!({"name": job["name"], "results": found})).unwrap();
    }
    results.flush().unwrap();
}
