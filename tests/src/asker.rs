//! Asks the table of [`filtered`](crate::filtered) through its indexes, in every shape of query, and compares the
//! answers with a sequential scan of the same snapshot. Plans are looked at, too: a condition that an index serves must
//! be one of its conditions, or the comparison would prove nothing.

use crate::conditions::{DISTANCES, Filter, Form, Pool, Served};
use crate::filtered::COLUMNS;
use crate::oracle::{self, Row};
use crate::random::Random;
use postgres::{Client, Transaction};
use std::fmt::Write as _;

/// An index of `docs`.
#[derive(Clone, Debug)]
pub struct Index {
    pub name: &'static str,
    /// Of ORDER BY.
    operator: &'static str,
    /// In their order; the vector's is `emb`.
    columns: Vec<&'static str>,
}

impl Index {
    /// One for each distance that has an operator class, on columns by chance. Every column is in one of them.
    pub fn random(client: &mut Client, random: &mut Random) -> Vec<Self> {
        let sql = "SELECT count(*) FROM pg_opclass WHERE opcname = 'svec_l2_ops'";
        let has_l2 = client.query_one(sql, &[]).expect("operator classes").get::<_, i64>(0) > 0;
        let mut names = vec!["docs_ip", "docs_cos"];
        if has_l2 {
            names.push("docs_l2");
        }
        let mut shuffled: Vec<&'static str> = COLUMNS.iter().map(|column| column.name).collect();
        (0..shuffled.len()).for_each(|at| shuffled.swap(at, random.below(COLUMNS.len())));
        let mut indexes = Vec::new();
        for (number, name) in names.into_iter().enumerate() {
            // The first ones, and from the second index on the last ones, so that none is left out.
            let n = COLUMNS.len().div_ceil(2) + random.below(6);
            let from = if number == 1 { COLUMNS.len() - n } else { 0 };
            let mut columns = shuffled[from..from + n].to_vec();
            columns.insert(if random.chance(0.4) { 0 } else { random.below(n + 1) }, "emb");
            indexes.push(Self { name, operator: DISTANCES[number].0, columns });
        }
        indexes
    }

    pub fn definition(&self) -> String {
        let class = [" svec_ip_ops", " svec_cosine_ops", " svec_l2_ops"];
        let class = DISTANCES.iter().position(|(operator, _)| *operator == self.operator).map_or("", |at| class[at]);
        let column = |name: &&str| if *name == "emb" { format!("emb{class}") } else { (*name).to_string() };
        let columns: Vec<String> = self.columns.iter().map(column).collect();
        let (name, columns) = (self.name, columns.join(", "));
        format!("CREATE INDEX {name} ON docs USING wand ({columns}) WITH (pending_list_limit = 64)")
    }
}

/// Answers that were compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub answers: usize,
    /// Those whose plan had a condition of an index.
    pub with_condition: usize,
    pub rows: usize,
}

impl Compared {
    pub fn add(&mut self, other: &Self) {
        self.answers += other.answers;
        self.with_condition += other.with_condition;
        self.rows += other.rows;
    }
}

/// See the module's text.
pub struct Asker {
    pub client: Client,
    pub random: Random,
    indexes: Vec<Index>,
    turn: usize,
    pub compared: Compared,
}

const LIMITS: [Option<usize>; 6] = [Some(0), Some(1), Some(3), Some(10), Some(100), None];

impl Asker {
    pub fn new(client: Client, random: Random, indexes: Vec<Index>) -> Self {
        Self { client, random, indexes, turn: 0, compared: Compared::default() }
    }

