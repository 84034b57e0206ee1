//! The second extension, `pg_wand_pgvector`: an index over pgvector's `sparsevec` answers as a sequential scan does, by
//! pgvector's operators and ours, whatever happens to the table; and the three extensions live through a dump and a
//! restore, and each other's updates, in schemas of any name.
//!
//! Where pgvector is not installed a stand-in takes its place in the second: an extension of its name with a type that is
//! `svec` by another name. The first is left out then. PGVECTOR_QUERIES (60): queries of each kind of vector.

use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::corpus::{self, Profile};
use pg_wand_tests::installation::{Installation, version};
use pg_wand_tests::oracle::{self, Question, Row, describe};
use pg_wand_tests::random::Random;
use pg_wand_tests::{begin, size};
use postgres::Client;
use postgres::types::{Format, IsNull, ToSql, Type, private::BytesMut};
use std::error::Error;
use std::path::Path;

/// The distances, and pgvector's names of the classes for them.
const DISTANCES: [(&str, &str); 3] =
    [("<#>", "sparsevec_ip_ops"), ("<=>", "sparsevec_cosine_ops"), ("<->", "sparsevec_l2_ops")];
const PROFILES: [Profile; 5] = [Profile::Learned, Profile::Ties, Profile::Negative, Profile::Sparse, Profile::Extreme];

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}\n{sql}", describe(&e)));
}

/// Bytes on the wire, in text (as JDBC's PGobject sends them) or binary (as pgx does), declared as any type.
#[derive(Debug)]
struct Bound(Format, &'static [u8]);

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.1);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(of, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        self.0
    }
}

/// pgvector's clients declare what they bind as `sparsevec`: it goes into columns of both types and finds their indexes.
fn what_clients_bind(client: &mut Client) {
    let sparsevec = client.prepare("SELECT $1::sparsevec").expect("a statement").params()[0].clone();
    assert_eq!(sparsevec.name(), "sparsevec");
    let text = Bound(Format::Text, b"{2:1.5,4:-1}/5");
    // Dimension, non-zeros, 0; indices from 0; weights.
    const BINARY: [u8; 28] =
        [0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0x3f, 0xc0, 0, 0, 0xbf, 0x80, 0, 0];
    let binary = Bound(Format::Binary, &BINARY);
    for r#type in ["svec", "sparsevec"] {
        run(client, &format!("CREATE TABLE bound (emb {type}(5)); CREATE INDEX bound_emb ON bound USING wand (emb)"));
        let insert = client.prepare_typed("INSERT INTO bound VALUES ($1)", std::slice::from_ref(&sparsevec));
        let insert = insert.expect("INSERT");
        let order = "SELECT emb::text, emb <#> $1 FROM bound ORDER BY emb <#> $1";
        let best = client.prepare_typed(order, std::slice::from_ref(&sparsevec)).expect("SELECT");
        run(client, "SET enable_seqscan = off");
        for value in [&text, &binary] {
            client.execute(&insert, &[value]).expect("INSERT");
            for row in client.query(&best, &[value]).expect("SELECT") {
                assert_eq!((row.get::<_, &str>(0), row.get::<_, f64>(1)), ("{2:1.5,4:-1}/5", -3.25));
            }
        }
        let scans = client.query_one("SELECT rows FROM wand_last_scan() WHERE index = 'bound_emb'::regclass", &[]);
        assert_eq!(scans.expect("a scan of the index").get::<_, i64>(0), 2);
        run(client, "DROP TABLE bound");
    }
}

fn has_pgvector(extensions: &Path) -> bool {
    extensions.join("vector.control").exists()
}

