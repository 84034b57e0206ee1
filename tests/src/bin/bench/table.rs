//! A table in Markdown, columns as wide as they must be; those that hold only numbers stand to the right.

use std::fmt::Write;

pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
    n_columns: usize,
}

impl Table {
    pub fn new(title: &str, columns: &[&str]) -> Self {
        let head = columns.iter().map(ToString::to_string).collect();
        Self { title: title.into(), rows: vec![head], n_columns: columns.len() }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.n_columns, "a row of {}", self.title);
        self.rows.push(cells);
    }

    fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().map(|row| row[column].len()).max().unwrap_or(0)
    }

    fn is_number(&self, column: usize) -> bool {
        self.rows[1..].iter().all(|row| row[column].starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    }
}

/// The title, a blank line, the table, a blank line; nothing for a table without rows.
impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        writeln!(f, "{}\n", self.title)?;
        let columns: Vec<(usize, bool)> =
            (0..self.n_columns).map(|c| (self.width(c).max(4), self.is_number(c))).collect();
        for (at, row) in self.rows.iter().enumerate() {
            let mut line = String::from("|");
            let mut rule = String::from("|");
            for (cell, (width, right)) in row.iter().zip(&columns) {
                if *right {
                    write!(line, " {cell:>width$} |")?;
                    write!(rule, " {:-<1$}: |", "", width - 1)?;
                } else {
                    write!(line, " {cell:width$} |")?;
                    write!(rule, " {:-<width$} |", "")?;
                }
            }
            writeln!(f, "{line}")?;
            if at == 0 {
                writeln!(f, "{rule}")?;
            }
        }
        writeln!(f)
    }
}

/// `value` with two places.
pub fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

pub fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}
