//! An index lives with whatever is done to its table, as PostgreSQL's own do. Every kind of table (logged, unlogged,
//! temporary; plain, partitioned, inherited) with every kind of index (whole, partial, on an expression, with a filter
//! column) goes through a list of commands; after each the answers, also those of a plan prepared before, equal a
//! sequential scan's, and `wand_check` finds nothing. Other extensions with operators of the same names are there.
//!
//! Sizes: DDL_ROWS (120) rows a table.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::ddl::{COMMANDS, Cell, INDEXES, PERSISTENCES, STRUCTURES, prepare_database, verify};
use pg_wand_tests::oracle::describe;
use pg_wand_tests::shapes::run;
use pg_wand_tests::{begin, size};
use postgres::Client;

#[test]
fn every_kind_of_table_and_index_through_all_commands() {
    let rows = size("DDL_ROWS", 120);
    let seed = begin("ddl", &[("DDL_ROWS", rows)]);
    let cluster = Cluster::start_new(&["max_prepared_transactions = 5", "autovacuum = off"]);
    let mut client = cluster.connect();
    let others = prepare_database(&mut client);
    let (mut cells, mut commands) = (0, 0);
    for persistence in PERSISTENCES {
        for structure in STRUCTURES {
            for index in INDEXES {
                let cell = Cell { persistence, structure, index, rows };
                cell.create(&mut client);
                verify(&mut client, &cell, "CREATE INDEX");
                for (command, applies) in COMMANDS {
                    if applies(&cell) {
                        cell.run(&mut client, command);
                        verify(&mut client, &cell, command);
                        commands += 1;
                    }
                }
                run(&mut client, "DEALLOCATE ALL; DROP TABLE docs CASCADE");
                cells += 1;
            }
        }
    }
    println!("ddl: {cells} cells, {commands} commands, {others} other extensions, 0 differences; SEED={seed}");
    assert!(cells == 36 && commands > 36 * 12, "{cells} cells, {commands} commands");
    drop(client);
    cluster.finish();
}

/// The tables stay; columns and indexes go, all or nothing.
#[test]
fn the_extension_is_dropped_with_what_depends_on_it() {
    let cluster = Cluster::start_new(&[]);
    let mut client = cluster.connect();
    prepare_database(&mut client);
    let count = |client: &mut Client, sql: &str| -> i64 { client.query_one(sql, &[]).expect("a count").get(0) };
    for structure in STRUCTURES {
        let cell = Cell { persistence: "", structure, index: "filtered", rows: 60 };
        cell.create(&mut client);
        let rows = count(&mut client, "SELECT count(*) FROM docs");
        let error = client.batch_execute("DROP EXTENSION pg_wand").expect_err("dropped");
        assert_eq!(error.code().map(|code| code.code()), Some("2BP01"), "{}", describe(&error));
        run(&mut client, "BEGIN; DROP EXTENSION pg_wand CASCADE; ROLLBACK");
        verify(&mut client, &cell, "DROP EXTENSION, rolled back");
        run(&mut client, "DEALLOCATE ALL; DROP EXTENSION pg_wand CASCADE");
        assert_eq!(count(&mut client, "SELECT count(*) FROM docs"), rows);
        let left = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'docs'::regclass AND attname = 'emb'";
        assert_eq!(count(&mut client, left), 0, "the column is left");
        let left = "SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'wand'";
        assert_eq!(count(&mut client, left), 0, "indexes are left");
        run(&mut client, "DROP TABLE docs CASCADE; DROP FUNCTION IF EXISTS same, same_all");
        prepare_database(&mut client);
    }
    drop(client);
    cluster.finish();
}
