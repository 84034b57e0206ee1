//! A trusted extension's script runs as superuser in a schema that an ordinary user owns. Here that user has planted
//! what the script could be led to: functions, aggregates, operators, casts, types, domains and views with the script's
//! names and PostgreSQL's, in the target schema, in the schemas of the search path (before `pg_catalog`) and in
//! `pg_temp`. He then creates the extension, or updates it; later a superuser works with it under the same path, naming
//! the extension's objects in full. Nothing planted runs: each would say so in the server's log. What stands in the way
//! of the script makes it refuse, and leaves nothing.
//!
//! Names are taken from the scripts themselves; some thousand objects, no sizes.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::installation::{Installation, releases, version};
use pg_wand_tests::logwatch;
use pg_wand_tests::oracle::describe;
use pg_wand_tests::script::{Statement, statements};
use postgres::{Client, NoTls};
use std::collections::BTreeSet;

/// What a planted object says.
const WORD: &str = "PLANTED CODE RAN";
/// Schemas on the search path; mallory owns them, and the target.
const SCHEMAS: [&str; 3] = ["early", "public", "target"];

struct Field {
    cluster: Cluster,
    /// The script's statements.
    script: Vec<Statement>,
    planted: usize,
    _installation: Installation,
}

#[test]
fn nothing_planted_runs_when_it_is_created() {
    let mut field = Field::new();
    let mut mallory = field.connect("mallory");
    field.plant(&mut mallory);
    run(&mut mallory, "CREATE EXTENSION pg_wand SCHEMA target");
    field.plant_with_vectors(&mut mallory);
    field.work("mallory", Some(&mut mallory));
    field.work("postgres", None);
    field.finish("created", mallory);
}

#[test]
fn nothing_planted_runs_when_it_is_updated() {
    for release in releases() {
        let mut field = Field::new();
        let mut mallory = field.connect("mallory");
        run(&mut mallory, &format!("CREATE EXTENSION pg_wand SCHEMA target VERSION '{release}'"));
        field.plant(&mut mallory);
        field.plant_with_vectors(&mut mallory);
        run(&mut mallory, "ALTER EXTENSION pg_wand UPDATE");
        let found: String = value(
            &mut mallory,
            "SELECT extversion FROM pg_catalog.pg_extension
             WHERE extname OPERATOR(pg_catalog.=) 'pg_wand'::pg_catalog.name",
        );
        assert_eq!(found, version());
        field.work("postgres", None);
        field.finish(&format!("updated from {release}"), mallory);
    }
}

/// What has one of the script's names in the target schema: refused, and nothing is left.
#[test]
fn what_is_in_the_way_is_refused() {
    let field = Field::new();
    let mut mallory = field.connect("mallory");
    let mut obstacles = vec![
        "CREATE TYPE target.svec AS (a int)".to_string(),
        "CREATE TYPE target.svec_match AS (a int)".into(),
        "CREATE DOMAIN target.wand_ranking AS text".into(),
        "CREATE TABLE target.wand_encoder (name name)".into(),
        "CREATE VIEW target.wand_encoders AS SELECT 1 AS a".into(),
    ];
    for statement in field.script.iter().filter(|s| s.code.starts_with("CREATE FUNCTION ")) {
        let types = statement.argument_types();
        let is_possible =
            |t: &String| t.starts_with("pg_catalog.") && !["internal", "cstring"].iter().any(|x| t.contains(x));
        if types.iter().all(is_possible) && !statement.code.contains("OUT ") && !statement.code.contains("trigger") {
            let name = name_of(&statement.code).expect("a function's name");
            obstacles.push(function("target", &name, &types.join(", "), "int"));
        }
    }
    for obstacle in &obstacles {
        let kind =
            if obstacle.contains("SELECT 1 AS a") { "VIEW" } else { obstacle.split(' ').nth(1).expect("a kind") };
        run(&mut mallory, obstacle);
        let error = mallory.batch_execute("CREATE EXTENSION pg_wand SCHEMA target").expect_err(obstacle);
        let code = error.code().expect("an SQLSTATE").code().to_string();
        assert!(["42710", "42723", "42P07"].contains(&code.as_str()), "{obstacle}: {}", describe(&error));
        let left: i64 = value(
            &mut mallory,
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc
             WHERE pronamespace OPERATOR(pg_catalog.=) 'target'::pg_catalog.regnamespace::pg_catalog.oid",
        );
        assert_eq!(left, i64::from(kind == "FUNCTION"), "{obstacle}: something is left");
        run(&mut mallory, "DROP SCHEMA target CASCADE; CREATE SCHEMA target");
    }
    println!("hostile: {} obstacles refused", obstacles.len());
    assert!(obstacles.len() >= 15, "too few obstacles: {}", obstacles.len());
    field.finish("refused", mallory);
}

