//! Small tables whose indexes have pages of every kind, to be damaged over and over.
//!
//! Rows come from a table of all rows there can be, so a table can lose and get back any of them. Ageing makes of a
//! fresh index one with several segments, dead and killed documents, a pending list with entries that have pages of
//! their own, and pages given up.

use crate::corpus::{self, Profile, Vector};
use crate::oracle;
use crate::random::Random;
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;

/// A table and its index, `NAME_idx`; the table of all its rows is `NAME_all`.
pub struct Patient {
    pub name: &'static str,
    pub index: &'static str,
    /// Behind `id bigint, emb svec`.
    columns: &'static str,
    /// The values of these columns, in COPY's form.
    values: fn(&mut Random, i64) -> String,
    /// What CREATE INDEX has in its brackets.
    indexed: &'static str,
    pub operator: &'static str,
    pub sphere: &'static str,
    vector: fn(&mut Random, i64) -> Option<Vector>,
    query: fn(&mut Random) -> Vector,
    rows: i64,
    /// Conditions that the index serves, beside those on the vector.
    pub conditions: &'static [&'static str],
}

/// Rows from here on are too large for a page of the pending list.
const LARGE: i64 = 9_000;
const N_LARGE: i64 = 8;
/// A head term of learned vectors, from 1.
const COMMON_TERM: u32 = 1_001;

pub static PATIENTS: [Patient; 4] = [
    Patient {
        name: "plain",
        index: "plain_idx",
        columns: "",
        values: |_, _| String::new(),
        indexed: "emb",
        operator: "<#>",
        sphere: "<<#>>",
        vector: |random, id| corpus::document(if id % 9 == 0 { Profile::Negative } else { Profile::Learned }, random),
        query: |random| corpus::query(Profile::Learned, random),
        rows: 110,
        conditions: &[],
    },
    Patient {
        name: "filtered",
        index: "filtered_idx",
        columns: ", few integer, number integer, tag text, amount numeric, bits varbit, net inet, flag boolean, \
                  mood mood",
        values: filter_values,
        indexed: "few, number, emb, tag, amount, bits, net, flag, mood",
        operator: "<#>",
        sphere: "<<#>>",
        vector: |random, _| Some(short(random, 1.0)),
        query: |random| short_query(random, 0.3),
        rows: 640,
        conditions: &[
            "few = 3",
            "few IS NULL",
            "few > 6 AND flag",
            "number BETWEEN 100 AND 180",
            "number < 50 AND few IN (1, 2, 5)",
            "tag >= 't0500'",
            "tag IN ('t0007', 't0070', 't0300', 't0301')",
            "amount < 2.5",
            "bits > B'0101'",
            "net >= '10.0.1.0'",
            "mood = 'ok'",
            "NOT flag",
        ],
    },
    Patient {
        name: "euclid",
        index: "euclid_idx",
        columns: ", few integer",
        values: |random, _| format!("\t{}", random.below(6)),
        indexed: "emb svec_l2_ops, few",
        operator: "<->",
        sphere: "<<->>",
        vector: |random, _| Some(short(random, 0.7)),
        query: |random| short_query(random, 0.3),
        rows: 600,
        conditions: &["few = 2", "few BETWEEN 1 AND 3", "few IS NOT NULL"],
    },
    Patient {
        name: "cosine",
        index: "cosine_idx",
        columns: ", \"when\" timestamptz",
        values: |_, id| format!("\t2024-01-{:02} {:02}:00+00", 1 + id / 24 % 28, id % 24),
        indexed: "\"when\", emb svec_cosine_ops",
        operator: "<=>",
        sphere: "<<=>>",
        vector: |random, id| match id % 7 {
            0 => corpus::document(Profile::Extreme, random),
            1 => corpus::document(Profile::Negative, random),
            _ => corpus::document(Profile::Sparse, random),
        },
        query: |random| corpus::query(Profile::Negative, random),
        rows: 160,
        conditions: &["\"when\" < '2024-01-03 00:00+00'", "\"when\" >= '2024-01-05 12:00+00'"],
    },
];

fn filter_values(random: &mut Random, id: i64) -> String {
    let few = if random.chance(0.1) { "\\N".into() } else { random.below(10).to_string() };
    let amount = format!("{}.{}", random.below(6), random.pick(&["0", "00", "5", "25"]));
    let bits: String = (0..random.below(12)).map(|_| if random.chance(0.5) { '1' } else { '0' }).collect();
    let net = format!("10.0.{}.{}{}", random.below(3), random.below(60), random.pick(&["", "/24"]));
    let (flag, mood) = (random.pick(&["t", "f"]), random.pick(&["sad", "ok", "happy"]));
    format!("\t{few}\t{id}\tt{id:04}\t{amount}\t{bits}\t{net}\t{flag}\t{mood}")
}

/// One term that every document has, so that its list is a frequent one, and a few of some dozens.
fn short(random: &mut Random, positive: f64) -> Vector {
    let mut weight = || {
        let weight = 0.25 * (1 + random.below(12)) as f32;
        (if random.chance(positive) { weight } else { -weight }, random.below(40) as u32)
    };
    let mut vector: Vector = (0..4).map(|_| weight()).map(|(weight, term)| (7 + 3 * term, weight)).collect();
    vector.insert(5, weight().0.abs());
    vector
}

