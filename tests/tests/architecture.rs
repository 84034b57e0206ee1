//! The layers api -> am -> storage -> engine hold: nothing uses what stands left of it, the engine knows neither
//! PostgreSQL nor the outside world, and `unsafe` stays where the server is touched (`src/error.rs` hands errors to
//! it).
//!
//! It reads the sources: `use` lines, `crate::` paths and the word `unsafe`, with comments and strings taken out.

use pg_wand_tests::project_root;
use std::fs;
use std::path::{Path, PathBuf};

struct Layer {
    folder: &'static str,
    /// What its code must not name.
    forbidden: &'static [&'static str],
}

const LAYERS: [Layer; 3] = [
    Layer {
        folder: "engine",
        forbidden: &[
            "pgrx",
            "crate::api",
            "crate::am",
            "crate::storage",
            "crate::error",
            "std::fs",
            "std::net",
            "std::thread",
            "std::time",
            "std::env",
        ],
    },
    Layer { folder: "storage", forbidden: &["crate::api", "crate::am"] },
    Layer { folder: "am", forbidden: &["crate::api"] },
];

const STD_GROUPS: [&str; 5] = ["fs", "net", "thread", "time", "env"];

#[test]
fn layers_point_one_way() {
    let mut breaches = Vec::new();
    for layer in &LAYERS {
        for file in sources(&project_root().join("src").join(layer.folder)) {
            let code = code_of(&file);
            for (number, line) in statements(&code) {
                let flat = flatten(&line);
                for word in layer.forbidden {
                    // Tests may take their sizes from the environment, and the time.
                    if names(&flat, word) && !(word.starts_with("std::") && is_test(&file)) {
                        breaches.push(format!("{}:{number}: {} uses {word}", show(&file), layer.folder));
                    }
                }
                breaches.extend(grouped(&flat, layer).map(|what| format!("{}:{number}: {what}", show(&file))));
            }
        }
    }
    assert!(breaches.is_empty(), "breaches of the layer rule:\n{}", breaches.join("\n"));
}

#[test]
fn unsafe_stays_at_the_border() {
    let src = project_root().join("src");
    let mut breaches = Vec::new();
    for file in sources(&src) {
        let path = file.strip_prefix(&src).expect("under src").to_string_lossy().replace('\\', "/");
        let border = ["storage", "am", "api", "error"]
            .iter()
            .any(|l| path.starts_with(&format!("{l}/")) || path == format!("{l}.rs"));
        let simd = path.starts_with("engine/") && path.contains("/simd");
        if border || simd {
            continue;
        }
        for (number, line) in code_of(&file).lines().enumerate() {
            if words(line).any(|word| word == "unsafe") {
                breaches.push(format!("{}:{}: unsafe", show(&file), number + 1));
            }
        }
    }
    assert!(breaches.is_empty(), "unsafe code outside the border:\n{}", breaches.join("\n"));
}

/// `use std::{fs, io}` and `use crate::{am, engine}` name their modules without the full path.
fn grouped<'a>(flat: &'a str, layer: &'a Layer) -> impl Iterator<Item = String> + 'a {
    let mut found = Vec::new();
    for (prefix, modules) in [("std::{", &STD_GROUPS[..]), ("crate::{", &["api", "am", "storage", "error"][..])] {
        let Some(at) = flat.find(prefix) else { continue };
        let root = prefix.trim_end_matches('{');
        for item in top_items(&flat[at + prefix.len()..]) {
            let module = item.trim().split("::").next().unwrap_or_default();
            let full = format!("{root}{module}");
            if modules.contains(&module) && layer.forbidden.contains(&full.as_str()) {
                found.push(format!("{} uses {full}", layer.folder));
            }
        }
    }
    found.into_iter()
}

/// One space where there was white space, none around `::`.
fn flatten(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ::", "::").replace(":: ", "::")
}

/// The items of a braced list, up to its end, without what is nested in them.
fn top_items(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().expect("never empty").push(c),
            _ => (),
        }
    }
    items
}

/// Whether the path occurs as a whole: `crate::am` but not `crate::amount`.
fn names(flat: &str, path: &str) -> bool {
    flat.match_indices(path).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        !flat[..at].ends_with(is_word) && !flat[at + path.len()..].starts_with(is_word)
    })
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Lines with their numbers; a `use` that goes over several lines comes as one.
fn statements(code: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in code.lines().enumerate() {
        if open {
            let whole = &mut all.last_mut().expect("open").1;
            whole.push(' ');
            whole.push_str(line);
        } else {
            all.push((number + 1, line.to_string()));
        }
        let start = line.trim_start();
        let is_use = start.starts_with("use ") || (start.starts_with("pub") && start.contains(" use "));
        open = (open || is_use) && !line.contains(';');
    }
    all
}

/// The source without comments and without what stands in string literals; line numbers stay.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    let mut code = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with('"') {
            string_length(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').map_or(rest.len(), |at| at + 2)
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        code.extend(rest[..skip].chars().filter(|c| *c == '\n'));
        rest = &rest[skip..];
    }
    code
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => (),
        }
    }
    text.len()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_test(file: &Path) -> bool {
    file.components().any(|c| c.as_os_str() == "tests") || show(file).ends_with("tests.rs")
}

fn show(file: &Path) -> String {
    file.strip_prefix(project_root()).unwrap_or(file).display().to_string()
}
