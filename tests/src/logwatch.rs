//! Reads a server's log: some words there fail a test, whatever its client saw.
//!
//! The cluster logs every error with its SQLSTATE (`log_error_verbosity = verbose`).

use std::path::Path;

const FORBIDDEN: [&str; 9] = [
    "terminated by signal",
    "PANIC:",
    "TRAP:",
    "leak",
    "refcount",
    "still referenced",
    ": XX000:",
    ": XX001:",
    ": XX002:",
];

/// The offending lines with their numbers; `ERROR:  XX000: ...` has its code after the severity.
pub fn offences(log: &Path) -> Vec<String> {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let is_offence = |line: &str| {
        let line = line.replace(":  XX", ": XX");
        FORBIDDEN.iter().any(|word| line.contains(word))
    };
    text.lines().enumerate().filter(|(_, l)| is_offence(l)).map(|(n, l)| format!("{}: {l}", n + 1)).collect()
}

/// How many lines have `word`.
pub fn count(log: &Path, word: &str) -> usize {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    text.lines().filter(|line| line.contains(word)).count()
}

/// The last lines, for a failure's report.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
