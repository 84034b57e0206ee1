//! The same with several times the documents: how time, size and building grow.
//!
//! Two collections of one kind, each with its own queries, in one server and measured in turns.

use crate::measure::{Collection, in_turns, mean};
use crate::report::Index;
use crate::server::{Server, strategies};
use crate::table::{Table, megabytes, ratio};

pub fn measure(small: &Collection, large: &Collection, limits: &[usize]) -> Vec<Table> {
    let mut server = Server::start();
    let collections = [("small", small), ("large", large)];
    let indexes = collections.map(|(table, data)| {
        server.load(table, "svec", &data.docs);
        server.build("wand", table)
    });
    let factor = large.docs.rows.len() as f64 / small.docs.rows.len() as f64;
    let mut times = Table::new(
        &format!("Growth, time: {} against {}, {factor:.2} times the documents", large.name, small.name),
        &["k", "way", "large / small", "/ exhaustive, large", "/ exhaustive, small", "large ms", "small ms", "queries"],
    );
    let ways = strategies(&mut server);
    for k in limits {
        eprintln!("growth: k={k}");
        // One after another: each way on the small and on the large one.
        let runs: Vec<(&[String], Vec<String>)> = ways
            .iter()
            .flat_map(|(_, settings)| {
                collections.map(|(table, data)| (&settings[..], data.statements(table, "svec", *k, data.n_asked())))
            })
            .collect();
        for (settings, statements) in &runs {
            server.times(settings, statements);
        }
        let best = in_turns(runs.len(), |at| server.times(runs[at].0, &runs[at].1));
        let means: Vec<[f64; 2]> = best.chunks_exact(2).map(|pair| [mean(&pair[0]), mean(&pair[1])]).collect();
        let exhaustive = ways.iter().position(|(name, _)| name.ends_with("exhaustive"));
        for ((name, _), own) in ways.iter().zip(&means) {
            let against = |at: usize| exhaustive.map_or("-".into(), |way| ratio(own[at] / means[way][at]));
            let mut cells = vec![k.to_string(), (*name).to_string(), ratio(own[1] / own[0]), against(1), against(0)];
            cells.extend([own[1], own[0]].map(|ms| format!("{ms:.3}")));
            cells.push(best[0].len().min(best[1].len()).to_string());
            times.row(cells);
        }
    }
    server.finish();
    vec![times, of_indexes(&indexes, [small, large])]
}

fn of_indexes(indexes: &[Index; 2], [small, large]: [&Collection; 2]) -> Table {
    let mut table = Table::new("Growth, index", &["what", "large / small", "large", "small"]);
    let [before, after] = indexes;
    let seconds = [after.seconds, before.seconds];
    let sizes = [after.bytes as f64, before.bytes as f64];
    let raw = [sizes[0] / large.raw_bytes(), sizes[1] / small.raw_bytes()];
    for (what, [after, before], show) in [
        ("build s", seconds, (|value| format!("{value:.2}")) as fn(f64) -> String),
        ("size MB", sizes, megabytes),
        ("size / raw", raw, |value| format!("{value:.3}")),
    ] {
        table.row(vec![what.into(), ratio(after / before), show(after), show(before)]);
    }
    table
}
