//! Pages of the documentation: their blocks of SQL, what a reader is told they give, what their tables name.

use crate::project_root;
use std::fs;
use std::path::Path;

/// A page, by its path in the project.
pub struct Page {
    pub path: String,
    pub text: String,
}

/// A fenced block marked `sql`.
pub struct Block {
    /// The line that it begins on.
    pub line: usize,
    pub sql: String,
    /// What the block marked `output` behind it says: names of columns, then rows.
    pub output: Option<Vec<Vec<String>>>,
}

impl Page {
    pub fn read(path: &str) -> Self {
        Self { path: path.into(), text: fs::read_to_string(project_root().join(path)).expect(path) }
    }

    /// The README and every page below docs that has SQL, in the order of their paths.
    pub fn all_with_sql() -> Vec<Self> {
        let mut paths = vec!["README.md".to_string()];
        collect(&project_root().join("docs"), "docs", &mut paths);
        paths.sort();
        paths.iter().map(|path| Self::read(path)).filter(|page| !page.blocks().is_empty()).collect()
    }

    /// Extensions that a page says it needs: `<!-- requires: vector -->` in its first lines.
    pub fn required(&self) -> Vec<&str> {
        self.text
            .lines()
            .take(5)
            .filter_map(|line| line.strip_prefix("<!-- requires:")?.strip_suffix("-->"))
            .map(str::trim)
            .collect()
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = None;
        let mut content = String::new();
        for (number, line) in self.text.lines().enumerate() {
            match (inside, line.strip_prefix("```")) {
                (None, Some(kind)) => {
                    inside = Some(kind);
                    content.clear();
                    if kind == "sql" {
                        blocks.push(Block { line: number + 2, sql: String::new(), output: None });
                    }
                }
                (Some(kind), Some("")) => {
                    inside = None;
                    match (kind, blocks.last_mut()) {
                        ("sql", Some(block)) => block.sql = content.clone(),
                        ("output", Some(block)) => {
                            assert!(block.output.is_none(), "{}:{}: a second output", self.path, block.line);
                            block.output = Some(table(&content));
                        }
                        ("output", None) => panic!("{}:{}: output of nothing", self.path, number + 1),
                        _ => (),
                    }
                }
                (Some(_), _) => {
                    content.push_str(line);
                    content.push('\n');
                }
                (None, None) => (),
            }
        }
        assert!(inside.is_none(), "{}: a block does not end", self.path);
        blocks
    }

    /// Rows of tables below the headings of this name, or of all tables: their cells.
    pub fn rows(&self, heading: Option<&str>) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut below = heading.is_none();
        let mut in_table = false;
        for line in self.text.lines() {
            if line.starts_with('#') && heading.is_some() {
                below = heading == Some(line.trim_start_matches('#').trim());
            }
            let Some(row) = line.strip_prefix('|') else {
                in_table = false;
                continue;
            };
            if row.trim_start().starts_with("---") {
                in_table = true;
            } else if in_table && below {
                rows.push(cells(row.strip_suffix('|').unwrap_or(row)));
            }
        }
        rows
    }

    /// What stands between backquotes, outside fenced blocks; blanks are one.
    pub fn code_spans(&self) -> Vec<String> {
        let mut prose = String::new();
        let mut fenced = false;
        for line in self.text.lines() {
            if line.starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                prose.push_str(line);
                prose.push('\n');
            }
        }
        spans(&prose)
    }
}

/// What stands between backquotes; blanks are one.
pub fn spans(prose: &str) -> Vec<String> {
    prose.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn collect(folder: &Path, name: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect(name) {
        let entry = entry.expect(name);
        let path = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &path, paths);
        } else if path.ends_with(".md") {
            paths.push(path);
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_string()).collect()
}

/// What psql prints, as cells: the line below the names and the number of rows are left out.
fn table(text: &str) -> Vec<Vec<String>> {
    let is_rule = |line: &str| line.chars().all(|c| matches!(c, '-' | '+' | ' '));
    let is_count = |line: &str| line.starts_with('(') && (line.ends_with(" rows)") || line.ends_with(" row)"));
    text.lines().filter(|line| !line.trim().is_empty() && !is_rule(line) && !is_count(line)).map(cells).collect()
}
