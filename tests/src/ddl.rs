//! Tables and indexes of all kinds, and the commands that change them: the cells of `tests/ddl.rs`.

use crate::oracle::{self, describe};
use crate::project_root;
use crate::shapes::run;
use postgres::Client;

pub const PERSISTENCES: [&str; 3] = ["", "UNLOGGED", "TEMPORARY"];
pub const STRUCTURES: [&str; 3] = ["plain", "partitioned", "inherited"];
pub const INDEXES: [&str; 4] = ["whole", "partial", "expression", "filtered"];

/// A kind of table with a kind of index.
pub struct Cell {
    pub persistence: &'static str,
    pub structure: &'static str,
    pub index: &'static str,
    pub rows: usize,
}

type Applies = fn(&Cell) -> bool;

fn always(_: &Cell) -> bool {
    true
}
fn is_plain(cell: &Cell) -> bool {
    cell.structure == "plain"
}
fn is_partitioned(cell: &Cell) -> bool {
    cell.structure == "partitioned"
}
fn has_storage(cell: &Cell) -> bool {
    cell.structure != "partitioned"
}
fn is_shared(cell: &Cell) -> bool {
    cell.persistence != "TEMPORARY"
}
fn is_plain_and_shared(cell: &Cell) -> bool {
    is_plain(cell) && is_shared(cell)
}

/// Statements, separated by `; `. `$I` stands for an index that has pages; `!` is before one that must
/// fail.
pub const COMMANDS: [(&str, Applies); 34] = [
    ("INSERT INTO docs (id, kind, emb) SELECT id + 1000, kind, emb FROM docs WHERE id % 3 = 0", always),
    ("ALTER TABLE docs DROP COLUMN junk", always),
    ("ALTER TABLE docs ADD COLUMN late int DEFAULT (random() * 0)::int", always),
    ("ALTER TABLE docs ALTER COLUMN emb TYPE svec(500)", |cell| !matches!(cell.index, "expression")),
    ("!ALTER TABLE docs ALTER COLUMN emb TYPE svec(499)", |cell| !matches!(cell.index, "expression")),
    ("ALTER TABLE docs ALTER COLUMN kind TYPE bigint", always),
    ("UPDATE docs SET emb = emb * 0.5 WHERE id % 4 = 1", always),
    ("DELETE FROM docs WHERE id % 9 = 2; VACUUM docs", always),
    ("VACUUM FULL docs", always),
    ("CLUSTER docs USING docs_by_id", is_plain),
    ("BEGIN; TRUNCATE docs; INSERT INTO docs (id, kind, emb) SELECT 7, 1, doc(7); ROLLBACK", always),
    (
        "BEGIN; SAVEPOINT a; DELETE FROM docs WHERE id % 2 = 0; SAVEPOINT b; INSERT INTO docs (id, kind, emb) \
      SELECT 5000 + i, 1, doc(i) FROM generate_series(1, 40) i; ROLLBACK TO b; RELEASE a; COMMIT",
        always,
    ),
    (
        "BEGIN; SAVEPOINT a; INSERT INTO docs (id, kind, emb) SELECT 6000 + i, 1, doc(i) \
      FROM generate_series(1, 40) i; \
      ROLLBACK TO a; COMMIT",
        always,
    ),
    (
        "BEGIN; INSERT INTO docs (id, kind, emb) SELECT 7000 + i, 1, doc(i) FROM generate_series(1, 30) i; \
      PREPARE TRANSACTION 'a'; COMMIT PREPARED 'a'",
        is_shared,
    ),
    (
        "BEGIN; DELETE FROM docs; INSERT INTO docs (id, kind, emb) SELECT 1, 1, doc(3); PREPARE TRANSACTION 'a'; \
      ROLLBACK PREPARED 'a'",
        is_shared,
    ),
    ("ALTER TABLE docs SET TABLESPACE other", is_plain_and_shared),
    ("ALTER INDEX $I SET TABLESPACE other", is_shared),
    ("ALTER INDEX $I SET TABLESPACE pg_default", is_shared),
    ("REINDEX INDEX $I", always),
    ("REINDEX TABLE docs", always),
    ("REINDEX INDEX CONCURRENTLY $I", always),
    ("REINDEX TABLE CONCURRENTLY docs", always),
    (
        "ALTER INDEX $I SET (pending_list_limit = 64); INSERT INTO docs (id, kind, emb) SELECT 8000 + i, 1, doc(i) \
      FROM generate_series(1, 200) i; ALTER INDEX $I RESET (pending_list_limit)",
        always,
    ),
    ("ALTER TABLE docs SET UNLOGGED", |cell| is_plain(cell) && cell.persistence.is_empty()),
    ("ALTER TABLE docs SET LOGGED", is_plain_and_shared),
    (
        "ALTER TABLE docs RENAME COLUMN emb TO vector; INSERT INTO docs (id, kind, vector) SELECT 9001, 1, doc(1); \
      ALTER TABLE docs RENAME COLUMN vector TO emb",
        always,
    ),
    (
        "ALTER TABLE docs RENAME TO papers; INSERT INTO papers (id, kind, emb) SELECT 9002, 1, doc(2); \
      ALTER TABLE papers RENAME TO docs",
        always,
    ),
    ("ALTER INDEX $I RENAME TO other_name; ALTER INDEX other_name RENAME TO $I", always),
    (
        "ALTER TABLE docs SET SCHEMA elsewhere; INSERT INTO elsewhere.docs (id, kind, emb) SELECT 9003, 1, doc(3); \
      ALTER TABLE elsewhere.docs SET SCHEMA public",
        is_shared,
    ),
    (
        "ALTER TABLE docs DETACH PARTITION docs_2; INSERT INTO docs_2 (id, kind, emb) SELECT 9004, 1, doc(4); \
      ALTER TABLE docs ATTACH PARTITION docs_2 FOR VALUES FROM (60) TO (20000)",
        is_partitioned,
    ),
    ("CREATE INDEX CONCURRENTLY more ON docs USING wand (emb); DROP INDEX CONCURRENTLY more", has_storage),
    ("TRUNCATE docs; INSERT INTO docs (id, kind, emb) SELECT i, i % 3, doc(i) FROM generate_series(1, 150) i", always),
    ("DELETE FROM docs; VACUUM docs", always),
    ("INSERT INTO docs (id, kind, emb) SELECT i, i % 3, doc(i) FROM generate_series(1, 90) i", always),
];

