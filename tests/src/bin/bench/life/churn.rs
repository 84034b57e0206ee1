//! A table whose rows come, change and go: its index against one just made on the same table.

use super::vector::Vector;
use super::{Latencies, Moment, wal};
use crate::clock::Clock;
use crate::measure::{Collection, in_turns, mean};
use crate::server::Server;
use crate::table::{Table, megabytes, ratio};
use crate::ways::INDEX_ONLY;
use pg_wand_tests::random::Random;
use pg_wand_tests::size;
use postgres::{Client, Statement};
use std::rc::Rc;
use std::time::{Duration, Instant};

const K: usize = 10;
/// Changes after which log and state are looked at.
const STRETCH: usize = 20_000;

struct Rows {
    clock: Rc<Clock>,
    ids: Vec<i32>,
    next_id: i32,
    update: Statement,
    delete: Statement,
    insert: Statement,
}

/// Three changes of five give a row another vector; the others take rows away and add as many.
fn change(
    client: &mut Client,
    data: &Collection,
    rows: &mut Rows,
    random: &mut Random,
    times: &mut [Latencies; 3],
) -> f64 {
    let vector = &data.docs.rows[random.below(data.docs.rows.len())];
    let (bytes, vector) = (8.0 * vector.len() as f64, Vector::new(data.docs.columns, vector));
    let at = random.below(rows.ids.len());
    let begin = Moment::now(&rows.clock);
    match random.below(5) {
        0 => {
            client.execute(&rows.insert, &[&rows.next_id, &vector]).expect("INSERT");
            times[0].add(begin);
            rows.ids.push(rows.next_id);
            rows.next_id += 1;
            bytes
        }
        1 => {
            client.execute(&rows.delete, &[&rows.ids.swap_remove(at)]).expect("DELETE");
            times[2].add(begin);
            0.0
        }
        _ => {
            client.execute(&rows.update, &[&rows.ids[at], &vector]).expect("UPDATE");
            times[1].add(begin);
            bytes
        }
    }
}

pub fn measure(server: &mut Server, data: &Collection, changes: usize, inserts: Latencies) -> Vec<Table> {
    server.load("ours", "svec", &data.docs);
    server.build("wand", "ours");
    let n = data.docs.rows.len() as i32;
    let client = server.client();
    let mut rows = Rows {
        clock: Clock::of_session(client),
        ids: (0..n).collect(),
        next_id: n,
        update: client.prepare("UPDATE ours SET emb = $2 WHERE id = $1").expect("a statement"),
        delete: client.prepare("DELETE FROM ours WHERE id = $1").expect("a statement"),
        insert: client.prepare("INSERT INTO ours VALUES ($1, $2)").expect("a statement"),
    };
    let mut random = Random::new(2);
    let mut times = [inserts, Latencies::default(), Latencies::default()];
    let (mut logged, mut images, mut vectors) = (0.0, 0.0, 0.0);
    let rate = size("LIFE_RATE", 2_000).max(1);
    let begin = Instant::now();
    for done in (0..changes).step_by(STRETCH) {
        let from = wal::position(server);
        let (stretch, n) = (Instant::now(), STRETCH.min(changes - done));
        for at in 0..n {
            vectors += change(server.client(), data, &mut rows, &mut random, &mut times);
            let due = Duration::from_secs_f64(at as f64 / rate as f64);
            std::thread::sleep(due.saturating_sub(stretch.elapsed()));
        }
        let to = wal::position(server);
        let (all, of_images) = wal::ours(server, &from, &to);
        logged += all;
        images += of_images;
        tell(server, done, begin);
    }
    // What autovacuum left is measured: it must be done, and writers have flushed what came meanwhile.
    let busy = "SELECT count(*) FROM pg_stat_progress_vacuum WHERE relid = 'ours'::regclass";
    while server.row(busy).get::<_, i64>(0) > 0 {
        std::thread::sleep(Duration::from_millis(100));
    }
    for _ in 0..STRETCH / 10 {
        change(server.client(), data, &mut rows, &mut random, &mut times);
    }
    server.run("ALTER TABLE ours SET (autovacuum_enabled = off)");
    let vacuums: i64 = server.row("SELECT autovacuum_count FROM pg_stat_user_tables WHERE relname = 'ours'").get(0);

    let title = format!(
        "Life, the index after {changes} changes, {rate} a second at most ({vacuums} autovacuums), against one just made; \
         k = {K}"
    );
    let mut table = Table::new(&title, &["what", "ratio", "after a life", "just made"]);
    compare(server, data, "before VACUUM", &mut table);
    server.run("VACUUM ours");
    compare(server, data, "after VACUUM", &mut table);
    let per_byte = [logged / vectors, images / vectors].map(ratio);
    let [per_byte, of_images] = per_byte;
    table.row(vec![
        "WAL of the index / bytes of new vectors".into(),
        per_byte,
        format!("{} MB, images {of_images}", megabytes(logged)),
        format!("{} MB", megabytes(vectors)),
    ]);

    let mut latencies = Table::new(
        "Life, single statements, ms from call to answer; flushes and merges included, autovacuum beside them",
        &["statement", "p50", "p99", "p99.9", "max", "processor p50", "p99", "p99.9", "max", "number"],
    );
    for (name, of_statement) in ["INSERT", "UPDATE", "DELETE"].into_iter().zip(times) {
        latencies.row(std::iter::once(name.to_string()).chain(of_statement.cells()).collect());
    }
    vec![table, latencies]
}

