//! Bytes of write-ahead log. Only our index writes generic records here, so what `pg_waldump` counts of those is ours.

use crate::server::Server;
use pg_wand_tests::cluster::pg_config;
use std::process::Command;

pub fn position(server: &mut Server) -> String {
    server.row("SELECT pg_current_wal_insert_lsn()::text").get(0)
}

/// All bytes between two positions.
pub fn bytes(server: &mut Server, from: &str, to: &str) -> f64 {
    server.row(&format!("SELECT ('{to}'::pg_lsn - '{from}'::pg_lsn)::float8")).get(0)
}

/// Ours among the bytes between two positions, and how many of those are images of whole pages.
pub fn ours(server: &mut Server, from: &str, to: &str) -> (f64, f64) {
    // What is to be read must have been written.
    server.run("SELECT pg_logical_emit_message(true, '', '')");
    let folder = server.folder().join("data/pg_wal");
    let mut command = Command::new(format!("{}/pg_waldump", pg_config("--bindir")));
    let command = command.arg("-p").arg(folder).args(["--stats", "-s", from, "-e", to]);
    let output = command.output().expect("pg_waldump");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.trim_start().starts_with("Generic "));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    // Name, then count, bytes of records, of images, and of both, each with its share in brackets.
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [_, _, images, all] = numbers[..] else { panic!("not as expected: {line}") };
    (all, images)
}