/// The extension, the vectors' functions, other extensions with operators of our names; how many of those there were.
pub fn prepare_database(client: &mut Client) -> usize {
    run(client, "CREATE EXTENSION pg_wand; CREATE SCHEMA IF NOT EXISTS elsewhere");
    let helpers = std::fs::read_to_string(project_root().join("pg_regress/common/index.sql")).expect("helpers");
    run(client, &helpers);
    let exists = client.query("SELECT FROM pg_tablespace WHERE spcname = 'other'", &[]).expect("tablespaces");
    if exists.is_empty() {
        run(client, "SET allow_in_place_tablespaces = on");
        run(client, "CREATE TABLESPACE other LOCATION ''");
    }
    let mut others = 0;
    for name in ["vector", "pg_trgm", "cube", "btree_gist", "btree_gin", "intarray", "hstore", "seg", "ltree", "citext"]
    {
        let sql = "SELECT FROM pg_available_extensions WHERE name = $1";
        if !client.query(sql, &[&name]).expect("extensions").is_empty() {
            run(client, &format!("CREATE EXTENSION IF NOT EXISTS {name}"));
            others += 1;
        }
    }
    others
}

impl Cell {
    /// What the index is on, what the query orders by, and its condition.
    fn parts(&self) -> (&'static str, &'static str, &'static str) {
        match self.index {
            "partial" => ("(emb) WHERE kind = 1", "emb", "kind = 1"),
            "expression" => ("((emb * 2))", "(emb * 2)", "true"),
            "filtered" => ("(emb, kind)", "emb", "kind < 2"),
            _ => ("(emb)", "emb", "true"),
        }
    }

    pub fn create(&self, client: &mut Client) {
        let Self { persistence, structure, rows, .. } = self;
        let (definition, ..) = self.parts();
        let columns = "junk text, id bigint, kind int, emb svec";
        let table = format!("CREATE {persistence} TABLE");
        let index = |name: &str, on: &str| format!("CREATE INDEX {name} ON {on} USING wand {definition}");
        let statements = match *structure {
            "partitioned" => vec![
                format!(
                    "CREATE {} TABLE docs ({columns}) PARTITION BY RANGE (id)",
                    persistence.replace("UNLOGGED", "")
                ),
                format!("{table} docs_1 PARTITION OF docs FOR VALUES FROM (0) TO (60)"),
                // Columns in another order, and one that was there before.
                format!("{table} docs_2 (emb svec, old int, kind int, id bigint, junk text)"),
                "ALTER TABLE docs_2 DROP COLUMN old".into(),
                "ALTER TABLE docs ATTACH PARTITION docs_2 FOR VALUES FROM (60) TO (20000)".into(),
                index("docs_emb", "docs"),
            ],
            "inherited" => vec![
                format!("{table} docs ({columns})"),
                format!("{table} docs_2 (own int, emb svec, id bigint) INHERITS (docs)"),
                index("docs_emb", "docs"),
                index("docs_2_emb", "docs_2"),
                format!(
                    "INSERT INTO docs_2 (id, kind, emb) SELECT i, i % 3, doc(i) FROM generate_series(300, {}) i",
                    300 + rows
                ),
            ],
            _ => vec![
                format!("{table} docs ({columns})"),
                "CREATE INDEX docs_by_id ON docs (id)".into(),
                index("docs_emb", "docs"),
            ],
        };
        statements.iter().for_each(|sql| run(client, sql));
        let insert = "INSERT INTO docs (id, kind, emb) SELECT i, i % 3, doc(i) FROM generate_series(1, ROWS) i";
        run(client, &insert.replace("ROWS", &rows.to_string()));
        run(client, "ANALYZE docs; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan");
        run(client, &format!("PREPARE known AS {} LIMIT 25", self.question(3)));
        run(client, "EXECUTE known; RESET enable_seqscan; RESET plan_cache_mode");
    }

