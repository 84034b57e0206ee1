//! Queries under conditions against the same queries without: time, what the scans did, and that the answers are right.

use super::Filtered;
use super::columns::Condition;
use crate::measure::{self, mean, median};
use crate::server::{explain, nearest, row, rows};
use crate::table::{Table, ratio};
use crate::ways::INDEX_ONLY;
use pg_wand_tests::size;
use std::collections::{BTreeMap, BTreeSet};

/// Queries of each condition that a sequential scan answers as well.
const CHECKED: usize = 20;

/// Our index in its order, whatever the planner thinks.
pub fn ordered() -> Vec<String> {
    vec![INDEX_ONLY.into(), "enable_bitmapscan = off".into()]
}

/// A condition, and the table that is asked.
struct Case<'a> {
    name: String,
    table: &'static str,
    condition: &'a Condition,
    /// Documents that meet it.
    documents: usize,
}

impl Case<'_> {
    fn sql(&self, of: &Filtered, query: usize, k: usize) -> String {
        nearest(&self.condition.rows_of(self.table), "svec", &of.data.queries.literal(query), k)
    }
}

/// The best times of each query, in milliseconds.
struct Times {
    planning: Vec<f64>,
    execution: Vec<f64>,
}

pub fn measure(of: &mut Filtered, k: usize) -> Vec<Table> {
    let conditions = std::mem::take(&mut of.conditions);
    let documents = |condition: &Condition| of.values.iter().filter(|values| condition.holds(values)).count();
    let cases: Vec<Case> = conditions
        .iter()
        .map(|condition| Case {
            name: condition.name.clone(),
            table: "filtered",
            condition,
            documents: documents(condition),
        })
        .collect();
    // The index without filter columns is another table's, with the same rows.
    let name = "none, wand (emb)".into();
    let bare = [Case { name, table: "ours", ..cases[0] }];
    let both: Vec<&Case> = bare.iter().chain(&cases).collect();

    let checked: Vec<usize> = both.iter().map(|case| check(of, case, k)).collect();
    let chosen: Vec<[String; 2]> = both.iter().map(|case| planners(of, case, k)).collect();
    let profile = profile(of, &both, k);
    // Only these two at first: both tables are asked equally often, so that caches favour neither.
    let mut times = in_turns(of, &[&bare[0], &cases[0]], k);
    let none = times.remove(1).execution;
    times.extend(in_turns(of, &cases.iter().collect::<Vec<&Case>>(), k));

    let n = of.data.n_asked();
    let title = format!(
        "Filters, time: under a condition against none, k = {k}, {n} queries; checked: answers compared with a \
         sequential scan's; planner: the scan it takes by itself, and its time if that is not ours"
    );
    let columns = [
        "condition",
        "documents",
        "part",
        "time / none, median",
        "mean",
        "mean ms",
        "p50 ms",
        "planning ms",
        "checked",
        "planner",
        "its ms",
    ];
    let mut table = Table::new(&title, &columns);
    for (at, (case, Times { planning, execution })) in both.iter().zip(&times).enumerate() {
        let none = if at == 0 { &none } else { &times[1].execution };
        let ratios: Vec<f64> = execution.iter().zip(none).map(|(own, none)| own / none).collect();
        let part = 100.0 * case.documents as f64 / of.values.len() as f64;
        let mut cells = vec![case.name.clone(), case.documents.to_string(), format!("{part:.2} %")];
        cells.extend([median(&ratios), mean(&ratios)].map(ratio));
        cells.extend([mean(execution), median(execution), mean(planning)].map(|ms| format!("{ms:.3}")));
        cells.push(checked[at].to_string());
        cells.extend(chosen[at].clone());
        table.row(cells);
    }
    of.conditions = conditions;
    vec![table, profile]
}

/// Sees that our index answers all of the condition, in its order. Then the scan that the planner takes by itself, and
/// its milliseconds if it is another one.
fn planners(of: &mut Filtered, case: &Case, k: usize) -> [String; 2] {
    let statements: Vec<String> = (0..of.data.n_asked()).map(|query| case.sql(of, query, k)).collect();
    of.server.set(&ordered());
    let lines = explain(of.server.client(), "COSTS OFF", &statements[0]);
    let has = |words: &str| lines.iter().any(|line| line.trim_start().starts_with(words));
    let is_index = has(&format!("->  Index Scan using {}_emb", case.table)) && has("Order By:");
    assert!(is_index && has("Index Cond:") != case.condition.is_empty() && !has("Filter:"), "not ours: {lines:#?}");

    of.server.set(&[]);
    let lines = explain(of.server.client(), "COSTS OFF", &statements[0]);
    let scan = lines.iter().find_map(|line| {
        let line = line.trim_start().trim_start_matches("->  ");
        line.find(" Scan").map(|end| line[..end].to_lowercase())
    });
    let scan = scan.expect("a scan");
    let time = if scan == "index" {
        "-".into()
    } else {
        format!("{:.3}", mean(&measure::in_turns(1, |_| of.server.times_as_set(&statements))[0]))
    };
    [scan, time]
}

