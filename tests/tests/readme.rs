//! What the README and the pages in docs show works: every block of SQL on a page runs, in order, in one session of a fresh
//! database, and gives what the page says it gives. A page that needs another extension is left out where the server
//! lacks it, and counted.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::pages::{Block, Page};
use pg_wand_tests::{oracle, project_root};
use postgres::{Client, SimpleQueryMessage};

#[test]
fn every_sql_block_of_the_pages_runs() {
    let cluster = Cluster::start_new(&[]);
    for file in ["tokenizer.json", "idf.json"] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    let (mut n_pages, mut n_blocks, mut n_outputs, mut n_skipped) = (0, 0, 0, 0);
    for (number, page) in Page::all_with_sql().iter().enumerate() {
        if let Some(missing) = page.required().iter().find(|extension| !is_available(&cluster, extension)) {
            println!("{}: left out, the server has no extension {missing}", page.path);
            n_skipped += 1;
            continue;
        }
        let database = format!("page_{number}");
        cluster.connect().batch_execute(&format!("CREATE DATABASE {database}")).expect("CREATE DATABASE");
        let mut client = cluster.connect_to(&database);
        let blocks = page.blocks();
        for block in &blocks {
            run(&mut client, &page.path, block);
        }
        let outputs = blocks.iter().filter(|block| block.output.is_some()).count();
        println!("{}: {} blocks of SQL, {outputs} outputs compared", page.path, blocks.len());
        n_pages += 1;
        n_blocks += blocks.len();
        n_outputs += outputs;
    }
    println!("{n_pages} pages, {n_blocks} blocks of SQL, {n_outputs} outputs compared, {n_skipped} pages skipped");
    // Pages that are not found would not be missed.
    assert!(n_pages + n_skipped >= 25, "only {n_pages} pages, {n_skipped} skipped");
    cluster.finish();
}

fn is_available(cluster: &Cluster, extension: &str) -> bool {
    let known = "SELECT FROM pg_available_extensions WHERE name = $1";
    cluster.connect().query_opt(known, &[&extension]).expect(known).is_some()
}

fn run(client: &mut Client, page: &str, block: &Block) {
    let (line, sql) = (block.line, &block.sql);
    let messages = match client.simple_query(sql) {
        Ok(messages) => messages,
        Err(e) => panic!("{page}:{line}: {}\n{sql}", oracle::describe(&e)),
    };
    let Some(expected) = &block.output else { return };
    let given = last_rows(&messages);
    assert_eq!(&given, expected, "{page}:{line}: what is given differs from what the page says\n{sql}");
}

/// The names of the columns and the rows of the last statement that has any.
fn last_rows(messages: &[SimpleQueryMessage]) -> Vec<Vec<String>> {
    let mut table: Vec<Vec<String>> = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                table = vec![columns.iter().map(|column| column.name().trim().to_string()).collect()];
            }
            SimpleQueryMessage::Row(row) => {
                table.push((0..row.len()).map(|i| row.get(i).unwrap_or("").trim().to_string()).collect());
            }
            _ => (),
        }
    }
    table
}