#[test]
fn an_index_of_sparsevec_is_exact() {
    let seed = begin("pgvector", &[("PGVECTOR_QUERIES", size("PGVECTOR_QUERIES", 60))]);
    if !has_pgvector(&Path::new(&cluster::pg_config("--sharedir")).join("extension")) {
        println!("pgvector: SKIPPED: exactness, for pgvector is not installed");
        return;
    }
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION vector; CREATE EXTENSION pg_wand; CREATE EXTENSION pg_wand_pgvector");
    what_clients_bind(&mut client);
    let mut random = Random::new(seed);
    for profile in PROFILES {
        run(&mut client, &format!("CREATE TABLE items (id bigserial PRIMARY KEY, emb sparsevec({}))", corpus::DIM));
        insert(&mut client, profile, 1500, &mut random);
        for (operator, class) in DISTANCES {
            let name = index_of(operator);
            run(&mut client, &format!("CREATE INDEX {name} ON items USING wand (emb {class})"));
        }
        // Sealed, then with rows that wait in the list, then with dead ones, then in order again.
        compare(&mut client, profile, &mut random);
        insert(&mut client, profile, 300, &mut random);
        run(&mut client, "DELETE FROM items WHERE id % 7 = 0");
        compare(&mut client, profile, &mut random);
        run(&mut client, "VACUUM items");
        insert(&mut client, profile, 200, &mut random);
        compare(&mut client, profile, &mut random);
        for (operator, _) in DISTANCES {
            let findings = oracle::check_index(&mut client, index_of(operator));
            assert!(findings.is_empty(), "SEED={seed} {profile:?} {operator}: {findings:?}");
        }
        run(&mut client, "DROP TABLE items");
    }
    println!("pgvector: {} answers as by sequential scan", oracle::count_compared());
    drop(client);
    cluster.finish();
}

fn index_of(operator: &str) -> &'static str {
    match operator {
        "<#>" => "items_ip",
        "<=>" => "items_cosine",
        _ => "items_l2",
    }
}

/// Vectors in the range that pgvector accepts.
fn insert(client: &mut Client, profile: Profile, n: usize, random: &mut Random) {
    for _ in 0..n / 100 {
        let rows: Vec<String> = (0..100)
            .map(|_| match corpus::document(profile, random) {
                Some(vector) => format!("('{}')", corpus::literal(&vector)),
                None => "(NULL)".into(),
            })
            .collect();
        run(client, &format!("INSERT INTO items (emb) VALUES {}", rows.join(", ")));
    }
}

/// By pgvector's operator, and by ours, whose right side is an svec.
fn compare(client: &mut Client, profile: Profile, random: &mut Random) {
    for _ in 0..size("PGVECTOR_QUERIES", 60) / 3 {
        let query = corpus::literal(&corpus::query(profile, random));
        for (operator, _) in DISTANCES {
            for cast in ["sparsevec", "svec"] {
                let order = format!("emb {operator} '{query}'::{cast}");
                let (limit, cut) =
                    random.pick(&[("LIMIT 1", true), ("LIMIT 10", true), ("LIMIT 300", true), ("", false)]);
                let sql = format!("SELECT id, {order} FROM items ORDER BY {order} {limit}");
                let question = Question { sql: &sql, index: Some(index_of(operator)), cut: *cut };
                oracle::compare(client, &question).unwrap_or_else(|e| panic!("{profile:?}: {e}\n{sql}"));
            }
        }
    }
}

