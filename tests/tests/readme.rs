//! What the README and the pages in docs show works: every block of SQL on a page runs, in order, in one session of a fresh
//! database.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::{oracle, project_root};
use std::fs;

const PAGES: [&str; 7] = [
    "README.md",
    "docs/svec.md",
    "docs/filters.md",
    "docs/wand.md",
    "docs/weights.md",
    "docs/encoders.md",
    "docs/fusion.md",
];

#[test]
fn every_sql_block_of_the_readme_runs() {
    let cluster = Cluster::start_new(&[]);
    for file in ["tokenizer.json", "idf.json"] {
        cluster.place(&project_root().join("demo/pgdocs").join(file));
    }
    for (number, page) in PAGES.iter().enumerate() {
        let text = fs::read_to_string(project_root().join(page)).expect(page);
        let blocks = sql_blocks(&text);
        assert!(!blocks.is_empty(), "no SQL in {page}");
        let database = format!("page_{number}");
        cluster.connect().batch_execute(&format!("CREATE DATABASE {database}")).expect("CREATE DATABASE");
        let mut client = cluster.connect_to(&database);
        for (line, sql) in &blocks {
            if let Err(e) = client.simple_query(sql) {
                panic!("{page}:{line}: {}\n{sql}", oracle::describe(&e));
            }
        }
        println!("{page}: {} blocks of SQL", blocks.len());
    }
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
