//! The statements of an SQL script, taken apart as far as rules about them need it.

/// A statement.
pub struct Statement {
    /// Without comments, in one line.
    pub text: String,
    /// The same, each string in quotes replaced by `''`.
    pub code: String,
    /// Those strings.
    pub quoted: Vec<String>,
}

/// The statements of a script.
pub fn statements(script: &str) -> Vec<Statement> {
    let (mut found, mut text, mut code, mut quoted) = (Vec::new(), String::new(), String::new(), Vec::new());
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '-' if characters.peek() == Some(&'-') => {
                characters.by_ref().find(|c| *c == '\n');
                text.push(' ');
                code.push(' ');
            }
            '\'' => {
                let mut string = String::new();
                while let Some(c) = characters.next() {
                    if c == '\'' && characters.peek() != Some(&'\'') {
                        break;
                    } else if c == '\'' {
                        characters.next();
                    }
                    string.push(c);
                }
                text += &format!("'{string}'");
                code += "''";
                quoted.push(string);
            }
            ';' => {
                let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                let quoted = std::mem::take(&mut quoted);
                found.push(Statement { text: one_line(&text), code: one_line(&code), quoted });
                text.clear();
                code.clear();
            }
            c => {
                text.push(c);
                code.push(c);
            }
        }
    }
    assert!(code.trim().is_empty(), "a script ends in the middle of a statement: {code}");
    found
}

impl Statement {
    /// Whether the words are in its code, in capital letters or not.
    pub fn has(&self, words: &str) -> bool {
        let code = format!(" {} ", self.code.to_uppercase());
        let words = words.to_uppercase();
        code.match_indices(&words).any(|(at, _)| {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let before = code[..at].chars().next_back().is_some_and(is_part) && words.starts_with(is_part);
            let after = code[at + words.len()..].chars().next().is_some_and(is_part) && words.ends_with(is_part);
            !before && !after
        })
    }

    /// Names before a bracket that have no schema, but for `allowed` words.
    pub fn bare_calls(&self, allowed: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices('(') {
            let before = self.code[..at].trim_end();
            let word = last_word(before);
            let rest = &before[..before.len() - word.len()];
            let is_ours = rest.ends_with('.') || word.is_empty() || rest.ends_with('@');
            let is_number = word.chars().all(|c| c.is_ascii_digit());
            if !is_ours && !is_number && !allowed.contains(&word.to_uppercase().as_str()) {
                found.push(word.to_string());
            }
        }
        found
    }

    /// What stands after words that name types, tables and functions, without a schema.
    pub fn bare_names(&self) -> Vec<String> {
        const BEFORE: [&str; 15] = [
            "::",
            " FROM ",
            " JOIN ",
            " LATERAL ",
            "RETURNS ",
            "SETOF ",
            "LEFTARG = ",
            "RIGHTARG = ",
            "FUNCTION = ",
            "SFUNC = ",
            "STYPE = ",
            "FINALFUNC = ",
            "COMBINEFUNC = ",
            "RESTRICT = ",
            "SERIALFUNC = ",
        ];
        let mut found = Vec::new();
        for word in BEFORE {
            for (at, _) in self.code.match_indices(word) {
                let name: String = self.code[at + word.len()..].chars().take_while(|c| !" (,;)".contains(*c)).collect();
                let is_full = name.contains("@extschema@.") || name.starts_with("pg_catalog.");
                // `JOIN` also names an estimator.
                let is_word = name.is_empty() || ["SETOF", "PUBLIC", "LATERAL", "="].contains(&name.as_str());
                if !is_full && !is_word {
                    found.push(name);
                }
            }
        }
        found
    }

    /// Whether it computes something: the body of a function, a view, a query.
    pub fn has_expressions(&self) -> bool {
        self.code.contains(" RETURN ") || self.code.starts_with("CREATE VIEW") || self.code.starts_with("SELECT")
    }

    /// Operators other than by `OPERATOR(schema.name)`.
    pub fn bare_operators(&self) -> Vec<String> {
        let mut code = self.code.replace("@extschema@", "x").replace("::", " ");
        while let Some(at) = code.find("OPERATOR(") {
            let end = code[at..].find(')').map_or(code.len(), |length| at + length + 1);
            code.replace_range(at..end, " ");
        }
        code.split(|c| !"=<>+-*/~!@#%^&|`?".contains(c)).filter(|o| !o.is_empty()).map(String::from).collect()
    }

    /// The types of a function's arguments.
    pub fn argument_types(&self) -> Vec<String> {
        let Some(begin) = self.code.find('(') else { return Vec::new() };
        let (mut depth, mut end) = (0, begin);
        for (at, c) in self.code[begin..].char_indices() {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if depth == 0 {
                end = begin + at;
                break;
            }
        }
        let arguments = self.code[begin + 1..end].split(',').map(str::trim).filter(|argument| !argument.is_empty());
        arguments
            .map(|argument| {
                let argument = argument.split(" DEFAULT ").next().unwrap_or_default();
                argument.rsplit(' ').next().unwrap_or_default().to_string()
            })
            .collect()
    }
}

fn last_word(text: &str) -> &str {
    let length: usize = text.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
    &text[text.len() - length..]
}
