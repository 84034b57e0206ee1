//! A table with a filter column of every kind: what its rows hold, and what each column can be compared with.
//!
//! Values are drawn so that many rows share one, or each has its own, or few have most; among them are those that are
//! written differently and are equal (1.0 and 1.00, -0 and 0, 24 hours and a day, upper and lower case for a collation
//! that does not tell them apart), and the ends of their types.

use crate::corpus::{self, Profile};
use crate::oracle;
use crate::random::Random;
use postgres::Client;
use std::fmt::Write as _;
use std::io::Write as _;

/// The text of a value for row `id`.
pub type Make = fn(&mut Random, i64) -> String;

/// A filter column.
pub struct Column {
    pub name: &'static str,
    /// Type and collation.
    declaration: &'static str,
    value: Make,
    pub arguments: &'static [Argument],
}

/// A type that a column is compared with.
pub struct Argument {
    pub type_name: &'static str,
    /// Mostly values that some row has.
    make: Make,
    odd: &'static [&'static str],
    /// Whether an index on the column can serve the comparison.
    pub served: bool,
}

impl Argument {
    const fn new(type_name: &'static str, make: Make, odd: &'static [&'static str]) -> Self {
        Self { type_name, make, odd, served: true }
    }

    /// One that makes PostgreSQL convert the column, or compare by another collation.
    const fn unserved(type_name: &'static str, make: Make, odd: &'static [&'static str]) -> Self {
        Self { type_name, make, odd, served: false }
    }

    /// A value in the terms of a table whose ids end at `greatest`.
    pub fn value(&self, random: &mut Random, greatest: i64) -> String {
        if !self.odd.is_empty() && random.chance(0.15) {
            return random.pick(self.odd).to_string();
        }
        let id = random.below(greatest.unsigned_abs() as usize + 1) as i64;
        (self.make)(random, id)
    }
}

const INT2: &[&str] = &["-32768", "32767", "-1"];
const INT4: &[&str] = &["-2147483648", "2147483647", "-1", "32768"];
const INT8: &[&str] = &["-9223372036854775808", "9223372036854775807", "-1", "2147483648"];
const FLOAT: &[&str] = &["NaN", "Infinity", "-Infinity", "-0", "1e-30"];
const DATES: &[&str] = &["infinity", "-infinity", "5874897-01-01", "4713-01-01 BC"];
const TIMES: &[&str] = &["infinity", "-infinity", "294276-01-01", "4713-01-01 BC"];
const TEXTS: &[&str] = &["", " ", "zzzz", "A", "\u{e9}t\u{e9}"];

/// In `docs` after `id`, `plain`, which no index has, and `emb`.
pub static COLUMNS: [Column; 23] = [
    Column { name: "flag", declaration: "boolean", value: flag, arguments: &[Argument::new("boolean", flag, &[])] },
    Column {
        name: "few",
        declaration: "integer",
        value: few,
        arguments: &[
            Argument::new("integer", few, INT4),
            Argument::new("bigint", few, INT8),
            Argument::new("smallint", few, INT2),
            Argument::unserved("numeric", few, &["3.5", "NaN"]),
        ],
    },
    Column {
        name: "skewed",
        declaration: "integer",
        value: skewed,
        arguments: &[
            Argument::new("integer", skewed, INT4),
            Argument::new("bigint", skewed, INT8),
            Argument::new("smallint", skewed, INT2),
            Argument::unserved("double precision", skewed, FLOAT),
        ],
    },
    Column {
        name: "small",
        declaration: "smallint",
        value: small,
        arguments: &[
            Argument::new("smallint", small, INT2),
            Argument::new("integer", small, INT4),
            Argument::new("bigint", small, INT8),
        ],
    },
    Column {
        name: "wide",
        declaration: "bigint",
        value: wide,
        arguments: &[
            Argument::new("bigint", wide, INT8),
            Argument::new("integer", small, INT4),
            Argument::new("smallint", small, INT2),
        ],
    },
    Column {
        name: "share",
        declaration: "real",
        value: share,
        arguments: &[Argument::new("real", share, FLOAT), Argument::new("double precision", share, FLOAT)],
    },
    Column {
        name: "ratio",
        declaration: "double precision",
        value: ratio,
        arguments: &[Argument::new("double precision", ratio, FLOAT), Argument::new("real", share, FLOAT)],
    },
    Column {
        name: "amount",
        declaration: "numeric",
        value: amount,
        arguments: &[
            Argument::new("numeric", amount, &["NaN", "Infinity", "-Infinity", "1.000", "1e-20"]),
            Argument::new("integer", few, INT4),
            Argument::unserved("double precision", few, FLOAT),
        ],
    },
    Column {
        name: "label",
        declaration: "text COLLATE spoken",
        value: label,
        arguments: &[Argument::new("text", label, TEXTS)],
    },
    Column {
        name: "word",
        declaration: "text",
        value: word,
        arguments: &[Argument::new("text", word, TEXTS), Argument::unserved("name", word, &["zzzz"])],
    },
    Column {
        name: "code",
        declaration: "text COLLATE \"C\"",
        value: code,
        arguments: &[Argument::new("text", code, TEXTS), Argument::new("name", title, &["", "zzzz"])],
    },
    Column {
        name: "folded",
        declaration: "text COLLATE folding",
        value: folded,
        arguments: &[Argument::new("text", folded, TEXTS)],
    },
    Column {
        name: "tag",
        declaration: "varchar(20)",
        value: tag,
        arguments: &[Argument::new("varchar", tag, TEXTS), Argument::new("text", tag, TEXTS)],
    },
    Column {
        name: "pad",
        declaration: "char(6)",
        value: pad,
        arguments: &[Argument::new("bpchar", pad, &["", "zzzz"]), Argument::unserved("text", pad, TEXTS)],
    },
    Column {
        name: "title",
        declaration: "name",
        value: title,
        arguments: &[Argument::new("name", title, &["", "zzzz"]), Argument::new("text", title, TEXTS)],
    },
    Column {
        name: "raw",
        declaration: "bytea",
        value: raw,
        arguments: &[Argument::new("bytea", raw, &["\\x", "\\x00", "\\xff"])],
    },
    Column { name: "key", declaration: "uuid", value: key, arguments: &[Argument::new("uuid", key, &[])] },
    Column {
        name: "day",
        declaration: "date",
        value: day,
        arguments: &[
            Argument::new("date", day, DATES),
            Argument::new("timestamp", moment, TIMES),
            Argument::new("timestamptz", stamp, TIMES),
        ],
    },
    Column {
        name: "stamp",
        declaration: "timestamptz",
        value: stamp,
        arguments: &[
            Argument::new("timestamptz", stamp, TIMES),
            Argument::new("timestamp", moment, TIMES),
            Argument::new("date", day, DATES),
        ],
    },
    Column {
        name: "moment",
        declaration: "timestamp",
        value: moment,
        arguments: &[
            Argument::new("timestamp", moment, TIMES),
            Argument::unserved("timestamptz", stamp, TIMES),
            Argument::new("date", day, DATES),
        ],
    },
    Column {
        name: "span",
        declaration: "interval",
        value: span,
        arguments: &[Argument::new("interval", span, &["1 year", "-1 mon"])],
    },
    Column { name: "mood", declaration: "mood", value: mood, arguments: &[Argument::new("mood", mood, &[])] },
    Column { name: "net", declaration: "inet", value: net, arguments: &[Argument::new("inet", net, &["::1"])] },
];

fn flag(random: &mut Random, _: i64) -> String {
    random.pick(&["f", "t", "t"]).to_string()
}

fn few(random: &mut Random, _: i64) -> String {
    random.below(10).to_string()
}

/// Of 1,000 values, as in Zipf's law.
fn skewed(random: &mut Random, _: i64) -> String {
    (1_000f64.powf(random.unit()) as i64).to_string()
}

fn small(random: &mut Random, _: i64) -> String {
    (random.below(300) as i64 - 150).to_string()
}

/// Every row's own.
fn wide(_: &mut Random, id: i64) -> String {
    id.wrapping_mul(0x1E37_79B9_7F4A_7C15).to_string()
}

fn share(random: &mut Random, _: i64) -> String {
    if random.chance(0.1) {
        return random.pick(FLOAT).to_string();
    }
    format!("{}", random.below(30) as f32 / 7.0)
}

fn ratio(random: &mut Random, _: i64) -> String {
    match random.below(4) {
        0 => random.pick(&["NaN", "Infinity", "-Infinity", "-0", "0"]).to_string(),
        1 => format!("{:e}", random.unit() - 0.5),
        // Of some of these the value is the same as a real's.
        2 => format!("{}", f64::from(random.below(30) as f32 / 7.0)),
        _ => format!("{}", random.below(40) as f64 / 8.0),
    }
}

fn amount(random: &mut Random, _: i64) -> String {
    match random.below(4) {
        0 => random.pick(&["1", "1.0", "1.00", "NaN", "-0.5", "1e30", "Infinity", "0.00"]).to_string(),
        1 => format!("{}.{:02}", random.below(1_000_000), random.below(100)),
        _ => format!("{}.{}", random.below(10), random.pick(&["0", "00", "5", "50"])),
    }
}

fn label(random: &mut Random, _: i64) -> String {
    random.pick(&["apple", "Apple", "\u{c4}pfel", "zebra", "Zebra", "a b", "a-b", "ab", ""]).to_string()
}

fn word(random: &mut Random, _: i64) -> String {
    format!("w{:x}", random.below(1 << 12))
}

/// One in 50 is long.
fn code(random: &mut Random, id: i64) -> String {
    if random.chance(0.02) {
        let mut random = Random::new(id as u64);
        return (0..90).map(|_| format!("{:016x}", random.next_u64())).collect();
    }
    format!("{:05}/{}", id, random.below(2))
}

fn folded(random: &mut Random, _: i64) -> String {
    let name = *random.pick(&["anna", "bob", "chloe", "dora", "emil", "stra\u{df}e", "zo\u{eb}"]);
    name.chars().map(|c| if random.chance(0.3) { c.to_ascii_uppercase() } else { c }).collect()
}

fn tag(random: &mut Random, _: i64) -> String {
    format!("tag {}{}", random.below(60), random.pick(&["", "", " "]))
}

fn pad(random: &mut Random, _: i64) -> String {
    format!("{}{}", random.pick(&["a", "ab", "abc", "b", ""]), random.pick(&["", " ", "  "]))
}

fn title(random: &mut Random, _: i64) -> String {
    format!("{:05}/{}", random.below(40), random.below(2))
}

fn raw(random: &mut Random, _: i64) -> String {
    format!("\\x{:02x}{}", random.below(90), random.pick(&["", "00", "ff"]))
}

fn key(_: &mut Random, id: i64) -> String {
    let mut own = Random::new(id as u64);
    let (a, b) = (own.next_u64(), own.next_u64());
    format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xffff, b >> 48, b & 0xffff_ffff_ffff)
}

fn day(random: &mut Random, _: i64) -> String {
    if random.chance(0.05) {
        return random.pick(&DATES[..2]).to_string();
    }
    format!("2024-{:02}-{:02}", 1 + random.below(12), 1 + random.below(28))
}

/// Every row's own.
fn stamp(_: &mut Random, id: i64) -> String {
    let (minute, hour, day) = (id % 60, id / 60 % 24, id / 60 / 24);
    format!("2024-{:02}-{:02} {hour:02}:{minute:02}+00", 1 + day / 28 % 12, 1 + day % 28)
}

fn moment(random: &mut Random, id: i64) -> String {
    let time = *random.pick(&["00:00", "00:00:00.000001", "12:00", "23:59:59"]);
    match day(random, id) {
        end if end.contains("infinity") => end,
        day => format!("{day} {time}"),
    }
}

fn span(random: &mut Random, _: i64) -> String {
    match random.below(3) {
        0 => format!("{} hours", random.below(100)),
        _ => random.pick(&["1 day", "24 hours", "1 mon", "30 days", "720:00:00", "-1 day"]).to_string(),
    }
}

fn mood(random: &mut Random, _: i64) -> String {
    random.pick(&["sad", "ok", "happy", "happy"]).to_string()
}

fn net(random: &mut Random, _: i64) -> String {
    format!("10.0.{}.{}{}", random.below(3), random.below(60), random.pick(&["", "", "/24", "/8"]))
}

/// The extension and what the table's columns need. `spoken` is a language's collation, `folding` one to which
/// upper and lower case are equal, if the server has ICU.
pub fn prepare(client: &mut Client) {
    let sql = "CREATE EXTENSION pg_wand; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')";
    client.batch_execute(sql).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
    let with_icu = "CREATE COLLATION spoken (provider = icu, locale = 'en');
        CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";
    if let Err(e) = client.batch_execute(with_icu) {
        println!("only collation C: {}", oracle::describe(&e));
        let without = "CREATE COLLATION spoken FROM \"C\"; CREATE COLLATION folding FROM \"C\"";
        client.batch_execute(without).unwrap_or_else(|e| panic!("{}", oracle::describe(&e)));
    }
}

/// What stands between the brackets of CREATE TABLE.
pub fn declarations() -> String {
    let mut text = String::from("id bigint, plain integer, emb svec");
    for column in &COLUMNS {
        write!(text, ", {} {}", column.name, column.declaration).expect("writing to a string");
    }
    text
}

/// Adds rows with ids from `first`.
pub fn insert(client: &mut Client, profile: Profile, random: &mut Random, first: i64, rows: usize) {
    let mut text = String::new();
    for id in first..first + rows as i64 {
        let emb = corpus::document(profile, random).map_or("\\N".into(), |vector| corpus::literal(&vector));
        write!(text, "{id}\t{}\t{emb}", random.below(5)).expect("writing to a string");
        for column in &COLUMNS {
            let value = if random.chance(0.1) { "\\N".into() } else { copied(&(column.value)(random, id)) };
            write!(text, "\t{value}").expect("writing to a string");
        }
        text.push('\n');
    }
    let mut writer = client.copy_in("COPY docs FROM STDIN").expect("COPY");
    // A failed write shows in finish().
    let _ = writer.write_all(text.as_bytes());
    writer.finish().unwrap_or_else(|e| panic!("COPY: {}", oracle::describe(&e)));
}

fn copied(value: &str) -> String {
    value.replace('\\', "\\\\")
}

/// SQL for a change of some rows: filter values of their neighbours, or vectors.
pub fn change(random: &mut Random, rows: &str) -> String {
    let n = 1 + random.below(6);
    let mut columns: Vec<&str> = (0..n).map(|_| random.pick(&COLUMNS).name).collect();
    if random.chance(0.3) {
        columns.push("emb");
    }
    columns.sort_unstable();
    columns.dedup();
    let neighbours: Vec<String> =
        columns.iter().map(|name| format!("(SELECT {name} FROM docs o WHERE o.id = docs.id + 1)")).collect();
    let assignments: Vec<String> =
        columns.iter().zip(&neighbours).map(|(name, value)| format!("{name} = {value}")).collect();
    format!("UPDATE docs SET {} WHERE {rows}", assignments.join(", "))
}
