//! What the trained methods know of each list: read from the JSON that [`super::train`] writes, and applied to ranks.
//!
//! `{"method": "pos", "lists": [[0.5, 0.25], [0.75]]}`: an array of numbers for each list; for `map` a number; `slide`
//! also has `"window"`. `r` is the rank from 1, `n` the list's length, `s` the normalised score.
//!
//! | method | the numbers | an item's part | source |
//! | --- | --- | --- | --- |
//! | `bayes` | ln(P/(1 - P)) in each of [`BAYES_EDGES`]' buckets of ranks | that of r's bucket | Aslam, Montague 2001 |
//! | `pos` | P(relevant) at each rank | that of r; 0 beyond | Lillis et al. 2010 |
//! | `prob` | P(relevant) in segments of equal length | that of segment j, by j from 1 | Lillis et al. 2006 |
//! | `seg` | P(relevant) in segments, [`segment_end`] | that of r's segment, times s + 1; 0 beyond | Shokouhi 2007 |
//! | `slide` | P(relevant) at each rank | their mean over the window around r | Lillis et al. 2008 |
//! | `map` | mean average precision | that, by r | Lillis et al. 2010 |

use serde_json::{Map, Value, json};

use super::arith::finite;
use super::error::{FusionError, Result, push, with_room};
use super::names::Kind;
use super::normalise::length;
use super::{MAX_WINDOW, settings::WINDOW};
use crate::engine::vector::error::excerpt;

/// Ends of the buckets of BayesFuse; the first begins at rank 1. What comes after the last counts as if it were in it.
pub const BAYES_EDGES: [usize; 9] = [5, 10, 15, 20, 30, 100, 200, 500, 1000];

/// Segments of SegFuse.
pub const N_SEGMENTS: usize = 10;

/// The last rank of segment `j`, counted from 0: 10 x 2^j - 5, so 5, 15, 35 and on to 5,115.
pub fn segment_end(j: usize) -> usize {
    (10usize << j.min(N_SEGMENTS)) - 5
}

/// Which model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    Bayes,
    Pos,
    Prob,
    Seg,
    Slide,
    Map,
}

impl Trained {
    /// Those of the methods that are trained.
    pub fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Bayes => Self::Bayes,
            Kind::Pos => Self::Pos,
            Kind::Prob => Self::Prob,
            Kind::Seg => Self::Seg,
            Kind::Slide => Self::Slide,
            Kind::Map => Self::Map,
            _ => return None,
        })
    }

    /// As the model's JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bayes => "bayes",
            Self::Pos => "pos",
            Self::Prob => "prob",
            Self::Seg => "seg",
            Self::Slide => "slide",
            Self::Map => "map",
        }
    }

    /// How many numbers each list has.
    fn fits(self, n: usize) -> bool {
        match self {
            Self::Bayes => n == BAYES_EDGES.len(),
            Self::Seg => n == N_SEGMENTS,
            Self::Map => n == 1,
            Self::Prob => n > 0,
            Self::Pos | Self::Slide => true,
        }
    }
}

/// Bytes that a number takes at most while it is written: a value of the library and up to 24 characters, in lists and
/// a text that grow by doubling.
const WRITTEN: usize = 128;

/// A model of so many lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) trained: Trained,
    /// Of each list.
    pub(super) lists: Vec<Vec<f64>>,
    /// Ranks on either side of one; for `slide`.
    pub(super) window: usize,
}

