//! What the README shows works: every block of SQL in it runs, in order, in one session of a fresh database.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::{oracle, project_root};
use std::fs;

#[test]
fn every_sql_block_of_the_readme_runs() {
    let text = fs::read_to_string(project_root().join("README.md")).expect("README.md");
    let blocks = sql_blocks(&text);
    assert!(!blocks.is_empty(), "no SQL in the README");
    let cluster = Cluster::start_new(&[]);
    cluster.connect().batch_execute("CREATE DATABASE readme").expect("CREATE DATABASE");
    let mut client = cluster.connect_to("readme");
    for (line, sql) in &blocks {
        if let Err(e) = client.simple_query(sql) {
            panic!("README.md:{line}: {}\n{sql}", oracle::describe(&e));
        }
    }
    println!("{} blocks of SQL", blocks.len());
    drop(client);
    cluster.finish();
}

/// The fenced blocks marked `sql`, with the line each begins on.
fn sql_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        match line.trim() {
            "```sql" => {
                inside = true;
                blocks.push((number + 2, String::new()));
            }
            "```" => inside = false,
            _ if inside => {
                let block = &mut blocks.last_mut().expect("inside a block").1;
                block.push_str(line);
                block.push('\n');
            }
            _ => (),
        }
    }
    blocks
}
