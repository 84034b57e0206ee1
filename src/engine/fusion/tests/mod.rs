//! Fusion against naive formulas, written from the definitions, and against what must hold of any fusion.

mod aside;
mod chosen;
mod errors;
mod oracle;
mod properties;
mod smooth;
mod train;
pub mod whole;

use proptest::prelude::*;

use super::{Fused, FusionError, Given, List, Settings, fuse};

pub const N_ITEMS: u32 = 14;

/// A list that owns its elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    pub items: Vec<u32>,
    pub scores: Vec<f64>,
}

impl Ranking {
    pub fn list(&self) -> List<'_> {
        List { items: &self.items, scores: Some(&self.scores) }
    }
}

/// Everything that a user can say.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub method: String,
    pub weights: Option<Vec<f64>>,
    pub k: Option<f64>,
    pub normaliser: Option<String>,
    pub missing: Option<String>,
    pub on_equal: Option<String>,
    pub options: Option<String>,
}

impl Wish {
    pub fn of(method: &str) -> Self {
        Self { method: method.into(), ..Self::default() }
    }

    pub fn given(&self) -> Given<'_> {
        Given {
            weights: self.weights.as_deref(),
            k: self.k,
            normaliser: self.normaliser.as_deref(),
            missing: self.missing.as_deref(),
            on_equal: self.on_equal.as_deref(),
            options: self.options.as_deref(),
        }
    }

    pub fn try_run(&self, lists: &[Ranking]) -> Result<Fused, FusionError> {
        let settings = Settings::new(&self.method, lists.len(), self.given())?;
        let lists: Vec<List> = lists.iter().map(Ranking::list).collect();
        fuse(&lists, N_ITEMS, &settings, None, &mut || ())
    }

    pub fn run(&self, lists: &[Ranking]) -> Fused {
        self.try_run(lists).unwrap_or_else(|error| panic!("{}: {:?}", self.method, error))
    }
}

/// Distinct items with scores as given, in an order of their own or by falling score.
pub fn ranking(score: impl Strategy<Value = f64>, sorted: bool) -> impl Strategy<Value = Ranking> {
    let items = Just((0..N_ITEMS).collect::<Vec<u32>>()).prop_shuffle();
    let scores = proptest::collection::vec(score, 0..=N_ITEMS as usize);
    (items, scores).prop_map(move |(mut items, mut scores)| {
        items.truncate(scores.len());
        if sorted {
            scores.sort_by(|a, b| b.total_cmp(a));
        }
        Ranking { items, scores }
    })
}

/// Few different values, so that there are ties, constant lists and zeros; or any of moderate size.
pub fn some_score() -> impl Strategy<Value = f64> {
    prop_oneof![3 => (-3i8..6).prop_map(|n| f64::from(n) / 2.0), 2 => -50.0..100.0f64]
}

pub fn rankings() -> impl Strategy<Value = Vec<Ranking>> {
    proptest::collection::vec(ranking(some_score(), true), 1..6)
}

/// Weights for as many lists as there can be.
pub fn some_weights() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(prop_oneof![1 => Just(0.0), 1 => Just(1.0), 3 => 0.0..3.0f64], 6)
}

/// Equal but for rounding.
pub fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}