    /// One query, in several shapes.
    pub fn ask(&mut self, pool: &Pool) -> Result<(), String> {
        oracle::take_turns(&mut self.client, self.turn)?;
        self.turn += 1;
        let random = &mut self.random;
        let index = random.pick(&self.indexes).clone();
        let filter = Filter::random(random, &index.columns);
        let arguments = filter.fill(random, pool);
        let form = *random.pick(&[Form::Constants, Form::Constants, Form::Subqueries]);
        let vector = match random.chance(0.02) {
            true => "(SELECT NULL::svec)".into(),
            false => format!("'{}'", pool.query(random).literal),
        };
        let question = Question { pool, index: &index, filter: &filter };
        let condition = filter.sql(&arguments, form);
        let distance = format!("emb {} {vector}", index.operator);
        let ranked = format!("SELECT id, {distance} FROM docs WHERE {condition} ORDER BY {distance}");
        let turn = self.turn;
        let mut transaction = oracle::begin(&mut self.client)?;
        let whole = oracle::through_scan(&mut transaction, &ranked)?;
        let mut asking = Asking { transaction, random: &mut self.random, compared: &mut self.compared };
        asking.parts(&question, &ranked, &whole)?;
        asking.in_no_order(&question, &self.indexes, &condition, &whole)?;
        match turn % 4 {
            0 => asking.prepared(&question)?,
            1 => asking.joined(&question)?,
            2 => asking.cursor(&question, &ranked, &whole)?,
            _ => {}
        }
        asking.transaction.rollback().map_err(|e| oracle::describe(&e))
    }
}

/// What is asked.
struct Question<'a> {
    pool: &'a Pool,
    index: &'a Index,
    filter: &'a Filter,
}

impl Question<'_> {
    /// Columns that the plan of a scan in the order must have conditions on.
    fn expected(&self) -> impl Iterator<Item = &'static str> {
        self.filter.0.iter().filter(|shape| self.serves(self.index, shape.served, shape.column)).map(|s| s.column)
    }

    fn serves(&self, index: &Index, served: Served, column: &'static str) -> bool {
        index.columns.contains(&column)
            && match served {
                Served::Always => true,
                Served::Within(operator) => index.operator == operator,
                Served::Never => false,
            }
    }

    /// Looks at the plan of a scan in the order. Whether it has conditions.
    fn look(&self, plan: &str, sql: &str) -> Result<bool, String> {
        // The planner knows that no row can be meant.
        if plan.contains("One-Time Filter") {
            return Ok(false);
        }
        let conditions = conditions_of(plan);
        let missing = self.expected().find(|column| !has_word(&conditions, column));
        if !oracle::uses(plan, self.index.name) || missing.is_some() {
            let missing = missing.unwrap_or("the index");
            return Err(format!("the plan lacks {missing} of {:?}:\n{plan}\nin: {sql}", self.index));
        }
        Ok(!conditions.is_empty())
    }
}

/// What an index is asked, in a plan.
fn conditions_of(plan: &str) -> String {
    let lines = plan.lines().filter_map(|line| line.trim_start().strip_prefix("Index Cond: "));
    lines.collect::<Vec<_>>().join("\n")
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
}

/// A question being asked.
struct Asking<'a> {
    transaction: Transaction<'a>,
    random: &'a mut Random,
    compared: &'a mut Compared,
}

