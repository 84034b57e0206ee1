//! Conditions by chance, on the columns of [`filtered`](crate::filtered) and on the vector: with arguments that rows
//! have and that none has, of other types, NULL, in arrays; OR; and conditions that no index serves.

use crate::corpus::{self, Profile, Vector};
use crate::filtered::{Argument, COLUMNS, Column};
use crate::oracle;
use crate::random::Random;
use postgres::Client;

/// Conditions that all must be met; arguments are left open.
pub struct Filter(pub Vec<Shape>);

/// One condition.
pub struct Shape {
    /// SQL with a `?` for each argument.
    template: String,
    wanted: Vec<Wanted>,
    pub column: &'static str,
    pub served: Served,
}

/// By which index of the condition's column it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    Always,
    /// By an index for this distance.
    Within(&'static str),
    Never,
}

/// The kind of an argument.
#[derive(Clone, Copy)]
enum Wanted {
    Value(&'static Argument),
    Array(&'static Argument),
    Vector,
    Vectors,
    Match,
    Sphere(usize),
}

/// How arguments stand in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Constants, which the planner knows.
    Constants,
    /// Sub-queries: it does not.
    Subqueries,
    /// `$1` and so on, or the columns `a1` and so on of the table `k`.
    Parameters,
    Keys,
}

/// Distances with the operator of their spheres.
pub const DISTANCES: [(&str, &str); 3] = [("<#>", "<<#>>"), ("<=>", "<<=>>"), ("<->", "<<->>")];

/// What vectors and radii are drawn from, for a while: so that conditions and orders have vectors in common.
pub struct Pool {
    pub profile: Profile,
    greatest_id: i64,
    pub queries: Vec<Query>,
}

/// A vector and distances that rows have from it, by each of [`DISTANCES`].
pub struct Query {
    pub literal: String,
    radii: [Vec<f64>; 3],
}

impl Pool {
    pub fn new(client: &mut Client, profile: Profile, random: &mut Random, greatest_id: i64) -> Result<Self, String> {
        let mut queries = Vec::new();
        for at in 0..4 {
            let vector = if at == 3 && random.chance(0.3) { Vector::new() } else { corpus::query(profile, random) };
            let literal = corpus::literal(&vector);
            let mut radii = [const { Vec::new() }; 3];
            let sql = format!(
                "SELECT emb <#> v, emb <=> v, emb <-> v FROM docs, (VALUES ('{literal}'::svec)) q(v)
                 WHERE id % 16 = {} AND emb IS NOT NULL LIMIT 40",
                random.below(16)
            );
            for row in client.query(&sql, &[]).map_err(|e| oracle::describe(&e))? {
                for (number, radii) in radii.iter_mut().enumerate() {
                    radii.push(row.get::<_, f64>(number));
                }
            }
            radii.iter_mut().for_each(|radii| radii.retain(|radius| !radius.is_nan()));
            queries.push(Query { literal, radii });
        }
        Ok(Self { profile, greatest_id, queries })
    }

    pub fn query(&self, random: &mut Random) -> &Query {
        random.pick(&self.queries)
    }

    /// A vector for a condition: a query, or some terms of one or of a document.
    fn vector(&self, random: &mut Random) -> String {
        match random.below(20) {
            0 => "NULL::svec".into(),
            1 => format!("'{}'::svec", corpus::literal(&Vector::new())),
            2..=8 => format!("'{}'::svec", self.query(random).literal),
            _ => format!("'{}'::svec", self.terms(random)),
        }
    }

    fn terms(&self, random: &mut Random) -> String {
        let source = match random.below(2) {
            0 => corpus::query(self.profile, random),
            _ => corpus::document(self.profile, random).unwrap_or_default(),
        };
        let all: Vec<u32> = source.keys().copied().collect();
        let n = 1 + random.below(3);
        let some = (0..n).filter(|_| !all.is_empty()).map(|_| (*random.pick(&all), 1.0)).collect::<Vec<_>>();
        corpus::literal(&some.into_iter().collect())
    }

    fn matching(&self, random: &mut Random) -> String {
        if random.chance(0.05) {
            return "NULL::svec_match".into();
        }
        let mut part = |chance| if random.chance(chance) { self.vector(random) } else { "NULL::svec".into() };
        let (must, must_not, should) = (part(0.4), part(0.4), part(0.7));
        let minimum = if random.chance(0.6) { "NULL".into() } else { random.below(4).to_string() };
        format!("svec_match({must}, {must_not}, {should}, {minimum})")
    }