impl Field {
    fn new() -> Self {
        let installation = Installation::new();
        let cluster = Cluster::start_new_in(installation.bindir(), &[]);
        let mut client = cluster.connect();
        run(&mut client, "CREATE ROLE mallory LOGIN");
        run(&mut client, "CREATE DATABASE theirs OWNER mallory");
        run(&mut client, "ALTER DATABASE theirs SET search_path = early, public, target, pg_catalog");
        let script = statements(&installation.script(&format!("pg_wand--{}.sql", version())));
        let field = Self { cluster, script, planted: 0, _installation: installation };
        let mut mallory = field.connect("mallory");
        run(&mut mallory, "CREATE SCHEMA early; CREATE SCHEMA target; GRANT ALL ON SCHEMA early, target TO PUBLIC");
        field
    }

    fn connect(&self, user: &str) -> Client {
        let mut config = self.cluster.config("theirs");
        config.user(user).connect(NoTls).unwrap_or_else(|e| panic!("{user} cannot connect: {e}"))
    }

    /// What can be planted before there is a type svec.
    fn plant(&mut self, mallory: &mut Client) {
        let functions = self.names("CREATE FUNCTION ");
        let called = called(&self.script);
        assert!(functions.len() > 100 && called.len() > 8, "{functions:?} {called:?}");
        let temporary = "pg_temp";
        for schema in SCHEMAS.into_iter().chain([temporary]) {
            for name in functions.iter().chain(&called) {
                self.put(mallory, &function(schema, name, "anyelement", "bool"));
                self.put(mallory, &function(schema, name, "anyelement, anyelement", "bool"));
                self.put(mallory, &function(schema, name, "text, text", "text"));
            }
            for (name, arguments, result) in [
                ("pg_has_role", "oid, text", "bool"),
                ("pg_has_role", "regrole, text", "bool"),
                ("length", "text", "int"),
                ("cardinality", "anyarray", "int"),
                ("unnest", "anyarray", "int"),
                ("pg_extension_config_dump", "regclass, text", "int"),
                ("pg_extension_config_dump", "oid, text", "int"),
                ("hash_terms", "text[], int[], bigint", "text"),
                ("array_append", "anyarray, anyelement", "anyarray"),
                ("array_remove", "anyarray, anyelement", "anyarray"),
            ] {
                self.put(mallory, &function(schema, name, arguments, result));
            }
            for r#type in
                ["svec", "svec_match", "wand_ranking", "int4", "float8", "text", "regclass", "oid", "internal"]
            {
                // In the target it would be in the way.
                if schema != "target" || !r#type.starts_with("svec") && !r#type.starts_with("wand") {
                    self.put(mallory, &format!("CREATE DOMAIN {schema}.{type} AS pg_catalog.varchar"));
                }
            }
            for view in
                ["pg_extension", "pg_type", "pg_proc", "pg_class", "wand_encoder", "wand_encoders", "pg_opclass"]
            {
                if schema != "target" || !view.starts_with("wand") {
                    let evil = format!("SELECT {schema}.nnz('x'::pg_catalog.text) AS name");
                    let kind = if schema == temporary { "TEMPORARY VIEW" } else { "VIEW" };
                    self.put(mallory, &format!("CREATE {kind} {schema}.{view} AS {evil}"));
                }
            }
            let pairs =
                ["oid, oid", "regrole, oid", "text, text", "name, text", "name, name", "int, int", "float8, float8"];
            for name in ["=", "<", ">", "<>", "+", "*", "||", "@@", "&&", "<#>"] {
                for pair in pairs {
                    self.put(mallory, &operator(schema, name, pair));
                }
            }
            if schema != temporary {
                self.put(mallory, &format!("CREATE TYPE {schema}.own AS (a pg_catalog.text)"));
                self.put(mallory, &function(schema, "cast_it", &format!("{schema}.own"), "text"));
                let cast = format!("{schema}.own AS pg_catalog.text");
                let with = format!("{schema}.cast_it({schema}.own) AS IMPLICIT");
                self.put(mallory, &format!("CREATE CAST ({cast}) WITH FUNCTION {with}"));
                for name in ["array_agg", "sum", "avg", "max", "count"] {
                    self.put(mallory, &function(schema, "step", "pg_catalog.int4, pg_catalog.text", "int"));
                    let state = "STYPE = pg_catalog.int4";
                    self.put(
                        mallory,
                        &format!("CREATE AGGREGATE {schema}.{name} (pg_catalog.text) (SFUNC = {schema}.step, {state})"),
                    );
                }
            }
        }
    }

    /// The rest: better matches for what is called with vectors. In the target schema itself planted functions give
    /// way: there they are better matches for what its users call in full, as anybody's who may create in that schema.
    fn plant_with_vectors(&mut self, mallory: &mut Client) {
        run(mallory, DROP_PLANTED);
        for schema in ["early", "public"] {
            for name in self.names("CREATE FUNCTION ") {
                for arguments in ["target.svec", "target.svec, target.svec", "regclass", "text, text, bool", "text"] {
                    self.put(mallory, &function(schema, &name, arguments, "text"));
                }
            }
            for name in ["<->", "<#>", "<=>", "<+>", "=", "<", "&&", "@>", "+", "*"] {
                self.put(mallory, &operator(schema, name, "target.svec, target.svec"));
            }
        }
    }

    fn put(&mut self, mallory: &mut Client, sql: &str) {
        // Some cannot be: the same types twice.
        if let Err(error) = mallory.batch_execute(sql) {
            let code = error.code().map(|code| code.code().to_string()).unwrap_or_default();
            assert!(["42723", "42710", "42P13", "0A000"].contains(&code.as_str()), "{}\nin: {sql}", describe(&error));
        } else {
            self.planted += 1;
        }
    }

    /// The names that statements of a kind give.
    fn names(&self, kind: &str) -> BTreeSet<String> {
        self.script.iter().filter(|s| s.code.starts_with(kind)).filter_map(|s| name_of(&s.code)).collect()
    }

    /// Everything that is done with the extension, with its objects named in full.
    fn work(&self, user: &str, connected: Option<&mut Client>) {
        let mut own = self.connect(user);
        let client = connected.unwrap_or(&mut own);
        let tokenizer = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
            "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
            "model":{"type":"WordLevel","vocab":{"a":0,"b":1,"[UNK]":2},"unk_token":"[UNK]"}}"#;
        for sql in WORK {
            let sql = sql.replace("DOCS", &format!("target.docs_{user}")).replace("TOKENIZER", tokenizer);
            let sql = sql.replace("USER", user);
            sql.split("; ").for_each(|sql| run(client, sql));
        }
    }

    fn finish(self, what: &str, mut mallory: Client) {
        let log = self.cluster.log();
        let ran: Vec<String> = std::fs::read_to_string(&log)
            .expect("the log")
            .lines()
            .filter(|line| line.contains(WORD))
            .map(String::from)
            .collect();
        assert!(ran.is_empty(), "{} lines of what ran:\n{}", ran.len(), ran[..ran.len().min(20)].join("\n"));
        // What is planted does run where its name is used without a schema.
        if self.planted > 0 {
            run(&mut mallory, "SELECT length('x'::pg_catalog.text)");
            assert_eq!(logwatch::count(&log, WORD), 1, "planted code is not seen when it runs");
            println!("hostile: {}, {} objects planted, 0 ran", what, self.planted);
            assert!(self.planted >= 200, "{}", self.planted);
        }
        drop(mallory);
        self.cluster.finish();
    }
}

