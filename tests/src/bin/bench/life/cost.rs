//! What a row costs with the index against the same row without: one client, in turns, round by round.

use super::vector::Vector;
use super::{Latencies, Moment, wal};
use crate::clock::Clock;
use crate::measure::Collection;
use crate::server::Server;
use crate::table::{Table, ratio};
use pg_wand_tests::random::Random;
use postgres::{Client, Statement};
use std::io::Write;
use std::rc::Rc;

const ROUNDS: usize = 5;
const TABLES: [&str; 2] = ["bare", "indexed"];

/// How rows come: by statements of one row, in one statement, by COPY.
const WAYS: [&str; 3] = ["INSERT, one row, prepared", "INSERT ... SELECT", "COPY, text"];

/// One way's totals in one table.
#[derive(Clone, Copy, Default)]
struct Spent {
    seconds: f64,
    processor: f64,
    wal: f64,
}

pub fn measure(server: &mut Server, data: &Collection, rows: usize, latencies: &mut Latencies) -> Table {
    let per_round = (rows / ROUNDS).max(1);
    let vector_type = format!("svec({})", data.docs.columns);
    server.run(&format!("CREATE TABLE source (id int PRIMARY KEY, emb {vector_type})"));
    let mut random = Random::new(1);
    let picked: Vec<usize> = (0..per_round).map(|_| random.below(data.docs.rows.len())).collect();
    copy(server.client(), "source", data, &picked);
    let vector_bytes = 8.0 * picked.iter().map(|&row| data.docs.rows[row].len()).sum::<usize>() as f64;
    let title = format!(
        "Life, cost of a row: with the index against the table alone; {} rows each way, {:.0} bytes of vector a row",
        per_round * ROUNDS,
        vector_bytes / per_round as f64
    );
    let columns = [
        "way",
        "time / alone",
        "processor / alone",
        "us a row",
        "alone us",
        "processor us",
        "alone us",
        "WAL / vector bytes",
    ];
    let mut table = Table::new(&title, &columns);
    let clock = Clock::of_session(server.client());
    for way in WAYS {
        for name in TABLES {
            server.run(&format!("DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id int, emb {vector_type})"));
        }
        server.run("CREATE INDEX indexed_emb ON indexed USING wand (emb)");
        let statements = TABLES.map(|name| prepare(server.client(), name));
        let mut spent = [Spent::default(); 2];
        for _ in 0..ROUNDS {
            for (at, name) in TABLES.into_iter().enumerate() {
                let from = wal::position(server);
                let begin = Moment::now(&clock);
                let client = server.client();
                match way {
                    "COPY, text" => copy(client, name, data, &picked),
                    "INSERT ... SELECT" => {
                        client.batch_execute(&format!("INSERT INTO {name} TABLE source")).expect(way)
                    }
                    _ => {
                        one_by_one(client, &statements[at], data, &picked, &clock, (at == 1).then_some(&mut *latencies))
                    }
                }
                let end = Moment::now(&clock);
                spent[at].seconds += (end.time - begin.time).as_secs_f64();
                spent[at].processor += end.processor - begin.processor;
                let to = wal::position(server);
                spent[at].wal += wal::bytes(server, &from, &to);
            }
        }
        let [alone, with] = spent;
        let n = (per_round * ROUNDS) as f64;
        let wal = (with.wal - alone.wal) / (vector_bytes * ROUNDS as f64);
        let ratios = [with.seconds / alone.seconds, with.processor / alone.processor].map(ratio);
        let mut cells = vec![way.to_string()];
        cells.extend(ratios);
        let times = [with.seconds, alone.seconds, with.processor, alone.processor];
        cells.extend(times.map(|seconds| format!("{:.1}", seconds / n * 1e6)));
        cells.push(ratio(wal));
        table.row(cells);
    }
    server.run("DROP TABLE source, bare, indexed");
    table
}

fn prepare(client: &mut Client, table: &str) -> Statement {
    client.prepare(&format!("INSERT INTO {table} VALUES ($1, $2)")).expect("a statement")
}

fn one_by_one(
    client: &mut Client,
    statement: &Statement,
    data: &Collection,
    rows: &[usize],
    clock: &Rc<Clock>,
    mut latencies: Option<&mut Latencies>,
) {
    for &row in rows {
        let vector = Vector::new(data.docs.columns, &data.docs.rows[row]);
        let begin = Moment::now(clock);
        client.execute(statement, &[&(row as i32), &vector]).expect("INSERT");
        if let Some(latencies) = &mut latencies {
            latencies.add(begin);
        }
    }
}

fn copy(client: &mut Client, table: &str, data: &Collection, rows: &[usize]) {
    let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN")).expect("COPY");
    for (at, &row) in rows.iter().enumerate() {
        writeln!(copy, "{at}\t{}", data.docs.literal(row)).expect("COPY");
    }
    copy.finish().expect("COPY");
}
