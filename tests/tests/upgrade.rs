//! Every released version reaches the newest, with all data. At each old version, with today's library: the extension
//! is created and used, updated, and its catalogue is then that of a new one, with definitions, rights, comments and
//! costs. A dump can be restored, by the superuser and by the owner of a trusted extension; `pg_upgrade` carries tables
//! and indexes over. A library that is older than the SQL is refused at CREATE and UPDATE, and nothing is left half
//! done.
//!
//! `UPGRADE_PG_CONFIG` names a server of another major version, with pg_wand, that `pg_upgrade` goes to; without it
//! only the same version is tried. No sizes.

use pg_wand_tests::cluster::{self, Cluster};
use pg_wand_tests::installation::{Installation, releases, version};
use pg_wand_tests::oracle::{Row, describe};
use pg_wand_tests::shapes::{SHAPES, run};
use postgres::Client;
use std::collections::BTreeSet;
use std::fs;

const TOKENIZER: &str = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
    "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
    "model":{"type":"WordLevel","vocab":{"a":0,"b":1,"[UNK]":2},"unk_token":"[UNK]"}}"#;

#[test]
fn every_release_reaches_this_version() {
    let installation = Installation::new();
    let cluster = Cluster::start_new_in(installation.bindir(), &[]);
    let mut client = cluster.connect();
    // By an ordinary user: the superuser would have the rights that the script gives anyhow.
    run(&mut client, "CREATE ROLE keeper LOGIN");
    run(&mut client, "CREATE DATABASE fresh OWNER keeper");
    let connect = |database: &str| {
        let mut config = cluster.config(database);
        config.user("keeper").connect(postgres::NoTls).expect("a connection")
    };
    run(&mut connect("fresh"), "CREATE EXTENSION pg_wand");
    let fresh = catalogue(&cluster, "fresh");
    assert!(fresh.len() > 400, "only {} objects", fresh.len());
    // The present version is among them from its freezing on until the next one begins.
    for release in releases().into_iter().filter(|release| *release != version()) {
        let database = format!("from_{}", release.replace('.', "_"));
        run(&mut client, &format!("CREATE DATABASE {database} OWNER keeper"));
        let mut own = connect(&database);
        run(&mut own, &format!("CREATE EXTENSION pg_wand VERSION '{release}'"));
        assert_ne!(catalogue(&cluster, &database), fresh, "{release}: there is nothing to update");
        run(&mut own, "ALTER EXTENSION pg_wand UPDATE");
        let updated = catalogue(&cluster, &database);
        let list = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            updated == fresh,
            "{release} differs after the update\n-- only there:\n{}\n-- only in a new one:\n{}",
            list(&updated, &fresh),
            list(&fresh, &updated)
        );
        println!("upgrade: from {release}: {} objects, 0 differences", fresh.len());
        // The same with tables and indexes made before.
        run(&mut client, &format!("CREATE DATABASE used_{database} OWNER keeper"));
        let mut own = connect(&format!("used_{database}"));
        run(&mut own, &format!("CREATE EXTENSION pg_wand VERSION '{release}'"));
        let before = use_it(&mut own);
        run(&mut own, "ALTER EXTENSION pg_wand UPDATE");
        assert!(all(&mut own) == before, "{release}: other answers after the update");
        SHAPES.iter().for_each(|shape| shape.change(&mut own));
    }
    assert_eq!(releases().first().map(String::as_str), Some("0.1.0"));
    drop(client);
    cluster.finish();
}

#[test]
fn a_library_that_is_older_than_the_sql_is_refused() {
    let installation = Installation::new();
    let (now, later) = (version(), "999.0.0");
    let future = "CREATE FUNCTION @extschema@.of_the_future() RETURNS pg_catalog.int4
        AS 'MODULE_PATHNAME', 'wand_of_the_future' LANGUAGE C STABLE PARALLEL SAFE COST 1;\n";
    let fresh = installation.script(&format!("pg_wand--{now}.sql"));
    installation.add_script(&format!("pg_wand--{later}.sql"), &format!("{fresh}\n{future}"));
    let before = "ALTER FUNCTION @extschema@.wand_merge(pg_catalog.regclass) COST 7;\n";
    installation.add_script(&format!("pg_wand--{now}--{later}.sql"), &format!("{before}{future}"));
    let cluster = Cluster::start_new_in(installation.bindir(), &[]);
    let mut client = cluster.connect();
    let error = client.batch_execute(&format!("CREATE EXTENSION pg_wand VERSION '{later}'")).expect_err("created");
    assert_eq!(error.code().map(|code| code.code()), Some("42883"), "{}", describe(&error));
    let left: i64 =
        client.query_one("SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_wand%'", &[]).expect("pg_proc").get(0);
    assert_eq!(left, 0, "functions are left");
    run(&mut client, "CREATE EXTENSION pg_wand");
    let answers = use_it(&mut client);
    let error = client.batch_execute(&format!("ALTER EXTENSION pg_wand UPDATE TO '{later}'")).expect_err("updated");
    assert_eq!(error.code().map(|code| code.code()), Some("42883"), "{}", describe(&error));
    let row = client
        .query_one(
            "SELECT extversion, procost FROM pg_extension, pg_proc
             WHERE extname = 'pg_wand' AND proname = 'wand_merge'",
            &[],
        )
        .expect("the version");
    assert_eq!((row.get::<_, String>(0), row.get::<_, f32>(1)), (now, 10_000.0), "half of the update was done");
    assert!(all(&mut client) == answers, "other answers");
    drop(client);
    cluster.finish();
}