/// Functions in the target schema that are not the extension's.
const DROP_PLANTED: &str = "SET search_path = pg_catalog, pg_temp;
    DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'target'::regnamespace
            AND pg_get_userbyid(proowner) = 'mallory' LOOP
            -- It may have gone with another.
            CONTINUE WHEN NOT EXISTS (SELECT FROM pg_proc WHERE oid = f);
            EXECUTE format('DROP ROUTINE %s CASCADE', f);
        END LOOP;
    END $$; RESET search_path";

/// Statements with every name in full, among them all that run SQL inside.
const WORK: [&str; 24] = [
    "CREATE TABLE DOCS AS SELECT i AS id, i OPERATOR(pg_catalog.%) 3 AS kind,
         target.to_svec(ARRAY[i OPERATOR(pg_catalog.%) 7 OPERATOR(pg_catalog.+) 1, 9],
                        ARRAY[1, 2]::pg_catalog.float4[], 20) AS emb
     FROM pg_catalog.generate_series(1, 300) i",
    "CREATE INDEX docs_idx_USER ON DOCS USING wand (emb target.svec_ip_ops, kind target.int4_ops)",
    "INSERT INTO DOCS SELECT 1, 1, emb FROM DOCS LIMIT 50",
    "SET enable_seqscan = off; SELECT id FROM DOCS ORDER BY emb OPERATOR(target.<#>) '{1:1}/20'::target.svec LIMIT 5",
    "SELECT id FROM DOCS WHERE emb OPERATOR(target.&&) '{1:1}/20'::target.svec AND kind OPERATOR(pg_catalog.=) 1",
    "SELECT id FROM DOCS WHERE emb OPERATOR(target.@@) target.svec_match(must => '{1:1}/20'::target.svec)",
    "DELETE FROM DOCS WHERE id OPERATOR(pg_catalog.=) 7",
    "VACUUM DOCS; ANALYZE DOCS; REINDEX TABLE DOCS",
    "SELECT * FROM target.wand_check('target.docs_idx_USER', true)",
    "SELECT * FROM target.wand_info('target.docs_idx_USER'); SELECT target.wand_merge('target.docs_idx_USER')",
    "SELECT * FROM target.wand_df('target.docs_idx_USER'); SELECT target.wand_idf('target.docs_idx_USER')",
    "SELECT target.wand_create_encoder('e_USER', 'TOKENIZER'::pg_catalog.text, '{\"a\":1,\"b\":2}'::pg_catalog.jsonb)",
    "SELECT target.wand_create_encoder('e_USER', 'TOKENIZER'::pg_catalog.jsonb, '{\"a\":1}'::pg_catalog.jsonb,
         replace => true)",
    "SELECT target.encode_query('e_USER', 'a b'); SELECT * FROM target.encode_tokens('e_USER', 'a b')",
    "SELECT target.wand_grant_encoder('e_USER', 'mallory'); SELECT target.wand_revoke_encoder('e_USER', 'mallory')",
    "SELECT * FROM target.wand_encoders; SELECT target.wand_drop_encoder('e_USER')",
    "SELECT target.sum(emb), target.avg(emb), target.max(emb) FROM DOCS",
    "SELECT emb OPERATOR(target.+) emb, emb OPERATOR(target.=) emb FROM DOCS ORDER BY emb USING OPERATOR(target.<)",
    "SELECT emb::pg_catalog.float4[], emb::pg_catalog.jsonb, emb::pg_catalog.text FROM DOCS",
    "SELECT a.id FROM DOCS a JOIN DOCS b ON a.emb OPERATOR(target.=) b.emb",
    "SELECT target.term_counts(pg_catalog.to_tsvector('simple'::pg_catalog.regconfig, 'a b b'))",
    "SELECT f.id FROM (SELECT target.ranking(id::pg_catalog.int8, id::pg_catalog.float8) AS r FROM DOCS) s,
         target.fuse(ARRAY[s.r]) f LIMIT 3",
    "ALTER TABLE DOCS ADD COLUMN more pg_catalog.int4; CREATE INDEX CONCURRENTLY ON DOCS USING wand (emb)",
    "SELECT * FROM target.wand_last_scan()",
];

