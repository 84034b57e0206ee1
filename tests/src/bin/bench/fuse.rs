//! Three rankings fused to one, beside the same by hand in SQL: short lists and long ones; and what that takes.

use crate::measure::{in_turns, mean};
use crate::memory;
use crate::server::{Server, run};
use crate::table::{Table, megabytes, ratio};

/// Entries of each list, and how often the statement is timed as one.
const LENGTHS: [(usize, usize); 2] = [(1_000, 20), (1_000_000, 1)];

/// Reciprocal rank fusion as it is written without us; `{rows}` has columns list, id, score.
const BY_HAND: &str = "SELECT id, sum(1.0 / (60 + rank)) AS score
    FROM (SELECT id, rank() OVER (PARTITION BY list ORDER BY score DESC) AS rank FROM {rows}) AS ranked
    GROUP BY id ORDER BY score DESC, id";

pub fn measure(server: &mut Server) -> Table {
    let title = "Fusion of three lists, by the number of entries in each; fuse alone reads rankings that are there";
    let columns = ["way", "entries", "rows", "time / by hand", "ms", "peak MB"];
    let mut table = Table::new(title, &columns);
    for (n, repeats) in LENGTHS {
        eprintln!("fusion: three lists of {n}");
        let rows = format!("entries_{n}");
        // Half of the documents are in two lists or three.
        server.run(&format!(
            "CREATE TABLE {rows} AS SELECT list, (i::int8 * 7919 + list * 104729) % ({n} * 5 / 2) AS id, 1.0::float8 / i AS score
             FROM generate_series(1, 3) AS list, generate_series(1, {n}) AS i"
        ));
        server.run(&format!("VACUUM ANALYZE {rows}"));
        server.run(&format!(
            "CREATE TABLE lists_{n} AS SELECT array_agg(r ORDER BY list) AS lists
             FROM (SELECT list, ranking(id, score) AS r FROM {rows} GROUP BY list) AS each_list"
        ));
        let from_rows = |tail: &str| {
            format!("SELECT id, score FROM fuse((SELECT rankings(list::text, id, score) FROM {rows}){tail})")
        };
        let from_lists = |tail: &str| format!("SELECT f.id, f.score FROM lists_{n}, fuse(lists{tail}) AS f");
        let by_hand = BY_HAND.replace("{rows}", &rows);
        let ways = [
            ("by hand, 10 rows", format!("{by_hand} LIMIT 10")),
            ("by hand, all rows", by_hand),
            ("rankings and fuse, 10 rows", from_rows(", top_k => 10")),
            ("rankings and fuse, all rows", from_rows("")),
            ("fuse alone, rrf, 10 rows", from_lists(", top_k => 10")),
            ("fuse alone, rrf, all rows", from_lists("")),
            ("fuse alone, weighted_sum, all rows", from_lists(", 'weighted_sum'")),
            ("fuse alone, condorcet, all rows", from_lists(", 'condorcet'")),
        ];
        let counted = |sql: &str| format!("SELECT count(*) FROM ({sql}) AS answer");
        let times = in_turns(ways.len(), |way| server.times(&[], &vec![ways[way].1.clone(); repeats]));
        for (at, (name, sql)) in ways.iter().enumerate() {
            let own = mean(&times[at]);
            let base = mean(&times[at % 2]);
            let rows: i64 = server.row(&counted(sql)).get(0);
            let mut client = server.session();
            run(&mut client, &format!("SELECT count(*) FROM {rows_of}", rows_of = format_args!("entries_{n}")));
            let peak = memory::of_backend(&mut client, |client| run(client, sql));
            let peak = peak.map_or_else(|| "-".into(), |bytes| megabytes(bytes as f64));
            let cells = [(*name).into(), n.to_string(), rows.to_string(), ratio(own / base), format!("{own:.2}"), peak];
            table.row(cells.to_vec());
        }
    }
    table
}
