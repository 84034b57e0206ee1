//! No ranking, judgement or setting harms the server: every call ends with finite numbers in the promised order, or
//! with an error of SQLSTATE class 22 or 54 that says whose it is. The backend never dies.
//!
//! Size: STRANGE_CALLS (6,000). SEED repeats a run; every failure prints the seed and the statement.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::run;
use pg_wand_tests::random::Random;
use pg_wand_tests::{seed, size};
use postgres::Client;

const METHODS: [&str; 20] = [
    "rrf",
    "rrf_qdrant",
    "srrf",
    "comb_min",
    "comb_max",
    "comb_med",
    "comb_sum",
    "comb_anz",
    "comb_mnz",
    "comb_gmnz",
    "weighted_sum",
    "tm2c2",
    "arithmetic_mean",
    "geometric_mean",
    "harmonic_mean",
    "isr",
    "rbc",
    "borda",
    "condorcet",
    "interleave",
];
const NORMALISERS: [&str; 12] = [
    "none",
    "min_max",
    "min_max_inverted",
    "bounded_min_max",
    "theoretical",
    "max",
    "sum",
    "z_score",
    "l2",
    "dbsf",
    "sigmoid",
    "rank",
];
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "0.5",
    "2",
    "3",
    "1e308",
    "-1e308",
    "5e-324",
    "-0",
    "1e-9",
    "Infinity",
    "-Infinity",
    "NaN",
    "NULL",
    "123456789",
];
const OPTIONS: [&str; 12] = [
    "{}",
    r#"{"gamma": 2}"#,
    r#"{"phi": 0.5}"#,
    r#"{"alpha": 0.3}"#,
    r#"{"zeros": "count"}"#,
    r#"{"beta": 1e300}"#,
    r#"{"lower": [0, null]}"#,
    r#"{"lower": [-1e308], "upper": [1e308], "bounds": "clip"}"#,
    r#"{"rank_base": 0}"#,
    "[]",
    r#"{"model": {"method": "pos", "lists": [[1, 0.5]]}}"#,
    r#"{"slope": "steep"}"#,
];
const METRICS: [&str; 14] = [
    "nDCG@10",
    "nDCG(gains=exp)",
    "RR",
    "AP(rel=2)",
    "P@5",
    "Recall@100",
    "Rprec",
    "Bpref",
    "RBP(p=0.99)",
    "Success@1",
    "Judged@3",
    "F1@7",
    "nDCG@99999999999",
    "P(rel=)@",
];

#[test]
fn every_call_ends_well() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand");
    let seed = seed();
    let mut random = Random::new(seed);
    let n = size("STRANGE_CALLS", 6_000);
    let mut answered = 0;
    for _ in 0..n {
        let sql = match random.below(10) {
            0 => evaluation(&mut random),
            1 => diversification(&mut random),
            2 => tuning(&mut random),
            _ => fusion(&mut random),
        };
        match client.query_one(&sql, &[]) {
            Ok(row) => {
                let good: Option<bool> = row.get(0);
                assert_ne!(good, Some(false), "SEED={seed}: {sql}");
                answered += 1;
            }
            Err(e) => well_refused(&e).unwrap_or_else(|why| panic!("SEED={seed}: {why}\n{sql}")),
        }
    }
    println!("{n} calls, {answered} of them answered, seed {seed}");
    assert!(answered > n / 10 && answered < n, "{answered} of {n} answered: the calls test nothing");
    still_there(&mut client);
    drop(client);
    cluster.finish();
}

fn still_there(client: &mut Client) {
    let two: i32 = client.query_one("SELECT 1 + 1", &[]).expect("the backend is alive").get(0);
    assert_eq!(two, 2);
}

fn well_refused(error: &postgres::Error) -> Result<(), String> {
    let Some(db) = error.as_db_error() else { return Err(format!("not an answer of the server: {error}")) };
    let code = db.code().code();
    // 2202E: arrays that do not fit together.
    if !(code.starts_with("22") || code.starts_with("54")) {
        return Err(format!("refused with SQLSTATE {code}: {}", db.message()));
    }
    let whose = ["fuse", "evaluate", "mmr", "ranking", "judgements", "tune_fusion", "vectors", "array"];
    if !whose.iter().any(|name| db.message().contains(name)) {
        return Err(format!("the refusal does not say whose it is: {}", db.message()));
    }
    Ok(())
}