#[test]
fn three_extensions_live_together() {
    let installation = Installation::new();
    let is_real = has_pgvector(&installation.extension());
    let updates_to = if is_real { before_the_last_update(&installation) } else { stand_in(&installation) };
    let cluster = Cluster::start_new_in(installation.bindir(), &[]);
    let mut superuser = cluster.connect();
    run(&mut superuser, "CREATE ROLE keeper LOGIN");
    for database in ["old", "new"] {
        run(&mut superuser, &format!("CREATE DATABASE {database} OWNER keeper"));
    }
    let connect = |database: &str| {
        let mut config = cluster.config(database);
        config.user("keeper").connect(postgres::NoTls).expect("a connection")
    };
    // pgvector is the superuser's, if it is not marked as trusted. The others are an ordinary user's; each has a schema
    // of its own, and those that could mislead the script have types of the same name.
    let create = r#"CREATE SCHEMA "of pgvector" AUTHORIZATION keeper; CREATE EXTENSION vector SCHEMA "of pgvector" VERSION '0.8.5'"#;
    run(&mut cluster.connect_to("old"), create);
    let mut client = connect("old");
    run(
        &mut client,
        r#"CREATE SCHEMA "Of pg_wand"; CREATE SCHEMA "between"; CREATE SCHEMA planted;
           CREATE TYPE planted.sparsevec AS (a int); CREATE TYPE "between".sparsevec AS (a int);
           CREATE EXTENSION pg_wand SCHEMA "Of pg_wand" VERSION '0.1.0';
           SET search_path = planted, public;
           CREATE EXTENSION pg_wand_pgvector SCHEMA "between";
           ALTER DATABASE old SET search_path = "of pgvector", "Of pg_wand", "between", public;
           ALTER DATABASE new SET search_path = "of pgvector", "Of pg_wand", "between", public"#,
    );
    let mut client = connect("old");
    names_that_could_mislead_are_refused(&mut connect("new"), &mut cluster.connect_to("new"));
    run(
        &mut client,
        "CREATE TABLE items (id bigint PRIMARY KEY, emb sparsevec(10));
         INSERT INTO items SELECT i, ('{' || i % 10 + 1 || ':' || i / 10.0 || '}/10')::sparsevec FROM generate_series(1, 500) i;
         CREATE INDEX items_ip ON items USING wand (emb);
         CREATE INDEX items_cosine ON items USING wand (emb sparsevec_cosine_ops);
         INSERT INTO items VALUES (501, '{3:7,4:1}/10'), (502, NULL)",
    );
    let answers = all(&mut client);
    run(&mut cluster.connect_to("old"), "ALTER EXTENSION vector UPDATE");
    run(&mut client, "ALTER EXTENSION pg_wand UPDATE");
    let versions = "SELECT extname || ' ' || extversion FROM pg_extension WHERE extname IN ('vector', 'pg_wand', 'pg_wand_pgvector') ORDER BY 1";
    let found = client.query(versions, &[]).expect("versions");
    let found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
    let own = version();
    assert_eq!(found, [format!("pg_wand {own}"), format!("pg_wand_pgvector {own}"), format!("vector {updates_to}")]);
    assert!(all(&mut client) == answers, "other answers after the updates");
    run(
        &mut client,
        "REINDEX TABLE items; INSERT INTO items VALUES (503, '{3:7,4:1}/10'); DELETE FROM items WHERE id = 503",
    );
    assert!(all(&mut client) == answers, "other answers after REINDEX");
    let error = cluster.connect_to("old").batch_execute("DROP EXTENSION vector").expect_err("dropped");
    assert_eq!(error.code().map(|code| code.code()), Some("2BP01"), "{}", describe(&error));
    drop(client);

    let file = cluster.folder().join("dump");
    let file = file.to_str().expect("UTF-8");
    cluster.client_program("pg_dump", &["-d", "old", "-f", file]);
    let restore = ["-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", "new", "-f", file];
    cluster.client_program("psql", &restore);
    assert!(all(&mut connect("new")) == answers, "other answers after a restore");
    println!(
        "pgvector: three extensions, {} vector: updates, dump and restore, 0 differences",
        if is_real { "the real" } else { "a stand-in for" }
    );
    drop(superuser);
    cluster.finish();
}

