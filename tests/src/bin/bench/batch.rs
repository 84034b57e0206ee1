//! Many queries in one statement against the same queries one by one.
//!
//! Both are the executor's own times, warm and in turns, so neither has parsing, planning or the client in it. What the
//! batch saves or loses is what a scan costs to begin and to end.

use crate::measure::{Collection, in_turns};
use crate::server::{Server, explain, nearest};
use crate::table::{Table, ratio};
use crate::ways::INDEX_ONLY;
use pg_wand_tests::size;
use std::io::Write;

const K: usize = 10;

pub fn measure(server: &mut Server, data: &Collection) -> Table {
    let count = size("BENCH_BATCH", 1_000);
    eprintln!("batch: {count} queries in one statement");
    // Where the collection has fewer, they come again.
    let literals: Vec<String> = (0..count).map(|at| data.queries.literal(at % data.queries.rows.len())).collect();
    server.run(&format!("CREATE TABLE asked (id int PRIMARY KEY, v svec({}))", data.queries.columns));
    let mut copy = server.client().copy_in("COPY asked FROM STDIN").expect("COPY");
    for (at, literal) in literals.iter().enumerate() {
        writeln!(copy, "{at}\t{literal}").expect("COPY");
    }
    copy.finish().expect("COPY");
    server.run("VACUUM ANALYZE asked");

    let nearest_of_each = format!("SELECT id FROM ours ORDER BY emb <#> q.v LIMIT {K}");
    let batch = [format!("SELECT q.id, d.id FROM asked q, LATERAL ({nearest_of_each}) d")];
    let singles: Vec<String> = literals.iter().map(|literal| nearest("ours", "svec", literal, K)).collect();
    let settings = [INDEX_ONLY.to_string()];
    server.set(&settings);
    let plan = explain(server.client(), "COSTS OFF", &batch[0]);
    assert!(plan.iter().any(|line| line.contains("ours_emb")), "the batch does not use the index: {plan:#?}");
    server.times(&settings, &singles);
    server.times(&settings, &batch);
    let times = in_turns(2, |way| server.times(&settings, if way == 0 { &singles } else { &batch }));
    let [one_by_one, together] = [0, 1].map(|way: usize| times[way].iter().sum::<f64>());

    let title = format!("Batch: {count} queries in one statement, k = {K}; against the sum of the single ones");
    let mut table = Table::new(&title, &["batch / singles", "batch ms", "singles ms", "queries"]);
    let ms = |time: f64| format!("{time:.1}");
    table.row(vec![ratio(together / one_by_one), ms(together), ms(one_by_one), count.to_string()]);
    table
}