impl Model {
    /// From JSON; a window that the user gives with the model overrides the model's.
    pub fn read(kind: Kind, json: Option<Value>, n_lists: usize, window: Option<u64>) -> Result<Self> {
        let Some(trained) = Trained::of(kind) else { return Err(bad("The method is not a trained one")) };
        let json = json.ok_or_else(|| bad("The method is a trained one and needs the option \"model\""))?;
        let Value::Object(members) = json else { return Err(bad("It is not a JSON object")) };
        match members.get("method").and_then(Value::as_str) {
            Some(name) if name == trained.name() => (),
            Some(name) => return Err(bad(&format!("It is one of method \"{}\"", excerpt(name.as_bytes())))),
            None => return Err(bad("It has no string \"method\"")),
        }
        let Some(Value::Array(lists)) = members.get("lists") else { return Err(bad("It has no array \"lists\"")) };
        if lists.len() != n_lists {
            return Err(bad(&format!("It is one of {} lists and there are {n_lists}", lists.len())));
        }
        let lists = lists.iter().map(|list| numbers(trained, list)).collect::<Result<_>>()?;
        let window = match window.or_else(|| members.get("window").and_then(Value::as_u64)).unwrap_or(0) {
            window if window <= MAX_WINDOW => usize::try_from(window).unwrap_or(0),
            window => {
                let value = window.to_string();
                return Err(FusionError::OutOfRange { argument: "model window".into(), value, range: WINDOW });
            }
        };
        Ok(Self { trained, lists, window })
    }

    /// As JSON.
    pub fn to_json(&self) -> Result<String> {
        let n: usize = self.lists.iter().map(|list| list.len().saturating_add(8)).sum();
        with_room(n.saturating_mul(WRITTEN).saturating_add(4096), || self.json_text())
    }

    fn json_text(&self) -> String {
        let mut members = Map::new();
        members.insert("method".into(), json!(self.trained.name()));
        let lists = match self.trained {
            Trained::Map => json!(self.lists.iter().map(|list| list.first().copied()).collect::<Vec<_>>()),
            _ => json!(self.lists),
        };
        members.insert("lists".into(), lists);
        if self.trained == Trained::Slide {
            members.insert("window".into(), json!(self.window));
        }
        Value::Object(members).to_string()
    }

    /// Whether not being in a list counts against an item.
    pub fn has_floor(&self) -> bool {
        self.trained == Trained::Bayes
    }

    /// The part of the item at index `at`, from 0, of list number `list`, which has `n` items; `score` is its
    /// normalised score, which only SegFuse reads.
    pub fn part(&self, list: usize, at: usize, n: usize, score: f64) -> f64 {
        let numbers = self.lists.get(list).map(Vec::as_slice).unwrap_or_default();
        let number = |index: usize| numbers.get(index).copied().unwrap_or(0.0);
        finite(match self.trained {
            Trained::Bayes => number(bucket(at)),
            Trained::Pos => number(at),
            Trained::Prob => {
                let segment = at / n.div_ceil(numbers.len().max(1)).max(1);
                number(segment) / length(segment + 1)
            }
            Trained::Seg => (0..N_SEGMENTS).find(|&j| at < segment_end(j)).map_or(0.0, number) * (score + 1.0),
            Trained::Slide => {
                let (first, last) = (at.saturating_sub(self.window), (at + self.window).min(n.saturating_sub(1)));
                let within = numbers.get(first..=last.min(numbers.len().saturating_sub(1))).unwrap_or_default();
                within.iter().fold(0.0, |sum, p| finite(sum + p)) / length(last + 1 - first)
            }
            Trained::Map => number(0) / length(at + 1),
        })
    }
}

/// The bucket of an index from 0.
pub fn bucket(at: usize) -> usize {
    BAYES_EDGES.iter().position(|&end| at < end).unwrap_or(BAYES_EDGES.len() - 1)
}

/// The log odds of an item that a list does not have: as if one in a thousand of them were relevant.
pub fn floor() -> f64 {
    (0.001f64 / 0.999).ln()
}

fn numbers(trained: Trained, json: &Value) -> Result<Vec<f64>> {
    let mut numbers = Vec::new();
    let single = std::slice::from_ref(json);
    let values = match json {
        Value::Array(values) => values.as_slice(),
        value if trained == Trained::Map && value.is_number() => single,
        _ => return Err(bad("Its lists are not of numbers")),
    };
    for value in values {
        push(&mut numbers, value.as_f64().ok_or_else(|| bad("Its lists are not of numbers"))?)?;
    }
    match numbers.len() {
        n if trained.fits(n) => Ok(numbers),
        n => Err(bad(&format!("A list has {n} numbers, which is wrong for this method"))),
    }
}

fn bad(problem: &str) -> FusionError {
    FusionError::Model { problem: problem.into() }
}
