//! A small table and index of each shape, made by arithmetic: the same rows and the same pages' worth everywhere. For
//! tests that carry them to another version: fixtures of the format on disk, dumps, upgrades.

use crate::oracle::{self, Row, describe};
use postgres::Client;

/// A table and its index.
pub struct Shape {
    pub name: &'static str,
    /// Columns beside `id bigint` and `emb svec`.
    columns: &'static str,
    /// `LIMIT` stands for the smallest pending list.
    index: &'static str,
    operator: &'static str,
    /// A condition of some of the questions.
    condition: &'static str,
}

pub const SHAPES: [Shape; 5] = [
    Shape { name: "plain", columns: "", index: "(emb) LIMIT", operator: "<#>", condition: "emb && '{3:1}/500'" },
    Shape {
        name: "filtered",
        columns: ", kind int, lang text COLLATE \"C\"",
        index: "(emb, kind, lang) LIMIT",
        operator: "<#>",
        condition: "kind = 3 AND lang >= 'l1'",
    },
    Shape {
        name: "l2",
        columns: "",
        index: "(emb svec_l2_ops) LIMIT",
        operator: "<->",
        condition: "emb @> '{3:1}/500'",
    },
    Shape {
        name: "cosine",
        columns: ", kind int",
        index: "(emb svec_cosine_ops, kind) LIMIT",
        operator: "<=>",
        condition: "kind < 4",
    },
    Shape {
        name: "partial",
        columns: ", kind int",
        index: "((emb * 2)) LIMIT WHERE kind > 1",
        operator: "<#>",
        condition: "kind > 1",
    },
];

impl Shape {
    /// Table and index, empty.
    pub fn create(&self, client: &mut Client) {
        let Self { name, columns, index, .. } = self;
        run(client, &format!("CREATE TABLE {name} (id bigint, emb svec{columns})"));
        let limit = "WITH (pending_list_limit = 64)";
        run(client, &format!("CREATE INDEX {name}_idx ON {name} USING wand {index}").replace("LIMIT", limit));
    }

    /// Rows of these ids.
    pub fn insert(&self, client: &mut Client, first: i64, last: i64) {
        let more = self.columns.matches(',').count();
        let more = ["", ", i % 7", ", i % 7, 'l' || i % 3"][more];
        run(
            client,
            &format!(
                "INSERT INTO {} SELECT i, CASE WHEN i % 50 = 0 THEN NULL WHEN i % 51 = 0 THEN '{{}}/500'::svec ELSE
                     (SELECT to_svec(array_agg(t ORDER BY t), array_agg(w ORDER BY t), 500)
                      FROM (SELECT DISTINCT ON (t) t, w FROM (
                          SELECT (1 + (i * 7919 + j * j * 104729 + i % 63 * j)
                                  % (CASE WHEN j < 4 THEN 9 ELSE 500 END))::int AS t,
                              (((i * 31 + j * 17) % 97 + 1) / 32.0)::real AS w
                          FROM generate_series(0, 9) j) a ORDER BY t, w) d) END {more}
                 FROM generate_series({first}::bigint, {last}) i",
                self.name
            ),
        );
    }

    /// With segments, dead rows and a pending list.
    pub fn fill(&self, client: &mut Client) {
        self.insert(client, 1, 120);
        run(client, &format!("SELECT wand_merge('{}_idx')", self.name));
        self.insert(client, 121, 150);
        run(client, &format!("SELECT wand_merge('{}_idx')", self.name));
        run(client, &format!("DELETE FROM {} WHERE id % 11 = 0", self.name));
        run(client, &format!("VACUUM (INDEX_CLEANUP ON) {}", self.name));
        self.insert(client, 151, 190);
    }

    /// What is asked of it: each query gives id and distance in their order.
    pub fn questions(&self) -> Vec<String> {
        let Self { name, operator, condition, .. } = self;
        let (vector, always) = match *name {
            "partial" => ("(emb * 2)", *condition),
            _ => ("emb", "true"),
        };
        let mut found = Vec::new();
        for query in ["{1:1,3:0.5}/500", "{7:2,100:1,333:0.25}/500", "{2:0.5,4:0.5,6:0.5,8:0.5}/500", "{499:1}/500"] {
            for condition in [always, condition] {
                let order = format!("{vector} {operator} '{query}'");
                found.push(format!("SELECT id, {order} FROM {name} WHERE {condition} ORDER BY {order}"));
            }
        }
        found
    }

    /// The answers, by the index and by a sequential scan, which must agree; and the index is sound.
    pub fn answers(&self, client: &mut Client) -> Vec<Vec<Row>> {
        let index = format!("{}_idx", self.name);
        let questions = self.questions();
        let answers = questions.iter().map(|sql| {
            oracle::compare_limits(client, sql, &index, &[1, 7], None).unwrap_or_else(|e| panic!("{}: {e}", self.name))
        });
        let answers = answers.collect();
        let problems = oracle::check_index(client, &index);
        assert!(problems.is_empty(), "{index}: {}", problems.join("\n"));
        answers
    }

    /// Writes of every kind, with answers in between.
    pub fn change(&self, client: &mut Client) {
        let name = self.name;
        self.insert(client, 1_000, 1_120);
        self.answers(client);
        run(client, &format!("UPDATE {name} SET emb = emb * 0.5 WHERE id % 5 = 0"));
        run(client, &format!("DELETE FROM {name} WHERE id % 7 = 0"));
        self.answers(client);
        run(client, &format!("VACUUM (INDEX_CLEANUP ON) {name}"));
        run(client, &format!("SELECT wand_merge('{name}_idx')"));
        self.answers(client);
    }
}

/// Runs statements that must succeed.
pub fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", describe(&e)));
}