impl Asking<'_> {
    fn count(&mut self, compared: Result<(), String>, rows: usize, condition: bool, sql: &str) -> Result<(), String> {
        self.compared.answers += 1;
        self.compared.with_condition += usize::from(condition);
        self.compared.rows += rows;
        compared.map_err(|e| format!("{e}\nin: {}{sql}", settings(&mut self.transaction)))
    }

    fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.transaction.batch_execute(sql).map_err(|e| format!("{}\nin: {sql}", oracle::describe(&e)))
    }

    /// LIMIT, with and without OFFSET.
    fn parts(&mut self, question: &Question<'_>, ranked: &str, whole: &[Row]) -> Result<(), String> {
        oracle::prefer_index(&mut self.transaction)?;
        for at in 0..4 {
            let limit = if at == 0 { None } else { *self.random.pick(&LIMITS) };
            let offset = if self.random.chance(0.2) { self.random.below(whole.len() + 10) } else { 0 };
            let mut sql = ranked.to_string();
            if let Some(limit) = limit {
                write!(sql, " LIMIT {limit}").expect("writing to a string");
            }
            if offset > 0 {
                write!(sql, " OFFSET {offset}").expect("writing to a string");
            }
            let plan = oracle::explain(&mut self.transaction, &sql)?;
            let condition = question.look(&plan, &sql)?;
            let by_index = oracle::rows(&mut self.transaction, &sql)?;
            let compared = oracle::same_part(&by_index, whole, offset, limit);
            self.count(compared, by_index.len(), condition, &sql)?;
        }
        Ok(())
    }

    /// Rows and their number by bitmap, and by a scan in no order.
    fn in_no_order(
        &mut self,
        question: &Question<'_>,
        indexes: &[Index],
        condition: &str,
        whole: &[Row],
    ) -> Result<(), String> {
        let serves = |index| question.filter.0.iter().any(|s| question.serves(index, s.served, s.column));
        if !indexes.iter().any(serves) {
            return Ok(());
        }
        let rows = format!("SELECT id, NULL::float8 FROM docs WHERE {condition}");
        let count = format!("SELECT count(*), NULL::float8 FROM docs WHERE {condition}");
        for (bitmap, sql) in [(true, &rows), (true, &count), (false, &rows), (false, &count)] {
            if bitmap {
                oracle::prefer_bitmap(&mut self.transaction)?;
            } else {
                oracle::prefer_index(&mut self.transaction)?;
            }
            let plan = oracle::explain(&mut self.transaction, sql)?;
            let conditions = conditions_of(&plan);
            let node = if bitmap { "Bitmap Index Scan on docs_" } else { "Scan using docs_" };
            let as_expected = plan.contains(node) && !conditions.is_empty();
            if !as_expected && !plan.contains("One-Time Filter") {
                return Err(format!("the plan has no {node}...:\n{plan}\nin: {sql}"));
            }
            let found = oracle::rows(&mut self.transaction, sql)?;
            let compared = match found.as_slice() {
                [(n, None)] if *sql == count => {
                    let n = *n as usize;
                    if n == whole.len() { Ok(()) } else { Err(format!("count(*) is {n}, not {}", whole.len())) }
                }
                rows => oracle::same_rows(rows, whole),
            };
            self.count(compared, found.len(), !conditions.is_empty(), sql)?;
        }
        Ok(())
    }

    /// A prepared statement with a generic plan, and several sets of arguments.
    fn prepared(&mut self, question: &Question<'_>) -> Result<(), String> {
        let Question { filter, index, pool, .. } = question;
        let types = [filter.types(), vec!["svec".into(), "bigint".into()]].concat();
        let (q, k) = (types.len() - 1, types.len());
        let statement = |condition: &str, q: &str| {
            let distance = format!("emb {} {q}", index.operator);
            format!("SELECT id, {distance} FROM docs WHERE {condition} ORDER BY {distance}")
        };
        let sql = statement(&filter.sql(&vec![String::new(); k - 2], Form::Parameters), &format!("${q}"));
        self.execute(&format!(
            "SET LOCAL plan_cache_mode = force_generic_plan; PREPARE asked ({}) AS {sql} LIMIT ${k}",
            types.join(", ")
        ))?;
        for _ in 0..3 {
            let arguments = filter.fill(self.random, pool);
            let vector = format!("'{}'::svec", pool.query(self.random).literal);
            let limit = *self.random.pick(&LIMITS);
            let scan = statement(&filter.sql(&arguments, Form::Constants), &vector);
            let whole = oracle::through_scan(&mut self.transaction, &scan)?;
            let limit_text = limit.map_or("NULL".into(), |k| k.to_string());
            let execute = format!("EXECUTE asked ({})", [arguments, vec![vector, limit_text]].concat().join(", "));
            oracle::prefer_index(&mut self.transaction)?;
            let plan = oracle::explain(&mut self.transaction, &execute)?;
            let condition = question.look(&plan, &format!("{sql}; {execute}"))?;
            let by_index = oracle::rows(&mut self.transaction, &execute)?;
            let compared = oracle::same_part(&by_index, &whole, 0, limit);
            self.count(compared, by_index.len(), condition, &format!("{sql}; {execute}"))?;
        }
        self.execute("DEALLOCATE asked; SET LOCAL plan_cache_mode = auto")
    }

    /// Arguments from a table: the scan begins again for each of its rows. The best ones of each, and all.
    fn joined(&mut self, question: &Question<'_>) -> Result<(), String> {
        const FACTOR: i64 = 1_000_000_000;
        let Question { filter, index, pool, .. } = question;
        let mut rows = Vec::new();
        for n in 1..=5 {
            let arguments = filter.fill(self.random, pool);
            let q = &pool.query(self.random).literal;
            rows.push(format!(
                "({})",
                [vec![format!("{n}::bigint"), format!("'{q}'::svec")], arguments].concat().join(", ")
            ));
        }
        let names: String = (1..=filter.types().len()).map(|at| format!(", a{at}")).collect();
        self.execute(&format!(
            "CREATE TEMP TABLE keys ON COMMIT DROP AS SELECT * FROM (VALUES {}) v (n, q{names})",
            rows.join(", ")
        ))?;
        let condition = filter.sql(&vec![String::new(); filter.types().len()], Form::Keys);
        let distance = format!("emb {} k.q", index.operator);
        let lateral = |limit: &str| {
            format!(
                "SELECT k.n * {FACTOR} + d.id, d.distance FROM keys k
                 CROSS JOIN LATERAL (SELECT id, {distance} AS distance FROM docs WHERE {condition}
                     ORDER BY {distance} {limit}) d ORDER BY k.n, d.distance"
            )
        };
        let whole = oracle::through_scan(&mut self.transaction, &lateral(""))?;
        oracle::prefer_index(&mut self.transaction)?;
        let sql = lateral("LIMIT 7");
        let plan = oracle::explain(&mut self.transaction, &sql)?;
        let has_condition = question.look(&plan, &sql)?;
        let by_index = oracle::rows(&mut self.transaction, &sql)?;
        let mut compared = Ok(());
        for n in 1..=5 {
            let of = |rows: &[Row]| rows.iter().copied().filter(|row| row.0 / FACTOR == n).collect::<Vec<_>>();
            compared = compared.and_then(|()| oracle::same_part(&of(&by_index), &of(&whole), 0, Some(7)));
        }
        self.count(compared, by_index.len(), has_condition, &sql)?;
        // The table is the other side of a loop; which of the indexes serves best is the planner's choice.
        self.execute(
            "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off;
             SET LOCAL enable_memoize = off",
        )?;
        let sql = format!("SELECT k.n * {FACTOR} + docs.id, NULL::float8 FROM keys k JOIN docs ON {condition}");
        for bitmap in [false, true] {
            if bitmap {
                oracle::prefer_bitmap(&mut self.transaction)?;
            }
            let plan = oracle::explain(&mut self.transaction, &sql)?;
            let found = oracle::rows(&mut self.transaction, &sql)?;
            let compared = oracle::same_rows(&found, &whole);
            self.count(compared, found.len(), !conditions_of(&plan).is_empty(), &sql)?;
        }
        self.execute("DROP TABLE keys; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on")
    }

    /// Uneven portions, to the end.
    fn cursor(&mut self, question: &Question<'_>, ranked: &str, whole: &[Row]) -> Result<(), String> {
        oracle::prefer_index(&mut self.transaction)?;
        let plan = oracle::explain(&mut self.transaction, ranked)?;
        let condition = question.look(&plan, ranked)?;
        self.execute(&format!("DECLARE c NO SCROLL CURSOR FOR {ranked}"))?;
        let mut by_index = Vec::new();
        loop {
            let portion = *self.random.pick(&[1, 2, 7, 40, 200]);
            let rows = oracle::rows(&mut self.transaction, &format!("FETCH {portion} FROM c"))?;
            if rows.is_empty() {
                break;
            }
            by_index.extend(rows);
        }
        let compared = oracle::same(&by_index, whole, false);
        self.count(compared, by_index.len(), condition, &format!("DECLARE c NO SCROLL CURSOR FOR {ranked}"))?;
        self.execute("CLOSE c")
    }
}

/// The settings that decide how rows are found, for the report of a difference.
fn settings(transaction: &mut Transaction<'_>) -> String {
    let sql = "SELECT format('SET wand.strategy = %s; SET wand.kernel = %s; ', current_setting('wand.strategy'),
        current_setting('wand.kernel'))";
    transaction.query_one(sql, &[]).map_or(String::new(), |row| row.get(0))
}