fn tell(server: &mut Server, done: usize, begin: Instant) {
    let row = server.row(
        "SELECT segments::int8, documents, dead, pending, total_bytes, meta_bytes, free_bytes \
         FROM wand_info('ours_emb')",
    );
    let numbers: Vec<i64> = (0..7).map(|at| row.get(at)).collect();
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!("{done} {seconds:.0} s; segments, documents, dead, pending, total, meta, free: {numbers:?}");
}

/// Sizes and times, both indexes on the same table and in turns.
fn compare(server: &mut Server, data: &Collection, when: &str, table: &mut Table) {
    server.run("DROP INDEX IF EXISTS fresh; CREATE INDEX fresh ON ours USING wand (emb)");
    let sql = "SELECT (SELECT sum(bytes) FROM wand_segments(i.i))::float8, pg_relation_size(i.i)::float8, \
               (SELECT segments::float8 FROM wand_info(i.i)), (SELECT pending::float8 FROM wand_info(i.i)) \
               FROM (VALUES ('ours_emb'::regclass), ('fresh')) i (i)";
    let both: Vec<Vec<f64>> =
        server.client().query(sql, &[]).expect(sql).iter().map(|row| (0..4).map(|at| row.get(at)).collect()).collect();
    let statements = data.statements("ours", "svec", K, data.n_asked());
    let settings = [INDEX_ONLY.to_string()];
    let indexes = ["ours_emb", "fresh"];
    for index in indexes {
        only(server, index);
        server.times(&settings, &statements);
        tell_phases(server, index, &statements);
    }
    let times = in_turns(2, |at| {
        only(server, indexes[at]);
        server.times(&settings, &statements)
    });
    server.run(
        "RESET ALL; UPDATE pg_index SET indisvalid = true \
         WHERE indexrelid IN ('ours_emb'::regclass, 'fresh'::regclass)",
    );
    let [own, fresh] = [mean(&times[0]), mean(&times[1])];
    let ms = |time: f64| format!("{time:.3}");
    table.row(vec![format!("time of a query, ms, {when}"), ratio(own / fresh), ms(own), ms(fresh)]);
    let what = ["segments' MB", "index MB", "segments", "pending documents"];
    for (at, what) in what.into_iter().enumerate() {
        let [own, fresh] = [both[0][at], both[1][at]];
        let show = |value: f64| if at < 2 { megabytes(value) } else { format!("{value}") };
        let share = if fresh > 0.0 { ratio(own / fresh) } else { "-".into() };
        table.row(vec![format!("{what}, {when}"), share, show(own), show(fresh)]);
    }
    eprintln!("{table}");
}

/// Where a query's time goes, to standard error: means of what the last scan says.
fn tell_phases(server: &mut Server, index: &str, statements: &[String]) {
    let phases =
        ["plan_ms", "pending_ms", "bounds_ms", "blocks_ms", "exhaustive_ms", "select_ms", "rows", "bytes_read"];
    let columns: Vec<String> = phases.iter().map(|phase| format!("{phase}::float8")).collect();
    let sql = format!("SELECT {} FROM wand_last_scan()", columns.join(", "));
    let mut sums = [0.0; 8];
    for statement in statements {
        server.run(statement);
        let row = server.row(&sql);
        sums.iter_mut().enumerate().for_each(|(at, sum)| *sum += row.get::<_, f64>(at));
    }
    let means = phases.iter().zip(sums).map(|(phase, sum)| format!("{phase} {:.4}", sum / statements.len() as f64));
    eprintln!("{index}: {}", means.collect::<Vec<_>>().join(", "));
}

/// The planner sees this index and not the other one.
fn only(server: &mut Server, index: &str) {
    server.run(&format!(
        "UPDATE pg_index SET indisvalid = (indexrelid = '{index}'::regclass) \
         WHERE indexrelid IN ('ours_emb'::regclass, 'fresh'::regclass)"
    ));
}