#[test]
fn a_dump_is_restored() {
    let installation = Installation::new();
    let cluster = Cluster::start_new_in(installation.bindir(), &[]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE ROLE owner LOGIN");
    for user in ["postgres", "owner"] {
        for database in ["old", "new"] {
            run(&mut client, &format!("CREATE DATABASE {database}_{user} OWNER {user}"));
        }
        let connect = |database: &str| {
            let mut config = cluster.config(&format!("{database}_{user}"));
            config.user(user).connect(postgres::NoTls).expect("a connection")
        };
        let mut old = connect("old");
        run(&mut old, "CREATE EXTENSION pg_wand");
        let answers = use_it(&mut old);
        let file = cluster.folder().join(format!("dump_{user}"));
        let file = file.to_str().expect("UTF-8");
        cluster.client_program("pg_dump", &["-U", user, "-d", &format!("old_{user}"), "-f", file]);
        let database = format!("new_{user}");
        let restore = ["-U", user, "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", &database, "-f", file];
        cluster.client_program("psql", &restore);
        let mut new = connect("new");
        assert!(all(&mut new) == answers, "{user}: other answers after a restore");
        println!("upgrade: dump and restore by {user}: {} shapes, 0 differences", SHAPES.len());
    }
    drop(client);
    cluster.finish();
}

#[test]
fn pg_upgrade_carries_everything_over() {
    let mut targets = vec![cluster::pg_config_path()];
    match std::env::var("UPGRADE_PG_CONFIG") {
        Ok(other) => targets.push(other),
        Err(_) => println!("upgrade: SKIPPED: pg_upgrade to another major version; UPGRADE_PG_CONFIG names none"),
    }
    for target in targets {
        let old = Cluster::start_new(&[]);
        let mut client = old.connect();
        run(&mut client, "CREATE EXTENSION pg_wand");
        let answers = use_it(&mut client);
        if target != cluster::pg_config_path() {
            // A minor release that marks columns so cannot be upgraded to an older one of the next major, whatever the
            // table is; what is tried here is ours.
            run(&mut client, "UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '{pg_attver=%'");
        }
        drop(client);
        old.stop("fast");
        let bindir = cluster::ask(&target, "--bindir");
        let new = Cluster::start_new_in(bindir.clone().into(), &[]);
        new.stop("fast");
        let own = cluster::pg_config("--bindir");
        let from = old.data();
        let from = from.to_str().expect("UTF-8");
        let folder = new.folder().to_str().expect("UTF-8");
        new.server_program("pg_upgrade", &["-d", from, "-b", &own, "-B", &bindir, "-U", "postgres", "-s", folder]);
        new.start();
        let mut client = new.connect();
        assert!(all(&mut client) == answers, "{target}: other answers after pg_upgrade");
        SHAPES.iter().for_each(|shape| shape.change(&mut client));
        let to: String = client.query_one("SHOW server_version", &[]).expect("a version").get(0);
        println!("upgrade: pg_upgrade to PostgreSQL {to}: {} shapes, 0 differences", SHAPES.len());
        drop(client);
        new.finish();
    }
}

/// Makes a table of each shape and an encoder; what they answer.
fn use_it(client: &mut Client) -> Vec<Vec<Row>> {
    for shape in SHAPES {
        shape.create(client);
        shape.fill(client);
    }
    run(client, &format!("SELECT wand_create_encoder('e', '{TOKENIZER}'::text, '{{\"a\":1,\"b\":2}}'::jsonb)"));
    all(client)
}

fn all(client: &mut Client) -> Vec<Vec<Row>> {
    let found: String = client.query_one("SELECT encode_query('e', 'a b b')::text", &[]).expect("an encoder").get(0);
    assert_eq!(found, "{1:1,2:2}/3");
    SHAPES.iter().flat_map(|shape| shape.answers(client)).collect()
}

/// Every object of the extension in a database that has no others, as `pg_dump` writes it for `pg_upgrade`: definition,
/// comment, rights; and what rights the script gave.
fn catalogue(cluster: &Cluster, database: &str) -> BTreeSet<String> {
    let file = cluster.folder().join(format!("catalogue_{database}"));
    let path = file.to_str().expect("UTF-8");
    cluster.client_program("pg_dump", &["--binary-upgrade", "--schema-only", "-d", database, "-f", path]);
    let text = fs::read_to_string(&file).expect("a dump");
    // Numbers that differ between two databases.
    let own = ["binary_upgrade", "relfrozenxid", "WHERE oid = ", "\\restrict", "\\unrestrict", "For binary upgrade"];
    let keep = |line: &&str| !own.iter().any(|word| line.contains(word)) && !line.trim().is_empty();
    let objects = text.split("\n-- Name: ").skip(1);
    let mut found: BTreeSet<String> =
        objects.map(|object| object.lines().filter(keep).collect::<Vec<_>>().join("\n")).collect();
    let rows = cluster
        .connect_to(database)
        .query(
            "SELECT pg_describe_object(classoid, objoid, objsubid) || ' ' || privtype::text || ' ' || initprivs::text
             FROM pg_init_privs WHERE privtype = 'e'
             UNION ALL SELECT extversion || ' ' || extconfig::regclass[]::text || ' ' || extrelocatable
             FROM pg_extension WHERE extname = 'pg_wand'",
            &[],
        )
        .expect("rights");
    found.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    found
}
