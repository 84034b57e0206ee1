//! Options: a JSON object whose keys depend on the method and the normaliser. What is read is remembered, so that a
//! key which nobody asked for can be refused with the list of those that exist.

use serde_json::{Map, Value};

use super::error::{FusionError, Result, with_room};
use crate::engine::memory::json_bytes;
use crate::engine::vector::error::excerpt;

/// Options that have not been read yet.
#[derive(Debug, Default)]
pub struct Options {
    rest: Map<String, Value>,
    asked: Vec<&'static str>,
}

impl Options {
    /// From text; `None` and JSON's null are no options.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        let read = |text: &str| with_room(json_bytes(text), || serde_json::from_str(text));
        let rest = match text.map(read).transpose()? {
            None | Some(Ok(Value::Null)) => Map::new(),
            Some(Ok(Value::Object(members))) => members,
            Some(Ok(_)) => return Err(problem("They are not a JSON object")),
            Some(Err(error)) => return Err(problem(&format!("They are not JSON: {error}"))),
        };
        Ok(Self { rest, asked: Vec::new() })
    }

    /// The value of a key; null is as good as none.
    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.rest.remove(key).filter(|value| !value.is_null())
    }

    /// A number within a range, both ends included.
    pub fn number(&mut self, key: &'static str, within: (f64, f64), range: &'static str) -> Result<Option<f64>> {
        self.value(key).map(|value| number(key, &value, within, range)).transpose()
    }

    /// A whole number within a range.
    pub fn whole(&mut self, key: &'static str, within: (u64, u64), range: &'static str) -> Result<Option<u64>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive and below 2^53")]
        let from_float = |value: f64| (value.fract() == 0.0 && (0.0..9e15).contains(&value)).then_some(value as u64);
        match value.as_u64().or_else(|| value.as_f64().and_then(from_float)) {
            Some(whole) if whole >= within.0 && whole <= within.1 => Ok(Some(whole)),
            _ => Err(FusionError::OutOfRange { argument: format!("option {key}"), value: shown(&value), range }),
        }
    }

    /// A name, in lower case.
    pub fn name(&mut self, key: &'static str) -> Result<Option<String>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.to_ascii_lowercase())),
            Some(value) => Err(problem(&format!("The value of \"{key}\" is {}, not a string", shown(&value)))),
        }
    }

    /// A number for each list: an array of them, where null says none, or one for all.
    pub fn per_list(&mut self, key: &'static str, n_lists: usize) -> Result<Option<Vec<Option<f64>>>> {
        let read = |value: &Value| number(key, value, (-f64::MAX, f64::MAX), "Give finite numbers.");
        match self.value(key) {
            None => Ok(None),
            Some(Value::Array(values)) if values.len() == n_lists => {
                let read = |value: &Value| if value.is_null() { Ok(None) } else { read(value).map(Some) };
                values.iter().map(read).collect::<Result<_>>().map(Some)
            }
            Some(Value::Array(values)) => {
                let given = values.len();
                Err(problem(&format!("\"{key}\" has {given} elements and there are {n_lists} lists")))
            }
            Some(value) => read(&value).map(|one| Some(vec![Some(one); n_lists])),
        }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) -> Result<()> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(key) => {
                let key = excerpt(key.as_bytes());
                Err(FusionError::UnknownOption { key, known: self.asked.join(", ") })
            }
        }
    }
}

fn number(key: &str, value: &Value, within: (f64, f64), range: &'static str) -> Result<f64> {
    match value.as_f64() {
        Some(number) if number >= within.0 && number <= within.1 => Ok(number),
        _ => Err(FusionError::OutOfRange { argument: format!("option {key}"), value: shown(value), range }),
    }
}

fn problem(problem: &str) -> FusionError {
    FusionError::Options { problem: problem.into() }
}

/// A value for a message.
fn shown(value: &Value) -> String {
    excerpt(value.to_string().as_bytes())
}
