//! Searches under conditions on filter columns: what the columns cost when the index is made, what conditions do to a
//! query's time, and how others do the same. The rows are the collection's; [`columns`] adds values to them.

mod build;
mod columns;
mod others;
mod times;

use crate::measure::Collection;
use crate::server::Server;
use crate::table::Table;
use columns::{Condition, Values, conditions, values};
use std::io::Write;
use std::path::Path;

const K: usize = 10;

/// The table `filtered` and what is asked of it.
struct Filtered<'a> {
    server: &'a mut Server,
    data: &'a Collection,
    values: Vec<Values>,
    conditions: Vec<Condition>,
}

/// `folder` is the collection's, `cache` is for what rivals make of it.
pub fn measure(
    server: &mut Server,
    data: &Collection,
    folder: &Path,
    cache: &Path,
    with_hnsw: bool,
) -> Result<Vec<Table>, String> {
    let values = values(data.docs.rows.len());
    load(server, &values);
    let mut tables = vec![build::times(server), build::sizes(server, &values)];
    let conditions = conditions(&values);
    let mut of = Filtered { server, data, values, conditions };
    tables.extend(times::measure(&mut of, K));
    let mut others = others::Others::new(&mut of, K);
    others.qdrant(folder, cache)?;
    others.b_trees();
    if with_hnsw {
        others.hnsw();
    }
    tables.push(others.finish());
    server.set(&[]);
    server.run("DROP TABLE filtered");
    Ok(tables)
}

/// The rows of `ours` in their order, with filter columns.
fn load(server: &mut Server, values: &[Values]) {
    eprintln!("filters: loading {} rows", values.len());
    server.set(&[]);
    server.run("CREATE TABLE given (id int PRIMARY KEY, flag bool, ten int, zipf int, ts float8)");
    let mut copy = server.client().copy_in("COPY given FROM STDIN").expect("COPY");
    for (id, Values { flag, ten, zipf, ts }) in values.iter().enumerate() {
        let (seconds, rest) = (ts / 1_000_000, ts % 1_000_000);
        writeln!(copy, "{id}\t{flag}\t{ten}\t{zipf}\t{seconds}.{rest:06}").expect("COPY");
    }
    copy.finish().expect("COPY");
    server.run(
        "CREATE TABLE filtered AS
             SELECT id, emb, flag, ten, zipf, to_timestamp(ts) AS ts FROM ours JOIN given USING (id) ORDER BY id;
         DROP TABLE given",
    );
    server.run("VACUUM ANALYZE filtered");
}