/// Finite scores that descend, no document twice, and contributions that add up.
fn fusion(random: &mut Random) -> String {
    let n_lists = random.below(5);
    let lists: Vec<String> = (0..n_lists).map(|_| ranking(random, 12)).collect();
    let mut arguments = format!("ARRAY[{}]::wand_ranking[], '{}'", lists.join(","), random.pick(&METHODS));
    if random.chance(0.3) {
        let n = if random.chance(0.8) { n_lists } else { random.below(6) };
        let weights: Vec<String> = (0..n).map(|_| tame_number(random)).collect();
        arguments.push_str(&format!(", weights => '{{{}}}'", weights.join(",")));
    }
    if random.chance(0.1) {
        arguments.push_str(&format!(", k => {}", sql_number(random)));
    }
    if random.chance(0.4) {
        arguments.push_str(&format!(", normaliser => '{}'", random.pick(&NORMALISERS)));
    }
    if random.chance(0.2) {
        arguments
            .push_str(&format!(", missing => '{}'", random.pick(&["skip", "zero", "min", "rank_after", "share", "x"])));
    }
    if random.chance(0.2) {
        arguments.push_str(&format!(", on_equal => '{}'", random.pick(&["zero", "half", "one", "rank"])));
    }
    if random.chance(0.2) {
        arguments.push_str(&format!(", options => '{}'", random.pick(&OPTIONS)));
    }
    format!(
        "SELECT bool_and(abs(score) < 'Infinity') AND count(DISTINCT id) = count(*)
                AND bool_and(score <= before OR before IS NULL)
                AND bool_and(sum IS NULL OR abs(sum - score) <= 1e-9 * greatest(abs(score), greatest, 1e-300))
         FROM (SELECT id, score, lag(score) OVER () AS before, (SELECT CASE WHEN max(abs(c)) < 1e300 THEN sum(c) END FROM unnest(contributions) c) AS sum,
                      (SELECT max(abs(c)) FROM unnest(contributions) c) AS greatest
               FROM fuse({arguments})) AS fused"
    )
}

fn evaluation(random: &mut Random) -> String {
    let (ranking, judgements) = (ranking(random, 12), judgements(random));
    format!(
        "SELECT evaluate({ranking}, {judgements}, '{}') BETWEEN 0 AND 1e300",
        random.pick(&METRICS).replace("(rel=)", if random.chance(0.5) { "(rel=)" } else { "" })
    )
}

fn diversification(random: &mut Random) -> String {
    let n = random.below(5);
    let ids: Vec<String> = (0..n).map(|id| id.to_string()).collect();
    let scores: Vec<String> = (0..n).map(|_| tame_number(random)).collect();
    let vectors: Vec<String> = (0..n + random.below(6) / 5)
        .map(|_| random.pick(&["'{1:1}'", "'{}'", "NULL", "'{1:3e38,2:3e38}'", "'{2:1e-45}/9'"]).to_string())
        .collect();
    let lambda = random.pick(&["0", "0.5", "1", "2", "'NaN'"]);
    format!(
        "SELECT cardinality((mmr(ROW('{{{}}}', '{{{}}}')::wand_ranking, ARRAY[{}]::svec[], {lambda}, {})).ids) <= {n}",
        ids.join(","),
        scores.join(","),
        vectors.join(","),
        random.below(7) as i64 - 1
    )
}

fn tuning(random: &mut Random) -> String {
    let n_lists = 1 + random.below(3);
    let n_topics = 1 + random.below(4);
    let topics: Vec<String> = (0..n_topics)
        .map(|_| format!("ARRAY[{}]", (0..n_lists).map(|_| ranking(random, 5)).collect::<Vec<_>>().join(",")))
        .collect();
    let judged: Vec<String> = (0..n_topics).map(|_| judgements(random)).collect();
    format!(
        "SELECT bool_and(mean BETWEEN 0 AND 1) FROM tune_fusion(ARRAY[{}]::wand_ranking[], ARRAY[{}]::wand_judgements[], 'nDCG@5',
             methods => '{{{},{}}}', weight_steps => {}, folds => {})",
        topics.join(","),
        judged.join(","),
        random.pick(&METHODS),
        random.pick(&METHODS),
        random.below(4),
        random.below(4)
    )
}

fn ranking(random: &mut Random, most: usize) -> String {
    let n = random.below(most + 1);
    let ids: Vec<String> =
        (0..n).map(|_| if random.chance(0.02) { "NULL".into() } else { random.below(15).to_string() }).collect();
    let n_scores = if random.chance(0.97) { n } else { random.below(most) };
    let wild = random.chance(0.2);
    let scores: Vec<String> =
        (0..n_scores).map(|_| if wild { random.pick(&NUMBERS).to_string() } else { tame_number(random) }).collect();
    match random.below(20) {
        0 => "NULL::wand_ranking".into(),
        1 => format!("ROW('{{{}}}', NULL)::wand_ranking", ids.join(",")),
        2 => format!("ROW(NULL, '{{{}}}')::wand_ranking", scores.join(",")),
        _ => format!("ROW('{{{}}}', '{{{}}}')::wand_ranking", ids.join(","), scores.join(",")),
    }
}

fn judgements(random: &mut Random) -> String {
    let n = random.below(8);
    let ids: Vec<String> = (0..n).map(|_| random.below(15).to_string()).collect();
    let grades: Vec<String> = (0..n)
        .map(|_| random.pick(&["0", "1", "2", "-1", "NULL", "2147483647", "-2147483648", "30"]).to_string())
        .collect();
    format!("ROW('{{{}}}', '{{{}}}')::wand_judgements", ids.join(","), grades.join(","))
}

fn tame_number(random: &mut Random) -> String {
    (random.below(9) as f64 / 4.0).to_string()
}

fn sql_number(random: &mut Random) -> String {
    let number = *random.pick(&NUMBERS);
    if number == "NULL" { number.into() } else { format!("'{number}'") }
}