/// The script runs as superuser, with schemas that an ordinary user named.
fn names_that_could_mislead_are_refused(keeper: &mut Client, superuser: &mut Client) {
    let refused = |client: &mut Client, sql: &str, code: &str| {
        let error = client.batch_execute(sql).expect_err(sql);
        assert_eq!(error.code().map(|code| code.code()), Some(code), "{}", describe(&error));
    };
    run(keeper, r#"CREATE SCHEMA "a@extschema:vector@b"; CREATE SCHEMA "a{vector}b"; CREATE SCHEMA "a""b""#);
    run(superuser, r#"CREATE SCHEMA "v{pg_wand}w" AUTHORIZATION keeper; CREATE EXTENSION vector SCHEMA "v{pg_wand}w""#);
    run(keeper, "CREATE SCHEMA plain; CREATE EXTENSION pg_wand SCHEMA plain");
    for schema in ["a@extschema:vector@b", "a{vector}b", r#"a""b"#, "plain"] {
        refused(keeper, &format!("CREATE EXTENSION pg_wand_pgvector SCHEMA \"{schema}\""), "3F000");
    }
    run(superuser, r#"DROP EXTENSION vector; DROP SCHEMA "v{pg_wand}w"; CREATE EXTENSION vector SCHEMA plain"#);
    run(superuser, "ALTER EXTENSION vector DROP TYPE plain.sparsevec");
    refused(keeper, "CREATE EXTENSION pg_wand_pgvector SCHEMA plain", "42704");
    run(superuser, "ALTER EXTENSION vector ADD TYPE plain.sparsevec");
    run(keeper, "CREATE EXTENSION pg_wand_pgvector SCHEMA plain; DROP EXTENSION pg_wand_pgvector");
    run(superuser, "DROP EXTENSION vector; DROP EXTENSION pg_wand; DROP SCHEMA plain");
    run(keeper, r#"DROP SCHEMA "a@extschema:vector@b"; DROP SCHEMA "a{vector}b"; DROP SCHEMA "a""b""#);
}

/// A library whose distances are a little less than ours, as those of a build that fuses float4 operations may be: its
/// rows come in its order, sealed or waiting. (The executor ends a query whose row is nearer than the index said.)
#[test]
fn other_libraries_have_other_last_bits() {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand");
    for (operator, function, metric, less) in [
        ("<#>", "svec_negative_inner_product", "inner_product", "ours - abs(ours) * 1.2e-7"),
        ("<=>", "cosine_distance", "cosine", "greatest(ours - 1.2e-7, 0)"),
        ("<->", "l2_distance", "l2", "ours * (1 - 1.2e-7)"),
    ] {
        run(
            &mut client,
            &format!(
                "CREATE FUNCTION theirs_{metric}(svec, svec) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT
                     RETURN (SELECT {less} FROM {function}($1, $2) AS ours);
                 CREATE OPERATOR <{operator}> (LEFTARG = svec, RIGHTARG = svec, FUNCTION = theirs_{metric});
                 CREATE OPERATOR CLASS theirs_{metric} FOR TYPE svec USING wand AS
                     OPERATOR 1 <{operator}> (svec, svec) FOR ORDER BY float_ops,
                     FUNCTION 1 wand_metric_{metric}(internal);
                 CREATE TABLE items_{metric} (id bigserial PRIMARY KEY, emb svec);
                 CREATE INDEX items_{metric}_emb ON items_{metric} USING wand (emb theirs_{metric})"
            ),
        );
        let mut random = Random::new(7);
        for is_sealed in [false, true] {
            for _ in 0..200 {
                let vector = corpus::document(Profile::Learned, &mut random).expect("a document");
                run(&mut client, &format!("INSERT INTO items_{metric} (emb) VALUES ('{}')", corpus::literal(&vector)));
            }
            if is_sealed {
                run(&mut client, &format!("VACUUM items_{metric}"));
            }
            for _ in 0..20 {
                let query = corpus::literal(&corpus::query(Profile::Learned, &mut random));
                let order = format!("emb <{operator}> '{query}'");
                let sql = format!("SELECT id, {order} FROM items_{metric} ORDER BY {order}");
                let index = format!("items_{metric}_emb");
                let question = Question { sql: &sql, index: Some(&index), cut: false };
                oracle::compare(&mut client, &question).unwrap_or_else(|e| panic!("{e}\n{sql}"));
            }
        }
    }
    drop(client);
    cluster.finish();
}

/// What both indexes answer, in their order.
fn all(client: &mut Client) -> Vec<Vec<Row>> {
    run(client, "SET enable_seqscan = off; SET enable_sort = off");
    let mut found = Vec::new();
    for (operator, name) in [("<#>", "items_ip"), ("<=>", "items_cosine")] {
        for query in ["'{3:1,4:0.5}/10'::sparsevec", "'{3:1,4:0.5}'::svec"] {
            let sql = format!("SELECT id, emb {operator} {query} FROM items ORDER BY emb {operator} {query}");
            let mut transaction = client.transaction().expect("BEGIN");
            let plan = oracle::explain(&mut transaction, &sql).expect("EXPLAIN");
            assert!(oracle::uses(&plan, name), "{plan}");
            let mut rows = oracle::rows(&mut transaction, &sql).expect("rows");
            // Rows at one distance come in any order.
            rows.sort_by_key(|row| (row.1.is_none(), row.1, row.0));
            found.push(rows);
        }
    }
    found
}

/// pgvector's last update changes nothing that its installation script makes, so the script makes the version before, too.
fn before_the_last_update(installation: &Installation) -> String {
    let control = installation.script("vector.control");
    let last = control.split("default_version = '").nth(1).and_then(|rest| rest.split('\'').next()).expect("a version");
    let update = installation.script(&format!("vector--0.8.5--{last}.sql"));
    let changes =
        update.lines().filter(|line| !line.starts_with("--") && !line.starts_with('\\') && !line.trim().is_empty());
    assert_eq!(changes.count(), 0, "{update}");
    installation.add_script("vector--0.8.5.sql", &installation.script(&format!("vector--{last}.sql")));
    last.to_string()
}

/// An extension `vector` whose `sparsevec` is `svec` by another name.
fn stand_in(installation: &Installation) -> String {
    installation.add_script(
        "vector.control",
        "default_version = '0.8.6'\nmodule_pathname = '$libdir/pg_wand'\nrelocatable = true\ntrusted = true\n",
    );
    let distance = |operator: &str, function: &str| {
        format!(
            "CREATE FUNCTION sparsevec_{function}(sparsevec, sparsevec) RETURNS float8
                 AS 'MODULE_PATHNAME', 'svec_{function}' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
             CREATE OPERATOR {operator} (LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_{function});\n"
        )
    };
    let io = |name: &str, arguments: &str, result: &str, symbol: &str| {
        format!(
            "CREATE FUNCTION {name}({arguments}) RETURNS {result}
                 AS 'MODULE_PATHNAME', '{symbol}' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;\n"
        )
    };
    let script = [
        "CREATE TYPE sparsevec;\n".to_string(),
        io("sparsevec_in", "cstring, oid, integer", "sparsevec", "svec_in"),
        io("sparsevec_out", "sparsevec", "cstring", "svec_out"),
        io("sparsevec_typmod_in", "cstring[]", "integer", "svec_typmod_in"),
        io("sparsevec", "sparsevec, integer, boolean", "sparsevec", "svec_typmod_cast"),
        "CREATE TYPE sparsevec (INPUT = sparsevec_in, OUTPUT = sparsevec_out, TYPMOD_IN = sparsevec_typmod_in,
             STORAGE = external, ALIGNMENT = int4);
         CREATE CAST (sparsevec AS sparsevec) WITH FUNCTION sparsevec(sparsevec, integer, boolean) AS IMPLICIT;\n"
            .to_string(),
        distance("<#>", "negative_inner_product"),
        distance("<=>", "cosine_distance"),
        distance("<->", "l2_distance"),
    ]
    .concat();
    installation.add_script("vector--0.8.5.sql", &script);
    installation.add_script("vector--0.8.5--0.8.6.sql", "-- nothing\n");
    "0.8.6".into()
}
