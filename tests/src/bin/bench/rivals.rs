//! The engines that live in a Python process: starts `scripts/bench_rivals.py` and talks to it; its text has the
//! protocol.

use crate::report::Index;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const ENGINES: &str = "qdrant seismic bmp";

/// The engines that are wanted, by blanks.
pub fn wanted() -> String {
    let named = std::env::var("RIVALS").unwrap_or_else(|_| ENGINES.into());
    if named == "skip" { String::new() } else { named }
}

/// The process; `None` when no engine is wanted or there is no Python for them.
pub struct Rivals {
    process: Option<(Child, ChildStdin, BufReader<ChildStdout>)>,
    names: Vec<String>,
}

impl Rivals {
    pub fn none() -> Self {
        Self { process: None, names: Vec::new() }
    }

    pub fn start(folder: &Path, cache: &Path, wanted: &str) -> Result<(Self, Vec<Index>), String> {
        let Some(python) = std::env::var_os("BENCH_PYTHON").filter(|_| !wanted.is_empty()) else {
            return Ok((Self::none(), Vec::new()));
        };
        eprintln!("building {wanted}");
        let script = pg_wand_tests::project_root().join("scripts/bench_rivals.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder).arg(cache).args(wanted.split_whitespace());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
        let stdin = child.stdin.take().ok_or("no pipe")?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        let (mut names, mut indexes) = (Vec::new(), Vec::new());
        loop {
            let line = next_line(&mut stdout)?;
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["ready"] => break,
                ["engine", name, version, seconds, bytes] => {
                    let seconds = seconds.parse().map_err(|_| format!("no number in: {line}"))?;
                    let bytes = bytes.parse().map_err(|_| format!("no number in: {line}"))?;
                    indexes.push(Index { name: format!("{name} {version}"), seconds, bytes });
                    names.push((*name).to_string());
                }
                _ => eprintln!("{line}"),
            }
        }
        Ok((Self { process: Some((child, stdin, stdout)), names }, indexes))
    }

    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Milliseconds and ids of each query.
    pub fn run(&mut self, engine: &str, k: usize, count: usize, parameters: &str) -> (Vec<f64>, Vec<Vec<u32>>) {
        let (_, stdin, stdout) = self.process.as_mut().expect("only engines that are there are asked");
        writeln!(stdin, "run {engine} {k} {count} {parameters}").expect("the engines' process is alive");
        let times = next_line(stdout).expect("times");
        let ids = next_line(stdout).expect("ids");
        let numbers = |text: &str| text.split(',').map(|id| id.parse().expect("an id")).collect();
        let times = times.split(' ').map(|time| time.parse().expect("a time")).collect();
        (times, ids.split(' ').map(|text| if text.is_empty() { Vec::new() } else { numbers(text) }).collect())
    }

    /// The process ends with its standard input.
    pub fn finish(self) {
        if let Some((mut child, stdin, _)) = self.process {
            drop(stdin);
            let _ = child.wait();
        }
    }
}

fn next_line(from: &mut impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    match from.read_line(&mut line) {
        Ok(0) => Err("the engines' process has ended".into()),
        Ok(_) => Ok(line.trim_end_matches('\n').to_string()),
        Err(error) => Err(error.to_string()),
    }
}