    fn sphere(&self, random: &mut Random, distance: usize) -> String {
        let query = self.query(random);
        let radius = match random.below(20) {
            0 => "NULL".into(),
            1 => "'Infinity'".into(),
            2 => "'-Infinity'".into(),
            3 => "0".into(),
            _ if query.radii[distance].is_empty() => "-1".into(),
            // As far as a row is, or a little more or less.
            n => format!("'{:e}'", random.pick(&query.radii[distance]) * [1.0, 1.0, 0.999, 1.001][n % 4]),
        };
        match random.below(40) {
            0 => "NULL::svec_sphere".into(),
            1 => format!("sphere(NULL, {radius}::float8)"),
            _ => format!("sphere('{}'::svec, {radius}::float8)", query.literal),
        }
    }
}

impl Wanted {
    fn type_name(self) -> String {
        match self {
            Self::Value(argument) => argument.type_name.into(),
            Self::Array(argument) => format!("{}[]", argument.type_name),
            Self::Vector => "svec".into(),
            Self::Vectors => "svec[]".into(),
            Self::Match => "svec_match".into(),
            Self::Sphere(_) => "svec_sphere".into(),
        }
    }

    fn fill(self, random: &mut Random, pool: &Pool) -> String {
        let type_name = self.type_name();
        match self {
            Self::Value(_) if random.chance(0.02) => format!("NULL::{type_name}"),
            Self::Value(argument) => format!("{}::{type_name}", quoted(&argument.value(random, pool.greatest_id))),
            Self::Array(_) if random.chance(0.02) => format!("NULL::{type_name}"),
            Self::Array(argument) => {
                let n = *random.pick(&[0, 1, 1, 2, 3, 3, 8, 9, 20, 100]);
                let nulls = if random.chance(0.2) { 0.3 } else { 0.0 };
                let element = |random: &mut Random| match random.chance(nulls) {
                    true => "NULL".into(),
                    false => quoted(&argument.value(random, pool.greatest_id)),
                };
                let elements: Vec<String> = (0..n).map(|_| element(random)).collect();
                format!("ARRAY[{}]::{type_name}", elements.join(","))
            }
            Self::Vector => pool.vector(random),
            Self::Vectors => {
                let vectors: Vec<String> = (0..random.below(4)).map(|_| pool.vector(random)).collect();
                format!("ARRAY[{}]::svec[]", vectors.join(","))
            }
            Self::Match => pool.matching(random),
            Self::Sphere(distance) => pool.sphere(random, distance),
        }
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

const COMPARISONS: [&str; 8] = ["=", "=", "=", "=", "<", "<=", ">=", ">"];

impl Shape {
    /// One on `column`, or on the vector, or on something else.
    fn random(random: &mut Random, columns: &[&'static Column]) -> Self {
        let column = random_of(columns, random);
        match random.below(20) {
            0..=7 => Self::on_value(random, column),
            8..=10 => Self::with_array(random, column),
            11 => Self::of_null(random, column),
            12..=16 => Self::on_vector(random),
            17 => Self::unserved(random, column),
            18 => Self::same(random, columns),
            _ => Self::either(Self::random(random, columns), Self::random(random, columns)),
        }
    }

    fn on_value(random: &mut Random, column: &'static Column) -> Self {
        let (name, argument, other) = (column.name, random.pick(column.arguments), random.pick(column.arguments));
        let operator = *random.pick(&COMPARISONS);
        let (template, arguments) = match random.below(8) {
            0 => (format!("{name} BETWEEN ? AND ?"), vec![argument, argument]),
            // What is greater than one argument and less than another may be nothing.
            1 => (format!("({name} > ? AND {name} <= ?)"), vec![argument, other]),
            2 => (format!("? {operator} {name}"), vec![argument]),
            _ => (format!("{name} {operator} ?"), vec![argument]),
        };
        // A boolean that is equal to a constant is a condition by itself, which before 16 is for B-trees only.
        let is_flag = argument.type_name == "boolean" && operator == "=";
        let served = !is_flag && arguments.iter().all(|argument| argument.served);
        let served = if served { Served::Always } else { Served::Never };
        let wanted = arguments.into_iter().map(Wanted::Value).collect();
        Self { template, wanted, column: name, served }
    }

    fn with_array(random: &mut Random, column: &'static Column) -> Self {
        let (name, argument) = (column.name, random.pick(column.arguments));
        let operator = random.pick(&COMPARISONS);
        let served = if argument.served { Served::Always } else { Served::Never };
        let wanted = vec![Wanted::Array(argument)];
        Self { template: format!("{name} {operator} ANY (?)"), wanted, column: name, served }
    }

    fn of_null(random: &mut Random, column: &'static Column) -> Self {
        let column = if random.chance(0.3) { "emb" } else { column.name };
        let is = random.pick(&["IS NULL", "IS NOT NULL"]);
        Self { template: format!("{column} {is}"), wanted: Vec::new(), column, served: Served::Always }
    }

    fn on_vector(random: &mut Random) -> Self {
        let distance = random.below(DISTANCES.len());
        let (operator, within) = DISTANCES[distance];
        let (template, wanted, served) = match random.below(10) {
            0 | 1 => ("emb && ?".into(), Wanted::Vector, Served::Always),
            2 | 3 => ("emb @> ?".into(), Wanted::Vector, Served::Always),
            4 => ("? <@ emb".into(), Wanted::Vector, Served::Always),
            5 => (format!("emb {} ANY (?)", random.pick(&["&&", "@>"])), Wanted::Vectors, Served::Always),
            6 | 7 => ("emb @@ ?".into(), Wanted::Match, Served::Always),
            _ => (format!("emb {within} ?"), Wanted::Sphere(distance), Served::Within(operator)),
        };
        Self { template, wanted: vec![wanted], column: "emb", served }
    }

    /// Conditions that the executor checks.
    fn unserved(random: &mut Random, column: &'static Column) -> Self {
        let (name, argument) = (column.name, &column.arguments[0]);
        let (template, wanted) = match random.below(10) {
            0 => (format!("{name} <> ?"), vec![Wanted::Value(argument)]),
            1 => (format!("{name} IS DISTINCT FROM ?"), vec![Wanted::Value(argument)]),
            2 => (format!("NOT {name} = ?"), vec![Wanted::Value(argument)]),
            3 => (format!("{name} = ALL (?)"), vec![Wanted::Array(argument)]),
            4 => (format!("({name}, id) > (?, 100)"), vec![Wanted::Value(argument)]),
            5 => ("NOT emb && ?".into(), vec![Wanted::Vector]),
            6 => ("word < 'w8' COLLATE \"POSIX\"".into(), Vec::new()),
            7 => (random.pick(&["flag", "NOT flag", "flag IS NOT TRUE"]).to_string(), Vec::new()),
            8 => ("few % 3 = 1".into(), Vec::new()),
            _ => (format!("plain = {}", random.below(5)), Vec::new()),
        };
        Self { template, wanted, column: "", served: Served::Never }
    }

    /// The same column twice, by AND.
    fn same(random: &mut Random, columns: &[&'static Column]) -> Self {
        let column = random_of(columns, random);
        let (a, b) = (Self::on_value(random, column), Self::on_value(random, column));
        let served = if a.served == b.served { a.served } else { Served::Never };
        let template = format!("{} AND {}", a.template, b.template);
        Self { template, wanted: [a.wanted, b.wanted].concat(), column: column.name, served }
    }

    fn either(a: Self, b: Self) -> Self {
        let template = format!("({} OR {})", a.template, b.template);
        Self { template, wanted: [a.wanted, b.wanted].concat(), column: "", served: Served::Never }
    }
}

fn random_of(columns: &[&'static Column], random: &mut Random) -> &'static Column {
    let (own, any) = (*random.pick(columns), random.pick(&COLUMNS));
    if random.chance(0.15) { any } else { own }
}

impl Filter {
    /// At most four conditions, most of them on `columns`.
    pub fn random(random: &mut Random, columns: &[&'static str]) -> Self {
        let columns: Vec<&'static Column> = COLUMNS.iter().filter(|column| columns.contains(&column.name)).collect();
        let n = *random.pick(&[0, 1, 1, 1, 2, 2, 2, 3, 4]);
        Self((0..n).map(|_| Shape::random(random, &columns)).collect())
    }

    /// Types of the arguments.
    pub fn types(&self) -> Vec<String> {
        self.wanted().map(Wanted::type_name).collect()
    }

    /// Arguments for all conditions.
    pub fn fill(&self, random: &mut Random, pool: &Pool) -> Vec<String> {
        self.wanted().map(|wanted| wanted.fill(random, pool)).collect()
    }

    fn wanted(&self) -> impl Iterator<Item = Wanted> {
        self.0.iter().flat_map(|shape| shape.wanted.iter().copied())
    }

    /// What follows WHERE.
    pub fn sql(&self, arguments: &[String], form: Form) -> String {
        if self.0.is_empty() {
            return "true".into();
        }
        let mut arguments = arguments.iter().zip(self.types()).enumerate();
        let mut conditions = Vec::new();
        for shape in &self.0 {
            let mut pieces = shape.template.split('?');
            let mut sql = pieces.next().unwrap_or_default().to_string();
            for piece in pieces {
                let (at, (argument, type_name)) = arguments.next().expect("an argument for each place");
                sql += &match form {
                    Form::Constants => argument.clone(),
                    Form::Subqueries => format!("(SELECT {argument})::{type_name}"),
                    Form::Parameters => format!("${}", at + 1),
                    Form::Keys => format!("k.a{}", at + 1),
                };
                sql += piece;
            }
            conditions.push(sql);
        }
        conditions.join(" AND ")
    }
}