fn short_query(random: &mut Random, negative: f64) -> Vector {
    let mut vector = short(random, 1.0 - negative);
    if random.chance(0.3) {
        vector.remove(&5);
    }
    vector
}

impl Patient {
    /// Makes the tables and the index; once for a server.
    pub fn create(&self, client: &mut Client, random: &mut Random) {
        let Self { name, index, columns, indexed, .. } = self;
        let mut text = String::new();
        for id in (1..=self.rows).chain(LARGE + 1..=LARGE + N_LARGE) {
            let vector = if id > LARGE {
                let huge = corpus::document(Profile::Huge, random).unwrap_or_default();
                Some(huge.into_iter().take(1_500).collect())
            } else {
                (self.vector)(random, id)
            };
            let emb = vector.map_or("\\N".into(), |vector| corpus::literal(&vector));
            writeln!(text, "{id}\t{emb}{}", (self.values)(random, id)).expect("writing to a string");
        }
        let sql = format!(
            "CREATE TABLE {name}_all (id bigint, emb svec{columns}); CREATE TABLE {name} (LIKE {name}_all);
             CREATE INDEX {index} ON {name} USING wand ({indexed}) WITH (pending_list_limit = 64)"
        );
        client.batch_execute(&sql).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
        let mut copy = client.copy_in(&format!("COPY {name}_all FROM STDIN")).expect("COPY");
        let _ = copy.write_all(text.as_bytes());
        copy.finish().unwrap_or_else(|e| panic!("COPY: {}", oracle::describe(&e)));
    }

    pub fn queries(&self, random: &mut Random) -> Vec<String> {
        (0..3).map(|_| corpus::literal(&(self.query)(random))).collect()
    }

    /// Conditions on the vector.
    pub fn on_vector(&self, query: &str) -> Vec<String> {
        let (term, radius) = match self.operator {
            "<#>" if self.columns.is_empty() => (COMMON_TERM, -20.0),
            "<#>" => (6, -6.0),
            "<->" => (6, 4.5),
            _ => (COMMON_TERM, 0.9),
        };
        let vector = format!("'{{{term}:1}}/{}'", corpus::DIM);
        vec![
            format!("emb && {vector}"),
            format!("emb @> {vector}"),
            format!("emb {} sphere('{query}'::svec, {radius})", self.sphere),
        ]
    }

    /// The beginning of a series of rounds: nothing is left of the one before.
    pub fn reset(&self) -> String {
        let Self { name, index, .. } = self;
        format!(
            "TRUNCATE {name}; INSERT INTO {name} SELECT * FROM {name}_all WHERE id % 11 <> 0 AND id <= {};
             REINDEX INDEX {index}; ANALYZE {name}",
            LARGE + 2
        )
    }

    /// Some rows that [`Self::reset`] has left out.
    pub fn grow(&self) -> String {
        self.insert(1, 100)
    }

    fn insert(&self, from: i64, to: i64) -> String {
        let name = self.name;
        format!(
            "INSERT INTO {name} SELECT * FROM {name}_all a WHERE id BETWEEN {from} AND {to}
             AND NOT EXISTS (SELECT FROM {name} t WHERE t.id = a.id)"
        )
    }

    /// Inserts some rows that are not there.
    pub fn insert_some(&self, random: &mut Random) -> String {
        if random.chance(0.3) {
            return self.insert(LARGE + 1, LARGE + N_LARGE);
        }
        let from = 1 + random.below(self.rows as usize) as i64;
        self.insert(from, from + 30)
    }

    /// Other values of all columns for some rows.
    pub fn update_some(&self, random: &mut Random) -> String {
        let name = self.name;
        let (n, rest) = (17, random.below(17));
        // What another row has; only the id stays.
        let columns: Vec<&str> =
            self.columns.split(", ").filter_map(|c| c.split(' ').next()).filter(|c| !c.is_empty()).collect();
        let sets: String = columns.iter().map(|column| format!(", {column} = a.{column}")).collect();
        format!(
            "UPDATE {name} SET emb = a.emb{sets} FROM {name}_all a
             WHERE a.id = {name}.id + 1 AND {name}.id % {n} = {rest}"
        )
    }

    pub fn delete_some(&self, random: &mut Random) -> String {
        format!("DELETE FROM {} WHERE id % 13 = {}", self.name, random.below(13))
    }

    /// All rows by the index, in its order; rows that are dead to everybody are then known to be.
    pub fn whole(&self, query: &str) -> String {
        let Self { name, operator, .. } = self;
        format!("SELECT id, emb {operator} '{query}' FROM {name} ORDER BY emb {operator} '{query}'")
    }

    pub fn vacuum(&self) -> String {
        format!("VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) {}", self.name)
    }

    /// Makes of the index what it is after a while.
    pub fn age(&self, random: &mut Random) -> Vec<String> {
        let name = self.name;
        let mut steps = vec![format!("DELETE FROM {name} WHERE id > {LARGE} OR id % 29 = {}", random.below(29))];
        if random.chance(0.5) {
            steps.push(self.vacuum());
        }
        steps.push(self.insert(LARGE + 1, LARGE + 4 + random.below(3) as i64));
        steps.push(self.insert(1, self.rows));
        if random.chance(0.3) {
            steps.push(self.insert(LARGE + 1, LARGE + N_LARGE));
        }
        steps.push(format!("DELETE FROM {name} WHERE id % 31 = {}", random.below(31)));
        steps
    }
}