/// PostgreSQL's functions that the script calls.
fn called(script: &[Statement]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in script.iter().filter(|s| s.has_expressions()) {
        for (at, word) in statement.code.match_indices("pg_catalog.") {
            let rest = &statement.code[at + word.len()..];
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found.extend(
        ["array_append", "array_remove", "pg_typeof", "now", "count", "format", "lower", "coalesce"].map(String::from),
    );
    found
}

/// The name after `CREATE KIND @extschema@.`.
fn name_of(code: &str) -> Option<String> {
    let rest = code.split_once("@extschema@.")?.1;
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn function(schema: &str, name: &str, arguments: &str, result: &str) -> String {
    let result = if result.contains('.') { result.to_string() } else { format!("pg_catalog.{result}") };
    let result = result.replace("pg_catalog.int", "pg_catalog.int4");
    format!(
        "CREATE FUNCTION {schema}.\"{name}\"({arguments}) RETURNS {result} LANGUAGE plpgsql
         AS $$ BEGIN RAISE WARNING '{WORD}: {schema}.{name} as %', current_user; RETURN NULL; END $$"
    )
}

fn operator(schema: &str, name: &str, pair: &str) -> String {
    let (left, right) = pair.split_once(", ").expect("two types");
    let full =
        |t: &str| if t.contains('.') { t.to_string() } else { format!("pg_catalog.{}", t.replace("int", "int4")) };
    let (left, right) = (full(left), full(right));
    let function_name = format!("op_{}_{}", left.replace('.', "_"), right.replace('.', "_"));
    let made = function(schema, &function_name, &format!("{left}, {right}"), "bool")
        .replace("FUNCTION", "OR REPLACE FUNCTION");
    let operands = format!("LEFTARG = {left}, RIGHTARG = {right}");
    format!("{made}; CREATE OPERATOR {schema}.{name} ({operands}, FUNCTION = {schema}.{function_name})")
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\nin: {sql}", describe(&e)));
}

fn value<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap_or_else(|e| panic!("{}\nin: {sql}", describe(&e))).get(0)
}