    fn question(&self, n: i32) -> String {
        let (_, vector, condition) = self.parts();
        // As a literal: a function could not be put into the plan of a prepared statement.
        let query =
            ["{1:1,3:0.5}/500", "{7:2,100:1,333:0.25}/500", "{499:1}/500", "{2:1,5:0.5,8:0.25}/500"][n as usize];
        let order = format!("{vector} <#> '{query}'::svec");
        format!("SELECT id, {order} FROM docs WHERE {condition} ORDER BY {order}")
    }

    /// One of COMMANDS.
    pub fn run(&self, client: &mut Client, command: &str) {
        let index = match self.structure {
            "partitioned" => "docs_2_emb_idx",
            _ => "docs_emb",
        };
        let index = match (self.structure, self.index) {
            ("partitioned", "expression") => "docs_2_expr_idx",
            ("partitioned", "filtered") => "docs_2_emb_kind_idx",
            _ => index,
        };
        let command = command.replace("$I", index);
        for sql in command.split("; ") {
            let Some(must_fail) = sql.strip_prefix('!') else {
                client.batch_execute(sql).unwrap_or_else(|e| panic!("{}: {}\nin: {sql}", self.show(), describe(&e)));
                continue;
            };
            assert!(client.batch_execute(must_fail).is_err(), "{}: done: {must_fail}", self.show());
        }
    }

    fn show(&self) -> String {
        let persistence = if self.persistence.is_empty() { "LOGGED" } else { self.persistence };
        format!("{persistence} {} {}", self.structure, self.index)
    }
}

/// Answers, those of the prepared plan, and every index of the cell.
pub fn verify(client: &mut Client, cell: &Cell, after: &str) {
    let failed = |what: String| panic!("{} after {after}: {what}", cell.show());
    for n in 0..2 {
        let sql = cell.question(n);
        let mut transaction = oracle::begin(client).expect("BEGIN");
        let by_scan = oracle::through_scan(&mut transaction, &sql).unwrap_or_else(failed_with(cell, after));
        oracle::prefer_index(&mut transaction).unwrap_or_else(failed_with(cell, after));
        let plan = oracle::explain(&mut transaction, &sql).unwrap_or_else(failed_with(cell, after));
        if !plan.contains("Index Scan using") || plan.contains("Seq Scan") {
            failed(format!("the plan is\n{plan}"));
        }
        let by_index = oracle::rows(&mut transaction, &sql).unwrap_or_else(failed_with(cell, after));
        oracle::same(&by_index, &by_scan, false).unwrap_or_else(failed_with(cell, after));
        if n == 0 {
            let known = cell.question(3);
            let whole = oracle::through_scan(&mut transaction, &known).unwrap_or_else(failed_with(cell, after));
            oracle::prefer_index(&mut transaction).unwrap_or_else(failed_with(cell, after));
            let prepared = transaction.simple_query("EXECUTE known").map_err(|e| describe(&e));
            let prepared = prepared.unwrap_or_else(failed_with(cell, after));
            let rows = prepared.iter().filter_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => {
                    let distance = row.get(1).map(|text| (text.parse::<f64>().expect("a number") + 0.0).to_bits());
                    Some((row.get(0).expect("an id").parse().expect("an id"), distance))
                }
                _ => None,
            });
            let rows: Vec<_> = rows.collect();
            oracle::same(&rows, &whole[..whole.len().min(25)], true).unwrap_or_else(failed_with(cell, after));
        }
        transaction.commit().expect("COMMIT");
    }
    let indexes = client
        .query(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam
             WHERE a.amname = 'wand' AND c.relkind = 'i'",
            &[],
        )
        .expect("indexes");
    assert!(!indexes.is_empty(), "{} after {after}: no index", cell.show());
    for row in indexes {
        let problems = oracle::check_index(client, row.get(0));
        if !problems.is_empty() {
            failed(problems.join("\n"));
        }
    }
}

fn failed_with<T>(cell: &Cell, after: &str) -> impl Fn(String) -> T {
    move |what| panic!("{} after {after}: {what}", cell.show())
}