/// Asks every query, which warms up as well, and says how many answers a sequential scan has confirmed. Equal distances
/// may come in any order, so distances are compared, and that ids are different ones which meet the condition.
fn check(of: &mut Filtered, case: &Case, k: usize) -> usize {
    eprintln!("filters: checking {}", case.name);
    let wanted = k.min(case.documents);
    of.server.set(&ordered());
    let answers: Vec<Vec<(i32, f64)>> = (0..of.data.n_asked()).map(|query| answer(of, case, query, k)).collect();
    for (query, answer) in answers.iter().enumerate() {
        let ids: BTreeSet<usize> = answer.iter().map(|(id, _)| usize::try_from(*id).expect("an id")).collect();
        let right = ids.iter().all(|id| case.condition.holds(&of.values[*id]));
        assert!(right && ids.len() == wanted, "{}, query {query}: {answer:?}", case.name);
    }
    of.server.set(&["enable_indexscan = off".into(), "enable_bitmapscan = off".into()]);
    let checked = CHECKED.min(answers.len());
    for (query, found) in answers.iter().enumerate().take(checked) {
        let exact = answer(of, case, query, k);
        let distances = |rows: &[(i32, f64)]| -> Vec<f64> { rows.iter().map(|(_, distance)| *distance).collect() };
        assert_eq!(distances(found), distances(&exact), "{}, query {query}", case.name);
    }
    checked
}

/// Ids and distances.
fn answer(of: &mut Filtered, case: &Case, query: usize, k: usize) -> Vec<(i32, f64)> {
    let literal = of.data.queries.literal(query);
    let sql = format!(
        "SELECT id, (emb <#> '{literal}')::float8 FROM {} ORDER BY emb <#> '{literal}' LIMIT {k}",
        case.condition.rows_of(case.table)
    );
    rows(of.server.client(), &sql).iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Cases take turns: one step asks every case once, each of them another query, so that no query comes twice in a row
/// and finds its lists in the processor's caches. After as many steps as there are queries each case has had each one.
fn in_turns(of: &mut Filtered, cases: &[&Case], k: usize) -> Vec<Times> {
    let n = of.data.n_asked();
    let statements: Vec<Vec<String>> =
        cases.iter().map(|case| (0..n).map(|query| case.sql(of, query, k)).collect()).collect();
    let none = || vec![f64::INFINITY; n];
    let mut best: Vec<Times> = cases.iter().map(|_| Times { planning: none(), execution: none() }).collect();
    let stride = n.div_ceil(cases.len());
    let passes = size("BENCH_PASSES", 3).max(1);
    of.server.set(&ordered());
    for pass in 0..passes {
        eprintln!("filters: {} conditions, pass {} of {passes}", cases.len(), pass + 1);
        for step in 0..n {
            for (case, best) in best.iter_mut().enumerate() {
                let query = (step + case * stride) % n;
                let spent = of.server.timed(&statements[case][query]);
                best.planning[query] = best.planning[query].min(spent.planning);
                best.execution[query] = best.execution[query].min(spent.execution);
            }
        }
    }
    best
}

/// What `wand_last_scan` says, in columns of a table.
const COUNTS: [(&str, &str); 16] = [
    ("within", "rows_within"),
    ("lists", "lists"),
    ("postings", "postings"),
    ("pages", "bytes_read / 8192.0"),
    ("rounds", "rounds"),
    ("bounded", "blocks_bounded"),
    ("scored", "blocks_scored"),
    ("dropped", "blocks_dropped"),
    ("rows", "rows"),
    ("rechecked", "rows_rechecked"),
    ("plan us", "1000 * plan_ms"),
    ("filter us", "1000 * filter_ms"),
    ("bounds us", "1000 * bounds_ms"),
    ("blocks us", "1000 * blocks_ms"),
    ("exhaustive us", "1000 * exhaustive_ms"),
    ("select us", "1000 * select_ms"),
];

fn profile(of: &mut Filtered, cases: &[&Case], k: usize) -> Table {
    let title = "Filters, what scans did: means of all queries";
    let columns: Vec<&str> = ["condition", "strategy"].into_iter().chain(COUNTS.map(|(name, _)| name)).collect();
    let mut table = Table::new(title, &columns);
    let counts = COUNTS.map(|(_, sql)| format!("({sql})::float8")).join(", ");
    let last = format!("SELECT strategy, {counts} FROM wand_last_scan()");
    of.server.set(&ordered());
    let n = of.data.n_asked();
    for case in cases {
        let mut strategies: BTreeMap<String, usize> = BTreeMap::new();
        let mut sums = [0.0; COUNTS.len()];
        for query in 0..n {
            let sql = case.sql(of, query, k);
            rows(of.server.client(), &sql);
            let last = row(of.server.client(), &last);
            *strategies.entry(last.get(0)).or_default() += 1;
            sums.iter_mut().enumerate().for_each(|(at, sum)| *sum += last.get::<_, f64>(at + 1));
        }
        let mut by_number: Vec<(String, usize)> = strategies.into_iter().collect();
        by_number.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        let words: Vec<String> =
            by_number.iter().map(|(name, number)| format!("{name} {} %", (100 * number + n / 2) / n)).collect();
        let mut cells = vec![case.name.clone(), words.join("; ")];
        cells.extend(sums.map(|sum| format!("{:.1}", sum / n as f64)));
        table.row(cells);
    }
    table
}
